//! Indented strings of Nix (Nix manual, "String literal"): `''`, with `'''`, `''$` and `''\` inside.

use std::ops::Range;

use super::{Block, Hand, holds_nginx, line_number};

/// The indented strings that hold nginx.
pub(super) fn blocks(bytes: &[u8]) -> Vec<Block> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'#' => at = line_end(bytes, at),
            b'/' if bytes[at..].starts_with(b"/*") => {
                at = memchr::memmem::find(&bytes[at..], b"*/").map_or(bytes.len(), |end| at + end + 2);
            }
            b'"' => at = string_end(bytes, at + 1),
            b'\'' if bytes[at..].starts_with(b"''") => {
                let start = at + 2;
                let Some(end) = end(bytes, start) else { break };
                out.extend(block(bytes, at, start, end));
                at = end + 2;
            }
            _ => at += 1,
        }
    }
    out
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end)
}

fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

/// Where an indented string ends. What stands in `${ }` may hold strings of its own.
fn end(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0usize;
    while at < bytes.len() {
        let rest = &bytes[at..];
        if depth == 0 && rest.starts_with(b"''") {
            match rest.get(2) {
                Some(b'\'' | b'$') => at += 3,
                Some(b'\\') => at += 4,
                _ => return Some(at),
            }
        } else if rest.starts_with(b"${") && (at == 0 || bytes[at - 1] != b'$') {
            depth += 1;
            at += 2;
        } else if depth > 0 && rest[0] == b'"' {
            at = string_end(bytes, at + 1);
        } else {
            match rest[0] {
                b'{' if depth > 0 => depth += 1,
                b'}' if depth > 0 => depth -= 1,
                _ => {}
            }
            at += 1;
        }
    }
    None
}

fn block(bytes: &[u8], open: usize, start: usize, end: usize) -> Option<Block> {
    let mut lines: Vec<Range<usize>> = Vec::new();
    for line in super::lines(&bytes[start..end]) {
        let lead = bytes[start + line.start..start + line.end].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        lines.push(start + line.start + lead.min(line.len())..start + line.end);
    }
    let (name, said) = attribute(bytes, open);
    if !holds_nginx(bytes, &lines, said) {
        return None;
    }
    let name = name.unwrap_or_else(|| line_number(bytes, open).to_string());
    // On the line of the quotes nothing can be added behind or in front.
    let writable = lines.len() > 1 && bytes[end..].starts_with(b"''");
    Some(Block { hand: Hand::Nix, writable, is_surrounded: true, is_material: true, ..Block::new(name, open, lines) })
}

/// The name that the string is given to: `extraConfig`.
fn attribute(bytes: &[u8], open: usize) -> (Option<String>, bool) {
    let line = memchr::memrchr(b'\n', &bytes[..open]).map_or(0, |at| at + 1);
    let text = String::from_utf8_lossy(&bytes[line..open]).into_owned();
    let Some((name, _)) = text.rsplit_once('=') else { return (None, false) };
    let name = name.trim().to_owned();
    let said = ["extraConfig", "appendHttpConfig", "commonHttpConfig", "httpConfig", "appendConfig"]
        .iter()
        .any(|known| name.ends_with(known))
        || name.contains("nginx");
    ((!name.is_empty()).then_some(name), said)
}
