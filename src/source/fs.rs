//! The disk, behind a trait, so that tests can hand in files and faults.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::bounds::is_outside;
use crate::i18n::Text;

/// What a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file, also behind a symbolic link.
    File,
    /// A directory, also behind a symbolic link.
    Directory,
    /// A device, FIFO or socket: never read.
    Other,
}

/// What a walk through a directory comes upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Met {
    /// A directory.
    Folder,
    /// A regular file.
    File,
    /// A symbolic link to a directory.
    LinkToFolder,
    /// A symbolic link to a regular file.
    LinkToFile,
    /// A symbolic link that leads out of what may be opened.
    Outside,
    /// A symbolic link that leads back into a directory that it lies in.
    Loop,
    /// A symbolic link that leads nowhere.
    Dangling,
    /// What the operating system does not let us look at.
    Unreadable,
}

/// Who walks through a directory.
pub trait Visitor {
    /// Comes upon something; the answer counts for directories: whether to look into it.
    fn meet(&mut self, path: &Path, met: Met) -> bool;
}

/// What wslint needs of a file system. Where its relative paths begin is its own affair: for the real one
/// it is the current directory of the process.
pub trait FileSystem: Sync {
    /// The content of a regular file.
    ///
    /// # Errors
    /// As the operating system says; what is no regular file is `InvalidInput`, what is larger than
    /// [`super::MAX_FILE`] `FileTooLarge`.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// The beginning of a regular file, at most so many bytes.
    ///
    /// # Errors
    /// As [`FileSystem::read`].
    fn head(&self, path: &Path, most: usize) -> io::Result<Vec<u8>> {
        let mut bytes = self.read(path)?;
        bytes.truncate(most);
        Ok(bytes)
    }
    /// The names in a directory, in no particular order, without `.` and `..`.
    ///
    /// # Errors
    /// As the operating system says.
    fn list_dir(&self, path: &Path) -> io::Result<Vec<std::ffi::OsString>>;
    /// What the path names, links followed.
    ///
    /// # Errors
    /// As the operating system says, `NotFound` where there is nothing.
    fn kind(&self, path: &Path) -> io::Result<FileKind>;
    /// Whether the last part of the path is a symbolic link.
    fn is_link(&self, path: &Path) -> bool {
        let _ = path;
        false
    }
    /// The absolute path without links.
    ///
    /// # Errors
    /// As the operating system says.
    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf>;
    /// Goes through what lies in a directory, itself first, names in order, links followed.
    fn walk(&self, folder: &Path, visitor: &mut dyn Visitor) {
        let mut open = vec![folder.to_owned()];
        while let Some(path) = open.pop() {
            match self.kind(&path) {
                Ok(FileKind::Directory) => {
                    if !visitor.meet(&path, Met::Folder) {
                        continue;
                    }
                    let Ok(mut names) = self.list_dir(&path) else {
                        visitor.meet(&path, Met::Unreadable);
                        continue;
                    };
                    names.sort_unstable_by(|a, b| b.cmp(a));
                    open.extend(names.iter().map(|name| path.join(name)));
                }
                Ok(FileKind::File) => {
                    visitor.meet(&path, Met::File);
                }
                Ok(FileKind::Other) => {}
                Err(_) => {
                    visitor.meet(&path, Met::Unreadable);
                }
            }
        }
    }
    /// Replaces the content of an existing file as a whole, or leaves it as it was.
    ///
    /// # Errors
    /// As the operating system says; the file is then untouched.
    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Opens a file for writing what is no configuration: a report, a baseline. It is made where there is
    /// none; `append` keeps what stands in it.
    ///
    /// # Errors
    /// As the operating system says.
    fn write_to(&self, path: &Path, append: bool) -> io::Result<Box<dyn io::Write>> {
        let _ = (path, append);
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// What the operating system says of a failure, for people.
pub fn io_text(error: &io::Error) -> Text {
    let zh = match error.kind() {
        _ if is_outside(error) => "它在项目之外，wslint 不会读取",
        io::ErrorKind::NotFound => "没有这个文件或目录",
        io::ErrorKind::PermissionDenied => "没有权限",
        io::ErrorKind::IsADirectory => "这是一个目录",
        io::ErrorKind::NotADirectory => "路径中有一部分不是目录",
        io::ErrorKind::FileTooLarge => "文件超过 512 MiB，wslint 不读取这么大的文件",
        io::ErrorKind::ConnectionRefused => "连接被拒绝",
        io::ErrorKind::ConnectionReset => "连接被重置",
        io::ErrorKind::TimedOut => "连接超时",
        io::ErrorKind::HostUnreachable => "主机不可达",
        io::ErrorKind::NetworkUnreachable => "网络不可达",
        io::ErrorKind::StorageFull => "磁盘空间不足",
        io::ErrorKind::ReadOnlyFilesystem => "文件系统只读",
        io::ErrorKind::InvalidInput => "不是普通文件",
        _ => return Text::same(error.to_string()),
    };
    Text { en: error.to_string().into(), zh: zh.into() }
}

/// The real file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsFs;

impl FileSystem for OsFs {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.kind(path)? {
            FileKind::File => read_at_most(std::fs::File::open(path)?, super::MAX_FILE),
            FileKind::Directory => Err(io::Error::new(io::ErrorKind::IsADirectory, "is a directory")),
            FileKind::Other => Err(io::Error::new(io::ErrorKind::InvalidInput, "is no regular file")),
        }
    }

    fn head(&self, path: &Path, most: usize) -> io::Result<Vec<u8>> {
        if self.kind(path)? != FileKind::File {
            return self.read(path);
        }
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(most as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn list_dir(&self, path: &Path) -> io::Result<Vec<std::ffi::OsString>> {
        std::fs::read_dir(path)?.map(|entry| Ok(entry?.file_name())).collect()
    }

    fn kind(&self, path: &Path) -> io::Result<FileKind> {
        let meta = std::fs::metadata(path)?;
        Ok(if meta.is_file() {
            FileKind::File
        } else if meta.is_dir() {
            FileKind::Directory
        } else {
            FileKind::Other
        })
    }

    fn is_link(&self, path: &Path) -> bool {
        std::fs::symlink_metadata(path).is_ok_and(|meta| meta.is_symlink())
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        std::fs::canonicalize(path)
    }

    fn walk(&self, folder: &Path, visitor: &mut dyn Visitor) {
        let mut walk = WalkDir::new(folder).follow_links(true).sort_by_file_name().into_iter();
        while let Some(entry) = walk.next() {
            match entry {
                Ok(entry) if entry.file_type().is_dir() => {
                    // The directory itself is what was asked for, link or not.
                    let linked = entry.path_is_symlink() && entry.depth() > 0;
                    if !visitor.meet(entry.path(), if linked { Met::LinkToFolder } else { Met::Folder }) {
                        walk.skip_current_dir();
                    }
                }
                Ok(entry) if entry.file_type().is_file() => {
                    visitor.meet(entry.path(), if entry.path_is_symlink() { Met::LinkToFile } else { Met::File });
                }
                // Devices, FIFOs and sockets hold no configuration.
                Ok(_) => {}
                Err(error) => {
                    let met = match (error.loop_ancestor(), error.io_error().map(io::Error::kind)) {
                        (Some(_), _) => Met::Loop,
                        (None, Some(io::ErrorKind::NotFound)) => Met::Dangling,
                        _ => Met::Unreadable,
                    };
                    visitor.meet(error.path().unwrap_or(folder), met);
                }
            }
        }
    }

    fn write_to(&self, path: &Path, append: bool) -> io::Result<Box<dyn io::Write>> {
        let mut options = std::fs::OpenOptions::new();
        options.create(true).write(true).append(append).truncate(!append);
        Ok(Box::new(options.open(path)?))
    }

    /// Writes a temporary file beside the real one (links resolved), syncs it, gives it the
    /// old mode and, where that is allowed, the old owner, and renames it over the old file.
    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        use std::io::Write;
        let real = std::fs::canonicalize(path)?;
        let folder = real.parent().unwrap_or_else(|| Path::new("/"));
        let meta = std::fs::metadata(&real)?;
        if meta.permissions().readonly() {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the file is read-only"));
        }
        remove_leftovers(folder);
        let prefix = format!("{TEMPORARY}{}-", std::process::id());
        let mut temporary = tempfile::Builder::new().prefix(&prefix).tempfile_in(folder)?;
        temporary.write_all(bytes)?;
        temporary.as_file().set_permissions(meta.permissions())?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let ours = temporary.as_file().metadata()?;
            if (ours.uid(), ours.gid()) != (meta.uid(), meta.gid()) {
                std::os::unix::fs::fchown(temporary.as_file(), Some(meta.uid()), Some(meta.gid()))?;
                // Changing the owner clears the set-id bits; the mode is put back.
                temporary.as_file().set_permissions(meta.permissions())?;
            }
        }
        temporary.as_file().sync_all()?;
        temporary.persist(&real).map_err(|e| e.error)?;
        // The rename is durable once the directory is; where that cannot be synced, the
        // content is whole all the same.
        if let Ok(directory) = std::fs::File::open(folder) {
            let _ = directory.sync_all();
        }
        Ok(())
    }
}

/// Everything up to the end, which is refused where it is further off: by the size that the file says it
/// has, before anything is read, and by what comes, for files that grow.
fn read_at_most(file: std::fs::File, most: u64) -> io::Result<Vec<u8>> {
    let size = file.metadata()?.len();
    if size > most {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(size as usize + 1);
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(too_large()) } else { Ok(bytes) }
}

/// What a file beyond the limit is refused with.
pub fn too_large() -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, "larger than 512 MiB, which is more than wslint reads")
}

