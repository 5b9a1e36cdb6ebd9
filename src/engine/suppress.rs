//! `# wslint: ignore[rule] reason` and `# wslint: ignore-file[rule] reason`.

use super::Selection;
use crate::diagnostic::Diagnostic;
use crate::rules::{self, IgnoreProblem};
use crate::source::{FileId, Place};
use crate::syntax::Files;

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
    problems.extend(ignores.iter().filter(|i| !i.used && asked(i)).map(|i| (i.place, IgnoreProblem::Unused)));
    diagnostics.extend(problems.into_iter().map(|(place, problem)| rules::ignore_finding(place, &problem)));
    suppressed
}

fn read(files: &Files<'_>, file: FileId, ignores: &mut Vec<Ignore>, problems: &mut Vec<(Place, IgnoreProblem)>) {
    let source = files.sources.get(file);
    if !source.speaks_to_wslint() {
        return;
    }
    let ast = &files.asts[file.0 as usize];
    let first_directive = ast.top().next().map_or(u32::MAX, |d| d.name().span().start);
    for &span in &ast.comments {
        let text = String::from_utf8_lossy(source.text(span)).into_owned();
        let Some(rest) = text.trim_start_matches('#').trim_start().strip_prefix("wslint:") else { continue };
        let rest = rest.trim_start();
        let whole = rest.starts_with("ignore-file");
        let Some(rest) = rest.strip_prefix("ignore-file").or_else(|| rest.strip_prefix("ignore")) else { continue };
        let place = Place { file, span };
        let Some((names, reason)) = rest.strip_prefix('[').and_then(|r| r.split_once(']')) else {
            problems.push((place, IgnoreProblem::NoRule(String::new())));
            continue;
        };
        let names: Vec<String> = names.split(',').map(|n| n.trim().to_owned()).filter(|n| !n.is_empty()).collect();
        let unknown = names.iter().find(|n| {
            rules::find(n).is_none() && !["handshake", "lifetime", "security", "validity"].contains(&n.as_str())
        });
        if let Some(unknown) = unknown {
            problems.push((place, IgnoreProblem::NoRule(unknown.clone())));
        }
        if reason.trim().is_empty() {
            problems.push((place, IgnoreProblem::NoReason));
            continue;
        }
        if whole && span.start > first_directive {
            problems.push((place, IgnoreProblem::Unused));
            continue;
        }
        let line = source.lines().line(span.start);
        // A comment behind a directive is about its line, one that stands alone about the next one.
        let alone = source.begins_line(span.start);
        let lines = (!whole).then_some(if alone { (line, line + 1) } else { (line, line) });
        ignores.push(Ignore { place, rules: names, lines, used: false });
    }
}
