//! Places where requests leave for an HTTP upstream, with evidence and verdict.

use std::collections::{HashMap, HashSet};

use super::arrival::{Arrival, explore};
use super::eval::Scope as Variables;
use super::handshake::{Forwarded, forwarded};
use super::near;
use super::request::{Browser, Request};
use super::route::{Location, Matcher, server_names};
use super::scope::{OccId, ScopeId, ScopeKind};
use super::variable::{Definer, variables_in};
use super::verdict::{Outcome, Verdict, Why};
use super::walk::Walk;
use super::world::World;
use crate::catalog::{
    CommentEvidence, PathEvidence, Version, comment_evidence, name, path_evidence, upstream_evidence,
};
use crate::source::{FileId, Span};

/// Why wslint believes that an endpoint carries WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Evidence {
    /// It cannot, or is declared not to.
    Excluded,
    /// Nothing says so.
    None,
    /// The path, the upstream's name or a comment says so.
    Likely,
    /// Somebody tried.
    Configured,
    /// The user says so.
    Declared,
}

impl Evidence {
    /// The word in reports and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Evidence::Excluded => "excluded",
            Evidence::None => "none",
            Evidence::Likely => "likely",
            Evidence::Configured => "configured",
            Evidence::Declared => "declared",
        }
    }
}

/// One endpoint.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The `location`, `if` or `limit_except` whose requests leave.
    pub scope: ScopeId,
    /// The location around it, or itself.
    pub location: ScopeId,
    /// The server, if the file says which.
    pub server: Option<ScopeId>,
    /// The `proxy_pass`.
    pub pass: OccId,
    /// The `proxy_pass` is its own, not that of the location around it.
    pub own_pass: bool,
    /// Why it is believed to carry WebSocket.
    pub evidence: Evidence,
    /// What becomes of a handshake that arrives, as if nginx accepted the configuration.
    pub outcome: Outcome,
    /// No request gets here: something answers before.
    pub unreachable: bool,
    /// An `if` whose condition holds for no handshake, or a `limit_except` for other methods.
    pub not_entered: bool,
}

impl Endpoint {
    /// The verdict where nginx accepts the configuration.
    pub fn verdict(&self) -> Verdict {
        self.outcome.verdict()
    }

    /// What the backend receives for a handshake.
    pub fn forwarded(&self, world: &World<'_>, version: Version) -> Forwarded {
        // Firefox's `Connection` has the token of Chrome's and one more.
        let mut vars = world.variables_at(self.scope, Browser::Firefox);
        forwarded(world.config, self.scope, &mut vars, version)
    }

    /// What the backend receives for another request.
    pub fn forwarded_for(&self, world: &World<'_>, version: Version, request: Request) -> Forwarded {
        let mut vars = world.variables_for(self.scope, request);
        forwarded(world.config, self.scope, &mut vars, version)
    }

    /// Whether the path itself says that only WebSocket comes here.
    pub fn path_says_websocket(&self, world: &World<'_>) -> bool {
        let Some(location) = world.location_of(self.location) else { return false };
        let regex = matches!(location.matcher, Matcher::Regex(_));
        path_evidence(&location.text(), regex) == PathEvidence::WebSocket
    }
}

/// What the user says about paths: `wslint.toml` and `--url`.
#[derive(Clone, Debug, Default)]
pub struct Declarations {
    /// Locations that carry WebSocket.
    pub locations: Vec<String>,
    /// Locations that do not.
    pub not: Vec<String>,
}

impl Declarations {
    fn evidence(&self, path: &str) -> Option<Evidence> {
        let hits = |list: &[String]| {
            list.iter().any(|p| p == path || p.strip_suffix('*').is_some_and(|stem| path.starts_with(stem)))
        };
        if hits(&self.not) {
            return Some(Evidence::Excluded);
        }
        hits(&self.locations).then_some(Evidence::Declared)
    }
}

