//! What is remembered from one check to the next: who asks after each keystroke wants only what changed.

use std::collections::{HashSet, VecDeque};

use super::{Checked, Target};
use crate::model::config::include::{BrokenInclude, Expanded};
use crate::source::FileId;
use crate::syntax::Files;

/// Targets with their expanded configurations.
pub(super) type Work<'w> = [(&'w Target, &'w Expanded)];

/// Where the parts of a check come from.
pub(crate) trait Memory {
    /// The parts of all targets, in their order; `find` works some of them out.
    fn parts(
        &mut self,
        files: &Files<'_>,
        work: &Work<'_>,
        find: &mut dyn FnMut(&Work<'_>) -> Vec<Checked>,
    ) -> Vec<Checked>;
}

/// Nothing is remembered: the command line asks once.
pub(super) struct Forgetful;

impl Memory for Forgetful {
    fn parts(
        &mut self,
        _: &Files<'_>,
        work: &Work<'_>,
        find: &mut dyn FnMut(&Work<'_>) -> Vec<Checked>,
    ) -> Vec<Checked> {
        find(work)
    }
}

/// What one target came to, and everything that this depends on beside the options.
struct Part {
    target: Target,
    /// Its files, with their revisions.
    files: Vec<(FileId, u32)>,
    broken: Vec<BrokenInclude>,
    found: Checked,
}

impl Part {
    fn holds(&self, files: &Files<'_>, target: &Target, expanded: &Expanded) -> bool {
        self.target == *target
            && self.broken == expanded.broken_includes
            && self.files.len() == expanded.files.len()
            && self.files.iter().zip(&expanded.files).all(|((f, r), now)| f == now && *r == files.revision(*f))
    }
}

/// The parts of the last check, for one set of options and files that keep their numbers.
#[derive(Default)]
pub(crate) struct Remembered {
    parts: VecDeque<Part>,
}

impl Memory for Remembered {
    fn parts(
        &mut self,
        files: &Files<'_>,
        work: &Work<'_>,
        find: &mut dyn FnMut(&Work<'_>) -> Vec<Checked>,
    ) -> Vec<Checked> {
        let mut before = std::mem::take(&mut self.parts);
        for &(target, expanded) in work {
            // Targets come in the same order again, unless one came or went: the first is nearly always it.
            let known = before.iter().position(|part| part.holds(files, target, expanded));
            let known = known.and_then(|at| before.remove(at));
            self.parts.push_back(known.unwrap_or_else(|| Part {
                target: target.clone(),
                files: expanded.files.iter().map(|f| (*f, files.revision(*f))).collect(),
                broken: expanded.broken_includes.clone(),
                found: find(&[(target, expanded)]).into_iter().next().unwrap_or_default(),
            }));
        }
        self.parts.iter().map(|part| part.found.clone()).collect()
    }
}

impl Remembered {
    /// The files of the configurations that a file is part of: what a change of it may say something new about.
    pub(crate) fn around(&self, file: FileId) -> HashSet<FileId> {
        let with = self.parts.iter().filter(|p| p.files.iter().any(|(f, _)| *f == file));
        with.flat_map(|p| p.files.iter().map(|(f, _)| *f)).collect()
    }

    /// The targets that a file is part of, and that somebody asked about.
    pub(crate) fn targets_with(&self, file: FileId) -> Vec<Target> {
        let with = self.parts.iter().filter(|p| !p.target.witness && p.files.iter().any(|(f, _)| *f == file));
        with.map(|p| p.target.clone()).collect()
    }
}
