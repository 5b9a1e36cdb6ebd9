//! wslint finds out why a WebSocket does not open behind nginx.
//!
//! The map of the house, each room knowing only what stands before it:
//!
//! | room | what it does |
//! | --- | --- |
//! | [`i18n`] | messages in English and Chinese |
//! | [`source`] | bytes and files |
//! | [`catalog`] | facts about nginx, as data |
//! | [`syntax`] | one file to a tree, for any bytes |
//! | [`model`] | what nginx makes of the files: includes, inheritance, variables, routing, verdicts |
//! | [`diagnostic`] | findings as plain data |
//! | [`rules`] | one file, one rule |
//! | [`engine`] | from files to findings |
//! | [`fix`] | from findings to bytes, checked again |
//! | [`report`] | one file, one format |
//! | `probe` | one real handshake, and what its answer says |
//! | [`settings`] | `wslint.toml` and the baseline |
//! | [`cli`] | one file, one command |
//!
//! `docs/architecture.md` has the whole story.
#![forbid(unsafe_code)]

pub mod catalog;
pub mod cli;
pub mod diagnostic;
pub mod engine;
pub mod fix;
pub mod i18n;
pub mod model;
#[cfg(feature = "probe")]
pub mod probe;
pub mod project;
pub mod report;
pub mod rules;
pub mod settings;
pub mod source;
pub mod symptoms;
pub mod syntax;
