//! A `stream` server on the URL's port passes bytes on (stream/ngx_stream_proxy_module.c): it reads no
//! request, so that a handshake arrives as the browser sent it.

use std::net::Ipv4Addr;
use std::sync::Arc;

use super::hop::Entry;
use super::judge::all_down;
use super::phase::denied;
use super::server::{Group, Listen};
use super::tls::Speaker;
use super::verdict::{Outcome, Reason, Why};
use super::world::World;
use crate::catalog::{Name, name};
use crate::model::config::inherit::Found;
use crate::model::config::scope::{Config, Occ, OccId, ScopeId, ScopeKind};
use crate::model::value::eval::{Purpose, Scope as Variables};
use crate::model::value::request::{Browser, Peer, Request, Url, Value};
use crate::model::value::variable::Definitions;
use crate::syntax::address::{Address, Use};
use crate::syntax::word;

/// Where the bytes go.
#[derive(Clone, Debug)]
pub enum Through {
    /// To a backend, or nowhere.
    Out(Outcome),
    /// To `http` servers of this configuration, and how they come in there.
    In(Arc<Group>, Entry),
}

/// Who connects, and to which port.
#[derive(Clone, Copy, Debug)]
struct Client<'c> {
    /// The name in its greeting, if it begins with TLS and names one.
    greets: Option<&'c str>,
    tls: bool,
    port: u16,
}

/// `stream` servers in front of each other are not followed further than this.
const MAX_HOPS: usize = 8;

/// What a `stream` server makes of a connection for a URL; `None` if none listens there. `by_http` are the
/// addresses at which `http` servers listen on that port.
pub fn through(world: &World<'_>, url: &Url, by_http: &[&str]) -> Option<Through> {
    let mut found: Vec<&(ScopeId, Listen)> =
        world.streams().iter().filter(|(_, l)| l.has_port(url.effective_port())).collect();
    if found.iter().any(|(_, l)| l.address == url.host) {
        found.retain(|(_, l)| l.address == url.host);
    }
    let (server, listen) = *found.first()?;
    // The second of two sockets cannot be bound (`ngx_open_listening_sockets`); `nginx -t` does not mind.
    let is_taken = |l: &Listen| by_http.iter().any(|a| *a == l.address || [*a, l.address.as_str()].contains(&"*"));
    if let Some(occ) = found.iter().find(|(_, l)| is_taken(l)).and_then(|(_, l)| l.occ) {
        return Some(broken(Reason::PortTaken(occ)));
    }
    // Of several addresses, and since 1.25.5 of several names at one, the client's decides.
    if found.len() > 1 || !by_http.is_empty() && listen.address != url.host {
        return Some(unknown());
    }
    let is_address = url.host.parse::<std::net::IpAddr>().is_ok();
    let greets = (url.tls && !is_address).then_some(url.host.as_str());
    let client = Client { greets, tls: url.tls, port: url.effective_port() };
    Some(at(world, client, *server, listen, 0))
}

/// The same for a request that nginx itself sends to an address, with TLS or without it, and the name that it
/// announces then, which may be empty or not known.
pub(super) fn passed_through(
    world: &World<'_>,
    host: &str,
    port: u16,
    tls: bool,
    announced: Option<&str>,
) -> Option<Through> {
    let mut there = world.streams_at(host, port);
    match (there.next(), there.next()) {
        (None, _) => None,
        // Its first bytes are none of the PROXY protocol.
        (Some((_, listen)), None) if listen.proxy_protocol => {
            Some(listen.occ.map_or_else(unknown, |occ| broken(Reason::ProxyProtocol(occ))))
        }
        (Some((server, listen)), None) => match announced {
            None => Some(unknown()),
            Some(name) => {
                let greets = Some(name).filter(|n| !n.is_empty());
                Some(at(world, Client { greets, tls, port }, *server, listen, 0))
            }
        },
        _ => Some(unknown()),
    }
}

fn broken(reason: Reason) -> Through {
    Through::Out(Outcome::Broken(reason))
}

fn unknown() -> Through {
    Through::Out(Outcome::Unknown(Why::Values))
}

impl World<'_> {
    /// The `stream` servers that listen for TCP.
    pub(super) fn streams(&self) -> &[(ScopeId, Listen)] {
        self.kept_streams(|config| {
            let servers = config.scopes().filter(|(_, s)| s.kind == ScopeKind::StreamServer).map(|(id, _)| id);
            let listens = |s| config.own_named(s, name::LISTEN).filter(|&o| !config.has_parameter(o, "udp"));
            servers.flat_map(|s| listens(s).filter_map(move |o| Some((s, Listen::read(config, o)?)))).collect()
        })
    }

    /// Those that an address leads to.
    pub(super) fn streams_at(&self, host: &str, port: u16) -> impl Iterator<Item = &(ScopeId, Listen)> {
        let is_loopback = host == "localhost" || host.parse::<Ipv4Addr>().is_ok_and(|a| a.is_loopback());
        self.streams().iter().filter(move |(_, l)| match l.ports {
            None => l.address == host,
            Some(_) => l.has_port(port) && (l.address == host || l.address == "*" && is_loopback),
        })
    }
}

