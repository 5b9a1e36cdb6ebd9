//! Tokens to a flat arena, with an explicit stack, going on after errors.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::ops::Range;

use super::ast::{Ast, Block, Ending, NONE, Node, SyntaxError, SyntaxErrorKind as Kind, Word, WordKind};
use super::lexer::{self, Token, TokenKind};
use crate::source::Span;

/// nginx reads a configuration through a buffer of this size (`NGX_CONF_BUFFER`), and a word,
/// quote or comment that does not fit is refused.
const BUFFER: usize = 4096;

/// The tree of a file, for any bytes.
pub fn parse(bytes: &[u8]) -> Ast {
    read(bytes, Some(Bodies::default()), |_| {}).finish()
}

/// Hands the tokens of a file to `sink`, in order; together they are the file.
#[cfg(feature = "internals")]
pub fn tokens(bytes: &[u8], sink: impl FnMut(Token)) {
    read(bytes, None, sink);
}

/// Reads a file and hands each token to `sink` on the way; those of bodies that are shared are passed over.
fn read<'a>(bytes: &'a [u8], bodies: Option<Bodies<'a>>, mut sink: impl FnMut(Token)) -> Parser<'a> {
    let mut parser = Parser::new(bytes, bodies);
    let mut pos = 0;
    while let Some(&first) = bytes.get(pos) {
        let rest = &bytes[pos..];
        let (kind, leaf) = match first {
            b' ' | b'\t' | b'\r' | b'\n' => (TokenKind::Space, lexer::space(rest)),
            b'#' => (TokenKind::Comment, lexer::comment(rest)),
            b';' => (TokenKind::Semicolon, Ok((rest, &rest[..1]))),
            b'{' => (TokenKind::Open, Ok((rest, &rest[..1]))),
            b'}' => (TokenKind::Close, Ok((rest, &rest[..1]))),
            b'"' | b'\'' => (TokenKind::Word, lexer::quoted(rest)),
            _ => (TokenKind::Word, lexer::bare(rest)),
        };
        // No leaf fails or is empty; should one ever, the rest of the file is one word.
        let len = leaf.map_or(rest.len(), |(_, token)| token.len()).max(1);
        sink(Token::new(pos, len, kind));
        let start = pos;
        pos += len;
        match kind {
            TokenKind::Space | TokenKind::Lua => {}
            TokenKind::Comment => parser.comment(start, pos),
            TokenKind::Word => parser.word(start, pos, first),
            TokenKind::Semicolon => parser.semicolon(start),
            TokenKind::Close => parser.close(start),
            TokenKind::Open => {
                let lua = parser.open(start);
                if let Some(end) = parser.repeat() {
                    pos = end;
                } else if lua {
                    let body = lexer::lua(&bytes[pos..]).map_or(bytes.len() - pos, |(_, token)| token.len());
                    if body > 0 {
                        sink(Token::new(pos, body, TokenKind::Lua));
                    }
                    pos += body;
                    if pos < bytes.len() {
                        sink(Token::new(pos, 1, TokenKind::Close));
                        pos += 1;
                    }
                    parser.close_lua(pos);
                }
            }
        }
    }
    parser
}

struct Open {
    node: u32,
    last_child: u32,
    perhaps: Option<Perhaps>,
    /// What was there when it was opened.
    errors: usize,
    comments: usize,
}

/// Bodies of blocks that may stand in the file again: a thousand virtual hosts have the same few
/// `location` blocks, and comparing bytes is far cheaper than reading them again. What follows `{` is
/// read without any memory of what was before, so the same bytes have the same tree.
#[derive(Default)]
struct Bodies<'a> {
    hasher: foldhash::fast::RandomState,
    /// By their numbers.
    all: Vec<Body<'a>>,
    /// By their hashes the last one of each.
    known: HashMap<u64, u32, foldhash::fast::RandomState>,
    /// The one that was met last: the next one is the same more often than not.
    last: Option<u32>,
    /// How many came back.
    repeated: usize,
}

