//! What stands in front of lines: the comments of other languages, over as many lines as they take, and the marks of
//! lists, diffs and numbered lines.

use super::{Candidate, Mend, Patch, Slip, SlipKind, begins_line, ends_line, fits, line_end, line_start, span};
use crate::catalog::{Name, lookup, name};
use crate::source::Span;
use crate::syntax::{DirectiveRef, Ending, WordKind};

/// How other languages enclose comments.
pub(super) const ENCLOSED: [(&str, &str); 2] = [("/*", "*/"), ("<!--", "-->")];

/// Comments of other languages that take several lines: what opens a block in one of them may be closed in the next,
/// so all of them are put right or none, and lines with `//` that follow one another are one slip.
pub(super) fn foreign_comments(text: &[u8]) -> Vec<Candidate> {
    let mut out = Vec::new();
    let mut run: Vec<Span> = Vec::new();
    let mut speaks = false;
    let closings = ENCLOSED.map(|(_, closes)| memchr::memmem::find_iter(text, closes).collect::<Vec<_>>());
    let mut start = 0;
    while start < text.len() {
        let end = line_end(text, start);
        let first = start + text[start..end].len() - text[start..end].trim_ascii_start().len();
        let line = &text[first..end];
        if line.starts_with(b"//") {
            run.push(span(first, line.trim_ascii_end().len() + first));
        } else {
            out.extend(commented(&std::mem::take(&mut run)));
            let word = line.iter().take_while(|b| b.is_ascii_lowercase() || **b == b'_').count();
            speaks |= !matches!(lookup(&line[..word]), Name::UNKNOWN | name::INCLUDE);
        }
        start = end + 1;
        let mut enclosed = ENCLOSED.iter().zip(&closings);
        let found =
            enclosed.find(|((opens, _), _)| line.starts_with(opens.as_bytes())).and_then(|(marks, closings)| {
                let close = closings.get(closings.partition_point(|close| *close < end))?;
                let before = closings.partition_point(|close| *close < first) < closings.partition_point(|c| *c < end);
                if before { None } else { over_lines(text, first, *close, *marks) }
            });
        if let Some((candidate, after)) = found {
            out.push(candidate);
            start = after;
        }
    }
    out.extend(commented(&run));
    // Other programs have such comments, too, and include their files with the same word.
    if speaks { out } else { Vec::new() }
}

/// Lines that begin with `//`, where there are several.
fn commented(lines: &[Span]) -> Option<Candidate> {
    let first = lines.first().filter(|_| lines.len() > 1)?;
    let starts = || lines.iter().map(|line| line.start as usize);
    let slip = Slip {
        span: *first,
        kind: SlipKind::ForeignComment("//"),
        mends: starts().map(|at| Mend { span: span(at, at + 2), text: "#".to_owned() }).collect(),
        about: None,
    };
    Some(Candidate { slip, patch: starts().map(|at| (at, b'#')).collect() })
}

