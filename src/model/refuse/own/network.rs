//! Addresses: of clients, of name servers, of backends that are no HTTP, of `listen` in `stream` and `mail`.

use super::super::host::is_impossible;
use super::super::number::{number, seconds, size};
use super::{Line, Wrong};
use crate::syntax::address::{Address, Use, is_network};
use crate::syntax::word;

/// `ngx_http_access_rule`.
pub(super) fn is_rule(text: &str) -> bool {
    text == "all" || text == "unix:" || is_network(text)
}

/// An address that has to be resolved when nginx starts, as far as it can be told without asking.
pub(super) fn address(text: &str, with_uri: bool) -> Result<(), &'static str> {
    let kind = if with_uri { Use::ProxyPass } else { Use::UpstreamServer };
    let address = Address::parse(text, kind)?;
    if is_impossible(&address.host) { Err("host not found") } else { Ok(()) }
}

/// `ngx_http_realip_from`, `ngx_event_debug_connection`: a network, or a name that resolves.
pub(super) fn address_or_host(line: Line<'_>) -> Wrong {
    let value = line.args.first()?;
    if *value == "unix:" || is_network(value) {
        return None;
    }
    let never = value.is_empty() || value.contains('/') || value.contains(':') || is_impossible(value);
    never.then(|| (0, format!("host not found in {} \"{value}\"", line.name)))
}

/// `ngx_http_upstream_bind_set_slot`, `ngx_stream_proxy_bind`, `ngx_parse_addr_port`.
pub(super) fn bind(line: Line<'_>) -> Wrong {
    let address = line.args.first()?;
    if line.args.len() == 1 && *address == "off" {
        return None;
    }
    if !word::has_variables(address.as_bytes()) && !is_address_with_port(address) {
        return Some((0, format!("invalid address \"{address}\"")));
    }
    // How variables are written is looked at first, with those of all lines.
    if word::parts(address.as_bytes()).is_err() {
        return None;
    }
    line.one(1, |v| v == "transparent", "invalid parameter")
}

/// `ngx_parse_addr_port`: no names, and brackets only around IPv6.
fn is_address_with_port(text: &str) -> bool {
    let port = |t: &str| number(t).is_some_and(|n| (1..=65535).contains(&n));
    if text.parse::<std::net::IpAddr>().is_ok() {
        return true;
    }
    match text.strip_prefix('[').and_then(|t| t.split_once(']')) {
        Some((host, rest)) => host.parse::<std::net::Ipv6Addr>().is_ok() && rest.strip_prefix(':').is_some_and(port),
        None => {
            text.split_once(':').is_some_and(|(host, rest)| host.parse::<std::net::Ipv4Addr>().is_ok() && port(rest))
        }
    }
}

/// `ngx_resolver_create` (core/ngx_resolver.c). The one of `mail` may be `off`; `ipv4=` is of 1.23.1.
pub(super) fn resolver(line: Line<'_>) -> Wrong {
    let mut servers = 0;
    for (at, &value) in line.args.iter().enumerate() {
        let wrong = if let Some(time) = value.strip_prefix("valid=") {
            seconds(time).is_none()
        } else if let Some(flag) = value.strip_prefix("ipv6=").or(value.strip_prefix("ipv4=")) {
            !["on", "off"].contains(&flag)
        } else if value.starts_with("status_zone=") || value == "off" {
            servers += 1;
            false
        } else {
            servers += 1;
            if let Err(said) = address(value, false) {
                return Some((at, format!("{said} in resolver \"{value}\"")));
            }
            false
        };
        if wrong {
            return Some((at, format!("invalid parameter: {value}")));
        }
    }
    (servers == 0).then(|| (0, "no name servers defined".to_owned()))
}

/// `ngx_mail_auth_http`.
pub(super) fn auth_http(line: Line<'_>) -> Wrong {
    let value = line.args.first()?;
    let url = value.strip_prefix("http://").unwrap_or(value);
    let said = address(url, true).err()?;
    Some((0, format!("{said} in auth_http \"{url}\"")))
}

