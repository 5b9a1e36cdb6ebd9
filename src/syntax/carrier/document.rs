//! Code blocks of reStructuredText and AsciiDoc.

use std::ops::Range;

use super::{Block, holds_nginx, indentation, line_number, lines, markdown, says_nginx};

/// `.. code-block:: nginx` and the literal blocks behind `::` (docutils, "Literal Blocks", "Code").
pub(super) fn rst(bytes: &[u8]) -> Vec<Block> {
    let all: Vec<Range<usize>> = lines(bytes).collect();
    let mut out = Vec::new();
    let mut at = 0;
    while at < all.len() {
        let line = &bytes[all[at].clone()];
        let (own, text) = (indentation(line), String::from_utf8_lossy(line.trim_ascii()).into_owned());
        at += 1;
        let directive = [".. code-block::", ".. code::", ".. sourcecode::"].iter().find_map(|d| text.strip_prefix(d));
        if directive.is_none() && (!text.ends_with("::") || text.starts_with("..")) {
            continue;
        }
        let header = all[at - 1].start;
        let from = at;
        while at < all.len() && is_inside(bytes, &all[at], own) {
            at += 1;
        }
        let mut body: Vec<Range<usize>> = all[from..at].to_vec();
        // Options of the directive, up to the first empty line.
        if directive.is_some() {
            let options = body.iter().take_while(|l| bytes[(*l).clone()].trim_ascii().starts_with(b":")).count();
            body.drain(..options);
        }
        let said = directive.is_some_and(|language| says_nginx(language) || language.trim() == "conf");
        out.extend(block(bytes, header, body, said));
    }
    out
}

fn is_inside(bytes: &[u8], line: &Range<usize>, own: usize) -> bool {
    let text = &bytes[line.clone()];
    text.trim_ascii().is_empty() || indentation(text) > own || text.starts_with(b"\t")
}

/// Listings between `----` and literal blocks between `....` (AsciiDoc, "Listing Blocks").
pub(super) fn asciidoc(bytes: &[u8]) -> Vec<Block> {
    let all: Vec<Range<usize>> = lines(bytes).collect();
    let mut out = Vec::new();
    let mut language = String::new();
    let mut at = 0;
    while at < all.len() {
        let text = bytes[all[at].clone()].trim_ascii();
        at += 1;
        if text.starts_with(b"[") && text.ends_with(b"]") {
            language = String::from_utf8_lossy(text).into_owned();
            continue;
        }
        let fence = text.len() >= 4 && (text.iter().all(|b| *b == b'-') || text.iter().all(|b| *b == b'.'));
        // A title may stand between the attributes and the listing.
        if !fence {
            if !text.starts_with(b".") {
                language.clear();
            }
            continue;
        }
        let from = at;
        while at < all.len() && bytes[all[at].clone()].trim_ascii() != text {
            at += 1;
        }
        let said = says_nginx(&language) || language.contains("conf");
        out.extend(block(bytes, all[from - 1].start, all[from..at].to_vec(), said));
        language.clear();
        at += 1;
    }
    // Fences of Markdown are taken as well.
    out.extend(markdown::blocks(bytes));
    out
}

fn block(bytes: &[u8], header: usize, body: Vec<Range<usize>>, said: bool) -> Option<Block> {
    let shown = |line: &&Range<usize>| !bytes[(*line).clone()].trim_ascii().is_empty();
    let least = body.iter().filter(shown).map(|line| indentation(&bytes[line.clone()])).min()?;
    let bare = |line: Range<usize>| (line.start + least.min(indentation(&bytes[line.clone()])))..line.end;
    let mut body: Vec<Range<usize>> = body.into_iter().map(bare).collect();
    while body.last().is_some_and(|line| bytes[line.clone()].trim_ascii().is_empty()) {
        body.pop();
    }
    let name = line_number(bytes, header).to_string();
    holds_nginx(bytes, &body, said).then(|| Block::new(name, header, body))
}
