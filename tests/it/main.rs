//! Tests of the library and of the command that need nothing around them but files: one binary, linked
//! once, run on all cores. `cargo test --test it trees::` runs one part.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/disk.rs"]
mod disk;
#[path = "../laws/mod.rs"]
mod laws;

#[path = "../live/case.rs"]
mod case;
#[path = "../live/generate.rs"]
mod generate;
#[path = "../live/jumps.rs"]
mod jumps;

mod agreement;
mod carriers;
mod chinese;
mod cli;
mod codegen;
mod corners;
mod disks;
mod docs;
mod embedded;
mod engine;
mod evidence;
mod fixes;
mod fuzz;
mod glob;
mod hops;
mod judge;
mod limits;
mod map;
mod model;
mod properties;
mod readme;
mod safety;
mod schema;
mod screens;
mod server;
mod streams;
mod survey;
mod templates;
mod tidy;
mod trees;
mod whole;
