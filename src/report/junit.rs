//! JUnit XML: one test for each file, or one for each finding in it.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::Report;
use super::item::{Item, items, shown_path, xml};

/// The report.
pub fn junit(report: &Report<'_>) -> String {
    let all: Vec<Item<'_>> = items(report).collect();
    let told: HashSet<&str> = all.iter().map(|item| item.path.as_str()).collect();
    let clean: Vec<String> = report
        .checked
        .files
        .iter()
        .map(|(file, _)| shown_path(report.sources.get(*file)))
        .filter(|path| !told.contains(path.as_str()))
        .collect();
    let (tests, failures) = (all.len() + clean.len(), all.len());
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"wslint\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">\n  <testsuite name=\"wslint\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\">\n"
    );
    for path in clean {
        let path = xml(&path);
        let _ = writeln!(out, "    <testcase name=\"{path}\" classname=\"{path}\" file=\"{path}\"/>");
    }
    for item in all {
        let path = xml(&item.path);
        let place = format!("{}:{}:{}", item.path, item.range.start.0, item.range.start.1);
        let _ = writeln!(
            out,
            "    <testcase name=\"{rule} {place}\" classname=\"{path}\" file=\"{path}\" line=\"{line}\">\n      <failure type=\"{rule}\" message=\"{message}\">{severity}: {place}: {message}\n{why}\n{help}</failure>\n    </testcase>",
            rule = item.found.rule,
            place = xml(&place),
            line = item.range.start.0,
            message = xml(&item.message),
            severity = item.found.severity.as_str(),
            why = xml(&item.why),
            help = xml(&item.help),
        );
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}