/// All endpoints of a configuration, in the order of their locations.
pub fn endpoints(world: &World<'_>, version: Version, declared: &Declarations) -> Vec<Endpoint> {
    let config = world.config;
    let mut out = Vec::new();
    let mut opens: HashSet<Vec<u8>> = HashSet::new();
    for (scope, facts) in config.scopes() {
        let pass = match facts.kind {
            ScopeKind::Location => config.own_named(scope, name::PROXY_PASS).last(),
            ScopeKind::LocationIf | ScopeKind::LimitExcept => {
                let own = config.own_named(scope, name::PROXY_PASS).last();
                own.or_else(|| inherited_pass(world, scope))
            }
            _ => None,
        };
        let Some(pass) = pass else { continue };
        let Some(location) = config.enclosing(scope, ScopeKind::Location) else { continue };
        let text = plain_text(world, scope, location);
        let optional = config.is_optional(scope);
        let known = text.as_ref().is_some_and(|t| opens.contains(t));
        let (outcome, unreachable, entered) = match known {
            _ if optional => (Outcome::Unknown(Why::Include), false, true),
            true => (Outcome::Upgrades, false, true),
            false => verdict_at(world, scope, location, pass, version),
        };
        if let (Some(text), &Outcome::Upgrades, false, true, false) = (text, &outcome, unreachable, entered, known) {
            opens.insert(text);
        }
        out.push(Endpoint {
            scope,
            location,
            server: config.enclosing(scope, ScopeKind::Server),
            pass,
            own_pass: config.occ(pass).scope == scope,
            evidence: Evidence::None,
            outcome,
            unreachable,
            not_entered: scope != location && !entered,
        });
    }
    find_evidence(world, declared, &mut out);
    out
}

/// An `if` or `limit_except` without a handler of its own passes requests on as its location does.
fn inherited_pass(world: &World<'_>, scope: ScopeId) -> Option<OccId> {
    let config = world.config;
    if config.own(scope).any(|o| super::phase::is_handler(config, o)) {
        return None;
    }
    let parent = config.scope(scope).parent.filter(|&p| config.scope(p).kind == ScopeKind::Location)?;
    config.own_named(parent, name::PROXY_PASS).last()
}

/// Everything that the verdict at a plain location depends on, as text: thousands of virtual hosts have
/// the same few lines, and one that opens opens everywhere. `None` where more than these lines matters.
fn plain_text(world: &World<'_>, scope: ScopeId, location: ScopeId) -> Option<Vec<u8>> {
    let config = world.config;
    let server = config.scope(location).parent.filter(|&s| config.scope(s).kind == ScopeKind::Server)?;
    let http = config.scope(server).parent.filter(|&s| config.scope(s).kind == ScopeKind::Http)?;
    let hidden = [location, server].iter().any(|&s| config.scope(s).unresolved);
    let only_locations = config.blocks(server).all(|o| config.occ(o).name == name::LOCATION);
    if scope != location || hidden || !only_locations || config.blocks(location).next().is_some() {
        return None;
    }
    let is_prefix = matches!(world.location_of(location)?.matcher, Matcher::Prefix(..));
    let mut out = http.0.to_le_bytes().to_vec();
    for level in [server, location] {
        out.push(0);
        for occ in config.own(level) {
            let directive = config.occ(occ).name;
            if directive == name::LISTEN || directive == name::SERVER_NAME {
                continue;
            }
            let plain = matches!(
                directive,
                name::PROXY_SET_HEADER
                    | name::PROXY_HTTP_VERSION
                    | name::PROXY_READ_TIMEOUT
                    | name::PROXY_SEND_TIMEOUT
                    | name::PROXY_REQUEST_BUFFERING
                    | name::SSL_CERTIFICATE
                    | name::INCLUDE
            );
            // Where a request goes without variables in the address changes nothing.
            let target = directive == name::PROXY_PASS && config.arg(occ, 0).is_some_and(|a| !a.contains(&b'$'));
            if !plain && !target {
                return None;
            }
            if plain && directive != name::INCLUDE {
                out.extend_from_slice(&config.bytes(occ)[config.head(occ).span.range()]);
            }
            out.push(b';');
        }
    }
    is_prefix.then_some(out)
}

