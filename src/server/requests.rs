//! What the server can do, and who answers what.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use super::actions::{self, FIX_ALL};
use super::client::Client;
use super::desk::Desk;
use super::folder::{Folder, Ground};
use super::uri::path_of;
use super::wire::{Refusal, code};
use super::{Phase, Server, commands, hover, lens, links, publish};

impl Server<'_> {
    /// The answer to a request, whatever goes wrong on the way to it.
    pub(super) fn answer(&mut self, folders: &mut [Folder<'_>], method: &str, params: Value) -> Result<Value, Refusal> {
        if self.phase != Phase::Running {
            return Err(Refusal { code: code::INVALID_REQUEST, why: "the server is shut down".to_owned() });
        }
        let Some(client) = &self.client else {
            return match method {
                "initialize" => Ok(self.initialize(&params)),
                _ => Err(Refusal { code: code::NOT_INITIALIZED, why: "`initialize` comes first".to_owned() }),
            };
        };
        match method {
            "initialize" => {
                return Err(Refusal { code: code::INVALID_REQUEST, why: "already initialized".to_owned() });
            }
            "shutdown" => {
                self.phase = Phase::ShutDown;
                return Ok(Value::Null);
            }
            _ => {}
        }
        let shows_results = client.shows_results;
        let answered = self.guarded(folders, method, |server, folders| {
            let Some(client) = &server.client else { return Ok(Value::Null) };
            let documents = &server.documents;
            // An answer is about the text as it is now.
            folders.iter_mut().for_each(|f| f.update(documents, &client.wishes));
            respond(&mut Desk { client, documents, folders }, method, params)
        });
        if method == "workspace/executeCommand" {
            self.check_within(Duration::ZERO);
            if let Some(Ok(Value::String(text))) = &answered
                && !shows_results
            {
                self.notify("window/showMessage", json!({ "type": 3, "message": text }));
            }
        }
        answered.unwrap_or_else(|| {
            Err(Refusal { code: code::INTERNAL_ERROR, why: format!("internal error, please report it: {method}") })
        })
    }

    fn initialize(&mut self, params: &Value) -> Value {
        let client = Client::new(params, self.environment);
        let listed = params.get("workspaceFolders").and_then(Value::as_array).cloned().unwrap_or_default();
        let uris: Vec<&str> = listed.iter().filter_map(|f| f.get("uri")?.as_str()).collect();
        let root = params.get("rootUri").and_then(Value::as_str);
        let old = params.get("rootPath").and_then(Value::as_str).map(PathBuf::from);
        let mut roots: Vec<PathBuf> = uris.into_iter().filter_map(path_of).collect();
        if roots.is_empty() {
            roots.extend(root.and_then(path_of).or(old.filter(|p| p.has_root())));
        }
        self.grounds = roots.into_iter().map(Ground::of_client).collect();
        let answer = capabilities(&client);
        self.client = Some(client);
        answer
    }
}

/// The answer to `initialize`.
fn capabilities(client: &Client) -> Value {
    let mut can = json!({
        "positionEncoding": client.encoding_name(),
        "textDocumentSync": { "openClose": true, "change": 2, "save": { "includeText": false } },
        "codeActionProvider": {
            "codeActionKinds": ["quickfix", FIX_ALL],
            "resolveProvider": client.resolves_actions,
        },
        "codeLensProvider": { "resolveProvider": false },
        "hoverProvider": true,
        "definitionProvider": true,
        "documentLinkProvider": { "resolveProvider": false },
        "documentSymbolProvider": true,
        "executeCommandProvider": { "commands": commands::NAMES },
        "workspace": { "workspaceFolders": { "supported": true, "changeNotifications": true } },
    });
    if client.pulls {
        can["diagnosticProvider"] =
            json!({ "identifier": "wslint", "interFileDependencies": true, "workspaceDiagnostics": false });
    }
    json!({
        "capabilities": can,
        "serverInfo": { "name": "wslint", "version": env!("CARGO_PKG_VERSION") },
    })
}

/// Answers a request; all projects are up to date.
fn respond(desk: &mut Desk<'_, '_>, method: &str, params: Value) -> Result<Value, Refusal> {
    match method {
        "textDocument/diagnostic" => publish::pull(desk, &params),
        "textDocument/codeAction" => actions::actions(desk, &params),
        "codeAction/resolve" => actions::resolve(desk, params),
        "textDocument/codeLens" => lens::lenses(desk, &params),
        "textDocument/hover" => hover::hover(desk, &params),
        "textDocument/definition" => links::definition(desk, &params),
        "textDocument/documentLink" => links::links(desk, &params),
        "textDocument/documentSymbol" => links::symbols(desk, &params),
        "workspace/executeCommand" => commands::execute(desk, &params),
        _ => Err(Refusal { code: code::METHOD_NOT_FOUND, why: format!("no method `{method}`") }),
    }
}