/// What is known of a block when it opens.
enum Perhaps {
    /// Its body stood in the file before; the offset behind its `}`.
    Known { body: u32, end: usize },
    /// The bytes up to the first `}`, without a `{`, which are its body if nothing in them is a quote or
    /// a comment that holds the `}`.
    New { hash: u64, range: Range<usize> },
}

impl Perhaps {
    fn end(&self) -> usize {
        match self {
            Perhaps::Known { end, .. } => *end,
            Perhaps::New { range, .. } => range.end,
        }
    }
}

impl Bodies<'_> {
    fn perhaps(&self, bytes: &[u8], start: usize) -> Option<Perhaps> {
        let rest = &bytes[start..];
        let known = |body: u32| {
            let text = self.all[body as usize].text;
            rest.starts_with(text).then(|| Perhaps::Known { body, end: start + text.len() })
        };
        if let Some(found) = self.last.and_then(known) {
            return Some(found);
        }
        let len = memchr::memchr2(b'{', b'}', &rest[..rest.len().min(LONGEST_BODY)])? + 1;
        if rest[len - 1] == b'{' {
            return None;
        }
        let hash = self.hasher.hash_one(&rest[..len]);
        let next = |body: &u32| self.all[*body as usize].same_hash;
        let found = std::iter::successors(self.known.get(&hash).copied(), next).find_map(known);
        Some(found.unwrap_or(Perhaps::New { hash, range: start..start + len }))
    }

    /// Where hardly any body comes back, remembering them costs more than it gives.
    fn are_worth_it(&self) -> bool {
        self.all.len() < 1000 + 4 * self.repeated
    }
}

struct Body<'a> {
    /// With its `}`.
    text: &'a [u8],
    /// The block that it was first read for.
    node: u32,
    comments: Range<u32>,
    directives: u32,
    /// Another one with the same hash.
    same_hash: Option<u32>,
}

/// How many pairs of bytes `is_suspicious` looks at at once.
const GROUP: usize = 16;

/// The longest body that is compared; longer ones are no boilerplate, and below nginx's buffer no limit
/// of it can matter.
const LONGEST_BODY: usize = 2048;

struct Parser<'a> {
    bytes: &'a [u8],
    ast: Ast,
    /// Blocks that are open, from the outside in.
    stack: Vec<Open>,
    /// The last directive outside any block.
    last_top: u32,
    /// First word of the directive that is being read.
    first_word: usize,
    bodies: Option<Bodies<'a>>,
    /// Up to here it is known whether the file may be a template.
    looked: usize,
    /// No backslash stands before it and behind the words that were read.
    backslash: usize,
}

