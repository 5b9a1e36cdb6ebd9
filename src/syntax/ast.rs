//! The tree of one file: a flat arena of directives and words, all by offset.

use super::slips::Slip;
use crate::source::Span;

/// How a word is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordKind {
    /// Without quotes.
    Bare,
    /// In `"…"`.
    Double,
    /// In `'…'`.
    Single,
}

/// A word: a directive's name or one of its arguments. 8 bytes; quotes belong to the span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    start: u32,
    len_kind: u32,
}

/// Bits of a length; [`crate::source::MAX_FILE`] is made for them.
pub(super) const LEN_BITS: u32 = 29;
/// Above the two bits of the kind.
const ESCAPED: u32 = 1 << 31;

impl Word {
    pub(super) fn new(start: usize, end: usize, kind: WordKind, escaped: bool) -> Word {
        let escaped = if escaped { ESCAPED } else { 0 };
        Word { start: start as u32, len_kind: (end - start) as u32 | ((kind as u32) << LEN_BITS) | escaped }
    }

    /// Whether it holds a backslash, so that decoding has something to do.
    pub fn is_escaped(self) -> bool {
        self.len_kind & ESCAPED != 0
    }

    fn shifted(self, shift: u32) -> Word {
        Word { start: self.start + shift, ..self }
    }

    /// The bytes of the word, quotes included.
    pub fn span(self) -> Span {
        Span::new(self.start, self.start + (self.len_kind & ((1 << LEN_BITS) - 1)))
    }

    /// How it is written.
    pub fn kind(self) -> WordKind {
        match (self.len_kind >> LEN_BITS) & 3 {
            1 => WordKind::Double,
            2 => WordKind::Single,
            _ => WordKind::Bare,
        }
    }

    /// The bytes between the quotes. An unclosed quote has none at its end.
    pub fn inner(self, bytes: &[u8]) -> Span {
        let span = self.span();
        let quote = match self.kind() {
            WordKind::Bare => return span,
            WordKind::Double => b'"',
            WordKind::Single => b'\'',
        };
        let closed = span.len() >= 2 && bytes[span.end as usize - 1] == quote;
        Span::new(span.start + 1, span.end - u32::from(closed))
    }
}

/// A comment, `#` included, the line end not.
pub type Comment = Span;

/// The number of a directive within its file.
///
/// Blocks that are the same byte for byte share one body in the arena: `shift` is how far behind the
/// first of them this one stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DirectiveId {
    pub(super) node: u32,
    pub(super) shift: u32,
}

impl DirectiveId {
    /// The directive that a node and a shift speak of.
    pub fn new(node: u32, shift: u32) -> DirectiveId {
        DirectiveId { node, shift }
    }

    /// Its node; only blocks are told apart by it alone.
    pub fn node(self) -> u32 {
        self.node
    }
}

pub(super) const NONE: u32 = u32::MAX;

/// How a directive ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Ending {
    /// With `;`.
    Semicolon,
    /// With `{ … }`.
    Block,
    /// With `{ … }` around Lua.
    Lua,
    /// It does not: an error says so.
    Missing,
}

/// A directive. Four of five are simple ones, so what only blocks have stands in [`Block`]: memory that
/// is touched is most of what parsing costs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    /// Its words go on up to those of the next node.
    pub(super) first_word: u32,
    /// Offset of the `{` of a block; of the `;` otherwise.
    pub(super) mark: u32,
    /// Its ending in two bits, whether a directive follows in the same block in one, and above them
    /// the number of its [`Block`], which no file is large enough to overflow.
    info: u32,
}

const FOLLOWED: u32 = 1 << 2;
const BLOCK_SHIFT: u32 = 3;

impl Node {
    pub(super) fn new(first_word: usize, mark: usize, ending: Ending, block: usize) -> Node {
        Node { first_word: first_word as u32, mark: mark as u32, info: ending as u32 | (block as u32) << BLOCK_SHIFT }
    }

    fn ending(self) -> Ending {
        match self.info & 3 {
            0 => Ending::Semicolon,
            1 => Ending::Block,
            2 => Ending::Lua,
            _ => Ending::Missing,
        }
    }

    /// The number of its block, if it is one.
    pub(super) fn block(self) -> Option<usize> {
        matches!(self.ending(), Ending::Block | Ending::Lua).then_some((self.info >> BLOCK_SHIFT) as usize)
    }
}

