//! The lines of a configuration that say something new. Thousands of virtual hosts have the same few
//! lines: what can be said of a line by itself is said once.

use foldhash::HashMap;

use super::scope::{Config, OccId, Scope, ScopeId, ScopeKind};
use crate::catalog::{NUMBERS, Name, name};
use crate::syntax::Template;

/// Lines to look at, in order.
#[derive(Debug, Default)]
pub struct Lines {
    /// Those of all blocks that repeat no earlier one, byte for byte.
    pub fresh: Vec<OccId>,
    /// Of these the first of each text in each kind of place.
    pub distinct: Vec<OccId>,
    /// All lines but the everyday ones and the entries of maps.
    pub rare: Vec<OccId>,
    /// For each block, by its number, the first line with the words that open it, in each kind of place;
    /// the same for two blocks whose heads are the same.
    heads: Vec<OccId>,
    /// Nothing is left out.
    every: bool,
}

impl Lines {
    /// The lines that are worth a look.
    pub fn new(config: Config<'_>) -> Lines {
        let mut seen: HashMap<(u64, &[u8]), OccId> = HashMap::default();
        let mut out = Lines { heads: vec![OccId(0); config.scopes().len()], ..Lines::default() };
        let mut last: Option<(ScopeId, Option<u64>)> = None;
        let mut has_rare = vec![false; config.scopes().len()];
        let mut next = OccId(0);
        while let Some(occ) = config.tree.occs.get(next.0 as usize) {
            let id = next;
            next.0 += 1;
            if !config.shows(id) {
                continue;
            }
            let setting = match last {
                Some((scope, setting)) if scope == occ.scope => setting,
                _ => {
                    // A repetition of everyday lines has nothing to look at.
                    let facts = config.scope(occ.scope);
                    if facts.repeats.is_some_and(|first| !has_rare[first.0 as usize])
                        && let Some(end) = facts.end_of_lines()
                    {
                        next = end;
                        continue;
                    }
                    setting_of(config, occ.scope)
                }
            };
            last = Some((occ.scope, setting));
            if !is_everyday(occ.name) && config.scope(occ.scope).kind != ScopeKind::Entries {
                has_rare[occ.scope.0 as usize] = true;
                out.rare.push(id);
            }
            let Some(setting) = setting else { continue };
            out.fresh.push(id);
            let file = config.file(id);
            let directive = config.directive(id);
            let setting = setting | directive.ending() as u64;
            let text = &config.sources.get(file).bytes[directive.head().range()];
            // Tags stand for what nobody knows, and words with them are masked. Entries of maps all differ.
            let entry = config.scope(occ.scope).kind == ScopeKind::Entries;
            let first = match config.ast(file).template {
                Template::No if !entry => *seen.entry((setting, text)).or_insert(id),
                _ => id,
            };
            if first == id {
                out.distinct.push(id);
            }
            if let Some(scope) = occ.opens() {
                out.heads[scope.0 as usize] = first;
            }
        }
        out
    }

    /// What stands for the words that open a block.
    pub fn head(&self, block: ScopeId) -> OccId {
        self.heads[block.0 as usize]
    }

    /// All lines: what is wrong is told of each of them.
    pub fn all(config: Config<'_>) -> Lines {
        let all: Vec<OccId> = config.occs().map(|(id, _)| id).collect();
        Lines { fresh: all.clone(), distinct: all, every: true, ..Lines::default() }
    }

    /// The rare lines with one of these names, in order.
    pub fn named<'l>(&'l self, config: Config<'l>, names: &'static [Name]) -> impl Iterator<Item = OccId> + 'l {
        debug_assert!(!names.iter().any(|n| is_everyday(*n)));
        self.rare.iter().copied().filter(move |&o| names.contains(&config.occ(o).name))
    }

    /// Whether the lines of a block are among them.
    pub fn cover(&self, block: &Scope) -> bool {
        self.every || block.repeats.is_none()
    }
}

/// What nearly every server and location holds, and nobody asks for over a whole configuration.
fn is_everyday(directive: Name) -> bool {
    const TABLE: [bool; NUMBERS] = {
        let everyday = [
            name::LISTEN,
            name::LOCATION,
            name::PROXY_HTTP_VERSION,
            name::PROXY_PASS,
            name::PROXY_READ_TIMEOUT,
            name::PROXY_SEND_TIMEOUT,
            name::PROXY_SET_HEADER,
            name::SERVER,
            name::SERVER_NAME,
        ];
        let mut table = [false; NUMBERS];
        let mut i = 0;
        while i < everyday.len() {
            table[everyday[i].0 as usize] = true;
            i += 1;
        }
        table
    };
    TABLE.get(directive.0 as usize).copied().unwrap_or(false)
}

/// What beside its words decides whether nginx accepts a line by itself, but for how it ends; `None`
/// where a whole block is a repetition.
fn setting_of(config: Config<'_>, scope: ScopeId) -> Option<u64> {
    let facts = config.scope(scope);
    if facts.repeats.is_some() {
        return None;
    }
    // `map` and `geo` are both blocks of entries.
    let opened_by = facts.opened_by.filter(|_| facts.kind == ScopeKind::Entries);
    let entries_of = opened_by.map_or(0, |o| config.occ(o).name.0);
    let flags = [scope == config.top(), facts.outside_http, facts.unresolved];
    let flags = flags.iter().fold(0, |all, flag| all << 1 | u64::from(*flag));
    Some(u64::from(entries_of) << 32 | (facts.kind as u64) << 16 | flags << 8)
}
