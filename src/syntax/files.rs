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
    /// The files by their canonical paths; text that is no file has none.
    by_real: HashMap<PathBuf, FileId>,
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
}

impl<'a> Files<'a> {
    /// Nothing read yet.
    pub fn new(fs: &'a dyn FileSystem) -> Files<'a> {
        Files {
            fs,
            sources: SourceMap::default(),
            asts: Vec::new(),
            by_real: HashMap::new(),
            aliases: HashMap::new(),
            carried: HashMap::new(),
            blocks: HashMap::new(),
            read_only: Vec::new(),
            locked: Vec::new(),
            shipped: Vec::new(),
        }
    }

    /// Reads a file, or finds it again.
    ///
    /// # Errors
    /// As the file system says; one larger than [`crate::source::MAX_FILE`] is refused.
    pub fn read(&mut self, path: &Path) -> std::io::Result<FileId> {
        if let Some(id) = self.find(path) {
            return Ok(id);
        }
        if let Some(Carried { carrier, own, block }) = self.carried.get(path) {
            let (carrier, own, block) = (carrier.clone(), own.clone(), Arc::clone(block));
            let id = match self.sources.find(&own) {
                Some(id) => id,
                None => self.insert_block(&own, carrier, &block)?,
            };
            self.aliases.insert(path.to_owned(), id);
            return Ok(id);
        }
        // One file under two names (`sites-enabled/app` is a link) is one file.
        let real = self.fs.canonicalize(path).ok();
        if let Some(&same) = real.as_ref().and_then(|r| self.by_real.get(r)) {
            self.aliases.insert(path.to_owned(), same);
            return Ok(same);
        }
        let bytes = self.fs.read(path)?;
        Ok(self.insert(path.to_owned(), bytes, real, false))
    }

    /// The number of a file that was read, under this name or another.
    pub fn find(&self, path: &Path) -> Option<FileId> {
        self.sources.find(path).or_else(|| self.aliases.get(path).copied())
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
            self.carried.entry(path).or_insert(carried);
        }
    }

    /// The block that a file is, if it is one.
    pub fn block(&self, id: FileId) -> Option<&Block> {
        self.blocks.get(&id).map(|(block, _)| &**block)
    }

    /// The comment in the file around a block that speaks of it to wslint.
    pub fn remark(&self, id: FileId) -> Option<Span> {
        self.blocks.get(&id).and_then(|(_, remark)| *remark)
    }

    fn insert_block(&mut self, own: &Path, carrier: PathBuf, block: &Arc<Block>) -> std::io::Result<FileId> {
        let bytes = self.fs.read(&carrier)?;
        let text = mask(&bytes, block);
        let remark = block.remark(&bytes);
        let id = self.sources.add_block(own.to_owned(), &block.name, carrier, bytes);
        let ast = parse_block(text, block.hand);
        self.blocks.insert(id, (Arc::clone(block), remark));
        self.shipped.push(false);
        self.read_only.push(!block.writable || ast.template == Template::Unread);
        self.asts.push(ast);
        Ok(id)
    }

    /// From now on, fixes leave the files below this path alone.
    pub fn lock(&mut self, top: &Path) {
        self.locked.push(top.to_owned());
    }

    fn insert(&mut self, path: PathBuf, bytes: Vec<u8>, real: Option<PathBuf>, read_only: bool) -> FileId {
        let read_only = read_only || self.locked.iter().any(|top| path.starts_with(top));
        let id = self.sources.add(path, bytes);
        let ast = parse_template(&self.sources.get(id).bytes);
        // In a template whose blocks cannot be told apart, nobody knows what an edit would land in.
        self.shipped.push(read_only);
        self.read_only.push(read_only || ast.template == Template::Unread);
        self.asts.push(ast);
        if let Some(real) = real {
            self.by_real.insert(real, id);
        }
        id
    }

    /// Whether fixes must leave the file alone.
    pub fn read_only(&self, id: FileId) -> bool {
        self.read_only[id.0 as usize]
    }

    /// Whether nobody has to be told of the file.
    pub fn is_shipped(&self, id: FileId) -> bool {
        self.shipped[id.0 as usize]
    }

    /// The file system that the files come from.
    pub fn fs(&self) -> &'a dyn FileSystem {
        self.fs
    }
}
