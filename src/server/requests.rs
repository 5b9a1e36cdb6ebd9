//! What the server can do, and who answers what.

use serde_json::{Value, json};

use super::actions::{self, FIX_ALL};
use super::client::Client;
use super::desk::Desk;
use super::wire::{Refusal, code};
use super::{commands, hover, lens, links, publish};

/// The answer to `initialize`.
pub(super) fn capabilities(client: &Client) -> Value {
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
pub(super) fn answer(desk: &mut Desk<'_, '_>, method: &str, params: Value) -> Result<Value, Refusal> {
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
