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

/// Controls, and characters that reorder text, hide it, or are not seen at all: two words that differ in one of
/// them look alike.
pub(super) fn is_dangerous(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Bytes for a terminal: what would control it is shown escaped, and so is what is no UTF-8.
pub fn escaped_bytes(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        // The CR of a line break moves nothing that stays.
        let lines = chunk.valid().replace("\r\n", "\n");
        out.push_str(&escaped(&lines, true));
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{escaped, escaped_bytes};

    #[test]
    fn nothing_reaches_the_terminal() {
        assert_eq!(escaped("a\x1b[31mb\r\n\u{202e}", false), "a\\u{1b}[31mb\\u{d}\\u{a}\\u{202e}");
        assert_eq!(escaped("a\tb\n", true), "a\tb\n");
        assert_eq!(escaped("up\u{200b}grade\u{2060}", false), "up\\u{200b}grade\\u{2060}");
        assert_eq!(escaped_bytes(b"+a\r\n+\xff\x1b[m\n"), "+a\n+\\xff\\u{1b}[m\n");
    }
}
