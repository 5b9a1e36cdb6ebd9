//! The language server: the same projects, findings and fixes, while somebody types (LSP 3.17).
//!
//! One thread reads messages, one answers them in their order. A check takes milliseconds, and is made when
//! nothing waits to be answered; what is cancelled before its turn is not worked out at all.

mod actions;
mod checks;
mod client;
mod commands;
mod desk;
mod documents;
mod folder;
mod hear;
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

use client::Client;
use documents::Documents;
use folder::{Folder, Ground};
use wire::{Incoming, Refusal, code};

use crate::i18n::Lang;
use crate::source::{OsFs, Rooted};

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
    let mut server = Server::new(inbox, out, environment);
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

impl<'o> Server<'o> {
    fn new(inbox: Receiver<Incoming>, out: &'o mut dyn Write, environment: Lang) -> Server<'o> {
        Server {
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
        }
    }

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
                self.guarded(folders, &method, |server, folders| server.hear(folders, &method, &params));
            }
            Incoming::Response { id, result } => self.hear_answer(folders, &id, result),
            Incoming::Nonsense { id, code, why } => {
                self.send(&wire::answer(&id, Err(Refusal { code, why })));
            }
        }
    }

    /// Does something that may panic; `None` if it did. The panic itself stands in the log, which is standard error.
    fn guarded<T>(
        &mut self,
        folders: &mut [Folder<'_>],
        what: &str,
        ask: impl FnOnce(&mut Self, &mut [Folder<'_>]) -> T,
    ) -> Option<T> {
        let done = catch_unwind(AssertUnwindSafe(|| ask(self, folders))).ok();
        if done.is_none() {
            folders.iter_mut().for_each(Folder::forget);
            let message = format!("internal error, please report it: {what}");
            self.notify("window/logMessage", json!({ "type": 1, "message": message }));
        }
        done
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_in_one_request_is_an_error_and_the_next_one_is_answered() {
        let held = tempfile::tempdir().unwrap();
        let root = held.path().canonicalize().unwrap();
        let text = "events {}\nhttp { server { location /ws { proxy_pass http://127.0.0.1:3000; } } }\n";
        std::fs::write(root.join("nginx.conf"), text).unwrap();
        let (_sender, inbox) = channel();
        let mut out = Vec::new();
        let mut server = Server::new(inbox, &mut out, Lang::En);
        let disk = Rooted::new(OsFs, root.clone());
        let mut folders = [Folder::new(Ground { root: root.clone(), walks: true }, &disk)];
        server.answer(&mut folders, "initialize", json!({ "capabilities": {} })).unwrap();
        let document = json!({ "textDocument": { "uri": format!("file://{}/nginx.conf", root.display()) } });
        let symbols = |server: &mut Server<'_>, folders: &mut [Folder<'_>]| {
            server.answer(folders, "textDocument/documentSymbol", document.clone()).unwrap()
        };
        let before = symbols(&mut server, &mut folders);
        assert_eq!(before[0]["name"], "events");
        let answered = server.guarded(&mut folders, "some/request", |_, folders| {
            // As if it had broken off in the middle of its work.
            folders[0].options_changed();
            let nothing: &[u8] = &[];
            nothing[folders.len()]
        });
        assert_eq!(answered, None);
        assert!(folders[0].standing().is_none(), "what it left behind is not used");
        assert_eq!(symbols(&mut server, &mut folders), before);
        let said = String::from_utf8(out).unwrap();
        assert!(said.contains("window/logMessage") && said.contains("some/request"), "{said}");
    }
}
