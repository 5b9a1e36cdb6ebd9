//! Bytes and files: the only place that knows paths and the disk.

mod bounds;
mod carrier;
mod discover;
mod dump;
mod fs;
mod glob;
mod line_index;
mod overlay;
#[cfg(feature = "server")]
mod rooted;
mod sniff;

use std::path::{Component, Path, PathBuf};

pub use bounds::{Bounds, Fence, is_outside, leads_out, lies_in, outside};
pub use carrier::Carrier;
pub use discover::{Found, LeaveOut, PassedOver, discover};
pub use dump::{is_dump, split_dump};
pub use fs::{FileKind, FileSystem, MemFs, OsFs, io_text, too_large};
#[cfg(feature = "internals")]
pub use fs::{Met, Visitor};
pub use glob::{expand_glob, glob_match, is_glob};
#[cfg(feature = "server")]
pub use line_index::Encoding;
pub use line_index::LineIndex;
pub use overlay::{Content, Overlay};
#[cfg(feature = "server")]
pub use rooted::{Rooted, stamp};
pub use sniff::is_nginx;

/// The largest file that is read, in bytes: what an offset and a packed length can hold.
pub const MAX_FILE: u64 = (1 << 29) - 1;

/// The number of a file in a [`SourceMap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A half-open range of byte offsets within one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// Offset of the first byte, from 0.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

impl Span {
    /// The range from `start` up to, not including, `end`.
    pub fn new(start: u32, end: u32) -> Span {
        Span { start, end }
    }

    /// The empty range at `offset`.
    pub fn at(offset: u32) -> Span {
        Span { start: offset, end: offset }
    }

    /// Length in bytes.
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether the range holds no byte.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The range as indices into the file's bytes.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The smallest range that holds both.
    pub fn cover(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// A place in one of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file.
    pub file: FileId,
    /// The bytes in it.
    pub span: Span,
}

/// One file, read once.
#[derive(Debug)]
pub struct SourceFile {
    /// The path as reports show it: as given, normalised, relative where the root was relative.
    pub path: PathBuf,
    /// The content, any bytes.
    pub bytes: Vec<u8>,
    /// Where the bytes are those of a file that carries several configurations: which of them it is.
    pub block: Option<Box<str>>,
    lines: std::sync::OnceLock<LineIndex>,
    speaks: std::sync::OnceLock<bool>,
}

impl SourceFile {
    /// A file with this content.
    pub fn new(path: PathBuf, bytes: Vec<u8>) -> SourceFile {
        let (lines, speaks) = (std::sync::OnceLock::new(), std::sync::OnceLock::new());
        SourceFile { path, bytes, block: None, lines, speaks }
    }

    /// Offsets to lines and columns; built when first asked for.
    pub fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(&self.bytes))
    }

    /// Whether any comment can be meant for wslint; looked for when first asked.
    pub fn speaks_to_wslint(&self) -> bool {
        *self.speaks.get_or_init(|| memchr::memmem::find(&self.bytes, b"wslint:").is_some())
    }

    /// Whether nothing but white space stands before this offset on its line.
    pub fn begins_line(&self, offset: u32) -> bool {
        self.bytes[..offset as usize].iter().rev().take_while(|&&b| b != b'\n').all(u8::is_ascii_whitespace)
    }

    /// The bytes of a range of this file.
    pub fn text(&self, span: Span) -> &[u8] {
        &self.bytes[span.range()]
    }
}

/// All files of one run, by number.
#[derive(Debug, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
    by_path: std::collections::HashMap<PathBuf, FileId>,
    /// Of each file that carries configurations the first block that was read.
    first_blocks: std::collections::HashMap<PathBuf, FileId>,
    /// The files that have the bytes of another, with the first of those.
    pages: std::collections::HashMap<FileId, FileId>,
}

