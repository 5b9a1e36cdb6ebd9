//! One file at a time: bytes to a tree. Never fails, and knows no directive by name but
//! OpenResty's `*_by_lua_block`. The grammar is nginx's own, `ngx_conf_read_token` and
//! `ngx_conf_parse` in core/ngx_conf_file.c.

pub mod address;
mod ast;
mod files;
mod lexer;
mod parser;
pub mod pragma;
mod slips;
pub mod template;
pub mod word;

pub use ast::{
    Ast, Comment, DirectiveId, DirectiveRef, Ending, SyntaxError, SyntaxErrorKind, Template, Word, WordKind, Words,
};
pub use files::Files;
pub use lexer::{Token, TokenKind};
pub use parser::{parse, tokens};
pub use slips::{Mend, Slip, SlipKind};
pub use template::parse_template;
