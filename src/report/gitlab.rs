//! GitLab's code quality report.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::Report;
use super::item::{Each, Item, items, pretty};
use crate::diagnostic::Severity;

/// The report: a JSON array.
///
/// # Errors
/// Those of `out`.
pub fn gitlab(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let issue = |item: Item<'_>| -> Value {
        let severity = match item.found.severity {
            Severity::Error => "major",
            Severity::Warning => "minor",
            Severity::Advice => "info",
        };
        json!({
            "description": item.message,
            "check_name": item.found.rule,
            "fingerprint": item.fingerprint,
            "severity": severity,
            "content": {"body": format!("{} {}", item.why, item.help).trim()},
            "location": {"path": item.path, "lines": {"begin": item.range.start.0, "end": item.range.end.0}},
        })
    };
    pretty(&Each::of(items(report).map(issue)), out)
}
