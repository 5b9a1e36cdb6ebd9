//! Anchors to bytes: where exactly a line goes, with which indentation and which line ending.

use crate::diagnostic::{Edit, Line};
use crate::source::{Place, SourceMap};

/// An edit of one file: these bytes become that text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteEdit {
    /// Offset of the first byte that goes.
    pub start: usize,
    /// Offset behind the last byte that goes.
    pub end: usize,
    /// What comes.
    pub text: Vec<u8>,
}

/// Makes an edit concrete.
pub fn lower(sources: &SourceMap, edit: &Edit) -> ByteEdit {
    let bytes = &sources.get(edit.file()).bytes;
    match edit {
        Edit::Replace(place, text) => {
            ByteEdit { start: place.span.start as usize, end: place.span.end as usize, text: text.clone().into_bytes() }
        }
        Edit::Delete(place) => delete(bytes, place),
        Edit::InsertAfter(place, lines) => insert_after(bytes, place, lines),
        Edit::StartOfBlock(place, lines) => start_of_block(bytes, place, lines),
    }
}

fn line_start(bytes: &[u8], at: usize) -> usize {
    memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |i| i + 1)
}

/// Offset of the LF, CR LF or end of file that ends the line.
fn line_end(bytes: &[u8], at: usize) -> usize {
    let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |i| at + i);
    if end > at && end < bytes.len() && bytes[end - 1] == b'\r' { end - 1 } else { end }
}

/// The line ending at an offset where a line ends; at the end of the file, that of its first line. A file may
/// have both, and a line that stays keeps its own.
fn ending(bytes: &[u8], stop: usize) -> &'static str {
    if stop < bytes.len() {
        return if bytes[stop] == b'\r' { "\r\n" } else { "\n" };
    }
    match memchr::memchr(b'\n', bytes) {
        Some(at) if at > 0 && bytes[at - 1] == b'\r' => "\r\n",
        _ => "\n",
    }
}

fn leading_space(bytes: &[u8], start: usize) -> &[u8] {
    let len = bytes[start..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    &bytes[start..start + len]
}

/// One step of indentation, in the manner of the surrounding text.
fn step(indentation: &[u8]) -> &'static [u8] {
    if indentation.last() == Some(&b'\t') { b"\t" } else { b"    " }
}

/// Nothing but white space and perhaps a comment.
fn is_rest_of_line(rest: &[u8]) -> bool {
    let trimmed = rest.trim_ascii_start();
    trimmed.is_empty() || trimmed[0] == b'#'
}

/// Lines with an indentation; their own leading steps of four spaces follow the manner of the text.
fn indented(lines: &[Line], indentation: &[u8]) -> Vec<Vec<u8>> {
    lines
        .iter()
        .map(|line| {
            if line.is_empty() {
                return Vec::new();
            }
            let mut out = indentation.to_vec();
            let mut text: &str = line;
            while let Some(rest) = text.strip_prefix("    ") {
                out.extend_from_slice(step(indentation));
                text = rest;
            }
            out.extend_from_slice(text.as_bytes());
            out
        })
        .collect()
}

fn inline(lines: &[Line]) -> Vec<u8> {
    lines.iter().map(|l| l.trim()).filter(|l| !l.is_empty()).collect::<Vec<_>>().join(" ").into_bytes()
}

fn insert_after(bytes: &[u8], place: &Place, lines: &[Line]) -> ByteEdit {
    let (start, end) = (place.span.start as usize, place.span.end as usize);
    let stop = line_end(bytes, end);
    if !is_rest_of_line(&bytes[end..stop]) {
        let text = [b" ".to_vec(), inline(lines)].concat();
        return ByteEdit { start: end, end, text };
    }
    let from = line_start(bytes, start);
    let lead = leading_space(bytes, from);
    let alone = from + lead.len() == start;
    let indentation = if alone { lead.to_vec() } else { [lead, step(lead)].concat() };
    let mut text = Vec::new();
    for line in indented(lines, &indentation) {
        text.extend_from_slice(ending(bytes, stop).as_bytes());
        text.extend(line);
    }
    ByteEdit { start: stop, end: stop, text }
}

fn start_of_block(bytes: &[u8], place: &Place, lines: &[Line]) -> ByteEdit {
    let open = place.span.start as usize;
    let close = place.span.end as usize;
    let stop = line_end(bytes, open);
    let same_line = close <= stop;
    if same_line || !is_rest_of_line(&bytes[open..stop]) {
        let text = [b" ".to_vec(), inline(lines)].concat();
        return ByteEdit { start: open, end: open, text };
    }
    // A comment behind the brace stands on no line of the block.
    let indentation = match bytes[stop..close].iter().position(|b| !b.is_ascii_whitespace()) {
        Some(first) => leading_space(bytes, line_start(bytes, stop + first)).to_vec(),
        None => {
            let lead = leading_space(bytes, line_start(bytes, open));
            [lead, step(lead)].concat()
        }
    };
    let mut text = Vec::new();
    for line in indented(lines, &indentation) {
        text.extend_from_slice(ending(bytes, stop).as_bytes());
        text.extend(line);
    }
    ByteEdit { start: stop, end: stop, text }
}

