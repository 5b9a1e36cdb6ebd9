//! Blocks of `upstream` (http/ngx_http_upstream.c, ngx_http_upstream_round_robin.c, stream/ngx_stream_upstream.c).

use std::collections::HashMap;

use super::host::is_impossible;
use super::number::seconds;
use super::{Refusal, RefusalKind as Kind};
use crate::catalog::{Name, Version, name};
use crate::model::config::lines::Lines;
use crate::model::config::scope::{OccId, ScopeId, ScopeKind};
use crate::model::way::world::World;
use crate::syntax::address::{Address, Use};

pub(super) fn check(world: &World<'_>, lines: &Lines, out: &mut Vec<Refusal>) {
    let config = world.config;
    let mut seen: [HashMap<String, OccId>; 2] = Default::default();
    for (id, occ) in lines.fresh.iter().map(|&id| (id, config.occ(id))) {
        match (occ.name, config.scope(occ.scope).kind) {
            (name::UPSTREAM, ScopeKind::Http | ScopeKind::Stream) => {
                let seen = &mut seen[usize::from(config.scope(occ.scope).outside_http)];
                let text = config.arg_text(id, 0);
                match seen.get(&text.to_ascii_lowercase()) {
                    Some(&first) => out.push(
                        Refusal::new(id, Kind::Value, format!("duplicate upstream \"{text}\"")).at(0).beside(first),
                    ),
                    None => drop(seen.insert(text.to_ascii_lowercase(), id)),
                }
                if let Some(scope) = occ.opens() {
                    servers(world, id, scope, out);
                }
            }
            (name::SERVER, ScopeKind::Upstream | ScopeKind::StreamUpstream) => server(world, id, out),
            (name::KEEPALIVE, ScopeKind::Upstream) => keepalive(world, id, out),
            _ => {}
        }
    }
}

/// At least one that is no backup, and no backups where the method knows none.
fn servers(world: &World<'_>, upstream: OccId, scope: ScopeId, out: &mut Vec<Refusal>) {
    let config = world.config;
    let mut method: Option<OccId> = None;
    let (mut usual, mut backups, mut shared) = (0, Vec::new(), false);
    for occ in config.own(scope) {
        match config.occ(occ).name {
            name::SERVER => {
                let backup = config.has_parameter(occ, "backup");
                match method {
                    Some(method) if backup => out.push(
                        Refusal::new(occ, Kind::Value, "balancing method does not support parameter \"backup\"")
                            .beside(method),
                    ),
                    _ if backup => backups.push(occ),
                    _ => usual += 1,
                }
            }
            // A method of a module that wslint does not know may bring servers.
            Name::UNKNOWN => return,
            // The commercial nginx takes them through its interface, as long as they are kept there.
            other if other.as_str() == "zone" => shared = true,
            name::HASH | name::IP_HASH => method = Some(occ),
            other if other.as_str() == "random" => method = Some(occ),
            _ => {}
        }
    }
    if usual > 0 || config.scope(scope).unresolved || (shared && backups.is_empty()) {
        return;
    }
    let text = match backups.is_empty() {
        true => "no servers are inside upstream".to_owned(),
        false => format!("no servers in upstream \"{}\"", config.arg_text(upstream, 0)),
    };
    out.push(Refusal::new(upstream, Kind::Value, text));
}

/// `ngx_http_upstream_server`; parameters of newer versions are let pass there.
fn server(world: &World<'_>, occ: OccId, out: &mut Vec<Refusal>) {
    let config = world.config;
    let target = config.arg_text(occ, 0);
    let in_stream = config.scope(config.occ(occ).scope).kind == ScopeKind::StreamUpstream;
    let by_service = config.texts(occ).iter().any(|word| word.starts_with("service="));
    let read = Address::parse(&target, Use::UpstreamServer).and_then(|a| match a.ports {
        _ if is_impossible(&a.host) => Err("host not found"),
        // With `service=` the port comes from DNS (stream/ngx_stream_upstream.c).
        None if in_stream && !a.host.starts_with("unix:") && !by_service => Err("no port"),
        _ => Ok(()),
    });
    for i in 1..config.args(occ).len() {
        let parameter = config.arg_text(occ, i);
        let (key, value) = parameter.split_once('=').unwrap_or((&parameter, ""));
        let number =
            |least: u32| value.bytes().all(|b| b.is_ascii_digit()) && value.parse::<u32>().is_ok_and(|n| n >= least);
        let refusal = Refusal::new(occ, Kind::Value, format!("invalid parameter \"{parameter}\"")).at(i);
        let fine = match key {
            "weight" => number(1),
            "max_conns" | "max_fails" => number(0),
            "fail_timeout" => seconds(value).is_some(),
            "backup" | "down" => value.is_empty() && !parameter.contains('='),
            // In nginx since 1.27.3, and in the commercial one before.
            "resolve" | "service" => {
                out.push(refusal.before(Version(1, 27, 3)));
                continue;
            }
            // In nginx since 1.29.6 or in the commercial one only: what newer versions do is not recorded.
            "slow_start" | "route" | "drain" | "id" | "sid" => {
                out.push(refusal.before(Version(1, 29, 6)));
                continue;
            }
            _ => false,
        };
        if !fine {
            out.push(refusal);
            return;
        }
    }
    if let Err(said) = read {
        out.push(Refusal::new(occ, Kind::Value, format!("{said} in upstream \"{target}\"")).at(0));
    }
}

/// `keepalive 0` is legal since 1.29.7.
fn keepalive(world: &World<'_>, occ: OccId, out: &mut Vec<Refusal>) {
    let Some(value) = world.config.arg(occ, 0) else { return };
    let shown = String::from_utf8_lossy(&value);
    let refusal = Refusal::new(occ, Kind::Value, format!("invalid value \"{shown}\" in \"keepalive\" directive")).at(0);
    match shown.parse::<u32>().ok().filter(|_| value.iter().all(u8::is_ascii_digit)) {
        Some(0) => out.push(refusal.before(Version::MODERN_PROXY)),
        Some(_) => {}
        None => out.push(refusal),
    }
}
