//! One line for each finding: `path:line:column: severity[rule] message`.

use std::fmt::Write as _;

use super::{Report, escaped};

/// The report.
pub fn concise(report: &Report<'_>) -> String {
    let mut out = String::new();
    for found in report.shown() {
        let file = report.sources.get(found.primary.place.file);
        let (line, column) = file.lines().line_column(found.primary.place.span.start, &file.bytes);
        let path = escaped(&file.path.display().to_string(), false);
        let message = escaped(found.message.get(report.lang), false);
        let _ = writeln!(out, "{path}:{line}:{column}: {}[{}] {message}", found.severity.as_str(), found.rule);
    }
    out
}
