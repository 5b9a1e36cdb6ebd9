//! One URL through the configuration.

use crate::model::analysis::Analysis;
use crate::model::config::render::{Deciders, Renderings, decider, renderings};
use crate::model::config::scope::{Config, OccId, ScopeId, ScopeKind};
use crate::model::value::request::{Browser, Peer, Request, Url, Value};
use crate::model::way::arrival::{Arrival, explore, join};
use crate::model::way::hop::{Entry, enter, follow};
use crate::model::way::server::{Candidate, ServerMatch, find_servers, in_header};
use crate::model::way::stream::{Through, through};
use crate::model::way::tls::Speaker;
use crate::model::way::verdict::{Outcome, Reason, Verdict, Why};
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
    let mut out = trace_renderings(analysis, url);
    if let Some(tag) = analysis.refused_by_tag.filter(|_| out.verdict == Verdict::Upgrades) {
        out.arrival.outcome = Outcome::Unknown(Why::Template(tag));
        out.verdict = Verdict::Unknown;
    }
    out
}

fn trace_renderings(analysis: &Analysis<'_>, url: &Url) -> Trace {
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
    let (config, version) = (world.config, analysis.version);
    let (mut candidates, mut any_port) = find_servers(config, &url.host, url.effective_port());
    // No name is sent for an address (RFC 6066 §3).
    let is_address = url.host.parse::<std::net::IpAddr>().is_ok();
    let tls = (!any_port).then_some(url.tls);
    let (speaks, from) = (Speaker::Browser, Peer::Unknown);
    let mut entry = Entry { tls, names_server: !is_address, proxy_protocol: None, speaks, from };
    let rejected_because = analysis.rejection();
    let by_http: Vec<_> = candidates.iter().filter(|_| !any_port).map(|c| c.listen.address.as_str()).collect();
    match through(world, url, &by_http) {
        Some(Through::Out(outcome)) => {
            let verdict = if rejected_because.is_some() { Verdict::Rejected } else { outcome.verdict() };
            let (asked, arrival) = (url.path_and_query.clone(), Arrival::without_backend(outcome));
            return Trace { asked, verdict, rejected_because, server: None, any_port: false, arrival };
        }
        Some(Through::In(there, by_stream)) => {
            (candidates, any_port) = (there.choose(&url.host).into_iter().collect(), false);
            entry = by_stream;
        }
        None => {}
    }
    let hidden_servers =
        config.scopes().any(|(_, s)| s.unresolved && matches!(s.kind, ScopeKind::Main | ScopeKind::Http));
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
                let request = request(world.config, candidate, url, entry, browser);
                let (arrival, used, saw) = enter(world, version, candidate, entry, &request, decisions);
                asked |= saw;
                (follow(world, version, arrival), used)
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

/// The request of a browser for a URL, as the server's port receives it.
fn request(config: Config<'_>, candidate: &Candidate, url: &Url, entry: Entry, browser: Browser) -> Request {
    let host = in_header(&url.host);
    let written = if url.host.contains(':') { format!("[{}]", url.host) } else { url.host.clone() };
    let host_header = match url.port {
        Some(port) if port != if url.tls { 443 } else { 80 } => format!("{written}:{port}"),
        _ => written,
    };
    let asked = Some(url.effective_port()).filter(|p| candidate.listen.has_port(*p));
    let port = asked.or(candidate.listen.ports.map(|(first, _)| first));
    // Where something in front ends TLS, the server's own socket says how it is reached; the server around a
    // fragment, which nobody sees, is reached as the URL says.
    let seen = config.scope(candidate.server).opened_by.is_some();
    let tls = entry.tls.unwrap_or(if seen { candidate.listen.ssl } else { url.tls });
    Request {
        host_header: Value::text(&host_header),
        host: Value::text(&host),
        request_uri: Value::text(&url.path_and_query),
        scheme: Value::text(if tls { "https" } else { "http" }),
        port: port.map_or(Value::Unknown, |p| Value::text(&p.to_string())),
        address: entry.from,
        ..Request::anywhere(browser)
    }
}
