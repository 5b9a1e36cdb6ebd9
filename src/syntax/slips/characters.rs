//! Slips that a single character gives away.

use super::{Candidate, Mend, Slip, SlipKind, begins_line, ends_line, is_unmistakable, line_end, line_start, span};
use crate::catalog::builtin_variable;
use crate::syntax::{Ast, SyntaxError, SyntaxErrorKind};

/// Blanks to the eye, letters to nginx.
const BLANKS: &[char] = &[
    '\u{a0}', '\u{3000}', '\u{2002}', '\u{2003}', '\u{2007}', '\u{2009}', '\u{200a}', '\u{202f}', '\u{205f}',
    '\u{1680}',
];
/// Nothing to the eye.
const NOTHING: &[char] =
    &['\u{feff}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{ad}', '\u{200e}', '\u{200f}'];
/// What input methods and word processors write for `;`.
const SEMICOLONS: &[char] = &['；', '\u{37e}', '\u{61b}', '﹔', '。', '，', '、', '：'];

/// What stands for braces: what input methods write, and the brackets of other languages.
const BRACES: &[(&str, char, &str)] =
    &[("｛", '｛', "{"), ("｝", '｝', "}"), ("(", '(', "{"), (")", ')', "}"), ("[", '[', "{"), ("]", ']', "}")];

/// So many bytes of a line are looked at: nginx itself takes no word that is longer than its buffer of 4,096.
const LONGEST_LINE: usize = 4096;

/// Characters outside comments and quotes that are no blanks and no `;` to nginx, and look like it.
pub(super) fn candidates(bytes: &[u8]) -> Vec<Candidate> {
    let mut out = colons(bytes);
    let mut at = 0;
    while let Some(found) = bytes[at..].iter().position(|b| *b >= 0xc2) {
        let start = at + found;
        let Some(c) = character(&bytes[start..]) else {
            at = start + 1;
            continue;
        };
        // Several in a row are one slip.
        let same = |tail: &[u8]| tail.starts_with(&bytes[start..start + c.len_utf8()]);
        let mut end = start + c.len_utf8();
        while BLANKS.contains(&c) && same(&bytes[end..]) {
            end += c.len_utf8();
        }
        at = end;
        let blank = BLANKS.contains(&c);
        // Behind a sentence of Chinese it is what it looks like.
        let ends = ends_line(bytes, end) || begins_directive(&bytes[end..]);
        let semicolon = SEMICOLONS.contains(&c) && ends && is_plain(bytes, start);
        if !(blank || semicolon || NOTHING.contains(&c)) || is_quoted_or_comment(bytes, start) {
            continue;
        }
        // Behind a `;` it stands for nothing more, and its place is one of a blank.
        let ended = bytes[..start].trim_ascii_end().last().is_none_or(|b| b";{}".contains(b));
        let glued = bytes.get(end).is_some_and(u8::is_ascii_alphabetic);
        let (kind, text) = match semicolon {
            true if ended => (SlipKind::OtherSemicolon(c), ""),
            true => (SlipKind::OtherSemicolon(c), if glued { "; " } else { ";" }),
            false => (SlipKind::Invisible(c), if blank { " " } else { "" }),
        };
        let mut patch: Vec<(usize, u8)> = (start..end).map(|i| (i, b' ')).collect();
        match kind {
            SlipKind::OtherSemicolon(_) if ended => {}
            SlipKind::OtherSemicolon(_) => patch[0].1 = b';',
            // What stands before it in the word moves behind it, so that the word stays one.
            _ if !blank => patch.extend(closed_up(bytes, start, end)),
            _ => {}
        }
        let mends = vec![Mend { span: span(start, end), text: text.to_owned() }];
        out.push(Candidate { slip: Slip { span: span(start, end), kind, mends, about: None }, patch });
    }
    out
}

