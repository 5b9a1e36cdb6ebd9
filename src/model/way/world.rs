//! One root or fragment with everything that is known about it.

use std::collections::HashMap;
use std::sync::Arc;

use super::route::{Choice, Location, Matcher, find_location, named_location};
use crate::catalog::{Name, name};
use crate::model::config::lines::Lines;
use crate::model::config::render::Rendering;
use crate::model::config::scope::{Config, OccId, ScopeId, ScopeKind};
use crate::model::value::eval::Scope as Variables;
use crate::model::value::request::{Browser, Request, Value};
use crate::model::value::variable::Definitions;

/// An expanded configuration with its variables and upstreams.
#[derive(Clone, Debug)]
pub struct World<'a> {
    /// The configuration.
    pub config: Config<'a>,
    /// Its variables.
    pub definitions: Arc<Definitions>,
    /// The lines that are worth a look.
    pub lines: Arc<Lines>,
    /// Upstreams of `http`, by lower-case name.
    upstreams: Arc<HashMap<String, OccId>>,
    /// It is a root: nothing is defined outside it.
    pub is_root: bool,
    open: bool,
    /// Levels with a script of the rewrite or access phase, sorted.
    scripts: Arc<[ScopeId]>,
}

impl<'a> World<'a> {
    /// Reads the definitions of a configuration.
    pub fn new(config: Config<'a>, is_root: bool) -> World<'a> {
        let lines = Lines::new(config);
        let upstreams = lines
            .named(config, &[name::UPSTREAM])
            .filter(|&o| config.scope(config.occ(o).scope).kind != ScopeKind::Stream)
            .map(|o| (config.arg_text(o, 0).to_ascii_lowercase(), o))
            .collect();
        let hides =
            |k: ScopeKind| matches!(k, ScopeKind::Main | ScopeKind::Http | ScopeKind::Server | ScopeKind::Location);
        let open = !is_root || config.scopes().any(|(_, s)| s.unresolved && hides(s.kind));
        let mut scripts: Vec<ScopeId> =
            lines.rare.iter().filter(|o| runs_script(config, **o)).map(|o| config.occ(*o).scope).collect();
        scripts.dedup();
        scripts.sort_unstable();
        let definitions = Arc::new(Definitions::collect(config, &lines));
        let (scripts, upstreams) = (scripts.into(), Arc::new(upstreams));
        World { scripts, config, definitions, lines: Arc::new(lines), upstreams, is_root, open }
    }

    /// The same in one rendering of its templates.
    pub fn rendered<'w>(&'w self, rendering: Option<&'w Rendering>) -> World<'w> {
        World { config: self.config.rendered(rendering), ..self.clone() }
    }

    /// The `upstream` of this name; nginx compares without case.
    pub fn upstream(&self, name: &str) -> Option<OccId> {
        self.upstreams.get(&name.to_ascii_lowercase()).copied()
    }

    /// All `upstream` blocks of `http`, in no order.
    pub fn upstreams(&self) -> impl Iterator<Item = OccId> {
        self.upstreams.values().copied()
    }

    /// Whether variables may be defined where wslint cannot look: in a fragment, or in an include
    /// that could not be read.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Whether OpenResty's Lua runs for the requests that arrive at a scope, before they are passed on.
    pub fn is_scripted(&self, scope: ScopeId) -> bool {
        if self.scripts.is_empty() {
            return false;
        }
        let config = self.config;
        // What only jumps lead to, they lead to from anywhere in the server.
        let by_jump = self
            .location_of(scope)
            .is_some_and(|l| matches!(l.matcher, Matcher::Named(_)) || config.has(l.scope, name::INTERNAL));
        let server = config.enclosing(scope, ScopeKind::Server).filter(|_| by_jump);
        let from = |s: &ScopeId| server.is_some() && config.enclosing(*s, ScopeKind::Server) == server;
        config.outward(scope).any(|s| self.scripts.binary_search(&s).is_ok()) || self.scripts.iter().any(from)
    }

    /// Whether an unread include around a scope, or a missing root, may set something for it.
    pub fn is_open_at(&self, scope: ScopeId) -> bool {
        !self.is_root || self.config.scope(scope).unresolved_around
    }

    /// The variables of a handshake that arrives at a scope, of which nothing else is known but
    /// that `set` at the server and the location were executed where they always are.
    pub fn variables_at(&self, scope: ScopeId, browser: Browser) -> Variables<'_> {
        self.variables_for(scope, Request::anywhere(browser))
    }