impl<'a> Parser<'a> {
    fn new(bytes: &'a [u8], bodies: Option<Bodies<'a>>) -> Parser<'a> {
        let mut ast = Ast::default();
        // Configurations run to about one word for 15 bytes and one directive for 40.
        ast.words.reserve(bytes.len() / 16);
        ast.nodes.reserve(bytes.len() / 48);
        Parser { bytes, ast, stack: Vec::new(), last_top: NONE, first_word: 0, bodies, looked: 0, backslash: 0 }
    }

    fn in_directive(&self) -> bool {
        self.ast.words.len() > self.first_word
    }

    fn error(&mut self, kind: Kind, span: Span, opened: Option<Span>) {
        self.ast.errors.push(SyntaxError { kind, span, opened });
    }

    fn comment(&mut self, start: usize, end: usize) {
        let span = Span::new(start as u32, end as u32);
        self.ast.comments.push(span);
        // The byte at offset 4,096 from `#` would have to be read with the buffer full.
        if end - start >= BUFFER && start + BUFFER < self.bytes.len() {
            self.error(Kind::TooLong, span, None);
        }
    }

    fn word(&mut self, start: usize, end: usize, first: u8) {
        let kind = match first {
            b'"' => WordKind::Double,
            b'\'' => WordKind::Single,
            _ => WordKind::Bare,
        };
        let escaped = self.has_backslash(start, end);
        self.ast.words.push(Word::new(start, end, kind, escaped));
        if kind == WordKind::Bare {
            if end - start >= BUFFER - 1 {
                self.check_length(start, start, end);
            }
            return;
        }
        let span = Span::new(start as u32, end as u32);
        let closed = closed_quote(&self.bytes[start..end]);
        if end - start >= BUFFER - 2 {
            self.check_length(start, start + 1, end);
        }
        match self.bytes.get(end) {
            _ if !closed => {
                self.error(Kind::UnclosedQuote, Span::at(end as u32), Some(Span::new(span.start, span.start + 1)))
            }
            None | Some(b' ' | b'\t' | b'\r' | b'\n' | b';' | b'{' | b')') => {}
            Some(&other) => self.error(Kind::AfterQuote(other), Span::new(end as u32, end as u32 + 1), Some(span)),
        }
    }

    /// Whether the next word holds a backslash. They are rare: the search goes ahead to the next one, and
    /// no word before that needs a look.
    fn has_backslash(&mut self, start: usize, end: usize) -> bool {
        if self.backslash <= start {
            let found = memchr::memchr(b'\\', &self.bytes[start..]);
            self.backslash = found.map_or(self.bytes.len(), |at| start + at);
        }
        self.backslash < end
    }

    /// nginx keeps the bytes from the start of a word until the start of the next token in its
    /// buffer; the byte at offset 4,096 cannot be read while that start stands.
    #[cold]
    fn check_length(&mut self, word: usize, start: usize, end: usize) {
        // White space behind the word is read before the start moves on, and so is the byte behind it.
        let held = match self.bytes.get(end) {
            Some(b' ' | b'\t' | b'\r' | b'\n') => end + 2,
            _ => end + 1,
        };
        if held - start > BUFFER && start + BUFFER < self.bytes.len() {
            self.error(Kind::TooLong, Span::new(word as u32, end as u32), None);
        }
    }

    /// Links a finished directive into the open block.
    fn push(&mut self, mark: usize, ending: Ending) -> u32 {
        let id = self.ast.nodes.len() as u32;
        let block = self.ast.blocks.len();
        self.ast.nodes.push(Node::new(self.first_word, mark, ending, block));
        if matches!(ending, Ending::Block | Ending::Lua) {
            let end = mark as u32 + 1;
            self.ast.blocks.push(Block { first_child: NONE, next: NONE, end, shift: 0, body: NONE });
        }
        self.ast.count += 1;
        self.first_word = self.ast.words.len();
        let (parent, last) = match self.stack.last_mut() {
            Some(open) => (Some(open.node), &mut open.last_child),
            None => (None, &mut self.last_top),
        };
        let previous = std::mem::replace(last, id);
        match (previous, parent) {
            (NONE, Some(parent)) => self.ast.block_mut(parent).first_child = id,
            (NONE, None) => self.ast.first = Some(id),
            (previous, _) => self.ast.follow(previous),
        }
        id
    }

    fn semicolon(&mut self, at: usize) {
        if self.in_directive() {
            self.push(at, Ending::Semicolon);
        } else {
            self.error(Kind::NothingBefore(b';'), Span::new(at as u32, at as u32 + 1), None);
        }
    }

    /// Opens a block; whether its body is Lua.
    fn open(&mut self, at: usize) -> bool {
        if !self.in_directive() {
            self.error(Kind::NothingBefore(b'{'), Span::new(at as u32, at as u32 + 1), None);
            // The block is kept under an empty name, so that its `}` finds it.
            self.ast.words.push(Word::new(at, at, WordKind::Bare, false));
        }
        // Quotes around the name change nothing.
        let name = self.ast.words[self.first_word].inner(self.bytes);
        let lua = self.bytes[name.range()].ends_with(b"_by_lua_block");
        let node = self.push(at, if lua { Ending::Lua } else { Ending::Block });
        let perhaps =
            self.bodies.as_ref().filter(|b| !lua && b.are_worth_it()).and_then(|b| b.perhaps(self.bytes, at + 1));
        let (errors, comments) = (self.ast.errors.len(), self.ast.comments.len());
        self.stack.push(Open { node, last_child: NONE, perhaps, errors, comments });
        lua
    }

    /// Closes the block that was just opened, if its body was read before: the offset behind its `}`.
    fn repeat(&mut self) -> Option<usize> {
        let Perhaps::Known { body, end } = *self.stack.last()?.perhaps.as_ref()? else { return None };
        let bodies = self.bodies.as_mut()?;
        bodies.last = Some(body);
        bodies.repeated += 1;
        let Body { node, directives, ref comments, .. } = bodies.all[body as usize];
        let first = *self.ast.block_mut(node);
        let first_mark = self.ast.nodes[node as usize].mark;
        let open = self.stack.pop()?;
        let mark = self.ast.nodes[open.node as usize].mark;
        let shift = mark - first_mark;
        self.ast.suspicious |= is_suspicious(self.bytes, self.looked..mark as usize + 1);
        self.looked = end - 1;
        let block = self.ast.block_mut(open.node);
        *block = Block { end: end as u32, shift, next: block.next, ..first };
        self.ast.count += directives as usize;
        for at in comments.clone() {
            let Span { start, end } = self.ast.comments[at as usize];
            self.ast.comments.push(Span::new(start + shift, end + shift));
        }
        Some(end)
    }

    /// Remembers the body of a block that was read without a complaint and without blocks in it.
    fn remember(&mut self, open: Open, end: usize) {
        let Some(Perhaps::New { hash, range }) = open.perhaps.filter(|p| p.end() == end) else { return };
        let Some(bodies) = self.bodies.as_mut().filter(|_| open.errors == self.ast.errors.len()) else { return };
        let number = bodies.all.len() as u32;
        bodies.all.push(Body {
            text: &self.bytes[range],
            node: open.node,
            comments: open.comments as u32..self.ast.comments.len() as u32,
            directives: self.ast.nodes.len() as u32 - 1 - open.node,
            same_hash: bodies.known.insert(hash, number),
        });
        bodies.last = Some(number);
        self.ast.block_mut(open.node).body = number;
        self.ast.bodies = number + 1;
    }

    fn close_lua(&mut self, end: usize) {
        let Some(open) = self.stack.pop() else { return };
        self.ast.block_mut(open.node).end = end as u32;
        let mark = self.ast.nodes[open.node as usize].mark;
        if self.bytes.get(end - 1) != Some(&b'}') || end as u32 <= mark + 1 {
            self.error(Kind::EndInLua, Span::at(end as u32), Some(Span::new(mark, mark + 1)));
        }
    }

    fn close(&mut self, at: usize) {
        let span = Span::new(at as u32, at as u32 + 1);
        if self.in_directive() {
            let words = &self.ast.words[self.first_word..];
            let head = words[0].span().cover(words[words.len() - 1].span());
            self.error(Kind::CloseInDirective, span, Some(head));
            self.push(head.end as usize, Ending::Missing);
        }
        match self.stack.pop() {
            Some(open) => {
                self.ast.block_mut(open.node).end = at as u32 + 1;
                self.remember(open, at + 1);
            }
            None => self.error(Kind::CloseWithoutOpen, span, None),
        }
    }

    fn finish(mut self) -> Ast {
        let end = self.bytes.len();
        self.ast.suspicious |= is_suspicious(self.bytes, self.looked..end);
        if self.in_directive() {
            let words = &self.ast.words[self.first_word..];
            let head = words[0].span().cover(words[words.len() - 1].span());
            let quote_is_open = self.ast.errors.last().is_some_and(|e| e.kind == Kind::UnclosedQuote);
            if !quote_is_open {
                self.error(Kind::EndInDirective, Span::at(end as u32), Some(head));
            }
            self.push(head.end as usize, Ending::Missing);
        }
        let unfinished = self
            .ast
            .errors
            .last()
            .is_some_and(|e| matches!(e.kind, Kind::UnclosedQuote | Kind::EndInDirective | Kind::EndInLua));
        if let (Some(open), false) = (self.stack.last(), unfinished) {
            let mark = self.ast.nodes[open.node as usize].mark;
            self.error(Kind::EndInBlock, Span::at(end as u32), Some(Span::new(mark, mark + 1)));
        }
        while let Some(open) = self.stack.pop() {
            self.ast.block_mut(open.node).end = end as u32;
        }
        self.ast
    }
}

