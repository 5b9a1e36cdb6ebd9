//! Why an endpoint is believed to carry WebSocket: what the user says, what somebody tried, what paths,
//! names and comments say (catalog/evidence.rs).

use foldhash::{HashMap, HashSet};

use crate::catalog::near;
use crate::catalog::{CommentEvidence, PathEvidence, comment_evidence, name, path_evidence, upstream_evidence};
use crate::model::config::scope::{OccId, ScopeId, ScopeKind};
use crate::model::value::request::Peer;
use crate::model::value::variable::{Definer, variables_in};
use crate::model::way::endpoint::Endpoint;
use crate::model::way::phase::{denied, limit_except};
use crate::model::way::route::{Location, Matcher};
use crate::model::way::verdict::Verdict;
use crate::model::way::world::World;
use crate::source::Span;
use crate::syntax::pragma::Pragma;

pub use super::way::endpoint::Evidence;

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

/// Fills in the evidence of all endpoints; some of it depends on the others of the server.
pub(super) fn find_evidence(world: &World<'_>, declared: &Declarations, endpoints: &mut [Endpoint]) {
    let config = world.config;
    let subrequests = subrequest_targets(world, endpoints);
    let speaks = |o: OccId| config.sources.get(config.file(o)).speaks_to_wslint();
    let mut paths: HashMap<OccId, (PathEvidence, Option<Evidence>)> = HashMap::default();
    let mut attempts = Attempts::default();
    let limits_methods = world.lines.named(config, &[name::LIMIT_EXCEPT]).next().is_some();
    let mut open = Vec::new();
    for (i, endpoint) in endpoints.iter_mut().enumerate() {
        let may_state = speaks(endpoint.pass)
            || config.outward(endpoint.scope).any(|s| config.scope(s).opened_by.is_some_and(speaks));
        let stated = may_state.then(|| own_statement(world, endpoint)).flatten();
        // The same few paths stand in thousands of servers.
        let (by_path, declared) = *paths
            .entry(world.lines.head(endpoint.location))
            .or_insert_with(|| what_path_says(world.location_of(endpoint.location), declared));
        let stated = stated.or(declared);
        let configured = attempts.at(world, endpoint);
        let (evidence, sign) = match (stated, configured) {
            (Some(stated), _) => (stated, Sign::Certain),
            _ if subrequests.binary_search(&endpoint.location).is_ok() => (Evidence::Excluded, Sign::Certain),
            // A handshake is a GET.
            _ if limits_methods && by_path != PathEvidence::WebSocket && denies_get(world, endpoint.location) => {
                (Evidence::Excluded, Sign::Certain)
            }
            // A GET never reaches a block that some other method or condition would have to lead to.
            _ if endpoint.not_entered => (Evidence::Excluded, Sign::Certain),
            // Headers that were copied into the location of static files are no attempt.
            _ if by_path == PathEvidence::Files => (Evidence::Excluded, Sign::Certain),
            (None, Configured::Here) => (Evidence::Configured, Sign::Certain),
            _ if by_path == PathEvidence::Excluded => (Evidence::Excluded, Sign::Certain),
            _ if by_path == PathEvidence::WebSocket => (Evidence::Likely, Sign::Path),
            _ => match comments_say(world, endpoint.location) {
                CommentEvidence::WebSocket => (Evidence::Likely, Sign::Certain),
                CommentEvidence::Denied => (Evidence::Excluded, Sign::Certain),
                CommentEvidence::Nothing if upstream_says(world, endpoint.pass) => (Evidence::Likely, Sign::Upstream),
                CommentEvidence::Nothing if streams_events(world, endpoint.scope) => {
                    (Evidence::Excluded, Sign::Certain)
                }
                CommentEvidence::Nothing => (Evidence::None, Sign::Certain),
            },
        };
        endpoint.evidence = evidence;
        // Who empties `Upgrade` has lost nothing.
        let emptied = || {
            let line = world.config.effective_header(endpoint.scope, "Upgrade");
            line.is_some_and(|o| world.config.arg(o, 1).is_some_and(|v| v.is_empty()))
        };
        let lost = configured == Configured::Lost && stated.is_none() && evidence != Evidence::Excluded && !emptied();
        if lost || sign != Sign::Certain {
            open.push((i, lost, sign));
        }
    }
    weigh_beside_others(world, endpoints, &open);
}

