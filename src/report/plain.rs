//! What a file contains never controls the terminal: control characters are shown escaped.

use std::fmt::Write as _;

/// The text with control characters (but for tabs and line feeds, where `lines` allows them)
/// replaced by visible escapes.
pub fn escaped(text: &str, lines: bool) -> String {
    if text.bytes().all(|b| matches!(b, b' '..=b'~')) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' if lines => out.push(c),
            c if is_dangerous(c) => {
                let _ = write!(out, "\\u{{{:x}}}", c as u32);
            }
            c => out.push(c),
        }
    }
    out
}

/// Controls, and characters that reorder or hide text (Unicode's bidirectional controls).
pub(super) fn is_dangerous(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn nothing_reaches_the_terminal() {
        assert_eq!(escaped("a\x1b[31mb\r\n\u{202e}", false), "a\\u{1b}[31mb\\u{d}\\u{a}\\u{202e}");
        assert_eq!(escaped("a\tb\n", true), "a\tb\n");
    }
}
