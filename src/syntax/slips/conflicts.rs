//! The marks that `git merge` leaves in a file, where nobody has taken them out.

use super::{Candidate, Patch, Slip, SlipKind, line_end, span};

/// One slip for all conflicts of a file: who settles one sees the others. The file is read with the first
/// side of each, as which side is right nobody else can know.
pub(super) fn candidates(bytes: &[u8]) -> Vec<Candidate> {
    if !bytes.starts_with(MARKS[0]) && memchr::memmem::find(bytes, b"\n<<<<<<< ").is_none() {
        return Vec::new();
    }
    let mut patch = Patch::new();
    let mut first = None;
    // The conflict that is open: where it begins, what of it goes, and whether its first side is over.
    let mut open: Option<(usize, Patch, bool)> = None;
    let mut start = 0;
    while start < bytes.len() {
        let end = line_end(bytes, start);
        let line = &bytes[start..end];
        let is = |mark: &[u8]| {
            line.strip_prefix(mark.trim_ascii_end())
                .is_some_and(|rest| rest.first().is_none_or(u8::is_ascii_whitespace))
        };
        let [begins, base, turns, ends] = MARKS.map(is);
        match &mut open {
            None if begins => open = Some((start, blanked(start, end), false)),
            Some((_, gone, over)) => {
                *over |= base || turns;
                if *over || begins || ends {
                    gone.extend(blanked(start, end));
                }
                if ends && let Some((at, gone, true)) = open.take() {
                    first.get_or_insert(at);
                    patch.extend(gone);
                }
            }
            None => {}
        }
        start = end + 1;
    }
    let Some(at) = first else { return Vec::new() };
    let span = span(at, line_end(bytes, at));
    vec![Candidate { slip: Slip { span, kind: SlipKind::MergeConflict, mends: Vec::new(), about: None }, patch }]
}

/// What each part of a conflict begins with: the first side, what both came from, the second side, the end.
const MARKS: [&[u8]; 4] = [b"<<<<<<< ", b"||||||| ", b"======= ", b">>>>>>> "];

fn blanked(start: usize, end: usize) -> Patch {
    (start..end).map(|at| (at, b' ')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        let mut out = text.as_bytes().to_vec();
        for (at, byte) in candidates(text.as_bytes()).into_iter().flat_map(|c| c.patch) {
            out[at] = byte;
        }
        String::from_utf8(out).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_first_side_is_read() {
        assert_eq!(read("a;\n<<<<<<< HEAD\nb;\n=======\nc;\n>>>>>>> topic\nd;\n"), "a; b; d;");
        assert_eq!(read("<<<<<<< HEAD\r\nb;\r\n||||||| base\r\nx;\r\n=======\r\n>>>>>>> t\r\nd;"), "b; d;");
        let two = "<<<<<<< a\nb;\n=======\n>>>>>>> t\n<<<<<<< a\n=======\nc;\n>>>>>>> t\nd;";
        assert_eq!(read(two), "b; d;");
        assert_eq!(candidates(two.as_bytes()).len(), 1);
    }

    #[test]
    fn half_a_conflict_is_none() {
        for text in ["<<<<<<< HEAD\nb;\n=======\nc;\n", "=======\n>>>>>>> t\n", "# <<<<<<< a\n=======\n>>>>>>> b\n"] {
            assert!(candidates(text.as_bytes()).is_empty(), "{text}");
        }
    }
}
