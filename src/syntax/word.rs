//! What a word means, decoded only where somebody asks: quotes, escapes, variables, times, sizes.

use std::borrow::Cow;

use nom::branch::alt;
use nom::bytes::complete::{tag, take_till1, take_while};
use nom::character::complete::{char, digit1, one_of, satisfy};
use nom::combinator::{all_consuming, eof, map, map_opt, peek, value, verify};
use nom::multi::fold_many0;
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Parser};

use super::template::DOLLAR;
use super::{Word, WordKind};
use crate::source::Span;

/// The value that nginx stores for a word: quotes removed, `\"` `\'` `\\` `\t` `\r` `\n`
/// replaced, every other backslash kept (core/ngx_conf_file.c).
pub fn decode<'a>(bytes: &'a [u8], word: Word) -> Cow<'a, [u8]> {
    let raw = &bytes[word.inner(bytes).range()];
    if word.is_escaped() { Cow::Owned(unescape(raw)) } else { Cow::Borrowed(raw) }
}

fn unescape(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut i = 0;
    let mut masked = false;
    while i < raw.len() {
        let (byte, width) = match (raw[i], raw.get(i + 1)) {
            (b'\\', Some(&DOLLAR)) => {
                masked = true;
                (b'$', 2)
            }
            (DOLLAR, _) if masked => {
                i += 1;
                continue;
            }
            (b'\\', Some(&c @ (b'"' | b'\'' | b'\\'))) => (c, 2),
            (b'\\', Some(b't')) => (b'\t', 2),
            (b'\\', Some(b'r')) => (b'\r', 2),
            (b'\\', Some(b'n')) => (b'\n', 2),
            (c, _) => (c, 1),
        };
        out.push(byte);
        i += width;
    }
    out
}

/// A part of a value with variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// Text as it stands.
    Text(&'a [u8]),
    /// `$name` or `${name}`, the name as written.
    Variable(&'a [u8]),
    /// `$1` to `$9`.
    Capture(u8),
}

/// Why nginx refuses a value with variables (http/ngx_http_script.c).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueError<'a> {
    /// `invalid variable name`: a `$` with no name behind it.
    NoName,
    /// `the closing bracket in "…" variable is missing`.
    NoBracket(&'a [u8]),
}

/// The parts of a decoded value, as `ngx_http_script_compile` sees them.
///
/// # Errors
/// What nginx refuses at start-up.
pub fn parts(value: &[u8]) -> Result<Vec<Part<'_>>, ValueError<'_>> {
    let mut out = Vec::new();
    let mut rest = value;
    while !rest.is_empty() {
        let (behind, part) = part(rest).map_err(|_| what_is_missing(rest))?;
        out.push(part);
        rest = behind;
    }
    Ok(out)
}

type Read<'a, T> = IResult<&'a [u8], T, ()>;

fn part(input: &[u8]) -> Read<'_, Part<'_>> {
    let capture = map(satisfy(|c| matches!(c, '1'..='9')), |digit| Part::Capture(digit as u8 - b'0'));
    let variable =
        map(verify(alt((delimited(char('{'), name, char('}')), name)), |n: &[u8]| !n.is_empty()), Part::Variable);
    let text = map(take_till1(|b| b == b'$'), Part::Text);
    alt((text, preceded(char('$'), alt((capture, variable))))).parse(input)
}

fn name(input: &[u8]) -> Read<'_, &[u8]> {
    take_while(|b: u8| b.is_ascii_alphanumeric() || b == b'_').parse(input)
}

/// What nginx says of a `$` that begins no variable.
fn what_is_missing(input: &[u8]) -> ValueError<'_> {
    match preceded((char('$'), char('{')), name).parse(input) {
        Ok((b"", b"")) | Err(_) => ValueError::NoName,
        Ok((behind, _)) if behind.starts_with(b"}") => ValueError::NoName,
        Ok((_, name)) => ValueError::NoBracket(name),
    }
}

/// Whether nginx looks for variables in this value at all.
pub fn has_variables(value: &[u8]) -> bool {
    memchr::memchr(b'$', value).is_some()
}

/// The place of a variable's name within a word, for labels and fixes; the word must hold it
/// unescaped. The `$` is not part of it.
pub fn variable_span(bytes: &[u8], word: Word, name: &[u8]) -> Option<Span> {
    let inner = word.inner(bytes);
    let raw = &bytes[inner.range()];
    memchr::memmem::find_iter(raw, name)
        .find(|&at| {
            let before = &raw[..at];
            let braced = before.ends_with(b"${") && raw.get(at + name.len()) == Some(&b'}');
            let plain = before.ends_with(b"$")
                && !raw.get(at + name.len()).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
            braced || plain
        })
        .map(|at| Span::new(inner.start + at as u32, inner.start + (at + name.len()) as u32))
}

