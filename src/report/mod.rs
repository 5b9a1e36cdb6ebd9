//! One file, one format.

mod checkstyle;
mod concise;
mod github;
mod gitlab;
mod human;
mod item;
mod json;
mod junit;
mod markdown;
mod page;
pub(crate) mod paint;
mod plain;
pub(crate) mod prose;
mod rdjson;
mod sarif;
pub mod shell;
mod statistics;
mod summary;
mod ticket;
mod trace;

use foldhash::HashSet;

use crate::diagnostic::{Diagnostic, Severity};
use crate::engine::{Checked, EndpointFact};
use crate::fix::Wanted;
use crate::i18n::Lang;
use crate::model::evidence::Evidence;
use crate::model::way::verdict::Verdict;
use crate::source::{Place, SourceMap};

pub use checkstyle::checkstyle;
pub use concise::concise;
pub use github::{github, github_summary};
pub use gitlab::gitlab;
pub use human::{Look, human};
pub use json::{json, trace_json};
pub use junit::junit;
#[cfg(feature = "server")]
pub use markdown::{cell as markdown_cell, inline as markdown_inline};
pub use page::page;
pub use plain::{escaped, escaped_bytes};
pub use rdjson::rdjson;
pub use sarif::sarif;
pub use statistics::statistics;
pub use summary::{Next, summary};
pub use ticket::{Ticket, ticket};
pub use trace::trace_human;

/// The page about a rule.
#[cfg(feature = "server")]
pub fn rule_address(rule: &str) -> String {
    format!("{}{rule}.md", item::DOCS)
}

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
        let counted = if severity == Severity::Advice { self.checked.counted.len() } else { 0 };
        counted + self.checked.diagnostics.iter().filter(|d| d.severity == severity).count()
    }

    /// Endpoints that fail. Locations that nobody takes for WebSocket are not broken, unless a finding
    /// says so.
    pub fn broken(&self) -> impl Iterator<Item = &EndpointFact> {
        let said: HashSet<Place> = self.shown().map(|d| d.primary.place).collect();
        let fails = |e: &&EndpointFact| matches!(e.verdict, Verdict::Broken | Verdict::Rejected);
        let broken = self.checked.endpoints.iter().filter(fails);
        broken.filter(move |e| e.evidence > Evidence::None || said.contains(&e.place))
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
