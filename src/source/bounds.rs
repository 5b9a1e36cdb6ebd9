//! What a file of a repository may lead to: nothing outside its project is opened because a path, a link
//! or a setting in it says so. This is the one place that decides it; what a person names, they may.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::fs::{Met, Visitor};
use super::{FileKind, FileSystem};

/// Where files may be opened.
#[derive(Clone, Debug, Default)]
pub struct Bounds {
    /// Directories and files, absolute and without links.
    areas: Vec<PathBuf>,
    everywhere: bool,
}

impl Bounds {
    /// The machine's own configuration: nothing is outside.
    pub fn everywhere() -> Bounds {
        Bounds { areas: Vec::new(), everywhere: true }
    }

    /// Also this directory with everything in it, or this file; links in its own path are resolved. What is
    /// not there leads nowhere.
    pub fn allow(&mut self, fs: &dyn FileSystem, path: &Path) {
        if let Ok(real) = fs.canonicalize(if path.as_os_str().is_empty() { Path::new(".") } else { path }) {
            self.areas.push(real);
        }
    }

    fn hold(&self, real: &Path) -> bool {
        self.everywhere || self.areas.iter().any(|area| real.starts_with(area))
    }
}

/// Whether a path, links resolved, lies in a directory; so does what is not there.
pub fn lies_in(fs: &dyn FileSystem, path: &Path, folder: &Path) -> bool {
    match (fs.canonicalize(path), fs.canonicalize(folder)) {
        (Ok(real), Ok(folder)) => real.starts_with(folder),
        _ => true,
    }
}

/// Whether a link in a project leads out of it: who names the link need not know.
pub fn leads_out(fs: &dyn FileSystem, path: &Path, project: &Path) -> bool {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(real_folder) = fs.canonicalize(folder) else { return false };
    let Ok(project) = fs.canonicalize(project) else { return false };
    real_folder.starts_with(&project) && !lies_in(fs, path, &project)
}

/// What an operation outside the bounds fails with.
#[derive(Debug, thiserror::Error)]
#[error("it lies outside the project, and wslint does not open it")]
struct Outside;

/// The error for a path outside the bounds.
pub fn outside() -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, Outside)
}

/// Whether an operation failed because its path lies outside.
pub fn is_outside(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<Outside>())
}

/// A file system of which nothing but what lies within bounds is opened, listed or written.
pub struct Fence<'a> {
    fs: &'a dyn FileSystem,
    bounds: Bounds,
    /// Whether directories lie inside, by the names under which they were asked for.
    folders: Mutex<HashMap<PathBuf, bool>>,
}

impl<'a> Fence<'a> {
    /// `fs` within bounds.
    pub fn new(fs: &'a dyn FileSystem, bounds: Bounds) -> Fence<'a> {
        Fence { fs, bounds, folders: Mutex::default() }
    }

    /// Refuses what lies outside. What is not there is told by the operation itself.
    fn guard(&self, path: &Path) -> io::Result<()> {
        if self.bounds.everywhere {
            return Ok(());
        }
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if path.file_name().is_some() && !self.fs.is_link(path) && self.folder_is_inside(folder) {
            return Ok(());
        }
        match self.fs.canonicalize(path) {
            Ok(real) if !self.bounds.hold(&real) => Err(outside()),
            _ => Ok(()),
        }
    }

    fn folder_is_inside(&self, folder: &Path) -> bool {
        let mut known = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(inside) = known.get(folder) {
            return *inside;
        }
        let inside = self.fs.canonicalize(folder).is_ok_and(|real| self.bounds.hold(&real));
        known.insert(folder.to_owned(), inside);
        inside
    }
}

impl FileSystem for Fence<'_> {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.guard(path)?;
        self.fs.read(path)
    }

    fn head(&self, path: &Path, most: usize) -> io::Result<Vec<u8>> {
        self.guard(path)?;
        self.fs.head(path, most)
    }

    fn list_dir(&self, path: &Path) -> io::Result<Vec<OsString>> {
        self.guard(path)?;
        self.fs.list_dir(path)
    }

    fn kind(&self, path: &Path) -> io::Result<FileKind> {
        self.guard(path)?;
        self.fs.kind(path)
    }

    fn is_link(&self, path: &Path) -> bool {
        self.fs.is_link(path)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        self.fs.canonicalize(path)
    }

    fn walk(&self, folder: &Path, visitor: &mut dyn Visitor) {
        match self.guard(folder) {
            Ok(()) => self.fs.walk(folder, &mut Guarded { fence: self, visitor }),
            Err(_) => {
                visitor.meet(folder, Met::Outside);
            }
        }
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.guard(path)?;
        self.fs.replace(path, bytes)
    }

    fn write_to(&self, path: &Path, append: bool) -> io::Result<Box<dyn io::Write>> {
        self.guard(path)?;
        self.fs.write_to(path, append)
    }
}

/// A walk that goes through no link that leads out: what it comes upon otherwise lies where it walks.
struct Guarded<'f, 'v> {
    fence: &'f Fence<'f>,
    visitor: &'v mut dyn Visitor,
}

impl Visitor for Guarded<'_, '_> {
    fn meet(&mut self, path: &Path, met: Met) -> bool {
        let links = matches!(met, Met::LinkToFolder | Met::LinkToFile);
        let met = if links && self.fence.guard(path).is_err() { Met::Outside } else { met };
        self.visitor.meet(path, met)
    }
}