/// `\${host}`: nginx does not read a variable behind a backslash, and ends the word at the brace.
pub(super) fn guarded_variables(bytes: &[u8]) -> Vec<Candidate> {
    let candidate = |start: usize| {
        let opens = start + br"\${".len();
        let length = bytes[opens..].iter().take(LONGEST_LINE).position(|b| *b == b'}')?;
        builtin_variable(&bytes[opens..opens + length])?;
        let end = opens + length + 1;
        let meant = String::from_utf8_lossy(&bytes[start + 1..end]).into_owned();
        let mends = vec![Mend { span: span(start, start + 1), text: String::new() }];
        let slip = Slip { span: span(start, end), kind: SlipKind::Guarded(meant), mends, about: None };
        let patch = [(start, b' ')].into_iter().chain(closed_up(bytes, start, start + 1)).collect();
        Some(Candidate { slip, patch })
    };
    let found = memchr::memmem::find_iter(bytes, br"\${").filter(|&start| !is_quoted_or_comment(bytes, start));
    found.filter_map(candidate).collect()
}

/// Full-width braces, and other brackets that stand by themselves where a brace does.
pub(super) fn braces(bytes: &[u8]) -> Vec<Candidate> {
    let mut out = Vec::new();
    for &(written, c, brace) in BRACES {
        for start in memchr::memmem::find_iter(bytes, written) {
            let end = start + written.len();
            if (c.is_ascii() && !stands_as_brace(bytes, start, brace == "}")) || is_quoted_or_comment(bytes, start) {
                continue;
            }
            let mends = vec![Mend { span: span(start, end), text: brace.to_owned() }];
            let slip = Slip { span: span(start, end), kind: SlipKind::OtherBrace(c), mends, about: None };
            let patch = (start..end).map(|i| (i, if i == start { brace.as_bytes()[0] } else { b' ' })).collect();
            out.push(Candidate { slip, patch });
        }
    }
    out.sort_by_key(|c| c.slip.span);
    out
}

/// Whether a bracket is a word of its own that ends its line; one that closes, the whole line.
fn stands_as_brace(bytes: &[u8], at: usize, closes: bool) -> bool {
    let alone = begins_line(bytes, at);
    ends_line(bytes, at + 1) && if closes { alone } else { !alone && bytes[..at].ends_with(b" ") }
}

/// Whether the line of an offset begins with what may be a directive, or holds nothing before it.
fn is_plain(bytes: &[u8], at: usize) -> bool {
    bytes[line_start(bytes, at)..at].trim_ascii_start().first().is_none_or(u8::is_ascii)
}

/// Whether a text goes on with the name of a directive that could hardly be anything else.
fn begins_directive(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    let length = text.iter().take_while(|b| b.is_ascii_lowercase() || **b == b'_').count();
    let ends = text.get(length).is_some_and(u8::is_ascii_whitespace);
    ends && is_unmistakable(&text[..length])
}

/// `"upgrade":`, where a `;` belongs behind the quote.
fn colons(bytes: &[u8]) -> Vec<Candidate> {
    let glued = |&at: &usize| at > 0 && matches!(bytes[at - 1], b'"' | b'\'') && ends_line(bytes, at + 1);
    let slip = |at: usize| Candidate {
        slip: Slip {
            span: span(at, at + 1),
            kind: SlipKind::OtherSemicolon(':'),
            mends: vec![Mend { span: span(at, at + 1), text: ";".to_owned() }],
            about: None,
        },
        patch: vec![(at, b';')],
    };
    memchr::memchr_iter(b':', bytes).filter(glued).map(slip).collect()
}

fn character(bytes: &[u8]) -> Option<char> {
    let head = &bytes[..bytes.len().min(4)];
    head.utf8_chunks().next()?.valid().chars().next()
}

/// The bytes of a word in front of a gap, at its end, and blanks where they were.
fn closed_up(bytes: &[u8], start: usize, end: usize) -> Vec<(usize, u8)> {
    let is_word = |b: &&u8| !b.is_ascii_whitespace() && !b";{}".contains(b);
    let before = bytes[..start].iter().rev().take_while(is_word).count();
    let goes_on = bytes.get(end).is_some_and(|b| is_word(&b));
    if before == 0 || !goes_on {
        return Vec::new();
    }
    let (from, gap) = (start - before, end - start);
    let moved = (from..start).map(|i| (i + gap, bytes[i]));
    (from..from + gap).map(|i| (i, b' ')).chain(moved).collect()
}

