//! Configurations inside other files: fences of documents, block scalars of YAML, heredocs, indented strings.
//!
//! A block is read in place, through a mask as long as its file in which everything else is blank: so each
//! line, column, offset and edit is the file's own. Whether a block is nginx is decided by what stands in it,
//! with what stands around it as a hint; what is none is nobody's business here.

mod document;
mod expanded;
mod heredoc;
mod markdown;
mod mask;
mod nix;
mod scalar;
mod yaml_files;

use std::ops::Range;
use std::path::PathBuf;

use crate::catalog::{Name, lookup};
use crate::source::{Carrier, Span, is_nginx};

pub(super) use mask::mask;

/// How the text around a block writes the `$` of nginx's variables, and its own placeholders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hand {
    /// As nginx does.
    #[default]
    Plain,
    /// An unquoted heredoc of a shell, or so many of them around one another, which takes a backslash away each: in one
    /// `\$x` is nginx's, in two `\\\$x`; `$x` and `${x}` are the shell's.
    Shell(u8),
    /// Compose: `$$x` is nginx's, `$x` and `${x}` are Compose's.
    Compose,
    /// Nix: `''${x}` is nginx's, `${x}` is Nix's, `$x` is nginx's.
    Nix,
    /// Terraform and HCL: `$${x}` is nginx's, `${x}` is Terraform's, `$x` is nginx's.
    Hcl,
    /// An unquoted heredoc of a shell within one of HCL: `\$x` is nginx's, `$x` the shell's, `${x}` Terraform's.
    HclShell,
    /// More than one of these around one another: nobody knows whose a `$` is.
    Mixed,
}

/// More heredocs around one another are not counted.
const DEEPEST: u8 = 3;

impl Hand {
    /// How what stands in this hand is written within another.
    fn inside(self, outer: Hand) -> Hand {
        match (outer, self) {
            (Hand::Plain, hand) | (hand, Hand::Plain) => hand,
            (Hand::Shell(outer), Hand::Shell(inner)) if outer + inner <= DEEPEST => Hand::Shell(outer + inner),
            (Hand::Hcl, Hand::Shell(1)) => Hand::HclShell,
            _ => Hand::Mixed,
        }
    }

    /// Whether a shell reads it first.
    pub(super) fn is_shell(self) -> bool {
        matches!(self, Hand::Shell(_) | Hand::HclShell)
    }

    /// What stands for a `$`, where that is no `$`.
    pub(super) fn escape(self) -> Option<&'static str> {
        match self {
            Hand::Plain | Hand::Hcl | Hand::Mixed => None,
            Hand::Shell(1) | Hand::HclShell => Some("\\$"),
            Hand::Shell(2) => Some("\\\\\\$"),
            Hand::Shell(_) => Some("\\\\\\\\\\\\\\$"),
            Hand::Compose => Some("$$"),
            Hand::Nix => Some("''$"),
        }
    }

    /// What a fix has to write for a `$`, where that is no `$`.
    pub(super) fn writes(self) -> Option<&'static str> {
        if self == Hand::Nix { None } else { self.escape() }
    }

    /// Whether `$x` is not nginx's.
    pub(super) fn takes_words(self) -> bool {
        self.is_shell() || matches!(self, Hand::Compose | Hand::Mixed)
    }
}

/// How the text of a block lies in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Line by line.
    Lines,
    /// Line by line, where a line break is a blank to whoever reads the file: `>` of YAML.
    Folded,
    /// Between quotes, or without any, where a line break is a blank as well.
    Flow(Option<u8>),
}

/// One configuration inside another file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Which one it is: `data."default.conf"`, the line of a fence, the file that it is written to.
    pub name: String,
    /// Absolute paths under which nginx would find it, its own first; none where nothing says so.
    pub files: Vec<PathBuf>,
    /// The offset of the line that opens it.
    pub header: usize,
    /// The bytes that are nginx, line by line, without the indentation and with the line breaks.
    pub lines: Vec<Range<usize>>,
    /// How `$` is written in it.
    pub hand: Hand,
    /// The context that its place says: `server`, `location`.
    pub context: Option<&'static str>,
    /// Lines can be changed and added in it.
    pub writable: bool,
    /// It stands in a document: an excerpt of which nothing else is known, and which no nginx reads.
    pub is_excerpt: bool,
    /// Who puts it where it belongs sets something around it that its file does not show: an ingress controller, NixOS.
    pub is_surrounded: bool,
    /// nginx may read it otherwise than it stands there: a script or a module makes the file, or a part of it.
    pub is_material: bool,
    /// Where the text around it replaces a variable that is nginx's: the offsets of these `$`, in order.
    pub expanded: Vec<usize>,
    /// Blocks of one file with the same number are files of one machine, and may include one another.
    pub world: usize,
    pub(super) form: Form,
}

impl Block {
    /// Whether a line break in it is a blank.
    pub(super) fn is_folded(&self) -> bool {
        self.form == Form::Folded
    }