/// Whether a range of a file may hold something of a template, which is for `template::may_be` to say:
/// what is as cheap to ask and seldom there may be suspicious too. Pairs of bytes are looked at in groups
/// of a fixed length, without branches, for the compiler to put into vectors: this runs over every byte
/// of every file. Whole groups are, also where the range ends within one: what stands beside it is of the
/// same file.
fn is_suspicious(file: &[u8], range: Range<usize>) -> bool {
    let pair = |a: u8, b: u8| {
        let brace = u8::from(a == b'{');
        u8::from(b == b'%')
            | u8::from(b == b'@')
            // `<`, and `>` of Kong.
            | u8::from(b | 2 == b'>')
            // `__` and `[[`.
            | (u8::from(a == b) & u8::from(b | 4 == b'_'))
            | (u8::from(b == b'{') & (u8::from(a == b'$') | brace | u8::from(a == b'#')))
            | (u8::from(b == b'#') & brace)
            | (u8::from(b == b'$') & u8::from(a == b'\\'))
            // DirectAdmin.
            | (u8::from(b == b'*') & u8::from(a == b'|'))
            // Nginx UI.
            | (u8::from(b == b'I') & u8::from(a == b'U'))
    };
    let Some(seconds) = file.get(1..) else { return false };
    let (seconds, rest) = seconds.as_chunks::<GROUP>();
    let (firsts, _) = file.as_chunks::<GROUP>();
    let groups = range.start.saturating_sub(1) / GROUP..range.end.div_ceil(GROUP).min(seconds.len());
    let mut found = [0; GROUP];
    for (firsts, seconds) in firsts[groups.clone()].iter().zip(&seconds[groups]) {
        for i in 0..GROUP {
            found[i] |= pair(firsts[i], seconds[i]);
        }
    }
    let mut found = found.iter().fold(0, |all, one| all | one);
    if range.start == 0 {
        found |= pair(0, file[0]);
    }
    if range.end > file.len() - rest.len() {
        let last = &file[file.len() - rest.len() - 1..];
        found |= last.iter().zip(rest).fold(0, |found, (a, b)| found | pair(*a, *b));
    }
    found != 0
}

