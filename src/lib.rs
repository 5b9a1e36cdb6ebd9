//! wslint finds out why a WebSocket does not open behind nginx.
#![forbid(unsafe_code)]

pub mod catalog;
pub mod model;
pub mod source;
pub mod syntax;