/// Whether an offset lies in a comment or, as far as its line tells, in quotes.
fn is_quoted_or_comment(bytes: &[u8], at: usize) -> bool {
    // What stands so far to the right in a line is no slip of a hand; and a line of a million of them is read once.
    let near = &bytes[at.saturating_sub(LONGEST_LINE)..at];
    let line = match memchr::memrchr(b'\n', near) {
        Some(newline) => &near[newline + 1..],
        None if near.len() < LONGEST_LINE => near,
        None => return true,
    };
    let mut quote = None;
    let mut before = b' ';
    for &b in line {
        match (quote, b) {
            (None, b'#') if before.is_ascii_whitespace() || b";{}".contains(&before) => return true,
            (None, b'"' | b'\'') if before.is_ascii_whitespace() => quote = Some(b),
            (Some(q), _) if q == b && before != b'\\' => quote = None,
            _ => {}
        }
        before = b;
    }
    quote.is_some()
}

/// The character that HTML writes with a text's first bytes, and how many of them; those that stand in configurations.
fn entity(text: &[u8]) -> Option<(char, usize)> {
    // A page that is escaped twice writes `&amp;quot;`.
    let amp = if text.starts_with(b"&amp;") { b"&amp;".len() } else { 1 };
    let end = amp + memchr::memchr(b';', text.get(amp..(amp + 8).min(text.len()))?)?;
    let name = std::str::from_utf8(text.get(amp..end)?).ok().filter(|_| text[0] == b'&')?;
    let number = match name.strip_prefix('#') {
        Some(hex) if hex.starts_with(['x', 'X']) => u32::from_str_radix(&hex[1..], 16).ok(),
        Some(digits) => digits.parse().ok(),
        None => None,
    };
    let c = match name {
        "quot" => '"',
        "apos" => '\'',
        "ldquo" | "rdquo" => '\u{201c}',
        "lsquo" | "rsquo" => '\u{2018}',
        "dollar" => '$',
        _ => char::from_u32(number?)?,
    };
    Some((c, end + 1))
}

/// `&#36;host`, copied from the source of a page.
pub(super) fn html_dollars(bytes: &[u8]) -> Vec<Candidate> {
    let entities = memchr::memchr_iter(b'&', bytes).filter_map(|start| {
        let (c, length) = entity(&bytes[start..])?;
        (c == '$').then_some((start, start + length))
    });
    let candidate = |(start, end): (usize, usize)| {
        let mut patch: Vec<(usize, u8)> = (start..end - 1).map(|i| (i, b' ')).chain([(end - 1, b'$')]).collect();
        patch.extend(closed_up(bytes, start, end - 1));
        let mends = vec![Mend { span: span(start, end), text: "$".to_owned() }];
        Candidate { slip: Slip { span: span(start, end), kind: SlipKind::HtmlDollar, mends, about: None }, patch }
    };
    entities.filter(|(start, _)| !is_comment(bytes, *start)).map(candidate).collect()
}

/// Whether an offset lies in a comment, as far as its line tells.
fn is_comment(bytes: &[u8], at: usize) -> bool {
    is_quoted_or_comment(bytes, at) && bytes[line_start(bytes, at)..at].contains(&b'#')
}

/// The quote that a character stands for.
fn quote_of(c: char) -> Option<u8> {
    match c {
        '"' | '\u{201c}' | '\u{201d}' => Some(b'"'),
        '\'' | '\u{2018}' | '\u{2019}' => Some(b'\''),
        _ => None,
    }
}

/// `&quot;upgrade&quot;`, copied from the source of a page.
pub(super) fn html_quotes(bytes: &[u8]) -> Vec<Candidate> {
    let mut out = Vec::new();
    let mut at = 0;
    let quote_at = |at: usize| {
        let (c, length) = entity(&bytes[at..])?;
        Some((quote_of(c)?, length))
    };
    while let Some(found) = memchr::memchr(b'&', &bytes[at..]) {
        let start = at + found;
        at = start + 1;
        let Some((quote, length)) = quote_at(start) else { continue };
        let inner = start + length;
        let closing = memchr::memchr_iter(b'&', &bytes[inner..line_end(bytes, inner)]).take(16).map(|n| inner + n);
        let mut closing = closing.filter_map(|at| quote_at(at).map(|(q, length)| (q, at, at + length)));
        let Some((_, close, end)) = closing.find(|(q, ..)| *q == quote) else { continue };
        if is_quoted_or_comment(bytes, start) {
            continue;
        }
        let mut patch: Vec<(usize, u8)> = (start..inner).chain(close..end).map(|i| (i, b' ')).collect();
        patch.push((inner - 1, quote));
        patch.push((close, quote));
        let whole = span(start, end);
        let text = String::from_utf8_lossy(&bytes[inner..close]).into_owned();
        let text = format!("{0}{text}{0}", quote as char);
        let slip =
            Slip { span: whole, kind: SlipKind::HtmlQuotes, mends: vec![Mend { span: whole, text }], about: None };
        out.push(Candidate { slip, patch });
        at = end;
    }
    out
}

