//! Where the jumps of a server lead, and what the locations that jump leave behind in variables.

use std::collections::HashSet;
use std::sync::Arc;

use super::arrival::{Arrival, MAX_WAYS, explore};
use super::endpoint::start;
use super::route::Matcher;
use super::verdict::Outcome;
use super::walk::Walk;
use super::world::World;
use crate::catalog::{Version, name};
use crate::model::config::scope::{ScopeId, ScopeKind};
use crate::model::value::request::Browser;
use crate::model::value::variable::Definer;

/// Where requests end that one location of a server, or the server itself, sends to another.
#[derive(Debug, Default)]
pub(super) struct Jumps {
    /// The ends at a `proxy_pass`.
    pub(super) arrivals: Vec<Arrival>,
    /// The locations that are reached so.
    pub(super) to: HashSet<ScopeId>,
    /// One of them goes to a URI that nobody knows.
    pub(super) anywhere: bool,
}

impl World<'_> {
    /// Whether only jumps lead to a location: a client's request gets 404 there, or has no path for it.
    pub(super) fn is_hidden(&self, location: ScopeId) -> bool {
        let named = self.location_of(location).is_some_and(|l| matches!(l.matcher, Matcher::Named(_)));
        named || self.config.effective(location, name::INTERNAL).occ().is_some()
    }

    /// Follows every request that a server's locations send on.
    pub(super) fn jumps(&self, server: ScopeId, version: Version) -> Jumps {
        let mut out = Jumps::default();
        let starts: Vec<ScopeId> = self
            .locations_below(server)
            .into_iter()
            .filter(|&l| self.sends_on(l) && !self.is_hidden(l))
            .chain(self.sends_on(server).then_some(server))
            .collect();
        for start in starts {
            let mut asked = false;
            for browser in [Browser::Chrome, Browser::Firefox] {
                if browser == Browser::Firefox && !asked {
                    break;
                }
                asked |= self.follow_from(start, server, browser, version, &mut out);
            }
        }
        out
    }

    /// Whether the browser's own `Connection` mattered.
    fn follow_from(&self, from: ScopeId, server: ScopeId, browser: Browser, version: Version, out: &mut Jumps) -> bool {
        let mut asked = false;
        let ways = explore(|decisions| {
            let walk = Walk::new(self, version, start(self, from, browser), decisions);
            let (arrival, used, saw) =
                if from == server { walk.beyond_server(server) } else { walk.beyond_location(from) };
            asked |= saw;
            (arrival, used)
        });
        out.anywhere |= ways.len() > MAX_WAYS;
        for arrival in ways {
            out.anywhere |= arrival.anywhere;
            let jumped = &arrival.locations[usize::from(from != server).min(arrival.locations.len())..];
            out.to.extend(jumped.iter().map(|(location, _)| *location));
            if !jumped.is_empty() && arrival.proxied.is_some() {
                out.arrivals.push(arrival);
            }
        }
        asked
    }

    /// All locations of a server, nested ones as well.
    pub(super) fn locations_below(&self, server: ScopeId) -> Vec<ScopeId> {
        let mut found: Vec<ScopeId> = self.level(server).locations().iter().map(|l| l.scope).collect();
        let mut next = 0;
        while let Some(&location) = found.get(next) {
            found.extend(self.level(location).locations().iter().map(|l| l.scope));
            next += 1;
        }
        found
    }

    /// Whether a block has what may send a request to another location.
    fn sends_on(&self, block: ScopeId) -> bool {
        let config = self.config;
        let own = [name::TRY_FILES, name::REWRITE, name::RETURN, name::IF];
        own.into_iter().any(|n| config.has(block, n)) || config.effective_list(block, name::ERROR_PAGE).0.is_some()
    }

    /// The variables that the locations of a server give values to, and that therefore may have one where a
    /// jump leads; `None` where no jump leads to this location.
    pub(super) fn foreign(&self, location: ScopeId) -> Option<Arc<HashSet<String>>> {
        let server = self.config.enclosing(location, ScopeKind::Server).filter(|_| self.definitions.has_given())?;
        let names = self.set_in(server);
        if names.is_empty() {
            return None;
        }
        let leads_here = |jumps: Arc<Jumps>| jumps.anywhere || jumps.to.contains(&location);
        let jumped = self.is_hidden(location) || self.jumps_of(server).is_none_or(leads_here);
        jumped.then_some(names)
    }

    /// The variables that `set` and expressions in the locations of a server give values to.
    pub(super) fn names_set_in(&self, server: ScopeId) -> HashSet<String> {
        let config = self.config;
        let by_location = |occ| {
            let scope = config.occ(occ).opens().unwrap_or(config.occ(occ).scope);
            config.enclosing(scope, ScopeKind::Location).is_some()
                && config.enclosing(scope, ScopeKind::Server) == Some(server)
        };
        let sets = |name: &&String| {
            let defined = self.definitions.of(name).iter();
            defined.clone().any(|d| matches!(d.definer, Definer::Set | Definer::Capture) && by_location(d.occ))
        };
        self.definitions.names().iter().filter(sets).cloned().collect()
    }
}

/// Whether several ends come to the same, and what that is.
pub(super) fn agreed(arrivals: &[&Arrival]) -> Option<Outcome> {
    let (first, rest) = arrivals.split_first()?;
    let same = rest.iter().all(|a| a.outcome.verdict() == first.outcome.verdict());
    same.then(|| first.outcome.clone())
}
