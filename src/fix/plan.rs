//! Which fixes can be made together: a fix conflicts as a whole or not at all.

use std::collections::BTreeMap;

use super::lower::{ByteEdit, lower};
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, SourceMap};
use crate::syntax::Ast;

/// Edits that can be made together.
#[derive(Debug, Default)]
pub struct Plan {
    /// By file, sorted, without overlap.
    pub edits: BTreeMap<FileId, Vec<ByteEdit>>,
    /// Which of the findings they are for, by their places in the list.
    pub made: Vec<usize>,
}

/// Takes the fixes in the order of their findings. Touching edits do not conflict; equal insertions
/// are one; different insertions at one offset stay in order; what overlaps waits for the next round.
pub fn plan(sources: &SourceMap, asts: &[Ast], diagnostics: &[&Diagnostic]) -> Plan {
    let mut out = Plan::default();
    for (number, fix) in diagnostics.iter().enumerate().filter_map(|(i, d)| Some((i, d.fix.as_ref()?))) {
        let edits: Vec<(FileId, ByteEdit)> = fix.edits.iter().map(|e| (e.file(), lower(sources, e))).collect();
        // Nothing is fixed in a file with a syntax error.
        let readable = edits.iter().all(|(f, _)| asts[f.0 as usize].errors.is_empty());
        // Blocks of one file are edited as that file.
        let edits: Vec<(FileId, ByteEdit)> = edits.into_iter().map(|(f, e)| (sources.carrier(f), e)).collect();
        let fits = edits.iter().all(|(f, e)| out.edits.get(f).is_none_or(|there| !conflicts(there, e)));
        if !readable || !fits {
            continue;
        }
        for (file, edit) in edits {
            let there = out.edits.entry(file).or_default();
            let from = there.partition_point(|t| t.start < edit.start);
            let known = there[from..].iter().take_while(|t| t.start == edit.start).any(|t| *t == edit);
            if !known {
                let at = there.partition_point(|t| (t.start, t.end) <= (edit.start, edit.end));
                there.insert(at, edit);
            }
        }
        out.made.push(number);
    }
    out
}

/// Whether an edit overlaps one of the sorted ones, other than an equal one.
fn conflicts(there: &[ByteEdit], edit: &ByteEdit) -> bool {
    let at = there.partition_point(|t| t.end < edit.start);
    there[at..].iter().take_while(|t| t.start <= edit.end).any(|t| {
        let overlap = t.start.max(edit.start) < t.end.min(edit.end);
        let inside = edit.start == edit.end && t.start < edit.start && edit.start < t.end;
        let around = t.start == t.end && edit.start < t.start && t.start < edit.end;
        t != edit && (overlap || inside || around)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(start: usize, end: usize, text: &str) -> ByteEdit {
        ByteEdit { start, end, text: text.as_bytes().to_vec() }
    }

    #[test]
    fn the_laws_of_conflicts() {
        let there = [edit(2, 4, "x"), edit(6, 6, "y")];
        for (other, want) in [
            (edit(0, 2, "a"), false),
            (edit(4, 6, "a"), false),
            (edit(2, 4, "x"), false),
            (edit(2, 4, "z"), true),
            (edit(3, 3, "a"), true),
            (edit(2, 2, "a"), false),
            (edit(4, 4, "a"), false),
            (edit(6, 6, "z"), false),
            (edit(5, 7, "z"), true),
            (edit(1, 3, "z"), true),
        ] {
            assert_eq!(conflicts(&there, &other), want, "{other:?}");
        }
    }
}
