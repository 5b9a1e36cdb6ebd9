//! The files of one analysis, each read and parsed once.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::carrier::{Block, mask};
use super::template::parse_block;
use super::{Ast, Template, parse_template};
use crate::source::{FileId, FileSystem, SourceMap, Span};

/// A configuration inside another file.
struct Carried {
    /// The file.
    carrier: PathBuf,
    /// The path under which it is known first.
    own: PathBuf,
    block: Arc<Block>,
}

/// Reads and parses files, each once.
pub struct Files<'a> {
    fs: &'a dyn FileSystem,
    /// The files that were read.
    pub sources: SourceMap,
    /// Their trees, by [`FileId`].
    pub asts: Vec<Ast>,
    known: Known,
}

/// What is known of the files beside their content.
#[derive(Default)]
struct Known {
    /// The files by their canonical paths; text that is no file has none.
    by_real: HashMap<PathBuf, FileId>,
    /// The first blocks of files that carry configurations, by the canonical paths of those files.
    pages: HashMap<PathBuf, FileId>,
    /// Other names of files that were read.
    aliases: HashMap<PathBuf, FileId>,
    /// Files that cannot be changed: shipped ones, and those outside the project.
    read_only: Vec<bool>,
    /// Configurations inside other files, by the paths under which nginx would find them.
    carried: HashMap<PathBuf, Carried>,
    /// Of those that were read, which they are, and the comments around them that speak of them.
    blocks: HashMap<FileId, (Arc<Block>, Option<Span>)>,
    /// Directories in which nothing can be changed.
    locked: Vec<PathBuf>,
    /// Files that wslint itself brings along.
    shipped: Vec<bool>,
    /// How often each file has changed between analyses.
    revisions: Vec<u32>,
}

/// Files between two analyses, apart from the file system that they come from. They keep their numbers.
#[derive(Default)]
pub struct Kept {
    /// The files.
    pub sources: SourceMap,
    asts: Vec<Ast>,
    known: Known,
}

impl Kept {
    /// The number of a file, under this name or another.
    pub fn find(&self, path: &Path) -> Option<FileId> {
        self.sources.find(path).or_else(|| self.known.aliases.get(path).copied())
    }

    /// The first of the configurations in the file with this name: see [`SourceMap::carrier`].
    pub fn find_block(&self, path: &Path) -> Option<FileId> {
        self.sources.blocks(path).first().copied()
    }

    /// The number of the file with this absolute path without links.
    pub fn find_real(&self, real: &Path) -> Option<FileId> {
        self.known.by_real.get(real).copied()
    }

    /// Whether wslint itself brings the file along: there is nothing to open.
    pub fn is_shipped(&self, id: FileId) -> bool {
        self.known.shipped[id.0 as usize]
    }

    /// Reads all files again; `false` where one is gone, or leads elsewhere than before.
    pub fn refresh(&mut self, fs: &dyn FileSystem) -> bool {
        let leads_where_it_did = |(path, id): (&PathBuf, &FileId)| {
            let real = fs.canonicalize(path).ok();
            real.is_some_and(|real| self.known.by_real.get(&real) == Some(id))
        };
        // Where nginx would find a block, no disk has anything.
        let mut aliases = self.known.aliases.iter().filter(|(_, id)| !self.known.blocks.contains_key(id));
        if !aliases.all(leads_where_it_did) {
            return false;
        }
        // Other bytes around blocks may be other blocks.
        let stays = |id: &FileId| {
            let file = self.sources.get(*id);
            fs.read(&file.path).is_ok_and(|bytes| bytes == file.bytes)
        };
        if !self.known.blocks.keys().all(stays) {
            return false;
        }
        let own: Vec<(FileId, PathBuf)> = (self.sources.iter())
            .filter(|(id, file)| !self.known.shipped[id.0 as usize] && file.block.is_none())
            .map(|(id, file)| (id, file.path.clone()))
            .collect();
        own.iter().all(|(id, path)| fs.read(path).map(|bytes| self.replace(*id, &bytes)).is_ok())
    }

    /// Gives a file other content, and reads its tree anew.
    pub fn replace(&mut self, id: FileId, bytes: &[u8]) {
        if self.sources.get(id).bytes == bytes {
            return;
        }
        let (at, ast) = (id.0 as usize, parse_template(bytes));
        self.known.read_only[at] = self.known.shipped[at] || ast.template == Template::Unread;
        self.known.revisions[at] += 1;
        self.asts[at] = ast;
        self.sources.replace(id, bytes.to_vec());
    }
}