/// The outcome over both browsers and every way that arrives at the endpoint.
fn verdict_at(
    world: &World<'_>,
    scope: ScopeId,
    location: ScopeId,
    pass: OccId,
    version: Version,
) -> (Outcome, bool, bool) {
    let mut ways = Vec::new();
    let mut asked = false;
    for browser in [Browser::Chrome, Browser::Firefox] {
        // Browsers differ only where their own `Connection` is used.
        if browser == Browser::Firefox && !asked {
            break;
        }
        ways.extend(explore(|decisions| {
            let vars = start(world, location, browser);
            let walk = Walk::new(world, version, vars, decisions);
            let (arrival, used, saw) = walk.from_location(location);
            asked |= saw;
            (arrival, used)
        }));
    }
    let arrived: Vec<&Arrival> =
        ways.iter().filter(|a| a.proxied == Some((scope, pass)) || matches!(a.outcome, Outcome::Unknown(_))).collect();
    let entered = !arrived.is_empty() || ways.iter().any(|a| a.entered.contains(&scope));
    let Some(first) = arrived.first() else {
        let reason = ways.into_iter().next().map_or(Outcome::Unknown(Why::Condition), |a| match a.proxied {
            None => a.outcome,
            Some(_) => Outcome::Unknown(Why::Condition),
        });
        return (reason, true, entered);
    };
    let broken = arrived.iter().find(|a| a.outcome.verdict() == Verdict::Broken);
    let same = arrived.iter().all(|a| a.outcome.verdict() == first.outcome.verdict());
    let outcome = match (same, broken) {
        (true, _) => first.outcome.clone(),
        // One browser fails: the endpoint is broken, if nothing else is open.
        (false, Some(broken)) if asked && !arrived.iter().any(|a| a.outcome.verdict() == Verdict::Unknown) => {
            broken.outcome.clone()
        }
        _ => Outcome::Unknown(Why::Condition),
    };
    (outcome, false, entered)
}

fn start<'m>(world: &'m World<'_>, location: ScopeId, browser: Browser) -> Variables<'m> {
    let mut vars = Variables::new(&world.definitions, world.is_open(), Request::anywhere(browser));
    vars.scripted = world.is_scripted(location);
    if let Some(read) = world.location_of(location) {
        vars.uri = world.path_at(&read);
    }
    vars
}

