//! Text in memory over a file system: standard input, an editor's buffers, files about to be changed.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::fs::{Met, Visitor};
use super::{FileKind, FileSystem, normalise};

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

/// What lies under an overlay.
enum Base<'a> {
    Borrowed(&'a dyn FileSystem),
    Owned(Box<dyn FileSystem + 'a>),
}

/// A file system in which some files have other content, or exist at all. They are listed, found by
/// globs and known under every name that leads to them, as if they were on the disk.
pub struct Overlay<'a, C: Content = Vec<u8>> {
    base: Base<'a>,
    files: BTreeMap<PathBuf, C>,
    /// The names of `files` by the absolute paths without links that they stand for.
    real: BTreeMap<PathBuf, PathBuf>,
}

impl<'a, C: Content> Overlay<'a, C> {
    /// These files, by the path under which they are read, over `base`.
    pub fn new(base: &'a dyn FileSystem, files: BTreeMap<PathBuf, C>) -> Overlay<'a, C> {
        Overlay::over(Base::Borrowed(base), files)
    }

    fn over(base: Base<'a>, files: BTreeMap<PathBuf, C>) -> Overlay<'a, C> {
        let mut out = Overlay { base, files: BTreeMap::new(), real: BTreeMap::new() };
        for (path, content) in files {
            out.set(path, content);
        }
        out
    }

    /// Gives a file other content.
    pub fn set(&mut self, path: PathBuf, content: C) {
        let real = real_path(self.base(), &path).unwrap_or_else(|_| normalise(&path));
        self.real.insert(real, path.clone());
        self.files.insert(path, content);
    }

    fn base(&self) -> &dyn FileSystem {
        match &self.base {
            Base::Borrowed(fs) => *fs,
            Base::Owned(fs) => fs.as_ref(),
        }
    }

    /// The content that stands for a file, whatever name it is asked for by.
    fn content(&self, path: &Path) -> Option<&C> {
        if self.files.is_empty() {
            return None;
        }
        self.files.get(path).or_else(|| self.files.get(self.real.get(&self.real_folder(path))?))
    }

    /// The absolute path of a directory, also of one that only the overlay has.
    fn real_folder(&self, path: &Path) -> PathBuf {
        real_path(self.base(), path).unwrap_or_else(|_| normalise(path))
    }
}

impl<'a> Overlay<'a> {
    /// These files over a file system that is the overlay's own: the world of an `nginx -T` dump, or a disk
    /// within bounds.
    pub fn on(base: impl FileSystem + 'a, files: BTreeMap<PathBuf, Vec<u8>>) -> Overlay<'a> {
        Overlay::over(Base::Owned(Box::new(base)), files)
    }
}

/// The absolute path without links; where the last parts are not there, that of the directory above them.
fn real_path(fs: &dyn FileSystem, path: &Path) -> io::Result<PathBuf> {
    let path = normalise(path);
    fs.canonicalize(&path).or_else(|error| {
        let name = path.file_name().ok_or(error)?;
        let above = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Ok(fs.canonicalize(above)?.join(name))
    })
}

impl<C: Content> FileSystem for Overlay<'_, C> {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.content(path).map_or_else(|| self.base().read(path), |content| Ok(content.bytes()))
    }

    fn head(&self, path: &Path, most: usize) -> io::Result<Vec<u8>> {
        match self.content(path) {
            Some(content) => {
                let mut bytes = content.bytes();
                bytes.truncate(most);
                Ok(bytes)
            }
            None => self.base().head(path, most),
        }
    }

    fn list_dir(&self, path: &Path) -> io::Result<Vec<OsString>> {
        let listed = self.base().list_dir(path);
        if self.files.is_empty() {
            return listed;
        }
        let folder = self.real_folder(path);
        let own: BTreeSet<OsString> = self
            .real
            .keys()
            .filter_map(|real| real.strip_prefix(&folder).ok()?.components().next())
            .map(|first| first.as_os_str().to_owned())
            .collect();
        match (listed, own.is_empty()) {
            (Ok(names), _) => Ok(names.into_iter().chain(own).collect::<BTreeSet<_>>().into_iter().collect()),
            (Err(_), false) => Ok(own.into_iter().collect()),
            (Err(error), true) => Err(error),
        }
    }

    fn kind(&self, path: &Path) -> io::Result<FileKind> {
        if self.content(path).is_some() {
            return Ok(FileKind::File);
        }
        self.base().kind(path).or_else(|error| {
            let folder = self.real_folder(path);
            let holds = self.real.keys().any(|real| *real != folder && real.starts_with(&folder));
            if holds { Ok(FileKind::Directory) } else { Err(error) }
        })
    }

    fn is_link(&self, path: &Path) -> bool {
        self.base().is_link(path)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        self.base().canonicalize(path).or_else(|error| {
            self.content(path).ok_or(error)?;
            Ok(self.real_folder(path))
        })
    }

    fn walk(&self, folder: &Path, visitor: &mut dyn Visitor) {
        self.base().walk(folder, visitor);
        // What is on the disk as well was met there.
        let real = self.real_folder(folder);
        for own in self.real.keys().filter(|r| r.starts_with(&real) && self.base().kind(r).is_err()) {
            let path = own.strip_prefix(&real).map_or_else(|_| own.clone(), |rest| folder.join(rest));
            visitor.meet(&path, Met::File);
        }
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.base().replace(path, bytes)
    }

    fn write_to(&self, path: &Path, append: bool) -> io::Result<Box<dyn io::Write>> {
        self.base().write_to(path, append)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{MemFs, expand_glob};

    #[test]
    fn a_file_that_only_the_overlay_has_is_found_like_any_other() {
        let disk = MemFs::new([("/p/nginx.conf".into(), b"a".to_vec()), ("/p/conf.d/a.conf".into(), b"b".to_vec())]);
        let files = BTreeMap::from([
            (PathBuf::from("/p/conf.d/new.conf"), b"new".to_vec()),
            (PathBuf::from("/p/./nginx.conf"), b"changed".to_vec()),
            (PathBuf::from("/p/fresh/x.conf"), b"x".to_vec()),
        ]);
        let overlay = Overlay::new(&disk, files);
        let found = expand_glob(&overlay, Path::new("/p/conf.d/*.conf")).unwrap();
        assert_eq!(found, [PathBuf::from("/p/conf.d/a.conf"), "/p/conf.d/new.conf".into()]);
        assert_eq!(overlay.read(Path::new("/p/conf.d/../nginx.conf")).unwrap(), b"changed");
        assert_eq!(overlay.read(Path::new("/p/conf.d/a.conf")).unwrap(), b"b");
        assert_eq!(overlay.canonicalize(Path::new("/p/conf.d/new.conf")).unwrap(), Path::new("/p/conf.d/new.conf"));
        assert!(overlay.read(Path::new("/p/conf.d/none.conf")).is_err());
    }
}
