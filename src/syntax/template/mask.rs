//! Reads a template once and writes its mask: tags become blanks, words or holes, and what their
//! constructs decide is remembered.

use foldhash::{HashMap, HashSet};

use super::branches::{Branches, Choice};
use super::dollar::Dollar;
use super::tags::{Kind, Languages, Role, Tag, first_word};
use super::words::{Names, begins_directive};
use super::{HOLE, PLACEHOLDER};
use crate::source::Span;
use crate::syntax::carrier::Hand;

/// A template, seen through its mask.
#[derive(Debug)]
pub(super) struct Masked {
    /// As long as the file.
    pub text: Vec<u8>,
    /// Tags of a template language, as opposed to placeholders alone.
    pub has_tags: bool,
    /// The first of them.
    pub first_tag: Option<Span>,
    /// Tags that stand for lines that nobody sees.
    pub has_holes: bool,
    /// Constructs around directives.
    pub branches: Branches,
    /// How the template writes a `$` of nginx.
    pub dollar: Option<Box<str>>,
}

/// nginx-ui's templates begin with settings in TOML between these comments.
pub(super) const FRONT_MATTER: (&[u8], &[u8]) = (b"# Nginx UI Template Start", b"# Nginx UI Template End");

/// Whether a placeholder stands alone is asked of lines up to this length.
const LONG_LINE: usize = 1024;

/// Masks placeholders and, with `languages`, the tags of template languages; `None` without any.
pub(super) fn mask(bytes: &[u8], languages: Option<Languages>, hand: Hand, unguarded: &[usize]) -> Option<Masked> {
    let dollar = if hand == Hand::Plain { Dollar::of(bytes) } else { Dollar::by(hand) };
    let mut scan = Scan {
        bytes,
        out: bytes.to_vec(),
        languages,
        names: Names::of(bytes, dollar.is_shell_s(), hand, unguarded).with_capitals(dollar.takes_all),
        changed: false,
        has_tags: false,
        first_tag: None,
        has_holes: false,
        state: State { depth: 0, at_start: true, quote: None },
        in_word: false,
        line_blank: true,
        comment: None,
        open: Vec::new(),
        branch: 0,
        line_branch: None,
        prefixes: HashSet::default(),
        ends: None,
        choices: HashMap::default(),
        branches: Branches::default(),
        dollar: &dollar,
    };
    let mut pos = scan.front_matter();
    while pos < bytes.len() {
        pos = scan.step(pos);
    }
    scan.leave_line(bytes.len());
    while let Some(construct) = scan.open.pop() {
        scan.dissolve(construct);
    }
    scan.branches.settle();
    let Scan { out, changed, has_tags, first_tag, has_holes, branches, .. } = scan;
    changed.then_some(Masked { text: out, has_tags, first_tag, has_holes, branches, dollar: dollar.written })
}

/// Where nginx's tokeniser would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    depth: i32,
    /// A directive may begin here.
    at_start: bool,
    quote: Option<u8>,
}

struct Construct {
    kind: Kind,
    /// Its tags in order, with the state in front of each, and whether each stands in a comment.
    tags: Vec<(Span, State, bool)>,
    branches: Vec<u32>,
    outer: u32,
    /// How deep its alternatives close blocks.
    lowest: i32,
}

struct Scan<'b> {
    bytes: &'b [u8],
    out: Vec<u8>,
    languages: Option<Languages>,
    names: Names<'b>,
    changed: bool,
    has_tags: bool,
    first_tag: Option<Span>,
    has_holes: bool,
    state: State,
    in_word: bool,
    line_blank: bool,
    /// The start of the comment that is being read.
    comment: Option<usize>,
    open: Vec<Construct>,
    branch: u32,
    /// The branch around a line that a placeholder in front of it may turn into a comment.
    line_branch: Option<u32>,
    prefixes: HashSet<&'b [u8]>,
    /// The words behind `end`.
    ends: Option<HashSet<&'b [u8]>>,
    choices: HashMap<Vec<u8>, u32>,
    branches: Branches,
    dollar: &'b Dollar,
}

