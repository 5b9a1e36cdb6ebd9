//! The model that rules and reports ask: one configuration, over a range of nginx versions.

use foldhash::HashSet;

use crate::catalog::{LANDMARKS, Version, name};
use crate::model::config::include::{BrokenInclude, Expanded};
use crate::model::config::scope::{Config, OccId, ScopeId};
use crate::model::evidence::{Declarations, find_evidence};
use crate::model::refuse::{Refusal, RefusalKind, refusals};
use crate::model::way::endpoint::{Endpoint, endpoints};
use crate::model::way::verdict::Verdict;
use crate::model::way::world::World;
use crate::source::{FileId, SourceMap};
use crate::syntax::Ast;

/// The nginx versions that a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    low: Version,
    high: Version,
}

impl Versions {
    /// Every version that wslint knows.
    pub const ALL: Versions = Versions { low: Version(0, 0, 0), high: Version(u16::MAX, 0, 0) };

    /// Reads `1.22.1`, `1.29` (all of it) or OpenResty's `1.27.1.1`.
    ///
    /// # Errors
    /// What was expected.
    pub fn parse(text: &str) -> Result<Versions, String> {
        let expected =
            || format!("`{text}` is no nginx version; expected one like `1.28.3`, `1.29` or OpenResty's `1.27.1.1`");
        let parts: Vec<u16> = text
            .trim_start_matches('v')
            .split('.')
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map_err(|_| expected())?;
        match parts.as_slice() {
            [a, b] => Ok(Versions { low: Version(*a, *b, 0), high: Version(*a, *b, u16::MAX) }),
            [a, b, c] | [a, b, c, _] => Ok(Versions { low: Version(*a, *b, *c), high: Version(*a, *b, *c) }),
            _ => Err(expected()),
        }
    }

    /// Versions that stand for the whole range: nothing that matters changes between two of them.
    pub fn points(self) -> Vec<Version> {
        let mut points: Vec<Version> =
            LANDMARKS.iter().copied().filter(|v| (self.low..=self.high).contains(v)).collect();
        if self != Versions::ALL && !points.contains(&self.low) {
            points.insert(0, self.low);
        }
        points
    }

    /// The one version, where the range is one.
    pub fn exact(self) -> Option<Version> {
        (self.low == self.high).then_some(self.low)
    }
}

/// Everything that is known about one root or fragment.
#[derive(Debug)]
pub struct Analysis<'a> {
    /// The configuration, its variables and upstreams.
    pub world: World<'a>,
    /// What was asked about.
    pub versions: Versions,
    /// The oldest version in the range that accepts the configuration: the strictest of them, for
    /// newer ones only ever do more for a handshake. Where none accepts it, the oldest of the range.
    pub version: Version,
    /// Why nginx does not start, if no version of the range does.
    pub refusals: Vec<Refusal>,
    /// Its endpoints.
    pub endpoints: Vec<Endpoint>,
    /// Includes that could not be followed.
    pub broken_includes: &'a [BrokenInclude],
    /// The files that are part of it.
    pub files: &'a [FileId],
    /// A tokeniser or block error in one of its files: nginx does not start.
    pub broken_syntax: bool,
    rejected: bool,
    /// Names of variables that nginx does not know.
    pub unknown_variables: HashSet<String>,
    /// Levels with a `proxy_set_header` of too many words: it swallowed the next line.
    pub swallowing: HashSet<ScopeId>,
}

impl<'a> Analysis<'a> {
    /// Analyses an expanded configuration.
    pub fn new(
        sources: &'a SourceMap,
        asts: &'a [Ast],
        expanded: &'a Expanded,
        is_root: bool,
        top_is_inferred: bool,
        versions: Versions,
        declared: &Declarations,
    ) -> Analysis<'a> {
        let config = Config { sources, asts, tree: &expanded.tree, rendering: None };
        let world = World::new(config, is_root);
        let all = refusals(&world, top_is_inferred);
        let points = versions.points();
        let accepting = points.iter().copied().find(|v| !all.iter().any(|r| r.applies_to(*v)));
        let version = accepting.or(points.first().copied()).unwrap_or(Version::MODERN_PROXY);
        let refusals = match accepting {
            Some(_) => Vec::new(),
            None => {
                // What every version of the range refuses; failing that, what the newest one does.
                let newest = points.last().copied().unwrap_or(version);
                let everywhere: Vec<Refusal> =
                    all.iter().filter(|r| points.iter().all(|v| r.applies_to(*v))).cloned().collect();
                if everywhere.is_empty() {
                    all.into_iter().filter(|r| r.applies_to(newest)).collect()
                } else {
                    everywhere
                }
            }
        };
        let broken_syntax = expanded.files.iter().any(|f| !asts[f.0 as usize].errors.is_empty());
        let mut endpoints = endpoints(&world, version);
        find_evidence(&world, declared, &mut endpoints);
        let rejected = !refusals.is_empty() || broken_syntax || expanded.broken_includes.iter().any(is_fatal);
        let unknown_variables = refusals
            .iter()
            .filter_map(|r| match &r.kind {
                RefusalKind::UnknownVariable(name) => Some(name.clone()),
                _ => None,
            })
            .collect();
        let swallowing = refusals
            .iter()
            .filter(|r| r.kind == RefusalKind::ArgumentCount)
            .filter_map(|r| Some(config.occ(r.occ?)))
            .filter(|o| o.name == name::PROXY_SET_HEADER)
            .map(|o| o.scope)
            .collect();
        Analysis {
            world,
            versions,
            version,
            refusals,
            endpoints,
            broken_includes: &expanded.broken_includes,
            files: &expanded.files,
            broken_syntax,
            rejected,
            unknown_variables,
            swallowing,
        }
    }

    /// The configuration.
    pub fn config(&self) -> Config<'a> {
        self.world.config
    }

    /// nginx does not start with it.
    pub fn is_rejected(&self) -> bool {
        self.rejected
    }

    /// What nginx says when it does not start, as far as wslint knows: the first reason.
    pub fn rejection(&self) -> Option<(String, Option<OccId>)> {
        if let Some(first) = self
            .refusals
            .iter()
            .min_by_key(|r| (r.kind == RefusalKind::NoEvents, matches!(r.kind, RefusalKind::UnknownVariable(_)), r.occ))
        {
            return Some((first.text.clone(), first.occ));
        }
        if let Some(broken) = self.broken_includes.iter().find(|b| is_fatal(b)) {
            return Some((format!("include \"{}\" cannot be read", broken.path.display()), Some(broken.occ)));
        }
        self.broken_syntax.then(|| ("a file is not valid nginx syntax".to_owned(), None))
    }

    /// The configuration as it is rendered where the outcome of an endpoint was found.
    pub fn world_of<'e>(&'e self, endpoint: &'e Endpoint) -> World<'e> {
        self.world.rendered(endpoint.rendering.as_deref())
    }

    /// The verdict for an endpoint.
    pub fn verdict(&self, endpoint: &Endpoint) -> Verdict {
        if self.is_rejected() { Verdict::Rejected } else { endpoint.verdict() }
    }
}

/// An include that nginx itself could not survive, wherever it runs.
fn is_fatal(broken: &BrokenInclude) -> bool {
    use crate::model::config::lookup::IncludeProblem as P;
    matches!(broken.problem, P::Cycle | P::Directory)
}
