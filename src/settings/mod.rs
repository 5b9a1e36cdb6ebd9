//! `wslint.toml`: what a project says about its configurations.

mod baseline;
mod init;
mod read;

use std::path::{Path, PathBuf};

use crate::diagnostic::Severity;
use crate::i18n::Text;
use crate::source::{FileSystem, normalise};

#[cfg(feature = "internals")]
pub use baseline::BaselineError;
pub use baseline::{baseline_text, parse_baseline};
pub use init::TEMPLATE;
pub use read::read;

/// The name of the file.
pub const NAME: &str = "wslint.toml";

/// The settings of a project. Paths are as wslint opens them: relative to the current directory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// The file that they come from.
    pub file: Option<PathBuf>,
    /// Main configurations.
    pub roots: Vec<PathBuf>,
    /// Patterns of paths that a walk through a directory passes over.
    pub exclude: Vec<String>,
    /// As `--nginx-version`.
    pub nginx_version: Option<String>,
    /// As `--fail-on`.
    pub fail_on: Option<String>,
    /// As `--connection`.
    pub connection: Option<String>,
    /// As `--baseline`.
    pub baseline: Option<PathBuf>,
    /// Absolute prefixes of includes, and the directories that stand for them.
    pub paths: Vec<(PathBuf, PathBuf)>,
    /// Locations that carry WebSocket.
    pub locations: Vec<String>,
    /// Locations that do not.
    pub not: Vec<String>,
    /// As `--evidence`.
    pub evidence: Option<String>,
    /// Whether configurations inside other files are read.
    pub carriers: Option<bool>,
    /// Rules with the severity that the project gives them; none is off.
    pub rules: Vec<(String, Option<Severity>)>,
}

impl Settings {
    /// The directory of the file: what its patterns and paths are relative to.
    pub fn folder(&self) -> PathBuf {
        self.file.as_ref().and_then(|f| f.parent()).map(Path::to_owned).unwrap_or_default()
    }
}

/// A `wslint.toml` that cannot be used: what is wrong, and where.
#[derive(Debug, thiserror::Error, PartialEq)]
#[error("{}", self.text().en)]
pub struct ConfigError {
    file: PathBuf,
    line: Option<usize>,
    message: Text,
}

impl ConfigError {
    /// Where, and what is wrong, in both languages.
    pub fn text(&self) -> Text {
        let line = self.line.map(|l| format!(":{l}")).unwrap_or_default();
        self.message.clone().behind(&format!("{}{line}", self.file.display()))
    }
}

/// The `wslint.toml` of a directory or the nearest one around it, up to the project's root (`.git`).
pub fn find(fs: &dyn FileSystem, from: &Path) -> Option<PathBuf> {
    let mut real = fs.canonicalize(from).ok()?;
    let mut path = from.to_owned();
    loop {
        let candidate = normalise(&path.join(NAME));
        if fs.kind(&candidate).is_ok() {
            return Some(candidate);
        }
        if fs.kind(&real.join(".git")).is_ok() || !real.pop() {
            return None;
        }
        path.push("..");
    }
}
