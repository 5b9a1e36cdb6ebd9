//! A request's way through nginx's phases: server rewrite, location, location rewrite, access,
//! `try_files`, handler (http/ngx_http_core_module.c). What the configuration does not decide is
//! decided from outside, one way at a time; `explore` takes all ways.

use super::arrival::{Arrival, Step};
use super::judge::judge;
use super::phase::{denied, error_page, is_handler, pattern_matches_all};
use super::route::{Choice, named_location};
use super::uri::upstream_uri;
use super::verdict::{Outcome, Reason, Why};
use super::world::World;
use crate::catalog::{Version, name};
use crate::model::config::scope::{Config, OccId, ScopeId, ScopeKind};
use crate::model::value::eval::{Purpose, Scope as Variables};
use crate::model::value::pattern::Pattern;
use crate::model::value::request::Value;
use crate::model::value::rewrite::{Condition, Return, RewriteFlag, patterns_of};

/// nginx gives up after this many changes of the URI (`NGX_HTTP_MAX_URI_CHANGES`).
const MAX_URI_CHANGES: u32 = 10;
enum Flow {
    Next,
    /// The rest of this level's rewrite directives is skipped.
    Stop,
    Answer(OccId, Return),
}

/// One way.
pub struct Walk<'m, 'a> {
    world: &'m World<'a>,
    version: Version,
    /// The variables and the current URI.
    pub vars: Variables<'m>,
    decisions: Vec<bool>,
    used: usize,
    /// A walk that starts at a location and must end there: what answers or leads elsewhere under a
    /// condition that is not known did not happen.
    arrives: bool,
    server: Option<ScopeId>,
    /// The location, `if` or `limit_except` whose settings count.
    conf: ScopeId,
    handler: Option<(OccId, ScopeId)>,
    internal: bool,
    valid_location: bool,
    unparsed: bool,
    uri_changed: bool,
    changes: u32,
    error_page: Option<(OccId, Option<u16>)>,
    locations: Vec<(ScopeId, Step)>,
    entered: Vec<ScopeId>,
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
            arrives: false,
            server: None,
            conf: ScopeId(0),
            handler: None,
            internal: false,
            valid_location: true,
            unparsed: true,
            uri_changed: false,
            changes: 0,
            error_page: None,
            locations: Vec::new(),
            entered: Vec::new(),
        }
    }

    fn config(&self) -> Config<'a> {
        self.world.config
    }

    /// From a server on, as a client's request goes. Also how many decisions it took, and whether the
    /// browser's own `Connection` mattered.
    pub fn from_server(mut self, server: ScopeId) -> (Arrival, usize, bool) {
        self.server = Some(server);
        self.conf = server;
        let arrival = self.server_phase();
        (arrival, self.used, self.vars.saw_connection)
    }

    /// From a location on: a request that has arrived there. The rest as for `from_server`.
    pub fn from_location(mut self, location: ScopeId) -> (Arrival, usize, bool) {
        self.arrives = true;
        self.internal = true;
        self.server = self.config().enclosing(location, ScopeKind::Server);
        if let Some(server) = self.server {
            self.conf = server;
            match self.rewrite(server, 0) {
                Flow::Answer(occ, ret) => {
                    return (self.end(Outcome::Broken(Reason::Answered(occ, ret.status))), self.used, false);
                }
                Flow::Next | Flow::Stop => {}
            }
            self.uri_changed = false;
        }
        let arrival = self.location_phase(location, Step::Matched);
        (arrival, self.used, self.vars.saw_connection)
    }

    fn end(&mut self, outcome: Outcome) -> Arrival {
        Arrival {
            locations: std::mem::take(&mut self.locations),
            entered: std::mem::take(&mut self.entered),
            ..Arrival::without_backend(outcome)
        }
    }

    fn decide(&mut self) -> bool {
        let decision = self.decisions.get(self.used).copied().unwrap_or(false);
        self.used += 1;
        decision
    }

    fn server_phase(&mut self) -> Arrival {
        let Some(server) = self.server else { return self.end(Outcome::Broken(Reason::NoServer)) };
        self.conf = server;
        match self.rewrite(server, 0) {
            Flow::Answer(occ, ret) => return self.answer(occ, &ret),
            Flow::Next | Flow::Stop => {}
        }
        self.uri_changed = false;
        self.find_location(server, Step::Matched)
    }

    fn find_location(&mut self, server: ScopeId, step: Step) -> Arrival {
        let config = self.config();
        let Value::Known(path) = self.vars.uri.clone() else { return self.end(Outcome::Unknown(Why::Condition)) };
        // An include that could not be read may hold a location that fits better.
        let hidden = config.scope(server).unresolved_around;
        match self.world.find_location(server, &path) {
            _ if hidden => self.end(Outcome::Unknown(Why::Include)),
            Choice::Location(location, _) => {
                self.capture_location(location, &path);
                self.location_phase(location, step)
            }
            Choice::SlashRedirect(location, occ) => {
                self.locations.push((location, step));
                self.end(Outcome::Broken(Reason::SlashRedirect(occ)))
            }
            Choice::None => self.static_files(None),
            Choice::Undecided(occ) => self.end(Outcome::Unknown(Why::Pattern(occ))),
        }
    }

    /// A regular expression gives its captures to what follows.
    fn capture_location(&mut self, scope: ScopeId, path: &[u8]) {
        let Some(occ) = self.config().scope(scope).opened_by else { return };
        for pattern in patterns_of(self.config(), occ, name::LOCATION) {
            self.matched(&pattern, path);
        }
    }

    /// Runs an expression for its captures; whether it matches, if that is known.
    fn matched(&mut self, pattern: &Pattern, value: &[u8]) -> Option<bool> {
        match pattern.captures(value) {
            Some(Some((numbered, named))) => {
                self.vars.captures = numbered.into_iter().map(Value::Known).collect();
                for (n, v) in named {
                    self.vars.assign(&n, Value::Known(v));
                }
                Some(true)
            }
            Some(None) => Some(false),
            None => None,
        }
    }

    fn unknown_captures(&mut self, pattern: &Pattern) {
        self.vars.captures = vec![Value::Unknown; 10];
        for n in pattern.names() {
            self.vars.assign(&n, Value::Unknown);
        }
    }

    fn location_phase(&mut self, location: ScopeId, step: Step) -> Arrival {
        let config = self.config();
        self.locations.push((location, step));
        self.conf = location;
        self.handler = self.handler_of(location);
        self.uri_changed = false;
        if self.arrives
            && let Some(occ) = config.scope(location).opened_by
        {
            for pattern in patterns_of(config, occ, name::LOCATION) {
                self.unknown_captures(&pattern);
            }
        }
        // Nested locations inherit `internal`.
        if !self.internal
            && let Some(occ) = config.effective(location, name::INTERNAL).occ()
        {
            return self.error(404, occ, Reason::Internal(occ));
        }
        // Its own rewrite directives are not run where `limit_except` applies: nginx takes those of
        // the inner block, which has none (`limit_except_loc_conf`).
        if let Some(inner) = self.limit_except(location) {
            self.conf = inner;
            self.handler = self
                .handler_of(inner)
                .or_else(|| self.handler.filter(|(o, _)| config.occ(*o).name == name::PROXY_PASS));
            return self.content(location);
        }
        match self.rewrite(location, 0) {
            Flow::Answer(occ, ret) => return self.answer(occ, &ret),
            Flow::Next | Flow::Stop => {}
        }
        if self.uri_changed {
            self.changes += 1;
            let Some(server) = self.server.filter(|_| !self.arrives) else {
                return self.end(Outcome::Unknown(Why::Condition));
            };
            if self.changes > MAX_URI_CHANGES {
                return self.end(Outcome::Broken(Reason::Loop));
            }
            let by = config.scope(location).opened_by.map_or(Step::Matched, Step::Redirected);
            return self.find_location(server, by);
        }
        self.content(location)
    }

    /// The `limit_except` of a location that applies to GET.
    fn limit_except(&self, location: ScopeId) -> Option<ScopeId> {
        let config = self.config();
        config.blocks(location).filter(|&o| config.occ(o).name == name::LIMIT_EXCEPT).find_map(|o| {
            let allows_get = config.each(o).any(|method| &*method == b"GET");
            if allows_get { None } else { config.occ(o).opens() }
        })
    }

    /// The last directive of a block that sets a content handler wins.
    fn handler_of(&self, scope: ScopeId) -> Option<(OccId, ScopeId)> {
        let config = self.config();
        config.own(scope).filter(|&o| is_handler(config, o)).last().map(|o| (o, scope))
    }

    /// The rewrite directives of a level, in order.
    fn rewrite(&mut self, scope: ScopeId, depth: u32) -> Flow {
        let config = self.config();
        let any = [name::SET, name::RETURN, name::REWRITE, name::BREAK].iter().any(|&n| config.has(scope, n))
            || config.has(scope, name::IF);
        if !any {
            return Flow::Next;
        }
        let mut steps: Vec<OccId> =
            config.own(scope).chain(config.blocks(scope).filter(|&o| config.occ(o).name == name::IF)).collect();
        steps.sort_unstable();
        for occ in steps {
            let flow = match config.occ(occ).name {
                name::SET => {
                    if let [target, value, ..] = config.words(occ).as_slice() {
                        let value = self.vars.value(value, Purpose::Condition);
                        self.vars.assign(String::from_utf8_lossy(target).trim_start_matches('$'), value);
                    }
                    Flow::Next
                }
                name::BREAK => Flow::Stop,
                name::RETURN => match Return::parse(&config.words(occ)) {
                    Some(ret) => Flow::Answer(occ, ret),
                    None => Flow::Next,
                },
                name::REWRITE => self.rewrite_uri(occ, &config.words(occ)),
                name::IF if depth == 0 => self.if_block(occ, &config.words(occ)),
                _ => Flow::Next,
            };
            if !matches!(flow, Flow::Next) {
                return flow;
            }
        }
        Flow::Next
    }

    fn if_block(&mut self, occ: OccId, args: &[Vec<u8>]) -> Flow {
        let config = self.config();
        let (Some(inner), Some(condition)) = (config.occ(occ).opens(), Condition::parse(args)) else {
            return Flow::Next;
        };
        let holds = match self.holds(&condition) {
            Some(holds) => holds,
            // A browser that is let pass; and for a request that arrives, whatever would have kept it away.
            None if self.keeps_away(inner) => false,
            None => self.decide(),
        };
        if !holds {
            return Flow::Next;
        }
        self.entered.push(inner);
        if config.scope(inner).kind == ScopeKind::LocationIf {
            self.conf = inner;
            if let Some(own) = self.handler_of(inner) {
                self.handler = Some(own);
            }
        }
        self.rewrite(inner, 1)
    }

    /// Whether a block under an undecided condition only turns requests away.
    fn keeps_away(&self, block: ScopeId) -> bool {
        let config = self.config();
        let refuses = |o: OccId| Return::parse(&config.words(o)).is_some_and(|r| r.status >= 400);
        config.own_named(block, name::RETURN).any(|o| self.arrives || refuses(o))
            || (self.arrives
                && config.own_named(block, name::REWRITE).any(|o| config.arg(o, 2).is_some_and(|f| &*f != b"break")))
    }

    fn holds(&mut self, condition: &Condition) -> Option<bool> {
        match condition {
            Condition::Truthy { variable } => {
                let value = self.vars.variable(variable, Purpose::Condition);
                value.known().map(|v| !v.is_empty() && v != b"0")
            }
            Condition::Equals { variable, value, negated } => {
                let left = self.vars.variable(variable, Purpose::Condition);
                let right = self.vars.value(value, Purpose::Condition);
                Some((left.known()? == right.known()?) != *negated)
            }
            Condition::Matches { variable, pattern, negated } => {
                let subject = self.vars.variable(variable, Purpose::Condition);
                let matched = match subject.known() {
                    Some(subject) => self.matched(pattern, subject),
                    None => None,
                };
                if matched.is_none() {
                    self.unknown_captures(pattern);
                }
                matched.map(|m| m != *negated)
            }
            // The files of the machine are assumed not to be there, as for `try_files`.
            Condition::File { negated } => Some(*negated),
        }
    }

    fn rewrite_uri(&mut self, occ: OccId, args: &[Vec<u8>]) -> Flow {
        let (Some(pattern), Some(replacement), Some(flag)) = (args.first(), args.get(1), RewriteFlag::parse(args))
        else {
            return Flow::Next;
        };
        let pattern = Pattern::new(pattern, false);
        let matched = match self.vars.uri.clone() {
            Value::Known(uri) => self.matched(&pattern, &uri),
            Value::Unknown => None,
        };
        let matched = match matched {
            Some(matched) => matched,
            None => {
                self.unknown_captures(&pattern);
                // A request that arrives was not sent elsewhere.
                let leaves = self.arrives && !matches!(flag, RewriteFlag::Break);
                if leaves && pattern_matches_all(&pattern) { true } else { !leaves && self.decide() }
            }
        };
        if !matched {
            return Flow::Next;
        }
        if let RewriteFlag::Redirect(status) = flag {
            return Flow::Answer(occ, Return { status, direct: true });
        }
        self.change_uri(replacement);
        self.internal = true;
        self.unparsed = false;
        match flag {
            RewriteFlag::Break => {
                self.valid_location = false;
                self.uri_changed = false;
                Flow::Stop
            }
            RewriteFlag::Last => {
                self.uri_changed = true;
                Flow::Stop
            }
            _ => {
                self.uri_changed = true;
                Flow::Next
            }
        }
    }

    /// A new URI; its query comes before the old one, unless the replacement ends in `?`.
    fn change_uri(&mut self, replacement: &[u8]) {
        let Value::Known(text) = self.vars.value(replacement, Purpose::Condition) else {
            self.vars.uri = Value::Unknown;
            return;
        };
        let (path, query) = match memchr::memchr(b'?', &text) {
            Some(at) => (text[..at].to_vec(), Some(text[at + 1..].to_vec())),
            None => (text, None),
        };
        self.vars.uri = Value::Known(path);
        match (query, self.vars.args.clone()) {
            (None, _) => {}
            (Some(query), _) if query.is_empty() => self.vars.args = Value::EMPTY,
            (Some(query), Value::Known(old)) if old.is_empty() => self.vars.args = Value::Known(query),
            (Some(query), Value::Known(old)) => self.vars.args = Value::Known([query, b"&".to_vec(), old].concat()),
            (Some(_), Value::Unknown) => {}
        }
    }

    fn content(&mut self, location: ScopeId) -> Arrival {
        let config = self.config();
        if let Some(occ) = denied(config, self.conf) {
            return self.error(403, occ, Reason::Denied(occ));
        }
        // `try_files` is not merged into an `if` or `limit_except`.
        if self.conf == location
            && config.has(location, name::TRY_FILES)
            && let Some(occ) = config.own_named(location, name::TRY_FILES).next()
        {
            return self.try_files(occ);
        }
        let Some((handler, _)) = self.handler else { return self.static_files(config.scope(location).opened_by) };
        match config.occ(handler).name {
            name::PROXY_PASS => {
                let (mut outcome, forwarded) = judge(self.world, self.conf, handler, &mut self.vars, self.version);
                if let (Some((occ, status)), Outcome::Upgrades) = (self.error_page, &outcome)
                    && status != Some(0)
                {
                    outcome = Outcome::Broken(Reason::StatusReplaced(occ));
                }
                let uri = upstream_uri(config, location, handler, &mut self.vars, self.valid_location, self.unparsed);
                Arrival {
                    outcome,
                    proxied: Some((self.conf, handler)),
                    forwarded: Some(forwarded),
                    upstream_uri: Some(uri),
                    locations: std::mem::take(&mut self.locations),
                    entered: std::mem::take(&mut self.entered),
                }
            }
            name::GRPC_PASS
            | name::FASTCGI_PASS
            | name::MEMCACHED_PASS
            | name::EMPTY_GIF
            | name::STUB_STATUS
            | name::FLV
            | name::MP4
            | name::TUNNEL_PASS => self.end(Outcome::Broken(Reason::OtherHandler(handler))),
            _ => self.end(Outcome::Unknown(Why::Handler(handler))),
        }
    }

    /// The files are assumed not to be there: the last argument decides.
    fn try_files(&mut self, occ: OccId) -> Arrival {
        let config = self.config();
        let last = config.args(occ).len().saturating_sub(1);
        let target = config.arg(occ, last).map(|v| v.into_owned()).unwrap_or_default();
        if let Some(code) = target.strip_prefix(b"=") {
            let status = std::str::from_utf8(code).ok().and_then(|c| c.parse().ok()).unwrap_or(404);
            return self.error(status, occ, Reason::TryFiles(occ));
        }
        if self.arrives {
            return self.end(Outcome::Broken(Reason::TryFiles(occ)));
        }
        self.redirect_to(&target, occ, Reason::TryFiles(occ))
    }

    /// A named location, or a new URI that goes through the server again.
    fn redirect_to(&mut self, target: &[u8], by: OccId, otherwise: Reason) -> Arrival {
        self.changes += 1;
        let Some(server) = self.server.filter(|_| self.changes <= MAX_URI_CHANGES) else {
            return self.end(Outcome::Broken(Reason::Loop));
        };
        self.internal = true;
        if target.starts_with(b"@") {
            return match named_location(self.config(), server, target) {
                Some(location) => self.location_phase(location.scope, Step::Redirected(by)),
                None => self.end(Outcome::Broken(otherwise)),
            };
        }
        self.change_uri(target);
        self.unparsed = false;
        self.conf = server;
        match self.rewrite(server, 0) {
            Flow::Answer(occ, ret) => return self.answer(occ, &ret),
            Flow::Next | Flow::Stop => {}
        }
        self.uri_changed = false;
        self.find_location(server, Step::Redirected(by))
    }

    fn answer(&mut self, occ: OccId, ret: &Return) -> Arrival {
        let reason = Reason::Answered(occ, ret.status);
        if ret.direct { self.end(Outcome::Broken(reason)) } else { self.error(ret.status, occ, reason) }
    }

    /// A status that nginx itself makes: `error_page` may lead it somewhere else.
    fn error(&mut self, status: u16, _by: OccId, reason: Reason) -> Arrival {
        if self.arrives || self.error_page.is_some() {
            return self.end(Outcome::Broken(reason));
        }
        let Some((occ, overwrite, target)) = error_page(self.config(), self.conf, status) else {
            return self.end(Outcome::Broken(reason));
        };
        if target.starts_with(b"/") || target.starts_with(b"@") {
            self.error_page = Some((occ, overwrite));
            return self.redirect_to(&target, occ, reason);
        }
        self.end(Outcome::Broken(reason))
    }

    /// No handler: files are served, which no handshake survives. An `error_page` for the missing
    /// file may lead to a backend, if the file is missing.
    fn static_files(&mut self, location: Option<OccId>) -> Arrival {
        let reason = Reason::Static(location);
        if self.arrives || self.error_page.is_some() {
            return self.end(Outcome::Broken(reason));
        }
        let by = location.unwrap_or(OccId(0));
        let arrivals =
            [403, 404].map(|status| error_page(self.config(), self.conf, status).is_some().then_some(status));
        let Some(status) = arrivals.into_iter().flatten().next_back() else { return self.end(Outcome::Broken(reason)) };
        let mut arrival = self.error(status, by, reason.clone());
        arrival.outcome = match arrival.outcome {
            Outcome::Broken(_) => Outcome::Broken(reason),
            _ => Outcome::Unknown(Why::Files),
        };
        arrival
    }
}
