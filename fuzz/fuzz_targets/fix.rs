#![no_main]

#[path = "../../tests/common/mod.rs"]
mod common;
#[path = "../../tests/laws/mod.rs"]
mod laws;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| laws::diffs_apply(&laws::tree_of(bytes)));
