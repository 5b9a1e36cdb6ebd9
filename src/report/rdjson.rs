//! Reviewdog's rdjson, with suggestions where a fix stays in its file.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Value, json};

use super::Report;
use super::item::{Each, Item, Range, items, pretty};
use crate::diagnostic::{Applicability, Severity};

#[derive(Serialize)]
struct Root<D: Serialize> {
    diagnostics: D,
    severity: &'static str,
    source: Value,
}

/// The report.
///
/// # Errors
/// Those of `out`.
pub fn rdjson(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let root = Root {
        diagnostics: Each::of(items(report).map(|item| diagnostic(report, &item))),
        severity: "WARNING",
        source: json!({"name": "wslint", "url": env!("CARGO_PKG_REPOSITORY")}),
    };
    pretty(&root, out)
}

fn diagnostic(report: &Report<'_>, item: &Item<'_>) -> Value {
    let severity = match item.found.severity {
        Severity::Error => "ERROR",
        Severity::Warning => "WARNING",
        Severity::Advice => "INFO",
    };
    let text = [&item.message, &item.why, &item.help].map(String::as_str).join("\n");
    let mut out = json!({
        "message": text.trim_end(),
        "location": {"path": item.path, "range": range(item.bytes)},
        "severity": severity,
        "code": {"value": item.found.rule, "url": item.url},
    });
    // A suggestion changes lines of the file that it stands at, as a whole or not at all.
    let wanted = |a: Applicability| a == Applicability::Safe || report.wanted.unsafe_too;
    if let Some((_, _, edits)) =
        item.fix.as_ref().filter(|(_, a, edits)| wanted(*a) && edits.len() == 1 && edits[0].path == item.path)
    {
        out["suggestions"] = edits.iter().map(|e| json!({"range": range(e.bytes), "text": e.text})).collect();
    }
    out
}

fn range(range: Range) -> Value {
    let position = |(line, column): (usize, usize)| json!({"line": line, "column": column});
    json!({"start": position(range.start), "end": position(range.end)})
}
