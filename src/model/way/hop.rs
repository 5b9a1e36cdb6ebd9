//! A server that a request has reached, and what comes behind it: a `proxy_pass` to an address at which a
//! server of the same configuration listens is a further hop.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use super::arrival::{Arrival, explore, join};
use super::handshake::{Forwarded, Refusal};
use super::phase::{error_page, split_query};
use super::reading::{is_read, too_long};
use super::route::{Choice, Matcher};
use super::server::{Candidate, Group, ServerMatch, in_header, server_names};
use super::stream::{Through, passed_through};
use super::tls::{self, Speaker};
use super::verdict::{Outcome, Reason, Verdict, Why};
use super::walk::Walk;
use super::world::World;
use crate::catalog::{Version, name};
use crate::model::config::inherit::Found;
use crate::model::config::scope::{OccId, ScopeId};
use crate::model::value::eval::Scope as Variables;
use crate::model::value::pattern::Pattern;
use crate::model::value::request::{Peer, Request, Url, Value};
use crate::syntax::address::{Address, Target, Use};

/// The request that nginx sends to a server of its own.
#[derive(Clone, Debug)]
pub struct Hop {
    /// The `proxy_pass`.
    pub pass: OccId,
    /// Who listens at the address.
    there: Arc<Group>,
    entry: Entry,
    /// Where a `stream` server takes it, and it gets to none of `http`.
    ends: Option<Outcome>,
    request: Request,
    /// Where the path is not known: what it begins with, as the client's own does.
    prefix: Option<Vec<u8>>,
    /// For what a backend would refuse the request; nginx may not.
    refused: Option<Reason>,
}

/// A hop that was followed.
#[derive(Clone, Debug)]
pub struct Hopped {
    /// The server that answers.
    pub candidate: Candidate,
    /// The locations there, with what led to each.
    pub locations: Vec<(ScopeId, super::arrival::Step)>,
    /// The scope whose settings count there and its `proxy_pass`, if the request gets that far.
    pub proxied: Option<(ScopeId, OccId)>,
    /// The URI that the next backend is asked for.
    pub upstream_uri: Option<Value>,
}

/// Hops beyond these are not followed.
const MAX_HOPS: usize = 8;

/// How a request comes in.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// With TLS or without; not known where something in front takes the connection.
    pub tls: Option<bool>,
    /// The client names the server when TLS begins (SNI).
    pub names_server: bool,
    /// Whether it begins with the PROXY protocol; not known of a client from outside: where a `listen` asks for
    /// it, something stands in front that speaks it, or nothing would work.
    pub proxy_protocol: Option<bool>,
    /// Who begins TLS.
    pub speaks: Speaker,
    /// The address that it comes from.
    pub from: Peer,
}

