//! Values that are words of a fixed list, addresses and parameters: what nginx compares when it reads
//! them (the `ngx_conf_enum_t` tables and the handlers named below, 1.22.1).

use std::cell::OnceCell;

use foldhash::HashMap;

use super::entries::is_fixed;
use super::{Refusal, RefusalKind as Kind, hashes, servers};
use crate::catalog::{Version, name};
use crate::model::config::lines::Lines;
use crate::model::config::scope::{OccId, ScopeId, ScopeKind};
use crate::model::value::pattern::Pattern;
use crate::model::value::rewrite::patterns_of;
use crate::model::way::route::{Listen, servers};
use crate::model::way::world::World;
use crate::syntax::address::{Address, Use};

pub(super) fn check(world: &World<'_>, lines: &Lines, out: &mut Vec<Refusal>) {
    let config = world.config;
    let mut names: Vec<OccId> = Vec::new();
    for (id, occ) in lines.distinct.iter().map(|&id| (id, config.occ(id))) {
        let kind = config.scope(occ.scope).kind;
        if super::is_opaque(kind) {
            continue;
        }
        match occ.name {
            name::SERVER_NAME if kind == ScopeKind::MailServer || servers::is_plain(config, id) => {}
            name::PROXY_SET_HEADER | name::PROXY_HIDE_HEADER => hashes::header(world, id, out),
            name::LOCATION | name::REWRITE | name::IF | name::SERVER_NAME => {
                if occ.name == name::SERVER_NAME {
                    names.push(id);
                }
                for compiled in patterns_of(config, id, occ.name) {
                    pattern(world, id, &compiled, out);
                }
            }
            name::LISTEN if kind == ScopeKind::Server => listen(world, id, out),
            other if other.as_str() == "gzip_disable" => {
                for i in (0..config.args(id).len()).filter(|&i| config.arg_text(id, i) != "msie6") {
                    pattern(world, id, &Pattern::new(config.arg(id, i).as_deref().unwrap_or_default(), true), out);
                }
            }
            other if other.as_str() == "fastcgi_split_path_info" => {
                let expression = Pattern::new(config.arg(id, 0).as_deref().unwrap_or_default(), false);
                pattern(world, id, &expression, out);
                if !expression.is_surely_invalid() && expression.captures_count().is_some_and(|n| n != 2) {
                    let text = format!("pattern \"{}\" must have 2 captures", expression.text());
                    out.push(Refusal::new(id, Kind::Value, text).at(0));
                }
            }
            other if other.as_str() == "proxy_redirect" => {
                let from = config.arg(id, 0).unwrap_or_default();
                if let Some(text) = from.strip_prefix(b"~") {
                    let caseless = text.starts_with(b"*");
                    pattern(world, id, &Pattern::new(text.strip_prefix(b"*").unwrap_or(text), caseless), out);
                }
            }
            _ => {}
        }
    }
    servers::names(world, &names, out);
    listens(world, out);
    other_listens(world, out);
}

/// Only where the expression is so plain that there is no doubt. What PCRE says of it stands behind the
/// words, and is not for wslint to guess.
pub(super) fn pattern(world: &World<'_>, occ: OccId, pattern: &Pattern, out: &mut Vec<Refusal>) {
    if pattern.is_surely_invalid() {
        out.push(Refusal::new(occ, Kind::Value, "pcre2_compile() failed"));
        return;
    }
    // Each name becomes a variable (`ngx_http_regex_compile`).
    let outside = world.config.scope(world.config.occ(occ).scope).outside_http;
    if let Some(name) = pattern.names().iter().find(|n| is_fixed(n.to_ascii_lowercase().as_bytes(), outside)) {
        out.push(Refusal::new(occ, Kind::Value, format!("the duplicate \"{name}\" variable")));
    }
}