/// How the names of temporary files begin; the number of the process follows.
const TEMPORARY: &str = ".wslint-";

/// Removes what a run that was killed left behind in a directory. A process that still runs keeps its own.
fn remove_leftovers(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|n| n.strip_prefix(TEMPORARY)?.split('-').next()?.parse::<u32>().ok());
        let Some(owner) = owner.filter(|o| *o != std::process::id()) else { continue };
        let runs = match Path::new("/proc/self").exists() {
            true => Path::new("/proc").join(owner.to_string()).exists(),
            // Elsewhere age tells: nobody writes a configuration for an hour.
            false => {
                entry.metadata().and_then(|m| m.modified()).is_ok_and(|t| t.elapsed().is_ok_and(|e| e.as_secs() < 3600))
            }
        };
        if !runs && entry.file_type().is_ok_and(|t| t.is_file()) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Files in memory, for tests and for text from standard input.
#[derive(Debug, Default)]
pub struct MemFs {
    files: std::sync::Mutex<BTreeMap<PathBuf, Vec<u8>>>,
}

impl MemFs {
    /// These files, by absolute path.
    pub fn new(files: impl IntoIterator<Item = (PathBuf, Vec<u8>)>) -> MemFs {
        MemFs { files: std::sync::Mutex::new(files.into_iter().collect()) }
    }