/// A time in milliseconds, as `ngx_parse_time` reads it (core/ngx_parse.c): `90`, `1h30m`, `1h 30m`.
pub fn time_ms(value: &[u8]) -> Option<u64> {
    if value.is_empty() {
        return None;
    }
    let spaces = || take_while(|b| b == b' ');
    let amount = terminated((number, unit), spaces());
    let none_yet = || Some((0u64, 0usize));
    let sum = fold_many0(amount, none_yet, |sum, (number, (rank, factor))| {
        // Each unit may stand once, the larger before the smaller.
        let (total, _) = sum.filter(|(_, least)| rank >= *least)?;
        Some((total.checked_add(number.checked_mul(factor)?)?, rank + 1))
    });
    all_consuming(preceded(spaces(), sum)).parse(value).ok()?.1.map(|(total, _)| total)
}

fn number(input: &[u8]) -> Read<'_, u64> {
    map_opt(digit1, |digits| std::str::from_utf8(digits).ok()?.parse().ok()).parse(input)
}

/// A unit of time: its rank among them, and how many milliseconds it is. Seconds need no letter.
fn unit(input: &[u8]) -> Read<'_, (usize, u64)> {
    alt((
        value((7, 1), tag("ms")),
        value((0, 31_536_000_000), char('y')),
        value((1, 2_592_000_000), char('M')),
        value((2, 604_800_000), char('w')),
        value((3, 86_400_000), char('d')),
        value((4, 3_600_000), char('h')),
        value((5, 60_000), char('m')),
        value((6, 1_000), char('s')),
        value((6, 1_000), peek(alt((tag(" "), eof)))),
    ))
    .parse(input)
}

/// A size in bytes, as `ngx_parse_size` reads it: `512`, `8k`, `1M`; with `g` as `ngx_parse_offset`.
pub fn size(text: &[u8]) -> Option<u64> {
    let factor = alt((
        value(1 << 10, one_of("kK")),
        value(1 << 20, one_of("mM")),
        value(1 << 30, one_of("gG")),
        value(1u64, eof),
    ));
    let (_, (number, factor)) = all_consuming((number, factor)).parse(text).ok()?;
    number.checked_mul(factor)
}

/// Writes a value so that nginx reads exactly it, in the quotes of the word that it replaces.
pub fn quote_like(kind: WordKind, value: &str) -> String {
    match kind {
        WordKind::Bare => value.to_owned(),
        WordKind::Double => format!("\"{value}\""),
        WordKind::Single => format!("'{value}'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_those_of_nginx() {
        assert_eq!(unescape(br#"\"\'\\ \t\r\n \d\.\$"#), b"\"'\\ \t\r\n \\d\\.\\$");
        assert_eq!(unescape(br"\"), br"\");
    }

    #[test]
    fn variables_are_split_as_nginx_splits_them() {
        assert_eq!(
            parts(b"a${b}c$d-$1").unwrap(),
            [
                Part::Text(b"a"),
                Part::Variable(b"b"),
                Part::Text(b"c"),
                Part::Variable(b"d"),
                Part::Text(b"-"),
                Part::Capture(1)
            ]
        );
        assert_eq!(parts(b"$"), Err(ValueError::NoName));
        assert_eq!(parts(b"$$a"), Err(ValueError::NoName));
        assert_eq!(parts(b"${a"), Err(ValueError::NoBracket(b"a")));
        assert_eq!(parts(b"${a-b}"), Err(ValueError::NoBracket(b"a")));
        assert_eq!(parts(b"${-"), Err(ValueError::NoBracket(b"")));
        assert_eq!(parts(b"${"), Err(ValueError::NoName));
        assert_eq!(parts(b"${}"), Err(ValueError::NoName));
        assert_eq!(parts(b"$0a$10"), Ok(vec![Part::Variable(b"0a"), Part::Capture(1), Part::Text(b"0")]));
    }

    #[test]
    fn times_are_those_of_nginx() {
        for (text, want) in [
            ("60", Some(60_000)),
            ("1h30m", Some(5_400_000)),
            ("1h 30m", Some(5_400_000)),
            ("7d", Some(604_800_000)),
            ("500ms", Some(500)),
            ("off", None),
            ("1m1h", None),
            ("", None),
            ("1x", None),
            ("0", Some(0)),
            ("1y2M3w4d5h6m7s8ms", Some(38_898_367_008)),
            ("1m1m", None),
            (" 1h  30 ", Some(3_630_000)),
            ("1h30m x", None),
            ("99999999999999999999", None),
            ("9999999999999999y", None),
        ] {
            assert_eq!(time_ms(text.as_bytes()), want, "{text}");
        }
    }

    #[test]
    fn sizes_are_those_of_nginx() {
        for (text, want) in [
            ("512", Some(512)),
            ("8k", Some(8 << 10)),
            ("8K", Some(8 << 10)),
            ("1M", Some(1 << 20)),
            ("2g", Some(2 << 30)),
            ("k", None),
            ("", None),
            ("8kb", None),
            ("-8", None),
            ("99999999999999999g", None),
        ] {
            assert_eq!(size(text.as_bytes()), want, "{text}");
        }
    }
}
