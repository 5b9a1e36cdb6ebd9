//! Changed files on their way to the disk: all or none.

use std::io;
use std::path::{Path, PathBuf};

use super::Patched;
use crate::i18n::Text;
use crate::source::{FileSystem, normalise};
use crate::text;

/// Why files could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.text().en)]
pub enum WriteError {
    /// A file is no longer what it was when it was read; nothing was written.
    Changed(PathBuf),
    /// A file cannot be read any more; nothing was written.
    Unreadable(PathBuf, io::Error),
    /// A file could not be written.
    Failed {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
        /// The files written before it that could not be put back.
        stuck: Vec<PathBuf>,
    },
}

impl WriteError {
    /// What happened, in both languages.
    pub fn text(&self) -> Text {
        match self {
            WriteError::Changed(path) => text!(
                "the file changed while wslint was looking at it; nothing was written",
                "wslint 检查期间该文件发生了变化；没有写入任何内容"
            )
            .behind(&path.display().to_string()),
            WriteError::Unreadable(path, e) => {
                text!("{e}; nothing was written", "{e}；没有写入任何内容").behind(&path.display().to_string())
            }
            WriteError::Failed { path, error, stuck } => {
                let left = stuck.iter().map(|p| p.display().to_string()).collect::<Vec<_>>();
                let (en, zh) = (left.join(", "), left.join("、"));
                match left.is_empty() {
                    true => text!("{error}; nothing was changed", "{error}；没有作任何更改"),
                    false => text!("{error}; these files stay changed: {en}", "{error}；以下文件保留了更改：{zh}"),
                }
                .behind(&path.display().to_string())
            }
        }
    }
}

/// Writes the changed files. Each is replaced as a whole; one that changed on disk since it was read
/// stops everything that is not written yet.
///
/// # Errors
/// Which files could not be written, and which were.
pub fn write(fs: &dyn FileSystem, files: &[(PathBuf, Patched)]) -> Result<(), WriteError> {
    for (path, patched) in files {
        match fs.read(path) {
            Ok(now) if now == patched.old() => {}
            Ok(_) => return Err(WriteError::Changed(path.clone())),
            Err(e) => return Err(WriteError::Unreadable(path.clone(), e)),
        }
    }
    let mut written: Vec<&Path> = Vec::new();
    for (path, patched) in files {
        if let Err(e) = fs.replace(path, &patched.text()) {
            // All or none: what was written is put back.
            let mut stuck = Vec::new();
            for (done, old) in files.iter().take(written.len()) {
                if fs.replace(done, old.old()).is_err() {
                    stuck.push(normalise(done));
                }
            }
            return Err(WriteError::Failed { path: path.clone(), error: e, stuck });
        }
        written.push(path);
    }
    Ok(())
}