/// `ngx_http_core_listen`.
fn listen(world: &World<'_>, occ: OccId, out: &mut Vec<Refusal>) {
    let config = world.config;
    let target = config.arg_text(occ, 0);
    if let Err(said) = Address::parse(&target, Use::Listen) {
        let text = format!("{said} in \"{target}\" of the \"listen\" directive");
        out.push(Refusal::new(occ, Kind::Value, text).at(0));
        return;
    }
    const FLAGS: [&str; 9] =
        ["default_server", "default", "bind", "ssl", "http2", "proxy_protocol", "deferred", "reuseport", "multipath"];
    const VALUES: [&str; 8] =
        ["backlog=", "rcvbuf=", "sndbuf=", "accept_filter=", "ipv6only=", "so_keepalive=", "fastopen=", "setfib="];
    for i in 1..config.args(occ).len() {
        let parameter = config.arg_text(occ, i);
        let text = format!("invalid parameter \"{parameter}\"");
        if parameter == "quic" {
            out.push(Refusal::new(occ, Kind::Value, text).at(i).before(Version(1, 25, 0)));
        } else if parameter == "multipath" {
            out.push(Refusal::new(occ, Kind::Value, text).at(i).before(Version(1, 29, 7)));
        } else if let Some((key, value)) =
            parameter.split_once('=').filter(|_| VALUES.iter().any(|v| parameter.starts_with(v)))
        {
            let said = super::own::socket_option(key, value, &parameter);
            out.extend(said.map(|said| Refusal::new(occ, Kind::Value, said).at(i)));
        } else if !FLAGS.contains(&parameter.as_str()) {
            out.push(Refusal::new(occ, Kind::Value, text).at(i));
        }
    }
}

/// Addresses of all servers together (`ngx_http_add_addresses`), and the certificate that a TLS
/// port needs (`ngx_http_ssl_init`).
fn listens(world: &World<'_>, out: &mut Vec<Refusal>) {
    let config = world.config;
    let mut addresses = Addresses::default();
    let mut tls: Vec<(usize, OccId, &'static str)> = Vec::new();
    let mut own: HashMap<usize, OccId> = HashMap::default();
    for server in servers(config) {
        if config.scope(server).parent.is_none_or(|p| config.scope(p).kind != ScopeKind::Http) {
            continue;
        }
        own.clear();
        for occ in config.own_named(server, name::LISTEN) {
            let Some(Read { address, default, ssl, quic, options }) = addresses.read(world, occ) else { continue };
            let address_is = &mut addresses.known[address];
            let shown = &address_is.shown;
            let refuse = |text: String, other: OccId| Refusal::new(occ, Kind::Value, text).beside(other);
            if !quic && let Some(earlier) = own.insert(address, occ) {
                out.push(refuse(format!("a duplicate listen {shown}"), earlier));
            }
            if !quic && options {
                match address_is.options {
                    Some(earlier) => out.push(refuse(format!("duplicate listen options for {shown}"), earlier)),
                    None => address_is.options = Some(occ),
                }
            }
            address_is.first.get_or_insert((occ, server));
            if default && !quic {
                match address_is.default {
                    Some((earlier, other)) if other != server => {
                        out.push(refuse(format!("a duplicate default server for {shown}"), earlier));
                    }
                    _ => address_is.default = Some((occ, server)),
                }
            }
            if ssl || quic {
                tls.push((address, occ, if ssl { "ssl" } else { "quic" }));
            }
        }
    }
    if world.is_open() {
        return;
    }
    let lacks = |s: ScopeId| config.effective_list(s, name::SSL_CERTIFICATE) == (None, false);
    let rejects = |s: ScopeId| {
        config.flag(s, name::SSL_REJECT_HANDSHAKE) != Some(false)
            && config.effective(s, name::SSL_REJECT_HANDSHAKE).occ().is_some()
    };
    let bare: OnceCell<Vec<(usize, OccId, ScopeId)>> = OnceCell::new();
    let mut told: Option<ScopeId> = None;
    for &(address, occ, protocol) in &tls {
        // The server that answers before a name is known needs one, whichever server's line says so; where it rejects
        // every handshake, all others do. Its ports are one cause.
        let default = addresses.known[address].default.or(addresses.known[address].first);
        let Some((line, server)) = default.filter(|d| told != Some(d.1)) else { continue };
        if !lacks(server) {
            continue;
        }
        let without = match rejects(server) {
            false => Some((line, server)),
            true => bare
                .get_or_init(|| {
                    // Those that listen there without TLS share the address.
                    let all = servers(config).into_iter().filter(|&s| lacks(s) && !rejects(s));
                    let lines = all.flat_map(|s| config.own_named(s, name::LISTEN).map(move |o| (o, s)));
                    lines.filter_map(|(o, s)| Some((addresses.read(world, o)?.address, o, s))).collect()
                })
                .iter()
                .find(|&&(at, ..)| at == address)
                .map(|&(_, line, server)| (line, server)),
        };
        if let Some((line, without)) = without {
            told = Some(server);
            let text = format!("no \"ssl_certificate\" is defined for the \"listen ... {protocol}\" directive");
            let mut refusal = match config.occ(occ).scope == without {
                true => Refusal::new(occ, Kind::Value, text),
                false => Refusal::new(line, Kind::Value, text).beside(occ),
            };
            refusal.since = (protocol == "quic").then_some(Version(1, 25, 0));
            out.push(refusal);
        }
    }
}

/// One address and port for each server of `stream`, until servers could share them (1.25.5), and of `mail`
/// (`ngx_stream_core_listen`, `ngx_mail_core_listen`).
fn other_listens(world: &World<'_>, out: &mut Vec<Refusal>) {
    let config = world.config;
    let mut first: HashMap<_, OccId> = HashMap::default();
    for (server, scope) in config.scopes() {
        if !matches!(scope.kind, ScopeKind::StreamServer | ScopeKind::MailServer) {
            continue;
        }
        for occ in config.own_named(server, name::LISTEN) {
            let Some(Listen { address, ports, .. }) = Listen::read(config, occ) else { continue };
            let shown = format!("{}:{}", if address == "*" { "0.0.0.0" } else { &address }, ports.map_or(0, |p| p.0));
            let udp = config.has_parameter(occ, "udp");
            let Some(earlier) = first.insert((scope.kind, udp, address, ports), occ) else { continue };
            let text = format!("duplicate \"{shown}\" address and port pair");
            let refusal = Refusal::new(occ, Kind::Value, text).beside(earlier);
            let shared = scope.kind == ScopeKind::StreamServer && config.occ(earlier).scope != server;
            out.push(if shared { refusal.before(Version(1, 25, 5)) } else { refusal });
        }
    }
}

/// The addresses that servers listen on, by number; each text of a `listen` is read once.
#[derive(Default)]
struct Addresses<'w> {
    texts: HashMap<&'w [u8], Option<Read>>,
    numbers: HashMap<(String, Option<(u16, u16)>), usize>,
    known: Vec<AddressFacts>,
}