impl<'b> Scan<'b> {
    fn front_matter(&mut self) -> usize {
        let find = |needle| memchr::memmem::find(self.bytes, needle);
        let matter = find(FRONT_MATTER.0).zip(find(FRONT_MATTER.1));
        let Some((start, end)) = matter.filter(|(start, end)| self.languages.is_some() && start < end) else {
            return 0;
        };
        self.blank(start, end);
        (self.has_tags, self.has_holes) = (true, true);
        end
    }

    /// Reads what begins at an offset; where the next thing begins.
    fn step(&mut self, pos: usize) -> usize {
        let byte = self.bytes[pos];
        if let Some(languages) = self.languages
            && let Some(tag) = languages.tag(self.bytes, pos, self.line_blank)
        {
            return self.tag(pos, tag);
        }
        if self.comment.is_some() {
            if byte == b'\n' {
                self.comment = None;
                self.new_line(pos);
            }
            return pos + 1;
        }
        if matches!(byte, b'\\' | b'$' | b'\'')
            && let Some(length) = self.dollar.mask(self.bytes, pos, &mut self.out)
        {
            self.changed = true;
            self.word();
            return pos + length;
        }
        if self.languages.is_some()
            && matches!(byte, b'{' | b'}')
            && let Some(next) = self.brace(pos, byte)
        {
            return next;
        }
        if let Some(length) = self.names.placeholder(pos) {
            self.value(pos, length);
            return pos + length;
        }
        self.byte(pos, byte)
    }

    /// Braces that nginx never has: doubled ones for `str.format`, and `{name}`.
    fn brace(&mut self, pos: usize, byte: u8) -> Option<usize> {
        if self.languages.is_some_and(|l| l.format) && self.bytes.get(pos + 1) == Some(&byte) {
            self.blank(pos + 1, pos + 2);
            self.has_tags = true;
            self.byte(pos, byte);
            return Some(pos + 2);
        }
        let rest = &self.bytes[pos + 1..];
        let rest = rest.strip_prefix(b"$").unwrap_or(rest);
        let name = rest.iter().take(64).take_while(|b| b.is_ascii_alphanumeric() || b"_.-".contains(b)).count();
        let named = rest.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_');
        // `\${host}` is a variable that somebody guarded from a shell, where all of them are.
        let guarded = self.bytes[..pos].ends_with(b"\\$");
        if byte != b'{' || rest.get(name) != Some(&b'}') || !named || guarded || self.state.quote.is_some() {
            return None;
        }
        self.has_tags = true;
        let length = self.bytes.len() - pos - rest.len() + name + 1;
        self.value(pos, length);
        Some(pos + length)
    }

    fn word(&mut self) {
        (self.in_word, self.line_blank, self.state.at_start) = (true, false, false);
    }

    fn new_line(&mut self, pos: usize) {
        self.line_blank = true;
        self.leave_line(pos);
    }

    fn leave_line(&mut self, pos: usize) {
        if let Some(outer) = self.line_branch.take() {
            self.branch = outer;
            self.branches.mark(pos, outer);
        }
    }

    fn byte(&mut self, pos: usize, byte: u8) -> usize {
        if byte == b'\n' {
            self.new_line(pos);
        } else if !byte.is_ascii_whitespace() {
            self.line_blank = false;
        }
        if let Some(quote) = self.state.quote {
            if byte == quote {
                self.state.quote = None;
            }
            return if byte == b'\\' && self.bytes.get(pos + 1) != Some(&b'\n') { pos + 2 } else { pos + 1 };
        }
        match byte {
            b'#' if !self.in_word => self.comment = Some(pos),
            b'"' | b'\'' if !self.in_word => {
                self.word();
                self.state.quote = Some(byte);
            }
            b';' => (self.in_word, self.state.at_start) = (false, true),
            b'{' => {
                (self.in_word, self.state.at_start) = (false, true);
                self.state.depth += 1;
            }
            b'}' if !self.in_word || self.state.at_start => {
                (self.in_word, self.state.at_start) = (false, true);
                self.state.depth -= 1;
                if let Some(open) = self.open.last_mut() {
                    open.lowest = open.lowest.min(self.state.depth);
                }
            }
            b'\\' => {
                self.word();
                return pos + 2;
            }
            b'$' if self.bytes.get(pos + 1) == Some(&b'{') => {
                self.word();
                return pos + 2;
            }
            b if b.is_ascii_whitespace() => self.in_word = false,
            _ => self.word(),
        }
        pos + 1
    }