    fn with<T>(&self, f: impl FnOnce(&mut BTreeMap<PathBuf, Vec<u8>>) -> T) -> T {
        f(&mut self.files.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

impl FileSystem for MemFs {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.with(|files| files.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into()))
    }

    fn list_dir(&self, path: &Path) -> io::Result<Vec<std::ffi::OsString>> {
        self.with(|files| {
            let names: std::collections::BTreeSet<_> = files
                .range(path.to_owned()..)
                .map(|(p, _)| p)
                .take_while(|p| p.starts_with(path))
                .filter_map(|p| p.strip_prefix(path).ok()?.components().next())
                .map(|c| c.as_os_str().to_owned())
                .collect();
            if names.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(names.into_iter().collect()) }
        })
    }

    fn kind(&self, path: &Path) -> io::Result<FileKind> {
        if self.with(|files| files.contains_key(path)) {
            return Ok(FileKind::File);
        }
        self.list_dir(path).map(|_| FileKind::Directory)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        let path = super::normalise(path);
        self.kind(&path).map(|_| path)
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.with(|files| match files.get_mut(path) {
            Some(old) => {
                *old = bytes.to_vec();
                Ok(())
            }
            None => Err(io::ErrorKind::NotFound.into()),
        })
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn failures_are_told_in_chinese_too() {
        use io::ErrorKind as Kind;
        let mut all = std::collections::BTreeSet::new();
        let kinds = [
            Kind::NotFound,
            Kind::PermissionDenied,
            Kind::IsADirectory,
            Kind::NotADirectory,
            Kind::FileTooLarge,
            Kind::ConnectionRefused,
            Kind::ConnectionReset,
            Kind::TimedOut,
            Kind::HostUnreachable,
            Kind::NetworkUnreachable,
            Kind::StorageFull,
            Kind::ReadOnlyFilesystem,
            Kind::InvalidInput,
        ];
        for error in kinds.map(io::Error::from).into_iter().chain([crate::source::outside()]) {
            let said = io_text(&error);
            assert_eq!(said.en, error.to_string());
            assert!(!said.zh.is_ascii() && all.insert(said.zh.to_string()), "{error}: {}", said.zh);
        }
        let other = io_text(&io::Error::other("some words"));
        assert_eq!((&*other.en, &*other.zh), ("some words", "some words"));
    }

    #[test]
    fn replacing_keeps_mode_and_link_and_leaves_nothing_behind() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().join("real.conf");
        let link = folder.path().join("link.conf");
        std::fs::write(&real, "old").unwrap();
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        OsFs.replace(&link, b"new").unwrap();
        assert_eq!(std::fs::read(&real).unwrap(), b"new");
        assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_file_of_the_largest_size_is_read_and_no_larger_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.conf");
        std::fs::write(&path, "12345").unwrap();
        let read = |most| read_at_most(std::fs::File::open(&path).unwrap(), most).map_err(|e| e.kind());
        assert_eq!(read(5), Ok(b"12345".to_vec()));
        assert_eq!(read(4), Err(io::ErrorKind::FileTooLarge));
    }
}
