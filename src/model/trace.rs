//! One URL through the configuration.

use crate::catalog::{Version, name};
use crate::model::analysis::Analysis;
use crate::model::config::render::{Deciders, Renderings, decider, renderings};
use crate::model::config::scope::{OccId, ScopeId, ScopeKind};
use crate::model::value::eval::Scope as Variables;
use crate::model::value::request::{Browser, Request, Url, Value};
use crate::model::way::arrival::{Arrival, explore, join};
use crate::model::way::route::{Candidate, ServerMatch, find_servers};
use crate::model::way::verdict::{Outcome, Reason, Verdict, Why};
use crate::model::way::walk::Walk;
use crate::model::way::world::World;

/// What becomes of a URL.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The path and query of the URL.
    pub asked: String,
    /// The verdict: nginx's refusal comes before anything else.
    pub verdict: Verdict,
    /// Why nginx does not start.
    pub rejected_because: Option<(String, Option<OccId>)>,
    /// The server that answers.
    pub server: Option<Candidate>,
    /// Nobody listens on the port: the name alone decided.
    pub any_port: bool,
    /// The way that was taken; where several are open, the first.
    pub arrival: Arrival,
}

impl Trace {
    /// The last location on the way.
    pub fn location(&self) -> Option<ScopeId> {
        self.arrival.locations.last().map(|l| l.0)
    }
}

/// Follows a handshake for `url`: in every rendering of a template that may matter on its way.
pub fn trace(analysis: &Analysis<'_>, url: &Url) -> Trace {
    let config = analysis.config();
    let mut first = trace_in(analysis, &analysis.world, url);
    if !config.has_branches() {
        return first;
    }
    let mut scopes: Vec<ScopeId> = first.arrival.locations.iter().map(|l| l.0).collect();
    scopes.extend(first.server.as_ref().map(|s| s.server));
    // Whether a location is there is decided, too: what is fixed are the servers alone.
    let servers: Vec<OccId> = first.server.iter().filter_map(|s| config.scope(s.server).opened_by).collect();
    let all = match renderings(config, &mut Deciders::default(), &scopes, &servers, true) {
        Renderings::One => return first,
        Renderings::Some(all) => all,
        Renderings::TooMany(tag) => {
            first.arrival.outcome = Outcome::Unknown(Why::Template(tag));
            first.verdict = if first.rejected_because.is_some() { Verdict::Rejected } else { Verdict::Unknown };
            return first;
        }
    };
    let mut traces: Vec<Trace> =
        all.iter().map(|r| trace_in(analysis, &analysis.world.rendered(Some(r)), url)).collect();
    let verdicts: Vec<Verdict> = traces.iter().map(|t| t.verdict).collect();
    let tag = decider(config, &all, &verdicts);
    let mut out = traces.swap_remove(0);
    if let Some(tag) = tag {
        out.arrival.outcome = Outcome::Unknown(Why::Template(tag));
        out.verdict = Verdict::Unknown;
    }
    out
}

/// Follows it in one rendering.
fn trace_in(analysis: &Analysis<'_>, world: &World<'_>, url: &Url) -> Trace {
    let config = world.config;
    let (candidates, any_port) = find_servers(config, &url.host, url.effective_port());
    let rejected_because = analysis.rejection();
    let hidden_servers = config
        .scopes()
        .any(|(_, s)| s.unresolved && matches!(s.kind, crate::model::ScopeKind::Main | crate::model::ScopeKind::Http));
    let mut ways: Vec<(Candidate, Arrival)> = Vec::new();
    let mut browsers_differ = false;
    for candidate in &candidates {
        let mut asked = false;
        let mut verdicts = Vec::new();
        for browser in [Browser::Chrome, Browser::Firefox] {
            if browser == Browser::Firefox && !asked {
                break;
            }
            let arrivals = explore(|decisions| {
                let (arrival, used, saw) = one_way(analysis, world, candidate, url, any_port, browser, decisions);
                asked |= saw;
                (arrival, used)
            });
            if let Some(joined) = join(arrivals) {
                verdicts.push(joined.outcome.verdict());
                ways.push((candidate.clone(), joined));
            }
        }
        browsers_differ |= verdicts.windows(2).any(|w| w[0] != w[1]) && !verdicts.contains(&Verdict::Unknown);
    }
    let nothing = || Arrival::without_backend(Outcome::Broken(Reason::NoServer));
    let unknown = |mut arrival: Arrival, why: Why| {
        arrival.outcome = Outcome::Unknown(why);
        arrival
    };
    let agreed = ways.windows(2).all(|w| w[0].1.outcome.verdict() == w[1].1.outcome.verdict());
    let worst = ways.iter().position(|(_, a)| a.outcome.verdict() == Verdict::Broken).unwrap_or(0);
    let (server, arrival) = match ways.get(if browsers_differ { worst } else { 0 }).cloned() {
        None if hidden_servers => (None, unknown(nothing(), Why::Include)),
        None => (None, nothing()),
        Some((server, arrival)) if agreed || (browsers_differ && candidates.len() == 1) => (Some(server), arrival),
        Some((server, arrival)) => (Some(server), unknown(arrival, Why::Condition)),
    };
    let arrival = match &server {
        // An include that could not be read may hold a server that fits better.
        Some(candidate) if hidden_servers && !matches!(candidate.by, ServerMatch::Name(_)) => {
            unknown(arrival, Why::Include)
        }
        Some(candidate)
            if config.is_optional(candidate.server)
                || arrival.proxied.is_some_and(|(scope, _)| config.is_optional(scope)) =>
        {
            unknown(arrival, Why::Include)
        }
        Some(candidate) if candidate.by == ServerMatch::Undecided => unknown(arrival, Why::Condition),
        _ => arrival,
    };
    let mut arrival = arrival;
    if let Outcome::Unknown(why @ (Why::Include | Why::Values)) = &mut arrival.outcome {
        let last = arrival.locations.last().map(|l| l.0).or(server.as_ref().map(|c| c.server));
        if let Some(place) = last.and_then(|s| config.undecided_by(s)) {
            *why = Why::Template(place);
        }
    }
    let verdict = if rejected_because.is_some() { Verdict::Rejected } else { arrival.outcome.verdict() };
    Trace { asked: url.path_and_query.clone(), verdict, rejected_because, server, any_port, arrival }
}

