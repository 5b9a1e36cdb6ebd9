//! What is there today is accepted, what is new is reported.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::source::SourceMap;

/// Accepted findings, and how many of each. A finding is known again by its file, its rule and the text
/// of the line it stands on, so that moved lines change nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline(pub BTreeMap<Key, usize>);

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
    pub fn of<'d>(sources: &SourceMap, findings: impl IntoIterator<Item = &'d Diagnostic>) -> Baseline {
        let mut counts = BTreeMap::new();
        for found in findings {
            *counts.entry(key(sources, found)).or_default() += 1;
        }
        Baseline(counts)
    }

    /// Takes out what is recorded; returns how many that were.
    pub(super) fn apply(&self, sources: &SourceMap, findings: &mut Vec<Diagnostic>) -> usize {
        if self.0.is_empty() {
            return 0;
        }
        let mut left = self.0.clone();
        let before = findings.len();
        findings.retain(|found| match left.get_mut(&key(sources, found)) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        });
        before - findings.len()
    }
}
