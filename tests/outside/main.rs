//! Tests beside what wslint meets in real life: nginx and backends, the readers of its reports,
//! pre-commit, a person who follows the ticket. `cargo test --test outside formats::` runs one part.

#[path = "../live/support/mod.rs"]
mod support;

mod formats;
mod hooks;
mod live_harness;
#[cfg(feature = "probe")]
mod probe;
mod ticket;
