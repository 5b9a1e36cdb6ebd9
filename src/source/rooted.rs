//! A file system whose relative paths begin in a directory of its own: a process has one current directory,
//! an editor many folders. What it says of names is remembered until somebody has seen the disk change.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::fs::{Met, Visitor};
use super::{FileKind, FileSystem};

/// `fs`, seen from a directory.
pub struct Rooted<F> {
    fs: F,
    root: PathBuf,
    seen: Mutex<Seen>,
}

/// What a name stands for: thousands of them are asked about with each keystroke.
#[derive(Default)]
struct Seen {
    real: HashMap<PathBuf, Result<PathBuf, Failed>>,
    kinds: HashMap<PathBuf, Result<FileKind, Failed>>,
    lists: HashMap<PathBuf, Result<Vec<OsString>, Failed>>,
    links: HashMap<PathBuf, bool>,
}

/// An [`io::Error`] that can be told again.
#[derive(Clone, Copy)]
struct Failed(io::ErrorKind, Option<i32>);

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Failed {
        Failed(error.kind(), error.raw_os_error())
    }
}

impl From<Failed> for io::Error {
    fn from(Failed(kind, code): Failed) -> io::Error {
        code.map_or_else(|| kind.into(), io::Error::from_raw_os_error)
    }
}

impl<F: FileSystem> Rooted<F> {
    /// Relative paths begin in `root`, which is absolute.
    pub fn new(fs: F, root: PathBuf) -> Rooted<F> {
        Rooted { fs, root, seen: Mutex::default() }
    }

    /// The path that a relative one stands for.
    pub fn absolute(&self, path: &Path) -> PathBuf {
        self.root.join(path)
    }

    /// The disk may have changed.
    pub fn forget(&self) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Seen::default();
    }

    /// What was seen of a path before, else what is seen now.
    fn recall<T: Clone>(
        &self,
        path: &Path,
        table: impl Fn(&mut Seen) -> &mut HashMap<PathBuf, T>,
        look: impl FnOnce(&F, &Path) -> T,
    ) -> T {
        let seen = || self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = table(&mut seen()).get(path) {
            return known.clone();
        }
        let found = look(&self.fs, &self.absolute(path));
        table(&mut seen()).insert(path.to_owned(), found.clone());
        found
    }
}

impl<F: FileSystem> FileSystem for Rooted<F> {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.fs.read(&self.absolute(path))
    }

    fn head(&self, path: &Path, most: usize) -> io::Result<Vec<u8>> {
        self.fs.head(&self.absolute(path), most)
    }

    fn list_dir(&self, path: &Path) -> io::Result<Vec<OsString>> {
        Ok(self.recall(path, |seen| &mut seen.lists, |fs, path| Ok(fs.list_dir(path)?))?)
    }

    fn kind(&self, path: &Path) -> io::Result<FileKind> {
        Ok(self.recall(path, |seen| &mut seen.kinds, |fs, path| Ok(fs.kind(path)?))?)
    }

    fn is_link(&self, path: &Path) -> bool {
        self.recall(path, |seen| &mut seen.links, |fs, path| fs.is_link(path))
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        Ok(self.recall(path, |seen| &mut seen.real, |fs, path| Ok(fs.canonicalize(path)?))?)
    }

    fn walk(&self, folder: &Path, visitor: &mut dyn Visitor) {
        if folder.has_root() {
            return self.fs.walk(folder, visitor);
        }
        let mut told = Told { root: &self.root, visitor };
        self.fs.walk(&self.absolute(folder), &mut told);
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.fs.replace(&self.absolute(path), bytes)
    }

    fn write_to(&self, path: &Path, append: bool) -> io::Result<Box<dyn io::Write>> {
        self.fs.write_to(&self.absolute(path), append)
    }
}

/// A number that changes when one of these files or directories does: its time, its size, or whether it is
/// there at all.
pub fn stamp<'p>(paths: impl Iterator<Item = &'p Path>) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut out = DefaultHasher::new();
    for path in paths {
        let meta = std::fs::metadata(path).ok();
        meta.map(|meta| (meta.len(), meta.modified().ok())).hash(&mut out);
    }
    out.finish()
}

/// A walk whose paths are told as they were asked for: relative.
struct Told<'v> {
    root: &'v Path,
    visitor: &'v mut dyn Visitor,
}

impl Visitor for Told<'_> {
    fn meet(&mut self, path: &Path, met: Met) -> bool {
        let inside = path.strip_prefix(self.root).unwrap_or(path);
        self.visitor.meet(if inside.as_os_str().is_empty() { Path::new(".") } else { inside }, met)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{LeaveOut, MemFs, discover};

    #[test]
    fn what_lies_in_the_directory_is_called_by_its_relative_name() {
        let http = b"events {}\nhttp { server { listen 80; } }\n".to_vec();
        let disk = MemFs::new([("/p/nginx.conf".into(), http.clone()), ("/q/nginx.conf".into(), http.clone())]);
        let fs = Rooted::new(disk, "/p".into());
        assert_eq!(fs.read(Path::new("nginx.conf")).unwrap(), http);
        assert_eq!(fs.canonicalize(Path::new(".")).unwrap(), Path::new("/p"));
        let leave_out = LeaveOut { exclude: &[], base: Path::new(""), ignored: false, carriers: false };
        assert_eq!(discover(&fs, Path::new("."), leave_out).files, [PathBuf::from("nginx.conf")]);
        assert_eq!(discover(&fs, Path::new("/q"), leave_out).files, [PathBuf::from("/q/nginx.conf")]);
    }
}
