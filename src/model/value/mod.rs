//! What a word is worth for one request: variables, maps, regular expressions, conditions.

pub mod eval;
pub mod pattern;
mod pcre;
mod punycode;
pub mod request;
pub mod rewrite;
pub mod variable;
