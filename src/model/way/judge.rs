//! A request has arrived at a `proxy_pass`: what becomes of it.

use super::handshake::{Answer, Forwarded, forwarded};
use super::verdict::{Outcome, Reason, Why};
use super::world::World;
use crate::catalog::{Name, Version, name};
use crate::model::config::inherit::Found;
use crate::model::config::scope::{Config, OccId, ScopeId};
use crate::model::value::eval::{Purpose, Scope};
use crate::model::value::request::Value;
use crate::model::value::variable::{Definer, variables_in};
use crate::syntax::address::{Address, Target, Use};
use crate::syntax::template::{is_open, stands_for_another};
use crate::syntax::word;

/// Below this, a response header does not fit (contract: “response buffers below 1k”).
const SMALL: u64 = 1024;

/// The outcome for a handshake that is proxied by `pass` with the settings of `scope`.
pub fn judge(
    world: &World<'_>,
    scope: ScopeId,
    pass: OccId,
    vars: &mut Scope<'_>,
    version: Version,
) -> (Outcome, Forwarded) {
    let text = world.config.arg(pass, 0);
    text.iter().for_each(|text| vars.ask_url(text));
    let garbled = vars.url_is_garbled();
    let forwarded = forwarded(world.config, scope, vars, version);
    let outcome = match outcome(world, scope, pass, vars, version, &forwarded) {
        Outcome::Upgrades if garbled => Outcome::Unknown(Why::Values),
        outcome => outcome,
    };
    (outcome, forwarded)
}

/// What goes to the backend. The URL is worked out before the headers are, as nginx does it.
fn sent(world: &World<'_>, scope: ScopeId, pass: OccId, vars: &mut Scope<'_>, version: Version) -> Forwarded {
    if let Some(text) = world.config.arg(pass, 0) {
        vars.ask_url(&text);
    }
    forwarded(world.config, scope, vars, version)
}

/// Every reason for which a handshake fails at an endpoint, not only the first.
pub fn reasons(world: &World<'_>, scope: ScopeId, pass: OccId, vars: &mut Scope<'_>, version: Version) -> Vec<Reason> {
    let sent = sent(world, scope, pass, vars, version);
    let mut out: Vec<Reason> = bad_target(world, scope, pass, vars).into_iter().collect();
    match (sent.http_version.known(), sent.http_version_origin.occ()) {
        (Some(b"2"), Some(occ)) => out.push(Reason::Http2Upstream(occ)),
        _ => out.extend(sent.refusals().0.into_iter().map(Reason::Refused)),
    }
    out.extend(foreign_key(&sent, vars));
    out.extend(spoiled_response(world.config, scope, vars, version));
    out
}

/// The answer to another key than the browser's is one that the browser rejects (RFC 6455 §4.2.2).
fn foreign_key(sent: &Forwarded, vars: &mut Scope<'_>) -> Option<Reason> {
    let own = vars.variable("http_sec_websocket_key", Purpose::Header);
    match sent.values("Sec-WebSocket-Key").as_slice() {
        [one] if one.value != Value::Unknown && own != Value::Unknown && one.value != own => {
            Some(Reason::ForeignKey(one.origin.occ()?))
        }
        _ => None,
    }
}

fn outcome(
    world: &World<'_>,
    scope: ScopeId,
    pass: OccId,
    vars: &mut Scope<'_>,
    version: Version,
    forwarded: &Forwarded,
) -> Outcome {
    if version < Version::FIRST_TUNNEL {
        return Outcome::Broken(Reason::NoTunnel);
    }
    if let Some(reason) = bad_target(world, scope, pass, vars) {
        return Outcome::Broken(reason);
    }
    if forwarded.http_version.known() == Some(b"2")
        && let Some(occ) = forwarded.http_version_origin.occ()
    {
        return Outcome::Broken(Reason::Http2Upstream(occ));
    }
    let answer = forwarded.answer();
    if let Answer::Refused(refusal) = answer {
        return Outcome::Broken(Reason::Refused(refusal));
    }
    if let Some(outcome) = beside(world, scope, pass, vars, version, forwarded) {
        return outcome;
    }
    match answer {
        Answer::Accepted => Outcome::Upgrades,
        _ if forwarded.uncertain || forwarded.http_version == Value::Unknown => Outcome::Unknown(Why::Include),
        _ => Outcome::Unknown(Why::Values),
    }
}