/// What one of them does with a connection that is encrypted or not.
fn at(world: &World<'_>, client: Client<'_>, server: ScopeId, listen: &Listen, hops: usize) -> Through {
    let config = world.config;
    if listen.ssl && !client.tls {
        return broken(Reason::TlsMismatch(listen.occ));
    }
    if let Some(occ) = denied(config, server, Peer::Unknown) {
        return broken(Reason::Denied(occ));
    }
    // Both set the handler, and the last one counts (`ngx_stream_return`, `ngx_stream_proxy_pass`).
    let handles = |o: &OccId| matches!(config.occ(*o).name, name::RETURN | name::PROXY_PASS);
    let Some(pass) = config.own(server).filter(handles).last() else {
        return Through::Out(Outcome::Unknown(Why::Include));
    };
    if config.occ(pass).name == name::RETURN {
        return broken(Reason::OtherHandler(pass));
    }
    // A script, or `pass`, may take the connection over; an address of its own may not be this machine's.
    let by_others = config.own(server).any(|o| config.occ(o).name == Name::UNKNOWN);
    let bound = config.effective(server, name::PROXY_BIND) != Found::Nowhere;
    if by_others || bound || config.scope(server).unresolved_around || hops > MAX_HOPS {
        return unknown();
    }
    let ends_at_once = |wanted: Name| {
        let occ = config.effective(server, wanted).occ()?;
        (word::time_ms(config.arg_text(occ, 0).as_bytes()) == Some(0)).then_some(occ)
    };
    if ends_at_once(name::PROXY_TIMEOUT).is_some() {
        return unknown();
    }
    let addresses = match addresses(world, client, server, listen, pass) {
        Ok(addresses) => addresses,
        Err(outcome) => return Through::Out(outcome),
    };
    // A unix socket is connected to at once.
    if let Some(occ) = ends_at_once(name::PROXY_CONNECT_TIMEOUT) {
        match addresses.iter().filter(|a| a.host.starts_with("unix:")).count() {
            0 => return broken(Reason::ConnectTimeout(occ)),
            n if n < addresses.len() => return unknown(),
            _ => {}
        }
    }
    // What is encrypted is decrypted here, or passed on as it is.
    let behind = if listen.ssl { Client { greets: None, tls: false, ..client } } else { client };
    let mut ways: Vec<Through> = addresses.iter().map(|a| leave(world, behind, server, a, hops)).collect();
    // The servers of an `upstream` take turns.
    match (ways.pop(), ways.is_empty()) {
        (Some(only), true) => only,
        (Some(Through::Out(last)), false)
            if ways.iter().all(|w| matches!(w, Through::Out(o) if o.verdict() == last.verdict())) =>
        {
            Through::Out(last)
        }
        _ => unknown(),
    }
}

/// Where its bytes go: the servers of an `upstream` that may be asked, or the one address.
fn addresses(
    world: &World<'_>,
    client: Client<'_>,
    server: ScopeId,
    listen: &Listen,
    pass: OccId,
) -> Result<Vec<Address>, Outcome> {
    let config = world.config;
    let undecided = || Outcome::Unknown(Why::Values);
    let text = config.arg(pass, 0).ok_or_else(undecided)?;
    let computed = word::has_variables(&text);
    let value = match computed {
        true => evaluated(config, client, server, listen, &text),
        false => Value::Known(text.into_owned()),
    };
    let value = String::from_utf8_lossy(value.known().ok_or_else(undecided)?).into_owned();
    let bad = |value: String| Outcome::Broken(Reason::BadUrl(pass, value));
    let Ok(address) = Address::parse(&value, Use::UpstreamServer) else {
        return Err(if computed { bad(value) } else { undecided() });
    };
    // A port beside the name of an `upstream` names another host (`ngx_stream_proxy_handler`).
    if let Some(upstream) = upstream(config, &address.host).filter(|_| address.ports.is_none()) {
        if all_down(config, upstream) {
            return Err(Outcome::Broken(Reason::NoLiveServer(upstream)));
        }
        let block = config.occ(upstream).opens().ok_or_else(undecided)?;
        if config.scope(block).unresolved {
            return Err(undecided());
        }
        let asked = |o: &OccId| !config.has_parameter(*o, "down") && !config.has_parameter(*o, "backup");
        let mut servers: Vec<OccId> = config.own_named(block, name::SERVER).filter(asked).collect();
        if servers.is_empty() {
            servers = config.own_named(block, name::SERVER).filter(|o| !config.has_parameter(*o, "down")).collect();
        }
        let read = |o: OccId| Address::parse(&config.arg_text(o, 0), Use::UpstreamServer).map_err(|_| undecided());
        return servers.into_iter().map(read).collect();
    }
    let over_unix = address.host.starts_with("unix:");
    if computed && !over_unix {
        // `no port in upstream`
        if address.ports.is_none_or(|(port, _)| port == 0) {
            return Err(bad(value));
        }
        let is_address = address.host.starts_with('[') || address.host.parse::<Ipv4Addr>().is_ok();
        // Another line may have resolved the name at the start (`ngx_stream_upstream_add`).
        let same = |o: OccId| {
            let text = config.arg_text(o, 0);
            let other = Address::parse(&text, Use::UpstreamServer).ok();
            !text.contains('$') && other.is_some_and(|a| a.host.eq_ignore_ascii_case(&address.host))
        };
        let here = |s: ScopeId| config.scope(s).kind == ScopeKind::StreamServer;
        let passes = config.occs().filter(|(id, o)| o.name == name::PROXY_PASS && *id != pass && here(o.scope));
        let named_elsewhere = || upstream(config, &address.host).is_none() && passes.map(|(id, _)| id).any(same);
        if !is_address && !named_elsewhere() {
            return Err(match config.effective(server, name::RESOLVER) {
                Found::Nowhere => Outcome::Broken(Reason::NoResolver(pass, address.host)),
                _ => undecided(),
            });
        }
    }
    Ok(vec![address])
}

