//! Slips within a word: a name with its value glued to it, a mark where a blank belongs, a `$` by itself.

use super::{Candidate, Mend, Patch, Slip, SlipKind, fits, line_end, line_start, meant, span};
use crate::catalog::{Name, Value, lookup, name, names};
use crate::syntax::{DirectiveRef, Ending, Word, WordKind};

/// What stands between a name and its value in other languages, and in other alphabets.
const MARKS: &[&str] = &["=", ":", ",", "：", "，", "、", "＝"];

fn one(kind: SlipKind, at: (usize, usize), mend: Mend, patch: Patch) -> Candidate {
    Candidate { slip: Slip { span: span(at.0, at.1), kind, mends: vec![mend], about: None }, patch }
}

/// A mark that is to be a blank, or nothing where blanks stand beside it.
fn mark(at: usize, length: usize, text: &str) -> Candidate {
    let mend = Mend { span: span(at, at + length), text: text.to_owned() };
    one(SlipKind::Equals, (at, at + length), mend, (at..at + length).map(|i| (i, b' ')).collect())
}

/// What a word begins with of what is no blank, and is meant as one.
fn mark_of(word: &[u8]) -> Option<&'static str> {
    MARKS.iter().find(|m| word.starts_with(m.as_bytes())).copied()
}

/// A blank that is missing at an offset, in the directive that begins at another: what stands between them moves to
/// the left by one byte in the mask.
fn lost_blank(start: usize, at: usize, text: &[u8]) -> Option<Patch> {
    let before = start.checked_sub(1)?;
    // A line break is as good as a blank, unless a comment ends there.
    let room = match text[before] {
        b' ' | b'\t' => true,
        b'\n' => !text[line_start(text, before)..before].contains(&b'#'),
        _ => false,
    };
    room.then(|| (start..at).map(|i| (i - 1, text[i])).chain([(at - 1, b' ')]).collect())
}

/// A directive with its first argument glued to it: `proxy_http_version1.1`, `location/ws`, `proxy_pass=http://…`; or
/// `3000`, in front of which a `;` was to be a `:`.
pub(super) fn in_the_name(directive: DirectiveRef<'_>, text: &[u8]) -> Option<Candidate> {
    let whole = directive.name().span();
    let (start, end) = (whole.start as usize, whole.end as usize);
    let word = &text[start..end];
    let others = directive.args().len();
    if others == 0 && word.iter().all(u8::is_ascii_digit) && is_port(start, text) {
        let at = start - 1;
        let mend = Mend { span: span(at, at + 1), text: ":".to_owned() };
        return Some(one(SlipKind::Instead(';', ':'), (at, at + 1), mend, vec![(at, b':')]));
    }
    let known = names().map(|n| n.as_str()).filter(|n| word.len() > n.len() && word.starts_with(n.as_bytes()));
    let found = known.max_by_key(|n| n.len())?;
    let block = directive.ending() == Ending::Block;
    let (rest, at, named) = (&word[found.len()..], start + found.len(), lookup(found.as_bytes()));
    let takes_one_more = fits(named, others + 1, block);
    if let Some(written) = mark_of(rest).filter(|_| !block) {
        let (fitting, text) = match rest.len() == written.len() {
            true => (fits(named, others, block), ""),
            false => (takes_one_more, " "),
        };
        return fitting.then(|| mark(at, written.len(), text));
    }
    let begins = match block {
        true => b"$\"'/~=^@(".contains(&rest[0]),
        false => {
            rest[0].is_ascii_digit()
                || rest[0].is_ascii_uppercase()
                || b"$\"'/~".contains(&rest[0])
                || [&b"http://"[..], b"https://", b"unix:"].iter().any(|s| rest.starts_with(s))
                || (named == name::PROXY_SET_HEADER && is_header(rest))
                || is_value_of(named, rest)
                || (rest[0].is_ascii_lowercase() && rest.iter().any(|b| b".:/-".contains(b)))
        }
    };
    if !begins || !takes_one_more {
        return None;
    }
    let mend = Mend { span: span(at, at), text: " ".to_owned() };
    Some(one(SlipKind::LostBlank(found), (start, end), mend, lost_blank(start, at, text)?))
}

/// Whether the `;` in front of an offset is glued to a host: `127.0.0.1;3000`.
fn is_port(start: usize, text: &[u8]) -> bool {
    let line = &text[line_start(text, start)..start];
    let host = line.strip_suffix(b";");
    host.is_some_and(|h| h.last().is_some_and(|b| b.is_ascii_alphanumeric() || *b == b']'))
        && text[start..line_end(text, start)].contains(&b';')
}

/// Whether a word is one of those that a directive takes, where it takes only some.
fn is_value_of(named: Name, word: &[u8]) -> bool {
    let one_of = |words: &[&str]| words.iter().any(|w| w.as_bytes() == word);
    named.rows().iter().any(|row| match row.value {
        Value::Flag => one_of(&["on", "off"]),
        Value::One(words) | Value::Each(words) => one_of(words),
        _ => false,
    })
}

