//! A question that is asked again and again, while somebody types.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::sight::{Outline, Sight, look, outline};
use super::{Problem, Subject};
use crate::diagnostic::{Diagnostic, Severity};
use crate::engine::{Checked, FileRole, Options, Remembered, check_again};
use crate::fix::{Fixed, Wanted};
use crate::source::{FileId, FileSystem, SourceMap};
use crate::syntax::{Files, Kept};

/// A subject that is checked again after each change; only what the change affects is worked out anew.
pub struct Standing<'d> {
    subject: Subject<'d>,
    options: Options,
    kept: Kept,
    memory: Remembered,
    checked: Checked,
}

impl<'d> Standing<'d> {
    /// Nothing is checked yet.
    pub fn new(subject: Subject<'d>, options: &Options) -> Standing<'d> {
        let options = Options { describe: true, beside: true, ..subject.about(options) };
        Standing { subject, options, kept: Kept::default(), memory: Remembered::default(), checked: Checked::default() }
    }

    /// The subject as it is now.
    pub fn subject(&self) -> &Subject<'d> {
        &self.subject
    }

    /// Lets a file hold other text, until the subject is opened anew.
    pub fn set_text(&mut self, path: &Path, text: Vec<u8>) {
        if let Some(file) = self.file(path) {
            self.kept.replace(file, &text);
        }
        self.subject.set_text(path, text);
    }

    /// Checks everything that has changed since the last time.
    ///
    /// # Errors
    /// A file that cannot be read; what was found before is forgotten then.
    pub fn check(&mut self) -> Result<(), Problem> {
        let (options, memory) = (&self.options, &mut self.memory);
        let kept = std::mem::take(&mut self.kept);
        let mut files = Files::resume(self.subject.world(), kept);
        let checked =
            self.subject.targets(&mut files).map(|targets| check_again(&mut files, &targets, options, memory));
        self.kept = files.keep();
        match checked {
            Ok(checked) => self.checked = checked,
            Err(problem) => {
                (self.kept, self.memory, self.checked) = Default::default();
                return Err(problem);
            }
        }
        Ok(())
    }

    /// What the last check found.
    pub fn checked(&self) -> &Checked {
        &self.checked
    }

    /// The files that the places of what was found are in.
    pub fn sources(&self) -> &SourceMap {
        &self.kept.sources
    }

    /// Whether a file is one that somebody could open: not one that wslint brings along, nor part of a dump.
    pub fn can_be_opened(&self, file: FileId) -> bool {
        let in_dump = |(f, role): &(FileId, FileRole)| *f == file && *role == FileRole::Dump;
        !self.kept.is_shipped(file) && !self.checked.files.iter().any(in_dump)
    }

    /// The number of a file, if the question has to do with it.
    pub fn file(&self, path: &Path) -> Option<FileId> {
        let real = || self.subject.world().canonicalize(path).ok();
        self.kept.find(path).or_else(|| self.kept.find_block(path)).or_else(|| self.kept.find_real(&real()?))
    }

    /// The configurations in a file: mostly it is one itself.
    fn parts(&self, path: &Path) -> Vec<FileId> {
        let blocks = self.kept.sources.blocks(path);
        if blocks.is_empty() { self.file(path).into_iter().collect() } else { blocks }
    }

    /// The files of the configurations that a file is part of: what has to be told anew when it changes.
    pub fn around(&self, path: &Path) -> BTreeSet<PathBuf> {
        let Some(file) = self.file(path) else { return BTreeSet::new() };
        let around = self.memory.around(file).into_iter().chain([file]);
        around.map(|f| self.kept.sources.get(f).path.clone()).collect()
    }

    /// What stands at an offset of a file, in each configuration that includes it.
    pub fn look(&mut self, path: &Path, offset: u32) -> Option<Sight> {
        let options = self.options.clone();
        self.parts(path).into_iter().find_map(|file| {
            let targets = self.memory.targets_with(file);
            self.with_files(|files| look(files, &targets, &options, file, offset))
        })
    }

    /// The blocks and includes of a file.
    pub fn outline(&mut self, path: &Path) -> Outline {
        let mut out = Outline::default();
        for file in self.parts(path) {
            let targets = self.memory.targets_with(file);
            let part = self.with_files(|files| outline(files, &targets, file));
            out.blocks.extend(part.blocks);
            out.includes.extend(part.includes);
        }
        out
    }

    /// Mends the findings that are chosen, in memory, and checks what comes of it; advice counts like
    /// anything else that somebody points at.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn mend(&self, wanted: Wanted, choose: &dyn Fn(&Diagnostic) -> bool) -> Result<Fixed, Problem> {
        // The numbers of files are those of a first reading, as they are in each round of mending.
        let (files, checked) = self.subject.check(&self.options)?;
        let path_of = |sources: &SourceMap, d: &Diagnostic| sources.get(d.primary.place.file).path.clone();
        let chosen: Vec<_> = self.checked.diagnostics.iter().filter(|d| choose(d)).collect();
        let same = |d: &Diagnostic| {
            let alike = chosen
                .iter()
                .filter(|c| c.rule == d.rule && c.primary.place.span == d.primary.place.span && c.message == d.message);
            alike.into_iter().any(|c| path_of(&self.kept.sources, c) == path_of(&files.sources, d))
        };
        let keys: Vec<_> = checked.diagnostics.iter().filter(|d| same(d)).map(Diagnostic::key).collect();
        let mut options = Options { describe: false, beside: false, ..self.options.clone() };
        let advice = chosen.iter().filter(|d| d.severity == Severity::Advice);
        options.severities.splice(0..0, advice.map(|d| (d.rule.to_owned(), Some(Severity::Warning))));
        self.subject.mend(&options, wanted, &|d| keys.contains(&d.key()))
    }

    /// What files hold that are not there, and the other way round, is looked at anew: the subject is another
    /// one. Trees of files whose text stays are kept.
    pub fn reopen(&mut self, subject: Subject<'d>) {
        self.options.only = subject.about(&self.options).only;
        self.subject = subject;
        if !self.kept.refresh(self.subject.world()) {
            (self.kept, self.memory) = Default::default();
        }
    }

    fn with_files<T>(&mut self, ask: impl FnOnce(&mut Files<'_>) -> T) -> T {
        let mut files = Files::resume(self.subject.world(), std::mem::take(&mut self.kept));
        let out = ask(&mut files);
        self.kept = files.keep();
        out
    }

    /// The bytes that a file holds now, unsaved text over the disk.
    pub fn text(&self, path: &Path) -> Option<Vec<u8>> {
        self.subject.world().read(path).ok()
    }
}