impl<'a> Files<'a> {
    /// Nothing read yet.
    pub fn new(fs: &'a dyn FileSystem) -> Files<'a> {
        Files::resume(fs, Kept::default())
    }

    /// Goes on with files that were kept.
    pub fn resume(fs: &'a dyn FileSystem, kept: Kept) -> Files<'a> {
        let Kept { sources, asts, known } = kept;
        // What is locked is said anew.
        let known = Known { locked: Vec::new(), ..known };
        Files { fs, sources, asts, known }
    }

    /// Keeps the files for the next analysis.
    pub fn keep(self) -> Kept {
        Kept { sources: self.sources, asts: self.asts, known: self.known }
    }

    /// How often a file has changed between analyses.
    pub fn revision(&self, id: FileId) -> u32 {
        self.known.revisions[id.0 as usize]
    }

    /// Reads a file, or finds it again.
    ///
    /// # Errors
    /// As the file system says; one larger than [`crate::source::MAX_FILE`] is refused.
    pub fn read(&mut self, path: &Path) -> std::io::Result<FileId> {
        if let Some(id) = self.find(path) {
            return Ok(id);
        }
        if let Some(Carried { carrier, own, block }) = self.known.carried.get(path) {
            let (carrier, own, block) = (carrier.clone(), own.clone(), Arc::clone(block));
            let id = match self.sources.find(&own) {
                Some(id) => id,
                None => self.insert_block(&own, carrier, &block)?,
            };
            self.known.aliases.insert(path.to_owned(), id);
            return Ok(id);
        }
        // One file under two names (`sites-enabled/app` is a link) is one file.
        let real = self.fs.canonicalize(path).ok();
        if let Some(&same) = real.as_ref().and_then(|r| self.known.by_real.get(r)) {
            self.known.aliases.insert(path.to_owned(), same);
            return Ok(same);
        }
        let bytes = self.fs.read(path)?;
        Ok(self.insert(path.to_owned(), bytes, real, false))
    }

    /// The number of a file that was read, under this name or another.
    pub fn find(&self, path: &Path) -> Option<FileId> {
        self.sources.find(path).or_else(|| self.known.aliases.get(path).copied())
    }

    /// Adds text that is no file of the file system.
    pub fn add(&mut self, path: PathBuf, bytes: Vec<u8>, read_only: bool) -> FileId {
        match self.sources.find(&path) {
            Some(id) => id,
            None => self.insert(path, bytes, None, read_only),
        }
    }

    /// Makes a block of a file known under a path of its own, and under those at which nginx would find it; where
    /// another block has one of them, it stays that one's.
    pub fn carry(&mut self, carrier: &Path, own: &Path, paths: Vec<PathBuf>, block: Block) {
        let block = Arc::new(block);
        for path in std::iter::once(own.to_owned()).chain(paths) {
            let carried = Carried { carrier: carrier.to_owned(), own: own.to_owned(), block: Arc::clone(&block) };
            self.known.carried.entry(path).or_insert(carried);
        }
    }

    /// The block that a file is, if it is one.
    pub fn block(&self, id: FileId) -> Option<&Block> {
        self.known.blocks.get(&id).map(|(block, _)| &**block)
    }

    /// The comment in the file around a block that speaks of it to wslint.
    pub fn remark(&self, id: FileId) -> Option<Span> {
        self.known.blocks.get(&id).and_then(|(_, remark)| *remark)
    }

    fn insert_block(&mut self, own: &Path, carrier: PathBuf, block: &Arc<Block>) -> std::io::Result<FileId> {
        let bytes = self.fs.read(&carrier)?;
        let text = mask(&bytes, block);
        let remark = block.remark(&bytes);
        let real = self.fs.canonicalize(&carrier).ok();
        let id = self.sources.add_block(own.to_owned(), &block.name, carrier, bytes);
        // nginx may be led to read the file around the block as well.
        if let Some(real) = real {
            if let Some(&itself) = self.known.by_real.get(&real) {
                self.sources.join(itself, self.sources.carrier(id));
                self.known.revisions[itself.0 as usize] += 1;
            }
            self.known.pages.entry(real).or_insert(id);
        }
        let ast = parse_block(text, block);
        self.known.blocks.insert(id, (Arc::clone(block), remark));
        self.known.shipped.push(false);
        self.known.revisions.push(0);
        self.known.read_only.push(!block.writable || ast.template == Template::Unread);
        self.asts.push(ast);
        Ok(id)
    }

    /// From now on, fixes leave the files below this path alone.
    pub fn lock(&mut self, top: &Path) {
        self.known.locked.push(top.to_owned());
    }

    fn insert(&mut self, path: PathBuf, bytes: Vec<u8>, real: Option<PathBuf>, read_only: bool) -> FileId {
        let read_only = read_only || self.known.locked.iter().any(|top| path.starts_with(top));
        let id = self.sources.add(path, bytes);
        let ast = parse_template(&self.sources.get(id).bytes);
        // In a template whose blocks cannot be told apart, nobody knows what an edit would land in.
        self.known.shipped.push(read_only);
        self.known.read_only.push(read_only || ast.template == Template::Unread);
        self.asts.push(ast);
        self.known.revisions.push(0);
        if let Some(real) = real {
            if let Some(&first) = self.known.pages.get(&real) {
                self.sources.join(id, first);
            }
            self.known.by_real.insert(real, id);
        }
        id
    }

    /// Whether fixes must leave the file alone. What stands around configurations is not made into one, whoever
    /// includes it: they are mended where they stand.
    pub fn read_only(&self, id: FileId) -> bool {
        let is_page = || self.sources.carrier(id) != id && !self.known.blocks.contains_key(&id);
        self.known.read_only[id.0 as usize] || is_page()
    }

    /// Whether nobody has to be told of the file.
    pub fn is_shipped(&self, id: FileId) -> bool {
        self.known.shipped[id.0 as usize]
    }

    /// The file system that the files come from.
    pub fn fs(&self) -> &'a dyn FileSystem {
        self.fs
    }
}