    fn blank(&mut self, start: usize, end: usize) {
        self.changed = true;
        self.out[start..end].iter_mut().filter(|b| **b != b'\n').for_each(|b| *b = b' ');
    }

    /// A hole ends as a directive does; line breaks stay, so that comments end where they did.
    fn fill(&mut self, start: usize, end: usize, hole: bool) {
        self.changed = true;
        self.has_holes |= hole;
        let last = end - 1;
        for i in start..end {
            self.out[i] = match self.bytes[i] {
                b'\n' if i != last => continue,
                _ if hole && i == last => b';',
                _ if hole && i == start => HOLE,
                _ => PLACEHOLDER,
            };
        }
    }

    /// A placeholder, or a tag that stands for a value.
    fn value(&mut self, pos: usize, length: usize) {
        let end = pos + length;
        if self.comment.is_some() {
            return;
        }
        if self.state.at_start && self.state.quote.is_none() && length > 2 {
            let text = &self.bytes[pos..end];
            let behind = &self.bytes[end..self.bytes.len().min(end + LONG_LINE)];
            let line = behind.split(|b| *b == b'\n').next().unwrap_or_default();
            let known = self.prefixes.contains(text);
            if self.line_blank && !line.trim_ascii().is_empty() && (known || begins_directive(line)) {
                return self.prefix(pos, end);
            }
            if line.len() < LONG_LINE && self.stands_alone(line) {
                self.fill(pos, end, true);
                self.line_blank = false;
                return;
            }
        }
        self.fill(pos, end, false);
        self.word();
    }

    /// A placeholder in front of a line turns it into a comment, or does not.
    fn prefix(&mut self, pos: usize, end: usize) {
        self.prefixes.insert(&self.bytes[pos..end]);
        self.blank(pos, end);
        let tag = Span::new(pos as u32, end as u32);
        let choice = self.choice(self.bytes[pos..end].to_vec(), 2, tag);
        let branch = self.branches.add(self.branch, tag);
        self.branches.decide(branch, choice, 0);
        self.line_branch.get_or_insert(self.branch);
        self.branch = branch;
        self.branches.mark(end, branch);
    }

    fn choice(&mut self, key: Vec<u8>, alternatives: u32, tag: Span) -> u32 {
        let next = self.branches.choices.len() as u32;
        let number = *self.choices.entry(key).or_insert(next);
        if number == next {
            self.branches.choices.push(Choice { alternatives, tag });
        }
        number
    }

    /// Whether nothing but other tags follows on the line.
    fn stands_alone(&self, line: &[u8]) -> bool {
        let mut line = line.trim_ascii();
        loop {
            if line.is_empty() || line.starts_with(b"#") || line.starts_with(b"}") {
                return true;
            }
            match self.languages.and_then(|l| l.tag(line, 0, false)) {
                Some(Tag { role: Role::Open(_) | Role::Middle | Role::Close | Role::Hole, .. }) => return true,
                Some(tag) => line = line[tag.length..].trim_ascii(),
                None => return false,
            }
        }
    }

