//! A file system whose relative paths begin in a directory of its own: a process has one current directory,
//! an editor many folders.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::fs::{Met, Visitor};
use super::{FileKind, FileSystem};

/// `fs`, seen from a directory.
pub struct Rooted<F> {
    fs: F,
    root: PathBuf,
}

impl<F: FileSystem> Rooted<F> {
    /// Relative paths begin in `root`, which is absolute.
    pub fn new(fs: F, root: PathBuf) -> Rooted<F> {
        Rooted { fs, root }
    }

    /// The path that a relative one stands for.
    pub fn absolute(&self, path: &Path) -> PathBuf {
        self.root.join(path)
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
        self.fs.list_dir(&self.absolute(path))
    }

    fn kind(&self, path: &Path) -> io::Result<FileKind> {
        self.fs.kind(&self.absolute(path))
    }

    fn is_link(&self, path: &Path) -> bool {
        self.fs.is_link(&self.absolute(path))
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        self.fs.canonicalize(&self.absolute(path))
    }

    fn walk(&self, folder: &Path, visitor: &mut dyn Visitor) {
        if folder.has_root() {
            return self.fs.walk(folder, visitor);
        }
        let mut seen = Seen { root: &self.root, visitor };
        self.fs.walk(&self.absolute(folder), &mut seen);
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
struct Seen<'v> {
    root: &'v Path,
    visitor: &'v mut dyn Visitor,
}

impl Visitor for Seen<'_> {
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
        let leave_out = LeaveOut { exclude: &[], base: Path::new(""), ignored: false };
        assert_eq!(discover(&fs, Path::new("."), leave_out).files, [PathBuf::from("nginx.conf")]);
        assert_eq!(discover(&fs, Path::new("/q"), leave_out).files, [PathBuf::from("/q/nginx.conf")]);
    }
}
