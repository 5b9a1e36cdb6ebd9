//! What the client tells without wanting an answer, and what it answers.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use super::checks::{QUIET, SETTLED};
use super::client::Wishes;
use super::desk::owner;
use super::folder::{Folder, Ground};
use super::uri::path_of;
use super::{Phase, Server};

impl Server<'_> {
    pub(super) fn hear(&mut self, folders: &mut [Folder<'_>], method: &str, params: &Value) {
        if method == "exit" {
            self.phase = Phase::Ended { well: self.phase == Phase::ShutDown };
            return;
        }
        let Some(client) = &self.client else { return };
        let encoding = client.encoding;
        match method {
            "initialized" => {
                self.ready = true;
                self.introduce();
                self.check_within(Duration::ZERO);
            }
            "textDocument/didOpen" => {
                let Some(path) = self.documents.opened(params) else { return };
                if owner(folders, &path).is_none()
                    && let Some(parent) = path.parent()
                {
                    self.grounds.push(Ground { root: parent.to_owned(), walks: false });
                }
                folders.iter_mut().for_each(|f| f.text_changed(&path));
                self.check_within(Duration::ZERO);
            }
            "textDocument/didChange" => {
                let Some(path) = self.documents.changed(params, encoding) else { return };
                folders.iter_mut().for_each(|f| f.text_changed(&path));
                self.check_within(QUIET);
            }
            "textDocument/didClose" if self.documents.closed(params).is_some() => {
                folders.iter_mut().for_each(Folder::files_changed);
                self.check_within(QUIET);
            }
            "textDocument/didSave" => {
                folders.iter_mut().for_each(Folder::files_changed);
                self.check_within(QUIET);
            }
            "workspace/didChangeWatchedFiles" => self.watched(folders, params),
            "workspace/didChangeConfiguration" => match client.configures {
                true => self.ask_settings(),
                false => {
                    if let Some(section) = params.pointer("/settings/wslint") {
                        self.wish(folders, Wishes::read(section));
                    }
                }
            },
            "workspace/didChangeWorkspaceFolders" => {
                let listed = |name: &str| -> Vec<PathBuf> {
                    let list = params.pointer(&format!("/event/{name}")).and_then(Value::as_array);
                    list.into_iter().flatten().filter_map(|f| path_of(f.get("uri")?.as_str()?)).collect()
                };
                let (added, removed) = (listed("added"), listed("removed"));
                self.grounds.retain(|g| !removed.contains(&g.root));
                let new =
                    added.into_iter().map(Ground::of_client).filter(|g| !self.grounds.contains(g)).collect::<Vec<_>>();
                // A folder takes in what lay in none.
                self.grounds.retain(|g| g.walks || !new.iter().any(|n| g.root.starts_with(&n.root)));
                self.grounds.extend(new);
                self.house_documents();
            }
            _ => {}
        }
    }

    /// Every open document belongs somewhere.
    fn house_documents(&mut self) {
        for (path, _) in self.documents.iter() {
            let housed = self.grounds.iter().any(|g| path.starts_with(&g.root));
            if let Some(parent) = path.parent().filter(|_| !housed) {
                self.grounds.push(Ground { root: parent.to_owned(), walks: false });
            }
        }
    }

    fn watched(&mut self, folders: &mut [Folder<'_>], params: &Value) {
        const CHANGED: u64 = 2;
        for event in params.get("changes").and_then(Value::as_array).into_iter().flatten() {
            let Some(path) = event.get("uri").and_then(Value::as_str).and_then(path_of) else { continue };
            let content_only = event.get("type").and_then(Value::as_u64) == Some(CHANGED);
            for folder in folders.iter_mut().filter(|f| f.minds(&path, content_only)) {
                folder.files_changed();
                self.check_within(SETTLED);
            }
        }
    }

    fn wish(&mut self, folders: &mut [Folder<'_>], wishes: Wishes) {
        let Some(client) = self.client.as_mut().filter(|c| c.wishes != wishes) else { return };
        client.wishes = wishes;
        folders.iter_mut().for_each(Folder::options_changed);
        self.lenses = 0;
        self.check_within(Duration::ZERO);
    }

    /// What can only be asked of a client that has heard what the server can do.
    fn introduce(&mut self) {
        let Some(client) = &self.client else { return };
        let (watches, configures) = (client.watches, client.configures);
        if watches {
            // What nginx includes may have any name.
            let options = json!({ "watchers": [{ "globPattern": "**/*" }] });
            let method = "workspace/didChangeWatchedFiles";
            let registration = json!({ "id": "files", "method": method, "registerOptions": options });
            self.ask("client/registerCapability", json!({ "registrations": [registration] }));
        }
        if configures {
            self.ask_settings();
        }
    }

    fn ask_settings(&mut self) {
        self.ask("workspace/configuration", json!({ "items": [{ "section": "wslint" }] }));
    }

    pub(super) fn hear_answer(&mut self, folders: &mut [Folder<'_>], id: &Value, result: Option<Value>) {
        let is_settings = id.as_str().is_some_and(|id| id.starts_with("workspace/configuration"));
        // Who has no settings of ours keeps what it said at the beginning.
        if let Some(section) = result.filter(|_| is_settings).and_then(|r| r.get(0).cloned()).filter(Value::is_object) {
            self.wish(folders, Wishes::read(&section));
        }
    }
}