    fn new(name: String, header: usize, lines: Vec<Range<usize>>) -> Block {
        Block {
            name,
            files: Vec::new(),
            header,
            lines,
            hand: Hand::Plain,
            context: None,
            writable: true,
            is_excerpt: false,
            is_surrounded: false,
            is_material: false,
            expanded: Vec::new(),
            world: 0,
            form: Form::Lines,
        }
    }

    /// The comment right above the block that speaks to wslint: `<!-- wslint: … -->`, `# wslint: …`.
    pub(super) fn remark(&self, bytes: &[u8]) -> Option<Span> {
        let above = bytes[..self.header].trim_ascii_end();
        let start = memchr::memrchr(b'\n', above).map_or(0, |at| at + 1);
        let blank = above[start..].iter().take_while(|b| b.is_ascii_whitespace()).count();
        let line = &above[start + blank..];
        let comment = [&b"<!--"[..], b"{/*", b"#", b"//", b".."].iter().any(|mark| line.starts_with(mark));
        let speaks = comment && memchr::memmem::find(line, b"wslint:").is_some();
        speaks.then(|| Span::new((start + blank) as u32, above.len() as u32))
    }
}

/// More bytes than this are not kept in masks of one file: each block has one as long as the file.
const MOST: usize = 64 << 20;

/// The blocks of a file that are nginx, in order.
pub fn blocks(bytes: &[u8], carrier: Carrier) -> Vec<Block> {
    let mut out = match carrier {
        Carrier::Markdown => markdown::blocks(bytes),
        Carrier::Rst => document::rst(bytes),
        Carrier::AsciiDoc => document::asciidoc(bytes),
        Carrier::Yaml => yaml_files::blocks(bytes),
        Carrier::Script => heredoc::shell(bytes),
        Carrier::Hcl => heredoc::hcl(bytes),
        Carrier::Nix => nix::blocks(bytes),
    };
    if carrier.is_document() {
        out.iter_mut().for_each(|block| block.is_excerpt = true);
    }
    out.sort_by_key(|block| block.lines.first().map(|line| line.start));
    out.truncate(MOST / bytes.len().max(1));
    out
}

/// The lines of a text by their ranges, line breaks included.
fn lines(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        if start >= bytes.len() {
            return None;
        }
        let end = memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |at| start + at + 1);
        let line = start..end;
        start = end;
        Some(line)
    })
}

/// The number of the line of an offset, from 1.
fn line_number(bytes: &[u8], offset: usize) -> usize {
    1 + memchr::memchr_iter(b'\n', &bytes[..offset]).count()
}

/// How many blanks a line begins with.
fn indentation(line: &[u8]) -> usize {
    line.iter().take_while(|b| **b == b' ').count()
}

/// Whether the name of a file, a key or a language says nginx.
fn says_nginx(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains("nginx") || name.ends_with(".conf") || name.ends_with("-snippet") || name.ends_with("-snippets")
}

/// Whether the lines are nginx, where their surroundings say so or do not.
fn holds_nginx(bytes: &[u8], lines: &[Range<usize>], said: bool) -> bool {
    let content: Vec<u8> = lines.iter().flat_map(|line| &bytes[line.clone()]).copied().collect();
    is_nginx(&content, said) && !is_command(&content)
}

/// Whether a command comes first that goes on in quotes: `/bin/echo '`, `printf "server {`.
fn is_command(content: &[u8]) -> bool {
    let mut written = content.split(|b| *b == b'\n').map(<[u8]>::trim_ascii);
    let first = written.find(|line| !line.is_empty() && !line.starts_with(b"#")).unwrap_or_default();
    let word = first.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    let open = |quote: u8| memchr::memchr_iter(quote, first).count() % 2 == 1;
    lookup(word) == Name::UNKNOWN && (open(b'\'') || open(b'"')) && !first.starts_with(b"}")
}

/// The blocks of a text that stands inside another, found as if it stood alone: its indentation is nobody's.
fn within(bytes: &[u8], lines: &[Range<usize>], find: fn(&[u8]) -> Vec<Block>) -> Vec<Block> {
    let (mut text, mut starts) = (Vec::new(), Vec::new());
    for line in lines {
        starts.push((text.len(), line.start));
        text.extend_from_slice(&bytes[line.clone()]);
    }
    let back = |at: usize| {
        let (own, outer) = starts[starts.partition_point(|(own, _)| *own <= at).saturating_sub(1)];
        outer + (at - own)
    };
    let mut out = find(&text);
    for block in &mut out {
        block.header = back(block.header);
        block.expanded.iter_mut().for_each(|at| *at = back(*at));
        for line in block.lines.iter_mut().filter(|line| line.start < line.end) {
            *line = back(line.start)..back(line.end - 1) + 1;
        }
        block.lines.retain(|line| line.start < line.end);
    }
    out
}
