//! `# wslint: ignore[rule] reason` and `# wslint: ignore-file[rule] reason`; and what else comments say to
//! wslint that it does not understand.

use super::Selection;
use crate::diagnostic::{Category, Diagnostic};
use crate::rules::{self, IgnoreProblem};
use crate::source::{FileId, Place};
use crate::syntax::Files;
use crate::syntax::pragma::Pragma;

struct Ignore {
    place: Place,
    rules: Vec<String>,
    /// The lines, from 0, on which findings are ignored; none is the whole file.
    lines: Option<(usize, usize)>,
    used: bool,
}

/// Takes out what comments in the configurations ignore; returns how many findings that were, and
/// adds a finding for each comment that does nothing.
pub(super) fn suppress(
    files: &Files<'_>,
    looked_at: &[FileId],
    selection: &Selection,
    diagnostics: &mut Vec<Diagnostic>,
) -> usize {
    let mut ignores = Vec::new();
    let mut problems = Vec::new();
    for &file in looked_at {
        read(files, file, &mut ignores, &mut problems);
    }
    let before = diagnostics.len();
    diagnostics.retain(|found| {
        if ignores.is_empty() {
            return true;
        }
        let place = found.primary.place;
        // The directive that is reported, and the ones that its labels speak of: the location.
        let lines_of = files.sources.get(place.file).lines();
        let places =
            std::iter::once(&found.primary).chain(&found.labels).map(|l| l.place).filter(|p| p.file == place.file);
        let lines: Vec<usize> = places.map(|p| lines_of.line(p.span.start)).collect();
        let hit = ignores.iter_mut().find(|i| {
            i.place.file == place.file
                && i.rules.iter().any(|r| r == found.rule || r == found.category.as_str())
                && i.lines.is_none_or(|(from, to)| lines.iter().any(|line| (from..=to).contains(line)))
        });
        match hit {
            Some(ignore) => {
                ignore.used = true;
                false
            }
            None => true,
        }
    });
    let suppressed = before - diagnostics.len();
    // A rule that was not asked cannot say whether it had anything to say.
    let asked =
        |i: &Ignore| i.rules.iter().all(|r| rules::find(r).is_none_or(|r| selection.selects(r.name, r.category)));
    // A comment that names no rule suppresses nothing, of course: that is said once.
    let told = |place: Place| problems.iter().any(|(p, _)| *p == place);
    let unused = |i: &&Ignore| !i.used && asked(i) && !told(i.place);
    let unused: Vec<Place> = ignores.iter().filter(unused).map(|i| i.place).collect();
    problems.extend(unused.into_iter().map(|place| (place, IgnoreProblem::Unused)));
    diagnostics.extend(problems.into_iter().map(|(place, problem)| rules::ignore_finding(place, &problem)));
    suppressed
}

fn read(files: &Files<'_>, file: FileId, ignores: &mut Vec<Ignore>, problems: &mut Vec<(Place, IgnoreProblem)>) {
    let source = files.sources.get(file);
    if !source.speaks_to_wslint() {
        return;
    }
    if let Some(span) = files.remark(file) {
        read_remark(files, Place { file, span }, ignores, problems);
    }
    let ast = &files.asts[file.0 as usize];
    let first_directive = ast.top().next().map_or(u32::MAX, |d| d.name().span().start);
    for &span in &ast.comments {
        let text = String::from_utf8_lossy(source.text(span));
        let place = Place { file, span };
        let (whole, names, reason) = match Pragma::read(&text) {
            Some(Pragma::Ignore { file, rules, reason }) => (file, rules, reason),
            Some(Pragma::Unknown(word)) => {
                problems.push((place, IgnoreProblem::Unknown(word.to_owned())));
                continue;
            }
            _ => continue,
        };
        let is_known = |n: &str| rules::find(n).is_some() || Category::ALL.iter().any(|c| c.as_str() == n);
        let unknown = names.iter().find(|n| !is_known(n));
        if let Some(unknown) = unknown.copied().or(names.is_empty().then_some("")) {
            problems.push((place, IgnoreProblem::NoRule(unknown.to_owned())));
        }
        if names.is_empty() {
            continue;
        }
        if reason.is_empty() {
            problems.push((place, IgnoreProblem::NoReason));
            continue;
        }
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        if whole && span.start > first_directive {
            problems.push((place, IgnoreProblem::TooLow));
            continue;
        }
        let line = source.lines().line(span.start);
        // A comment behind a directive is about its line, one that stands alone about the next one.
        let alone = source.begins_line(span.start);
        let lines = (!whole).then_some(if alone { (line, line + 1) } else { (line, line) });
        ignores.push(Ignore { place, rules: names, lines, used: false });
    }
}

/// `<!-- wslint: ignore rule reason -->` above a block of a document, or the same in another language's comment;
/// with brackets around the rules or without.
fn read_remark(files: &Files<'_>, place: Place, ignores: &mut Vec<Ignore>, problems: &mut Vec<(Place, IgnoreProblem)>) {
    let text = String::from_utf8_lossy(files.sources.text(place)).into_owned();
    let Some(at) = text.find("wslint:") else { return };
    let said = text[at..].trim_end_matches(|c: char| c.is_whitespace() || "->*/}".contains(c));
    let comment = format!("# {said}");
    let Some(Pragma::Ignore { rules, reason, .. }) = Pragma::read(&comment) else { return };
    let is_known = |n: &str| rules::find(n).is_some() || Category::ALL.iter().any(|c| c.as_str() == n);
    let (first, rest) = reason.split_once(char::is_whitespace).unwrap_or((reason, ""));
    let (rules, reason) = if rules.is_empty() { (first.split(',').collect(), rest) } else { (rules, reason) };
    match rules.iter().find(|rule| !is_known(rule)) {
        Some(unknown) => problems.push((place, IgnoreProblem::NoRule((*unknown).to_owned()))),
        None if reason.is_empty() => problems.push((place, IgnoreProblem::NoReason)),
        None => {
            let rules = rules.into_iter().map(str::to_owned).collect();
            ignores.push(Ignore { place, rules, lines: None, used: false });
        }
    }
}
