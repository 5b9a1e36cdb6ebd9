//! One user's view of a file system: the disk, unsaved text over it, and the project's settings.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::inputs::{folder_of, project_of};
use super::{Asked, Problem, Subject};
use crate::engine::{Baseline, Options};
use crate::i18n::Text;
use crate::model::analysis::Versions;
use crate::model::evidence::{Declarations, Evidence};
use crate::rules::{self, ConnectionMode};
use crate::settings::{self, Settings};
use crate::source::{FileSystem, leads_out, lies_in, normalise, outside};
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
            SettingsFrom::Project => match settings::find(disk, Path::new(".")) {
                // What it says would show the file that the link leads to.
                Some(file) if leads_out(disk, &file, &project_of(disk, folder_of(&file))) => {
                    return Err(Problem::Io(file, outside()));
                }
                found => found,
            },
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
        let connection = match settings.connection.as_deref() {
            Some("map") => ConnectionMode::Map,
            Some("literal") => ConnectionMode::Literal,
            _ => ConnectionMode::Auto,
        };
        let levels = [Evidence::None, Evidence::Likely, Evidence::Configured, Evidence::Declared];
        let evidence = levels.into_iter().find(|level| settings.evidence.as_deref() == Some(level.as_str()));
        Ok(Options {
            versions,
            declared: Declarations { locations: settings.locations.clone(), not: settings.not.clone() },
            rules: rules::Options { connection, ..rules::Options::default() },
            evidence,
            severities: settings.rules.clone(),
            ..Options::default()
        })
    }

    /// A baseline that a person names, else the one of the settings, else an empty one; its paths are relative
    /// to its own directory.
    ///
    /// # Errors
    /// A file that cannot be read or is no baseline; one of the settings that lies outside the project.
    pub fn baseline(&self, named: Option<&Path>) -> Result<Baseline, Problem> {
        let Some(path) = named.or(self.settings.baseline.as_deref()) else { return Ok(Baseline::default()) };
        if named.is_none() && !lies_in(self.disk, path, &project_of(self.disk, &self.settings.folder())) {
            return Err(Problem::Io(path.to_owned(), outside()));
        }
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
        let folder = folder_of(path);
        self.disk.canonicalize(folder).unwrap_or_else(|_| folder.to_owned())
    }

    /// Opens a file for a report or a baseline. A person names it, and need not know that a repository has
    /// put a link to somewhere else in its place.
    ///
    /// # Errors
    /// As the operating system says; a link of the project that leads out of it.
    pub fn write_to(&self, path: &Path, append: bool) -> std::io::Result<Box<dyn std::io::Write>> {
        self.inside(path)?;
        self.disk.write_to(path, append)
    }

    /// Refuses a path that nobody named and that is a link out of the project.
    ///
    /// # Errors
    /// Just that.
    pub fn inside(&self, path: &Path) -> std::io::Result<()> {
        match leads_out(self.disk, path, &project_of(self.disk, Path::new("."))) {
            true => Err(outside()),
            false => Ok(()),
        }
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
