//! Values that are words of a fixed list, addresses and parameters: what nginx compares when it reads
//! them (the `ngx_conf_enum_t` tables and the handlers named below, 1.22.1).

use crate::model::value::rewrite::patterns_of;
use foldhash::HashMap;

use super::{Refusal, RefusalKind as Kind};
use crate::catalog::{NameSet, Version, name};
use crate::model::config::lines::Lines;
use crate::model::config::scope::{OccId, ScopeId, ScopeKind};
use crate::model::value::pattern::Pattern;
use crate::model::way::route::{Listen, servers};
use crate::model::way::world::World;
use crate::syntax::address::{Address, Use};
use crate::syntax::word;

/// `ngx_http_ssl_protocols`.
const PROTOCOLS: &[&str] = &["SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];

/// Directives of which every argument is one of these words.
const ENUMERATIONS: &[(&str, &[&str])] = &[
    ("dav_methods", &["off", "put", "delete", "mkcol", "copy", "move"]),
    ("proxy_cache_methods", &["GET", "HEAD", "POST"]),
    ("ssl_protocols", PROTOCOLS),
    ("proxy_ssl_protocols", PROTOCOLS),
    ("satisfy", &["all", "any"]),
    ("gzip_http_version", &["1.0", "1.1"]),
    ("if_modified_since", &["off", "exact", "before"]),
    ("keepalive_disable", &["none", "msie6", "safari"]),
    ("lingering_close", &["off", "on", "always"]),
    ("client_body_in_file_only", &["off", "on", "clean"]),
    (
        "gzip_proxied",
        &["off", "expired", "no-cache", "no-store", "private", "no_last_modified", "no_etag", "auth", "any"],
    ),
    (
        "proxy_next_upstream",
        &[
            "error",
            "timeout",
            "invalid_header",
            "non_idempotent",
            "http_500",
            "http_502",
            "http_503",
            "http_504",
            "http_403",
            "http_404",
            "http_429",
            "updating",
            "off",
        ],
    ),
    (
        "proxy_cache_use_stale",
        &[
            "error",
            "timeout",
            "invalid_header",
            "updating",
            "http_500",
            "http_502",
            "http_503",
            "http_504",
            "http_403",
            "http_404",
            "http_429",
            "off",
        ],
    ),
    (
        "proxy_ignore_headers",
        &[
            "X-Accel-Redirect",
            "X-Accel-Expires",
            "X-Accel-Limit-Rate",
            "X-Accel-Buffering",
            "X-Accel-Charset",
            "Expires",
            "Cache-Control",
            "Set-Cookie",
            "Vary",
        ],
    ),
];

pub(super) fn check(world: &World<'_>, lines: &Lines, out: &mut Vec<Refusal>) {
    let config = world.config;
    let enumerated = NameSet::of(|n| ENUMERATIONS.iter().any(|(name, _)| *name == n));
    for (id, occ) in lines.distinct.iter().map(|&id| (id, config.occ(id))) {
        let kind = config.scope(occ.scope).kind;
        if super::is_opaque(kind) {
            continue;
        }
        match occ.name {
            name::LOCATION | name::REWRITE | name::IF | name::SERVER_NAME => {
                super::parameters::check(world, id, occ.name, out);
                for compiled in patterns_of(config, id, occ.name) {
                    pattern(id, &compiled, out);
                }
            }
            name::LISTEN if kind == ScopeKind::Server => listen(world, id, out),
            other if other.as_str() == "fastcgi_split_path_info" => {
                let expression = Pattern::new(config.arg(id, 0).as_deref().unwrap_or_default(), false);
                if expression.captures_count().is_some_and(|n| n != 2) {
                    let text = format!("pattern \"{}\" must have 2 captures", expression.text());
                    out.push(Refusal::new(id, Kind::Value, text).at(0));
                }
            }
            other if other.as_str() == "proxy_redirect" => {
                super::parameters::check(world, id, other, out);
                let from = config.arg(id, 0).unwrap_or_default();
                if let Some(text) = from.strip_prefix(b"~") {
                    let caseless = text.starts_with(b"*");
                    pattern(id, &Pattern::new(text.strip_prefix(b"*").unwrap_or(text), caseless), out);
                }
            }
            name::ERROR_PAGE => error_page(world, id, out),
            other => {
                super::parameters::check(world, id, other, out);
                if enumerated.has(other)
                    && let Some((_, words)) = ENUMERATIONS.iter().find(|(n, _)| *n == other.as_str())
                {
                    enumeration(world, id, words, out);
                }
            }
        }
    }
    listens(world, out);
}

fn enumeration(world: &World<'_>, occ: OccId, words: &[&str], out: &mut Vec<Refusal>) {
    for i in 0..world.config.args(occ).len() {
        let value = world.config.arg_text(occ, i);
        let known = words.iter().any(|w| w.eq_ignore_ascii_case(&value));
        if !known {
            out.push(Refusal::new(occ, Kind::Value, format!("invalid value \"{value}\"")).at(i));
        }
    }
}

/// `pcre2_compile() failed`: only where the expression is so plain that there is no doubt.
pub(super) fn pattern(occ: OccId, pattern: &Pattern, out: &mut Vec<Refusal>) {
    if pattern.is_surely_invalid() {
        out.push(Refusal::new(occ, Kind::Value, format!("pcre2_compile() failed in \"{}\"", pattern.text())));
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
            let number = || value.parse::<u32>().is_ok_and(|n| n > 0) && value.bytes().all(|b| b.is_ascii_digit());
            let wrong = match key {
                "backlog" => (!number()).then(|| format!("invalid backlog \"{parameter}\"")),
                "rcvbuf" | "sndbuf" => {
                    word::size(value.as_bytes()).is_none().then(|| format!("invalid {key} \"{parameter}\""))
                }
                "so_keepalive" => (!matches!(value, "on" | "off") && !value.contains(':'))
                    .then(|| format!("invalid so_keepalive value: \"{value}\"")),
                _ => None,
            };
            out.extend(wrong.map(|text| Refusal::new(occ, Kind::Value, text).at(i)));
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
    let mut tls: Vec<(usize, OccId)> = Vec::new();
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
            address_is.first.get_or_insert(server);
            if default && !quic {
                match address_is.default {
                    Some((earlier, other)) if other != server => {
                        out.push(refuse(format!("a duplicate default server for {shown}"), earlier));
                    }
                    _ => address_is.default = Some((occ, server)),
                }
            }
            if ssl {
                tls.push((address, occ));
            }
        }
    }
    if world.is_open() {
        return;
    }
    for (address, occ) in tls {
        // Only the server that answers before a name is known needs one.
        let address = &addresses.known[address];
        let server = address.default.map(|d| d.1).or(address.first);
        let Some(server) = server.filter(|s| config.occ(occ).scope == *s) else { continue };
        let certificate = config.effective_list(server, name::SSL_CERTIFICATE);
        let rejects = config
            .own(server)
            .any(|o| config.occ(o).name.as_str() == "ssl_reject_handshake" && config.switch(o) == Some(true));
        if certificate == (None, false) && !rejects {
            out.push(Refusal::new(
                occ,
                Kind::Value,
                "no \"ssl_certificate\" is defined for the \"listen ... ssl\" directive",
            ));
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
    first: Option<ScopeId>,
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

/// `ngx_http_core_error_page`.
fn error_page(world: &World<'_>, occ: OccId, out: &mut Vec<Refusal>) {
    let config = world.config;
    let codes = config.args(occ).len().saturating_sub(1);
    for i in 0..codes {
        let code = config.arg_text(occ, i);
        if i > 0 && i + 1 == codes && code.starts_with('=') {
            if !code[1..].is_empty() && !code[1..].bytes().all(|b| b.is_ascii_digit()) {
                out.push(Refusal::new(occ, Kind::Value, format!("invalid value \"{code}\"")).at(i));
            }
            continue;
        }
        let text = match code.parse::<u16>() {
            Err(_) | Ok(499) => format!("invalid value \"{code}\""),
            Ok(n) if !(300..=599).contains(&n) => format!("value \"{code}\" must be between 300 and 599"),
            Ok(_) => continue,
        };
        out.push(Refusal::new(occ, Kind::Value, text).at(i));
    }
}
