//! Tests beside what wslint meets in real life: nginx and backends, the readers of its reports,
//! pre-commit, a person who follows the ticket. `cargo test --test outside formats::` runs one part.

#[path = "../common/mod.rs"]
mod common;
#[path = "../real_nginx/mod.rs"]
mod real_nginx;
#[path = "../live/support/mod.rs"]
mod support;

mod carriers;
mod formats;
mod hooks;
#[cfg(unix)]
mod hostile;
mod lines;
mod live_harness;
#[cfg(feature = "probe")]
mod probe;
mod ticket;
