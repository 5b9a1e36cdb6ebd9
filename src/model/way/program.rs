//! The rewrite directives of a level as a program (http/modules/ngx_http_rewrite_module.c), read once.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use crate::catalog::name;
use crate::model::config::scope::{Config, OccId, ScopeId};
use crate::model::value::rewrite::{Condition, Return, Rewrite};
use crate::syntax::template::stands_for_another;

/// One directive.
#[derive(Debug)]
pub(super) enum Command {
    /// `set`: the variable without its `$`, and the value.
    Set(String, Vec<u8>),
    /// `break`
    Break,
    /// `return`
    Return(OccId, Return),
    /// `rewrite`
    Rewrite(OccId, Rewrite),
    /// `if`: its block and its condition.
    If(ScopeId, Condition),
    /// What a template makes of this line, nobody knows here.
    Open(OccId),
}

/// Whether a level has any.
pub(super) fn has_program(config: Config<'_>, scope: ScopeId) -> bool {
    [name::SET, name::RETURN, name::REWRITE, name::BREAK, name::IF].into_iter().any(|n| config.has(scope, n))
}

/// The directives of a level in their order; what nginx refuses is left out.
pub(super) fn program(config: Config<'_>, scope: ScopeId) -> Vec<Command> {
    let ifs = config.blocks(scope).filter(|&o| config.occ(o).name == name::IF);
    let mut lines: Vec<OccId> = config.own(scope).chain(ifs).collect();
    lines.sort_unstable();
    lines.into_iter().filter_map(|occ| command(config, occ)).collect()
}

fn command(config: Config<'_>, occ: OccId) -> Option<Command> {
    let words = || config.words(occ);
    // A status, a flag or a condition that is written by a placeholder.
    let open = || config.each(occ).any(|w| stands_for_another(&w)).then_some(Command::Open(occ));
    Some(match config.occ(occ).name {
        name::SET => match words().as_slice() {
            [target, value, ..] => {
                Command::Set(String::from_utf8_lossy(target).trim_start_matches('$').to_owned(), value.clone())
            }
            _ => return None,
        },
        name::BREAK => Command::Break,
        name::RETURN => match Return::parse(&words()) {
            Some(parsed) => Command::Return(occ, parsed),
            None => open()?,
        },
        name::REWRITE => match Rewrite::parse(&words()) {
            Some(parsed) => Command::Rewrite(occ, parsed),
            None => open()?,
        },
        name::IF => match Condition::parse(&words()) {
            Some(parsed) => Command::If(config.occ(occ).opens()?, parsed),
            None => open()?,
        },
        _ => return None,
    })
}

/// What is worked out of a block when first asked for, and kept: expressions are compiled once.
#[derive(Debug)]
pub(super) struct Kept<T, K = ScopeId>(Mutex<HashMap<K, Arc<T>>>);

impl<T, K> Default for Kept<T, K> {
    fn default() -> Kept<T, K> {
        Kept(Mutex::default())
    }
}

impl<T, K: Eq + Hash> Kept<T, K> {
    /// What is kept of it, or what `make` makes of it.
    pub(super) fn of(&self, key: K, make: impl FnOnce(&K) -> T) -> Arc<T> {
        if let Some(kept) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Arc::clone(kept);
        }
        // Not under the lock: what is made may ask for another.
        let made = Arc::new(make(&key));
        Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_insert(made))
    }
}