/// What a directive with a block has beside its [`Node`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    pub(super) first_child: u32,
    /// The node behind it in the same block.
    pub(super) next: u32,
    /// Offset behind the `}`.
    pub(super) end: u32,
    /// How far the directives of its block stand behind those that `first_child` leads to.
    pub(super) shift: u32,
    /// The number of its body among those that stand in the file more than once, or may.
    pub(super) body: u32,
}

/// What nginx's tokeniser or block structure refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyntaxErrorKind {
    /// `;` or `{` where a directive should begin.
    NothingBefore(u8),
    /// `}` inside a directive: its `;` is missing.
    CloseInDirective,
    /// `}` without an open block in this file.
    CloseWithoutOpen,
    /// Something glued to a closing quote.
    AfterQuote(u8),
    /// A quote that is never closed.
    UnclosedQuote,
    /// The file ends inside a directive.
    EndInDirective,
    /// The file ends inside a block.
    EndInBlock,
    /// The file ends inside a Lua block.
    EndInLua,
    /// A word or comment longer than nginx's buffer of 4,096 bytes.
    TooLong,
}

/// An error and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// What is wrong.
    pub kind: SyntaxErrorKind,
    /// The place where nginx notices.
    pub span: Span,
    /// Where the open directive, block or quote began.
    pub opened: Option<Span>,
}

/// The tree of one file.
#[derive(Debug, Default)]
pub struct Ast {
    pub(super) words: Vec<Word>,
    pub(super) nodes: Vec<Node>,
    pub(super) blocks: Vec<Block>,
    pub(super) first: Option<u32>,
    /// How many directives there are, those of shared bodies each time they stand there.
    pub(super) count: usize,
    /// How many bodies have a number.
    pub(super) bodies: u32,
    /// It may be a template.
    pub(super) suspicious: bool,
    /// All comments in order.
    pub comments: Vec<Comment>,
    /// All errors in order.
    pub errors: Vec<SyntaxError>,
    /// Slips of a hand: the tree is that of the file with all of them put right.
    pub slips: Vec<Slip>,
    /// What of it is a template.
    pub template: Template,
    /// What of it is there only in some renderings.
    pub branches: super::template::Branches,
    /// The first tag of a template language in it.
    pub first_tag: Option<Span>,
    /// What it writes for the `$` of nginx's variables, where that is no `$`.
    pub dollar: Option<Box<str>>,
    /// What was parsed instead of the file, as long as the file, where it is a template.
    pub(super) masked: Option<Vec<u8>>,
}

/// How far a file is a template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Template {
    /// Not at all.
    #[default]
    No,
    /// Placeholders stand for words or parts of them.
    Words,
    /// Tags decide what is there: between them, anything may stand.
    Control,
    /// Its blocks cannot be told apart before it is rendered.
    Unread,
}

impl Ast {
    /// Says that a directive follows in the same block: the one that was pushed last.
    pub(super) fn follow(&mut self, node: u32) {
        let next = self.nodes.len() as u32 - 1;
        let node = &mut self.nodes[node as usize];
        node.info |= FOLLOWED;
        if let Some(block) = node.block() {
            self.blocks[block].next = next;
        }
    }

    /// The block of a node that is one.
    pub(super) fn block_mut(&mut self, node: u32) -> &mut Block {
        let block = self.nodes[node as usize].block().unwrap_or_default();
        &mut self.blocks[block]
    }

    /// The bytes that the words of this tree are decoded from: the file's, or its mask.
    pub fn text<'a>(&'a self, file: &'a [u8]) -> &'a [u8] {
        self.masked.as_deref().unwrap_or(file)
    }

    /// The directives outside any block.
    pub fn top(&self) -> Siblings<'_> {
        Siblings { ast: self, next: self.first.unwrap_or(NONE), shift: 0 }
    }

    /// How many directives there are, at any depth.
    pub fn len(&self) -> usize {
        self.count
    }

    /// How many numbers of bodies [`DirectiveRef::body_number`] gives.
    pub fn body_numbers(&self) -> usize {
        self.bodies as usize
    }

    /// Whether the file holds no directive.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The directive with this number.
    pub fn get(&self, id: DirectiveId) -> DirectiveRef<'_> {
        DirectiveRef { ast: self, id }
    }

    /// All directives in the order of the file.
    pub fn all(&self) -> impl Iterator<Item = DirectiveRef<'_>> {
        let mut open = vec![self.top()];
        std::iter::from_fn(move || {
            while let Some(siblings) = open.last_mut() {
                match siblings.next() {
                    Some(directive) => {
                        open.push(directive.children());
                        return Some(directive);
                    }
                    None => drop(open.pop()),
                }
            }
            None
        })
    }
}

