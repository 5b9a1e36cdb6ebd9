//! Checkstyle XML, which many tools read.

use std::fmt::Write as _;

use super::Report;
use super::item::{items, xml};
use crate::diagnostic::Severity;

/// The report.
pub fn checkstyle(report: &Report<'_>) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<checkstyle version=\"4.3\">\n");
    let mut open: Option<String> = None;
    for item in items(report) {
        if open.as_ref() != Some(&item.path) {
            if open.is_some() {
                out.push_str("  </file>\n");
            }
            let _ = writeln!(out, "  <file name=\"{}\">", xml(&item.path));
            open = Some(item.path.clone());
        }
        let severity = match item.found.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Advice => "info",
        };
        let _ = writeln!(
            out,
            "    <error line=\"{}\" column=\"{}\" severity=\"{severity}\" message=\"{}\" source=\"wslint.{}\"/>",
            item.range.start.0,
            item.range.start.1,
            xml(&item.message),
            item.found.rule
        );
    }
    if open.is_some() {
        out.push_str("  </file>\n");
    }
    out.push_str("</checkstyle>\n");
    out
}