/// What becomes of a handshake for other reasons than the headers that a backend gets, if anything but that it opens.
pub(super) fn beside(
    world: &World<'_>,
    scope: ScopeId,
    pass: OccId,
    vars: &mut Scope<'_>,
    version: Version,
    forwarded: &Forwarded,
) -> Option<Outcome> {
    let config = world.config;
    if let Some(reason) = foreign_key(forwarded, vars).or_else(|| spoiled_response(config, scope, vars, version)) {
        return Some(Outcome::Broken(reason));
    }
    if let Some(why) = undecided(world, scope, vars, version) {
        return Some(Outcome::Unknown(why));
    }
    // A header of the answer that a template names may be any.
    let open = |list| {
        let level = config.effective_list(scope, list).0;
        level
            .into_iter()
            .flat_map(|l| config.own_named(l, list))
            .any(|o| stands_for_another(config.arg_text(o, 0).as_bytes()))
    };
    if open(name::ADD_HEADER) || open(name::PROXY_HIDE_HEADER) {
        return Some(Outcome::Unknown(Why::Include));
    }
    // Only a unix socket takes a connection in no time.
    let target = no_time(config, scope).and_then(|_| config.arg(pass, 0)).map(|url| vars.url(&url));
    if is_scripted(world, pass, vars) || target == Some(Value::Unknown) {
        return Some(Outcome::Unknown(Why::Values));
    }
    None
}

/// The status with which nginx itself answers instead of asking a backend.
pub(super) fn status_of(reason: &Reason) -> Option<u16> {
    match reason {
        Reason::BadUrl(..) => Some(500),
        Reason::NoResolver(..) | Reason::NoLiveServer(_) => Some(502),
        Reason::ConnectTimeout(_) => Some(504),
        _ => None,
    }
}

/// What keeps nginx from asking a backend at all.
fn bad_target(world: &World<'_>, scope: ScopeId, pass: OccId, vars: &mut Scope<'_>) -> Option<Reason> {
    let config = world.config;
    let text = config.arg(pass, 0)?;
    // `proxy_pass` with variables is checked only when a request arrives (`ngx_http_proxy_eval`).
    let (url, computed) = match word::has_variables(&text) {
        true => match vars.url(&text).known() {
            Some(url) => (url.to_vec(), true),
            None => match before_variables(&text) {
                Some(origin) => (origin.to_vec(), true),
                None => return no_time(config, scope).filter(|_| !may_be_socket(&text)),
            },
        },
        false => (text.into_owned(), false),
    };
    let shown = String::from_utf8_lossy(&url).into_owned();
    let target = Target::of(url);
    if !target.is_http() {
        return computed.then_some(Reason::BadUrl(pass, shown));
    }
    if computed && Address::parse(&target.rest(), Use::ProxyPass).is_err() {
        return Some(Reason::BadUrl(pass, shown));
    }
    // A unix socket is connected to at once.
    let name = target.host()?.to_ascii_lowercase();
    // A port beside the name of an `upstream` names another host (`ngx_http_upstream_init_request`).
    let upstream = world.upstream(&name).filter(|_| target.port().is_none());
    if let Some(upstream) = upstream {
        if all_down(config, upstream) {
            return Some(Reason::NoLiveServer(upstream));
        }
    } else if computed {
        let is_address = name.starts_with('[') || name.parse::<std::net::Ipv4Addr>().is_ok();
        let named_by_template = || world.upstreams().any(|u| stands_for_another(config.arg_text(u, 0).as_bytes()));
        let known = is_address || world.is_passed_to(&target) || world.is_open_at(scope) || named_by_template();
        if !known && matches!(config.effective(scope, name::RESOLVER), Found::Nowhere) {
            return Some(Reason::NoResolver(pass, name));
        }
    }
    let over_unix = |o: OccId| config.arg(o, 0).is_some_and(|a| a.starts_with(b"unix:"));
    let socket =
        upstream.and_then(|u| config.occ(u).opens()).is_some_and(|u| config.own_named(u, name::SERVER).any(over_unix));
    no_time(config, scope).filter(|_| !socket)
}