#[derive(Default)]
struct AddressFacts {
    shown: String,
    first: Option<(OccId, ScopeId)>,
    default: Option<(OccId, ScopeId)>,
    options: Option<OccId>,
}

/// One `listen`, with the number of its address.
#[derive(Clone, Copy)]
struct Read {
    address: usize,
    default: bool,
    ssl: bool,
    quic: bool,
    options: bool,
}

impl<'w> Addresses<'w> {
    fn read(&mut self, world: &World<'w>, occ: OccId) -> Option<Read> {
        let config = world.config;
        let text = &config.bytes(occ)[config.head(occ).span.range()];
        if let Some(read) = self.texts.get(text) {
            return *read;
        }
        let read = Listen::read(config, occ).map(|listen| {
            let Listen { address, ports, default, ssl, quic, .. } = listen;
            let any = address == "*";
            let shown = format!("{}:{}", if any { "0.0.0.0" } else { &address }, ports.map_or(0, |(first, _)| first));
            let known = &mut self.known;
            let address = *self.numbers.entry((address, ports)).or_insert_with(|| {
                known.push(AddressFacts { shown, ..AddressFacts::default() });
                known.len() - 1
            });
            Read { address, default, ssl, quic, options: has_socket_options(world, occ) }
        });
        self.texts.insert(text, read);
        read
    }
}

/// Parameters that one `listen` sets for the whole address (`lsopt.set`).
fn has_socket_options(world: &World<'_>, occ: OccId) -> bool {
    const OPTIONS: [&str; 11] = [
        "bind",
        "deferred",
        "reuseport",
        "backlog=",
        "rcvbuf=",
        "sndbuf=",
        "accept_filter=",
        "ipv6only=",
        "so_keepalive=",
        "fastopen=",
        "setfib=",
    ];
    let config = world.config;
    config.each(occ).skip(1).any(|parameter| {
        let is =
            |o: &&str| if o.ends_with('=') { parameter.starts_with(o.as_bytes()) } else { *parameter == *o.as_bytes() };
        OPTIONS.iter().any(is)
    })
}
