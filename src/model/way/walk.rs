//! A request's way through nginx's phases: server rewrite, location, location rewrite, access,
//! `try_files`, handler (http/ngx_http_core_module.c). What the configuration does not decide is
//! decided from outside, one way at a time; `explore` takes all ways.

use super::arrival::{Arrival, Step};
use super::hop::nginx_accepts;
use super::judge::{beside, judge, status_of};
use super::phase::{is_handler, is_page, limit_except, pass_at};
use super::rewriting::Flow;
use super::route::Choice;
use super::uri::upstream_uri;
use super::verdict::{Outcome, Reason, Verdict, Why};
use super::world::World;
use crate::catalog::{Version, name};
use crate::model::config::scope::{Config, OccId, ScopeId, ScopeKind};
use crate::model::value::eval::Scope as Variables;
use crate::model::value::request::Value;

/// nginx gives up after this many changes of the URI (`NGX_HTTP_MAX_URI_CHANGES`).
pub(super) const MAX_URI_CHANGES: u32 = 10;

/// Whose way it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// A client's request, of which everything is known but what is not.
    Client,
    /// A request that has arrived at a location and must end there: what answers or leads elsewhere
    /// under a condition that is not known did not happen.
    Arrives,
    /// A request that has arrived at a location and is followed to wherever that sends it.
    Follows,
}

/// What comes next.
pub(super) enum Next {
    /// The server's own rewrite directives, then the search for a location.
    Server(Step),
    /// The search for a location.
    Find(Step),
    /// A location's rewrite directives.
    Location(ScopeId, Step),
    /// Access, `try_files` and the handler: of a location, or of the server where none matches.
    Content(Option<ScopeId>),
    /// nginx itself answers with a status, and an `error_page` may lead elsewhere.
    Error(u16, Reason),
    /// The end.
    End(Outcome),
    /// The end at a `proxy_pass`.
    Proxied(Box<Arrival>),
}

/// One way.
pub struct Walk<'m, 'a> {
    pub(super) world: &'m World<'a>,
    pub(super) version: Version,
    /// The variables and the current URI.
    pub vars: Variables<'m>,
    decisions: Vec<bool>,
    used: usize,
    pub(super) mode: Mode,
    pub(super) server: Option<ScopeId>,
    /// The location, `if` or `limit_except` whose settings count.
    pub(super) conf: ScopeId,
    pub(super) handler: Option<OccId>,
    pub(super) internal: bool,
    /// It is one that `auth_request` asks.
    pub(super) is_subrequest: bool,
    /// The `auth_request` whose own request may be upgraded: nginx then closes the client's connection
    /// (`ngx_http_upstream_process_header`).
    pub(super) may_upgrade_before: Option<OccId>,
    pub(super) valid_location: bool,
    pub(super) unparsed: bool,
    pub(super) uri_changed: bool,
    /// The `rewrite` that changed it last.
    pub(super) rewrote: Option<OccId>,
    pub(super) changes: u32,
    /// An `error_page` was used, and `recursive_error_pages` is off (`r->error_page`).
    pub(super) page_used: bool,
    /// A template decides whether it is.
    pub(super) page_may_be_used: Option<OccId>,
    /// The status that the answer gets instead of its own, and the directive that says so (`r->err_status`).
    pub(super) status: Option<(OccId, u16)>,
    /// The page that a `try_files` led to.
    pub(super) page: Option<(Vec<u8>, OccId)>,
    /// The way goes on only where a file is missing; where it is not, the request ends so.
    pub(super) hinges: Option<Reason>,
    pub(super) anywhere: bool,
    locations: Vec<(ScopeId, Step)>,
    pub(super) entered: Vec<ScopeId>,
}

impl<'m, 'a> Walk<'m, 'a> {
    /// A way that has taken these decisions so far.
    pub fn new(world: &'m World<'a>, version: Version, vars: Variables<'m>, decisions: &[bool]) -> Walk<'m, 'a> {
        Walk {
            world,
            version,
            vars,
            decisions: decisions.to_vec(),
            used: 0,
            mode: Mode::Client,
            server: None,
            conf: ScopeId(0),
            handler: None,
            internal: false,
            is_subrequest: false,
            may_upgrade_before: None,
            valid_location: true,
            unparsed: true,
            uri_changed: false,
            rewrote: None,
            changes: 0,
            page_used: false,
            page_may_be_used: None,
            status: None,
            page: None,
            hinges: None,
            anywhere: false,
            locations: Vec::new(),
            entered: Vec::new(),
        }
    }

