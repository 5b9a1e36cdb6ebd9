//! wslint finds out why a WebSocket does not open behind nginx.
#![forbid(unsafe_code)]

pub mod source;
pub mod syntax;
