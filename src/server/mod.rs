//! The language server: the same projects, findings and fixes, while somebody types (LSP 3.17).
//!
//! One thread reads messages, one answers them in their order. A check takes milliseconds, and is made when
//! nothing waits to be answered; what is cancelled before its turn is not worked out at all.

mod actions;
mod client;
mod commands;
mod desk;
mod documents;
mod folder;
mod hover;
mod lens;
mod links;
mod publish;
mod requests;
mod uri;
mod wire;

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use client::{Client, Wishes};
use desk::{Desk, owner};
use documents::Documents;
use folder::{Folder, Ground};
use uri::path_of;
use wire::{Incoming, Refusal, code};

use crate::i18n::Lang;
use crate::source::{OsFs, Rooted};

/// So long nobody types before a check is made.
const QUIET: Duration = Duration::from_millis(20);
/// So long somebody types before a check is made in between.
const PATIENCE: Duration = Duration::from_millis(250);
/// Files on the disk change by the hundred: a checkout, a deployment.
const SETTLED: Duration = Duration::from_millis(100);
/// How often the disk is looked at for clients that watch no files.
const POLL: Duration = Duration::from_secs(2);

/// Serves a client until it leaves; whether it said goodbye as it should.
pub fn serve(mut input: impl BufRead + Send + 'static, out: &mut dyn Write, environment: Lang) -> bool {
    let (sender, inbox) = channel();
    std::thread::spawn(move || {
        while let Ok(Some(message)) = wire::read(&mut input) {
            if sender.send(message).is_err() {
                break;
            }
        }
    });
    let mut server = Server {
        out,
        inbox,
        queue: VecDeque::new(),
        client: None,
        environment,
        documents: Documents::default(),
        grounds: Vec::new(),
        told: BTreeMap::new(),
        phase: Phase::Running,
        ready: false,
        due: None,
        since: None,
        polled: Instant::now(),
        asked: 0,
        lenses: 0,
    };
    loop {
        let disks: Vec<Rooted<OsFs>> = server.grounds.iter().map(|g| Rooted::new(OsFs, g.root.clone())).collect();
        let mut folders: Vec<Folder<'_>> = Vec::new();
        for (ground, disk) in server.grounds.iter().zip(&disks) {
            let mut folder = Folder::new(ground.clone(), disk);
            folder.told = server.told.remove(&ground.root).unwrap_or_default();
            folders.push(folder);
        }
        server.serve(&mut folders);
        if let Phase::Ended { well } = server.phase {
            return well;
        }
        server.told.extend(folders.into_iter().map(|f| (f.ground.root, f.told)));
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Requests are answered; before `initialize` there is no client.
    Running,
    /// `shutdown` was asked for.
    ShutDown,
    /// Nobody is there any more.
    Ended { well: bool },
}

/// What stays when folders come and go.
struct Server<'o> {
    out: &'o mut dyn Write,
    inbox: Receiver<Incoming>,
    /// What has arrived and waits for its turn.
    queue: VecDeque<Incoming>,
    client: Option<Client>,
    environment: Lang,
    documents: Documents,
    grounds: Vec<Ground>,
    /// What was told of the files of each folder.
    told: BTreeMap<PathBuf, BTreeMap<String, u64>>,
    phase: Phase,
    /// The client has said `initialized`.
    ready: bool,
    /// When the next check is made.
    due: Option<Instant>,
    /// When what it is about began.
    since: Option<Instant>,
    polled: Instant,
    /// How many requests of ours there were.
    asked: u64,
    /// The number of what lenses were told last.
    lenses: u64,
}