/// Scheme, host and port of a URL whose variables all stand behind them.
fn before_variables(url: &[u8]) -> Option<&[u8]> {
    let host = memchr::memmem::find(url, b"://")? + 3;
    let end = host + memchr::memchr(b'/', &url[host..])?;
    let origin = &url[..end];
    let is_fixed = !origin.contains(&b'$')
        && !is_open(origin)
        && (origin.starts_with(b"http://") || origin.starts_with(b"https://"));
    is_fixed.then_some(origin)
}

/// A timeout that leaves no time to connect; it is in effect for everything but a unix socket.
fn no_time(config: Config<'_>, scope: ScopeId) -> Option<Reason> {
    let occ = config.effective(scope, name::PROXY_CONNECT_TIMEOUT).occ()?;
    (word::time_ms(config.arg_text(occ, 0).as_bytes()) == Some(0)).then_some(Reason::ConnectTimeout(occ))
}

/// Whether a URL with variables that nobody knows may lead to a unix socket, or to an `upstream` that has one.
fn may_be_socket(url: &[u8]) -> bool {
    let target = Target::of(url);
    // A host with a port is no `upstream`.
    !(target.scheme() == "http" || target.scheme() == "https")
        || target.port().is_none()
        || target.host().is_none_or(|host| host.contains('$'))
}

/// Whether no server of an `upstream` may be asked (http/ngx_http_upstream_round_robin.c).
pub(super) fn all_down(config: Config<'_>, upstream: OccId) -> bool {
    let Some(block) = config.occ(upstream).opens() else { return false };
    let mut servers = config.own_named(block, name::SERVER).peekable();
    let known = !config.scope(block).unresolved && servers.peek().is_some();
    known && servers.all(|s| config.has_parameter(s, "down"))
}

/// A 101 that the browser rejects although the backend gave it.
fn spoiled_response(config: Config<'_>, scope: ScopeId, vars: &mut Scope<'_>, version: Version) -> Option<Reason> {
    let hidden = listed(config, scope, name::PROXY_HIDE_HEADER);
    let passed = listed(config, scope, name::PROXY_PASS_HEADER);
    for (occ, header) in hidden {
        let matters = ["upgrade", "sec-websocket-accept"].contains(&header.as_str());
        if matters && !passed.iter().any(|(_, p)| *p == header) {
            return Some(Reason::HiddenResponse(occ, header));
        }
    }
    let mut level = config.effective_list(scope, name::ADD_HEADER).0;
    while let Some(at) = level {
        for occ in config.own_named(at, name::ADD_HEADER) {
            let header = config.arg_text(occ, 0).to_ascii_lowercase();
            let twice = ["upgrade", "sec-websocket-accept"].contains(&header.as_str());
            let unasked = ["sec-websocket-protocol", "sec-websocket-extensions"].contains(&header.as_str());
            // Without `always` the header is added to a fixed list of statuses, 101 not among them.
            if config.arg(occ, 2).as_deref() != Some(b"always") || !(twice || unasked) {
                continue;
            }
            let value = config.arg(occ, 1).map_or(Value::EMPTY, |v| vars.value(&v, Purpose::Header));
            if !matches!(&value, Value::Known(v) if !v.is_empty()) {
                continue;
            }
            // RFC 6455 §4.1: a browser fails a connection whose answer names a protocol or an extension that
            // it did not ask for. Browsers ask for `permessage-deflate` alone.
            return Some(match twice {
                true => Reason::DuplicateResponse(occ, header),
                false => Reason::UnaskedResponse(occ, header),
            });
        }
        // `add_header_inherit merge` (1.29.3) adds the outer level's headers to these.
        let merges =
            version >= Version(1, 29, 3) && config.value(at, name::ADD_HEADER_INHERIT).as_deref() == Some(b"merge");
        level = match (merges, config.scope(at).parent) {
            (true, Some(parent)) => config.effective_list(parent, name::ADD_HEADER).0,
            _ => None,
        };
    }
    None
}

/// The first arguments of the effective list of a directive, lower-cased.
fn listed(config: Config<'_>, scope: ScopeId, wanted: Name) -> Vec<(OccId, String)> {
    match config.effective_list(scope, wanted).0 {
        Some(level) => {
            config.own_named(level, wanted).map(|o| (o, config.arg_text(o, 0).to_ascii_lowercase())).collect()
        }
        None => Vec::new(),
    }
}

