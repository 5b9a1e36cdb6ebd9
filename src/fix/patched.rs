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
        let mut out = Vec::with_capacity(self.old.len());
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

    /// What `--diff` shows and a language server sends: what is as it was is no part of it.
    #[test]
    fn what_changed_is_told_by_where_it_stood() {
        let changed = |old: &str, rounds: &[&[ByteEdit]]| {
            let mut text = Patched::new(old.as_bytes().to_vec());
            rounds.iter().for_each(|round| text.apply(round));
            let told = |c: Change| (c.start, c.end, String::from_utf8(c.new).unwrap());
            (String::from_utf8(text.text()).unwrap(), text.changes().into_iter().map(told).collect::<Vec<_>>())
        };
        let (none, some) = (String::new(), |t: &str| t.to_owned());
        assert_eq!(changed("abc", &[]), (some("abc"), vec![]));
        assert_eq!(changed("abc", &[&[edit(0, 0, "<")]]), (some("<abc"), vec![(0, 0, some("<"))]));
        assert_eq!(changed("abc", &[&[edit(0, 1, "")]]), (some("bc"), vec![(0, 1, none.clone())]));
        assert_eq!(changed("abc", &[&[edit(2, 3, "")]]), (some("ab"), vec![(2, 3, none.clone())]));
        assert_eq!(changed("abc", &[&[edit(1, 2, ""), edit(2, 2, "-")]]), (some("a-c"), vec![(1, 2, some("-"))]));
        assert_eq!(changed("", &[&[edit(0, 0, "x")]]), (some("x"), vec![(0, 0, some("x"))]));
        // What a round wrote, the next may take away: in part, over its end, with what stood between.
        let first = [edit(1, 1, "12"), edit(3, 3, "34")];
        assert_eq!(changed("abcd", &[&first]), (some("a12bc34d"), vec![(1, 1, some("12")), (3, 3, some("34"))]));
        assert_eq!(changed("abcd", &[&first, &[edit(1, 3, ""), edit(5, 7, "")]]), (some("abcd"), vec![]));
        assert_eq!(changed("abcd", &[&first, &[edit(2, 6, "-")]]), (some("a1-4d"), vec![(1, 3, some("1-4"))]));
        assert_eq!(
            changed("abcd", &[&first, &[edit(0, 3, "-"), edit(7, 8, "+")]]),
            (some("-bc34+"), vec![(0, 1, some("-")), (3, 4, some("34+"))])
        );
    }

    #[test]
    fn what_was_written_as_it_stood_is_no_change() {
        let mut text = Patched::new(b"abc".to_vec());
        text.apply(&[edit(1, 2, "b")]);
        assert_eq!((text.text(), text.is_changed()), (b"abc".to_vec(), false));
    }
}
