//! What single directives of the request's phases do: handlers, `deny`, `error_page`.

use std::net::{IpAddr, Ipv4Addr};

use crate::catalog::{Name, name};
use crate::model::config::scope::{Config, OccId, ScopeId, ScopeKind};
use crate::model::value::pattern::Pattern;
use crate::model::value::request::Peer;
use crate::syntax::template::stands_for_another;

/// Whether a directive sets the content handler of its location.
pub fn is_handler(config: Config<'_>, occ: OccId) -> bool {
    match config.occ(occ).name {
        name::PROXY_PASS
        | name::FASTCGI_PASS
        | name::UWSGI_PASS
        | name::SCGI_PASS
        | name::GRPC_PASS
        | name::MEMCACHED_PASS
        | name::EMPTY_GIF
        | name::STUB_STATUS
        | name::FLV
        | name::MP4
        | name::PERL
        | name::TUNNEL_PASS => true,
        Name::UNKNOWN => {
            let text = config.name_text(occ);
            let starts = [
                &b"content_by_lua"[..],
                b"js_content",
                b"echo",
                b"nchan_",
                b"push_stream_",
                b"push_",
                b"rtmp_stat",
                b"vod",
            ];
            text.ends_with(b"_pass")
                || starts.iter().any(|s| text.starts_with(s))
                || (&*text == b"passenger_enabled" && config.switch(occ) == Some(true))
        }
        _ => false,
    }
}

/// Whether addresses decide at a scope.
pub(super) fn has_rules(config: Config<'_>, scope: ScopeId) -> bool {
    config.outward(scope).any(|s| config.has(s, name::ALLOW) || config.has(s, name::DENY))
}

/// The `deny` that turns a client away: of the rules, the first that holds decides (`ngx_http_access_handler`). Without an address nobody knows which holds, and a client that
/// something may allow is taken for that.
pub fn denied(config: Config<'_>, scope: ScopeId, client: Peer) -> Option<OccId> {
    let level = config.outward(scope).find(|&s| config.has(s, name::ALLOW) || config.has(s, name::DENY))?;
    let rules = config.own(level).filter(|&o| matches!(config.occ(o).name, name::ALLOW | name::DENY));
    let over_v6 = || config.enclosing(scope, ScopeKind::Server).is_none_or(|s| listens_over_v6(config, s));
    for rule in rules {
        let denies = config.occ(rule).name == name::DENY;
        let who = config.arg_text(rule, 0);
        let holds = match client {
            _ if who == "all" => Some(true),
            _ if stands_for_another(who.as_bytes()) => None,
            Peer::Address(address) => contains(&who, address),
            Peer::Unix => Some(who == "unix:"),
            Peer::Unknown if who == "0.0.0.0/0" && denies => (!over_v6()).then_some(true),
            Peer::Unknown => None,
        };
        match holds {
            Some(true) => return denies.then_some(rule),
            Some(false) => {}
            None if denies => {}
            None => return None,
        }
    }
    None
}

/// Whether an address lies in a network as `allow` and `deny` write it.
pub(super) fn contains(network: &str, address: IpAddr) -> Option<bool> {
    let IpAddr::V4(address) = address else {
        let is_v6 = network.contains(':') && network != "unix:";
        return match network.parse::<IpAddr>() {
            Ok(one) => Some(one == address),
            Err(_) if is_v6 => None,
            Err(_) => Some(false),
        };
    };
    let (base, bits) = match network.split_once('/') {
        Some((base, bits)) => (base, bits.parse::<u32>().ok().filter(|b| *b <= 32)),
        None => (network, Some(32)),
    };
    // `unix:` and IPv6 are other families.
    let (Ok(base), Some(bits)) = (base.parse::<Ipv4Addr>(), bits) else { return Some(false) };
    let shift = 32 - bits;
    let net = |a: Ipv4Addr| u32::from(a).checked_shr(shift).unwrap_or(0);
    Some(net(base) == net(address))
}

fn listens_over_v6(config: Config<'_>, server: ScopeId) -> bool {
    config.own_named(server, name::LISTEN).any(|o| config.arg(o, 0).is_some_and(|a| a.starts_with(b"[")))
}

/// The `limit_except` of a location that applies to GET.
pub fn limit_except(config: Config<'_>, location: ScopeId) -> Option<ScopeId> {
    config.blocks(location).filter(|&o| config.occ(o).name == name::LIMIT_EXCEPT).find_map(|o| {
        let allows_get = config.each(o).any(|method| method.eq_ignore_ascii_case(b"GET"));
        if allows_get { None } else { config.occ(o).opens() }
    })
}

/// The handler's address for the settings that count: that of an `if` or `limit_except` itself, or of the
/// location around it (`ngx_http_proxy_merge_loc_conf`: `clcf->noname`).
pub fn pass_at(config: Config<'_>, conf: ScopeId) -> Option<OccId> {
    let own = config.own_named(conf, name::PROXY_PASS).last();
    own.or_else(|| {
        let inner = matches!(config.scope(conf).kind, ScopeKind::LocationIf | ScopeKind::LimitExcept);
        let around = config.scope(conf).parent.filter(|&p| inner && config.scope(p).kind == ScopeKind::Location)?;
        config.own_named(around, name::PROXY_PASS).last()
    })
}

/// What an `error_page` says of a status.
pub(super) struct ErrorPage {
    /// The directive.
    pub(super) occ: OccId,
    /// What the status becomes: `=200`, or 0 for `=`, the status of what comes then.
    pub(super) overwrite: Option<u16>,
    /// Where the request goes, variables not replaced.
    pub(super) target: Vec<u8>,
    /// A template decides whether it is for this status, or what the status becomes.
    pub(super) open: bool,
}

/// The first `error_page` for a status at the level whose list counts.
pub(super) fn error_page(config: Config<'_>, scope: ScopeId, status: u16) -> Option<ErrorPage> {
    let level = config.effective_list(scope, name::ERROR_PAGE).0?;
    let status = status.to_string();
    config.own_named(level, name::ERROR_PAGE).find_map(|occ| {
        let args = config.words(occ);
        let (target, codes) = args.split_last()?;
        let overwrite = codes
            .last()
            .filter(|c| c.starts_with(b"="))
            .map(|c| std::str::from_utf8(&c[1..]).ok().and_then(|n| n.parse().ok()).unwrap_or(0));
        let open = codes.iter().any(|c| stands_for_another(c));
        let hit = open || codes.iter().any(|c| c == status.as_bytes());
        hit.then(|| ErrorPage { occ, overwrite, target: target.clone(), open })
    })
}

/// A URI without its query, and the query (`ngx_http_split_args`).
pub(super) fn split_query(uri: &[u8]) -> (Vec<u8>, Vec<u8>) {
    match memchr::memchr(b'?', uri) {
        Some(at) => (uri[..at].to_vec(), uri[at + 1..].to_vec()),
        None => (uri.to_vec(), Vec::new()),
    }
}

/// Whether a path is that of a file, by its name: `/index.html`.
pub(super) fn is_page(path: &[u8]) -> bool {
    path.rsplit(|&b| b == b'/').next().is_some_and(|name| name.contains(&b'.'))
}

/// Whether an expression matches every path.
pub(super) fn pattern_matches_all(pattern: &Pattern) -> bool {
    matches!(
        pattern.text().as_str(),
        "^" | ".*" | "^.*$" | "^(.*)$" | "^.*" | "(.*)" | "/" | "^/" | "^/(.*)$" | "^/(.*)" | "^/.*"
    )
}
