//! The leaves of the grammar, each a nom parser over bytes. The rule that each follows is
//! quoted from `ngx_conf_read_token` (core/ngx_conf_file.c); which leaf is next is decided by
//! the first byte alone, in `parser.rs`.

use nom::branch::alt;
use nom::bytes::complete::{tag, take, take_till1, take_while};
use nom::character::complete::char;
use nom::combinator::{map_opt, opt, recognize, rest};
use nom::multi::many0_count;
use nom::sequence::delimited;
use nom::{Err, IResult, Parser};

use super::ast::LEN_BITS;
#[cfg(feature = "internals")]
use crate::source::Span;

/// What a token is. Tokens tile the file: none overlap, none are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum TokenKind {
    /// SP TAB CR LF, one or more.
    Space,
    /// `#` up to, not including, LF.
    Comment,
    /// A bare or quoted word.
    Word,
    /// `;`
    Semicolon,
    /// `{`
    Open,
    /// `}`
    Close,
    /// What stands between the braces of a `*_by_lua_block`.
    Lua,
}

/// One token; 8 bytes with its kind packed above its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    start: u32,
    len_kind: u32,
}

impl Token {
    pub(super) fn new(start: usize, len: usize, kind: TokenKind) -> Token {
        Token { start: start as u32, len_kind: len as u32 | (kind as u32) << LEN_BITS }
    }
}

/// What tests ask of a token; the parser itself only counts them.
#[cfg(feature = "internals")]
impl Token {
    /// Its bytes; never none.
    pub fn span(self) -> Span {
        Span::new(self.start, self.start + (self.len_kind & ((1 << LEN_BITS) - 1)))
    }

    /// What it is.
    pub fn kind(self) -> TokenKind {
        match self.len_kind >> LEN_BITS {
            0 => TokenKind::Space,
            1 => TokenKind::Comment,
            2 => TokenKind::Word,
            3 => TokenKind::Semicolon,
            4 => TokenKind::Open,
            5 => TokenKind::Close,
            _ => TokenKind::Lua,
        }
    }
}

type Leaf<'a> = IResult<&'a [u8], &'a [u8], ()>;

const SPACE: u8 = 1;
/// Ends a bare word, or needs a look inside one.
const SPECIAL: u8 = 2;

const CLASS: [u8; 256] = {
    let mut table = [0; 256];
    table[b' ' as usize] = SPACE | SPECIAL;
    table[b'\t' as usize] = SPACE | SPECIAL;
    table[b'\r' as usize] = SPACE | SPECIAL;
    table[b'\n' as usize] = SPACE | SPECIAL;
    table[b';' as usize] = SPECIAL;
    table[b'{' as usize] = SPECIAL;
    table[b'\\' as usize] = SPECIAL;
    table[b'$' as usize] = SPECIAL;
    table
};

/// `if (ch == ' ' || ch == '\t' || ch == CR || ch == LF) continue;`
pub(super) fn space(input: &[u8]) -> Leaf<'_> {
    take_while(|b: u8| CLASS[b as usize] & SPACE != 0)(input)
}

/// `case '#': sharp_comment = 1;` until `ch == LF`; CR does not end it.
pub(super) fn comment(input: &[u8]) -> Leaf<'_> {
    alt((till(b'\n'), rest)).parse(input)
}

/// A bare word: ends before SP TAB CR LF `;` `{`; `\` shields the next byte; `{` directly
/// behind `$` belongs to the word (`if (ch == '{' && variable) continue;`), and so do more of them.
pub(super) fn bare(input: &[u8]) -> Leaf<'_> {
    let plain = || take_while(|b: u8| CLASS[b as usize] & SPECIAL == 0);
    let variable = recognize((char('$'), take_while(|b| b == b'{')));
    recognize((plain(), many0_count((alt((variable, escaped)), plain())))).parse(input)
}

/// A quoted word, from its opening quote to the same quote unescaped:
/// `if (d_quoted) { if (ch == '"') …`. Without one it reaches to the end of the file.
pub(super) fn quoted(input: &[u8]) -> Leaf<'_> {
    alt((in_quotes(b'"'), in_quotes(b'\''))).parse(input)
}

fn in_quotes<'a>(quote: u8) -> impl Parser<&'a [u8], Output = &'a [u8], Error = ()> {
    let plain = move || alt((till2(quote, b'\\'), rest));
    recognize((char(quote as char), plain(), many0_count((escaped, plain())), opt(char(quote as char))))
}

