//! GitLab's code quality report.

use serde_json::{Value, json};

use super::Report;
use super::item::{Each, Item, items};
use crate::diagnostic::Severity;

/// The report: a JSON array.
pub fn gitlab(report: &Report<'_>) -> String {
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
    serde_json::to_string_pretty(&Each::of(items(report).map(issue))).unwrap_or_default() + "\n"
}
