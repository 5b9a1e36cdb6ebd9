//! Checkstyle XML, which many tools read.

use std::io::{self, Write};

use super::Report;
use super::item::{items, xml};
use crate::diagnostic::Severity;

/// The report.
///
/// # Errors
/// Those of `out`.
pub fn checkstyle(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<checkstyle version=\"4.3\">")?;
    let mut open: Option<String> = None;
    for item in items(report) {
        if open.as_ref() != Some(&item.path) {
            if open.is_some() {
                writeln!(out, "  </file>")?;
            }
            writeln!(out, "  <file name=\"{}\">", xml(&item.path))?;
            open = Some(item.path.clone());
        }
        let severity = match item.found.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Advice => "info",
        };
        writeln!(
            out,
            "    <error line=\"{}\" column=\"{}\" severity=\"{severity}\" message=\"{}\" source=\"wslint.{}\"/>",
            item.range.start.0,
            item.range.start.1,
            xml(&item.message),
            item.found.rule
        )?;
    }
    if open.is_some() {
        writeln!(out, "  </file>")?;
    }
    writeln!(out, "</checkstyle>")
}
