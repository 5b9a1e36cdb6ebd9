//! What a word means, decoded only where somebody asks: quotes, escapes, variables, times, sizes.

use std::borrow::Cow;

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
    let mut i = 0;
    while i < value.len() {
        if value[i] != b'$' {
            let end = memchr::memchr(b'$', &value[i..]).map_or(value.len(), |at| i + at);
            out.push(Part::Text(&value[i..end]));
            i = end;
            continue;
        }
        i += 1;
        match value.get(i) {
            None => return Err(ValueError::NoName),
            Some(&d @ b'1'..=b'9') => {
                out.push(Part::Capture(d - b'0'));
                i += 1;
                continue;
            }
            _ => {}
        }
        let bracket = value[i] == b'{';
        if bracket {
            i += 1;
        }
        let len = value[i..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
        let name = &value[i..i + len];
        i += len;
        if bracket {
            if value.get(i) != Some(&b'}') {
                return Err(if i == value.len() && len == 0 {
                    ValueError::NoName
                } else {
                    ValueError::NoBracket(name)
                });
            }
            i += 1;
        }
        if len == 0 {
            return Err(ValueError::NoName);
        }
        out.push(Part::Variable(name));
    }
    Ok(out)
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
    // Units from the largest to the smallest; each may stand once and only in this order.
    const UNITS: [(&[u8], u64); 8] = [
        (b"y", 31_536_000_000),
        (b"M", 2_592_000_000),
        (b"w", 604_800_000),
        (b"d", 86_400_000),
        (b"h", 3_600_000),
        (b"m", 60_000),
        (b"s", 1_000),
        (b"ms", 1),
    ];
    if value.is_empty() {
        return None;
    }
    let mut total = 0u64;
    let mut least = 0;
    let mut i = value.iter().take_while(|b| **b == b' ').count();
    while i < value.len() {
        let digits = value[i..].iter().take_while(|b| b.is_ascii_digit()).count();
        if digits == 0 {
            return None;
        }
        let number: u64 = std::str::from_utf8(&value[i..i + digits]).ok()?.parse().ok()?;
        i += digits;
        let (unit, width) = if value[i..].starts_with(b"ms") {
            (7, 2)
        } else if i == value.len() || value[i] == b' ' {
            (6, 0)
        } else {
            (UNITS.iter().position(|(name, _)| name == &&value[i..=i])?, 1)
        };
        if unit < least {
            return None;
        }
        least = unit + 1;
        i += width;
        total = total.checked_add(number.checked_mul(UNITS[unit].1)?)?;
        while value.get(i) == Some(&b' ') {
            i += 1;
        }
    }
    Some(total)
}

/// A size in bytes, as `ngx_parse_size` reads it: `512`, `8k`, `1M`; with `g` as `ngx_parse_offset`.
pub fn size(value: &[u8]) -> Option<u64> {
    let (digits, unit) = match value.last()? {
        b'k' | b'K' => (&value[..value.len() - 1], 1 << 10),
        b'm' | b'M' => (&value[..value.len() - 1], 1 << 20),
        b'g' | b'G' => (&value[..value.len() - 1], 1 << 30),
        _ => (value, 1),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse::<u64>().ok()?.checked_mul(unit)
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
        ] {
            assert_eq!(time_ms(text.as_bytes()), want, "{text}");
        }
    }
}
