//! Which location answers, exactly as nginx chooses it (http/ngx_http_core_module.c,
//! `ngx_http_core_find_location`).

use std::collections::HashMap;
use std::sync::Arc;

pub use super::server::{Candidate, Listen, ListenWords, ServerMatch, servers};
use crate::catalog::name;
use crate::model::config::scope::{Config, OccId, ScopeId, ScopeKind};
use crate::model::value::pattern::Pattern;
use crate::syntax::template::stands_for_another;

/// How a location matches.
#[derive(Debug)]
pub enum Matcher {
    /// `= /path`
    Exact(Vec<u8>),
    /// `/path`, or `^~ /path`, which keeps regular expressions out.
    Prefix(Vec<u8>, bool),
    /// `~` or `~*`.
    Regex(Pattern),
    /// `@name`
    Named(Vec<u8>),
}

/// One location.
#[derive(Debug)]
pub struct Location {
    /// Its scope.
    pub scope: ScopeId,
    /// The directive.
    pub occ: OccId,
    /// How it matches.
    pub matcher: Matcher,
}

impl Location {
    /// Reads the arguments of a `location`; `None` where nginx refuses them.
    pub fn read(config: Config<'_>, occ: OccId) -> Option<Location> {
        let scope = config.occ(occ).opens()?;
        let one = config.arg(occ, 0)?;
        let matcher = match config.args(occ).len() {
            1 => match &*one {
                [b'=', rest @ ..] => Matcher::Exact(rest.to_vec()),
                [b'^', b'~', rest @ ..] => Matcher::Prefix(rest.to_vec(), true),
                [b'~', b'*', rest @ ..] => Matcher::Regex(Pattern::new(rest, true)),
                [b'~', rest @ ..] => Matcher::Regex(Pattern::new(rest, false)),
                [b'@', ..] => Matcher::Named(one.to_vec()),
                other => Matcher::Prefix(other.to_vec(), false),
            },
            2 => {
                let text = config.arg(occ, 1)?.into_owned();
                match &*one {
                    b"=" => Matcher::Exact(text),
                    b"^~" => Matcher::Prefix(text, true),
                    b"~" => Matcher::Regex(Pattern::new(&text, false)),
                    b"~*" => Matcher::Regex(Pattern::new(&text, true)),
                    _ => return None,
                }
            }
            _ => return None,
        };
        Some(Location { scope, occ, matcher })
    }

    /// The path or expression as messages show it.
    pub fn text(&self) -> String {
        match &self.matcher {
            Matcher::Exact(p) | Matcher::Prefix(p, _) | Matcher::Named(p) => String::from_utf8_lossy(p).into_owned(),
            Matcher::Regex(pattern) => pattern.text(),
        }
    }
}

/// The locations directly in a server or location, in order.
pub fn locations_in(config: Config<'_>, scope: ScopeId) -> Vec<Location> {
    config
        .blocks(scope)
        .filter(|&o| config.occ(o).name == name::LOCATION)
        .filter_map(|o| Location::read(config, o))
        .collect()
}

/// What the search for a location found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// This location.
    Location(ScopeId, OccId),
    /// `/path/` with a proxy answers `/path` with a redirect to itself.
    SlashRedirect(ScopeId, OccId),
    /// No location matches: the server's own settings count.
    None,
    /// A regular expression could not be decided.
    Undecided(OccId),
}

/// The locations directly in a server or location, by what they match.
#[derive(Debug, Default)]
pub(super) struct Level {
    locations: Vec<Location>,
    /// `= /path`, the first of each.
    exact: HashMap<Vec<u8>, usize>,
    /// `/path` and `^~ /path`, sorted.
    prefixes: Vec<(Vec<u8>, usize)>,
    /// `~` and `~*`, in order.
    expressions: Vec<usize>,
    named: HashMap<Vec<u8>, ScopeId>,
    /// One whose path a template writes.
    open: Option<OccId>,
}

/// Whether a block is a location with a regular expression, or stands in one.
fn is_within_regex(config: Config<'_>, scope: ScopeId) -> bool {
    let is_regex = |occ| matches!(Location::read(config, occ), Some(l) if matches!(l.matcher, Matcher::Regex(_)));
    let around = std::iter::successors(Some(scope), |&s| config.scope(s).parent);
    around
        .take_while(|&s| config.scope(s).kind == ScopeKind::Location)
        .any(|s| config.scope(s).opened_by.is_some_and(is_regex))
}

impl Level {
    /// Reads the locations of a server or location.
    pub(super) fn read(config: Config<'_>, scope: ScopeId) -> Level {
        let mut level = Level { locations: locations_in(config, scope), ..Level::default() };
        // nginx makes no tree of the paths within an expression, and so never finds them
        // (`ngx_http_init_static_location_trees` walks through exact and prefix locations only).
        if is_within_regex(config, scope) {
            level.locations.retain(|l| matches!(l.matcher, Matcher::Regex(_)));
        }
        for (at, location) in level.locations.iter().enumerate() {
            match &location.matcher {
                Matcher::Exact(path) => {
                    level.exact.entry(path.clone()).or_insert(at);
                }
                Matcher::Prefix(path, _) => level.prefixes.push((path.clone(), at)),
                Matcher::Regex(_) => level.expressions.push(at),
                Matcher::Named(name) => {
                    level.named.entry(name.clone()).or_insert(location.scope);
                }
            }
        }
        level.prefixes.sort();
        level.prefixes.dedup_by(|later, first| later.0 == first.0);
        let open = |l: &&Location| stands_for_another(l.text().as_bytes());
        level.open = level.locations.iter().find(open).map(|l| l.occ);
        level
    }