/// The `upstream` of `stream` that has this name; nginx compares without case.
fn upstream(config: Config<'_>, host: &str) -> Option<OccId> {
    let is_one = |o: &Occ| o.name == name::UPSTREAM && config.scope(o.scope).kind == ScopeKind::Stream;
    let named = |id: &OccId| config.arg_text(*id, 0).eq_ignore_ascii_case(host);
    config.occs().filter(|(_, o)| is_one(o)).map(|(id, _)| id).find(named)
}

/// `proxy_pass` with variables: those of `stream`.
fn evaluated(config: Config<'_>, client: Client<'_>, server: ScopeId, listen: &Listen, text: &[u8]) -> Value {
    let definitions = Definitions::of_stream(config);
    let request = Request { port: Value::text(&client.port.to_string()), ..Request::anywhere(Browser::Chrome) };
    let open = config.scope(server).unresolved_around;
    let mut vars = Variables::new(&definitions, open, request);
    // What is not encrypted has no name of a server (`not a handshake`), nor has what was decrypted here.
    let reads = client.tls && !listen.ssl && config.flag(server, name::SSL_PREREAD) == Some(true);
    let host = client.greets.filter(|_| reads).map_or(Value::EMPTY, Value::text);
    let others = if reads { Value::Unknown } else { Value::EMPTY };
    let sets: Vec<OccId> = config.own_named(server, name::SET).collect();
    // `set` runs before anything is read, and what it asks for stays as it was then (`ngx_stream_set_handler`).
    let asks = |o: &OccId| config.arg(*o, 1).is_none_or(|v| word::has_variables(&v));
    if reads && sets.iter().any(asks) {
        return Value::Unknown;
    }
    vars.assign("ssl_preread_server_name", host);
    vars.assign("ssl_preread_protocol", others.clone());
    vars.assign("ssl_preread_alpn_protocols", others);
    for occ in sets {
        let (Some(target), Some(value)) = (config.arg(occ, 0), config.arg(occ, 1)) else { continue };
        let value = vars.value(&value, Purpose::Condition);
        vars.assign(String::from_utf8_lossy(&target).trim_start_matches('$'), value);
    }
    vars.value(text, Purpose::Condition)
}

/// What is at an address: a server of this configuration, or a backend.
fn leave(world: &World<'_>, client: Client<'_>, server: ScopeId, to: &Address, hops: usize) -> Through {
    let config = world.config;
    let port = to.ports.map_or(80, |(port, _)| port);
    let encrypts = config.flag(server, name::PROXY_SSL) == Some(true);
    let announces = config.effective(server, name::PROXY_PROTOCOL).occ().filter(|o| config.switch(*o) == Some(true));
    // TLS within TLS, or a name that only `proxy_ssl_name` says.
    if encrypts && (client.tls || config.flag(server, name::PROXY_SSL_SERVER_NAME) == Some(true)) {
        return unknown();
    }
    let there = world.listening_at(&to.host, port);
    if let Some(any) = there.choose("") {
        if announces.is_some() != any.listen.proxy_protocol
            && let Some(occ) = announces.or(any.listen.occ)
        {
            return broken(Reason::ProxyProtocol(occ));
        }
        let entry = Entry {
            tls: Some(client.tls || encrypts),
            names_server: client.greets.is_some(),
            proxy_protocol: Some(announces.is_some()),
            from: world.client_of(server, &to.host),
            speaks: if encrypts { Speaker::at(config, server) } else { Speaker::Browser },
        };
        return Through::In(there, entry);
    }
    let mut next = world.streams_at(&to.host, port);
    match (next.next(), next.next()) {
        (Some((server, listen)), None) if announces.is_some() == listen.proxy_protocol => {
            at(world, Client { tls: client.tls || encrypts, port, ..client }, *server, listen, hops + 1)
        }
        // What it announces is read by the server as the client's first bytes.
        (Some(_), _) => unknown(),
        // Whether a backend speaks TLS or the PROXY protocol, nobody says here.
        (None, _) if announces.is_some() || client.tls || encrypts => unknown(),
        (None, _) => Through::Out(Outcome::Upgrades),
    }
}
