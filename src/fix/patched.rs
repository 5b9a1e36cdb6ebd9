//! A file with edits: which bytes are old, which are new, also after several rounds of editing.

use super::lower::ByteEdit;
use crate::source::Content;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Old(usize, usize),
    New(Vec<u8>),
}

/// An old text and what became of it.
#[derive(Clone, Debug)]
pub struct Patched {
    old: Vec<u8>,
    pieces: Vec<Piece>,
}

/// A run of old bytes that was replaced by new ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Offset of the first old byte.
    pub start: usize,
    /// Offset behind the last old byte.
    pub end: usize,
    /// What stands there now.
    pub new: Vec<u8>,
}

impl Patched {
    /// The text as it was read.
    pub fn new(old: Vec<u8>) -> Patched {
        let pieces = vec![Piece::Old(0, old.len())];
        Patched { old, pieces }
    }

    /// The text as it was read.
    pub fn old(&self) -> &[u8] {
        &self.old
    }

    /// The text as it is now.
    pub fn text(&self) -> Vec<u8> {
        let length = |piece: &Piece| match piece {
            Piece::Old(start, end) => end - start,
            Piece::New(bytes) => bytes.len(),
        };
        let mut out = Vec::with_capacity(self.pieces.iter().map(length).sum());
        for piece in &self.pieces {
            match piece {
                Piece::Old(start, end) => out.extend_from_slice(&self.old[*start..*end]),
                Piece::New(bytes) => out.extend_from_slice(bytes),
            }
        }
        out
    }

    /// Whether anything changed.
    pub fn is_changed(&self) -> bool {
        self.changes().iter().any(|c| self.old[c.start..c.end] != c.new[..])
    }

    /// Makes edits to the present text; they are sorted and do not overlap.
    pub fn apply(&mut self, edits: &[ByteEdit]) {
        let mut out = Vec::with_capacity(self.pieces.len() + 2 * edits.len());
        let mut edits = edits.iter().peekable();
        let mut at = 0;
        // Bytes of the present text that an edit has yet to remove.
        let mut skip = 0usize;
        for piece in std::mem::take(&mut self.pieces) {
            let len = match &piece {
                Piece::Old(start, end) => end - start,
                Piece::New(bytes) => bytes.len(),
            };
            let mut from = skip.min(len);
            skip -= from;
            while let Some(edit) = edits.next_if(|e| e.start < at + len) {
                let cut = edit.start - at;
                push(&mut out, slice(&piece, from, cut));
                push(&mut out, Piece::New(edit.text.clone()));
                let removed = edit.end - edit.start;
                from = (cut + removed).min(len);
                skip = cut + removed - from;
            }
            push(&mut out, slice(&piece, from, len));
            at += len;
        }
        for edit in edits {
            push(&mut out, Piece::New(edit.text.clone()));
        }
        self.pieces = out;
    }

    /// What was replaced, in order.
    pub fn changes(&self) -> Vec<Change> {
        let mut out: Vec<Change> = Vec::new();
        let mut at = 0;
        let mut new = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::New(bytes) => new.extend_from_slice(bytes),
                Piece::Old(start, end) => {
                    if *start > at || !new.is_empty() {
                        out.push(Change { start: at, end: *start, new: std::mem::take(&mut new) });
                    }
                    at = *end;
                }
            }
        }
        if at < self.old.len() || !new.is_empty() {
            out.push(Change { start: at, end: self.old.len(), new });
        }
        out
    }
}

/// A patched file is put together when it is read.
impl Content for &Patched {
    fn bytes(&self) -> Vec<u8> {
        self.text()
    }
}

fn slice(piece: &Piece, from: usize, to: usize) -> Piece {
    match piece {
        Piece::Old(start, _) => Piece::Old(start + from, start + to.max(from)),
        Piece::New(bytes) => Piece::New(bytes[from..to.max(from)].to_vec()),
    }
}

fn push(out: &mut Vec<Piece>, piece: Piece) {
    match &piece {
        Piece::Old(start, end) if start == end => {}
        Piece::New(bytes) if bytes.is_empty() => {}
        _ => out.push(piece),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(start: usize, end: usize, text: &str) -> ByteEdit {
        ByteEdit { start, end, text: text.as_bytes().to_vec() }
    }

    #[test]
    fn rounds_of_edits_compose() {
        let mut text = Patched::new(b"abcdef".to_vec());
        text.apply(&[edit(1, 2, "BB"), edit(6, 6, "!")]);
        assert_eq!(text.text(), b"aBBcdef!");
        text.apply(&[edit(0, 0, "<"), edit(2, 5, "-"), edit(8, 8, "?")]);
        assert_eq!(text.text(), b"<aB-ef!?");
        assert_eq!(
            text.changes(),
            [
                Change { start: 0, end: 0, new: b"<".to_vec() },
                Change { start: 1, end: 4, new: b"B-".to_vec() },
                Change { start: 6, end: 6, new: b"!?".to_vec() }
            ]
        );
        assert!(text.is_changed());
        assert!(!Patched::new(b"x".to_vec()).is_changed());
    }
}