/// The way of a request from the server on that answers it.
pub fn enter(
    world: &World<'_>,
    version: Version,
    candidate: &Candidate,
    entry: Entry,
    request: &Request,
    decisions: &[bool],
) -> (Arrival, usize, bool) {
    let config = world.config;
    let end = |outcome| (Arrival::without_backend(outcome), 0, false);
    // `ngx_http_ssl_handshake_handler`, `ngx_http_wait_request_handler`: a connection without it is closed, and
    // what does not ask for it reads it as a request line.
    if let (Some(spoken), Some(occ)) = (entry.proxy_protocol, candidate.listen.occ)
        && spoken != candidate.listen.proxy_protocol
    {
        return end(Outcome::Broken(Reason::ProxyProtocol(occ)));
    }
    // `ssl on` counts where the default server has it.
    let is_tls = candidate.listen.ssl || config.flag(candidate.default, name::SSL) == Some(true);
    if entry.tls == Some(true) && !is_tls {
        return end(Outcome::Broken(Reason::TlsMismatch(candidate.listen.occ)));
    }
    // `ngx_http_ssl_servername`: without a name the default server decides.
    let greeted = if entry.names_server { candidate.server } else { candidate.default };
    if entry.tls == Some(true)
        && config.flag(greeted, name::SSL_REJECT_HANDSHAKE) == Some(true)
        && let Some(occ) = config.effective(greeted, name::SSL_REJECT_HANDSHAKE).occ()
    {
        return end(Outcome::Broken(Reason::RejectsTls(occ)));
    }
    if candidate.listen.http2 && !is_tls && version < Version::PLAIN_HTTP2_DETECTED {
        return end(Outcome::Broken(Reason::PlainHttp2(candidate.listen.occ)));
    }
    // The request line is read with the settings of the server that is known by then
    // (`ngx_http_process_request_uri`).
    let reader = if entry.tls == Some(true) && entry.names_server { candidate.server } else { candidate.default };
    let merge = config.flag(reader, name::MERGE_SLASHES) != Some(false);
    if let Some(reason) = too_long(config, reader, request) {
        return end(Outcome::Broken(reason));
    }
    let mut request = request.clone();
    if entry.tls == Some(true) {
        if let Some(outcome) = tls::handshake(config, version, candidate, entry) {
            return end(outcome);
        }
        request.client_verify = tls::client_verify(config, candidate, entry);
        request.tls_name = match (entry.names_server, entry.speaks) {
            (true, _) => request.host.clone(),
            (false, Speaker::Browser) => Value::EMPTY,
            (false, Speaker::Nginx { .. }) => Value::Unknown,
        };
    }
    if let Value::Known(line) = &request.request_uri {
        let (raw, query) = split_query(line);
        let Some(path) = Url::decode_path(&raw, merge) else { return end(Outcome::Broken(Reason::NoServer)) };
        request.uri = Value::Known(path);
        request.args = Value::Known(query);
    }
    let names = server_names(config, candidate.server);
    // `ngx_http_core_server_name`: of `.example.com` the dot is left out.
    let first = names.first().map_or("", |name| name.strip_prefix('.').unwrap_or(name));
    request.server_name = Value::text(first);
    if let Some(sent) = &request.sent {
        let reads = |name: &String| is_read(config, candidate.default, name);
        request.sent = Some(Arc::new(sent.iter().filter(|(name, _)| reads(name)).cloned().collect()));
    }
    // `ngx_http_parse_request_line`
    let is_letter = |b: &u8| b.is_ascii_uppercase() || matches!(b, b'_' | b'-');
    if request.method.known().is_some_and(|m| !m.iter().all(is_letter)) {
        return end(Outcome::Broken(Reason::NoServer));
    }
    // `ngx_http_validate_host`
    let is_blank = |b: &u8| *b <= b' ' || *b == 0x7f || *b == b'/';
    if request.sent.is_some() && request.host_header.known().is_some_and(|h| h.iter().any(is_blank)) {
        return end(Outcome::Broken(Reason::NoServer));
    }
    let host = request.host.clone();
    let mut vars = Variables::new(&world.definitions, world.is_open(), request);
    vars.scripted = world.is_scripted_in(candidate.server);
    if let (ServerMatch::Regex(text), Value::Known(host)) = (&candidate.by, &host) {
        vars.matched(&Pattern::new(text.as_bytes(), true), host);
    }
    let walk = Walk::new(world, version, vars, decisions);
    if entry.tls == Some(false) && is_tls {
        return walk.without_tls(candidate.server, Reason::TlsMismatch(candidate.listen.occ));
    }
    let refused = is_tls.then(|| tls::without_certificate(config, candidate, entry)).flatten();
    let (mut arrival, used, saw) = match refused {
        Some(outcome) => end(outcome),
        None => walk.from_server(candidate.server),
    };
    // A browser without a certificate is led to the page for 496 (`ngx_http_process_request`).
    let verifies = is_tls && config.value(candidate.server, name::SSL_VERIFY_CLIENT).as_deref() == Some(b"on");
    let leads = || [495, 496].into_iter().any(|status| error_page(config, candidate.server, status).is_some());
    if verifies && arrival.outcome.verdict() == Verdict::Broken && leads() {
        arrival.outcome = Outcome::Unknown(Why::Condition);
    }
    (arrival, used, saw)
}

