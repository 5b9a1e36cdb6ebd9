//! nginx's merge rules: what is effective at a scope, and where it comes from.

use super::scope::{Config, OccId, ScopeId, ScopeKind};
use crate::catalog::{Name, Version, name};

/// Where an effective value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// From a directive at the scope itself.
    Own(OccId),
    /// From a directive of an outer scope.
    Inherited(OccId),
    /// nginx's default.
    Default,
    /// Nowhere: nothing is sent.
    Absent,
    /// An include that could not be read may set it.
    Unknown,
}

impl Origin {
    /// The directive, if there is one.
    pub fn occ(self) -> Option<OccId> {
        match self {
            Origin::Own(o) | Origin::Inherited(o) => Some(o),
            _ => None,
        }
    }
}

/// A directive that counts at a scope, or that an unread include may hide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// This one; `bool` is whether it stands at the scope itself.
    At(OccId, bool),
    /// No level sets it.
    Nowhere,
    /// An include that could not be read may set it.
    Unknown,
}

impl Found {
    /// The directive, if there is one.
    pub fn occ(self) -> Option<OccId> {
        match self {
            Found::At(occ, _) => Some(occ),
            _ => None,
        }
    }
}

impl<'a> Config<'a> {
    /// A directive of which the innermost level counts (`ngx_conf_merge_value`).
    pub fn effective(self, scope: ScopeId, wanted: Name) -> Found {
        for (depth, level) in self.outward(scope).enumerate() {
            if self.counts(level, wanted)
                && !self.scope(level).optional
                && let Some(occ) = self.own_named(level, wanted).last()
            {
                if self.rendering.is_none() && self.is_branched(occ) {
                    return Found::Unknown;
                }
                return Found::At(occ, depth == 0);
            }
            if self.scope(level).unresolved && may_hold(self.scope(level).kind) {
                return Found::Unknown;
            }
        }
        Found::Nowhere
    }

    /// The level whose list of a directive counts: the innermost that has any, whole
    /// (`proxy_set_header`, `add_header`, `proxy_hide_header`, `error_page`, …). The flag says that
    /// an include that could not be read may add to the list or replace it.
    pub fn effective_list(self, scope: ScopeId, wanted: Name) -> (Option<ScopeId>, bool) {
        let mut uncertain = false;
        for level in self.outward(scope) {
            uncertain |= self.scope(level).unresolved && may_hold(self.scope(level).kind);
            if self.counts(level, wanted) {
                uncertain |= self.rendering.is_none()
                    && self.has_branches()
                    && self.own_named(level, wanted).any(|o| self.is_branched(o));
                return (Some(level), uncertain);
            }
        }
        (None, uncertain)
    }

    /// Whether a level has a directive, and nginx allows it there: what it refuses counts nowhere.
    fn counts(self, level: ScopeId, wanted: Name) -> bool {
        let kind = self.scope(level).kind;
        let inner = matches!(kind, ScopeKind::LocationIf | ScopeKind::ServerIf | ScopeKind::LimitExcept);
        let allowed = || kind.context().is_some_and(|c| wanted.rows().iter().any(|d| d.contexts.has(c)));
        self.has(level, wanted) && (!inner || allowed())
    }

    /// Levels outside `scope` that set headers which do not reach it, from the inside out.
    pub fn shadowed_header_levels(self, scope: ScopeId) -> Vec<ScopeId> {
        let mut levels = self.outward(scope).filter(move |&s| self.counts(s, name::PROXY_SET_HEADER));
        levels.next();
        levels.collect()
    }

    /// The level at which proxy settings for this scope belong: itself, or for an `if` or
    /// `limit_except`, where nginx refuses them, the location around it.
    pub fn settings_level(self, scope: ScopeId) -> ScopeId {
        self.outward(scope)
            .find(|&s| {
                !matches!(self.scope(s).kind, ScopeKind::LocationIf | ScopeKind::ServerIf | ScopeKind::LimitExcept)
            })
            .unwrap_or(scope)
    }
}

/// Whether an include in such a block may set proxy directives.
fn may_hold(kind: ScopeKind) -> bool {
    matches!(kind, ScopeKind::Http | ScopeKind::Server | ScopeKind::Location)
}

/// The HTTP version that nginx speaks where nothing sets it.
pub fn default_http_version(version: Version) -> &'static str {
    if version >= Version::MODERN_PROXY { "1.1" } else { "1.0" }
}

/// The `Connection` that nginx sends where nothing sets it.
pub fn default_connection(version: Version) -> Option<&'static str> {
    if version >= Version::MODERN_PROXY { None } else { Some("close") }
}