/// Whether a quoted word has its closing quote: the last byte is one, and not escaped.
fn closed_quote(word: &[u8]) -> bool {
    if word.len() < 2 || word[word.len() - 1] != word[0] {
        return false;
    }
    // The leaf stops at the first unescaped quote, so only a word that reached the end of the
    // file can end in an escaped one.
    let escapes = word[1..word.len() - 1].iter().rev().take_while(|&&b| b == b'\\').count();
    escapes % 2 == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::DirectiveRef;

    fn errors(text: &str) -> Vec<Kind> {
        parse(text.as_bytes()).errors.iter().map(|e| e.kind).collect()
    }

    #[test]
    fn errors_are_found_and_parsing_goes_on() {
        assert_eq!(errors("a { b c; } d;"), []);
        assert_eq!(errors("a {"), [Kind::EndInBlock]);
        assert_eq!(errors("a { b"), [Kind::EndInDirective]);
        assert_eq!(errors("a { b } c;"), [Kind::CloseInDirective]);
        assert_eq!(errors("} a;"), [Kind::CloseWithoutOpen]);
        assert_eq!(errors(";{}"), [Kind::NothingBefore(b';'), Kind::NothingBefore(b'{')]);
        assert_eq!(errors("a \"b\"c;"), [Kind::AfterQuote(b'c')]);
        assert_eq!(errors("a \"b;"), [Kind::UnclosedQuote]);
        assert_eq!(errors("x_by_lua_block { {"), [Kind::EndInLua]);
        assert_eq!(errors("x_by_lua_block {}"), []);
        let tree = parse(b"a { b } c;");
        assert_eq!(tree.top().count(), 2);
    }

    #[test]
    fn a_million_nested_blocks_need_no_call_stack() {
        let text = "a{".repeat(1_000_000);
        assert_eq!(parse(text.as_bytes()).len(), 1_000_000);
        assert_eq!(parse("a{".repeat(1_000_000).as_bytes()).errors.len(), 1);
    }

    /// Everything that a tree says.
    fn told(tree: &Ast) -> impl PartialEq + std::fmt::Debug + use<> {
        let directives: Vec<_> = tree
            .all()
            .map(|d| (d.span(), d.head(), d.body(), d.ending(), d.words().iter().collect::<Vec<_>>()))
            .collect();
        assert_eq!(directives.len(), tree.len());
        (directives, tree.comments.clone(), tree.errors.clone())
    }

    proptest::proptest! {
        #[test]
        fn bodies_that_are_shared_change_nothing(
            pieces in proptest::collection::vec("[ab \n;{}\"'#$\\\\]{0,9}", 1..6),
            order in proptest::collection::vec(0..6usize, 0..40),
        ) {
            let text: String = order.iter().map(|i| pieces[i % pieces.len()].as_str()).collect();
            let text = format!("{text} s {{ l {{ {text} }} l {{ {text} }} l {{ a b; }} m c {{ a b; }} }}");
            assert_eq!(told(&parse(text.as_bytes())), told(&read(text.as_bytes(), None, |_| {}).finish()), "{text}");
        }

        #[test]
        fn what_may_be_a_template_is_suspicious(
            pieces in proptest::collection::vec("[aU \n;{}\"'#$_%@<>I|*\\\\]{0,9}|UI Template|# Nginx UI Template Start|x_by_lua_block \\{", 1..30),
        ) {
            let text = pieces.concat();
            let found = crate::syntax::template::may_be(text.as_bytes());
            assert!(!found || parse(text.as_bytes()).suspicious, "{text}");
        }
    }

    #[test]
    fn a_body_that_stands_twice_is_read_once() {
        let tree = parse(b"a { x y; # z\n}\nb { x y; # z\n}\nc { x  y; }");
        let bodies: Vec<_> = tree.top().map(DirectiveRef::body_number).collect();
        assert_eq!(bodies, [Some(0), Some(0), Some(1)]);
        assert_eq!(tree.comments.len(), 2);
        assert_eq!((tree.len(), tree.nodes.len()), (6, 5));
    }

    #[test]
    fn the_buffer_limit_is_nginx_s() {
        let case =
            |before: &str, n: usize, after: &str| format!("{before}{}{after}{}", "x".repeat(n), " ".repeat(5000));
        assert_eq!(errors(&case("a ", 4095, ";")), []);
        assert_eq!(errors(&case("a ", 4096, ";")), [Kind::TooLong]);
        assert_eq!(errors(&case("a ", 4094, " ;")), []);
        assert_eq!(errors(&case("a ", 4095, " ;")), [Kind::TooLong]);
        assert_eq!(errors(&case("a '", 4094, "';")), []);
        assert_eq!(errors(&case("a '", 4095, "';")), [Kind::TooLong]);
        assert_eq!(errors(&case("a '", 4093, "' ;")), []);
        assert_eq!(errors(&case("a '", 4094, "' ;")), [Kind::TooLong]);
        assert_eq!(errors(&case("#", 4094, "\n")), []);
        assert_eq!(errors(&case("#", 4095, "\n")), [Kind::TooLong]);
    }
}