/// Words that stand behind a closing quote without a blank: `''close`.
pub(super) fn blanks_behind_quotes(ast: &Ast, text: &[u8]) -> Vec<Candidate> {
    let behind = ast.errors.iter().filter(|e| matches!(e.kind, SyntaxErrorKind::AfterQuote(_)));
    let candidate = |error: &SyntaxError| {
        let (word, at) = (error.opened?.range(), error.span.start as usize);
        let content = &text[word.start + 1..word.end - 1];
        let is_plain = |b: &u8| !b.is_ascii_whitespace() && !b";{}\"'\\#$".contains(b);
        let room = word.start > 1 && text[word.start - 2..word.start].iter().all(u8::is_ascii_whitespace);
        // In the mask the quotes are the blanks, or the word moves to the left by one byte.
        let patch = if !content.is_empty() && content.iter().all(is_plain) {
            vec![(word.start, b' '), (word.end - 1, b' ')]
        } else if room {
            word.clone().map(|i| (i - 1, text[i])).chain([(word.end - 1, b' ')]).collect()
        } else {
            return None;
        };
        let mends = vec![Mend { span: span(at, at), text: " ".to_owned() }];
        let kind = SlipKind::LostBlankBehindQuote;
        Some(Candidate { slip: Slip { span: span(word.start, at), kind, mends, about: None }, patch })
    };
    behind.filter_map(candidate).collect()
}

/// Lines with a quote that opens a word and is closed nowhere before the `;` at their end.
pub(super) fn lost_quotes(text: &[u8]) -> Vec<Candidate> {
    let mut out = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let end = line_end(text, start);
        let line = &text[start..end];
        let open = (1..line.len()).find(|&i| matches!(line[i], b'"' | b'\'') && line[i - 1].is_ascii_whitespace());
        if let Some(open) = open.filter(|_| !line.trim_ascii_start().starts_with(b"#")) {
            let (quote, rest) = (line[open], &line[open + 1..]);
            let word = rest.iter().take_while(|b| !b.is_ascii_whitespace() && **b != b';').count();
            let ends = rest.get(word) == Some(&b';') && rest[word + 1..].trim_ascii().is_empty();
            // `' close;` was to be an empty key.
            let key = begins_line(text, start + open)
                && rest.first().is_some_and(|b| matches!(b, b' ' | b'\t'))
                && line.trim_ascii_end().ends_with(b";");
            if key && !rest.contains(&quote) {
                let at = start + open;
                let slip = Slip {
                    span: span(at, at + 1),
                    kind: SlipKind::LostQuote(quote as char),
                    mends: vec![Mend { span: span(at + 1, at + 1), text: (quote as char).to_string() }],
                    about: None,
                };
                out.push(Candidate { slip, patch: vec![(at - 1, quote)] });
            } else if word > 0 && ends && !rest.contains(&quote) {
                let (at, close) = (start + open, start + open + 1 + word);
                // `'upgrade"` was closed with a quote of the other kind.
                let other = word > 1 && matches!(text[close - 1], b'"' | b'\'');
                let instead = if other { close - 1 } else { close };
                let slip = Slip {
                    span: span(at, close),
                    kind: SlipKind::LostQuote(quote as char),
                    mends: vec![Mend { span: span(instead, close), text: (quote as char).to_string() }],
                    about: None,
                };
                let patch = (instead..close).chain([at]).map(|i| (i, b' ')).collect();
                out.push(Candidate { slip, patch });
            }
        }
        start = end + 1;
    }
    out
}