    fn tag(&mut self, pos: usize, tag: Tag) -> usize {
        self.has_tags = true;
        let end = (pos + tag.length).min(self.bytes.len());
        self.first_tag.get_or_insert(Span::new(pos as u32, end as u32));
        let at_start = self.state.at_start && self.state.quote.is_none();
        let in_comment = self.comment.is_some();
        if self.bytes[pos..end].contains(&b'\n') && in_comment {
            self.comment = None;
        }
        match tag.role {
            Role::Value => {
                self.value(pos, end - pos);
                if in_comment && self.comment.is_none() {
                    self.blank(pos, end);
                }
            }
            Role::Extension if !self.has_end(pos) => self.vanish(pos, end),
            Role::Blank => self.vanish(pos, end),
            Role::Hole if in_comment && at_start => {
                let start = self.comment.take().unwrap_or(pos);
                self.fill(start, end, true);
            }
            Role::Hole => {
                self.fill(pos, end, at_start && !in_comment);
                if !at_start {
                    self.word();
                }
            }
            Role::Comment(close) => {
                let end = self.closing_tag(end, close).map_or(end, |(_, end)| end);
                self.vanish(pos, end);
                return end;
            }
            Role::Open(_) | Role::Extension => {
                let kind = if let Role::Open(kind) = tag.role { kind } else { Kind::Plain };
                let span = Span::new(pos as u32, end as u32);
                let branch = self.branches.add(self.branch, span);
                let lowest = self.state.depth;
                let tags = vec![(span, self.state, in_comment)];
                self.open.push(Construct { kind, tags, branches: vec![branch], outer: self.branch, lowest });
                self.branch = branch;
                self.branches.mark(end, branch);
                self.pass(pos, end, at_start, in_comment);
            }
            Role::Middle | Role::Close if self.open.is_empty() => {
                // Its construct begins where nobody sees it.
                if in_comment {
                    self.blank(pos, end);
                } else {
                    self.fill(pos, end, at_start);
                    if !at_start {
                        self.word();
                    }
                }
            }
            Role::Middle => self.middle(pos, end, in_comment),
            Role::Close => self.close(pos, end, in_comment),
        }
        end
    }

    /// A tag that leaves nothing behind; glued to words on both sides it stays part of the word.
    fn vanish(&mut self, pos: usize, end: usize) {
        let glued = self.in_word && self.bytes.get(end).is_some_and(|b| !b.is_ascii_whitespace() && !b";{".contains(b));
        if glued || (self.state.quote.is_some() && self.comment.is_none()) {
            self.fill(pos, end, false);
        } else {
            self.blank(pos, end);
        }
    }

    /// Reads on behind a tag whose construct is not known yet.
    fn pass(&mut self, pos: usize, end: usize, at_start: bool, in_comment: bool) {
        if in_comment || at_start {
            self.blank(pos, end);
        } else {
            self.fill(pos, end, false);
            self.in_word = true;
        }
    }

    /// Whether the file holds `end` and the word of this tag somewhere.
    fn has_end(&mut self, pos: usize) -> bool {
        let bytes = self.bytes;
        let ends = self.ends.get_or_insert_with(|| {
            memchr::memmem::find_iter(bytes, b"end").map(|at| first_word(&bytes[at + 3..])).collect()
        });
        let body = &bytes[pos + 2..];
        let body = body.strip_prefix(b"-").or(body.strip_prefix(b"+")).unwrap_or(body);
        let blanks = body.iter().take_while(|b| b.is_ascii_whitespace()).count();
        ends.contains(first_word(&body[blanks..]))
    }

    /// The place of the tag that ends what a `comment` begins.
    fn closing_tag(&self, from: usize, close: &[u8]) -> Option<(usize, usize)> {
        let at = from + memchr::memmem::find(&self.bytes[from..], close)?;
        if close.starts_with(b"<") {
            return Some((at, at + close.len()));
        }
        let start = memchr::memmem::rfind(&self.bytes[from..at], b"{%")? + from;
        let end = memchr::memmem::find(&self.bytes[at..], b"%}")? + at + 2;
        Some((start, end))
    }

