//! Servers as a whole: names that a hash does not take (`ngx_http_server_names`), and what a server of `stream` needs
//! (`ngx_stream_core_server`, `ngx_stream_proxy_merge_srv_conf`).

use foldhash::HashSet;

use super::entries::hash_keys;
use super::{Refusal, RefusalKind as Kind};
use crate::catalog::{Name, name};
use crate::model::config::scope::{Config, OccId, ScopeId, ScopeKind};
use crate::model::way::server::Listen;
use crate::model::way::world::World;
use crate::syntax::address::{Address, Use};
use crate::syntax::template::stands_for_another;
use crate::syntax::word::has_variables;

/// Whether a line holds neither an expression nor a name that a hash may not take: thousands are so.
pub(super) fn is_plain(config: Config<'_>, line: OccId) -> bool {
    let text = &config.bytes(line)[config.head(line).span.range()];
    let mut before = b' ';
    text.iter().all(|&b| {
        let dots = before == b'.' && b == b'.';
        before = b;
        !dots && b != b'*' && b != b'~'
    })
}

/// The names in these lines.
pub(super) fn names(world: &World<'_>, lines: &[OccId], out: &mut Vec<Refusal>) {
    let config = world.config;
    let mut wrong: Vec<(OccId, String)> = Vec::new();
    for &line in lines.iter().filter(|&&o| config.scope(config.occ(o).scope).kind == ScopeKind::Server) {
        let is_wrong = |name: &str| {
            let plain = !name.starts_with('~') && !stands_for_another(name.as_bytes());
            plain && hash_keys(name.to_ascii_lowercase().as_bytes()).is_none()
        };
        wrong.extend(config.texts(line).into_iter().find(|n| is_wrong(n)).map(|n| (line, n)));
    }
    // Where an address has one server, nobody looks for names.
    let shared = |server: ScopeId| {
        let own = Listen::of(config, server);
        config.scopes().filter(|(s, facts)| facts.kind == ScopeKind::Server && *s != server).any(|(other, _)| {
            let same =
                |l: &Listen| own.iter().any(|o| o.address == l.address && o.ports == l.ports && o.quic == l.quic);
            Listen::of(config, other).iter().any(same)
        })
    };
    let refused: HashSet<OccId> = out.iter().filter_map(|r| r.occ).collect();
    wrong.retain(|(line, _)| !refused.contains(line) && shared(config.occ(*line).scope));
    let refuse = |(line, name): (OccId, String)| {
        let text = format!("invalid server name or wildcard \"{name}\"");
        Refusal::new(line, Kind::Value, text)
    };
    out.extend(wrong.into_iter().map(refuse));
}

/// The servers of `stream`.
pub(super) fn check(world: &World<'_>, out: &mut Vec<Refusal>) {
    let config = world.config;
    let refused: HashSet<OccId> = out.iter().filter_map(|r| r.occ).collect();
    for (server, facts) in config.scopes().filter(|(_, s)| s.kind == ScopeKind::StreamServer && !s.unresolved) {
        if let Some(block) = facts.opened_by.filter(|b| !refused.contains(b)) {
            stream(world, block, server, out);
        }
    }
}

fn stream(world: &World<'_>, block: OccId, server: ScopeId, out: &mut Vec<Refusal>) {
    let config = world.config;
    if config.has(server, name::LISTEN)
        && config.own(server).chain(config.blocks(server)).all(|o| handles_nothing(world, o))
    {
        out.push(Refusal::new(block, Kind::Value, "no handler for server"));
        return;
    }
    if !config.has(server, name::LISTEN) && config.own(server).all(|o| config.occ(o).name != Name::UNKNOWN) {
        out.push(Refusal::new(block, Kind::Value, "no \"listen\" is defined for server"));
        return;
    }
    for pass in config.own_named(server, name::PROXY_PASS) {
        let target = config.arg_text(pass, 0);
        let is_upstream = || {
            let mut blocks = world.lines.named(config, &[name::UPSTREAM]);
            blocks.any(|u| {
                config.scope(config.occ(u).scope).outside_http && config.arg_text(u, 0).eq_ignore_ascii_case(&target)
            })
        };
        if has_variables(target.as_bytes()) || stands_for_another(target.as_bytes()) || target.starts_with("unix:") {
            continue;
        }
        let has_port = Address::parse(&target, Use::UpstreamServer).map_or(true, |a| a.ports.is_some());
        if !has_port && !is_upstream() && !world.is_open() {
            out.push(Refusal::new(pass, Kind::Value, format!("no port in upstream \"{target}\"")).at(0));
        }
    }
}

/// Whether a line of a `stream` server is one that answers nobody.
fn handles_nothing(world: &World<'_>, occ: OccId) -> bool {
    let directive = world.config.occ(occ).name;
    !matches!(directive, name::PROXY_PASS | name::RETURN | Name::UNKNOWN) && directive.as_str() != "pass"
}
