//! Words of commands that people copy into a shell: whatever a file name holds, it is one word there, and
//! nothing of it is run.

use std::fmt::Write as _;
use std::path::Path;

/// A word for a POSIX shell.
pub fn word(text: &str) -> String {
    bytes(text.as_bytes())
}

/// A path for a POSIX shell: never an option, whatever it begins with.
pub fn path(path: &Path) -> String {
    let name = path.as_os_str().as_encoded_bytes();
    match name.first() {
        Some(b'-' | b'~') => bytes(&[b"./", name].concat()),
        _ => bytes(name),
    }
}

fn bytes(word: &[u8]) -> String {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-_./:@%+=,".contains(b);
    if !word.is_empty() && word.iter().all(plain) {
        return String::from_utf8_lossy(word).into_owned();
    }
    let text = std::str::from_utf8(word).ok().filter(|t| !t.chars().any(is_unprintable));
    match text {
        Some(text) => format!("'{}'", text.replace('\'', "'\\''")),
        // What must not reach a terminal is written as numbers, for `printf` to put together. `$(…)` takes line
        // ends away at the end of a name, so such a name is quoted as it stands.
        None if word.ends_with(b"\n") => format!("'{}'", String::from_utf8_lossy(word).replace('\'', "'\\''")),
        None => {
            let mut out = String::from("\"$(printf '");
            for &b in word {
                match b {
                    // At the beginning it would be an option of `printf`.
                    b'-' => out.push_str("\\055"),
                    b' '..=b'~' if !b"'\\%".contains(&b) => out.push(b as char),
                    _ => {
                        let _ = write!(out, "\\{b:03o}");
                    }
                }
            }
            out.push_str("')\"");
            out
        }
    }
}

/// Control characters, and those that change how the others are shown.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_only_where_they_have_to_be() {
        for (given, want) in [
            ("conf.d/a.conf", "conf.d/a.conf"),
            ("a b", "'a b'"),
            ("it's", "'it'\\''s'"),
            ("$(id)", "'$(id)'"),
            ("", "''"),
            ("a\u{1b}b", "\"$(printf 'a\\033b')\""),
        ] {
            assert_eq!(word(given), want);
        }
        assert_eq!(path(Path::new("--checkpoint-action=exec=touch PWNED")), "'./--checkpoint-action=exec=touch PWNED'");
        assert_eq!(path(Path::new("-rf")), "./-rf");
    }
}
