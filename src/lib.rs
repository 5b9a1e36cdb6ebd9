//! wslint finds out why a WebSocket does not open behind nginx.
#![forbid(unsafe_code)]

pub mod catalog;
pub mod cli;
pub mod diagnostic;
pub mod engine;
pub mod fix;
pub mod i18n;
pub mod model;
pub mod report;
pub mod rules;
pub mod source;
pub mod syntax;
