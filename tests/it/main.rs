//! Tests of the library and of the command that need nothing around them but files: one binary, linked
//! once, run on all cores. `cargo test --test it trees::` runs one part.
#![allow(clippy::unwrap_used, reason = "a test that panics has said what it has to say")]

#[path = "../common/mod.rs"]
mod common;
mod engine;
