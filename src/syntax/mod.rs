//! One file at a time: bytes to a tree. Never fails, and knows no directive by name but
//! OpenResty's `*_by_lua_block`. The grammar is nginx's own, `ngx_conf_read_token` and
//! `ngx_conf_parse` in core/ngx_conf_file.c.

pub mod address;
mod ast;
pub mod carrier;
mod files;
mod lexer;
mod parser;
pub mod pragma;
mod slips;
pub mod template;
pub mod word;

#[cfg(feature = "internals")]
pub use ast::Comment;
pub use ast::{Ast, DirectiveId, DirectiveRef, Ending, SyntaxError, SyntaxErrorKind, Template, Word, WordKind, Words};
pub use files::{Files, Kept};
#[cfg(feature = "internals")]
pub use lexer::{Token, TokenKind};
pub use parser::parse;
#[cfg(feature = "internals")]
pub use parser::tokens;
#[cfg(feature = "internals")]
pub use slips::Mend;
pub use slips::{Slip, SlipKind};
pub use template::parse_template;
