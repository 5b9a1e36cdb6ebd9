//! Laws that hold for any input.

use crate::laws;
use proptest::prelude::*;
use wslint::diagnostic::Edit;
use wslint::fix::{ByteEdit, Patched, unified};
use wslint::source::{FileId, Place, SourceMap, Span};
use wslint::syntax::{parse, tokens};

/// Text that looks like a configuration more often than not.
fn configuration() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        Just("server"),
        Just("location"),
        Just("/ws"),
        Just("{"),
        Just("}"),
        Just(";"),
        Just("\""),
        Just("'"),
        Just("#"),
        Just("\n"),
        Just("\r\n"),
        Just(" "),
        Just("\t"),
        Just("\\"),
        Just("${"),
        Just("$http_upgrade"),
        Just("x_by_lua_block"),
        Just("[["),
        Just("--"),
        Just("域"),
        Just("\u{feff}"),
    ];
    let bytes =
        prop_oneof![9 => word.prop_map(|w| w.as_bytes().to_vec()), 1 => proptest::collection::vec(any::<u8>(), 0..3)];
    proptest::collection::vec(bytes, 0..60).prop_map(|parts| parts.concat())
}

/// Sorted edits of a text that do not overlap.
fn edits(len: usize) -> impl Strategy<Value = Vec<ByteEdit>> {
    proptest::collection::vec((0..=len, 0..4usize, "[a-z\n]{0,4}"), 0..6).prop_map(move |raw| {
        let mut out: Vec<ByteEdit> = Vec::new();
        let mut raw = raw;
        raw.sort();
        for (start, width, text) in raw {
            let start = start.max(out.last().map_or(0, |e| e.end));
            let end = (start + width).min(len);
            if out.last().is_none_or(|e| e.end < start || (e.start < e.end && e.end <= start)) {
                out.push(ByteEdit { start, end, text: text.into_bytes() });
            }
        }
        out
    })
}

fn naive(text: &[u8], edits: &[ByteEdit]) -> Vec<u8> {
    let mut out = text.to_vec();
    for edit in edits.iter().rev() {
        out.splice(edit.start..edit.end, edit.text.iter().copied());
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Law 1: a tree and a list of errors for any bytes, and tokens that are the file.
    #[test]
    fn tokens_tile_the_file(text in configuration()) {
        let mut at = 0;
        let mut all = Vec::new();
        tokens(&text, |token| all.push(token));
        for token in all {
            prop_assert_eq!(token.span().start as usize, at);
            prop_assert!(!token.span().is_empty());
            at = token.span().end as usize;
        }
        prop_assert_eq!(at, text.len());
    }

    /// Every span of the tree lies in the file, and words lie in their directive.
    #[test]
    fn spans_lie_in_the_file(text in configuration()) {
        let tree = parse(&text);
        for directive in tree.all() {
            let span = directive.span();
            prop_assert!(span.start <= span.end && span.end as usize <= text.len());
            for word in directive.words().iter() {
                prop_assert!(word.span().end as usize <= text.len());
                prop_assert!(word.inner(&text).start <= word.inner(&text).end);
            }
        }
        for error in &tree.errors {
            prop_assert!(error.span.end as usize <= text.len());
        }
    }

    /// Law 4: edits change their own bytes and no others, also round after round.
    #[test]
    fn rounds_of_edits_are_edits((text, first) in configuration().prop_flat_map(|t| { let n = t.len(); (Just(t), edits(n)) }), more in 0..3usize) {
        let mut patched = Patched::new(text.clone());
        patched.apply(&first);
        let mut want = naive(&text, &first);
        prop_assert_eq!(&patched.text(), &want);
        for i in 0..more {
            let at = want.len() * i / 3;
            let next = [ByteEdit { start: at, end: at, text: b"<>".to_vec() }];
            patched.apply(&next);
            want = naive(&want, &next);
            prop_assert_eq!(&patched.text(), &want);
        }
    }

    /// A diff makes the new text of the old one.
    #[test]
    fn a_diff_applies((text, change) in configuration().prop_flat_map(|t| { let n = t.len(); (Just(t), edits(n)) })) {
        let mut patched = Patched::new(text.clone());
        patched.apply(&change);
        let diff = unified(std::path::Path::new("x.conf"), &patched);
        prop_assert_eq!(diff.is_empty(), patched.text() == text);
        prop_assert_eq!(laws::patched_by(&text, &diff), patched.text());
    }

    /// Whatever stands around it, an inserted line leaves every old byte where it was.
    #[test]
    fn insertions_only_insert(text in configuration()) {
        let mut sources = SourceMap::default();
        let file: FileId = sources.add("x".into(), text.clone());
        for directive in parse(&text).all() {
            let span: Span = directive.span();
            let edit = wslint::fix::lower(&sources, &Edit::InsertAfter(Place { file, span }, vec!["a b;".into()]));
            prop_assert_eq!(edit.start, edit.end);
            prop_assert!(edit.start >= span.end as usize && edit.start <= text.len());
        }
    }
}
