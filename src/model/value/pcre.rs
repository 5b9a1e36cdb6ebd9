//! Where PCRE, which nginx uses (core/ngx_regex.c), reads an expression otherwise than the engine that
//! wslint has, and what it refuses (pcre2pattern(3)).

use std::borrow::Cow;

/// Whether releases of PCRE differ: `{,2}` is text up to 10.42, and a quantifier since.
fn is_read_in_two_ways(text: &str) -> bool {
    text.match_indices("{,").any(|(at, _)| {
        let digits = text[at + 2..].bytes().take_while(u8::is_ascii_digit).count();
        digits > 0 && text[at + 2 + digits..].starts_with('}')
    })
}

/// The expression as the other engine has to read it to take it for what PCRE takes it for: `\h` is a blank there and
/// a hexadecimal digit here. `None` where nobody knows.
pub(super) fn as_read_by_pcre(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    if is_read_in_two_ways(&text) {
        return None;
    }
    let differs = ["\\h", "\\H", "\\v", "\\V", "\\<", "\\>", "\\b{", "\\B{", "[", "\\w", "\\W", "\\d", "\\D"]
        .iter()
        .any(|piece| text.contains(piece));
    if !differs {
        return Some(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = &*text;
    // Where a class has begun, and nothing but `^` stands behind its bracket yet.
    let (mut class, mut fresh) = (false, false);
    while let Some(c) = rest.chars().next() {
        let behind = &rest[c.len_utf8()..];
        let next = behind.chars().next();
        let was_fresh = std::mem::take(&mut fresh);
        rest = behind;
        match (c, next) {
            ('\\', Some(escaped)) => {
                rest = &behind[escaped.len_utf8()..];
                match escaped {
                    // PCRE takes it for no end of a range, and the other engine says so, too.
                    _ if class && (is_end_of_range(&out) || (rest.starts_with('-') && !rest.starts_with("-]"))) => {
                        out.extend(['\\', escaped]);
                    }
                    // Letters and digits of ASCII, where the other engine has those of all scripts.
                    'w' if class => out.push_str("0-9A-Za-z_"),
                    'w' => out.push_str("[0-9A-Za-z_]"),
                    'W' if !class => out.push_str("[^0-9A-Za-z_]"),
                    'd' if class => out.push_str("0-9"),
                    'd' => out.push_str("[0-9]"),
                    'D' if !class => out.push_str("[^0-9]"),
                    'h' if class => out.push_str(r"\t\x20\xA0"),
                    'h' => out.push_str(r"[\t\x20\xA0]"),
                    'v' if class => out.push_str(r"\n\x0B\f\r\x85"),
                    'v' => out.push_str(r"[\n\x0B\f\r\x85]"),
                    'H' | 'V' if class => return None,
                    'V' => out.push_str(r"[^\n\x0B\f\r\x85]"),
                    'H' => out.push_str(r"[^\t\x20\xA0]"),
                    // Ends of words there, and nothing but letters here.
                    '<' | '>' => out.push(escaped),
                    // Another kind of boundary there.
                    'b' | 'B' if rest.starts_with('{') && behind_quantifier(rest).is_none() => {
                        out.extend(['\\', escaped, '\\']);
                    }
                    _ => out.extend(['\\', escaped]),
                }
            }
            ('[', _) if !class => {
                (class, fresh) = (true, true);
                out.push('[');
            }
            ('^', _) if was_fresh && out.ends_with('[') => {
                fresh = true;
                out.push('^');
            }
            (']', _) if class && was_fresh => out.push_str(r"\]"),
            (']', _) if class => {
                class = false;
                out.push(']');
            }
            // A class has no classes within, but those of POSIX, and nothing is done with them.
            ('[', Some(':')) if class => {
                let end = rest.find(":]")?;
                out.push('[');
                out.push_str(&rest[..end + 2]);
                rest = &rest[end + 2..];
            }
            ('[' | '&' | '~', _) if class => out.extend(['\\', c]),
            ('-', Some('-')) if class => return None,
            _ => out.push(c),
        }
    }
    Some(out.into())
}

/// Whether a class that is being read stands behind the `-` of a range; a first one is a letter.
fn is_end_of_range(class: &str) -> bool {
    class.ends_with('-') && !class.ends_with("[-") && !class.ends_with("[^-") && !class.ends_with("\\-")
}

/// Whether a letter beyond ASCII may be of another kind to PCRE than here: `\w`, `[[:alpha:]]`, `(?i)`.
pub(super) fn asks_for_kinds_of_letters(text: &[u8]) -> bool {
    text.windows(2).any(|pair| match pair {
        [b'\\', c] => b"wWdDsSbBpPhHvVRX".contains(c),
        pair => pair == b"[:" || pair == b"(?",
    })
}

/// `$` outside classes also before a final line feed; `None` where flags make it something else.
pub(super) fn with_loose_ends(text: &str) -> Option<String> {
    if ["(?m", "(?i", "(?s", "(?x", "(?-"].iter().any(|flags| text.contains(flags)) {
        return None;
    }
    let mut out = String::new();
    let (mut escaped, mut class) = (false, false);
    for c in text.chars() {
        match c {
            '$' if !escaped && !class => out.push_str(r"(?=\n?\z)"),
            _ => out.push(c),
        }
        if !escaped {
            class = c == '[' || class && c != ']';
        }
        escaped = c == '\\' && !escaped;
    }
    Some(out)
}

/// What one pass over an expression finds that PCRE refuses and other engines may not.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// How many groups capture.
    pub(super) captures: usize,
    names: Vec<String>,
    highest_reference: usize,
    wrong: bool,
    /// What stands here may be repeated; behind an anchor, a bracket or a quantifier nothing does.
    repeatable: bool,
}

impl Groups {
    /// `None` for what needs more than a pass: `(?|…)`, `(?J)`, quoting, comments.
    pub(super) fn count(text: &str) -> Option<Groups> {
        let mut found = Groups::default();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let behind = &rest[c.len_utf8()..];
            let repeatable = std::mem::replace(&mut found.repeatable, true);
            if let Some(quantified) = behind_quantifier(rest) {
                found.wrong |= !repeatable || behind_brace(rest).is_some_and(is_reversed_range);
                found.repeatable = false;
                // Lazy and possessive.
                rest = quantified.strip_prefix(['?', '+']).unwrap_or(quantified);
                continue;
            }
            rest = match c {
                '\\' => {
                    let next = behind.chars().next()?;
                    found.repeatable = !matches!(next, 'b' | 'B' | 'A' | 'Z' | 'z' | 'G' | 'K');
                    if matches!(next, 'Q' | 'E') {
                        return None;
                    }
                    if let Some(digit @ 1..=9) = next.to_digit(10)
                        && !behind[1..].starts_with(|c: char| c.is_ascii_digit())
                    {
                        found.highest_reference = found.highest_reference.max(digit as usize);
                    }
                    let behind = &behind[next.len_utf8()..];
                    // The braces of `\x{41}` and its kin repeat nothing.
                    let braced = "xopPgkN".contains(next).then(|| behind.strip_prefix('{')?.split_once('}')).flatten();
                    braced.map_or(behind, |(_, rest)| rest)
                }
                '[' => behind_class(behind)?,
                '(' => {
                    found.repeatable = false;
                    found.wrong |= ["?<=", "?<!"].iter().any(|b| behind.starts_with(b)) && is_endless(&behind[3..]);
                    found.group(behind)?
                }
                '^' | '$' | '|' => {
                    found.repeatable = false;
                    behind
                }
                _ => behind,
            };
        }
        Some(found)
    }

    fn group<'a>(&mut self, behind: &'a str) -> Option<&'a str> {
        let Some(special) = behind.strip_prefix('?') else {
            // Verbs such as `(*UTF)` capture nothing.
            self.captures += usize::from(!behind.starts_with('*'));
            return Some(behind.strip_prefix('*').unwrap_or(behind));
        };
        let named = special.strip_prefix('P').unwrap_or(special);
        let named = match named.chars().next()? {
            '<' if !named.starts_with("<=") && !named.starts_with("<!") => named[1..].split_once('>'),
            '\'' => named[1..].split_once('\''),
            _ => None,
        };
        if let Some((name, rest)) = named {
            self.captures += 1;
            let is_name = !name.starts_with(|c: char| c.is_ascii_digit())
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
                && !name.is_empty();
            self.wrong |= !is_name || self.names.iter().any(|n| n == name);
            self.names.push(name.to_owned());
            return Some(rest);
        }
        match special.chars().next()? {
            '|' | 'J' | '#' | '(' | '^' | '-' => None,
            ':' | '=' | '!' | '>' | '<' | 'P' | '&' | '+' | 'R' | 'C' | '0'..='9' => Some(special),
            'i' | 'm' | 's' | 'x' | 'U' | 'X' | 'n' | 'a' => {
                // Extended syntax has comments in which anything may stand.
                let flags = special.split([':', ')']).next()?;
                (!flags.contains(['x', 'J', 'n'])).then_some(special)
            }
            _ => {
                self.wrong = true;
                Some(special)
            }
        }
    }

    /// Whether PCRE refuses it for what was found.
    pub(super) fn contradict(&self) -> bool {
        self.wrong || self.highest_reference > self.captures
    }
}