/// A comment that is closed on a later line, at this offset, with nothing behind it there; and where the next line
/// begins.
fn over_lines(
    text: &[u8],
    start: usize,
    close: usize,
    (opens, closes): (&'static str, &str),
) -> Option<(Candidate, usize)> {
    if !ends_line(text, close + closes.len()) {
        return None;
    }
    let (first, end) = (line_end(text, start), line_end(text, close));
    let replaced = |from: usize, to: usize, text: &str| Mend { span: span(from, to), text: text.to_owned() };
    let mut mends = vec![replaced(start, start + opens.len(), "#")];
    let mut patch: Patch = vec![(start, b'#')];
    let mut at = first + 1;
    while at < end {
        let until = line_end(text, at);
        let begins = at + text[at..until].len() - text[at..until].trim_ascii_start().len();
        let is_last = (at..=until).contains(&close);
        if begins < until {
            patch.push((begins, b'#'));
            match text[begins] {
                _ if begins == close => mends.push(replaced(begins, begins + closes.len(), "#")),
                b'*' => mends.push(replaced(begins, begins + 1, "#")),
                _ => mends.push(replaced(begins, begins, "# ")),
            }
        }
        if is_last && begins != close {
            mends.push(replaced(close, close + closes.len(), ""));
        }
        at = until + 1;
    }
    let slip = Slip { span: span(start, first), kind: SlipKind::ForeignComment(opens), mends, about: None };
    Some((Candidate { slip, patch }, end + 1))
}

/// So many lines at least tell that each of them has a mark.
const FEW: usize = 4;

/// Marks before every line of a file: line numbers, the `+` of a diff, the `>` of a quoted letter.
pub(super) fn of_every_line(text: &[u8]) -> Option<Candidate> {
    let mut spans: Vec<Span> = Vec::new();
    let mut before: Option<Mark> = None;
    let mut start = 0;
    while start < text.len() {
        let end = line_end(text, start);
        let line = &text[start..end];
        if !line.trim_ascii().is_empty() {
            let (mark, length) = mark_of(line)?;
            let follows = match (before, mark) {
                (None, _) => true,
                (Some(Mark::Number(last)), Mark::Number(n)) => n > last,
                (Some(last), mark) => last == mark,
            };
            if !follows {
                return None;
            }
            before = Some(mark);
            let blanks = line.len() - line.trim_ascii_start().len();
            spans.push(span(start + blanks, start + length));
        }
        start = end + 1;
    }
    let first = *spans.first().filter(|_| spans.len() >= FEW)?;
    let patch = spans.iter().flat_map(|s| s.range()).map(|at| (at, b' ')).collect();
    // A diff's marks stand before the indentation, all others behind a blank of their own.
    let behind = |s: &Span| {
        let rest = &text[s.end as usize..line_end(text, s.end as usize)];
        let blanks = rest.len() - rest.trim_ascii_start().len();
        (blanks < rest.len()).then_some(blanks)
    };
    let common = if before == Some(Mark::Other(b'+')) { 0 } else { spans.iter().filter_map(behind).min().unwrap_or(0) };
    let gone = |s: &Span| {
        let start = line_start(text, s.start as usize);
        let end = (s.end as usize + common).min(line_end(text, start));
        Mend { span: span(start, end), text: String::new() }
    };
    let mends = spans.iter().map(gone).collect();
    Some(Candidate { slip: Slip { span: first, kind: SlipKind::Marks, mends, about: None }, patch })
}

#[derive(Clone, Copy, PartialEq)]
enum Mark {
    Number(u32),
    Other(u8),
}

/// The mark that a line begins with, and how many of its bytes that is.
fn mark_of(line: &[u8]) -> Option<(Mark, usize)> {
    let blanks = line.len() - line.trim_ascii_start().len();
    let rest = &line[blanks..];
    if blanks == 0 && matches!(rest[0], b'+' | b'>') {
        return Some((Mark::Other(rest[0]), 1));
    }
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let number = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
    let glued = rest.get(digits).is_some_and(|b| b".:|)".contains(b));
    let length = digits + usize::from(glued);
    let ends = glued || rest.get(length).is_none_or(u8::is_ascii_whitespace);
    ends.then_some((Mark::Number(number), blanks + length))
}

/// A directive behind `-`, `+`, `12.` or `>`, as lists, diffs and numbered lines have them.
pub(super) fn before_a_directive(directive: DirectiveRef<'_>, text: &[u8], is_diff: bool) -> Option<Candidate> {
    let (name, known) = (directive.name().span(), directive.args().iter().next()?);
    let start = name.start as usize;
    let mark = &text[name.range()];
    let is_mark = !mark.is_empty() && mark.iter().all(|b| b.is_ascii_digit() || b"-+>*.:|)".contains(b));
    let is_mark = is_mark || is_bullet(mark);
    let taken_away = mark == b"-" && is_diff;
    let block = directive.ending() == Ending::Block;
    let word = lookup(&text[known.span().range()]);
    if !is_mark
        || taken_away
        || known.kind() != WordKind::Bare
        || word == Name::UNKNOWN
        || !begins_line(text, start)
        || line_start(text, start) != line_start(text, known.span().start as usize)
        || !fits(word, directive.args().len() - 1, block)
    {
        return None;
    }
    // A diff's marks stand before the indentation, all others behind it.
    let indent = matches!(mark, b"+" | b"-") && line_start(text, start) == start;
    let end = if indent { name.end as usize } else { known.span().start as usize };
    let slip = Slip {
        span: name,
        kind: SlipKind::Mark,
        mends: vec![Mend { span: span(start, end), text: String::new() }],
        about: Some(known.span()),
    };
    Some(Candidate { slip, patch: name.range().map(|at| (at, b' ')).collect() })
}

/// Whether a word is a sign of its own that is neither a letter nor ASCII: bullets, arrows, pictures.
fn is_bullet(mark: &[u8]) -> bool {
    let is_sign = |c: char| !c.is_ascii() && !c.is_alphanumeric();
    std::str::from_utf8(mark).is_ok_and(|mark| (1..=2).contains(&mark.chars().count()) && mark.chars().all(is_sign))
}
