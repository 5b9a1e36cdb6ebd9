//! One line for each finding: `path:line:column: severity[rule] message`.

use std::io::{self, Write};

use super::{Report, escaped};

/// The report.
///
/// # Errors
/// Those of `out`.
pub fn concise(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    for found in report.shown() {
        let file = report.sources.get(found.primary.place.file);
        let (line, column) = file.lines().line_column(found.primary.place.span.start, &file.bytes);
        let path = escaped(&file.path.display().to_string(), false);
        let message = escaped(found.message.get(report.lang), false);
        writeln!(out, "{path}:{line}:{column}: {}[{}] {message}", found.severity.as_str(), found.rule)?;
    }
    Ok(())
}