/// Follows a request over the servers of the same configuration to its end.
pub fn follow(world: &World<'_>, version: Version, mut first: Arrival) -> Arrival {
    let mut hops = Vec::new();
    let mut seen = vec![(first.proxied, first.upstream_uri.clone())];
    let mut next = first.hop.take().filter(|_| first.outcome.verdict() != Verdict::Broken);
    let mut refused: Option<(OccId, Option<Reason>)> = None;
    let mut rescued = first.rescued;
    while let Some(hop) = next.take() {
        let blame = refused.get_or_insert((hop.pass, None));
        blame.1 = blame.1.take().or(hop.refused.clone());
        if let Some(outcome) = hop.ends {
            first.outcome = match outcome {
                Outcome::Broken(reason) => Outcome::Broken(Reason::NextHop(blame.0, Box::new(reason))),
                other => other,
            };
            break;
        }
        let Some((candidate, mut arrival)) = hop.arrive(world, version) else {
            first.outcome = Outcome::Unknown(Why::Values);
            break;
        };
        next = arrival.hop.take();
        rescued |= arrival.rescued;
        hops.push(Hopped {
            candidate,
            locations: arrival.locations,
            proxied: arrival.proxied,
            upstream_uri: arrival.upstream_uri.clone(),
        });
        let here = (arrival.proxied, arrival.upstream_uri);
        let again = here.0.is_some() && next.is_some() && seen.contains(&here);
        let lacks_upgrade = hop.request.sends_nothing("upgrade");
        first.outcome = match (first.outcome, arrival.outcome) {
            (..) if again && (here.1 != Some(Value::Unknown) || hop.prefix.is_some()) => {
                Outcome::Broken(Reason::HopLoop(blame.0))
            }
            (_, _) if again || (seen.len() > MAX_HOPS && next.is_some()) => Outcome::Unknown(Why::Values),
            // nginx tunnels only for a client that asked for it.
            (_, Outcome::Upgrades) if lacks_upgrade && next.is_none() => match blame.1.clone() {
                Some(reason) => Outcome::Broken(reason),
                None => Outcome::Unknown(Why::Values),
            },
            (outer, Outcome::Upgrades) => outer,
            (_, Outcome::Broken(reason)) => {
                first.beyond = Some(reason.clone());
                Outcome::Broken(blame.1.clone().unwrap_or_else(|| Reason::NextHop(blame.0, Box::new(reason))))
            }
            (_, Outcome::Unknown(why)) => Outcome::Unknown(why),
        };
        if again || seen.len() > MAX_HOPS || first.outcome.verdict() == Verdict::Broken {
            break;
        }
        seen.push(here);
    }
    // What a server of this configuration answers may lead the request somewhere else.
    let leads_on = refused.is_some() && (rescued || world.redirects_by_header());
    if leads_on && first.outcome.verdict() == Verdict::Broken {
        first.outcome = Outcome::Unknown(Why::Condition);
    }
    first.hops = hops;
    first
}

impl Hop {
    /// What becomes of it at the server that answers; `None` where nobody knows which one that is.
    fn arrive(&self, world: &World<'_>, version: Version) -> Option<(Candidate, Arrival)> {
        let host = match self.request.host.known() {
            Some(host) => String::from_utf8_lossy(host).into_owned(),
            None if self.there.is_one() => String::new(),
            None => return None,
        };
        let candidate = self.there.choose(&host)?;
        let entry = self.entry;
        if self.request.request_uri == Value::Unknown {
            let arrival = self.arrive_somewhere(world, version, candidate.server)?;
            return Some((candidate, arrival));
        }
        let arrivals = explore(|decisions| {
            let (arrival, used, _) = enter(world, version, &candidate, entry, &self.request, decisions);
            (arrival, used)
        });
        Some((candidate, join(arrivals)?))
    }

    /// Where nobody knows for which path it asks: what all locations of the server say.
    fn arrive_somewhere(&self, world: &World<'_>, version: Version, server: ScopeId) -> Option<Arrival> {
        let mut locations = world.locations_below(server);
        if locations.len() > MAX_LOCATIONS || world.config.scope(server).unresolved_around {
            return None;
        }
        if let Some(prefix) = &self.prefix {
            let shortest = match world.find_location(server, prefix) {
                Choice::Location(location, _) => Some(location),
                _ => None,
            };
            let longer = |l: ScopeId| match world.location_of(l).map(|l| l.matcher) {
                Some(Matcher::Exact(path) | Matcher::Prefix(path, _)) => path.starts_with(prefix),
                _ => true,
            };
            locations.retain(|&l| Some(l) == shortest || longer(l));
        }
        let mut all = Vec::new();
        for location in locations.into_iter().filter(|&l| !world.is_hidden(l)) {
            all.extend(explore(|decisions| {
                let mut vars = Variables::new(&world.definitions, world.is_open(), self.request.clone());
                vars.scripted = world.is_scripted(location);
                world.capture_name(location, &mut vars);
                let (arrival, used, _) = Walk::new(world, version, vars, decisions).from_location(location);
                (arrival, used)
            }));
        }
        join(all)
    }
}