/// One directive of an [`Ast`].
#[derive(Clone, Copy, Debug)]
pub struct DirectiveRef<'a> {
    ast: &'a Ast,
    id: DirectiveId,
}

impl<'a> DirectiveRef<'a> {
    fn node(self) -> &'a Node {
        &self.ast.nodes[self.id.node as usize]
    }

    fn block(self) -> Option<&'a Block> {
        self.node().block().map(|b| &self.ast.blocks[b])
    }

    /// Offset behind its `;` or `}`.
    fn end(self) -> u32 {
        let end = match (self.ending(), self.block()) {
            (_, Some(block)) => block.end,
            (Ending::Missing, _) => self.node().mark,
            _ => self.node().mark + 1,
        };
        end + self.id.shift
    }

    /// Its number.
    pub fn id(self) -> DirectiveId {
        self.id
    }

    /// Its name and arguments; never empty.
    pub fn words(self) -> Words<'a> {
        let start = self.node().first_word as usize;
        let end = self.ast.nodes.get(self.id.node as usize + 1).map_or(self.ast.words.len(), |n| n.first_word as usize);
        Words { words: &self.ast.words[start..end], shift: self.id.shift }
    }

    /// Its name.
    pub fn name(self) -> Word {
        self.ast.words[self.node().first_word as usize].shifted(self.id.shift)
    }

    /// Its arguments.
    pub fn args(self) -> Words<'a> {
        let Words { words, shift } = self.words();
        Words { words: &words[1..], shift }
    }

    /// The directive behind it in the same block.
    pub fn next(self) -> Option<DirectiveId> {
        let behind = self.block().map_or(self.id.node + 1, |b| b.next);
        (self.node().info & FOLLOWED != 0).then_some(DirectiveId { node: behind, ..self.id })
    }

    /// How it ends.
    pub fn ending(self) -> Ending {
        self.node().ending()
    }

    /// From its name to its `;` or `}`.
    pub fn span(self) -> Span {
        Span::new(self.name().span().start, self.end())
    }

    /// From its name to its last word: what a label underlines.
    pub fn head(self) -> Span {
        let Words { words, shift } = self.words();
        self.name().span().cover(words[words.len() - 1].shifted(shift).span())
    }

    /// The bytes between `{` and `}` of a block.
    pub fn body(self) -> Option<Span> {
        let start = self.mark() + 1;
        self.block().map(|_| Span::new(start, self.end().saturating_sub(1).max(start)))
    }

    /// The number of a block's body: two blocks of a file with the same number have the same bytes
    /// between their braces, and hold no blocks. Not every such body has one.
    pub fn body_number(self) -> Option<usize> {
        let number = self.block()?.body;
        (number != NONE).then_some(number as usize)
    }

    /// Offset of the `{` of a block, of the `;` of a simple directive.
    pub fn mark(self) -> u32 {
        self.node().mark + self.id.shift
    }

    /// How far the directives in its block stand behind the nodes that they share.
    pub fn shift(self) -> u32 {
        self.id.shift + self.block().map_or(0, |b| b.shift)
    }

    /// The directives in its block.
    pub fn children(self) -> Siblings<'a> {
        let first = self.block().map_or(NONE, |b| b.first_child);
        Siblings { ast: self.ast, next: first, shift: self.shift() }
    }
}

/// Words of one directive, in order.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    words: &'a [Word],
    shift: u32,
}

impl<'a> Words<'a> {
    /// How many there are.
    pub fn len(self) -> usize {
        self.words.len()
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.words.is_empty()
    }

    /// One of them, from 0.
    pub fn get(self, index: usize) -> Option<Word> {
        self.words.get(index).map(|w| w.shifted(self.shift))
    }

    /// The first.
    pub fn first(self) -> Option<Word> {
        self.get(0)
    }

    /// All of them.
    pub fn iter(self) -> impl ExactSizeIterator<Item = Word> + 'a {
        self.words.iter().map(move |w| w.shifted(self.shift))
    }
}

/// Directives of one block, in order.
#[derive(Clone, Copy, Debug)]
pub struct Siblings<'a> {
    ast: &'a Ast,
    next: u32,
    shift: u32,
}

impl<'a> Iterator for Siblings<'a> {
    type Item = DirectiveRef<'a>;

    fn next(&mut self) -> Option<DirectiveRef<'a>> {
        if self.next == NONE {
            return None;
        }
        let item = self.ast.get(DirectiveId { node: self.next, shift: self.shift });
        self.next = item.next().map_or(NONE, DirectiveId::node);
        Some(item)
    }
}