/// Whether a word is one of the headers that people set, in small letters.
fn is_header(word: &[u8]) -> bool {
    matches!(word, b"upgrade" | b"connection" | b"host") || word.starts_with(b"x-") || word.starts_with(b"sec-")
}

/// Slips among the arguments of a known directive: `Upgrade = $http_upgrade`, `Upgrade：$http_upgrade`, a comment behind
/// it.
pub(super) fn candidates(directive: DirectiveRef<'_>, known: Name, text: &[u8]) -> Vec<Candidate> {
    let args: Vec<Word> = directive.args().iter().collect();
    let block = directive.ending() == Ending::Block;
    if let Some(found) = meant::candidate(directive, known, text) {
        return vec![found];
    }
    for (i, word) in args.iter().enumerate().filter(|(_, w)| w.kind() == WordKind::Bare) {
        let (start, end) = (word.span().start as usize, word.span().end as usize);
        let written = &text[start..end];
        let blank = |at: usize, length: usize, count: usize, text: &str| {
            fits(known, count, block).then(|| vec![mark(at, length, text)])
        };
        let equals =
            |w: &[u8]| w.starts_with(b"=").then_some(1).or_else(|| w.starts_with("＝".as_bytes()).then_some(3));
        let found = (0..written.len()).find_map(|at| equals(&written[at..]).map(|length| (at, length)));
        let found = found.and_then(|(at, length)| match (at, at + length == written.len()) {
            (0, true) => blank(start, length, args.len() - 1, ""),
            (0, false) => blank(start, length, args.len(), ""),
            (_, true) => blank(start + at, length, args.len(), ""),
            (_, false) => blank(start + at, length, args.len() + 1, " "),
        });
        // Elsewhere `=` may mean something: in locations, `try_files`, parameters.
        if let Some(found) = found.filter(|_| takes_name_and_value(known)) {
            return found;
        }
        if i == 0
            && args.len() == 1
            && sets_a_header(known)
            && fits(known, 2, block)
            && let Some(found) = behind_the_header(directive, start, written, text)
        {
            return vec![found];
        }
        if let Some(next) = args.get(i + 1).filter(|_| written == b"$" && fits(known, args.len() - 1, block))
            && let Some(found) = alone(start, next, text)
        {
            return vec![found];
        }
        if written.starts_with(b"//") && i > 0 {
            let mend = Mend { span: span(start, start + 2), text: "#".to_owned() };
            let at = (start, line_end(text, start));
            return vec![one(SlipKind::ForeignComment("//"), at, mend, vec![(start, b'#')])];
        }
    }
    Vec::new()
}

/// `Upgrade：$http_upgrade`, `Upgrade$http_upgrade`: a header with its value in one word.
fn behind_the_header(directive: DirectiveRef<'_>, start: usize, word: &[u8], text: &[u8]) -> Option<Candidate> {
    let length = word.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')).count();
    let (rest, at) = (&word[length..], start + length);
    let begins = |value: &[u8]| value.first().is_some_and(|b| b"$\"'".contains(b));
    if length < 2 {
        return None;
    }
    if let Some(written) = mark_of(rest) {
        let value = &rest[written.len()..];
        return (begins(value) || is_value(value)).then(|| mark(at, written.len(), " "));
    }
    let begin = directive.name().span().start as usize;
    let patch = lost_blank(begin, at, text).filter(|_| begins(rest))?;
    let mend = Mend { span: span(at, at), text: " ".to_owned() };
    Some(one(SlipKind::LostBlankBehindHeader, (start, start + word.len()), mend, patch))
}

/// Whether a word is what people write as the value of a header that a handshake needs.
fn is_value(word: &[u8]) -> bool {
    word.eq_ignore_ascii_case(b"upgrade") || word.eq_ignore_ascii_case(b"websocket")
}

/// `$ http_upgrade`: the `$` moves to its name.
fn alone(at: usize, next: &Word, text: &[u8]) -> Option<Candidate> {
    let start = next.span().start as usize;
    let names = text[next.span().range()].iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'_');
    let on_the_line = !text[at..start].contains(&b'\n') && next.kind() == WordKind::Bare;
    (names && on_the_line).then(|| {
        let mend = Mend { span: span(at + 1, start), text: String::new() };
        let end = next.span().end as usize;
        one(SlipKind::SplitVariable, (at, end), mend, vec![(at, b' '), (start - 1, b'$')])
    })
}

/// A directive whose arguments are a header and its value.
fn sets_a_header(known: Name) -> bool {
    matches!(known.as_str(), "proxy_set_header" | "add_header" | "grpc_set_header")
}

/// A directive with a name or value behind it, in which `=` has no place.
fn takes_name_and_value(known: Name) -> bool {
    let name = known.as_str();
    name.starts_with("proxy_set_header")
        || matches!(name, "proxy_http_version" | "proxy_pass" | "add_header" | "server_name" | "listen" | "set")
}