fn one_way(
    analysis: &Analysis<'_>,
    world: &World<'_>,
    candidate: &Candidate,
    url: &Url,
    any_port: bool,
    browser: Browser,
    decisions: &[bool],
) -> (Arrival, usize, bool) {
    let config = world.config;
    let end = |outcome| (Arrival::without_backend(outcome), 0, false);
    let ssl_on = config.flag(candidate.server, name::SSL) == Some(true);
    let tls = candidate.listen.ssl || ssl_on;
    if !any_port && tls != url.tls {
        return end(Outcome::Broken(Reason::TlsMismatch(candidate.listen.occ)));
    }
    if candidate.listen.http2 && !tls && analysis.version < Version::PLAIN_HTTP2_DETECTED {
        return end(Outcome::Broken(Reason::PlainHttp2(candidate.listen.occ)));
    }
    let merge = config.flag(candidate.server, name::MERGE_SLASHES) != Some(false);
    let Some(path) = url.decoded_path(merge) else { return end(Outcome::Broken(Reason::NoServer)) };
    let host_header = match url.port {
        Some(port) if port != if url.tls { 443 } else { 80 } => format!("{}:{port}", url.host),
        _ => url.host.clone(),
    };
    let names = crate::model::way::route::server_names(config, candidate.server);
    let asked = Some(url.effective_port()).filter(|p| candidate.listen.has_port(*p));
    let port = asked.or(candidate.listen.ports.map(|(first, _)| first));
    let request = Request {
        host_header: Value::text(&host_header),
        host: Value::text(url.host.trim_end_matches('.')),
        uri: Value::Known(path),
        request_uri: Value::text(&url.path_and_query),
        args: Value::text(url.query()),
        scheme: Value::text(if tls { "https" } else { "http" }),
        port: port.map_or(Value::Unknown, |p| Value::text(&p.to_string())),
        server_name: Value::text(names.first().map_or("", String::as_str)),
        browser,
        handshake: true,
        protocol: "websocket",
    };
    let mut vars = Variables::new(&world.definitions, world.is_open(), request);
    // The location is not known yet; which scripts run is decided by what is in the server.
    vars.scripted = world.config.scopes().any(|(s, _)| {
        world.is_scripted(s) && world.config.enclosing(s, ScopeKind::Server).is_none_or(|v| v == candidate.server)
    });
    if let ServerMatch::Regex(text) = &candidate.by {
        capture_server_name(&mut vars, text, &url.host);
    }
    Walk::new(world, analysis.version, vars, decisions).from_server(candidate.server)
}

fn capture_server_name(vars: &mut Variables<'_>, text: &str, host: &str) {
    let pattern = crate::model::value::pattern::Pattern::new(text.as_bytes(), true);
    if let Some(Some((numbered, named))) = pattern.captures(host.as_bytes()) {
        vars.captures = numbered.into_iter().map(Value::Known).collect();
        for (n, v) in named {
            vars.assign(&n, Value::Known(v));
        }
    }
}
