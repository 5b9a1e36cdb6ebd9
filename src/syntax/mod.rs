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

/// The tree of a file that may be a template: read through a mask where it is one.
pub fn parse_template(bytes: &[u8]) -> Ast {
    let raw = parse(bytes);
    if !raw.suspicious || !template::may_be(bytes) {
        return slips::put_right(bytes, &raw).unwrap_or(raw);
    }
    // `{{` in Lua or in a regular expression is no tag: without an error there is nothing to explain.
    // No configuration holds these two by itself.
    let certain = [&b"<%"[..], b"{%"].iter().any(|t| memchr::memmem::find(bytes, t).is_some());
    let tagged =
        (!raw.errors.is_empty() || certain).then(|| template::mask(bytes, true)).flatten().filter(|m| m.has_tags);
    if let Some(masked) = tagged {
        let mut ast = parse(&masked.text);
        if ast.errors.len() < raw.errors.len() || (certain && ast.errors.is_empty()) {
            let unread = !ast.errors.is_empty();
            ast.errors.clear();
            ast.template = match (unread, masked.has_control) {
                (true, _) => Template::Unread,
                (false, true) => Template::Control,
                (false, false) => Template::Words,
            };
            ast.masked = Some(masked.text);
            return ast;
        }
    }
    match template::mask(bytes, false) {
        None => slips::put_right(bytes, &raw).unwrap_or(raw),
        Some(masked) => {
            let template = if masked.has_control { Template::Control } else { Template::Words };
            Ast { template, ..parse(&masked.text) }.with_mask(masked.text)
        }
    }
}
