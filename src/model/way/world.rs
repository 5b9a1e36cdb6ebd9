//! One root or fragment with everything that is known about it.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::phase::contains;
use super::program::{Command, Kept, has_program, program};
use super::reach::Jumps;
use super::route::{Choice, Level, Location, Matcher, find_location};
use super::server::{Group, Listen, Listens, name_patterns};
use crate::catalog::{Name, Version, name};
use crate::model::config::lines::Lines;
use crate::model::config::render::Rendering;
use crate::model::config::scope::{Config, OccId, ScopeId, ScopeKind};
use crate::model::value::eval::{Purpose, Scope as Variables};
use crate::model::value::pattern::Pattern;
use crate::model::value::request::{Browser, Peer, Request, Value};
use crate::model::value::variable::{Definitions, variables_in};
use crate::syntax::address::Target;
use crate::syntax::word;

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
    kept: Arc<Caches>,
}

/// What is worked out when first asked for. Another rendering has its own.
#[derive(Debug, Default)]
struct Caches {
    /// What most blocks have.
    no_program: Arc<Vec<Command>>,
    no_pattern: Arc<Option<Pattern>>,
    jumping: OnceLock<HashSet<ScopeId>>,
    programs: Kept<Vec<Command>>,
    levels: Kept<Level>,
    patterns: Kept<Option<Pattern>>,
    /// The expressions among the names of servers.
    names: OnceLock<HashMap<ScopeId, Vec<Pattern>>>,
    jumps: Kept<Jumps>,
    /// The servers whose jumps are being followed.
    following: Mutex<HashSet<ScopeId>>,
    set_in: Kept<HashSet<String>>,
    listens: OnceLock<Listens>,
    streams: OnceLock<Vec<(ScopeId, Listen)>>,
    groups: Kept<Group, (String, u16)>,
    /// Hosts and ports that a `proxy_pass` without variables names: nginx knows their addresses.
    passed_to: OnceLock<HashSet<(String, u16)>>,
    beyond_connection: OnceLock<HashSet<String>>,
    referers: OnceLock<bool>,
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
        World { scripts, config, definitions, lines: Arc::new(lines), upstreams, is_root, open, kept: Arc::default() }
    }

    /// The same in one rendering of its templates.
    pub fn rendered<'w>(&'w self, rendering: Option<&'w Rendering>) -> World<'w> {
        // Another rendering has other locations.
        let kept = if rendering.is_some() { Arc::default() } else { Arc::clone(&self.kept) };
        World { config: self.config.rendered(rendering), kept, ..self.clone() }
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

    /// Whether a line says which referrers are valid.
    pub(super) fn knows_referers(&self) -> bool {
        *self.kept.referers.get_or_init(|| self.lines.named(self.config, &[name::VALID_REFERERS]).next().is_some())
    }

    /// Whether an answer of this configuration may send a request of its own elsewhere (`X-Accel-Redirect`).
    pub(super) fn redirects_by_header(&self) -> bool {
        let config = self.config;
        let mut lines = self.lines.named(config, &[name::ADD_HEADER]);
        lines.any(|o| config.arg_text(o, 0).eq_ignore_ascii_case("x-accel-redirect"))
    }

    /// Whether the address of a client that comes from here may be taken from a header instead
    /// (`ngx_http_realip_from`).
    pub(super) fn may_trust(&self, peer: Peer) -> bool {
        let trusts = |who: String| match peer {
            _ if !who.starts_with(|c: char| c.is_ascii_digit()) && !who.contains(':') => true,
            Peer::Address(address) => contains(&who, address) != Some(false),
            Peer::Unix => who == "unix:",
            Peer::Unknown => true,
        };
        self.lines.named(self.config, &[name::SET_REAL_IP_FROM]).any(|o| trusts(self.config.arg_text(o, 0)))
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
        let location = config.enclosing(scope, ScopeKind::Location);
        vars.foreign = location.and_then(|l| self.foreign(l));
        self.capture_name(scope, &mut vars);
        if let Some(pattern) = location.map(|l| self.location_pattern(l)).as_deref().and_then(Option::as_ref) {
            vars.unknown_captures(pattern);
        }
        // Nested locations do not run the `set` of the outer location.
        for level in config.enclosing(scope, ScopeKind::Server).into_iter().chain(location) {
            self.settle(level, scope, &mut vars);
        }
        vars
    }

    /// An expression among the names of a server leaves its captures to the requests that it was chosen for
    /// (`ngx_http_find_virtual_server`); nobody knows by which name that was.
    pub(super) fn capture_name(&self, scope: ScopeId, vars: &mut Variables<'_>) {
        let names = self.kept.names.get_or_init(|| name_patterns(self.config));
        if names.is_empty() {
            return;
        }
        let server = self.config.enclosing(scope, ScopeKind::Server);
        for pattern in server.and_then(|server| names.get(&server)).into_iter().flatten() {
            vars.unknown_captures(pattern);
        }
    }

    /// What the rewrite directives of a level leave in variables for a request that stays.
    fn settle(&self, level: ScopeId, arrives_at: ScopeId, vars: &mut Variables<'_>) {
        let mut certain = true;
        for command in self.program(level).iter() {
            match command {
                Command::Set(name, value) => {
                    let value = vars.value(value, Purpose::Condition);
                    vars.assign(name, if certain { value } else { Value::Unknown });
                }
                Command::Rewrite(_, rewrite) => {
                    let uri = vars.uri.clone();
                    vars.tried(&rewrite.pattern, &uri);
                }
                Command::If(block, condition) => {
                    let holds = condition.holds(vars);
                    let sure = certain && (holds == Some(true) || *block == arrives_at);
                    if holds == Some(false) && *block != arrives_at {
                        continue;
                    }
                    let mut stops = false;
                    for inner in self.program(*block).iter() {
                        match inner {
                            Command::Set(name, value) => {
                                let value = vars.value(value, Purpose::Condition);
                                vars.assign(name, if sure { value } else { Value::Unknown });
                            }
                            Command::Break => stops = true,
                            _ => {}
                        }
                    }
                    if stops && sure {
                        return;
                    }
                    certain &= !stops;
                }
                Command::Break if certain => return,
                Command::Break | Command::Return(..) | Command::Open(_) => {}
            }
        }
    }

    /// Where the jumps of a server lead; `None` while they are being followed: a subrequest on the way may ask
    /// where they lead.
    pub(super) fn jumps_of(&self, server: ScopeId) -> Option<Arc<Jumps>> {
        let following = || self.kept.following.lock().unwrap_or_else(PoisonError::into_inner);
        if following().contains(&server) {
            return None;
        }
        Some(self.kept.jumps.of(server, |_| {
            following().insert(server);
            let jumps = self.jumps(server, Version::MODERN_PROXY);
            following().remove(&server);
            jumps
        }))
    }

    /// Whether anything in a server, or around it, may send a request from one location to another.
    pub(super) fn may_jump(&self, server: ScopeId) -> bool {
        let config = self.config;
        let jumping = self.kept.jumping.get_or_init(|| {
            let lines = self.lines.named(config, &[name::REWRITE, name::TRY_FILES, name::ERROR_PAGE]);
            lines.map(|o| config.enclosing(config.occ(o).scope, ScopeKind::Server).unwrap_or(config.top())).collect()
        });
        jumping.contains(&server) || jumping.contains(&config.top())
    }

    /// The variables that the locations of a server give values to.
    pub(super) fn set_in(&self, server: ScopeId) -> Arc<HashSet<String>> {
        self.kept.set_in.of(server, |_| self.names_set_in(server))
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
        find_location(&|s| self.level(s), server, path, &|s| self.adds_slash(s))
    }

    /// The locations directly in a block.
    pub(super) fn level(&self, block: ScopeId) -> Arc<Level> {
        self.kept.levels.of(block, |_| Level::read(self.config, block))
    }

    /// The rewrite directives of a block.
    pub(super) fn program(&self, block: ScopeId) -> Arc<Vec<Command>> {
        if !has_program(self.config, block) {
            return Arc::clone(&self.kept.no_program);
        }
        self.kept.programs.of(block, |_| program(self.config, block))
    }

    /// The regular expression of a location, if it is one.
    pub(super) fn location_pattern(&self, location: ScopeId) -> Arc<Option<Pattern>> {
        let config = self.config;
        let modifier = config.scope(location).opened_by.and_then(|o| config.arg(o, 0));
        if !modifier.is_some_and(|m| m.starts_with(b"~")) {
            return Arc::clone(&self.kept.no_pattern);
        }
        self.kept.patterns.of(location, |_| match self.location_of(location).map(|l| l.matcher) {
            Some(Matcher::Regex(pattern)) => Some(pattern),
            _ => None,
        })
    }

    /// The `http` servers that an address leads to.
    pub(super) fn listening_at(&self, host: &str, port: u16) -> Arc<Group> {
        let listens = self.kept.listens.get_or_init(|| Listens::of(self.config));
        self.kept.groups.of((host.to_owned(), port), |_| Group::of(self.config, listens.at(host, port)))
    }

    /// The listens of `stream`, found when first asked for.
    pub(super) fn kept_streams(&self, find: impl FnOnce(Config<'a>) -> Vec<(ScopeId, Listen)>) -> &[(ScopeId, Listen)] {
        self.kept.streams.get_or_init(|| find(self.config))
    }

    /// Whether any `http` server of the configuration listens on a port that is reached so.
    pub(super) fn listens_there(&self, host: &str, port: u16) -> bool {
        let listens = self.kept.listens.get_or_init(|| Listens::of(self.config));
        listens.any_at(host, port) && !self.listening_at(host, port).is_empty()
    }

    /// Whether a `proxy_pass` without variables names the same host and port: it is no name to resolve any
    /// more (`ngx_http_upstream_add`, `ngx_http_upstream_init_request`).
    pub(super) fn is_passed_to(&self, target: &Target<'_>) -> bool {
        let named = self.kept.passed_to.get_or_init(|| {
            let config = self.config;
            // Those of other protocols give names, too.
            let others = [name::FASTCGI_PASS, name::UWSGI_PASS, name::SCGI_PASS, name::GRPC_PASS, name::MEMCACHED_PASS];
            let target_of = |id: OccId| match config.occ(id).name {
                name::PROXY_PASS => config.target(id),
                _ => {
                    let text = config.arg_text(id, 0);
                    let bare = text.strip_prefix("grpc://").or(text.strip_prefix("grpcs://")).unwrap_or(&text);
                    Target::of(format!("http://{bare}").into_bytes())
                }
            };
            // One variable anywhere, and nothing is looked up before a request is there (`ngx_http_proxy_pass`).
            let is_fixed = |id| !config.arg(id, 0).is_some_and(|url| word::has_variables(&url));
            let passes = config.occs().filter(|(_, o)| o.name == name::PROXY_PASS || others.contains(&o.name));
            let passes = passes.filter(|(id, _)| is_fixed(*id));
            let fixed = passes.filter(|(_, o)| !config.scope(o.scope).outside_http).map(|(id, _)| target_of(id));
            // The name of an `upstream` is no host.
            let is_host = |t: &Target<'_>| t.port().is_some() || t.host().is_some_and(|h| self.upstream(&h).is_none());
            fixed.filter(is_host).filter_map(|t| host_and_port(&t)).filter(|(host, _)| !host.contains('$')).collect()
        });
        host_and_port(target).is_some_and(|wanted| named.contains(&wanted))
    }

    /// The variables, in lower case, that lines use which neither define a map nor set `Connection`.
    pub fn used_beyond_connection(&self) -> &HashSet<String> {
        self.kept.beyond_connection.get_or_init(|| {
            let config = self.config;
            let sets = |id, n| n == name::MAP || (n == name::PROXY_SET_HEADER && config.is_header(id, "Connection"));
            let others = config.occs().filter(|(id, o)| !sets(*id, o.name)).map(|(id, _)| id);
            let words = others.flat_map(|id| config.each(id)).filter(|word| word.contains(&b'$'));
            words.flat_map(|word| variables_in(&word)).map(|v| v.to_ascii_lowercase()).collect()
        })
    }

    /// Whether a script runs in a server for the requests that it answers.
    pub(super) fn is_scripted_in(&self, server: ScopeId) -> bool {
        let here = |s: &ScopeId| self.config.enclosing(*s, ScopeKind::Server).is_none_or(|own| own == server);
        self.scripts.iter().any(here)
    }

    /// The named location of a server.
    pub fn named_location(&self, server: ScopeId, name: &[u8]) -> Option<ScopeId> {
        self.level(server).named(name)
    }

    /// The location that a subrequest for `uri` from `scope` reaches; `None` if that is not known.
    pub fn subrequest_target(&self, scope: ScopeId, uri: &str) -> Option<ScopeId> {
        let server = self.config.enclosing(scope, ScopeKind::Server)?;
        if uri.contains('$') {
            return None;
        }
        if uri.starts_with('@') {
            return self.named_location(server, uri.as_bytes());
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

/// The host of an address in lower case, and its port or that of its scheme.
fn host_and_port(target: &Target<'_>) -> Option<(String, u16)> {
    let usual = if target.scheme().eq_ignore_ascii_case("https") { 443 } else { 80 };
    let port = target.port().map_or(Some(usual), |p| p.parse().ok())?;
    Some((target.host()?.to_ascii_lowercase(), port))
}

/// A Lua handler of a phase in which `ngx.var.name = …` counts for the request to the backend
/// (lua-nginx-module, "Directives"); njs and Perl give values only to variables of their own.
fn runs_script(config: Config<'_>, occ: OccId) -> bool {
    const PHASES: [&[u8]; 4] = [b"rewrite_by_lua", b"access_by_lua", b"server_rewrite_by_lua", b"set_by_lua"];
    config.occ(occ).name == Name::UNKNOWN && PHASES.iter().any(|p| config.name_text(occ).starts_with(p))
}
