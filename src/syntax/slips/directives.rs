//! Slips that show in what a directive swallowed, or in its name.

use super::{
    Candidate, Mend, Patch, Slip, SlipKind, begins_line, each_directive, ends_line, fits, is_unmistakable, line_end,
    line_start, marks, span, takes, words,
};
use crate::catalog::{Name, lookup};
use crate::source::Span;
use crate::syntax::{Ast, DirectiveRef, Ending, Word, WordKind};

/// What directives that nginx refuses may have been.
pub(super) fn candidates(ast: &Ast, text: &[u8], is_diff: bool) -> Vec<Candidate> {
    let mut out = Vec::new();
    each_directive(ast, text, &mut |directive, known| {
        let missing = directive.ending() == Ending::Missing;
        if takes(directive, known, text) && !missing {
            return;
        }
        let found = match known {
            Name::UNKNOWN => no_directive(directive, text, is_diff),
            _ => Vec::new(),
        };
        let found = if found.is_empty() { swallowed(&parts(directive, text), directive, text) } else { found };
        let found = if found.is_empty() { swallowed(&parts_of_lines(directive, text), directive, text) } else { found };
        let found = if found.is_empty() { words::candidates(directive, known, text) } else { found };
        out.extend(found);
    });
    out
}

/// The words of a directive, cut where a line begins with the name of another one.
fn parts(directive: DirectiveRef<'_>, text: &[u8]) -> Vec<Vec<Word>> {
    cut(directive, text, &|word| begins_line(text, word.start as usize))
}

/// The same, also cut where such a name stands within a line, and could hardly be anything else.
fn parts_of_lines(directive: DirectiveRef<'_>, text: &[u8]) -> Vec<Vec<Word>> {
    cut(directive, text, &|word| begins_line(text, word.start as usize) || is_unmistakable(&text[word.range()]))
}

fn cut(directive: DirectiveRef<'_>, text: &[u8], may_begin: &dyn Fn(Span) -> bool) -> Vec<Vec<Word>> {
    let mut out: Vec<Vec<Word>> = Vec::new();
    for word in directive.words().iter() {
        let is_name = word.kind() == WordKind::Bare
            && lookup(&text[word.span().range()]) != Name::UNKNOWN
            && may_begin(word.span());
        match out.last_mut() {
            Some(part) if !is_name => part.push(word),
            _ => out.push(vec![word]),
        }
    }
    out
}

/// Directives that lost their `;` or `{`, and swallowed what stands on the lines below.
fn swallowed(parts: &[Vec<Word>], directive: DirectiveRef<'_>, text: &[u8]) -> Vec<Candidate> {
    let block = directive.ending() == Ending::Block;
    let missing = directive.ending() == Ending::Missing;
    let known = |part: &[Word]| lookup(&text[part[0].span().range()]);
    let [earlier @ .., last] = parts else { return Vec::new() };
    if !fits(known(last), last.len() - 1, block) || (earlier.is_empty() && !missing) {
        return Vec::new();
    }
    let mut out = Vec::new();
    for (i, part) in parts.iter().enumerate() {
        let is_last = i + 1 == parts.len();
        if is_last && !missing {
            break;
        }
        let end = part[part.len() - 1].span().end as usize;
        let about = parts.get(i + 1).map(|next| next[0].span().cover(next[next.len() - 1].span()));
        let end_byte = text.get(end).copied();
        let (named, arguments) = (known(part), part.len() - 1);
        let (kind, at, patch, mend) = if fits(named, arguments, false) {
            match separator(part, text) {
                Some(at) => (
                    SlipKind::OtherSemicolon(char::from(text[at])),
                    span(at, at + 1),
                    (at, b';'),
                    Mend { span: span(at, at + 1), text: ";".to_owned() },
                ),
                None => (
                    SlipKind::LostSemicolon,
                    part[part.len() - 1].span(),
                    (end, b';'),
                    Mend { span: span(end, end), text: ";".to_owned() },
                ),
            }
        } else if fits(named, arguments, true) && !is_last {
            let opened = Mend { span: span(end, end), text: " {".to_owned() };
            (SlipKind::LostOpen, part[0].span().cover(part[part.len() - 1].span()), (end, b'{'), opened)
        } else {
            return Vec::new();
        };
        // The mask needs a byte for what is missing.
        if !matches!(kind, SlipKind::OtherSemicolon(_)) && !end_byte.is_some_and(|b| b.is_ascii_whitespace()) {
            return Vec::new();
        }
        out.push(Candidate { slip: Slip { span: at, kind, mends: vec![mend], about }, patch: vec![patch] });
    }
    out
}

/// The offset of what stands for the `;` behind the last word: `:`, `,`, or a bracket that nothing opens.
fn separator(part: &[Word], text: &[u8]) -> Option<usize> {
    let word = part.last().filter(|w| w.kind() == WordKind::Bare && w.span().len() > 1)?;
    let last = word.span().end as usize - 1;
    let written = &text[word.span().range()];
    let stands_for_it = match text[last] {
        b':' | b',' => true,
        b'}' => !written.contains(&b'{'),
        b')' => !written.contains(&b'('),
        b']' => !written.contains(&b'['),
        _ => false,
    };
    stands_for_it.then_some(last)
}