    /// The same for any request.
    pub fn variables_for(&self, scope: ScopeId, request: Request) -> Variables<'_> {
        let mut vars = Variables::new(&self.definitions, self.open, request);
        vars.scripted = self.is_scripted(scope);
        let config = self.config;
        let mut levels: Vec<ScopeId> = config
            .outward(scope)
            .filter(|&s| matches!(config.scope(s).kind, ScopeKind::Server | ScopeKind::Location))
            .collect();
        // Nested locations do not run the `set` of the outer location.
        levels.sort_by_key(|&s| config.scope(s).kind != ScopeKind::Server);
        levels.truncate(2);
        for level in levels {
            for occ in config.own_named(level, name::SET) {
                if let (Some(target), Some(value)) = (config.arg(occ, 0), config.arg(occ, 1)) {
                    let value = vars.value(&value, crate::model::value::eval::Purpose::Condition);
                    vars.assign(String::from_utf8_lossy(&target).trim_start_matches('$'), value);
                }
            }
        }
        vars
    }

    /// Whether nginx adds a missing slash at this location: a handler that passes requests on, and a
    /// name that ends in `/`.
    pub fn adds_slash(&self, location: ScopeId) -> bool {
        let passes = [
            name::PROXY_PASS,
            name::FASTCGI_PASS,
            name::UWSGI_PASS,
            name::SCGI_PASS,
            name::MEMCACHED_PASS,
            name::GRPC_PASS,
        ];
        self.config.own(location).any(|o| passes.contains(&self.config.occ(o).name))
    }

    /// The location that a decoded path reaches in a server.
    pub fn find_location(&self, server: ScopeId, path: &[u8]) -> Choice {
        find_location(self.config, server, path, &|s| self.adds_slash(s))
    }

    /// The location that a subrequest for `uri` from `scope` reaches; `None` if that is not known.
    pub fn subrequest_target(&self, scope: ScopeId, uri: &str) -> Option<ScopeId> {
        let server = self.config.enclosing(scope, ScopeKind::Server)?;
        if uri.contains('$') {
            return None;
        }
        if uri.starts_with('@') {
            return named_location(self.config, server, uri.as_bytes()).map(|l| l.scope);
        }
        match self.find_location(server, uri.split('?').next().unwrap_or(uri).as_bytes()) {
            Choice::Location(scope, _) => Some(scope),
            _ => None,
        }
    }

    /// The location directive of a scope, read; for an `if` or `limit_except`, that of the location
    /// around it.
    pub fn location_of(&self, scope: ScopeId) -> Option<Location> {
        let location = self.config.enclosing(scope, ScopeKind::Location)?;
        Location::read(self.config, self.config.scope(location).opened_by?)
    }

    /// The path of a request that arrives at a location, as far as its matcher says.
    pub fn path_at(&self, location: &Location) -> Value {
        match &location.matcher {
            Matcher::Exact(path) => Value::Known(path.clone()),
            _ => Value::Unknown,
        }
    }
}

/// A Lua handler of a phase in which `ngx.var.name = …` counts for the request to the backend
/// (lua-nginx-module, "Directives"); njs and Perl give values only to variables of their own.
fn runs_script(config: Config<'_>, occ: OccId) -> bool {
    const PHASES: [&[u8]; 4] = [b"rewrite_by_lua", b"access_by_lua", b"server_rewrite_by_lua", b"set_by_lua"];
    config.occ(occ).name == Name::UNKNOWN && PHASES.iter().any(|p| config.name_text(occ).starts_with(p))
}
