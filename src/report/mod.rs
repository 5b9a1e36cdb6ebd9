//! One file, one format.

mod concise;
mod human;
mod json;
mod plain;
mod trace;

use crate::diagnostic::{Diagnostic, Severity};
use crate::engine::Checked;
use crate::fix::Wanted;
use crate::i18n::Lang;
use crate::source::SourceMap;

pub use concise::concise;
pub(crate) use human::summary;
pub use human::{Look, human};
pub use json::{json, trace_json};
pub use plain::escaped;
pub use trace::{Traced, trace_human};

/// What a report is made of.
pub struct Report<'a> {
    /// The files.
    pub sources: &'a SourceMap,
    /// What was found.
    pub checked: &'a Checked,
    /// The language of messages.
    pub lang: Lang,
    /// Whether advice is shown.
    pub advice: bool,
    /// Which fixes count as such.
    pub wanted: Wanted,
    /// The version that was asked about, as given.
    pub nginx_version: Option<&'a str>,
}

impl Report<'_> {
    /// The findings that a person sees.
    pub fn shown(&self) -> impl Iterator<Item = &Diagnostic> {
        self.checked.diagnostics.iter().filter(|d| self.advice || d.severity > Severity::Advice)
    }

    /// How many findings have a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.checked.diagnostics.iter().filter(|d| d.severity == severity).count()
    }

    /// How many findings have a safe fix.
    pub fn fixable(&self) -> usize {
        let safe = |d: &&Diagnostic| {
            d.fix
                .as_ref()
                .is_some_and(|f| self.wanted.unsafe_too || f.applicability == crate::diagnostic::Applicability::Safe)
        };
        self.checked.diagnostics.iter().filter(|d| d.severity > Severity::Advice).filter(safe).count()
    }
}
