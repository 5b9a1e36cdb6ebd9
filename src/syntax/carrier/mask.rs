//! The mask of a block: as long as its file, blank but for what nginx would read.

use super::{Block, Form};
use crate::syntax::template::{HOLE, PLACEHOLDER};

/// Writes the mask of a block.
pub(in crate::syntax) fn mask(bytes: &[u8], block: &Block) -> Vec<u8> {
    let end = block.lines.last().map_or(0, |line| line.end);
    let mut out = vec![b' '; bytes.len()];
    // Comments that stand open at the end of a block end with it.
    if let Some(behind) = out.get_mut(end) {
        *behind = b'\n';
    }
    for line in &block.lines {
        out[line.clone()].copy_from_slice(&bytes[line.clone()]);
    }
    match block.form {
        Form::Lines => {}
        Form::Folded => fold(&mut out, block),
        Form::Quoted => unquote(&mut out, block),
    }
    if block.is_excerpt {
        for line in &block.lines {
            leave_open(&mut out[line.clone()]);
        }
    }
    out
}

/// What a reader of YAML sees of `>`: the line break between two lines of the same indentation is a blank.
fn fold(out: &mut [u8], block: &Block) {
    let plain = |out: &[u8], line: &std::ops::Range<usize>| {
        out[line.clone()].first().is_some_and(|first| !first.is_ascii_whitespace())
    };
    for pair in block.lines.windows(2) {
        if plain(out, &pair[0]) && plain(out, &pair[1]) {
            out[pair[0].end - 1] = b' ';
        }
    }
}

/// What a reader of YAML sees between double quotes. Two bytes become one and a blank, on the outer side
/// of a quote.
fn unquote(out: &mut [u8], block: &Block) {
    let Some(line) = block.lines.first() else { return };
    let text = &mut out[line.clone()];
    let mut inside = false;
    let mut at = 0;
    while at + 1 < text.len() {
        let pair = match (text[at], text[at + 1]) {
            (b'\\', b'n' | b'r') => Some([b'\n', b' ']),
            (b'\\', b't') => Some([b' ', b' ']),
            (b'\\', b'"') => {
                inside = !inside;
                Some(if inside { [b' ', b'"'] } else { [b'"', b' '] })
            }
            _ => None,
        };
        match pair {
            Some(pair) => {
                text[at..at + 2].copy_from_slice(&pair);
                at += 2;
            }
            None => at += 1,
        }
    }
}

/// Words with which people leave out what they have already shown.
const LEFT_OUT: &[&str] = &[
    "other",
    "existing",
    "rest",
    "remaining",
    "omitted",
    "your",
    "same as",
    "as above",
    "snip",
    "etc",
    "more",
    "其他",
    "其它",
    "省略",
    "原有",
    "已有",
    "同上",
    "保持",
    "剩余",
    "其余",
];

/// A line of dots, and a comment that says that something is left out, stand for lines that nobody sees.
fn leave_open(line: &mut [u8]) {
    let end = line.len() - line.iter().rev().take_while(|b| b.is_ascii_whitespace()).count();
    let start = line.iter().take_while(|b| b.is_ascii_whitespace()).count();
    if start + 1 >= end || !is_left_out(&line[start..end]) {
        return;
    }
    line[start..end].fill(PLACEHOLDER);
    (line[start], line[end - 1]) = (HOLE, b';');
}

fn is_left_out(line: &[u8]) -> bool {
    let text = String::from_utf8_lossy(line);
    let comment = text.trim_start_matches(['#', '/', '*', '<', '!', ' ', ';', '[', '(', '{', '-']);
    let dots = |t: &str| t.starts_with("...") || t.starts_with('…') || t.starts_with("。。。") || t.starts_with("···");
    if dots(comment) || (comment.len() < text.len() && (comment.contains("...") || comment.contains('…'))) {
        return true;
    }
    let lower = comment.to_lowercase();
    let words = |word: &&str| match word.is_ascii() {
        true => lower.match_indices(*word).any(|(at, found)| {
            let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
            edge(lower[..at].chars().next_back()) && edge(lower[at + found.len()..].chars().next())
        }),
        false => lower.contains(*word),
    };
    // A longer comment explains what is there.
    text.starts_with('#') && lower.split_whitespace().count() <= 6 && LEFT_OUT.iter().any(words)
}