    fn middle(&mut self, pos: usize, end: usize, in_comment: bool) {
        let state = self.state;
        let Some(construct) = self.open.last_mut() else { return };
        let span = Span::new(pos as u32, end as u32);
        construct.tags.push((span, state, in_comment));
        let (start, outer) = (construct.tags[0].1, construct.outer);
        let branch = self.branches.add(outer, span);
        if let Some(construct) = self.open.last_mut() {
            construct.branches.push(branch);
        }
        self.branch = branch;
        self.branches.mark(end, branch);
        self.state = start;
        self.pass(pos, end, start.at_start && start.quote.is_none(), in_comment);
    }

    fn close(&mut self, pos: usize, end: usize, in_comment: bool) {
        let state = self.state;
        let Some(mut construct) = self.open.pop() else { return };
        let span = Span::new(pos as u32, end as u32);
        construct.tags.push((span, state, in_comment));
        self.branch = construct.outer;
        self.branches.mark(end, construct.outer);
        if let Some(around) = self.open.last_mut() {
            around.lowest = around.lowest.min(construct.lowest);
        }
        let start = construct.tags[0].1;
        let whole = construct.lowest >= start.depth && construct.tags[1..].iter().all(|(_, s, _)| *s == start);
        if whole && start.at_start && start.quote.is_none() {
            self.pass(pos, end, true, in_comment);
            self.settle(&construct);
        } else if whole {
            // Within a directive: all alternatives are words of it.
            self.fill(pos, end, false);
            self.in_word = true;
        } else {
            self.ragged(&construct);
        }
    }

    /// The alternatives of a construct whose directives are whole.
    fn settle(&mut self, construct: &Construct) {
        if construct.kind == Kind::Plain {
            return;
        }
        let tags = &construct.tags[..construct.tags.len() - 1];
        let text = |span: Span| &self.bytes[span.range()];
        let exhaustive = tags.len() > 1 && tags.last().is_some_and(|(span, ..)| is_else(text(*span)));
        let mut key: Vec<u8> = Vec::new();
        for (span, ..) in tags {
            key.extend(text(*span).iter().filter(|b| !b.is_ascii_whitespace() && **b != b'-' && **b != b'~'));
            key.push(0);
        }
        let alternatives = construct.branches.len() as u32 + u32::from(!exhaustive);
        let choice = self.choice(key, alternatives, construct.tags[0].0);
        for (i, branch) in construct.branches.iter().enumerate() {
            self.branches.decide(*branch, choice, i as u32);
        }
    }

    /// A construct that cuts through directives or blocks: its first alternative is read, and nobody
    /// knows what else stands in the blocks where it begins and ends.
    fn ragged(&mut self, construct: &Construct) {
        let tags = &construct.tags;
        let last = tags.len() - 1;
        let after = tags[1].1;
        for (i, (span, state, in_comment)) in tags.iter().enumerate() {
            let (start, end) = (span.start as usize, span.end as usize);
            if i > 0 && i < last {
                let next = tags[i + 1].0.start as usize;
                self.blank(start, next);
                continue;
            }
            if *in_comment {
                self.blank(start, end);
                self.has_holes = true;
                continue;
            }
            let state = if i == last { after } else { *state };
            self.fill(start, end, state.at_start && state.quote.is_none());
        }
        self.state = after;
        self.in_word = !after.at_start;
    }

    /// A construct that is never closed.
    fn dissolve(&mut self, construct: Construct) {
        for (span, state, in_comment) in construct.tags {
            if !in_comment {
                self.fill(span.start as usize, span.end as usize, state.at_start && state.quote.is_none());
            }
            self.has_holes = true;
        }
    }
}

/// Whether a tag is an `else` without a condition.
fn is_else(tag: &[u8]) -> bool {
    let mut words = tag.split(|b| !b.is_ascii_alphabetic()).filter(|w| !w.is_empty() && *w != b"php");
    match words.next() {
        Some(b"else") => words.next().is_none(),
        None => tag.contains(&b'^'),
        Some(word) => first_word(word) == b"default" && words.next().is_none(),
    }
}