    pub(super) fn config(&self) -> Config<'a> {
        self.world.config
    }

    /// From a server on, as a client's request goes. Also how many decisions it took, and whether the
    /// browser's own `Connection` mattered.
    pub fn from_server(mut self, server: ScopeId) -> (Arrival, usize, bool) {
        self.server = Some(server);
        self.conf = server;
        self.run(Next::Server(Step::Matched))
    }

    /// A request without TLS on a port that wants it: 497 (`ngx_http_process_request`).
    pub fn without_tls(mut self, server: ScopeId, reason: Reason) -> (Arrival, usize, bool) {
        self.server = Some(server);
        self.conf = server;
        self.run(Next::Error(497, reason))
    }

    /// From a location on: a request that has arrived there, and ends there. The rest as for `from_server`.
    pub fn from_location(self, location: ScopeId) -> (Arrival, usize, bool) {
        self.at(location, Mode::Arrives)
    }

    /// From a location on to wherever it sends the request.
    pub fn beyond_location(self, location: ScopeId) -> (Arrival, usize, bool) {
        self.at(location, Mode::Follows)
    }

    /// From a server on to wherever it sends what no location takes.
    pub fn beyond_server(mut self, server: ScopeId) -> (Arrival, usize, bool) {
        self.mode = Mode::Follows;
        self.server = Some(server);
        self.conf = server;
        let next = match self.rewrite(server) {
            Flow::Ends(next) => next,
            // Its own settings are for what no location takes.
            _ if self.uri_changed || self.world.level(server).takes_all() => {
                Next::End(Outcome::Broken(Reason::Static(None)))
            }
            Flow::Next | Flow::Stop => Next::Content(None),
        };
        self.run(next)
    }

    fn at(mut self, location: ScopeId, mode: Mode) -> (Arrival, usize, bool) {
        self.mode = Mode::Arrives;
        self.internal = true;
        self.server = self.config().enclosing(location, ScopeKind::Server);
        if let Some(server) = self.server {
            self.conf = server;
            if let Flow::Ends(next) = self.rewrite(server) {
                return self.run(next);
            }
        }
        self.mode = mode;
        if let Some(pattern) = &*self.world.location_pattern(location) {
            self.vars.unknown_captures(pattern);
        }
        self.run(Next::Location(location, Step::Matched))
    }

    fn run(mut self, next: Next) -> (Arrival, usize, bool) {
        let arrival = self.go(next);
        (arrival, self.used, self.vars.saw_connection)
    }

    /// How many decisions it took.
    pub(super) fn used(&self) -> usize {
        self.used
    }

    /// To the end.
    pub(super) fn go(&mut self, mut next: Next) -> Arrival {
        let mut arrival = loop {
            next = match next {
                Next::Server(step) => self.server_phase(step),
                Next::Find(step) => self.find_location(step),
                Next::Location(location, step) => self.location_phase(location, step),
                Next::Content(location) => self.content(location),
                Next::Error(status, reason) => self.error(status, reason),
                Next::End(outcome) => break Arrival::without_backend(outcome),
                Next::Proxied(arrival) => break *arrival,
            };
        };
        if let Some(occ) = self.may_upgrade_before.filter(|_| arrival.outcome.verdict() == Verdict::Upgrades) {
            arrival.outcome = Outcome::Unknown(Why::Subrequest(occ));
        }
        // Where a jump leads, the file was missing.
        if let Some(reason) = self.hinges.take().filter(|_| self.mode == Mode::Client) {
            arrival.outcome = match arrival.outcome {
                Outcome::Broken(_) => Outcome::Broken(reason),
                _ => Outcome::Unknown(Why::Files),
            };
        }
        arrival.locations = std::mem::take(&mut self.locations);
        arrival.entered = std::mem::take(&mut self.entered);
        arrival.anywhere = self.anywhere;
        arrival.status = self.status.map(|(_, status)| status);
        arrival
    }

    pub(super) fn decide(&mut self) -> bool {
        let decision = self.decisions.get(self.used).copied().unwrap_or(false);
        self.used += 1;
        decision
    }

    fn server_phase(&mut self, step: Step) -> Next {
        let Some(server) = self.server else { return Next::End(Outcome::Broken(Reason::NoServer)) };
        self.conf = server;
        match self.rewrite(server) {
            Flow::Ends(next) => next,
            Flow::Next | Flow::Stop => Next::Find(step),
        }
    }

    /// `ngx_http_core_find_config_phase`
    fn find_location(&mut self, step: Step) -> Next {
        let config = self.config();
        self.handler = None;
        self.uri_changed = false;
        let Some(server) = self.server else { return Next::End(Outcome::Unknown(Why::Condition)) };
        let Value::Known(path) = self.vars.uri.clone() else {
            self.anywhere = true;
            return Next::End(Outcome::Unknown(Why::Condition));
        };
        // An include that could not be read may hold a location that fits better.
        let hidden = config.scope(server).unresolved_around;
        match self.world.find_location(server, &path) {
            _ if hidden => Next::End(Outcome::Unknown(Why::Include)),
            Choice::Location(location, _) => {
                self.capture_location(location, &path);
                self.enter(location, step)
            }
            Choice::SlashRedirect(location, occ) => {
                // `internal` is asked about before the redirect is made.
                match self.enter(location, step) {
                    Next::Location(..) => {
                        self.locations.push((location, step));
                        self.conf = location;
                        Next::Error(301, Reason::SlashRedirect(occ))
                    }
                    refused => refused,
                }
            }
            Choice::None => {
                self.conf = server;
                Next::Content(None)
            }
            Choice::Undecided(occ) => Next::End(Outcome::Unknown(Why::Pattern(occ))),
        }
    }

    /// Regular expressions give their captures to what follows, those of an outer location first.
    fn capture_location(&mut self, scope: ScopeId, path: &[u8]) {
        let config = self.config();
        let mut around: Vec<ScopeId> =
            config.outward(scope).take_while(|&s| config.scope(s).kind == ScopeKind::Location).collect();
        around.reverse();
        for location in around {
            if let Some(pattern) = &*self.world.location_pattern(location) {
                self.vars.matched(pattern, path);
            }
        }
    }

    fn enter(&mut self, location: ScopeId, step: Step) -> Next {
        // Nested locations inherit `internal`.
        if !self.internal
            && let Some(occ) = self.config().effective(location, name::INTERNAL).occ()
        {
            self.locations.push((location, step));
            self.conf = location;
            return Next::Error(404, Reason::Internal(occ));
        }
        Next::Location(location, step)
    }

    fn location_phase(&mut self, location: ScopeId, step: Step) -> Next {
        let config = self.config();
        self.locations.push((location, step));
        self.conf = location;
        self.handler = self.handler_of(location);
        self.uri_changed = false;
        // Of methods other than GET, each `limit_except` says something else.
        let has_limits = || config.blocks(location).any(|o| config.occ(o).name == name::LIMIT_EXCEPT);
        if self.vars.request.method.known() != Some(b"GET") && has_limits() {
            return Next::End(Outcome::Unknown(Why::Condition));
        }
        // Its own rewrite directives are not run where `limit_except` applies: nginx takes those of
        // the inner block, which has none (`limit_except_loc_conf`).
        if let Some(inner) = limit_except(config, location) {
            self.conf = inner;
            let passes = |o: &OccId| config.occ(*o).name == name::PROXY_PASS;
            self.handler = self.handler_of(inner).or(self.handler.filter(passes));
            return Next::Content(Some(location));
        }
        if let Flow::Ends(next) = self.rewrite(location) {
            return next;
        }
        if !self.uri_changed {
            return Next::Content(Some(location));
        }
        // `ngx_http_core_post_rewrite_phase`
        if self.mode == Mode::Arrives {
            return Next::End(Outcome::Unknown(Why::Condition));
        }
        self.changes += 1;
        if self.changes > MAX_URI_CHANGES {
            return Next::End(Outcome::Broken(Reason::Loop));
        }
        let by = self.rewrote.take().or(config.scope(location).opened_by);
        Next::Find(by.map_or(Step::Matched, Step::Redirected))
    }

    /// The last directive of a block that sets a content handler wins.
    pub(super) fn handler_of(&self, scope: ScopeId) -> Option<OccId> {
        let config = self.config();
        config.own(scope).filter(|&o| is_handler(config, o)).last()
    }

    fn content(&mut self, location: Option<ScopeId>) -> Next {
        if let Some((status, reason)) = self.refused_access() {
            return Next::Error(status, reason);
        }
        let asks = self.asks_for_a_password(self.conf);
        match self.handled(location) {
            Next::End(Outcome::Broken(_)) | Next::Error(..) if asks => Next::End(Outcome::Unknown(Why::Condition)),
            Next::Proxied(mut arrival) if asks && arrival.outcome.verdict() == Verdict::Broken => {
                arrival.outcome = Outcome::Unknown(Why::Condition);
                Next::Proxied(arrival)
            }
            next => next,
        }
    }

    fn handled(&mut self, location: Option<ScopeId>) -> Next {
        let config = self.config();
        // `try_files` is not merged into a location, nor into an `if` or `limit_except`, which have none of their own.
        if config.has(self.conf, name::TRY_FILES)
            && let Some(occ) = config.own_named(self.conf, name::TRY_FILES).next()
        {
            return self.try_files(occ);
        }
        let Some(handler) = self.handler else { return self.static_files(location) };
        match config.occ(handler).name {
            name::PROXY_PASS => self.proxy(location, handler),
            name::GRPC_PASS
            | name::FASTCGI_PASS
            | name::MEMCACHED_PASS
            | name::EMPTY_GIF
            | name::STUB_STATUS
            | name::FLV
            | name::MP4
            | name::TUNNEL_PASS => Next::End(Outcome::Broken(Reason::OtherHandler(handler))),
            _ => Next::End(Outcome::Unknown(Why::Handler(handler))),
        }
    }

    fn proxy(&mut self, location: Option<ScopeId>, handler: OccId) -> Next {
        let config = self.config();
        let Some(location) = location else { return Next::End(Outcome::Unknown(Why::Condition)) };
        // The handler may come from an `if` before the last one that holds, the address never does:
        // `no upstream configuration` (`ngx_http_upstream_init_request`).
        let Some(pass) = pass_at(config, self.conf) else {
            return Next::Error(500, Reason::LostPass(handler));
        };
        let judged = judge(self.world, self.conf, pass, &mut self.vars, self.version);
        let (mut outcome, forwarded) = judged;
        if let Outcome::Broken(reason) = &outcome
            && let Some(status) = status_of(reason)
            && self.has_page(status)
        {
            if self.mode != Mode::Arrives {
                return Next::Error(status, reason.clone());
            }
            // It leaves for wherever the page leads.
            outcome = Outcome::Unknown(Why::Condition);
        }
        let answers = matches!(&outcome, Outcome::Broken(Reason::Refused(_)));
        if answers && self.may_be_intercepted() {
            outcome = Outcome::Unknown(Why::Condition);
        }
        let uri = upstream_uri(config, location, pass, &mut self.vars, self.valid_location, self.unparsed);
        // With variables it is sent as it stands (`ngx_http_proxy_create_request`), and `$uri` is decoded.
        if let Value::Known(line) = &uri
            && line.iter().any(|b| *b <= b' ' || *b == 0x7f)
            && outcome.verdict() != Verdict::Broken
        {
            let shown = String::from_utf8_lossy(line).escape_debug().to_string();
            outcome = Outcome::Broken(Reason::BadLine(pass, shown));
        }
        let moved = !self.unparsed;
        let hop = self.world.hop(pass, &mut self.vars, &forwarded, &uri, moved);
        // What a backend refuses, a server of this configuration may still take.
        if hop.is_some() && matches!(&outcome, Outcome::Broken(Reason::Refused(r)) if nginx_accepts(r)) {
            let rest = beside(self.world, self.conf, pass, &mut self.vars, self.version, &forwarded);
            outcome = rest.unwrap_or(Outcome::Upgrades);
        }
        if let (Some((occ, status)), Outcome::Upgrades | Outcome::Unknown(_)) = (self.status, &outcome)
            && status != 101
        {
            outcome = Outcome::Broken(Reason::StatusReplaced(occ));
        }
        // What nginx itself answers there, this server may take for an error of its own.
        let rescued =
            hop.is_some() && (self.may_be_intercepted() || [500, 502, 504].into_iter().any(|s| self.has_page(s)));
        Next::Proxied(Box::new(Arrival {
            rescued,
            proxied: Some((self.conf, pass)),
            forwarded: Some(forwarded),
            upstream_uri: Some(uri),
            hop,
            ..Arrival::without_backend(outcome)
        }))
    }

    /// No handler: files are served, which no handshake survives. An `error_page` for the missing
    /// file may lead to a backend, if the file is missing.
    fn static_files(&mut self, location: Option<ScopeId>) -> Next {
        let reason = Reason::Static(location.and_then(|l| self.config().scope(l).opened_by));
        if self.mode == Mode::Arrives {
            return Next::End(Outcome::Broken(reason));
        }
        // The page that a `try_files` ends in is there.
        let reason = match &self.page {
            Some((page, named_by)) if self.vars.uri.known() == Some(page) && is_page(page) => Reason::Page(*named_by),
            _ => reason,
        };
        match [404, 403].into_iter().find(|&status| self.has_page(status)) {
            Some(status) => {
                self.hinges.get_or_insert_with(|| reason.clone());
                Next::Error(status, reason)
            }
            None => Next::End(Outcome::Broken(reason)),
        }
    }
}
