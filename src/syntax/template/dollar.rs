//! How a template writes the `$` of nginx's own variables: `\$host` in the body of a heredoc,
//! `${DOLLAR}host` for envsubst, `$${host}` for Terraform.

use foldhash::HashMap;

use super::words::balanced;
use super::{DOLLAR, PLACEHOLDER};
use crate::catalog::builtin_variable;
use crate::syntax::carrier::Hand;

/// What stands for a `$`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Dollar {
    /// `\$` or `${DOLLAR}`; nothing where nginx's variables are written as nginx reads them.
    pub written: Option<Box<str>>,
    /// Every `$NAME` is replaced, as `envsubst` does where nobody lists the names: that is why nginx's are written so.
    pub takes_all: bool,
    /// In whose hand the text around the configuration writes.
    hand: Hand,
}

fn name(bytes: &[u8]) -> &[u8] {
    let len = bytes.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    &bytes[..len]
}

fn is_nginx_s(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"{").unwrap_or(text);
    builtin_variable(name(text)).is_some()
}

impl Dollar {
    /// As the text around a configuration demands it.
    pub(super) fn by(hand: Hand) -> Dollar {
        Dollar { written: hand.escape().map(Into::into), takes_all: false, hand }
    }

    pub(super) fn of(bytes: &[u8]) -> Dollar {
        // One may be a slip of the hand.
        let mut escaped = 0;
        let mut plain = false;
        // For each `${X}` in capitals whether a variable of nginx follows wherever it stands.
        let mut words: HashMap<&[u8], bool> = HashMap::default();
        for at in memchr::memchr_iter(b'$', bytes) {
            let rest = &bytes[at + 1..];
            if at > 0 && bytes[at - 1] == b'\\' {
                escaped += usize::from(is_nginx_s(rest));
            } else if rest.first() == Some(&b'{') {
                let word = name(&rest[1..]);
                if super::words::is_capital(word) && rest.get(1 + word.len()) == Some(&b'}') {
                    let follows = is_nginx_s(&rest[word.len() + 2..]) || word.starts_with(b"DOLLAR");
                    *words.entry(word).or_insert(true) &= follows;
                }
            } else {
                plain |= is_nginx_s(rest);
            }
        }
        if escaped > 1 && !plain {
            return Dollar { written: Some("\\$".into()), ..Dollar::default() };
        }
        let mut all: Vec<&[u8]> = words.into_iter().filter(|(_, always)| *always).map(|(word, _)| word).collect();
        all.sort_unstable();
        let word = all.first().map(|w| String::from_utf8_lossy(w).into_owned());
        let takes_all = word.is_some() && !plain;
        Dollar { written: word.map(|w| format!("${{{w}}}").into()), takes_all, hand: Hand::Plain }
    }

    /// Whether the body of a heredoc is read: a `$` without a backslash is the shell's.
    pub(super) fn is_shell_s(&self) -> bool {
        self.written.as_deref() == Some("\\$")
    }

    /// Masks a `$` that is written otherwise; the length of what was masked.
    pub(super) fn mask(&self, bytes: &[u8], at: usize, out: &mut [u8]) -> Option<usize> {
        let rest = &bytes[at..];
        if let Some(length) = self.unknown(rest) {
            out[at..at + length].fill(PLACEHOLDER);
            return Some(length);
        }
        let doubled = rest.starts_with(b"$${") && !self.hand.is_shell();
        let written = self.written.as_deref().map(str::as_bytes);
        let length = match written {
            Some(written) if rest.starts_with(written) => written.len(),
            _ if doubled => 2,
            _ => return None,
        };
        if !doubled && length == 2 && !rest.get(2).is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'{'))
        {
            return None;
        }
        let put = |out: &mut [u8], from: usize, to: usize| out[from..to].fill(DOLLAR);
        let behind = &rest[length..];
        if behind.first() == Some(&b'{') {
            let inner = name(&behind[1..]).len();
            if behind.get(1 + inner) != Some(&b'}') {
                return None;
            }
            let end = at + length + inner + 2;
            if bytes.get(end).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_') {
                // `$ab` would be another variable than `${a}b`.
                out[at..end].fill(PLACEHOLDER);
                return Some(end - at);
            }
            put(out, at, at + length + 1);
            put(out, end - 1, end);
            out[at] = b'\\';
            return Some(end - at);
        }
        put(out, at, at + length);
        out[at] = b'\\';
        Some(length + name(behind).len())
    }

    /// The length of what begins with backslashes where several texts stand around a configuration, and is not what
    /// nginx's variables have to be written as: some reader on the way takes it for its own.
    fn unknown(&self, rest: &[u8]) -> Option<usize> {
        if !matches!(self.hand, Hand::Shell(2..) | Hand::HclShell | Hand::Mixed) {
            return None;
        }
        let slashes = rest.iter().take_while(|b| **b == b'\\').count();
        let behind = &rest[slashes..];
        if behind.first() != Some(&b'$') {
            return (slashes > 2).then_some(slashes);
        }
        let braces = behind.get(1) == Some(&b'{');
        let right = self.written.as_deref().is_some_and(|written| written.len() == slashes + 1);
        if slashes == 0 || (right && !(braces && self.hand == Hand::HclShell)) {
            return None;
        }
        let word = if braces { balanced(behind, b'{', b'}')? } else { 1 + name(&behind[1..]).len() };
        Some(slashes + word)
    }
}
