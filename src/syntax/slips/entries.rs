//! Slips among the entries of a `map` and its like, whose lines are no directives: what is right there is a line of
//! two words.

use super::{Candidate, Mend, Slip, SlipKind, begins_line, line_end, span};
use crate::catalog::{Name, name};
use crate::syntax::{Ast, DirectiveRef, Ending, Word, WordKind};

/// Whether the children of a block are such entries, and `takes` can tell about them.
/// (`ngx_http_map_module.c`, `ngx_http_geo_module.c`, `ngx_http_split_clients_module.c`: each wants two words, but
/// for its parameters.)
pub(super) fn are_in(named: Name) -> bool {
    matches!(named, name::MAP | name::GEO | name::SPLIT_CLIENTS)
}

/// Whether nginx takes an entry, as far as its number of words says. A brace in it is not told of here.
pub(super) fn takes(entry: DirectiveRef<'_>, text: &[u8]) -> bool {
    match entry.ending() {
        Ending::Semicolon => entry.args().len() == 1 || (entry.args().is_empty() && is_parameter(entry.name(), text)),
        _ => true,
    }
}

fn is_parameter(word: Word, text: &[u8]) -> bool {
    matches!(&text[word.span().range()], b"hostnames" | b"volatile" | b"ranges" | b"proxy_recursive")
}

/// What an entry that nginx refuses may have been: lines that lost their `;`, `=` between its words, comments of
/// other languages, prose.
pub(super) fn candidates(ast: &Ast, text: &[u8]) -> Vec<Candidate> {
    let mut out = Vec::new();
    super::each_entry(ast, text, &mut |entry| {
        if entry.ending() == Ending::Missing || !takes(entry, text) {
            out.extend(of_lines(entry, text));
        }
    });
    out
}

/// The candidates of an entry, line by line; none unless each of its lines is understood.
fn of_lines(entry: DirectiveRef<'_>, text: &[u8]) -> Vec<Candidate> {
    let mut lines: Vec<Vec<Word>> = Vec::new();
    for word in entry.words().iter() {
        match lines.last_mut() {
            Some(line) if !begins_line(text, word.span().start as usize) => line.push(word),
            _ => lines.push(vec![word]),
        }
    }
    let missing = entry.ending() == Ending::Missing;
    let mut out = Vec::new();
    for (i, line) in lines.iter().enumerate() {
        let is_last = i + 1 == lines.len();
        let about = lines.get(i + 1).map(|next| covered(next));
        if !is_last && let Some(found) = foreign(line, text) {
            out.push(found);
            continue;
        }
        let pair = match line.as_slice() {
            [_, _] => true,
            [one] => is_parameter(*one, text),
            [_, between, value] if is_equals(*between, text) => {
                out.push(without(*between, *value));
                true
            }
            _ => false,
        };
        if !pair && !is_last && line.len() > 2 {
            out.push(prose(line, about));
            continue;
        }
        if !pair {
            return Vec::new();
        }
        if !is_last || missing {
            let Some(found) = lost_semicolon(line, about, text) else { return Vec::new() };
            out.push(found);
        }
    }
    out
}

fn covered(words: &[Word]) -> crate::source::Span {
    words[0].span().cover(words[words.len() - 1].span())
}

fn is_equals(word: Word, text: &[u8]) -> bool {
    word.kind() == WordKind::Bare && matches!(&text[word.span().range()], b"=" | b":" | b"=>" | b"->")
}

fn without(word: Word, next: Word) -> Candidate {
    let gone = span(word.span().start as usize, next.span().start as usize);
    let mends = vec![Mend { span: gone, text: String::new() }];
    let patch = word.span().range().map(|at| (at, b' ')).collect();
    Candidate { slip: Slip { span: word.span(), kind: SlipKind::Equals, mends, about: None }, patch }
}

fn foreign(line: &[Word], text: &[u8]) -> Option<Candidate> {
    let start = line[0].span().start as usize;
    if !text[start..].starts_with(b"//") {
        return None;
    }
    let slip = Slip {
        span: span(start, line_end(text, start)),
        kind: SlipKind::ForeignComment("//"),
        mends: vec![Mend { span: span(start, start + 2), text: "#".to_owned() }],
        about: None,
    };
    Some(Candidate { slip, patch: vec![(start, b'#')] })
}

fn prose(line: &[Word], about: Option<crate::source::Span>) -> Candidate {
    let start = line[0].span().start as usize;
    let mends = vec![Mend { span: span(start, start), text: "# ".to_owned() }];
    let slip = Slip { span: covered(line), kind: SlipKind::Prose, mends, about };
    Candidate { slip, patch: vec![(start, b'#')] }
}

/// The `;` behind the last word of a line; the mask needs the byte behind it.
fn lost_semicolon(line: &[Word], about: Option<crate::source::Span>, text: &[u8]) -> Option<Candidate> {
    let last = line[line.len() - 1].span();
    let end = last.end as usize;
    let slip = Slip {
        span: last,
        kind: SlipKind::LostSemicolon,
        mends: vec![Mend { span: span(end, end), text: ";".to_owned() }],
        about,
    };
    text.get(end).filter(|b| b.is_ascii_whitespace()).map(|_| Candidate { slip, patch: vec![(end, b';')] })
}
