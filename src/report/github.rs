//! GitHub Actions: annotations on the lines of a pull request, and the summary of a step.

use std::io::{self, Write};

use super::Report;
use super::item::{Item, items};
use super::markdown::cell;
use crate::diagnostic::Severity;
use crate::text;

/// GitHub shows this many annotations of a kind for each step, and drops the rest without a word.
const SHOWN: usize = 10;

/// The report: workflow commands for the first ten of each kind, plain lines for the rest.
///
/// # Errors
/// Those of `out`.
pub fn github(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut counts = [0usize; 3];
    let mut rest = Vec::new();
    for item in items(report) {
        let count = &mut counts[item.found.severity as usize];
        *count += 1;
        if *count > SHOWN {
            // Behind two blanks nothing that a file is called begins a workflow command.
            writeln!(
                rest,
                "  {}:{}:{}: {}[{}] {}",
                item.path,
                item.range.start.0,
                item.range.start.1,
                item.found.severity.as_str(),
                item.found.rule,
                item.message
            )?;
            continue;
        }
        annotation(out, &item)?;
    }
    if !rest.is_empty() {
        let hidden: usize = counts.iter().map(|c| c.saturating_sub(SHOWN)).sum();
        let said = text!(
            "GitHub shows {SHOWN} annotations of a kind; {hidden} more findings stand here:",
            "GitHub 每类只显示 {SHOWN} 条注释，其余 {hidden} 个问题列在这里："
        );
        writeln!(out, "{}", said.get(report.lang))?;
        out.write_all(&rest)?;
    }
    Ok(())
}

fn annotation(out: &mut dyn Write, item: &Item<'_>) -> io::Result<()> {
    let kind = match item.found.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Advice => "notice",
    };
    let (start, end) = (item.range.start, item.range.end);
    write!(out, "::{kind} file={},line={},endLine={}", property(&item.path), start.0, end.0)?;
    if start.0 == end.0 {
        write!(out, ",col={},endColumn={}", start.1, end.1)?;
    }
    let mut message = item.message.clone();
    for more in [&item.why, &item.help].into_iter().filter(|t| !t.is_empty()) {
        message.push('\n');
        message.push_str(more);
    }
    writeln!(out, ",title={}::{}", property(&format!("wslint: {}", item.found.rule)), data(&message))
}

/// As `@actions/core` escapes the message of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// As it escapes a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// What is appended to `$GITHUB_STEP_SUMMARY`: a table of all findings, in Markdown.
///
/// # Errors
/// Those of `out`.
pub fn github_summary(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    const MOST: usize = 1_000;
    let count = report.shown().count();
    let (errors, warnings) = (report.count(Severity::Error), report.count(Severity::Warning));
    let head = text!("wslint: {errors} errors, {warnings} warnings", "wslint：{errors} 个错误，{warnings} 个警告");
    write!(out, "### {}\n\n", head.get(report.lang))?;
    if count == 0 {
        let none = text!("Nothing to report.", "没有问题。");
        return writeln!(out, "{}", none.get(report.lang));
    }
    let columns = text!("| place | rule | finding |", "| 位置 | 规则 | 问题 |");
    writeln!(out, "{}\n| --- | --- | --- |", columns.get(report.lang))?;
    for item in items(report).take(MOST) {
        writeln!(
            out,
            "| {}:{} | [{}]({}) | {} |",
            cell(&item.path),
            item.range.start.0,
            item.found.rule,
            item.url,
            cell(&item.message)
        )?;
    }
    if count > MOST {
        let more = count - MOST;
        let said = text!("… and {more} more", "……另有 {more} 个");
        writeln!(out, "\n{}", said.get(report.lang))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_a_command() {
        assert_eq!(property("a%,b:\n"), "a%25%2Cb%3A%0A");
    }
}