/// What follows a character class; its first `]` may be a member.
fn behind_class(text: &str) -> Option<&str> {
    let body = text.strip_prefix('^').unwrap_or(text);
    let mut escaped = false;
    for (at, c) in body.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' if body[at..].starts_with("[:") => return None,
            ']' if at > 0 => return Some(&body[at + 1..]),
            _ => {}
        }
    }
    None
}

fn behind_brace(text: &str) -> Option<&str> {
    text.strip_prefix('{')
}

/// What stands behind a quantifier: `*`, `+`, `?`, `{2}`, `{2,}`, `{2,3}`.
fn behind_quantifier(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_prefix(['*', '+', '?']) {
        return Some(rest);
    }
    let (range, rest) = text.strip_prefix('{')?.split_once('}')?;
    let number = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let is_range =
        range.split_once(',').map_or_else(|| number(range), |(a, b)| number(a) && (b.is_empty() || number(b)));
    is_range.then_some(rest)
}

/// Whether a lookbehind repeats something without end (`lookbehind assertion is not fixed length`).
fn is_endless(text: &str) -> bool {
    let (mut depth, mut rest) = (0, text);
    while let Some(c) = rest.chars().next() {
        let behind = &rest[c.len_utf8()..];
        rest = match c {
            '\\' => behind.get(behind.chars().next().map_or(0, char::len_utf8)..).unwrap_or_default(),
            '[' => match behind_class(behind) {
                Some(behind) => behind,
                None => return false,
            },
            '(' => {
                depth += 1;
                // The `?` of a special group repeats nothing.
                behind.strip_prefix(['?', '*']).unwrap_or(behind)
            }
            ')' if depth == 0 => return false,
            ')' => {
                depth -= 1;
                behind
            }
            '*' | '+' => return true,
            _ => behind,
        };
    }
    false
}

/// `3,1}`
fn is_reversed_range(text: &str) -> bool {
    let Some((range, _)) = text.split_once('}') else { return false };
    let ends = range.split_once(',').map(|(a, b)| (a.parse::<u32>(), b.parse::<u32>()));
    matches!(ends, Some((Ok(least), Ok(most))) if least > most)
}