/// `\` with the byte that it shields, if there is one.
fn escaped(input: &[u8]) -> Leaf<'_> {
    recognize((char('\\'), opt(take(1usize)))).parse(input)
}

/// Up to a byte; fails where there is none. [`memchr`] is faster than `take_till`.
fn till<'a>(byte: u8) -> impl Fn(&'a [u8]) -> Leaf<'a> {
    move |input| split(input, memchr::memchr(byte, input))
}

/// Up to the first of two bytes.
fn till2<'a>(one: u8, other: u8) -> impl Fn(&'a [u8]) -> Leaf<'a> {
    move |input| split(input, memchr::memchr2(one, other, input))
}

fn split(input: &[u8], at: Option<usize>) -> Leaf<'_> {
    let (token, behind) = input.split_at_checked(at.ok_or(Err::Error(()))?).ok_or(Err::Error(()))?;
    Ok((behind, token))
}

/// The body of a `*_by_lua_block`, from behind its `{` up to the `}` that closes it: braces in
/// Lua strings, long brackets and comments do not count (OpenResty's `ngx_http_lua_conf_lua_block_parse`).
pub(super) fn lua(input: &[u8]) -> Leaf<'_> {
    let code = take_till1(|b| matches!(b, b'{' | b'}' | b'"' | b'\'' | b'[' | b'-'));
    let remark = recognize((tag(&b"--"[..]), alt((long_bracket, comment))));
    let mut depth = 0usize;
    // Counted, not nested: no input may make the parser call itself without end.
    let other = map_opt(take(1usize), |one: &[u8]| {
        depth = match one {
            b"{" => depth + 1,
            b"}" => depth.checked_sub(1)?,
            _ => depth,
        };
        Some(())
    });
    recognize(many0_count(alt((code, quoted, long_bracket, remark, recognize(other))))).parse(input)
}

/// `[[…]]` or `[=[…]=]`; without its end it reaches to the end of the file.
fn long_bracket(input: &[u8]) -> Leaf<'_> {
    let (body, level) = delimited(char('['), take_while(|b| b == b'='), char('[')).parse(input)?;
    let close = [&b"]"[..], level, b"]"].concat();
    let whole =
        memchr::memmem::find(body, &close).map_or(input.len(), |at| input.len() - body.len() + at + close.len());
    split(input, Some(whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken<'a>(leaf: fn(&'a [u8]) -> Leaf<'a>, input: &'a str) -> &'a str {
        std::str::from_utf8(leaf(input.as_bytes()).unwrap().1).unwrap()
    }

    #[test]
    fn bare_words_end_where_nginx_ends_them() {
        for (input, want) in [
            ("a#b c", "a#b"),
            ("a}b;", "a}b"),
            ("a\"b c\"", "a\"b"),
            ("key=\"v;v\"", "key=\"v"),
            ("a${v}b;", "a${v}b"),
            ("${v} x", "${v}"),
            ("$a{v}", "$a"),
            ("a\\ b c", "a\\ b"),
            ("a\\;b;", "a\\;b"),
            ("^/\\d{2}$", "^/\\d"),
            ("$\\{x", "$\\{x"),
        ] {
            assert_eq!(taken(bare, input), want, "{input}");
        }
    }

    #[test]
    fn quotes_end_at_the_same_quote() {
        for (input, want) in [
            (r#""a'b"c"#, r#""a'b""#),
            (r#""a\"b" "#, r#""a\"b""#),
            (r#"'a\\'b'"#, r#"'a\\'"#),
            ("\"open", "\"open"),
            ("\"a\\", "\"a\\"),
        ] {
            assert_eq!(taken(quoted, input), want, "{input}");
        }
    }

    #[test]
    fn lua_ends_at_its_own_brace() {
        for (input, want) in [
            ("a{b}c}d", "a{b}c"),
            ("'}' \"}\" } x", "'}' \"}\" "),
            ("--}\n}", "--}\n"),
            ("--[[}\n}]] }", "--[[}\n}]] "),
            ("[=[ }]] ]=] }", "[=[ }]] ]=] "),
            ("t[1] }", "t[1] "),
            ("'\\'}' }", "'\\'}' "),
        ] {
            assert_eq!(taken(lua, input), want, "{input}");
        }
    }
}