/// Fills in the evidence of all endpoints; some of it depends on the others of the server.
fn find_evidence(world: &World<'_>, declared: &Declarations, endpoints: &mut [Endpoint]) {
    let config = world.config;
    let subrequests = subrequest_targets(world, endpoints);
    let mut speaking: HashMap<FileId, bool> = HashMap::new();
    let mut lost = Vec::new();
    for (i, endpoint) in endpoints.iter_mut().enumerate() {
        let location = world.location_of(endpoint.location);
        let path = location.as_ref().map(Location::text).unwrap_or_default();
        let mut speaks = |o: OccId| {
            *speaking.entry(config.occ(o).file).or_insert_with(|| speaks_to_wslint(world, config.occ(o).file))
        };
        let may_state = speaks(endpoint.pass)
            || config.outward(endpoint.scope).any(|s| config.scope(s).opened_by.is_some_and(&mut speaks));
        let stated = may_state.then(|| own_statement(world, endpoint)).flatten().or_else(|| declared.evidence(&path));
        let by_path = location.as_ref().map_or(PathEvidence::Nothing, |l| match &l.matcher {
            Matcher::Regex(_) => path_evidence(&path, true),
            Matcher::Named(_) => PathEvidence::Nothing,
            _ => path_evidence(&path, false),
        });
        let configured = configured(world, endpoint);
        endpoint.evidence = match (stated, configured) {
            (Some(stated), _) => stated,
            _ if subrequests.contains(&endpoint.location) => Evidence::Excluded,
            // A GET never reaches a block that some other method or condition would have to lead to.
            _ if endpoint.not_entered => Evidence::Excluded,
            (None, Configured::Here) => Evidence::Configured,
            _ if by_path == PathEvidence::Excluded => Evidence::Excluded,
            _ if by_path == PathEvidence::WebSocket => Evidence::Likely,
            _ if upstream_says(world, endpoint.pass) || comment_says(world, endpoint.location) => Evidence::Likely,
            _ => Evidence::None,
        };
        if configured == Configured::Lost && stated.is_none() && endpoint.evidence != Evidence::Excluded {
            lost.push(i);
        }
    }
    // Headers lost to shadowing count as an attempt only where nothing else of the server opens, or
    // where the path says WebSocket: elsewhere somebody has chosen which locations carry it.
    for i in lost {
        let server = endpoints[i].server;
        let settled = endpoints.iter().any(|e| e.server == server && e.verdict() == Verdict::Upgrades);
        if !settled || endpoints[i].evidence == Evidence::Likely {
            endpoints[i].evidence = Evidence::Configured;
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Configured {
    Here,
    Lost,
    No,
}

/// Whether somebody tried: an `Upgrade` header, a `Connection` that says upgrade or is derived from
/// `$http_upgrade`, or a near miss of these, effective or shadowed.
fn configured(world: &World<'_>, endpoint: &Endpoint) -> Configured {
    let config = world.config;
    let level = config.effective_list(endpoint.scope, name::PROXY_SET_HEADER).0;
    let tries = |level: ScopeId| config.own_named(level, name::PROXY_SET_HEADER).any(|o| header_tries(world, o));
    let settings = config.settings_level(endpoint.scope);
    if level.is_some_and(tries) || misspelt_directives(world, settings) {
        return Configured::Here;
    }
    if config.shadowed_header_levels(endpoint.scope).into_iter().any(tries) { Configured::Lost } else { Configured::No }
}

/// Whether a `proxy_set_header` is an attempt at WebSocket.
pub fn header_tries(world: &World<'_>, occ: OccId) -> bool {
    let config = world.config;
    let header = config.arg_text(occ, 0);
    let value = config.arg(occ, 1).unwrap_or_default();
    let text = String::from_utf8_lossy(&value);
    if header.eq_ignore_ascii_case("upgrade") || near::header_name(&header) == Some("Upgrade") {
        return true;
    }
    if !header.eq_ignore_ascii_case("connection") && near::header_name(&header) != Some("Connection") {
        return false;
    }
    near::has_token(&text, "upgrade")
        || near::connection_value(&text, world.definitions.names()).is_some()
        || derived(world, &value, 0)
}

/// Whether a value is derived from `$http_upgrade`.
fn derived(world: &World<'_>, value: &[u8], depth: u32) -> bool {
    variables_in(value).iter().any(|v| {
        let lower = v.to_ascii_lowercase();
        lower == "http_upgrade"
            || lower == "connection_upgrade"
            || (depth < 8 && world.definitions.map_of(v).is_some_and(|m| derived(world, &m.source, depth + 1)))
            || (depth < 8
                && world
                    .definitions
                    .of(v)
                    .iter()
                    .filter(|d| d.definer == Definer::Set)
                    .any(|d| world.config.arg(d.occ, 1).is_some_and(|v| derived(world, &v, depth + 1))))
    })
}

/// `proxy_set_haeder Upgrade …` is an attempt, too.
fn misspelt_directives(world: &World<'_>, scope: ScopeId) -> bool {
    let config = world.config;
    config.own(scope).any(|o| {
        config.occ(o).name == crate::catalog::Name::UNKNOWN
            && config.args(o).len() >= 2
            && near::directive(&String::from_utf8_lossy(&config.name_text(o)), &["proxy_set_header"]).is_some()
            && header_tries(world, o)
    })
}

fn upstream_says(world: &World<'_>, pass: OccId) -> bool {
    let url = world.config.arg_text(pass, 0);
    let rest = url.split_once("://").map_or(url.as_str(), |(_, r)| r);
    let host = rest.split(['/', ':']).next().unwrap_or("");
    upstream_evidence(host)
}

/// Comments directly above a location, or in its block before its first directive.
fn comment_says(world: &World<'_>, location: ScopeId) -> bool {
    comments_on(world, location).iter().any(|c| comment_evidence(c) == CommentEvidence::WebSocket)
}

/// The comments that belong to a block: the lines directly above it, on its line, and within it
/// before its first directive.
pub fn comments_on(world: &World<'_>, scope: ScopeId) -> Vec<String> {
    let config = world.config;
    let Some(occ) = config.scope(scope).opened_by else { return Vec::new() };
    let file = config.occ(occ).file;
    let source = config.sources.get(file);
    let directive = config.directive(occ);
    let text = |s: &Span| String::from_utf8_lossy(source.text(*s)).into_owned();
    let comments = &config.ast(file).comments;
    let start = directive.name().span().start;
    let before = comments.partition_point(|c| c.start < start);
    let mut out = Vec::new();
    let mut below = start;
    for comment in comments[..before].iter().rev() {
        let between = &source.bytes[comment.end as usize..below as usize];
        let lines = between.iter().filter(|&&b| b == b'\n').count();
        let alone = source.begins_line(comment.start);
        if lines != 1 || !between.iter().all(u8::is_ascii_whitespace) || !alone {
            break;
        }
        out.push(text(comment));
        below = comment.start;
    }
    let body_start = directive.mark();
    let body_end = directive.children().next().map_or(directive.span().end, |c| c.span().start);
    out.extend(comments[before..].iter().take_while(|c| c.start < body_end).filter(|c| c.start > body_start).map(text));
    out
}

/// `# wslint: websocket` and `# wslint: no-websocket`, the innermost that speaks.
fn own_statement(world: &World<'_>, endpoint: &Endpoint) -> Option<Evidence> {
    let config = world.config;
    for scope in config.outward(endpoint.scope) {
        let location =
            matches!(config.scope(scope).kind, ScopeKind::Location | ScopeKind::LocationIf | ScopeKind::LimitExcept);
        for comment in comments_on(world, scope) {
            match comment.trim_start_matches('#').trim().strip_prefix("wslint:").map(str::trim) {
                Some("websocket") if location => return Some(Evidence::Declared),
                Some("no-websocket") => return Some(Evidence::Excluded),
                _ => {}
            }
        }
    }
    None
}

/// Whether a file holds comments for wslint at all.
fn speaks_to_wslint(world: &World<'_>, file: FileId) -> bool {
    memchr::memmem::find(&world.config.sources.get(file).bytes, b"wslint:").is_some()
}

/// Locations that `auth_request` and `mirror` of the endpoints' servers lead to.
fn subrequest_targets(world: &World<'_>, endpoints: &[Endpoint]) -> Vec<ScopeId> {
    let config = world.config;
    let mut out = Vec::new();
    for (id, occ) in config.occs() {
        if !matches!(occ.name, name::AUTH_REQUEST | name::MIRROR) {
            continue;
        }
        let uri = config.arg_text(id, 0);
        let servers: Vec<ScopeId> = match config.enclosing(occ.scope, ScopeKind::Server) {
            Some(_) => vec![occ.scope],
            None => endpoints.iter().map(|e| e.scope).collect(),
        };
        out.extend(servers.into_iter().filter_map(|s| world.subrequest_target(s, &uri)));
    }
    out.sort_unstable();
    out.dedup();
    out
}

/// What a server listens on and is called, as reports show it.
pub fn server_words(world: &World<'_>, server: ScopeId) -> (Vec<String>, Vec<String>) {
    let config = world.config;
    let listens = config
        .own_named(server, name::LISTEN)
        .map(|o| (0..config.args(o).len()).map(|i| config.arg_shown(o, i)).collect::<Vec<_>>().join(" "))
        .collect();
    (listens, server_names(config, server))
}
