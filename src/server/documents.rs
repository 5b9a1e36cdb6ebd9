//! The documents that are open in the editor: their text lies over the disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::uri::path_of;
use crate::source::{Encoding, LineIndex};

/// One open document.
pub(super) struct Document {
    /// Its address, just as the client writes it.
    pub uri: String,
    /// The client's number for this text.
    pub version: i64,
    /// The text.
    pub text: Vec<u8>,
}

/// All of them, by path: two spellings of an address are one document.
#[derive(Default)]
pub(super) struct Documents {
    open: BTreeMap<PathBuf, Document>,
}

impl Documents {
    /// `textDocument/didOpen`; the path of the document, if it is a file.
    pub fn opened(&mut self, params: &Value) -> Option<PathBuf> {
        let item = params.get("textDocument")?;
        let uri = item.get("uri")?.as_str()?.to_owned();
        let path = path_of(&uri)?;
        let text = item.get("text")?.as_str()?.as_bytes().to_vec();
        let version = item.get("version").and_then(Value::as_i64).unwrap_or_default();
        self.open.insert(path.clone(), Document { uri, version, text });
        Some(path)
    }

    /// `textDocument/didChange`: whole texts, or ranges one after the other.
    pub fn changed(&mut self, params: &Value, encoding: Encoding) -> Option<PathBuf> {
        let path = path_in(params)?;
        let document = self.open.get_mut(&path)?;
        if let Some(version) = params.pointer("/textDocument/version").and_then(Value::as_i64) {
            document.version = version;
        }
        for change in params.get("contentChanges")?.as_array()? {
            let Some(text) = change.get("text").and_then(Value::as_str) else { continue };
            match change.get("range") {
                None | Some(Value::Null) => document.text = text.as_bytes().to_vec(),
                Some(range) => {
                    let lines = LineIndex::new(&document.text);
                    let at = |end: &str| position(range.get(end)?, &lines, &document.text, encoding);
                    let (Some(start), Some(end)) = (at("start"), at("end")) else { continue };
                    document.text.splice(start.min(end)..end.max(start), text.bytes());
                }
            }
        }
        Some(path)
    }

    /// `textDocument/didClose`
    pub fn closed(&mut self, params: &Value) -> Option<PathBuf> {
        let path = path_in(params)?;
        self.open.remove(&path).map(|_| path)
    }

    /// The document with this path.
    pub fn get(&self, path: &Path) -> Option<&Document> {
        self.open.get(path)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&PathBuf, &Document)> {
        self.open.iter()
    }
}

/// The path of the document that a message is about.
pub(super) fn path_in(params: &Value) -> Option<PathBuf> {
    path_of(params.pointer("/textDocument/uri")?.as_str()?)
}

/// The offset of a position of the protocol.
pub(super) fn position(position: &Value, lines: &LineIndex, bytes: &[u8], encoding: Encoding) -> Option<usize> {
    let number = |name: &str| position.get(name).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
    Some(lines.offset(number("line")?, number("character")?, bytes, encoding))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn changes_are_made_one_after_the_other() {
        let mut documents = Documents::default();
        let id = json!({ "uri": "file:///p/%61.conf", "version": 1, "text": "# 域名😀 x\r\nlisten 80;\r\n" });
        assert_eq!(documents.opened(&json!({ "textDocument": id })), Some("/p/a.conf".into()));
        let range = |l1: usize, c1: usize, l2: usize, c2: usize| json!({ "start": { "line": l1, "character": c1 }, "end": { "line": l2, "character": c2 } });
        let mut change = |changes: Value| {
            let id = json!({ "uri": "file:///p/a.conf", "version": 2 });
            documents.changed(&json!({ "textDocument": id, "contentChanges": changes }), Encoding::Utf16)?;
            let document = documents.get(Path::new("/p/a.conf"))?;
            Some((document.version, String::from_utf8(document.text.clone()).unwrap()))
        };
        let (version, text) = change(json!([
            { "range": range(0, 7, 0, 8), "text": "y" },
            { "range": range(1, 7, 1, 9), "text": "443 ssl" },
            { "range": range(1, 99, 0, 99), "text": "\n" },
            { "range": "nonsense", "text": "z" },
            { "nothing": 1 },
        ]))
        .unwrap();
        assert_eq!((version, text.as_str()), (2, "# 域名😀 y\n\r\n"));
        assert_eq!(change(json!([{ "text": "new" }])).unwrap().1, "new");
        assert_eq!(documents.changed(&json!({ "textDocument": { "uri": "file:///q" } }), Encoding::Utf8), None);
        assert_eq!(documents.opened(&json!({ "textDocument": { "uri": "untitled:1", "text": "" } })), None);
    }
}
