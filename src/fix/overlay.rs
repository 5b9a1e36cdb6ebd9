//! Changed files in memory over the ones on disk.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use crate::source::{FileKind, FileSystem};

/// A file system in which some files have other content, or exist at all: standard input.
pub struct Overlay<'a> {
    base: &'a dyn FileSystem,
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl<'a> Overlay<'a> {
    /// These files, by the path under which they are read, over `base`.
    pub fn new(base: &'a dyn FileSystem, files: BTreeMap<PathBuf, Vec<u8>>) -> Overlay<'a> {
        Overlay { base, files }
    }
}

impl FileSystem for Overlay<'_> {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.files.get(path) {
            Some(bytes) => Ok(bytes.clone()),
            None => self.base.read(path),
        }
    }

    fn head(&self, path: &Path, most: usize) -> io::Result<Vec<u8>> {
        match self.files.get(path) {
            Some(bytes) => Ok(bytes[..most.min(bytes.len())].to_vec()),
            None => self.base.head(path, most),
        }
    }

    fn list_dir(&self, path: &Path) -> io::Result<Vec<OsString>> {
        self.base.list_dir(path)
    }

    fn kind(&self, path: &Path) -> io::Result<FileKind> {
        if self.files.contains_key(path) { Ok(FileKind::File) } else { self.base.kind(path) }
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        self.base.canonicalize(path)
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.base.replace(path, bytes)
    }
}
