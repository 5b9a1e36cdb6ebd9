//! When a check is made: as soon as nobody types, and not later than somebody has patience for.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::desk::Desk;
use super::folder::Folder;
use super::{POLL, Phase, Server, lens, publish};

/// So long nobody types before a check is made.
pub(super) const QUIET: Duration = Duration::from_millis(20);
/// So long somebody types before a check is made in between.
const PATIENCE: Duration = Duration::from_millis(250);
/// Files on the disk change by the hundred: a checkout, a deployment.
pub(super) const SETTLED: Duration = Duration::from_millis(100);

impl Server<'_> {
    /// When nothing waits: the check that is due, or a look at the disk.
    pub(super) fn idle(&mut self, folders: &mut [Folder<'_>]) {
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
            self.guarded(folders, "check", Self::check);
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
    pub(super) fn check_within(&mut self, quiet: Duration) {
        let now = Instant::now();
        let since = *self.since.get_or_insert(now);
        let due = (now + quiet).min(since + PATIENCE);
        // Who has just opened a file is not made to wait by somebody who types.
        self.due = Some(if quiet.is_zero() { now } else { due });
    }
}
