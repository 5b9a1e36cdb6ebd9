//! Addresses and versions that nginx refuses for how they are written, where one thing alone can be meant:
//! `http//app:3000`, `127.0.0.1：3000`, `1。1`.

use std::borrow::Cow;

use super::{Candidate, Mend, Slip, SlipKind, span};
use crate::catalog::{Name, name};
use crate::syntax::{DirectiveRef, Ending, Word, WordKind};

/// Whether nginx looks at the first argument of a directive as an address or a version.
pub(super) fn may_be_refused(named: Name) -> bool {
    matches!(named, name::PROXY_PASS | name::PROXY_HTTP_VERSION | name::LISTEN | name::SERVER)
}

/// What the first argument of a directive was to be; `None` where it may be what it is.
pub(super) fn in_the_first(directive: DirectiveRef<'_>, named: Name, text: &[u8]) -> Option<String> {
    let word = first(directive).filter(|_| may_be_refused(named))?;
    let bytes = &text[word.span().range()];
    // Nearly all are as they should be.
    if bytes.is_ascii()
        && (named != name::PROXY_PASS || bytes.starts_with(b"http://") || bytes.starts_with(b"https://"))
    {
        return None;
    }
    let written = std::str::from_utf8(bytes).ok()?;
    // A variable has the last word, and a path may hold any character.
    if written.contains('$') || written.starts_with("unix:") || (written.is_ascii() && named != name::PROXY_PASS) {
        return None;
    }
    let plain = if written.is_ascii() { Cow::Borrowed(written) } else { Cow::Owned(half_width(written)) };
    if named != name::PROXY_PASS {
        return (plain != written && plain.is_ascii()).then(|| plain.into_owned());
    }
    // Without `http` in front it is the one of `stream`.
    if !plain.get(..1).is_some_and(|h| h.eq_ignore_ascii_case("h")) {
        return (plain != written && plain.is_ascii()).then(|| plain.into_owned());
    }
    let (scheme, rest) = scheme_of(&plain)?;
    let host = rest.find(['/', '?']).map_or(rest, |at| &rest[..at]);
    // Behind the host it stays as somebody wrote it.
    let path = written.len() - (rest.len() - host.len());
    let tail = written.get(path..).filter(|tail| rest.ends_with(*tail)).unwrap_or(&rest[host.len()..]);
    let meant = format!("{scheme}{host}{tail}");
    let starts = host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[');
    (meant != written && host.is_ascii() && starts && differs_in_the_host(written, scheme)).then_some(meant)
}

/// Whether nginx refuses it: another scheme, or a host that is not plain.
fn differs_in_the_host(written: &str, scheme: &str) -> bool {
    match written.get(..scheme.len()) {
        Some(begins) if begins.eq_ignore_ascii_case(scheme) => {
            let rest = &written[scheme.len()..];
            !rest.find(['/', '?']).map_or(rest, |at| &rest[..at]).is_ascii()
        }
        _ => true,
    }
}

/// The scheme that was meant, and what follows it.
fn scheme_of(url: &str) -> Option<(&'static str, &str)> {
    for (name, scheme) in [("https", "https://"), ("http", "http://")] {
        let Some(rest) = url.get(name.len()..).filter(|_| url[..name.len()].eq_ignore_ascii_case(name)) else {
            continue;
        };
        let marks = rest.find(|c: char| !matches!(c, ':' | '/' | '\\'))?;
        let written = &rest[..marks];
        // `http:app` may be a name and a port; one slash of the three characters is there at least.
        return (written.contains(['/', '\\']) && marks <= 4).then_some((scheme, &rest[marks..]));
    }
    let (name, rest) = url.split_once("://")?;
    let near = |scheme: &str| strsim::osa_distance(&name.to_ascii_lowercase(), scheme) == 1;
    match (near("http"), near("https")) {
        (true, false) => Some(("http://", rest)),
        (false, true) => Some(("https://", rest)),
        _ => None,
    }
}

/// A text with what input methods write for ASCII as ASCII.
fn half_width(written: &str) -> String {
    let plain = |c: char| match c {
        '。' | '．' => '.',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        _ => c,
    };
    written.chars().map(plain).collect()
}

fn first(directive: DirectiveRef<'_>) -> Option<Word> {
    directive.args().iter().next().filter(|w| w.kind() == WordKind::Bare && directive.ending() != Ending::Block)
}

/// The slip, if the first argument is one.
pub(super) fn candidate(directive: DirectiveRef<'_>, named: Name, text: &[u8]) -> Option<Candidate> {
    let meant = in_the_first(directive, named, text)?;
    let word = first(directive)?.span();
    let (start, end) = (word.start as usize, word.end as usize);
    let begin = directive.name().span().start as usize;
    // In the mask it ends where it ended; where it is longer, all in front of it moves to the left.
    let more = (meant.len() + start).saturating_sub(end);
    let room = &text[begin.checked_sub(more)?..begin];
    if !room.iter().all(|b| matches!(b, b' ' | b'\t')) {
        return None;
    }
    let moved = (begin..start).filter(|_| more > 0).map(|i| (i - more, text[i]));
    let gap = if more > 0 { start - more..start } else { start..end };
    let blanks = gap.map(|i| (i, b' '));
    let written = meant.bytes().enumerate().map(|(i, b)| (end - meant.len() + i, b));
    let patch = moved.chain(blanks).chain(written).collect();
    let mends = vec![Mend { span: word, text: meant.clone() }];
    let slip = Slip { span: span(start, end), kind: SlipKind::Meant(meant), mends, about: None };
    Some(Candidate { slip, patch })
}
