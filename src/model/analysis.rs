//! The model that rules and reports ask: one configuration, over a range of nginx versions.

use foldhash::HashSet;

use crate::catalog::{Version, name};
use crate::model::config::include::{BrokenInclude, Expanded};
use crate::model::config::scope::{Config, OccId, ScopeId};
use crate::model::evidence::{Declarations, find_evidence};
use crate::model::refuse::{Refusal, RefusalKind, refusals};
use crate::model::way::endpoint::{Endpoint, endpoints};
use crate::model::way::verdict::{Outcome, Verdict, Why};
use crate::model::way::world::World;
use crate::source::{FileId, Place, SourceMap};
use crate::syntax::Ast;

#[cfg(feature = "internals")]
pub use super::versions::VersionError;
pub use super::versions::Versions;

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
    /// The tag of a template that decides whether nginx starts.
    pub refused_by_tag: Option<Place>,
    /// Why nginx does not start, if no version of the range does.
    pub refusals: Vec<Refusal>,
    /// Its endpoints.
    pub endpoints: Vec<Endpoint>,
    /// Includes that could not be followed.
    pub broken_includes: &'a [BrokenInclude],
    /// The files that are part of it.
    pub files: &'a [FileId],
    /// A tokeniser or block error in one of its files: nginx does not start.
    pub broken_syntax: Option<FileId>,
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
        let (all, refused_by_tag) = refusals(&world, top_is_inferred);
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
        let is_broken = |f: &&FileId| {
            let ast = &asts[f.0 as usize];
            !(ast.errors.is_empty() && ast.slips.is_empty())
        };
        let broken_syntax = expanded.files.iter().find(is_broken).copied();
        let mut endpoints = endpoints(&world, version);
        find_evidence(&world, declared, &mut endpoints);
        if let Some(tag) = refused_by_tag {
            for endpoint in endpoints.iter_mut().filter(|e| e.outcome == Outcome::Upgrades) {
                endpoint.outcome = Outcome::Unknown(Why::Template(tag));
            }
        }
        let rejected = !refusals.is_empty() || broken_syntax.is_some() || expanded.broken_includes.iter().any(is_fatal);
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
            refused_by_tag,
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
        let file = self.broken_syntax?;
        let (ast, source) = (self.config().ast(file), self.config().sources.get(file));
        let at = ast.errors.iter().map(|e| e.span).chain(ast.slips.iter().map(|s| s.span)).min()?;
        let line = source.lines().line(at.start) + 1;
        Some((format!("line {line} of {} is no valid syntax", source.path.display()), None))
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
