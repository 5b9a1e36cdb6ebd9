//! What is there today is accepted, what is new is reported.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::diagnostic::Diagnostic;
use crate::source::SourceMap;
use crate::syntax::Files;

/// Accepted findings, and how many of each. A finding is known again by its file, its rule and the text
/// of the line it stands on, so that moved lines change nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    /// How many of each.
    pub findings: BTreeMap<Key, usize>,
    /// The directory that its paths are relative to, canonical: the one in which the file lies.
    pub base: PathBuf,
}

/// Path, rule, and line without its indentation.
pub type Key = (String, String, String);

/// What a finding is known by, also when lines have moved.
pub fn key(sources: &SourceMap, found: &Diagnostic) -> Key {
    let file = sources.get(found.primary.place.file);
    let path = file.path.to_string_lossy().replace('\\', "/");
    let start = (found.primary.place.span.start as usize).min(file.bytes.len());
    let from = file.bytes[..start].iter().rposition(|&b| b == b'\n').map_or(0, |n| n + 1);
    let to = file.bytes[start..].iter().position(|&b| b == b'\n').map_or(file.bytes.len(), |n| start + n);
    let line = String::from_utf8_lossy(&file.bytes[from..to]).into_owned();
    (path, found.rule.to_owned(), line.split_whitespace().collect::<Vec<_>>().join(" "))
}

impl Baseline {
    /// Records findings.
    pub fn of<'d>(files: &Files<'_>, base: PathBuf, findings: impl IntoIterator<Item = &'d Diagnostic>) -> Baseline {
        let mut out = Baseline { findings: BTreeMap::new(), base };
        for found in findings {
            let key = out.key(files, found);
            *out.findings.entry(key).or_default() += 1;
        }
        out
    }

    /// The same from whatever directory wslint is run in.
    fn key(&self, files: &Files<'_>, found: &Diagnostic) -> Key {
        let (path, rule, line) = key(&files.sources, found);
        let file = &files.sources.get(found.primary.place.file).path;
        let inside = files.fs().canonicalize(file).ok();
        let inside = inside.as_ref().and_then(|real| real.strip_prefix(&self.base).ok());
        (inside.map_or(path, |p| p.to_string_lossy().replace('\\', "/")), rule, line)
    }

    /// Takes out what is recorded; returns how many that were.
    pub(super) fn apply(&self, files: &Files<'_>, findings: &mut Vec<Diagnostic>) -> usize {
        if self.findings.is_empty() {
            return 0;
        }
        let mut left = self.findings.clone();
        let before = findings.len();
        findings.retain(|found| match left.get_mut(&self.key(files, found)) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        });
        before - findings.len()
    }
}
