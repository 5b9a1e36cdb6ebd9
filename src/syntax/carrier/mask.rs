//! The mask of a block: as long as its file, blank but for what nginx would read.

use std::ops::Range;

use super::{Block, Form, Hand};
use crate::syntax::template::{HOLE, PLACEHOLDER};

/// Writes the mask of a block.
pub(in crate::syntax) fn mask(bytes: &[u8], block: &Block) -> Vec<u8> {
    let end = block.lines.last().map_or(0, |line| line.end);
    // Lines stay lines: who asks where one begins gets the answer of the file.
    let mut out: Vec<u8> = bytes.iter().map(|b| if *b == b'\n' { b'\n' } else { b' ' }).collect();
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
        Form::Flow(quote) => unquote(&mut out, block, quote),
    }
    if block.hand == Hand::Nix {
        block.lines.iter().for_each(|line| unquote_nix(&mut out[line.clone()]));
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
    let plain =
        |out: &[u8], line: &Range<usize>| out[line.clone()].first().is_some_and(|first| !first.is_ascii_whitespace());
    for pair in block.lines.windows(2) {
        if plain(out, &pair[0]) && plain(out, &pair[1]) {
            out[pair[0].end - 1] = b' ';
        }
    }
}

/// What Nix sees of `'''`, which is `''`, and of `''\n`.
fn unquote_nix(text: &mut [u8]) {
    let mut at = 0;
    while let Some(found) = memchr::memmem::find(&text[at..], b"''") {
        let start = at + found;
        at = start + 2;
        match (text.get(start + 2), text.get(start + 3)) {
            (Some(b'\''), _) => {
                let ends = |b: &u8| b.is_ascii_whitespace() || b";{}".contains(b);
                let word = text[..start].iter().rposition(ends).map_or(0, |before| before + 1);
                if word == start && text.get(start + 3).is_none_or(ends) {
                    text[start + 2] = b' ';
                } else {
                    text.copy_within(word..start, word + 1);
                    text[word] = b' ';
                }
                at += 1;
            }
            (Some(b'\\'), Some(b'n' | b'r' | b't')) => {
                text[start..start + 3].fill(b' ');
                text[start + 3] = b'\n';
                at += 2;
            }
            _ => {}
        }
    }
}

/// What a reader of YAML sees between quotes. Two bytes become one and a blank, on the outer side of a quote or in
/// front of a word.
fn unquote(out: &mut [u8], block: &Block, quote: Option<u8>) {
    let mut inside = false;
    for (n, line) in block.lines.iter().enumerate() {
        let text = &mut out[line.clone()];
        let mut at = 0;
        while at + 1 < text.len() {
            let pair = match (quote, text[at], text[at + 1]) {
                (Some(b'"'), b'\\', b'n' | b'r') => Some([b'\n', b' ']),
                (Some(b'"'), b'\\', b't' | b' ' | b'\n' | b'\r') => Some([b' ', b' ']),
                (Some(b'"'), b'\\', b'"') | (Some(b'\''), b'\'', b'\'') => {
                    let quote = text[at + 1];
                    inside = !inside;
                    Some(if inside { [b' ', quote] } else { [quote, b' '] })
                }
                (Some(b'"'), b'\\', b'\\' | b'/') => {
                    let ends = |b: &u8| b.is_ascii_whitespace() || b";{}".contains(b);
                    let word = text[..at].iter().rposition(ends).map_or(0, |before| before + 1);
                    text.copy_within(word..at, word + 1);
                    text[word] = b' ';
                    at += 2;
                    continue;
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
        // An empty line is a line break, others end with a blank.
        let is_blank = |text: &[u8]| text.trim_ascii().is_empty();
        if !is_blank(&out[line.clone()]) && n + 1 < block.lines.len() && out[line.end - 1] == b'\n' {
            out[line.end - 1] = b' ';
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
    if start + 1 >= end {
        return;
    }
    if is_left_out(&line[start..end]) {
        return leave_hole(&mut line[start..end]);
    }
    for dots in dots_between(line) {
        leave_hole(&mut line[dots]);
    }
}

fn leave_hole(text: &mut [u8]) {
    let last = text.len() - 1;
    text.fill(PLACEHOLDER);
    (text[0], text[last]) = (HOLE, b';');
}

/// Dots that stand where a directive could, on a line that says more: `listen 80; … location / { ... }`.
fn dots_between(line: &[u8]) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let (mut quote, mut begins, mut at) = (None, true, 0);
    while at < line.len() {
        let byte = line[at];
        let blank = at == 0 || line[at - 1].is_ascii_whitespace() || b";{}".contains(&line[at - 1]);
        match (quote, byte) {
            (Some(q), _) => quote = (q != byte || line[at - 1] == b'\\').then_some(q),
            (None, b'#') if blank => break,
            (None, b'"' | b'\'') if blank => (quote, begins) = (Some(byte), false),
            (None, b';' | b'{' | b'}') => begins = true,
            _ if begins && !byte.is_ascii_whitespace() => {
                begins = false;
                let word = line[at..].iter().take_while(|b| !b.is_ascii_whitespace() && !b";{}".contains(b)).count();
                let written = String::from_utf8_lossy(&line[at..at + word]);
                if word > 1 && written.chars().all(|c| matches!(c, '.' | '…' | '。' | '·')) {
                    out.push(at..at + word);
                    begins = true;
                }
                at += word;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    out
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