/// Lines that are no directive: comments of other languages, dots, prose; and names with something glued to
/// them.
fn no_directive(directive: DirectiveRef<'_>, text: &[u8], is_diff: bool) -> Vec<Candidate> {
    let word = directive.name().span();
    let (start, end) = (word.start as usize, word.end as usize);
    let name = &text[start..end];
    let one = |kind: SlipKind, at: (usize, usize), mends: Vec<Mend>, patch: Patch| {
        vec![Candidate { slip: Slip { span: span(at.0, at.1), kind, mends, about: None }, patch }]
    };
    let replaced = |from: usize, to: usize, text: &str| Mend { span: span(from, to), text: text.to_owned() };
    let until = line_end(text, start);
    // `http&#58;//` is no comment.
    let stands_alone = start == 0 || text[start - 1].is_ascii_whitespace() || begins_line(text, start);
    if name.starts_with(b"//") && stands_alone {
        return one(
            SlipKind::ForeignComment("//"),
            (start, until),
            vec![replaced(start, start + 2, "#")],
            vec![(start, b'#')],
        );
    }
    for (opens, closes) in marks::ENCLOSED {
        if name.starts_with(opens.as_bytes()) {
            let line = &text[start..until];
            let Some(close) = memchr::memmem::find(line, closes.as_bytes()) else { return Vec::new() };
            let mends = vec![
                replaced(start, start + opens.len(), "#"),
                replaced(start + close, start + close + closes.len(), ""),
            ];
            return one(SlipKind::ForeignComment(opens), (start, until), mends, vec![(start, b'#')]);
        }
    }
    if let Some(mark) = marks::before_a_directive(directive, text, is_diff) {
        return vec![mark];
    }
    // With words on the lines below it, all of them are prose.
    let alone =
        parts(directive, text).first().is_none_or(|words| words.iter().all(|w| (w.span().start as usize) < until));
    if is_left_out(name) && begins_line(text, start) && alone {
        return one(SlipKind::LeftOut, (start, end), vec![replaced(start, start, "# ")], vec![(start, b'#')]);
    }
    if let Some(found) = words::in_the_name(directive, text) {
        return vec![found];
    }
    prose(directive, text)
}

/// Dots, dashes or the fence of a document.
fn is_left_out(name: &[u8]) -> bool {
    let text = String::from_utf8_lossy(name);
    let all = |marks: &[char]| text.chars().all(|c| marks.contains(&c));
    (!text.is_empty() && all(&['.', '…', '。'])) || (name.len() > 2 && (all(&['-']) || all(&['`']) || all(&['*'])))
}

/// Words above a directive that are none.
fn prose(directive: DirectiveRef<'_>, text: &[u8]) -> Vec<Candidate> {
    let parts = parts(directive, text);
    let (words, next) = match parts.as_slice() {
        [words, next, ..] => (words, Some(next)),
        // Nothing but a `}`, or nothing at all, follows.
        [words] if directive.ending() == Ending::Missing => (words, None),
        _ => return Vec::new(),
    };
    let about = next.map(|next| next[0].span().cover(next[next.len() - 1].span()));
    let first = &text[words[0].span().range()];
    let (start, end) = (words[0].span().start as usize, words[words.len() - 1].span().end as usize);
    let own_line = begins_line(text, start);
    if !own_line && !is_behind_an_end(text, start) {
        return Vec::new();
    }
    if own_line && next.is_some() && like_a_directive(words, text) {
        // A directive of a module that wslint does not know, or a misspelt one.
        let room = text.get(end).is_some_and(u8::is_ascii_whitespace);
        let slip = Slip {
            span: words[words.len() - 1].span(),
            kind: SlipKind::LostSemicolon,
            mends: vec![Mend { span: span(end, end), text: ";".to_owned() }],
            about,
        };
        return if room { vec![Candidate { slip, patch: vec![(end, b';')] }] } else { Vec::new() };
    }
    // `@@}` is one word for nginx, and the brace in it is one that somebody wrote.
    let closes = |w: &Word| text[w.span().range()].ends_with(b"}") && !text[w.span().range()].contains(&b'{');
    if words.iter().any(closes) {
        let is_mark = words.len() == 1 && !String::from_utf8_lossy(first).contains(char::is_alphanumeric);
        let mends = vec![Mend { span: span(start, end - 1), text: String::new() }];
        let slip = Slip { span: span(start, end), kind: SlipKind::Mark, mends, about };
        let patch = (start..end - 1).map(|at| (at, b' ')).collect();
        return if is_mark && end - start > 1 { vec![Candidate { slip, patch }] } else { Vec::new() };
    }
    if !ends_line(text, end) {
        return Vec::new();
    }
    let starts = words.iter().map(|w| w.span().start as usize);
    let lines: Vec<usize> = starts.filter(|&at| at == start || begins_line(text, at)).collect();
    let glued = start > 0 && !text[start - 1].is_ascii_whitespace();
    let hash = |at: usize| if at == start && glued { " # " } else { "# " };
    let mends = lines.iter().map(|&at| Mend { span: span(at, at), text: hash(at).to_owned() }).collect();
    let patch = lines.iter().map(|&at| (at, b'#')).collect();
    vec![Candidate { slip: Slip { span: span(start, end), kind: SlipKind::Prose, mends, about }, patch }]
}

/// Whether words on a line of their own may be a directive of a module that wslint does not know: a single word may
/// be, and is more often the label of a block of code, `nginx` or `conf`.
fn like_a_directive(words: &[Word], text: &[u8]) -> bool {
    let of_name = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'_';
    let word = |i: usize| words.get(i).map_or(&b""[..], |w| &text[w.span().range()]);
    let (first, second) = (word(0), word(1));
    let prose = !matches!(second, b"on" | b"off") && second.iter().all(u8::is_ascii_lowercase);
    first.iter().all(of_name) && (first.contains(&b'_') || (words.len() == 2 && !prose))
}

/// Whether something ends on the line before this offset, and nothing but blanks stands between.
fn is_behind_an_end(text: &[u8], at: usize) -> bool {
    let before = text[line_start(text, at)..at].trim_ascii_end();
    before.last().is_some_and(|b| b";{}".contains(b))
}
