//! Diagnostics: pushed to who listens, handed to who asks.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Value, json};

use super::desk::{Desk, Teller, owner};
use super::uri::uri_of;
use super::wire::Refusal;
use crate::diagnostic::Diagnostic;
use crate::source::FileId;

/// What is to be told after a check.
#[derive(Default)]
pub(super) struct News {
    /// Parameters of `textDocument/publishDiagnostics`.
    pub pushed: Vec<Value>,
    /// Diagnostics that only a client which asks will see are others than before.
    pub pulled: bool,
}

/// What has changed in all folders since it was told last.
pub(super) fn news(desk: &mut Desk<'_, '_>) -> News {
    let mut out = News::default();
    for at in 0..desk.folders.len() {
        let (pushed, told, pulled) = news_of(desk, at);
        out.pushed.extend(pushed);
        out.pulled |= pulled;
        desk.folders[at].told = told;
    }
    out
}

fn news_of(desk: &Desk<'_, '_>, at: usize) -> (Vec<Value>, BTreeMap<String, u64>, bool) {
    let folder = &desk.folders[at];
    let before = &folder.told;
    let mut told = BTreeMap::new();
    let mut out = Vec::new();
    let mut pulled = false;
    if let Some((path, why)) = &folder.problem {
        let (uri, text) = (uri_of(path), why.get(desk.client.lang()));
        let start = json!({ "line": 0, "character": 0 });
        let item =
            json!({ "range": { "start": start, "end": start }, "severity": 1, "source": "wslint", "message": text });
        out.push(json!({ "uri": uri, "diagnostics": [item] }));
        told.insert(uri, 0);
    }
    if let Some(teller) = desk.teller(at) {
        for (file, found) in by_file(&teller) {
            // What lies in a folder of its own is told there.
            if owner(desk.folders, &teller.path(file)).is_some_and(|own| own != at) {
                continue;
            }
            let digest = teller.digest(&found);
            let open = teller.open(file);
            let shown = || found.iter().map(|d| teller.diagnostic(d)).collect::<Vec<_>>();
            if open.is_empty() && !found.is_empty() {
                let uri = teller.uri(file);
                if before.get(&uri) != Some(&digest) {
                    out.push(json!({ "uri": uri, "diagnostics": shown() }));
                }
                told.insert(uri, digest);
            }
            for document in open {
                let key = key(digest, Some(document.version).filter(|_| !desk.client.pulls));
                if before.get(&document.uri) != Some(&key) {
                    // What was pushed while the document was closed would stand beside what is pulled.
                    let shown = if desk.client.pulls { Vec::new() } else { shown() };
                    out.push(json!({ "uri": document.uri, "version": document.version, "diagnostics": shown }));
                    pulled |= desk.client.pulls;
                }
                told.insert(document.uri.clone(), key);
            }
        }
    }
    let gone = before.keys().filter(|uri| !told.contains_key(*uri));
    out.extend(gone.map(|uri| json!({ "uri": uri, "diagnostics": [] })));
    (out, told, pulled)
}

/// What is remembered of an open document. Pushed diagnostics are for a version: what is the same is told
/// again for the next one.
fn key(digest: u64, version: Option<i64>) -> u64 {
    let mut out = DefaultHasher::new();
    (digest, "open", version).hash(&mut out);
    out.finish()
}

/// The findings that are told, by file; open files are there without any, too.
fn by_file<'t>(teller: &Teller<'t, '_>) -> BTreeMap<FileId, Vec<&'t Diagnostic>> {
    let mut out: BTreeMap<FileId, Vec<&Diagnostic>> = BTreeMap::new();
    for found in teller.standing.checked().diagnostics.iter().filter(|d| teller.tells(d)) {
        out.entry(teller.page(found.primary.place.file)).or_default().push(found);
    }
    for (file, _) in teller.standing.sources().iter().filter(|(file, _)| !teller.open(*file).is_empty()) {
        out.entry(teller.page(file)).or_default();
    }
    out
}

/// `textDocument/diagnostic`
pub(super) fn pull(desk: &Desk<'_, '_>, params: &Value) -> Result<Value, Refusal> {
    let empty = || json!({ "kind": "full", "items": [] });
    let Some(spot) = desk.spot(params)? else { return Ok(empty()) };
    let Some(teller) = desk.teller(spot.folder) else { return Ok(empty()) };
    let Some(file) = desk.folders[spot.folder].file(&spot.path) else { return Ok(empty()) };
    let found = by_file(&teller).remove(&file).unwrap_or_default();
    let id = format!("{:x}", teller.digest(&found));
    if params.get("previousResultId").and_then(Value::as_str) == Some(&id) {
        return Ok(json!({ "kind": "unchanged", "resultId": id }));
    }
    let items: Vec<Value> = found.iter().map(|d| teller.diagnostic(d)).collect();
    Ok(json!({ "kind": "full", "resultId": id, "items": items }))
}