/// The schemes that may stand in front of an address (`ngx_http_uwsgi_pass`, `ngx_http_grpc_pass`).
const SCHEMES: [(&str, &[&str]); 2] =
    [("uwsgi_pass", &["uwsgi://", "suwsgi://"]), ("grpc_pass", &["grpc://", "grpcs://"])];

/// `ngx_http_upstream_add` for backends that speak no HTTP. A name may be that of an `upstream`.
pub(super) fn gateway_pass(line: Line<'_>) -> Wrong {
    let value = line.args.first()?;
    if line.name != "memcached_pass" && word::has_variables(value.as_bytes()) {
        return None;
    }
    let schemes = SCHEMES.iter().find(|(name, _)| *name == line.name).map_or(&[] as &[&str], |(_, s)| s);
    let has = |s: &&&str| value.get(..s.len()).is_some_and(|p| p.eq_ignore_ascii_case(s));
    let bare = schemes.iter().find(has).map_or(*value, |s| &value[s.len()..]);
    match Address::parse(bare, Use::UpstreamServer) {
        Err(said) => Some((0, format!("{said} in upstream \"{bare}\""))),
        // FastCGI and its kin have no port of their own.
        Ok(_) => None,
    }
}

/// `ngx_stream_proxy_pass`. A name may be that of an `upstream`.
pub(super) fn stream_pass(line: Line<'_>) -> Wrong {
    let value = line.args.first()?;
    if word::has_variables(value.as_bytes()) {
        return None;
    }
    let said = Address::parse(value, Use::UpstreamServer).err()?;
    Some((0, format!("{said} in upstream \"{value}\"")))
}

/// `ngx_stream_core_listen`, `ngx_mail_core_listen`.
pub(super) fn other_listen(line: Line<'_>, stream: bool) -> Wrong {
    let target = *line.args.first()?;
    let read = Address::parse(target, Use::Listen)
        .and_then(|a| if is_impossible(&a.host) { Err("host not found") } else { Ok(()) });
    if let Err(said) = read {
        return Some((0, format!("{said} in \"{target}\" of the \"listen\" directive")));
    }
    for (at, &value) in line.args.iter().enumerate().skip(1) {
        let said = match value.split_once('=') {
            Some((key, given)) => socket_option(key, given, value),
            None => {
                let both = ["bind", "ssl", "proxy_protocol"].contains(&value);
                // `deferred`, `default_server` and `multipath` came to `stream` later.
                let later = ["udp", "reuseport", "deferred", "default_server", "multipath"];
                (!(both || stream && later.contains(&value))).then(|| format!("the invalid \"{value}\" parameter"))
            }
        };
        if let Some(said) = said {
            return Some((at, said));
        }
    }
    None
}

/// A parameter with a value, which `http`, `stream` and `mail` share; in `http` nginx calls one that it
/// does not know otherwise.
pub(in super::super) fn socket_option(key: &str, given: &str, whole: &str) -> Option<String> {
    match key {
        "backlog" => number(given).is_none_or(|n| n == 0).then(|| format!("invalid backlog \"{whole}\"")),
        "rcvbuf" | "sndbuf" => size(given).is_none().then(|| format!("invalid {key} \"{whole}\"")),
        "fastopen" => number(given).is_none().then(|| format!("invalid fastopen \"{whole}\"")),
        "ipv6only" if given.starts_with('o') => {
            (!["on", "off"].contains(&given)).then(|| format!("invalid ipv6only flags \"{given}\""))
        }
        // Of other platforms.
        "setfib" | "accept_filter" => None,
        "so_keepalive" => (!is_keepalive(given)).then(|| format!("invalid so_keepalive value: \"{given}\"")),
        _ => Some(format!("the invalid \"{whole}\" parameter")),
    }
}

/// `on`, `off`, or `idle:interval:count` with one of them at least.
fn is_keepalive(text: &str) -> bool {
    if ["on", "off"].contains(&text) {
        return true;
    }
    let parts: Vec<&str> = text.splitn(3, ':').collect();
    let mut sum = 0;
    for (i, part) in parts.iter().enumerate().filter(|(_, p)| !p.is_empty()) {
        match if i < 2 { seconds(part) } else { number(part) } {
            Some(n) => sum += n,
            None => return false,
        }
    }
    sum > 0
}
