//! A finding as machines want it: places as lines and columns, edits as text, an identity that
//! survives moved lines.

use std::cell::Cell;
use std::collections::HashMap;
use std::io::{self, Write};

use serde::Serialize;

use super::{Report, escaped};
use crate::diagnostic::{Applicability, Diagnostic};
use crate::engine::baseline_key;
use crate::fix::lower;
use crate::source::{Place, SourceFile};

/// Where the documentation of a rule lies.
pub(super) const DOCS: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/rules/");
/// The same in Chinese.
pub(super) const DOCS_ZH: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/zh-CN/rules/");

/// A range; lines and columns from 1, columns in characters, the end exclusive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    pub start: (usize, usize),
    pub end: (usize, usize),
}

/// An edit, made concrete.
pub(super) struct ItemEdit {
    pub path: String,
    pub raw: String,
    pub range: Range,
    /// The same with columns in bytes.
    pub bytes: Range,
    pub text: String,
}

/// A place with what is to be said of it.
pub(super) struct Related {
    pub raw: String,
    pub range: Range,
    pub text: String,
}

/// A finding.
pub(super) struct Item<'a> {
    pub found: &'a Diagnostic,
    pub path: String,
    /// The path without escapes.
    pub raw: String,
    pub range: Range,
    pub bytes: Range,
    pub label: String,
    pub message: String,
    pub why: String,
    pub help: String,
    pub url: String,
    pub related: Vec<Related>,
    pub fix: Option<(String, Applicability, Vec<ItemEdit>)>,
    /// 16 hexadecimal digits from rule, path and the text of the line.
    pub fingerprint: String,
}

/// All findings that a person would see, in the order of the report; each made when it is asked for.
pub(super) fn items<'a>(report: &'a Report<'_>) -> impl Iterator<Item = Item<'a>> {
    let mut seen: HashMap<u64, u64> = HashMap::new();
    report.shown().map(move |found| item(report, found, &mut seen))
}

/// A list of which each element is made while it is written, so that a report of 50,000 findings is
/// not in memory twice. It can be written once.
pub(super) struct Each<I>(Cell<Option<I>>);

impl<I: Iterator> Each<I> {
    pub(super) fn of(iter: I) -> Each<I> {
        Each(Cell::new(Some(iter)))
    }
}

impl<I: Iterator<Item: Serialize>> Serialize for Each<I> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.take().into_iter().flatten())
    }
}

/// Writes JSON for people and machines, with a line end.
///
/// # Errors
/// Those of `out`.
pub(super) fn pretty(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    out.write_all(b"\n")
}

fn item<'a>(report: &'a Report<'_>, found: &'a Diagnostic, seen: &mut HashMap<u64, u64>) -> Item<'a> {
    let sources = report.sources;
    let place = found.primary.place;
    let say = |text: &crate::i18n::Text| escaped(text.get(report.lang), false);
    let (path, rule, line) = baseline_key(sources, found);
    let hash = fnv(&[path.as_bytes(), rule.as_bytes(), line.as_bytes()]);
    // Equal lines are told apart by their order.
    let nth = seen.entry(hash).or_default();
    *nth += 1;
    let fingerprint = format!("{:016x}", fnv(&[&hash.to_le_bytes(), &nth.to_le_bytes()]));
    Item {
        found,
        path: shown_path(sources.get(place.file)),
        raw: raw_path(sources.get(place.file)),
        range: range(sources.get(place.file), place),
        bytes: byte_range(sources.get(place.file), place.span.start as usize, place.span.end as usize),
        label: say(&found.primary.text),
        message: say(&found.message),
        why: say(&found.why),
        help: say(&found.help),
        url: format!("{DOCS}{}.md", found.rule),
        related: found
            .labels
            .iter()
            .map(|l| Related {
                raw: raw_path(sources.get(l.place.file)),
                range: range(sources.get(l.place.file), l.place),
                text: say(&l.text),
            })
            .collect(),
        fix: found.fix.as_ref().map(|fix| {
            let edits = fix.edits.iter().map(|edit| {
                let file = sources.get(edit.file());
                let made = lower(sources, edit);
                let span = crate::source::Span::new(made.start as u32, made.end as u32);
                ItemEdit {
                    path: shown_path(file),
                    raw: raw_path(file),
                    range: range(file, Place { file: edit.file(), span }),
                    bytes: byte_range(file, made.start, made.end),
                    text: String::from_utf8_lossy(&made.text).into_owned(),
                }
            });
            (say(&fix.title), fix.applicability, edits.collect())
        }),
        fingerprint,
    }
}

/// The path with `/`, as every consumer wants it; control characters are shown escaped.
pub(super) fn shown_path(file: &SourceFile) -> String {
    escaped(&raw_path(file), false)
}

/// The path as it is, for formats that have an encoding of their own for it.
pub(super) fn raw_path(file: &SourceFile) -> String {
    let text = file.path.to_string_lossy();
    if cfg!(windows) { text.replace('\\', "/") } else { text.into_owned() }
}

fn range(file: &SourceFile, place: Place) -> Range {
    let at = |offset| file.lines().line_column(offset, &file.bytes);
    Range { start: at(place.span.start), end: at(place.span.end) }
}

fn byte_range(file: &SourceFile, start: usize, end: usize) -> Range {
    let at = |offset: usize| {
        let line = file.lines().line(offset as u32);
        (line + 1, offset - file.lines().line_range(line, &file.bytes).start + 1)
    };
    Range { start: at(start), end: at(end) }
}

/// FNV-1a: an identity, not a secret.
fn fnv(parts: &[&[u8]]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for byte in parts.iter().flat_map(|p| p.iter().chain(&[0])) {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash
}

/// Text for an XML attribute or element; what XML 1.0 forbids was escaped before.
pub(super) fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
