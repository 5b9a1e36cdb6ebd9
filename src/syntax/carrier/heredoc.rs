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

/// A heredoc that holds others: a script that writes files.
struct Around {
    lines: Range<usize>,
    hand: Hand,
    /// How many blanks are taken away in front of each line.
    indentation: usize,
}

/// The heredocs of a script that hold nginx.
pub(super) fn shell(bytes: &[u8]) -> Vec<Block> {
    find(
        bytes,
        |text, at| announced(text, at, true),
        |announced| if announced.quoted { Hand::Plain } else { Hand::Shell(1) },
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
    let mut around: Vec<Around> = Vec::new();
    while at < all.len() {
        let line = all[at].clone();
        let text = &bytes[line.clone()];
        around.retain(|outer| outer.lines.end > at);
        let outer = around.iter().filter(|outer| outer.lines.contains(&at));
        let (mut by, mut indentation, mut nested) = (Hand::Plain, 0, false);
        outer.for_each(|o| (by, indentation, nested) = (o.hand.inside(by), indentation + o.indentation, true));
        // What stands in a heredoc of HCL is a shell's.
        let announced =
            |text: &[u8], start| if nested { self::announced(text, start, true) } else { announced(text, start) };
        let hand = |heredoc: &Announced| match nested {
            true if heredoc.quoted => Hand::Plain,
            true => Hand::Shell(1),
            false => hand(heredoc),
        };
        let replaced = |block: Block| {
            let expanded = expanded(bytes, &block.lines, block.hand);
            Block { expanded, writable: block.writable && block.hand != Hand::Mixed, ..block }
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
            let Some(length) = body(bytes, &all[from..], &heredoc, indentation) else { continue };
            let lines = all[from..from + length].to_vec();
            let target = target(text);
            let said = target.as_deref().is_some_and(says_nginx);
            let own = from..from + length;
            from += length + 1;
            if is_yaml(bytes, &lines) {
                let found = super::within(bytes, &lines, yaml_files::blocks);
                let hand = hand(&heredoc).inside(by);
                let material = |block: Block| Block { hand: block.hand.inside(hand), is_material: true, ..block };
                let found = found.into_iter().map(material);
                out.extend(found.map(replaced));
                at = at.max(from);
                continue;
            }
            // What is none may hold another heredoc, as a script does that writes files.
            let hand = if is_script_of_docker(text, start, heredoc.end) { Hand::Plain } else { hand(&heredoc) };
            let indentation = if hand == Hand::Hcl && heredoc.indented { common_indentation(bytes, &lines) } else { 0 };
            if holds(bytes, &lines, indentation) {
                around.push(Around { lines: own, hand, indentation });
                continue;
            }
            if !holds_nginx(bytes, &lines, said) {
                continue;
            }
            at = at.max(from);
            let name = target.clone().unwrap_or_else(|| line_number(bytes, line.start).to_string());
            let files = target.filter(|t| t.starts_with('/') && !t.contains(['$', '*'])).map(PathBuf::from);
            let block = Block::new(name, line.start, lines);
            let (hand, files) = (hand.inside(by), files.into_iter().collect());
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
    holds(bytes, lines, 0)
}

fn holds(bytes: &[u8], lines: &[Range<usize>], indentation: usize) -> bool {
    lines.iter().enumerate().any(|(n, line)| {
        let text = &bytes[line.clone()];
        let begun = memchr::memmem::find_iter(text, b"<<").find_map(|at| announced(text, at, true));
        begun.is_some_and(|heredoc| body(bytes, &lines[n + 1..], &heredoc, indentation).is_some())
    })
}

/// How many blanks HCL takes away in front of the lines behind `<<-`.
fn common_indentation(bytes: &[u8], lines: &[Range<usize>]) -> usize {
    let written = lines.iter().map(|line| &bytes[line.clone()]).filter(|text| !text.trim_ascii().is_empty());
    written.map(super::indentation).min().unwrap_or_default()
}

/// `RUN <<EOF` and nothing more: the lines are a script, and no shell replaces anything in them (Dockerfile
/// reference, "Here-documents").
fn is_script_of_docker(text: &[u8], start: usize, end: usize) -> bool {
    let mut words = text[..start].split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    words.next() == Some(b"RUN") && words.all(|word| word.starts_with(b"--")) && text[end..].trim_ascii().is_empty()
}

/// How many lines stand before the one that ends a heredoc; `None` where none does.
fn body(bytes: &[u8], rest: &[Range<usize>], heredoc: &Announced, indentation: usize) -> Option<usize> {
    rest.iter().position(|line| {
        let text = &bytes[line.clone()];
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let blanks = super::indentation(text).min(indentation);
        let text = &text[blanks..];
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