    /// The named location `@name`.
    pub(super) fn named(&self, name: &[u8]) -> Option<ScopeId> {
        self.named.get(name).copied()
    }

    /// Whether there is a `location /`.
    pub(super) fn takes_all(&self) -> bool {
        self.prefix(b"/").is_some()
    }

    /// All of them, in order.
    pub(super) fn locations(&self) -> &[Location] {
        &self.locations
    }

    fn prefix(&self, path: &[u8]) -> Option<usize> {
        let found = self.prefixes.binary_search_by(|(p, _)| p.as_slice().cmp(path));
        found.ok().map(|at| self.prefixes[at].1)
    }

    /// The longest prefix of a path, with whether `^~` keeps regular expressions out.
    fn longest_prefix(&self, path: &[u8]) -> Option<(&Location, usize, bool)> {
        let mut rest = path;
        loop {
            let after = self.prefixes.partition_point(|(p, _)| p.as_slice() <= rest);
            let (prefix, at) = self.prefixes.get(after.checked_sub(1)?)?;
            let common = prefix.iter().zip(rest).take_while(|(a, b)| a == b).count();
            if common == prefix.len() {
                let location = &self.locations[*at];
                return Some((location, common, matches!(location.matcher, Matcher::Prefix(_, true))));
            }
            // Whatever else is a prefix is one of what the two have in common.
            rest = &rest[..common];
        }
    }
}

/// The location for a decoded path. `levels` reads the locations of a block; `redirects` says of a scope
/// whether nginx adds a missing slash there (`clcf->auto_redirect`: a handler that passes requests on).
pub(super) fn find_location(
    levels: &dyn Fn(ScopeId) -> Arc<Level>,
    server: ScopeId,
    path: &[u8],
    redirects: &dyn Fn(ScopeId) -> bool,
) -> Choice {
    let mut block = server;
    let mut outer = Choice::None;
    loop {
        // Locations nested in a regular expression that matched are searched again.
        match find_in(levels, block, path, redirects) {
            (Choice::None, _) => return outer,
            (choice @ Choice::Location(scope, _), true) if !levels(scope).locations.is_empty() => {
                (block, outer) = (scope, choice);
            }
            (choice, _) => return choice,
        }
    }
}

/// The search from a block inwards through prefixes; whether a regular expression of it was found.
fn find_in(
    levels: &dyn Fn(ScopeId) -> Arc<Level>,
    start: ScopeId,
    path: &[u8],
    redirects: &dyn Fn(ScopeId) -> bool,
) -> (Choice, bool) {
    let mut block = start;
    let mut best = Choice::None;
    // Levels that a prefix led into, from the outside in; their regular expressions are tried from
    // the inside out once no deeper prefix is found.
    let mut passed: Vec<(Arc<Level>, bool)> = Vec::new();
    loop {
        let level = levels(block);
        // The path of a template is not known before it is rendered.
        if let Some(open) = level.open {
            return (Choice::Undecided(open), false);
        }
        if let Some(&at) = level.exact.get(path) {
            let location = &level.locations[at];
            return (Choice::Location(location.scope, location.occ), false);
        }
        let longest = level.longest_prefix(path);
        if longest.is_none_or(|(_, len, _)| len != path.len()) {
            let with_slash = [path, b"/"].concat();
            let mut there = level.exact.get(&with_slash).copied().into_iter().chain(level.prefix(&with_slash));
            if let Some(at) = there.find(|&at| redirects(level.locations[at].scope)) {
                let location = &level.locations[at];
                return (Choice::SlashRedirect(location.scope, location.occ), false);
            }
        }
        let Some((scope, occ, keeps)) = longest.map(|(l, _, keeps)| (l.scope, l.occ, keeps)) else {
            passed.push((level, false));
            break;
        };
        best = Choice::Location(scope, occ);
        passed.push((level, keeps));
        block = scope;
    }
    // The innermost level has no prefix; it and the ones around it offer their expressions, unless
    // the prefix chosen at that level keeps them out.
    for (level, keeps) in passed.iter().rev() {
        if *keeps {
            continue;
        }
        for &at in &level.expressions {
            let location = &level.locations[at];
            let Matcher::Regex(pattern) = &location.matcher else { continue };
            match pattern.matches(path) {
                Some(true) => return (Choice::Location(location.scope, location.occ), true),
                Some(false) => {}
                None => return (Choice::Undecided(location.occ), false),
            }
        }
    }
    (best, false)
}