/// What an endpoint's evidence rests on, where the other endpoints of its server may outweigh it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    /// Nothing outweighs it.
    Certain,
    /// A segment of its path.
    Path,
    /// The name of the upstream.
    Upstream,
}

/// Where an endpoint upgrades, somebody has chosen which locations of the server carry WebSocket: what an
/// upstream is called, a segment above the path that upgrades, and headers lost to shadowing are weaker.
fn weigh_beside_others(world: &World<'_>, endpoints: &mut [Endpoint], open: &[(usize, bool, Sign)]) {
    if open.is_empty() {
        return;
    }
    let mut chosen: HashMap<Option<ScopeId>, Vec<String>> = HashMap::default();
    for endpoint in endpoints.iter().filter(|e| e.verdict() == Verdict::Upgrades && e.evidence != Evidence::Excluded) {
        if let Some(path) = client_path(world, endpoint.location) {
            chosen.entry(endpoint.server).or_default().push(path);
        }
    }
    for &(i, lost, sign) in open {
        let endpoint = &endpoints[i];
        let upgrading = chosen.get(&endpoint.server).map_or(&[][..], Vec::as_slice);
        let outweighed = match sign {
            Sign::Certain => false,
            Sign::Upstream => !upgrading.is_empty(),
            Sign::Path => {
                let own = client_path(world, endpoint.location).unwrap_or_default();
                let below = |path: &String| own.strip_prefix(path.trim_end_matches('/')).filter(|r| r.len() > 1);
                upgrading.iter().filter_map(below).any(|rest| path_evidence(rest, false) == PathEvidence::Nothing)
            }
        };
        endpoints[i].evidence = match endpoints[i].evidence {
            // In a server where nothing upgrades, or on a path that says WebSocket, it was an attempt.
            _ if lost && (upgrading.is_empty() || (sign == Sign::Path && !outweighed)) => Evidence::Configured,
            _ if outweighed => Evidence::None,
            evidence => evidence,
        };
    }
}

/// Whether a location is for other methods: `limit_except POST { deny all; }`.
fn denies_get(world: &World<'_>, location: ScopeId) -> bool {
    limit_except(world.config, location).is_some_and(|inner| denied(world.config, inner, Peer::Unknown).is_some())
}

/// The path of a location at which a client's handshake can arrive: no named and no internal one.
fn client_path(world: &World<'_>, location: ScopeId) -> Option<String> {
    if world.config.has(location, name::INTERNAL) {
        return None;
    }
    match world.location_of(location) {
        Some(read) if matches!(read.matcher, Matcher::Named(_)) => None,
        Some(read) => Some(read.text()),
        None => Some(String::new()),
    }
}

