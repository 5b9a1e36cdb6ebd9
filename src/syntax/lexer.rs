//! The leaves of the grammar, each a nom parser over bytes. The rule that each follows is
//! quoted from `ngx_conf_read_token` (core/ngx_conf_file.c); which leaf is next is decided by
//! the first byte alone, in `parser.rs`.

use nom::IResult;
use nom::bytes::complete::take_while;

use super::ast::LEN_BITS;
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

/// Splits off the first `len` bytes.
fn split(input: &[u8], len: usize) -> Leaf<'_> {
    let (token, rest) = input.split_at(len);
    Ok((rest, token))
}

const SPACE: u8 = 1;
/// Ends a bare word.
const END: u8 = 2;
/// Needs a look inside a word: `\`, `$`, `{`.
const LOOK: u8 = 4;

const CLASS: [u8; 256] = {
    let mut table = [0; 256];
    table[b' ' as usize] = SPACE | END;
    table[b'\t' as usize] = SPACE | END;
    table[b'\r' as usize] = SPACE | END;
    table[b'\n' as usize] = SPACE | END;
    table[b';' as usize] = END;
    table[b'{' as usize] = LOOK;
    table[b'\\' as usize] = LOOK;
    table[b'$' as usize] = LOOK;
    table
};

/// `if (ch == ' ' || ch == '\t' || ch == CR || ch == LF) continue;`
pub(super) fn space(input: &[u8]) -> Leaf<'_> {
    take_while(|b: u8| CLASS[b as usize] & SPACE != 0)(input)
}

/// `case '#': sharp_comment = 1;` until `ch == LF`; CR does not end it.
pub(super) fn comment(input: &[u8]) -> Leaf<'_> {
    split(input, memchr::memchr(b'\n', input).unwrap_or(input.len()))
}

/// A bare word: ends before SP TAB CR LF `;` `{`; `\` shields the next byte; `{` directly
/// behind `$` belongs to the word (`if (ch == '{' && variable) continue;`).
pub(super) fn bare(input: &[u8]) -> Leaf<'_> {
    let mut i = 0;
    // `variable` is set by `$` and cleared by whatever follows it.
    let mut variable = false;
    while i < input.len() {
        let b = input[i];
        match CLASS[b as usize] {
            0 => variable = false,
            LOOK => match b {
                b'{' if variable && i > 0 => {}
                b'{' => break,
                b'$' => variable = true,
                // The escaped byte is consumed without touching `variable`, as in nginx.
                _ => {
                    if i > 0 {
                        variable = false;
                    }
                    i += 1;
                }
            },
            _ => break,
        }
        i += 1;
    }
    split(input, i.min(input.len()))
}

/// A quoted word, from its opening quote to the same quote unescaped:
/// `if (d_quoted) { if (ch == '"') …`. Without one it reaches to the end of the file.
pub(super) fn quoted(input: &[u8]) -> Leaf<'_> {
    let quote = input[0];
    let mut i = 1;
    loop {
        match memchr::memchr2(quote, b'\\', &input[i.min(input.len())..]) {
            None => return split(input, input.len()),
            Some(at) if input[i + at] == quote => return split(input, i + at + 1),
            Some(at) => i += at + 2,
        }
    }
}

/// The body of a `*_by_lua_block`, from behind its `{` up to the `}` that closes it: braces in
/// Lua strings, long brackets and comments do not count (OpenResty's `ngx_http_lua_conf_lua_block_parse`).
pub(super) fn lua(input: &[u8]) -> Leaf<'_> {
    let mut depth = 1usize;
    let mut i = 0;
    while i < input.len() {
        match input[i] {
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return split(input, i);
                }
            }
            q @ (b'"' | b'\'') => i += lua_string(&input[i + 1..], q),
            b'[' => {
                if let Some(width) = long_bracket(&input[i..]) {
                    i += width - 1;
                }
            }
            b'-' if input.get(i + 1) == Some(&b'-') => {
                i += match long_bracket(&input[i + 2..]) {
                    Some(width) => width + 1,
                    None => memchr::memchr(b'\n', &input[i..]).unwrap_or(input.len() - i),
                };
            }
            _ => {}
        }
        i += 1;
    }
    split(input, input.len())
}

/// Bytes of a Lua string behind its opening quote, the closing one included.
fn lua_string(input: &[u8], quote: u8) -> usize {
    let mut i = 0;
    while i < input.len() {
        match input[i] {
            b'\\' => i += 1,
            b if b == quote => return i + 1,
            _ => {}
        }
        i += 1;
    }
    input.len()
}

/// Width of `[[…]]` or `[=[…]=]` at the start of the input, if one begins there.
fn long_bracket(input: &[u8]) -> Option<usize> {
    if input.first() != Some(&b'[') {
        return None;
    }
    let level = input[1..].iter().take_while(|&&b| b == b'=').count();
    if input.get(1 + level) != Some(&b'[') {
        return None;
    }
    let mut close = vec![b'='; level + 2];
    close[0] = b']';
    close[level + 1] = b']';
    let body = &input[level + 2..];
    Some(memchr::memmem::find(body, &close).map_or(input.len(), |at| level + 2 + at + close.len()))
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