impl Server<'_> {
    /// Serves until the folders are others, or the client leaves.
    fn serve(&mut self, folders: &mut [Folder<'_>]) {
        // Before the client is ready to listen there is nothing to tell.
        if self.ready {
            self.check_within(Duration::ZERO);
        }
        while !matches!(self.phase, Phase::Ended { .. }) {
            match self.next() {
                Some(message) => self.take(folders, message),
                None => self.idle(folders),
            }
            let now = self.grounds.iter();
            if now.len() != folders.len() || now.zip(folders.iter()).any(|(g, f)| *g != f.ground) {
                // What is told of files in folders that are gone is taken back.
                let kept = |root: &Path| self.grounds.iter().any(|g| g.root == root);
                let gone = folders.iter().filter(|f| !kept(&f.ground.root)).flat_map(|f| f.told.keys().cloned());
                for uri in gone.collect::<Vec<_>>() {
                    self.notify("textDocument/publishDiagnostics", json!({ "uri": uri, "diagnostics": [] }));
                }
                return;
            }
        }
    }

    /// The next message; none when it is time for something else.
    fn next(&mut self) -> Option<Incoming> {
        if self.queue.is_empty() {
            let poll = self.client.as_ref().is_some_and(|c| !c.watches).then(|| self.polled + POLL);
            let until = self.due.into_iter().chain(poll).min();
            let message = match until {
                None => self.inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(until) => self.inbox.recv_timeout(until.saturating_duration_since(Instant::now())),
            };
            match message {
                Ok(message) => self.queue.push_back(message),
                Err(RecvTimeoutError::Timeout) => return None,
                Err(RecvTimeoutError::Disconnected) => {
                    self.phase = Phase::Ended { well: false };
                    return None;
                }
            }
        }
        self.queue.extend(self.inbox.try_iter());
        self.cancel();
        self.queue.pop_front()
    }

    /// Takes cancelled requests out of the queue.
    fn cancel(&mut self) {
        let cancelled: Vec<Value> = (self.queue.iter())
            .filter_map(|m| match m {
                Incoming::Notification { method, params } if method == "$/cancelRequest" => params.get("id").cloned(),
                _ => None,
            })
            .collect();
        if cancelled.is_empty() {
            return;
        }
        let is_cancelled = |m: &Incoming| matches!(m, Incoming::Request { id, .. } if cancelled.contains(id));
        let (out, kept) = std::mem::take(&mut self.queue).into_iter().partition(is_cancelled);
        self.queue = kept;
        let out: VecDeque<Incoming> = out;
        for message in out {
            if let Incoming::Request { id, .. } = message {
                let refusal = Refusal { code: code::REQUEST_CANCELLED, why: "cancelled".to_owned() };
                self.send(&wire::answer(&id, Err(refusal)));
            }
        }
    }

    fn take(&mut self, folders: &mut [Folder<'_>], message: Incoming) {
        match message {
            Incoming::Request { id, method, params } => {
                let outcome = self.answer(folders, &method, params);
                self.send(&wire::answer(&id, outcome));
            }
            Incoming::Notification { method, params } => {
                let told = catch_unwind(AssertUnwindSafe(|| self.hear(folders, &method, &params)));
                if told.is_err() {
                    self.after_panic(folders, &method);
                }
            }
            Incoming::Response { id, result } => self.hear_answer(folders, &id, result),
            Incoming::Nonsense { id, code, why } => {
                self.send(&wire::answer(&id, Err(Refusal { code, why })));
            }
        }
    }

    fn answer(&mut self, folders: &mut [Folder<'_>], method: &str, params: Value) -> Result<Value, Refusal> {
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
        let documents = &self.documents;
        let answered = catch_unwind(AssertUnwindSafe(|| {
            // An answer is about the text as it is now.
            folders.iter_mut().for_each(|f| f.update(documents, &client.wishes));
            requests::answer(&mut Desk { client, documents, folders: &mut *folders }, method, params)
        }));
        let shows_results = client.shows_results;
        if method == "workspace/executeCommand" {
            self.check_within(Duration::ZERO);
            if let Ok(Ok(Value::String(text))) = &answered
                && !shows_results
            {
                self.notify("window/showMessage", json!({ "type": 3, "message": text }));
            }
        }
        answered.unwrap_or_else(|_| {
            self.after_panic(folders, method);
            Err(Refusal { code: code::INTERNAL_ERROR, why: format!("internal error, please report it: {method}") })
        })
    }

    /// The panic itself stands in the log, which is standard error.
    fn after_panic(&mut self, folders: &mut [Folder<'_>], what: &str) {
        folders.iter_mut().for_each(Folder::forget);
        let message = format!("internal error, please report it: {what}");
        self.notify("window/logMessage", json!({ "type": 1, "message": message }));
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
        self.grounds = roots.into_iter().map(ground).collect();
        let answer = requests::capabilities(&client);
        self.client = Some(client);
        answer
    }

    /// When nothing waits: the check that is due, or a look at the disk.
    fn idle(&mut self, folders: &mut [Folder<'_>]) {
        let now = Instant::now();
        let Some(client) = &self.client else {
            self.due = None;
            return;
        };
        if !client.watches && now >= self.polled + POLL {
            self.polled = now;
            let moved: Vec<&mut Folder<'_>> = folders.iter_mut().filter(|f| !f.is_stale()).collect();
            for folder in moved {
                if folder.has_moved() {
                    folder.files_changed();
                    self.due = Some(now);
                }
            }
        }
        if self.due.is_some_and(|due| now >= due) {
            (self.due, self.since) = (None, None);
            let checked = catch_unwind(AssertUnwindSafe(|| self.check(folders)));
            if checked.is_err() {
                self.after_panic(folders, "check");
            }
        }
    }

    /// Checks what has changed, and tells what is new.
    fn check(&mut self, folders: &mut [Folder<'_>]) {
        let Some(client) = &self.client else { return };
        if self.phase != Phase::Running {
            return;
        }
        for folder in folders.iter_mut() {
            folder.update(&self.documents, &client.wishes);
        }
        let mut desk = Desk { client, documents: &self.documents, folders };
        let news = publish::news(&mut desk);
        let lenses = lens::digest(&desk);
        let refresh_lenses = client.refreshes_lenses && std::mem::replace(&mut self.lenses, lenses) != lenses;
        let refresh = client.refreshes_diagnostics && news.pulled;
        for params in news.pushed {
            self.notify("textDocument/publishDiagnostics", params);
        }
        if refresh {
            self.ask("workspace/diagnostic/refresh", Value::Null);
        }
        if refresh_lenses {
            self.ask("workspace/codeLens/refresh", Value::Null);
        }
    }

    /// A check is made soon, and not later than somebody has patience for.
    fn check_within(&mut self, quiet: Duration) {
        let now = Instant::now();
        let since = *self.since.get_or_insert(now);
        let due = (now + quiet).min(since + PATIENCE);
        // Who has just opened a file is not made to wait by somebody who types.
        self.due = Some(if quiet.is_zero() { now } else { due });
    }

    fn hear(&mut self, folders: &mut [Folder<'_>], method: &str, params: &Value) {
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
                let new = added.into_iter().map(ground).filter(|g| !self.grounds.contains(g)).collect::<Vec<_>>();
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

    fn hear_answer(&mut self, folders: &mut [Folder<'_>], id: &Value, result: Option<Value>) {
        let is_settings = id.as_str().is_some_and(|id| id.starts_with("workspace/configuration"));
        // Who has no settings of ours keeps what it said at the beginning.
        if let Some(section) = result.filter(|_| is_settings).and_then(|r| r.get(0).cloned()).filter(Value::is_object) {
            self.wish(folders, Wishes::read(&section));
        }
    }

    /// Asks the client for something; its answer is known by the method that its number begins with.
    fn ask(&mut self, method: &str, params: Value) {
        self.asked += 1;
        let id = format!("{method}#{}", self.asked);
        let mut message = json!({ "jsonrpc": "2.0", "id": id, "method": method });
        if !params.is_null() {
            message["params"] = params;
        }
        self.send(&message);
    }

    fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn send(&mut self, message: &Value) {
        // Who reads no more has left.
        if wire::write(self.out, message).is_err() {
            self.phase = Phase::Ended { well: false };
        }
    }
}

/// A folder of the client. A whole disk, or a home, is no project: there, only what is open is looked at.
fn ground(root: PathBuf) -> Ground {
    let home = ["HOME", "USERPROFILE"].iter().filter_map(std::env::var_os).map(PathBuf::from);
    let walks = root.parent().is_some() && !home.into_iter().any(|h| h == root);
    Ground { root, walks }
}