/// More locations are not asked for one request whose path is not known.
const MAX_LOCATIONS: usize = 64;

impl World<'_> {
    /// The further hop of a request, if `proxy_pass` leads to an address at which a server of the same
    /// configuration listens. A URI that a rewrite has `moved` begins as it does now, and not as the location.
    pub(super) fn hop(
        &self,
        pass: OccId,
        vars: &mut Variables<'_>,
        forwarded: &Forwarded,
        uri: &Value,
        moved: bool,
    ) -> Option<Box<Hop>> {
        let config = self.config;
        let text = config.arg(pass, 0)?;
        let Value::Known(url) = vars.url(&text) else { return None };
        let target = Target::of(url);
        let tls = target.scheme().eq_ignore_ascii_case("https");
        let rest = target.rest().into_owned();
        let host = target.host().map(|h| h.to_ascii_lowercase());
        let mut several = false;
        let upstream = host.as_deref().filter(|_| target.port().is_none()).and_then(|h| self.upstream(h));
        let address = match upstream.and_then(|u| config.occ(u).opens()) {
            Some(block) => {
                let mut alive = config.own_named(block, name::SERVER).filter(|s| !config.has_parameter(*s, "down"));
                let one = alive.next()?;
                let rest: Vec<OccId> = alive.collect();
                let address = |o: &OccId| Address::parse(&config.arg_text(*o, 0), Use::UpstreamServer).ok();
                let is_own = |a: Address| self.listens_there(&a.host, a.ports.map_or(80, |(port, _)| port));
                let own = !rest.is_empty() && std::iter::once(&one).chain(&rest).filter_map(address).any(is_own);
                match (own, rest.is_empty()) {
                    // Which one is asked, and what follows where it refuses, a running nginx knows.
                    (true, _) => several = true,
                    (false, false) => return None,
                    (false, true) => {}
                }
                address(&one)?
            }
            None => Address::parse(&rest, Use::ProxyPass).ok()?,
        };
        let port = address.ports.map_or(if upstream.is_none() && tls { 443 } else { 80 }, |(port, _)| port);
        // Nearly all go to a backend that this configuration says nothing of.
        let listens = self.listens_there(&address.host, port);
        if !several && !listens && self.streams_at(&address.host, port).next().is_none() {
            return None;
        }
        let scope = config.occ(pass).scope;
        let speaks = Speaker::at(config, scope);
        let from = self.client_of(scope, &address.host);
        let plain = Entry { tls: Some(tls), names_server: false, proxy_protocol: Some(false), speaks, from };
        let proxy_host = proxy_host(&target, tls);
        let announced = if tls { tls::announced(config, scope, vars, &proxy_host) } else { Some(String::new()) };
        let (there, mut entry, mut ends) = match listens {
            _ if several => (Arc::default(), plain, Some(Outcome::Unknown(Why::Values))),
            true => (self.listening_at(&address.host, port), plain, None),
            false => match passed_through(self, &address.host, port, tls, announced.as_deref())? {
                Through::In(there, entry) if tls => (there, Entry { speaks, ..entry }, None),
                Through::In(there, entry) => (there, entry, None),
                Through::Out(Outcome::Upgrades) => return None,
                Through::Out(outcome) => (Arc::default(), plain, Some(outcome)),
            },
        };
        let sent: Vec<(String, Value)> = forwarded
            .headers
            .iter()
            .map(|h| match h.value.known() {
                Some(b"$proxy_host") => (h.name.clone(), Value::text(&proxy_host)),
                _ => (h.name.clone(), h.value.clone()),
            })
            .chain(forwarded.emptied.iter().map(|name| (name.clone(), Value::EMPTY)))
            .collect();
        let mut hosts = sent.iter().filter(|(n, _)| n.eq_ignore_ascii_case("host")).map(|(_, v)| v.clone());
        let host_header = hosts.next().unwrap_or(Value::EMPTY);
        let name = host_header.known().map_or(Value::Unknown, |h| Value::text(&name_of(&String::from_utf8_lossy(h))));
        let prefix = match self.location_of(config.occ(pass).scope).map(|l| l.matcher) {
            Some(Matcher::Prefix(path, _)) if target.uri().is_empty() && !moved => Some(path),
            _ => None,
        };
        if tls && ends.is_none() {
            entry.names_server = announced.as_ref().is_some_and(|s| !s.is_empty() && name == Value::text(s));
            // Where the name is not the one in `Host`, another server greets than the one that answers.
            let same = entry.names_server || announced.is_some_and(|s| s.is_empty());
            let rejects = || self.lines.named(config, &[name::SSL_REJECT_HANDSHAKE]).next().is_some();
            if (!same && rejects()) || tls::is_for_the_files_to_say(config, scope) {
                ends = Some(Outcome::Unknown(Why::Values));
            }
        }
        let refused = forwarded.refusals().0.into_iter().map(Reason::Refused).next();
        let request = Request {
            host_header,
            host: name,
            uri: Value::Unknown,
            request_uri: uri.clone(),
            args: Value::Unknown,
            scheme: Value::text(if tls { "https" } else { "http" }),
            port: Value::text(&port.to_string()),
            server_name: Value::Unknown,
            method: forwarded.method.clone(),
            address: entry.from,
            http_version: forwarded.http_version.clone(),
            sent: Some(Arc::new(sent)),
            ..vars.request.clone()
        };
        Some(Box::new(Hop { pass, there, entry, ends, request, prefix, refused }))
    }

    /// From where a request comes that a scope sends to an address of this machine.
    pub(super) fn client_of(&self, scope: ScopeId, host: &str) -> Peer {
        if !matches!(self.config.effective(scope, name::PROXY_BIND), Found::Nowhere) {
            return Peer::Unknown;
        }
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let peer = match bare.parse::<IpAddr>() {
            _ if host.starts_with("unix:") => Peer::Unix,
            Ok(address) if address.is_loopback() => match address {
                IpAddr::V4(_) => Peer::Address(IpAddr::V4(Ipv4Addr::LOCALHOST)),
                v6 => Peer::Address(v6),
            },
            _ if bare == "localhost" => Peer::Address(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            _ => Peer::Unknown,
        };
        if self.may_trust(peer) { Peer::Unknown } else { peer }
    }

    /// Whether more than the lines around it decides where a `proxy_pass` without variables ends.
    pub fn target_matters(&self, pass: OccId) -> bool {
        let target = self.config.target(pass);
        let Some(host) = target.host().map(|h| h.to_ascii_lowercase()) else { return true };
        let here =
            |host: &str, port: u16| self.listens_there(host, port) || self.streams_at(host, port).next().is_some();
        if let Some(block) = self.upstream(&host).and_then(|u| self.config.occ(u).opens()) {
            let matters = |server| {
                let address = Address::parse(&self.config.arg_text(server, 0), Use::UpstreamServer);
                self.config.has_parameter(server, "down")
                    || address.map_or(true, |a| here(&a.host, a.ports.map_or(80, |(port, _)| port)))
            };
            return self.config.own_named(block, name::SERVER).any(matters);
        }
        let usual = if target.scheme().eq_ignore_ascii_case("https") { 443 } else { 80 };
        here(&host, target.port().and_then(|p| p.parse().ok()).unwrap_or(usual))
    }
}

/// `$proxy_host` (`ngx_http_proxy_set_vars`).
fn proxy_host(target: &Target<'_>, tls: bool) -> String {
    let Some(host) = target.host() else { return "localhost".to_owned() };
    match target.port() {
        Some(port) if port != if tls { "443" } else { "80" } => format!("{host}:{port}"),
        _ => host.into_owned(),
    }
}

/// The name in a `Host` header.
fn name_of(header: &str) -> String {
    let host = match header.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => header.split(':').next().unwrap_or(header),
    };
    in_header(host)
}

/// Whether a backend's reason to refuse is one that nginx itself has no objection to.
pub(super) fn nginx_accepts(refusal: &Refusal) -> bool {
    match refusal {
        Refusal::HttpVersion(version) => version == "1.0",
        Refusal::Method(_) | Refusal::Upgrade(_) | Refusal::Connection(_) => true,
        _ => false,
    }
}
