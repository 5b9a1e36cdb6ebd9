//! What was asked about, opened: it can be checked, mended and traced as often as one likes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::inputs::{Gathered, Inputs, bounds, gather};
use super::story::Story;
use super::{Asked, Problem, roots};
use crate::diagnostic::Diagnostic;
use crate::engine::{Checked, Options, Target, analyse, check};
use crate::fix::{Fixed, Wanted, fix, write};
use crate::model::Url;
use crate::model::config::include::expand;
use crate::model::trace::trace;
use crate::settings::Settings;
use crate::source::{Fence, FileSystem, Found, Overlay};
use crate::syntax::Files;

/// Files and the world in which they are read.
pub struct Subject<'d> {
    disk: &'d dyn FileSystem,
    world: Overlay<'d>,
    inputs: Inputs,
}

impl<'d> Subject<'d> {
    /// See [`super::Session::open`].
    pub(super) fn open(
        disk: &'d dyn FileSystem,
        unsaved: &BTreeMap<PathBuf, Vec<u8>>,
        settings: &Settings,
        asked: &Asked,
    ) -> Result<Subject<'d>, Problem> {
        let bounds = bounds(disk, settings, asked);
        let fence = Fence::new(disk, bounds.clone());
        let Gathered { inputs, dump, texts } = gather(&Overlay::new(&fence, unsaved.clone()), settings, asked)?;
        let world = match dump {
            Some(dump) => Overlay::on(dump, texts),
            None => Overlay::on(Fence::new(disk, bounds), unsaved.clone().into_iter().chain(texts).collect()),
        };
        Ok(Subject { disk, world, inputs })
    }

    /// The files in which what is asked about is looked at, and what it came to.
    pub(super) fn world(&self) -> &Overlay<'d> {
        &self.world
    }

    /// Lets a file hold other text from now on.
    pub(super) fn set_text(&mut self, path: &Path, text: Vec<u8>) {
        self.world.set(path.to_owned(), text);
    }

    /// Reads the files and says what each is.
    pub(super) fn targets(&self, files: &mut Files<'_>) -> Result<Vec<Target>, Problem> {
        self.inputs.open(files)
    }

    /// How many files were given or found.
    pub fn count(&self) -> usize {
        self.inputs.paths.len()
    }

    /// The name of the text that is no file, if there is one.
    pub fn text_name(&self) -> Option<&Path> {
        self.inputs.text.as_deref()
    }

    /// Whether the input is an `nginx -T` dump.
    pub fn is_dump(&self) -> bool {
        self.inputs.is_dump
    }

    /// What walks through directories found and passed over; none where no directory was given.
    pub fn walked(&self) -> Option<&Found> {
        self.inputs.walked.as_ref()
    }

    /// Checks everything.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn check(&self, options: &Options) -> Result<(Files<'_>, Checked), Problem> {
        let mut files = Files::new(&self.world);
        let targets = self.inputs.open(&mut files)?;
        let checked = check(&mut files, &targets, &self.about(options));
        Ok((files, checked))
    }

    /// Makes the fixes that are wanted and chosen, in memory, and checks what comes of them. To prove one
    /// fix alone, choose its finding alone.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn mend(
        &self,
        options: &Options,
        wanted: Wanted,
        choose: &dyn Fn(&Diagnostic) -> bool,
    ) -> Result<Fixed, Problem> {
        // What cannot be read is told here; later rounds read the same files again.
        self.inputs.open(&mut Files::new(&self.world))?;
        let open = |files: &mut Files<'_>| self.inputs.open(files).unwrap_or_default();
        // A patch needs no words for endpoints.
        let options = Options { describe: false, ..self.about(options) };
        Ok(fix(&self.world, &open, &options, wanted, choose))
    }

    /// Writes mended files to the disk, all or none.
    ///
    /// # Errors
    /// The files of a dump are not on this disk; a file that has changed since, or cannot be written.
    pub fn write(&self, fixed: &Fixed) -> Result<(), Problem> {
        if self.inputs.is_dump {
            return Err(Problem::DumpIsNotWritten);
        }
        write(&self.world, &fixed.files).map_err(|e| Problem::Write(e.text()))
    }

    /// The way of a URL: through the configuration that has its server, roots before fragments.
    ///
    /// # Errors
    /// A file that cannot be read; nothing to trace.
    pub fn story(&self, options: &Options, url: &Url) -> Result<(Files<'_>, Story), Problem> {
        let mut files = Files::new(&self.world);
        let targets = self.inputs.open(&mut files)?;
        let mut best: Option<(bool, Story)> = None;
        for target in targets.iter().filter(|t| !t.witness) {
            let expanded = expand(&mut files, target.file, target.context, &target.lookup);
            let analysis = analyse(&files, target, &expanded, options);
            let found = trace(&analysis, url);
            let has_server = found.server.is_some() || targets.len() == 1;
            if best.as_ref().is_none_or(|(had, _)| !had && has_server) {
                best = Some((has_server, Story::new(&analysis, url, &found)));
            }
        }
        let (_, story) = best.ok_or(Problem::NothingToTrace)?;
        Ok((files, story))
    }

    /// The inputs whose analysis reads a file: what has to be looked at again when it changes.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn affected_by(&self, path: &Path) -> Result<Vec<PathBuf>, Problem> {
        let mut files = Files::new(&self.world);
        let targets = self.inputs.open(&mut files)?;
        let Ok(changed) = files.read(path) else { return Ok(Vec::new()) };
        let reads =
            |files: &mut Files<'_>, t: &Target| t.file == changed || roots::reached(files, t).contains(&changed);
        let mut out = Vec::new();
        for target in &targets {
            if reads(&mut files, target) {
                out.push(files.sources.get(target.file).path.clone());
            }
        }
        Ok(out)
    }

    /// The names that a diff gives its files: as reported, or, where one lies outside the directory in
    /// which relative paths begin, all from the project's root, where `git apply` and `patch -p1` find them.
    pub fn diff_names(&self, fixed: &Fixed) -> Vec<PathBuf> {
        let given: Vec<PathBuf> = fixed.files.iter().map(|(path, _)| self.file_itself(path)).collect();
        if !given.iter().any(|p| p.starts_with("..")) {
            return given;
        }
        let project = super::inputs::project_of(self.disk, Path::new("."));
        let inside = |p: &PathBuf| self.disk.canonicalize(p).ok()?.strip_prefix(&project).map(Path::to_owned).ok();
        given.iter().map(inside).collect::<Option<Vec<_>>>().unwrap_or(given)
    }

    /// The file that a link leads to: neither `git apply` nor `patch` changes what is behind one.
    fn file_itself(&self, path: &Path) -> PathBuf {
        let real = |p: &Path| self.disk.canonicalize(p).ok();
        let found = match self.inputs.is_dump {
            true => None,
            false if path.has_root() => real(path),
            false => {
                real(path).zip(real(Path::new("."))).and_then(|(r, here)| r.strip_prefix(here).map(Path::to_owned).ok())
            }
        };
        found.unwrap_or_else(|| path.to_owned())
    }

    /// The bytes of the first input, as they were given.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn first_text(&self) -> Result<Vec<u8>, Problem> {
        let Some(path) = self.inputs.paths.first() else { return Ok(Vec::new()) };
        self.world.read(path).map_err(|e| Problem::Io(path.clone(), e))
    }

    /// The options, about these inputs.
    pub(super) fn about(&self, options: &Options) -> Options {
        Options { only: self.inputs.paths.clone(), ..options.clone() }
    }
}
