//! Values that are words of a fixed list, addresses and parameters: what nginx compares when it reads
//! them (the `ngx_conf_enum_t` tables and the handlers named below, 1.22.1).

use std::collections::HashMap;

use super::{Refusal, RefusalKind as Kind};
use crate::catalog::{Version, name};
use crate::model::pattern::Pattern;
use crate::model::route::{Listen, servers};
use crate::model::scope::{OccId, ScopeKind};
use crate::model::world::World;
use crate::syntax::word;

/// Directives of which every argument is one of these words.
const ENUMERATIONS: &[(&str, &[&str])] = &[
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

pub(super) fn check(world: &World<'_>, out: &mut Vec<Refusal>) {
    let config = world.config;
    for (id, occ) in config.occs() {
        let kind = config.scope(occ.scope).kind;
        if super::is_opaque(kind) {
            if kind == ScopeKind::Entries && config.name_text(id).starts_with(b"~") {
                let key = config.name_text(id).into_owned();
                let (text, caseless) = key.strip_prefix(b"~*").map_or((&key[1..], false), |t| (t, true));
                pattern(id, &Pattern::new(text, caseless), out);
            }
            continue;
        }
        match occ.name {
            name::LOCATION | name::REWRITE | name::IF => {
                for compiled in Pattern::of_directive(config, id, occ.name) {
                    pattern(id, &compiled, out);
                }
            }
            name::LISTEN if kind == ScopeKind::Server => listen(world, id, out),
            name::ERROR_PAGE => error_page(world, id, out),
            name::SERVER if kind == ScopeKind::Upstream => upstream_server(world, id, out),
            other => {
                if let Some((directive, words)) = ENUMERATIONS.iter().find(|(n, _)| *n == other.as_str()) {
                    enumeration(world, id, directive, words, out);
                }
            }
        }
    }
    listens(world, out);
    buffers(world, out);
}

fn enumeration(world: &World<'_>, occ: OccId, directive: &str, words: &[&str], out: &mut Vec<Refusal>) {
    for i in 0..world.config.args(occ).len() {
        let value = world.config.arg_text(occ, i);
        let known = words
            .iter()
            .any(|w| if directive == "proxy_ignore_headers" { w.eq_ignore_ascii_case(&value) } else { *w == value });
        if !known {
            out.push(Refusal::new(occ, Kind::Value, format!("invalid value \"{value}\"")).at(i));
        }
    }
}

/// `pcre2_compile() failed`: only where the expression is so plain that there is no doubt.
fn pattern(occ: OccId, pattern: &Pattern, out: &mut Vec<Refusal>) {
    if pattern.is_surely_invalid() {
        out.push(Refusal::new(occ, Kind::Value, format!("pcre2_compile() failed in \"{}\"", pattern.text())));
    }
}

/// `ngx_http_core_listen`.
fn listen(world: &World<'_>, occ: OccId, out: &mut Vec<Refusal>) {
    let config = world.config;
    let target = config.arg_text(occ, 0);
    let port = if target.starts_with('[') {
        target.rsplit_once("]:").map(|(_, p)| p)
    } else {
        target.rsplit_once(':').map(|(_, p)| p).or(Some(&target))
    };
    let digits = port.filter(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
    if !target.starts_with("unix:") && digits.is_some_and(|p| !p.parse::<u32>().is_ok_and(|p| (1..=65535).contains(&p)))
    {
        out.push(
            Refusal::new(occ, Kind::Value, format!("invalid port in \"{target}\" of the \"listen\" directive")).at(0),
        );
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
        } else if !FLAGS.contains(&parameter.as_str()) && !VALUES.iter().any(|v| parameter.starts_with(v)) {
            out.push(Refusal::new(occ, Kind::Value, text).at(i));
        }
    }
}

/// Addresses of all servers together (`ngx_http_add_addresses`), and the certificate that a TLS
/// port needs (`ngx_http_ssl_init`).
fn listens(world: &World<'_>, out: &mut Vec<Refusal>) {
    let config = world.config;
    type Address = (String, Option<u16>);
    let mut defaults: HashMap<Address, (OccId, crate::model::ScopeId)> = HashMap::new();
    let mut first: HashMap<Address, crate::model::ScopeId> = HashMap::new();
    let mut tls: Vec<(Address, OccId)> = Vec::new();
    for server in servers(config) {
        if config.scope(server).parent.is_none_or(|p| config.scope(p).kind != ScopeKind::Http) {
            continue;
        }
        let mut own: HashMap<Address, OccId> = HashMap::new();
        for listen in Listen::of(config, server) {
            let Some(occ) = listen.occ else { continue };
            let address = (listen.address.clone(), listen.port);
            let shown = format!("{}:{}", if address.0 == "*" { "0.0.0.0" } else { &address.0 }, address.1.unwrap_or(0));
            if !listen.quic
                && let Some(earlier) = own.insert(address.clone(), occ)
            {
                out.push(Refusal::new(occ, Kind::Value, format!("a duplicate listen {shown}")).beside(earlier));
            }
            first.entry(address.clone()).or_insert(server);
            if listen.default && !listen.quic {
                match defaults.get(&address) {
                    Some((earlier, other)) if *other != server => {
                        out.push(
                            Refusal::new(occ, Kind::Value, format!("a duplicate default server for {shown}"))
                                .beside(*earlier),
                        );
                    }
                    _ => drop(defaults.insert(address.clone(), (occ, server))),
                }
            }
            if listen.ssl {
                tls.push((address, occ));
            }
        }
    }
    if world.is_open() {
        return;
    }
    for (address, occ) in tls {
        // Only the server that answers before a name is known needs one.
        let server = defaults.get(&address).map(|d| d.1).or_else(|| first.get(&address).copied());
        let Some(server) = server.filter(|s| config.occ(occ).scope == *s) else { continue };
        let certificate = config.effective_list(server, name::SSL_CERTIFICATE);
        let rejects = config
            .own(server)
            .any(|o| config.occ(o).name.as_str() == "ssl_reject_handshake" && config.arg_text(o, 0) == "on");
        if certificate == (None, false) && !rejects {
            out.push(Refusal::new(
                occ,
                Kind::Value,
                "no \"ssl_certificate\" is defined for the \"listen ... ssl\" directive",
            ));
        }
    }
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

/// `ngx_http_upstream_server`; parameters of newer or commercial versions are let pass.
fn upstream_server(world: &World<'_>, occ: OccId, out: &mut Vec<Refusal>) {
    let config = world.config;
    for i in 1..config.args(occ).len() {
        let parameter = config.arg_text(occ, i);
        let (key, value) = parameter.split_once('=').unwrap_or((&parameter, ""));
        let number =
            |least: u32| value.bytes().all(|b| b.is_ascii_digit()) && value.parse::<u32>().is_ok_and(|n| n >= least);
        let fine = match key {
            "weight" => number(1),
            "max_conns" | "max_fails" => number(0),
            "fail_timeout" => word::time_ms(value.as_bytes()).is_some(),
            "backup" | "down" => value.is_empty() && !parameter.contains('='),
            _ => matches!(key, "resolve" | "service" | "slow_start" | "route" | "drain" | "id" | "sid"),
        };
        if !fine {
            out.push(Refusal::new(occ, Kind::Value, format!("invalid parameter \"{parameter}\"")).at(i));
        }
    }
}

/// `ngx_http_proxy_merge_loc_conf`: the buffers that are being sent have to leave one free. The sizes
/// are recorded for 1.22.1 and pages of 4k; what newer versions do is not.
fn buffers(world: &World<'_>, out: &mut Vec<Refusal>) {
    let config = world.config;
    let first = |scope, wanted: &str| {
        config.outward(scope).find_map(|s| config.own(s).filter(|&o| config.occ(o).name.as_str() == wanted).last())
    };
    let size =
        |occ: Option<OccId>, argument: usize| occ.and_then(|o| config.arg(o, argument)).and_then(|v| word::size(&v));
    let mut seen: Vec<OccId> = Vec::new();
    for (id, occ) in config.occs() {
        let ours = matches!(occ.name.as_str(), "proxy_buffer_size" | "proxy_buffers" | "proxy_busy_buffers_size");
        let kind = config.scope(occ.scope).kind;
        if !ours || !matches!(kind, ScopeKind::Server | ScopeKind::Location) || seen.contains(&id) {
            continue;
        }
        let (buffer, buffers, busy) = (
            first(occ.scope, "proxy_buffer_size"),
            first(occ.scope, "proxy_buffers"),
            first(occ.scope, "proxy_busy_buffers_size"),
        );
        seen.extend([buffer, buffers, busy].into_iter().flatten().filter(|o| config.occ(*o).scope == occ.scope));
        let one = size(buffer, 0).unwrap_or(4096);
        let (number, each) = (size(buffers, 0).unwrap_or(8), size(buffers, 1).unwrap_or(4096));
        let largest = one.max(each);
        let busy = size(busy, 0).unwrap_or(2 * largest);
        let text = if busy < largest {
            "\"proxy_busy_buffers_size\" must be equal to or greater than the maximum of the value of \"proxy_buffer_size\" and one of the \"proxy_buffers\""
        } else if busy > number.saturating_sub(1) * each {
            "\"proxy_busy_buffers_size\" must be less than the size of all \"proxy_buffers\" minus one buffer"
        } else {
            continue;
        };
        out.push(Refusal::new(id, Kind::Value, text).before(Version(1, 29, 0)));
    }
}