/// The lines of server-sent events: an empty `Connection`, no `Upgrade`, and no buffering. The first two
/// alone are upstream keepalive, which says nothing about what the location carries.
fn streams_events(world: &World<'_>, scope: ScopeId) -> bool {
    let config = world.config;
    let empty = |o: OccId| config.arg(o, 1).is_some_and(|value| value.is_empty());
    config.effective_header(scope, "Connection").is_some_and(empty)
        && config.effective_header(scope, "Upgrade").is_none()
        && config.flag(scope, name::PROXY_BUFFERING) == Some(false)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Configured {
    Here,
    Lost,
    No,
}

/// What a location's path says, and what the user says of it.
fn what_path_says(location: Option<Location>, declared: &Declarations) -> (PathEvidence, Option<Evidence>) {
    let path = location.as_ref().map(Location::text).unwrap_or_default();
    let by_path = location.map_or(PathEvidence::Nothing, |l| match &l.matcher {
        Matcher::Regex(_) => path_evidence(&path, true),
        Matcher::Named(_) => PathEvidence::Nothing,
        _ => path_evidence(&path, false),
    });
    (by_path, declared.evidence(&path))
}

/// Whether somebody tried: an `Upgrade` header, a `Connection` that says upgrade or is derived from
/// `$http_upgrade`, or a near miss of these, effective or shadowed.
#[derive(Default)]
struct Attempts {
    /// Of levels that others repeat, what their own lines say.
    headers: HashMap<ScopeId, bool>,
    misspelt: HashMap<ScopeId, bool>,
}

impl Attempts {
    fn at(&mut self, world: &World<'_>, endpoint: &Endpoint) -> Configured {
        let config = world.config;
        let first = |level: ScopeId| config.scope(level).repeats.unwrap_or(level);
        let level = config.effective_list(endpoint.scope, name::PROXY_SET_HEADER).0;
        let headers = &mut self.headers;
        let mut tries = |level: ScopeId| {
            let any = || config.own_named(level, name::PROXY_SET_HEADER).any(|o| header_tries(world, o));
            *headers.entry(first(level)).or_insert_with(any)
        };
        let settings = config.settings_level(endpoint.scope);
        let misspelt = &mut self.misspelt;
        if level.is_some_and(&mut tries)
            || *misspelt.entry(first(settings)).or_insert_with(|| misspelt_directives(world, settings))
        {
            return Configured::Here;
        }
        match config.shadowed_header_levels(endpoint.scope).into_iter().any(tries) {
            true => Configured::Lost,
            false => Configured::No,
        }
    }
}

/// Whether a `proxy_set_header` is an attempt at WebSocket.
pub fn header_tries(world: &World<'_>, occ: OccId) -> bool {
    let config = world.config;
    let header = config.arg_text(occ, 0);
    let value = config.arg(occ, 1).unwrap_or_default();
    let text = String::from_utf8_lossy(&value);
    if config.is_header(occ, "Upgrade") || near::header_name(&header) == Some("Upgrade") {
        // Who empties it keeps WebSocket away.
        return !value.is_empty();
    }
    if !config.is_header(occ, "Connection") && near::header_name(&header) != Some("Connection") {
        return false;
    }
    near::has_token(&text, "upgrade")
        || near::connection_value(&text, world.definitions.names()).is_some()
        || derived(world, &value)
}

/// Whether a value is derived from `$http_upgrade`. Each variable is followed once: variables may be set in
/// many places, from each other.
fn derived(world: &World<'_>, value: &[u8]) -> bool {
    let mut open: Vec<String> = variables_in(value);
    let mut seen: HashSet<String> = HashSet::default();
    while let Some(variable) = open.pop() {
        let lower = variable.to_ascii_lowercase();
        if lower == "http_upgrade" || lower == "connection_upgrade" {
            return true;
        }
        let sources = |v: &str| -> Vec<String> {
            let map = world.definitions.map_of(v).into_iter().flat_map(|m| variables_in(&m.source));
            let sets = world.definitions.of(v).iter().filter(|d| d.definer == Definer::Set);
            map.chain(sets.filter_map(|d| world.config.arg(d.occ, 1)).flat_map(|v| variables_in(&v))).collect()
        };
        if !seen.contains(&variable) {
            open.extend(sources(&variable));
            seen.insert(variable);
        }
    }
    false
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
    world.config.target(pass).host().is_some_and(|host| upstream_evidence(&host))
}

/// What the comments on a location say. One for wslint says what it says, or nothing: `nowebsocket` is no
/// word about WebSocket.
fn comments_say(world: &World<'_>, location: ScopeId) -> CommentEvidence {
    let comments = comments_on(world, location);
    let said = comments.iter().filter(|c| Pragma::read(c).is_none()).map(|c| comment_evidence(c));
    said.fold(CommentEvidence::Nothing, |all, one| match (all, one) {
        (CommentEvidence::WebSocket, _) | (_, CommentEvidence::WebSocket) => CommentEvidence::WebSocket,
        (CommentEvidence::Denied, _) | (_, CommentEvidence::Denied) => CommentEvidence::Denied,
        _ => CommentEvidence::Nothing,
    })
}

/// The comments that belong to a block: the lines directly above it, on its line, and within it
/// before its first directive.
pub fn comments_on(world: &World<'_>, scope: ScopeId) -> Vec<String> {
    let config = world.config;
    let Some(occ) = config.scope(scope).opened_by else { return Vec::new() };
    let file = config.file(occ);
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
            match Pragma::read(&comment) {
                Some(Pragma::WebSocket(true)) if location => return Some(Evidence::Declared),
                Some(Pragma::WebSocket(false)) => return Some(Evidence::Excluded),
                _ => {}
            }
        }
    }
    None
}

/// Locations that `auth_request` and `mirror` of the endpoints' servers lead to.
fn subrequest_targets(world: &World<'_>, endpoints: &[Endpoint]) -> Vec<ScopeId> {
    let config = world.config;
    let mut out = Vec::new();
    for id in world.lines.named(config, &[name::AUTH_REQUEST, name::MIRROR]) {
        let occ = config.occ(id);
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