impl SourceMap {
    /// Adds a file. A path that is there already keeps its number and its first content.
    pub fn add(&mut self, path: PathBuf, bytes: Vec<u8>) -> FileId {
        if let Some(&id) = self.by_path.get(&path) {
            return id;
        }
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.by_path.insert(path.clone(), id);
        self.files.push(SourceFile::new(path, bytes));
        id
    }

    /// Adds a block of a file that carries configurations. It is found under a path of its own, and shown
    /// under that of the file, whose bytes it has.
    pub fn add_block(&mut self, own: PathBuf, block: &str, path: PathBuf, bytes: Vec<u8>) -> FileId {
        if let Some(&id) = self.by_path.get(&own) {
            return id;
        }
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.by_path.insert(own, id);
        let first = *self.first_blocks.entry(path.clone()).or_insert(id);
        self.pages.insert(id, first);
        self.files.push(SourceFile { block: Some(block.into()), ..SourceFile::new(path, bytes) });
        id
    }

    /// Lets a file be known as another one of which it has the bytes.
    pub fn join(&mut self, id: FileId, first: FileId) {
        self.pages.insert(id, first);
    }

    /// The first file with the same bytes on the disk: blocks of one carrier are edited as one file, and so is the
    /// carrier where nginx reads it itself.
    pub fn carrier(&self, id: FileId) -> FileId {
        self.pages.get(&id).copied().unwrap_or(id)
    }

    /// The blocks of the file with this path, in their order; none where it carries no configurations.
    pub fn blocks(&self, path: &Path) -> Vec<FileId> {
        if !self.first_blocks.contains_key(path) {
            return Vec::new();
        }
        let own = |(_, file): &(FileId, &SourceFile)| file.block.is_some() && file.path == path;
        self.iter().filter(own).map(|(id, _)| id).collect()
    }

    /// The number of the file with this (normalised) path, if it was read.
    pub fn find(&self, path: &Path) -> Option<FileId> {
        self.by_path.get(path).copied()
    }

    /// The file with this number.
    pub fn get(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// Gives a file other content; its number stays.
    pub fn replace(&mut self, id: FileId, bytes: Vec<u8>) {
        let path = std::mem::take(&mut self.files[id.0 as usize].path);
        self.files[id.0 as usize] = SourceFile::new(path, bytes);
    }

    /// Takes a file out; an empty one without a name stays in its place.
    pub fn take(&mut self, id: FileId) -> SourceFile {
        std::mem::replace(&mut self.files[id.0 as usize], SourceFile::new(PathBuf::new(), Vec::new()))
    }

    /// The bytes at a place.
    pub fn text(&self, place: Place) -> &[u8] {
        self.get(place.file).text(place.span)
    }

    /// All files in the order in which they were read.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files.iter().enumerate().map(|(i, f)| (FileId(i as u32), f))
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether no file was read.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

/// `./a//b/../c` as `a/c`: purely textual, the disk is not asked. Leading `..` stay.
pub fn normalise(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => match out.components().next_back() {
                Some(Component::Normal(_)) => {
                    out.pop();
                }
                Some(Component::RootDir | Component::Prefix(_)) => {}
                _ => out.push(".."),
            },
            other => out.push(other),
        }
    }
    if out.as_os_str().is_empty() { PathBuf::from(".") } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalised_textually() {
        for (given, want) in [
            ("./x", "x"),
            ("a//b/./c", "a/b/c"),
            ("a/../b", "b"),
            ("../x", "../x"),
            ("a/../../x", "../x"),
            ("/../x", "/x"),
            (".", "."),
            ("a/..", "."),
        ] {
            assert_eq!(normalise(Path::new(given)), PathBuf::from(want), "{given}");
        }
    }

    #[test]
    fn a_file_is_added_once() {
        let mut map = SourceMap::default();
        let first = map.add("a".into(), b"x".to_vec());
        assert_eq!(map.add("a".into(), b"y".to_vec()), first);
        assert_eq!(map.get(first).bytes, b"x");
    }
}
