//! What every answer is made from: the client, its documents, the projects; and how places and findings
//! are told in the words of the protocol.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::client::Client;
use super::documents::{Document, Documents, path_in, position};
use super::folder::Folder;
use super::uri::uri_of;
use super::wire::Refusal;
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::i18n::Lang;
use crate::project::Standing;
use crate::report::rule_address;
use crate::source::{FileId, LineIndex, Place, SourceFile, Span};

/// Everything at hand while a message is answered.
pub(super) struct Desk<'s, 'd> {
    /// Who asks.
    pub client: &'s Client,
    /// What is open there.
    pub documents: &'s Documents,
    /// The projects.
    pub folders: &'s mut [Folder<'d>],
}

/// A place in a file that a request is about.
pub(super) struct Spot {
    /// Which of the folders.
    pub folder: usize,
    /// The file.
    pub path: PathBuf,
}

/// The folder that a file belongs to: the innermost around it.
pub(super) fn owner(folders: &[Folder<'_>], path: &Path) -> Option<usize> {
    let around = folders.iter().enumerate().filter(|(_, f)| path.starts_with(&f.ground.root));
    let deepest = around.max_by_key(|(_, f)| (f.ground.root.components().count(), f.ground.walks));
    deepest.map(|(at, _)| at)
}

impl<'d> Desk<'_, 'd> {
    /// The document of a request.
    pub fn spot(&self, params: &Value) -> Result<Option<Spot>, Refusal> {
        let path = match params.pointer("/textDocument/uri").and_then(Value::as_str) {
            Some(_) => path_in(params),
            None => return Err(Refusal::params("textDocument.uri")),
        };
        Ok(path.and_then(|path| Some(Spot { folder: owner(self.folders, &path)?, path })))
    }

    /// The offset of a position in a file, as it is now.
    pub fn offset(&self, spot: &Spot, at: Option<&Value>) -> Result<Option<u32>, Refusal> {
        let at = at.filter(|p| p.is_object()).ok_or_else(|| Refusal::params("a position"))?;
        let text = match self.documents.get(&spot.path) {
            Some(document) => document.text.clone(),
            None => match self.folders[spot.folder].text(&spot.path) {
                Some(text) => text,
                None => return Ok(None),
            },
        };
        let offset = position(at, &LineIndex::new(&text), &text, self.client.encoding);
        let offset = offset.ok_or_else(|| Refusal::params("a position"))?;
        Ok(u32::try_from(offset).ok())
    }

    /// The words for what a folder's project found; none before it was checked.
    pub fn teller(&self, folder: usize) -> Option<Teller<'_, 'd>> {
        Teller::new(self.client, self.documents, &self.folders[folder])
    }
}

/// Tells places and findings of one project.
pub(super) struct Teller<'t, 'd> {
    /// The client.
    pub client: &'t Client,
    documents: &'t Documents,
    folder: &'t Folder<'d>,
    /// The project.
    pub standing: &'t Standing<'d>,
    /// The files that are open; one file may be under several names.
    open: BTreeMap<FileId, Vec<&'t Document>>,
}

impl<'t, 'd> Teller<'t, 'd> {
    /// Of a folder, if it was checked.
    pub fn new(client: &'t Client, documents: &'t Documents, folder: &'t Folder<'d>) -> Option<Teller<'t, 'd>> {
        let standing = folder.standing()?;
        let mut open: BTreeMap<FileId, Vec<&Document>> = BTreeMap::new();
        for (path, document) in documents.iter() {
            if let Some(file) = folder.file(path) {
                open.entry(file).or_default().push(document);
            }
        }
        Some(Teller { client, documents, folder, standing, open })
    }

    /// The language of messages.
    pub fn lang(&self) -> Lang {
        self.client.lang()
    }