/// What the contract lists as undecided by the configuration.
fn undecided(world: &World<'_>, scope: ScopeId, vars: &mut Scope<'_>, version: Version) -> Option<Why> {
    let config = world.config;
    let first = |n: Name| config.effective(scope, n).occ().map(|o| (o, config.arg_text(o, 0)));
    if let Some((occ, zone)) = first(name::PROXY_CACHE)
        && zone != "off"
        && !bypasses(config, scope, vars)
    {
        return Some(Why::Cache(occ));
    }
    if config.flag(scope, name::SSI) == Some(true)
        && let Some(level) = config.effective_list(scope, name::SSI_TYPES).0
        && let Some(occ) = config.own_named(level, name::SSI_TYPES).find(|&o| config.each(o).any(|t| &*t == b"*"))
    {
        return Some(Why::Ssi(occ));
    }
    if let Some((occ, time)) = first(name::PROXY_READ_TIMEOUT)
        && word::time_ms(time.as_bytes()) == Some(0)
    {
        return Some(Why::ReadTimeout(occ));
    }
    if let Some((occ, rate)) = first(name::LIMIT_RATE) {
        match word::size(rate.as_bytes()) {
            Some(0) => {}
            Some(rate) if rate >= SMALL => {}
            _ => return Some(Why::LimitRate(occ)),
        }
    }
    // `set $limit_rate` is the same (`ngx_http_variable_set_limit_rate`).
    if let Some(Value::Known(rate)) = vars.assigned("limit_rate")
        && word::size(rate).is_some_and(|rate| rate > 0 && rate < SMALL)
        && let Some(set) = world.definitions.of("limit_rate").first()
    {
        return Some(Why::LimitRate(set.occ));
    }
    if let Some((occ, size)) = first(name::PROXY_BUFFER_SIZE)
        && word::size(size.as_bytes()).is_some_and(|s| s < SMALL)
    {
        return Some(Why::Buffer(occ));
    }
    if let Some((occ, uri)) = first(name::AUTH_REQUEST)
        && uri != "off"
        && subrequest_upgrades(world, scope, &uri, version)
    {
        return Some(Why::Subrequest(occ));
    }
    if let Some(level) = config.effective_list(scope, name::MIRROR).0 {
        for occ in config.own_named(level, name::MIRROR) {
            let uri = config.arg_text(occ, 0);
            if uri != "off" && subrequest_upgrades(world, scope, &uri, version) {
                return Some(Why::Subrequest(occ));
            }
        }
    }
    None
}

/// Whether a script decides where `proxy_pass` leads.
fn is_scripted(world: &World<'_>, pass: OccId, vars: &Scope<'_>) -> bool {
    let set = |name: &String| world.definitions.of(name).iter().any(|d| d.definer == Definer::Set);
    vars.scripted && world.config.arg(pass, 0).is_some_and(|text| variables_in(&text).iter().any(set))
}

/// Whether `proxy_cache_bypass` is true for a handshake.
fn bypasses(config: Config<'_>, scope: ScopeId, vars: &mut Scope<'_>) -> bool {
    let Some(level) = config.effective_list(scope, name::PROXY_CACHE_BYPASS).0 else { return false };
    for occ in config.own_named(level, name::PROXY_CACHE_BYPASS) {
        for text in config.each(occ) {
            if matches!(vars.value(&text, Purpose::Header), Value::Known(v) if !v.is_empty() && v != b"0") {
                return true;
            }
        }
    }
    false
}

/// Whether a subrequest to `uri` asks its backend for an upgrade: if that answers 101, nginx closes
/// the client's connection without an answer.
pub fn subrequest_upgrades(world: &World<'_>, scope: ScopeId, uri: &str, version: Version) -> bool {
    let Some(target) = world.subrequest_target(scope, uri) else { return false };
    let config = world.config;
    if !config.has(target, name::PROXY_PASS) {
        return false;
    }
    let mut vars = world.variables_at(target, crate::model::value::request::Browser::Chrome);
    let sent = forwarded(config, target, &mut vars, version);
    let (upgrade, unsure) = sent.tokens("Upgrade");
    let (connection, unsure_too) = sent.tokens("Connection");
    (unsure || upgrade.iter().any(|t| t == "websocket")) && (unsure_too || connection.iter().any(|t| t == "upgrade"))
}
