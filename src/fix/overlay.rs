//! Changed files in memory over the ones on disk.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::patched::Patched;
use crate::source::{FileKind, FileSystem};

/// What a file holds instead of what is on disk.
pub trait Content: Sync {
    /// Its bytes.
    fn bytes(&self) -> Vec<u8>;
}

impl Content for Vec<u8> {
    fn bytes(&self) -> Vec<u8> {
        self.clone()
    }
}

/// A patched file is put together when it is read.
impl Content for &Patched {
    fn bytes(&self) -> Vec<u8> {
        self.text()
    }
}

/// A file system in which some files have other content, or exist at all: standard input.
pub struct Overlay<'a, C: Content = Vec<u8>> {
    base: &'a dyn FileSystem,
    files: BTreeMap<PathBuf, C>,
}

impl<'a, C: Content> Overlay<'a, C> {
    /// These files, by the path under which they are read, over `base`.
    pub fn new(base: &'a dyn FileSystem, files: BTreeMap<PathBuf, C>) -> Overlay<'a, C> {
        Overlay { base, files }
    }
}

impl<C: Content> FileSystem for Overlay<'_, C> {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.files.get(path) {
            Some(content) => Ok(content.bytes()),
            None => self.base.read(path),
        }
    }

    fn head(&self, path: &Path, most: usize) -> io::Result<Vec<u8>> {
        match self.files.get(path) {
            Some(content) => {
                let mut bytes = content.bytes();
                bytes.truncate(most);
                Ok(bytes)
            }
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
