//! A `stream` server on the URL's port passes bytes on (stream/ngx_stream_proxy_module.c): it reads no
//! request, so that a handshake arrives as the browser sent it.

use super::arrival::Arrival;
use super::server::{Candidate, Listen};
use super::verdict::{Outcome, Reason, Why};
use super::world::World;
use crate::catalog::name;
use crate::model::config::scope::ScopeKind;
use crate::syntax::address::{Address, Use};
use crate::syntax::word;

/// Where the bytes go.
#[derive(Clone, Debug)]
pub enum Through {
    /// To a backend, or nowhere.
    Out(Box<Arrival>),
    /// To an `http` server of this configuration.
    In(Box<Candidate>),
}

/// What a `stream` server makes of a connection to a port; `None` if none listens there.
pub fn through(world: &World<'_>, host: &str, port: u16, tls: bool) -> Option<Through> {
    let config = world.config;
    let servers = config.scopes().filter(|(_, s)| s.kind == ScopeKind::StreamServer).map(|(id, _)| id);
    let mut listening = servers.flat_map(|s| {
        let own = config.own_named(s, name::LISTEN).filter(|&o| !config.has_parameter(o, "udp"));
        own.filter_map(move |o| Some((s, Listen::read(config, o)?))).collect::<Vec<_>>()
    });
    let (server, listen) = listening.find(|(_, l)| l.has_port(port))?;
    let out = |outcome| Some(Through::Out(Box::new(Arrival::without_backend(outcome))));
    if listen.ssl && !tls {
        return out(Outcome::Broken(Reason::TlsMismatch(listen.occ)));
    }
    if let Some(occ) = config.own_named(server, name::RETURN).next() {
        return out(Outcome::Broken(Reason::OtherHandler(occ)));
    }
    let Some(pass) = config.own_named(server, name::PROXY_PASS).last() else {
        return out(Outcome::Unknown(Why::Include));
    };
    let target = config.arg(pass, 0)?;
    if word::has_variables(&target) || config.scope(server).unresolved_around {
        return out(Outcome::Unknown(Why::Values));
    }
    // What is encrypted here is read behind it, by whoever that is.
    if tls && !listen.ssl {
        return out(Outcome::Unknown(Why::Values));
    }
    let Ok(address) = Address::parse(&config.arg_text(pass, 0), Use::UpstreamServer) else {
        return out(Outcome::Unknown(Why::Values));
    };
    let port = address.ports.map_or(80, |(port, _)| port);
    match world.listening_at(&address.host, port).choose(host) {
        Some(candidate) => Some(Through::In(Box::new(candidate))),
        None => out(Outcome::Upgrades),
    }
}
