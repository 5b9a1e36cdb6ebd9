//! JUnit XML: one test for each file, or one for each finding in it.

use std::collections::HashSet;
use std::io::{self, Write};

use super::Report;
use super::item::{items, shown_path, xml};
use crate::source::FileId;

/// The report.
///
/// # Errors
/// Those of `out`.
pub fn junit(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    // Links are one file under two names.
    let told: HashSet<FileId> = report.shown().map(|found| found.primary.place.file).collect();
    let told: HashSet<String> = told.into_iter().map(|file| shown_path(report.sources.get(file))).collect();
    let clean: Vec<String> = report
        .checked
        .files
        .iter()
        .map(|(file, _)| shown_path(report.sources.get(*file)))
        .filter(|path| !told.contains(path))
        .collect();
    let failures = report.shown().count();
    let tests = failures + clean.len();
    writeln!(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"wslint\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">\n  <testsuite name=\"wslint\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\">"
    )?;
    for path in clean {
        let path = xml(&path);
        writeln!(out, "    <testcase name=\"{path}\" classname=\"{path}\" file=\"{path}\"/>")?;
    }
    for item in items(report) {
        let path = xml(&item.path);
        let place = format!("{}:{}:{}", item.path, item.range.start.0, item.range.start.1);
        writeln!(
            out,
            "    <testcase name=\"{rule} {place}\" classname=\"{path}\" file=\"{path}\" line=\"{line}\">\n      <failure type=\"{rule}\" message=\"{message}\">{severity}: {place}: {message}\n{why}\n{help}</failure>\n    </testcase>",
            rule = item.found.rule,
            place = xml(&place),
            line = item.range.start.0,
            message = xml(&item.message),
            severity = item.found.severity.as_str(),
            why = xml(&item.why),
            help = xml(&item.help),
        )?;
    }
    out.write_all(b"  </testsuite>\n</testsuites>\n")
}
