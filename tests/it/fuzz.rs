//! The laws of `tests/laws`, for a moment on random bytes, and on everything that ever broke one of
//! them. The long runs are cargo-fuzz's: `fuzz/README.md`.

use crate::{common, laws};
use std::path::Path;

use bolero::check;

#[test]
fn tokens_tile_the_file() {
    check!().for_each(laws::tokens_tile);
}

#[test]
fn there_is_a_tree_for_any_bytes() {
    check!().for_each(laws::a_tree_for_any_bytes);
}

#[test]
fn checking_never_panics() {
    check!().for_each(|bytes: &[u8]| laws::checking_never_panics(&laws::tree_of(bytes)));
}

#[test]
fn reports_are_well_formed() {
    check!().for_each(|bytes: &[u8]| laws::reports_are_well_formed(&laws::tree_of(bytes)));
}

#[test]
fn diffs_apply() {
    check!().for_each(|bytes: &[u8]| laws::diffs_apply(&laws::tree_of(bytes)));
}

/// What cargo-fuzz found once stays found.
#[test]
fn what_broke_once_holds() {
    let mut seen = 0;
    for (name, bytes) in common::read_tree(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/crashes")), &[]) {
        if name.ends_with(".md") {
            continue;
        }
        seen += 1;
        laws::tokens_tile(&bytes);
        laws::a_tree_for_any_bytes(&bytes);
        let tree = laws::tree_of(&bytes);
        laws::checking_never_panics(&tree);
        laws::reports_are_well_formed(&tree);
        laws::diffs_apply(&tree);
    }
    assert!(seen > 0, "fuzz/crashes is empty");
}
