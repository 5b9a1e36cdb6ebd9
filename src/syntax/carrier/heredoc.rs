//! Heredocs of shells, Dockerfiles and HCL (POSIX Shell Command Language 2.7.4; Dockerfile reference,
//! "Here-documents"; HCL Native Syntax, "Template Expressions").

use std::ops::Range;
use std::path::PathBuf;

use super::expanded::expanded;
use super::{Block, Hand, holds_nginx, line_number, lines, says_nginx, yaml_files};

/// An announced heredoc.
struct Announced {
    word: Vec<u8>,
    /// A part of the word is quoted: nothing in the body is replaced.
    quoted: bool,
    /// `<<-`: blanks in front of lines are no part of them.
    indented: bool,
    /// Where the announcement ends in its line.
    end: usize,
}

/// The heredocs of a script that hold nginx.
pub(super) fn shell(bytes: &[u8]) -> Vec<Block> {
    find(
        bytes,
        |text, at| announced(text, at, true),
        |announced| if announced.quoted { Hand::Plain } else { Hand::Shell },
    )
}

/// The same of Terraform and its kin.
pub(super) fn hcl(bytes: &[u8]) -> Vec<Block> {
    find(bytes, |text, at| announced(text, at, false), |_| Hand::Hcl)
}

fn find(
    bytes: &[u8],
    announced: impl Fn(&[u8], usize) -> Option<Announced>,
    hand: impl Fn(&Announced) -> Hand,
) -> Vec<Block> {
    let all: Vec<Range<usize>> = lines(bytes).collect();
    let mut out = Vec::new();
    let mut at = 0;
    // Behind this line, no heredoc stands around another: what is written in two hands is not looked into so far.
    let mut outer = 0;
    while at < all.len() {
        let line = all[at].clone();
        let text = &bytes[line.clone()];
        let is_nested = at < outer;
        let replaced = |block: Block| match is_nested {
            true => block,
            false => Block { expanded: expanded(bytes, &block.lines, block.hand), ..block },
        };
        at += 1;
        if text.trim_ascii_start().starts_with(b"#") {
            continue;
        }
        // Several may be announced in one line; their bodies follow one another.
        let mut from = at;
        let mut next = 0;
        while let Some(found) = memchr::memmem::find(&text[next..], b"<<") {
            let start = next + found;
            next = start + 2;
            let Some(heredoc) = announced(text, start) else { continue };
            next = heredoc.end;
            let Some(length) = body(bytes, &all[from..], &heredoc) else { continue };
            let lines = all[from..from + length].to_vec();
            let target = target(text);
            let said = target.as_deref().is_some_and(says_nginx);
            from += length + 1;
            if is_yaml(bytes, &lines) {
                let found = super::within(bytes, &lines, yaml_files::blocks);
                let hand = hand(&heredoc);
                let by = |block: &Block| if block.hand == Hand::Plain { hand } else { block.hand };
                let found = found.into_iter().map(|block| Block { hand: by(&block), is_material: true, ..block });
                out.extend(found.map(replaced));
                at = at.max(from);
                continue;
            }
            // What is none may hold another heredoc, as a script does that writes files.
            if holds_heredoc(bytes, &lines) {
                outer = outer.max(from);
                continue;
            }
            if !holds_nginx(bytes, &lines, said) {
                continue;
            }
            at = at.max(from);
            let name = target.clone().unwrap_or_else(|| line_number(bytes, line.start).to_string());
            let files = target.filter(|t| t.starts_with('/') && !t.contains(['$', '*'])).map(PathBuf::from);
            let block = Block::new(name, line.start, lines);
            let (hand, files) = (hand(&heredoc), files.into_iter().collect());
            out.push(replaced(Block { hand, is_material: true, files, ..block }));
        }
    }
    out
}

/// Whether the lines begin as a manifest does: with a key.
fn is_yaml(bytes: &[u8], lines: &[Range<usize>]) -> bool {
    let text = |line: &Range<usize>| bytes[line.clone()].trim_ascii().to_owned();
    let first = lines.iter().map(text).find(|line| !line.is_empty() && !line.starts_with(b"#")).unwrap_or_default();
    first == b"---" || first.starts_with(b"apiVersion:") || (first.ends_with(b":") && !first.contains(&b' '))
}

/// Whether a heredoc begins and ends in these lines: they are a script then, whatever it writes.
pub(super) fn holds_heredoc(bytes: &[u8], lines: &[Range<usize>]) -> bool {
    lines.iter().enumerate().any(|(n, line)| {
        let text = &bytes[line.clone()];
        let begun = memchr::memmem::find_iter(text, b"<<").find_map(|at| announced(text, at, true));
        begun.is_some_and(|heredoc| body(bytes, &lines[n + 1..], &heredoc).is_some())
    })
}

/// How many lines stand before the one that ends a heredoc; `None` where none does.
fn body(bytes: &[u8], rest: &[Range<usize>], heredoc: &Announced) -> Option<usize> {
    rest.iter().position(|line| {
        let text = &bytes[line.clone()];
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if heredoc.indented { text.trim_ascii_start() == heredoc.word } else { text == heredoc.word }
    })
}

/// The heredoc that `<<` announces. `<<<` is a word, and `1 << 2` a number.
fn announced(text: &[u8], at: usize, shell: bool) -> Option<Announced> {
    let mut pos = at + 2;
    if text.get(pos) == Some(&b'<') || at.checked_sub(1).is_some_and(|before| text[before] == b'<') {
        return None;
    }
    let indented = matches!(text.get(pos), Some(b'-' | b'~'));
    pos += usize::from(indented);
    while shell && text.get(pos) == Some(&b' ') {
        pos += 1;
    }
    let (mut word, mut quoted, mut quote) = (Vec::new(), false, None);
    while let Some(&byte) = text.get(pos) {
        match byte {
            _ if Some(byte) == quote => quote = None,
            b'\n' => break,
            _ if quote.is_some() => word.push(byte),
            b'\'' | b'"' if shell => (quoted, quote) = (true, Some(byte)),
            b'\\' if shell => quoted = true,
            b if b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'!') => word.push(b),
            _ => break,
        }
        pos += 1;
    }
    let named = word.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_');
    named.then_some(Announced { word, quoted, indented, end: pos })
}

/// The file that the line writes to: behind `>` or `tee`, the last word of a `COPY`.
fn target(line: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(line);
    let clean = |word: &str| {
        let word = word.trim_matches(|c| matches!(c, '"' | '\'' | ';' | '\\' | ')'));
        let good = !word.is_empty() && !word.starts_with(['<', '>', '&', '|', '-']) && word != "/dev/null";
        good.then(|| word.to_owned())
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    if matches!(words.first(), Some(&("COPY" | "ADD"))) {
        return words.last().and_then(|word| clean(word));
    }
    let behind = |n: usize| words.get(n).and_then(|word| clean(word));
    for (n, word) in words.iter().enumerate() {
        let found = match *word {
            ">" | ">>" => behind(n + 1),
            "tee" => (n + 1..words.len()).find(|n| !words[*n].starts_with('-')).and_then(behind),
            _ => word.strip_prefix(">>").or(word.strip_prefix('>')).and_then(clean),
        };
        if found.is_some() {
            return found;
        }
    }
    None
}
