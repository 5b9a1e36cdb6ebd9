//! One user's view of a file system: the disk, unsaved text over it, and the project's settings.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Asked, Problem, Subject};
use crate::engine::{Baseline, Options};
use crate::i18n::Text;
use crate::model::analysis::Versions;
use crate::model::evidence::Declarations;
use crate::rules;
use crate::settings::{self, Settings};
use crate::source::{FileSystem, normalise};
use crate::text;

/// Which `wslint.toml` counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SettingsFrom {
    /// The one of the project around the directory in which relative paths begin.
    #[default]
    Project,
    /// This file.
    File(PathBuf),
    /// None.
    Nowhere,
}

/// What stays between questions: the disk, the settings, and text that nobody has saved yet.
pub struct Session<'d> {
    disk: &'d dyn FileSystem,
    settings: Settings,
    texts: BTreeMap<PathBuf, Vec<u8>>,
}

impl<'d> Session<'d> {
    /// Reads the settings. Relative paths begin where those of `disk` do.
    ///
    /// # Errors
    /// A `wslint.toml` that is not there or cannot be used.
    pub fn new(disk: &'d dyn FileSystem, from: &SettingsFrom) -> Result<Session<'d>, Problem> {
        let file = match from {
            SettingsFrom::Project => settings::find(disk, Path::new(".")),
            SettingsFrom::File(file) => Some(normalise(file)),
            SettingsFrom::Nowhere => None,
        };
        let settings = file.map_or_else(|| Ok(Settings::default()), |f| settings::read(disk, &f))?;
        Ok(Session { disk, settings, texts: BTreeMap::new() })
    }

    /// The settings that were read.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The file system below the unsaved text.
    pub fn disk(&self) -> &'d dyn FileSystem {
        self.disk
    }

    /// Lets a file hold other text than on the disk, or again what is there.
    pub fn set_text(&mut self, path: &Path, text: Option<Vec<u8>>) {
        let path = normalise(path);
        match text {
            Some(text) => self.texts.insert(path, text),
            None => self.texts.remove(&path),
        };
    }

    /// What the settings ask for; a door lays its own wishes over it.
    ///
    /// # Errors
    /// An nginx version in the settings that is none.
    pub fn options(&self) -> Result<Options, Problem> {
        let settings = &self.settings;
        let versions = match &settings.nginx_version {
            None => Versions::ALL,
            Some(text) => Versions::parse(text).map_err(|e| {
                let e = e.text();
                let (en, zh) = (e.en, e.zh);
                let file = settings.file.as_deref().unwrap_or(Path::new(settings::NAME)).display();
                Problem::Usage(text!("{file}: nginx-version: {en}", "{file}：nginx-version：{zh}"))
            })?,
        };
        Ok(Options {
            versions,
            declared: Declarations { locations: settings.locations.clone(), not: settings.not.clone() },
            rules: rules::Options::default(),
            severities: settings.rules.clone(),
            ..Options::default()
        })
    }

    /// A baseline; its paths are relative to its own directory.
    ///
    /// # Errors
    /// A file that cannot be read or is no baseline.
    pub fn baseline(&self, path: &Path) -> Result<Baseline, Problem> {
        let bytes = self.disk.read(path).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => {
                let path = path.display();
                Problem::Usage(text!(
                    "{path}: {e}; `--write-baseline {path}` makes it",
                    "{path}：没有这个文件；用 `--write-baseline {path}` 生成"
                ))
            }
            _ => Problem::Io(path.to_owned(), e),
        })?;
        settings::parse_baseline(&bytes, self.folder_of(path))
            .map_err(|e| Problem::Usage(about(path.display(), e.text())))
    }

    /// The directory of a file, absolute and without links.
    pub fn folder_of(&self, path: &Path) -> PathBuf {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        self.disk.canonicalize(folder).unwrap_or_else(|_| folder.to_owned())
    }

    /// Opens what is asked about: looks at the paths, walks through directories, takes dumps apart.
    ///
    /// # Errors
    /// A path that is not there, a directory without a configuration, a main configuration that is none.
    pub fn open(&self, asked: &Asked) -> Result<Subject<'d>, Problem> {
        Subject::open(self.disk, &self.texts, &self.settings, asked)
    }
}

/// A problem, with what it is about in front.
fn about(what: impl std::fmt::Display, problem: Text) -> Text {
    let (en, zh) = (problem.en, problem.zh);
    text!("{what}: {en}", "{what}：{zh}")
}