fn delete(bytes: &[u8], place: &Place) -> ByteEdit {
    let (start, end) = (place.span.start as usize, place.span.end as usize);
    let from = line_start(bytes, start);
    let stop = line_end(bytes, end);
    let alone =
        bytes[from..start].iter().all(u8::is_ascii_whitespace) && bytes[end..stop].iter().all(u8::is_ascii_whitespace);
    if !alone {
        return ByteEdit { start, end, text: Vec::new() };
    }
    let next = memchr::memchr(b'\n', &bytes[stop..]).map_or(bytes.len(), |i| stop + i + 1);
    ByteEdit { start: from, end: next, text: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{FileId, Span};

    fn applied(text: &str, make: impl Fn(Place) -> Edit, anchor: &str) -> String {
        let mut sources = SourceMap::default();
        let file = sources.add("x".into(), text.as_bytes().to_vec());
        let at = text.find(anchor).unwrap() as u32;
        let edit = lower(&sources, &make(Place { file, span: Span::new(at, at + anchor.len() as u32) }));
        let mut out = text.as_bytes().to_vec();
        out.splice(edit.start..edit.end, edit.text);
        let _: FileId = file;
        String::from_utf8(out).unwrap()
    }

    fn after(text: &str) -> String {
        applied(text, |p| Edit::InsertAfter(p, vec!["x;".into(), "y;".into()]), "a;")
    }

    #[test]
    fn lines_keep_the_manner_of_their_surroundings() {
        assert_eq!(after("{\n\ta; # c\n}\n"), "{\n\ta; # c\n\tx;\n\ty;\n}\n");
        assert_eq!(after("{\r\n  a;\r\n}\r\n"), "{\r\n  a;\r\n  x;\r\n  y;\r\n}\r\n");
        assert_eq!(after("{\n  a;\r\n}\n"), "{\n  a;\r\n  x;\r\n  y;\r\n}\n");
        assert_eq!(after("{\r\n  a;\n}\r\n"), "{\r\n  a;\n  x;\n  y;\n}\r\n");
        assert_eq!(after("  l { a; }\n"), "  l { a; x; y; }\n");
        assert_eq!(after("  l { a;\n  }\n"), "  l { a;\n      x;\n      y;\n  }\n");
        assert_eq!(after("a;"), "a;\nx;\ny;");
        assert_eq!(after("a;b;"), "a; x; y;b;");
        // Asked within a line's end, it is not before that.
        assert_eq!((line_end(b"a\r\n", 1), line_end(b"a\r\n", 2)), (1, 2));
        // What ends no line is a byte like any other; an empty line between them changes nothing.
        assert_eq!(after("  a; \r"), "  a; \r\n  x;\n  y;");
        assert_eq!(after("\na;"), "\na;\nx;\ny;");
        assert_eq!(after("\r\na;"), "\r\na;\r\nx;\r\ny;");
    }

    #[test]
    fn a_block_gets_lines_at_its_start() {
        let map = |text: &str, body: &str| {
            applied(
                text,
                |p| Edit::StartOfBlock(p, vec!["m {".into(), "    d;".into(), "}".into(), Line::default()]),
                body,
            )
        };
        assert_eq!(map("http {\n\ta;\n}\n", "\n\ta;\n"), "http {\n\tm {\n\t\td;\n\t}\n\n\ta;\n}\n");
        assert_eq!(map("http { a; }\n", " a; "), "http { m { d; } a; }\n");
        assert_eq!(map("http {\n}\n", "\n"), "http {\n    m {\n        d;\n    }\n\n}\n");
        assert_eq!(map("http { # c\n  a;\n}\n", " # c\n  a;\n"), "http { # c\n  m {\n      d;\n  }\n\n  a;\n}\n");
        assert_eq!(map("http { a;\n  b;\n}\n", " a;\n  b;\n"), "http { m { d; } a;\n  b;\n}\n");
        assert_eq!(
            map("  http {\r\n\r\n}\r\n", "\r\n\r\n"),
            "  http {\r\n      m {\r\n          d;\r\n      }\r\n\r\n\r\n}\r\n"
        );
    }

    #[test]
    fn a_deleted_directive_takes_its_line_along() {
        let gone = |text: &str| applied(text, Edit::Delete, "a;");
        assert_eq!(gone("x;\n  a;\ny;\n"), "x;\ny;\n");
        assert_eq!(gone("x; a; y;\n"), "x;  y;\n");
        assert_eq!(gone("x;\n  a; # why\n"), "x;\n   # why\n");
        assert_eq!(gone("x;\r\n\ta; \r\ny;\r\n"), "x;\r\ny;\r\n");
        assert_eq!(gone("x;\n  a;"), "x;\n");
        assert_eq!(gone("x; a;\n"), "x; \n");
    }
}
