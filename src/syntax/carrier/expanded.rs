//! Variables of nginx that the text around a block replaces before nginx reads it: `$http_upgrade` without a
//! backslash in an unquoted heredoc. Nobody gives the shell a variable of that name, so nothing is left of it.

use std::ops::Range;

use super::Hand;
use crate::catalog::builtin_variable;

/// The offsets of the `$` that are nginx's and were not written so. Only where one belongs to a handshake: who
/// wrote that one did not think of the shell.
pub(super) fn expanded(bytes: &[u8], lines: &[Range<usize>], hand: Hand) -> Vec<usize> {
    if !hand.takes_words() || hand == Hand::Mixed {
        return Vec::new();
    }
    let mut out = Vec::new();
    let mut of_handshake = false;
    for line in lines {
        let text = &bytes[line.clone()];
        let mut at = 0;
        while let Some(found) = memchr::memchr(b'$', &text[at..]) {
            let start = at + found;
            at = start + 1;
            if hand == Hand::Compose && text.get(at) == Some(&b'$') {
                at += 1;
                continue;
            }
            // Behind a backslash it may be nginx's, and behind another `$` it belongs to the number of a process.
            let escaped = hand.is_shell() && start > 0 && matches!(text[start - 1], b'\\' | b'$');
            let terraform = hand == Hand::HclShell && text.get(at) == Some(&b'{');
            let name = name(&text[at..]);
            if escaped || terraform || !is_nginx_s(name, text) || is_set(bytes, lines, name) {
                continue;
            }
            of_handshake |= matches!(name, b"http_upgrade" | b"http_connection" | b"connection_upgrade");
            out.push(line.start + start);
        }
    }
    if of_handshake { out } else { Vec::new() }
}

/// The name behind a `$`, with braces or without.
fn name(text: &[u8]) -> &[u8] {
    let inside = text.strip_prefix(b"{").unwrap_or(text);
    let length = inside.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    let closed = inside.len() == text.len() || inside.get(length) == Some(&b'}');
    if closed { &inside[..length] } else { &[] }
}

/// Whether nginx and nobody else would have a variable of this name here. `$host` may be anybody's but behind
/// directives in which nginx's is what people write.
fn is_nginx_s(name: &[u8], line: &[u8]) -> bool {
    const SPEAKING: [&[u8]; 5] = [b"proxy_set_header", b"add_header", b"map", b"log_format", b"return"];
    let lower = name.iter().all(|b| !b.is_ascii_uppercase());
    let known = name == b"connection_upgrade" || (lower && !name.is_empty() && builtin_variable(name).is_some());
    let first = line.trim_ascii_start().split(u8::is_ascii_whitespace).next().unwrap_or_default();
    known && (name.contains(&b'_') || SPEAKING.contains(&first))
}

/// Whether the text around the block gives a variable of this name a value.
fn is_set(bytes: &[u8], block: &[Range<usize>], name: &[u8]) -> bool {
    let inside = block.first().map_or(0, |l| l.start)..block.last().map_or(0, |l| l.end);
    memchr::memmem::find_iter(bytes, name).filter(|at| !inside.contains(at)).any(|at| {
        let (before, behind) = (&bytes[..at], &bytes[at + name.len()..]);
        let is_word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
        if before.last().is_some_and(is_word) || behind.first().is_some_and(is_word) {
            return false;
        }
        let line = before.rsplit(|b| *b == b'\n').next().unwrap_or_default();
        let gives = |word: &[u8]| {
            matches!(word, b"read" | b"for" | b"local" | b"export" | b"declare" | b"typeset" | b"ARG" | b"ENV" | b"-v")
        };
        let assigned = [&b"="[..], b"+=", b":="].iter().any(|sign| behind.starts_with(sign));
        assigned || line.split(u8::is_ascii_whitespace).any(gives)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names that are lost in the lines behind the first `<<EOF`.
    fn lost(text: &str, hand: Hand) -> Vec<&str> {
        let start = text.find("<<EOF\n").map_or(0, |at| at + 6);
        let end = text[start..].find("EOF\n").map_or(text.len(), |at| start + at);
        let lines: Vec<_> = super::super::lines(&text.as_bytes()[start..end])
            .map(|line| start + line.start..start + line.end)
            .collect();
        let name = |at: usize| std::str::from_utf8(name(&text.as_bytes()[at + 1..])).unwrap_or_default();
        expanded(text.as_bytes(), &lines, hand).into_iter().map(name).collect()
    }

    #[test]
    fn only_what_nobody_sets_is_lost() {
        let header = "proxy_set_header Upgrade $http_upgrade;\nproxy_set_header Host $host;\n";
        assert_eq!(lost(&format!("cat <<EOF\n{header}EOF\n"), Hand::Shell(1)), ["http_upgrade", "host"]);
        assert_eq!(lost(&format!("cat <<EOF\n{header}EOF\nhost=x\n"), Hand::Shell(1)), ["http_upgrade"]);
        assert_eq!(
            lost(&format!("for host in a b; do\ncat <<EOF\n{header}EOF\ndone\n"), Hand::Shell(1)),
            ["http_upgrade"]
        );
        assert_eq!(lost("cat <<EOF\nproxy_set_header Upgrade \\$http_upgrade;\nEOF\n", Hand::Shell(1)), [""; 0]);
        assert_eq!(lost("cat <<EOF\nproxy_set_header Upgrade $$http_upgrade;\nEOF\n", Hand::Compose), [""; 0]);
        assert_eq!(lost("x <<EOF\nproxy_set_header Upgrade ${http_upgrade};\nEOF\n", Hand::Compose), ["http_upgrade"]);
        // Without one of the handshake, the words may be the script's own.
        assert_eq!(lost("cat <<EOF\nproxy_set_header Host $host;\nserver_name $host;\nEOF\n", Hand::Shell(1)), [""; 0]);
        assert_eq!(
            lost("cat <<EOF\nserver_name $host;\nif ($http_upgrade) {\nEOF\n", Hand::Shell(1)),
            ["http_upgrade"]
        );
        assert_eq!(lost(&format!("cat <<EOF\n{header}EOF\n"), Hand::Nix), [""; 0]);
    }
}
