//! The lines of a configuration that say something new. Thousands of virtual hosts have the same few
//! lines: what can be said of a line by itself is said once.

use std::collections::HashSet;

use super::scope::{Config, OccId, Scope, ScopeId, ScopeKind};
use crate::syntax::{Ending, Template};

/// Lines to look at, in order.
#[derive(Debug, Default)]
pub struct Lines {
    /// Those of all blocks that repeat no earlier one, byte for byte.
    pub fresh: Vec<OccId>,
    /// Of these the first of each text in each kind of place.
    pub distinct: Vec<OccId>,
    /// Nothing is left out.
    every: bool,
}

/// What beside its words decides whether nginx accepts a line by itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Setting {
    kind: ScopeKind,
    /// The block around it, where its entries depend on it: `map` and `geo` are both entries.
    entries_of: u16,
    ending: Ending,
    outermost: bool,
    outside_http: bool,
    unresolved: bool,
}

impl Lines {
    /// The lines that are worth a look.
    pub fn new(config: Config<'_>) -> Lines {
        let mut seen: HashSet<(Setting, &[u8]), foldhash::fast::RandomState> = HashSet::default();
        let mut out = Lines::default();
        let mut last: Option<(ScopeId, Option<Setting>)> = None;
        for (id, occ) in config.occs() {
            let setting = match last {
                Some((scope, setting)) if scope == occ.scope => setting,
                _ => setting_of(config, occ.scope),
            };
            last = Some((occ.scope, setting));
            let Some(setting) = setting else { continue };
            out.fresh.push(id);
            let file = config.file(id);
            let directive = config.directive(id);
            let setting = Setting { ending: directive.ending(), ..setting };
            let text = &config.sources.get(file).bytes[directive.head().range()];
            // Tags stand for what nobody knows, and words with them are masked.
            if config.ast(file).template != Template::No || seen.insert((setting, text)) {
                out.distinct.push(id);
            }
        }
        out
    }

    /// All lines: what is wrong is told of each of them.
    pub fn all(config: Config<'_>) -> Lines {
        let all: Vec<OccId> = config.occs().map(|(id, _)| id).collect();
        Lines { fresh: all.clone(), distinct: all, every: true }
    }

    /// Whether the lines of a block are among them.
    pub fn cover(&self, block: &Scope) -> bool {
        self.every || block.repeats.is_none()
    }
}

/// `None` where a whole block is a repetition.
fn setting_of(config: Config<'_>, scope: ScopeId) -> Option<Setting> {
    let facts = config.scope(scope);
    if facts.repeats.is_some() {
        return None;
    }
    let opened_by = facts.opened_by.filter(|_| facts.kind == ScopeKind::Entries);
    Some(Setting {
        kind: facts.kind,
        entries_of: opened_by.map_or(0, |o| config.occ(o).name.0),
        ending: Ending::Missing,
        outermost: scope == config.top(),
        outside_http: facts.outside_http,
        unresolved: facts.unresolved,
    })
}
