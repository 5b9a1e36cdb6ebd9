//! From a handshake that fails to what a person would have to mend.

pub mod diagnose;
pub mod misspelt;
