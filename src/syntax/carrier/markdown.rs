//! Fences of Markdown and MDX (CommonMark 0.31, section 4.5), also in quotes and in lists.

use std::ops::Range;

use super::{Block, heredoc, holds_nginx, line_number, lines, says_nginx, yaml_files};

/// An open fence.
struct Fence {
    mark: u8,
    length: usize,
    /// Bytes in front of it: of a quote, and of the indentation.
    quoted: usize,
    indentation: usize,
    language: String,
    header: usize,
    lines: Vec<Range<usize>>,
}

/// The fences that hold nginx; also what stands in YAML and in scripts inside fences.
pub(super) fn blocks(bytes: &[u8]) -> Vec<Block> {
    let mut out = Vec::new();
    let mut open: Option<Fence> = None;
    for line in lines(bytes) {
        let text = &bytes[line.clone()];
        let quoted = quote(text);
        let Some(fence) = &mut open else {
            open = opening(text, quoted, line.start);
            continue;
        };
        // A fence ends with its quote.
        let left = quoted < fence.quoted;
        if left || closes(&text[quoted..], fence) {
            out.extend(open.take().into_iter().flat_map(|fence| block(bytes, fence)));
            if left {
                open = opening(text, quoted, line.start);
            }
            continue;
        }
        let lead = text[quoted..].iter().take(fence.indentation).take_while(|b| **b == b' ' || **b == b'\t').count();
        fence.lines.push((line.start + quoted + lead).min(line.end)..line.end);
    }
    out.extend(open.into_iter().flat_map(|fence| block(bytes, fence)));
    out
}

/// The length of the marks of a quote in front of a line.
fn quote(text: &[u8]) -> usize {
    let mut at = 0;
    loop {
        let blanks = text[at..].iter().take_while(|b| **b == b' ').count();
        match text.get(at + blanks) {
            Some(b'>') if blanks < 4 => at += blanks + 1,
            _ => break,
        }
    }
    at + usize::from(at > 0 && text.get(at) == Some(&b' '))
}

fn opening(text: &[u8], quoted: usize, header: usize) -> Option<Fence> {
    let inside = &text[quoted..];
    let mut lead = inside.iter().take_while(|b| **b == b' ' || **b == b'\t').count();
    // `- ```nginx` and `1. ```nginx`.
    let rest = &inside[lead..];
    let number = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let bullet = match rest.get(number) {
        Some(b'-' | b'*' | b'+') if number == 0 => 1,
        Some(b'.' | b')') if number > 0 => number + 1,
        _ => 0,
    };
    if bullet > 0 {
        let blanks = rest[bullet..].iter().take_while(|b| **b == b' ').count();
        if blanks > 0 {
            lead += bullet + blanks;
        }
    }
    let rest = &inside[lead..];
    let mark = *rest.first().filter(|b| matches!(b, b'`' | b'~'))?;
    let length = rest.iter().take_while(|b| **b == mark).count();
    let info = String::from_utf8_lossy(&rest[length..]).trim().to_owned();
    if length < 3 || (mark == b'`' && info.contains('`')) {
        return None;
    }
    Some(Fence { mark, length, quoted, indentation: lead, language: info, header, lines: Vec::new() })
}

fn closes(text: &[u8], fence: &Fence) -> bool {
    let text = text.trim_ascii();
    text.len() >= fence.length && text.iter().all(|b| *b == fence.mark)
}

fn block(bytes: &[u8], fence: Fence) -> Vec<Block> {
    let language = fence.language.trim_start_matches(['{', '.']).to_ascii_lowercase();
    let word = language.split(|c: char| !c.is_alphanumeric() && c != '-').next().unwrap_or_default();
    // What is taken away and added is told in lines that are not there as they stand.
    if matches!(word, "diff" | "patch") {
        return Vec::new();
    }
    let nested = nested(bytes, &fence, word);
    if !nested.is_empty() {
        return nested;
    }
    let said = says_nginx(&language) || matches!(word, "conf" | "nginxconf" | "ngx");
    if !holds_nginx(bytes, &fence.lines, said) {
        return Vec::new();
    }
    let name = line_number(bytes, fence.header).to_string();
    vec![Block { writable: fence.quoted == 0, ..Block::new(name, fence.header, fence.lines) }]
}

/// The blocks of a manifest or a script that stands in a fence. It is read where it stands, everything
/// around it blank.
fn nested(bytes: &[u8], fence: &Fence, word: &str) -> Vec<Block> {
    let find: fn(&[u8]) -> Vec<Block> = match word {
        "yaml" | "yml" => yaml_files::blocks,
        "sh" | "bash" | "shell" | "zsh" | "console" | "dockerfile" | "docker" => heredoc::shell,
        "hcl" | "terraform" | "tf" => heredoc::hcl,
        "nix" => super::nix::blocks,
        _ => return Vec::new(),
    };
    let (Some(first), Some(last)) = (fence.lines.first(), fence.lines.last()) else { return Vec::new() };
    if fence.quoted > 0 || !crate::source::Carrier::may_hold(&bytes[first.start..last.end]) {
        return Vec::new();
    }
    let number = line_number(bytes, fence.header);
    let found = super::within(bytes, &fence.lines, find);
    found.into_iter().map(|block| Block { name: format!("{number}: {}", block.name), ..block }).collect()
}