    /// A file.
    pub fn source(&self, file: FileId) -> &'t SourceFile {
        self.standing.sources().get(file)
    }

    /// The documents that show a file.
    pub fn open(&self, file: FileId) -> &[&'t Document] {
        self.open.get(&self.page(file)).map_or(&[], Vec::as_slice)
    }

    /// The file that editors know: of all configurations in one file it is the same.
    pub fn page(&self, file: FileId) -> FileId {
        self.standing.sources().carrier(file)
    }

    /// The absolute path of a file.
    pub fn path(&self, file: FileId) -> PathBuf {
        self.folder.outside(&self.source(file).path)
    }

    /// The address of a file: as the client writes it, where it is open.
    pub fn uri(&self, file: FileId) -> String {
        self.open(file).first().map_or_else(|| uri_of(&self.path(file)), |d| d.uri.clone())
    }

    /// The address of a path of the project.
    pub fn uri_of(&self, path: &Path) -> String {
        // A configuration inside another file is found there.
        if let Some(block) = self.standing.file(path).filter(|f| self.source(*f).block.is_some()) {
            return self.uri(block);
        }
        let path = self.folder.outside(path);
        self.documents.get(&path).map_or_else(|| uri_of(&path), |d| d.uri.clone())
    }

    fn position(&self, source: &SourceFile, offset: u32) -> (usize, usize) {
        source.lines().position(offset, &source.bytes, self.client.encoding)
    }

    /// The range of bytes of a file.
    pub fn range(&self, file: FileId, span: Span) -> Value {
        let source = self.source(file);
        // What is wrong with the first byte of a character is shown at the whole of it.
        let within = |end: u32| end > span.start && source.bytes.get(end as usize).is_some_and(|b| b & 0xc0 == 0x80);
        let end = (span.end..span.end + 4).find(|end| !within(*end)).unwrap_or(span.end);
        range_in(source, Span::new(span.start, end), self.client)
    }

    /// A place, with its file.
    pub fn location(&self, place: Place) -> Value {
        json!({ "uri": self.uri(place.file), "range": self.range(place.file, place.span) })
    }

    /// Whether a finding is told at all.
    pub fn tells(&self, found: &Diagnostic) -> bool {
        (self.client.wishes.advice || found.severity > Severity::Advice)
            && self.standing.can_be_opened(found.primary.place.file)
    }

    /// A finding.
    pub fn diagnostic(&self, found: &Diagnostic) -> Value {
        let lang = self.lang();
        let label = found.primary.text.get(lang);
        let mut message = found.message.get(lang).to_owned();
        for more in [found.why.get(lang), found.help.get(lang)].iter().filter(|m| !m.is_empty()) {
            message.push('\n');
            message.push_str(more);
        }
        let severity = match found.severity {
            Severity::Error => 1,
            Severity::Warning => 2,
            Severity::Advice => 4,
        };
        let mut out = json!({
            "range": self.range(found.primary.place.file, found.primary.place.span),
            "severity": severity,
            "code": found.rule,
            "source": "wslint",
            "message": message,
        });
        if self.client.links_codes {
            out["codeDescription"] = json!({ "href": rule_address(found.rule) });
        }
        // What does nothing is shown faded.
        if self.client.knows_tags && matches!(found.rule, "unused-ignore" | "headers-without-proxy") {
            out["tags"] = json!([1]);
        }
        if self.client.shows_related {
            let related = |l: &Label| json!({ "location": self.location(l.place), "message": l.text.get(lang) });
            let shown = |l: &&Label| self.standing.can_be_opened(l.place.file) && !l.text.get(lang).is_empty();
            let own = Some(&found.primary).filter(|_| !label.is_empty() && label != found.message.get(lang));
            let all: Vec<Value> = own.into_iter().chain(&found.labels).filter(shown).map(related).collect();
            if !all.is_empty() {
                out["relatedInformation"] = Value::Array(all);
            }
        }
        out
    }

    /// A number that is another one when what is told of these findings is.
    pub fn digest(&self, findings: &[&Diagnostic]) -> u64 {
        let mut out = DefaultHasher::new();
        let lang = self.lang();
        for found in findings {
            (found.rule, found.severity as u8, found.message.get(lang), found.why.get(lang), found.help.get(lang))
                .hash(&mut out);
            for label in std::iter::once(&found.primary).chain(&found.labels) {
                let source = self.source(label.place.file);
                let (start, end) = (label.place.span.start, label.place.span.end);
                (self.position(source, start), self.position(source, end)).hash(&mut out);
                (label.place.file, label.text.get(lang)).hash(&mut out);
            }
        }
        out.finish()
    }
}

/// A range of a text.
pub(super) fn range_in(source: &SourceFile, span: Span, client: &Client) -> Value {
    let position = |offset| {
        let (line, character) = source.lines().position(offset, &source.bytes, client.encoding);
        json!({ "line": line, "character": character })
    };
    json!({ "start": position(span.start), "end": position(span.end) })
}
