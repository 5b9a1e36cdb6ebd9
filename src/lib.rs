//! wslint finds out why a WebSocket does not open behind nginx.
//!
//! The map of the house, each room knowing only what stands before it:
//!
//! | room | what it does |
//! | --- | --- |
//! | `i18n` | messages in English and Chinese |
//! | `source` | bytes and files |
//! | `catalog` | facts about nginx, as data |
//! | `symptoms` | what people see, and what stands behind it |
//! | `syntax` | one file to a tree, for any bytes |
//! | `model` | what nginx makes of the files: includes, inheritance, variables, routing, verdicts |
//! | `diagnostic` | findings as plain data |
//! | `rules` | one file, one rule |
//! | `engine` | from files to findings |
//! | `fix` | from findings to bytes, checked again |
//! | `settings` | `wslint.toml` and the baseline |
//! | `project` | from paths to what is checked, mended and traced; the front door |
//! | `report` | one file, one format |
//! | `probe` | one real handshake, and what its answer says |
//! | `server` | the same in an editor |
//! | `cli` | one file, one command |
//!
//! `docs/architecture.md` has the whole story.
//!
//! The crate shows its front door, and the command. Everything else is private, so that the compiler sees
//! what nobody uses; the project's own tests and benches look in through the feature `internals`.
#![forbid(unsafe_code)]

#[cfg(not(feature = "internals"))]
mod catalog;
#[cfg(feature = "internals")]
pub mod catalog;
#[cfg(not(feature = "internals"))]
mod cli;
#[cfg(feature = "internals")]
pub mod cli;
#[cfg(not(feature = "internals"))]
mod diagnostic;
#[cfg(feature = "internals")]
pub mod diagnostic;
#[cfg(not(feature = "internals"))]
mod engine;
#[cfg(feature = "internals")]
pub mod engine;
#[cfg(not(feature = "internals"))]
mod fix;
#[cfg(feature = "internals")]
pub mod fix;
#[cfg(not(feature = "internals"))]
mod i18n;
#[cfg(feature = "internals")]
pub mod i18n;
#[cfg(not(feature = "internals"))]
mod model;
#[cfg(feature = "internals")]
pub mod model;
#[cfg(not(feature = "internals"))]
#[cfg(feature = "probe")]
mod probe;
#[cfg(all(feature = "internals", feature = "probe"))]
pub mod probe;
#[cfg(not(feature = "internals"))]
mod project;
#[cfg(feature = "internals")]
pub mod project;
#[cfg(not(feature = "internals"))]
mod report;
#[cfg(feature = "internals")]
pub mod report;
#[cfg(not(feature = "internals"))]
mod rules;
#[cfg(feature = "internals")]
pub mod rules;
#[cfg(not(feature = "internals"))]
#[cfg(feature = "server")]
mod server;
#[cfg(all(feature = "internals", feature = "server"))]
pub mod server;
#[cfg(not(feature = "internals"))]
mod settings;
#[cfg(feature = "internals")]
pub mod settings;
#[cfg(not(feature = "internals"))]
mod source;
#[cfg(feature = "internals")]
pub mod source;
#[cfg(not(feature = "internals"))]
mod symptoms;
#[cfg(feature = "internals")]
pub mod symptoms;
#[cfg(not(feature = "internals"))]
mod syntax;
#[cfg(feature = "internals")]
pub mod syntax;

pub use cli::run;
pub use project::{Asked, Input, Problem, Session, SettingsFrom, Standing, Story, Subject};
