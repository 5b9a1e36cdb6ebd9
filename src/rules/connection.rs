//! Which value a fix writes for `Connection`, and the map that it may need.

use super::Context;
use crate::catalog::{Version, name, near};
use crate::diagnostic::{Edit, Line};
use crate::i18n::Text;
use crate::model::analysis::Versions;
use crate::model::value::variable::Definer;
use crate::model::way::endpoint::Endpoint;
use crate::model::{Browser, OccId, ScopeKind, Value, value::request::Request};
use crate::source::Place;
use crate::syntax::address::Target;
use crate::text;

/// Which value fixes write for `Connection`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ConnectionMode {
    /// A map where there is a root to put it in, else the literal.
    #[default]
    Auto,
    /// The same, by name.
    Map,
    /// The literal `"upgrade"`.
    Literal,
}

/// The value for `Connection`, and the edit that defines its variable.
pub(super) struct Connection {
    /// As it is written: `$connection_upgrade` or `"upgrade"`.
    pub value: String,
    /// The map, if one has to be added.
    pub map: Option<Edit>,
}

/// Whether `$http_upgrade` is the client's header: where somebody sets it, no line that uses it helps.
pub(super) fn says_what_the_client_asks(cx: &Context<'_>) -> bool {
    cx.analysis.world.definitions.of("http_upgrade").is_empty()
}

/// What is unsafe about a map that yields `upgrade` whatever the client names.
pub(super) fn any_protocol_note() -> Text {
    text!("it lets any protocol through that a client asks for", "这样会放行客户端请求的任何协议")
}

/// What a map would do better than the literal.
pub(super) fn literal_note() -> Text {
    text!(
        "without the main configuration there is no place for a map; a map on `$http_upgrade` in `http` would keep ordinary requests free of `Connection: upgrade`",
        "没有主配置文件，map 无处可写；如果在 `http` 中定义以 `$http_upgrade` 为源的 map，普通请求就不会带上 `Connection: upgrade`"
    )
}

/// What ordinary requests send as `Connection` at an endpoint today; empty is none.
pub(super) fn ordinary_connection(cx: &Context<'_>, endpoint: &Endpoint) -> String {
    let config = cx.config();
    if let Some(occ) = config.effective_header(endpoint.scope, "Connection") {
        let mut vars = cx.analysis.world.variables_for(endpoint.scope, Request::ordinary());
        let value =
            config.arg(occ, 1).map_or(Value::Unknown, |v| vars.value(&v, crate::model::value::eval::Purpose::Header));
        return match value.display().map(|v| v.trim().to_ascii_lowercase()) {
            // What a variable leaves empty was not meant to be. But anything other than `close` lets connections
            // be kept (`ngx_http_upstream_keepalive_module`, "proxy_http_version 1.1").
            Some(v) if v.is_empty() && config.arg(occ, 1).is_some_and(|w| !w.is_empty()) => {
                if keeps(cx, endpoint) {
                    String::new()
                } else {
                    unset_connection(cx, endpoint)
                }
            }
            Some(v) if v.is_empty() || v == "close" || v == "keep-alive" => v,
            _ if keeps(cx, endpoint) => String::new(),
            _ => unset_connection(cx, endpoint),
        };
    }
    unset_connection(cx, endpoint)
}

/// What nginx sends as `Connection` where nothing sets it, or what does no harm in its place.
pub(super) fn unset_connection(cx: &Context<'_>, endpoint: &Endpoint) -> String {
    if pools(cx, endpoint) { String::new() } else { "close".to_owned() }
}

/// Whether nginx keeps connections to this backend, in any version that is asked about: a `close`
/// would end that. Since 1.29.7 it does so by itself.
fn pools(cx: &Context<'_>, endpoint: &Endpoint) -> bool {
    if cx.analysis.versions != Versions::ALL && cx.analysis.version >= Version::MODERN_PROXY {
        return true;
    }
    if !cx.analysis.versions.points().iter().any(|v| *v >= Version::MODERN_PROXY) {
        return false;
    }
    leads_to(cx, endpoint, |_| true)
}

/// Whether an `upstream` with `keepalive` stands behind it.
pub(super) fn keeps(cx: &Context<'_>, endpoint: &Endpoint) -> bool {
    leads_to(cx, endpoint, |upstream| has_pool(cx, upstream))
}

fn has_pool(cx: &Context<'_>, upstream: OccId) -> bool {
    let config = cx.config();
    let block = config.occ(upstream).opens();
    block.is_some_and(|b| config.own_named(b, name::KEEPALIVE).any(|o| config.arg_text(o, 0) != "0"))
}

/// Whether ordinary requests go to an `upstream` of this kind; behind a variable whose value is not known, to any.
fn leads_to(cx: &Context<'_>, endpoint: &Endpoint, is_one: impl Fn(OccId) -> bool) -> bool {
    let world = &cx.analysis.world;
    let Some(text) = cx.config().arg(endpoint.pass, 0) else { return false };
    let mut vars = world.variables_for(endpoint.scope, Request::ordinary());
    match vars.value(&text, crate::model::value::eval::Purpose::Condition) {
        Value::Known(url) => Target::of(url).host().and_then(|host| world.upstream(&host)).is_some_and(is_one),
        Value::Unknown => world.upstreams().any(is_one),
    }
}

/// The value for `Connection` at endpoints that share it.
pub(super) fn connection(cx: &Context<'_>, endpoints: &[&Endpoint]) -> Option<Connection> {
    if !says_what_the_client_asks(cx) {
        return None;
    }
    let literal = || Connection { value: "\"upgrade\"".to_owned(), map: None };
    // What no endpoint uses here, the same file may say for one elsewhere.
    let for_any = || if cx.analysis.world.upstreams().any(|u| has_pool(cx, u)) { "" } else { "close" };
    let ordinary = endpoints.first().map_or_else(|| for_any().to_owned(), |e| ordinary_connection(cx, e));
    if endpoints.iter().any(|e| ordinary_connection(cx, e) != ordinary) {
        return None;
    }
    if cx.options.connection == ConnectionMode::Literal {
        return Some(literal());
    }
    if let Some(name) = existing_map(cx, &ordinary) {
        return Some(Connection { value: format!("${name}"), map: None });
    }
    let Some(place) = map_place(cx) else { return Some(literal()) };
    let name = cx.map_name(&ordinary);
    let map = map_edit(place, &name, &ordinary);
    Some(Connection { value: format!("${name}"), map: Some(map) })
}

/// A map that yields `upgrade` for a handshake, and for ordinary requests what they send today.
fn existing_map(cx: &Context<'_>, ordinary: &str) -> Option<String> {
    let world = &cx.analysis.world;
    let config = cx.config();
    let mut names: Vec<String> =
        world.definitions.maps().iter().map(|m| config.arg_text(m.occ, 1).trim_start_matches('$').to_owned()).collect();
    names.sort_by_key(|n| (!n.eq_ignore_ascii_case("connection_upgrade"), n.clone()));
    names.into_iter().find(|name| {
        let only_maps = world.definitions.of(name).iter().all(|d| d.definer == Definer::Map);
        let value = |request: Request| {
            let mut vars = crate::model::value::eval::Scope::new(&world.definitions, world.is_open(), request);
            vars.variable(name, crate::model::value::eval::Purpose::Header).display()
        };
        let opens = |browser| value(Request::anywhere(browser)).is_some_and(|v| near::has_token(&v, "upgrade"));
        let agrees = value(Request::ordinary()).is_some_and(|v| v.eq_ignore_ascii_case(ordinary));
        only_maps && agrees && opens(Browser::Chrome) && opens(Browser::Firefox)
    })
}

/// Where a map may stand: in the root's `http`, behind the last `map_hash_*`, else at its start.
pub(super) enum MapPlace {
    Behind(Place),
    StartOf(Place),
}

pub(super) fn map_place(cx: &Context<'_>) -> Option<MapPlace> {
    let config = cx.config();
    if !cx.analysis.world.is_root {
        return None;
    }
    let (http, scope) = config.scopes().find(|(_, s)| s.kind == ScopeKind::Http)?;
    let block = scope.opened_by?;
    let file = config.file(block);
    if !cx.writable(file) {
        return None;
    }
    // What could not be read may hold such a line, too: nginx refuses it behind a map.
    let is_unread = |o: OccId| cx.analysis.broken_includes.iter().any(|b| b.occ == o) || config.finds_nothing(o);
    let last_hash = config
        .own(http)
        .filter(|&o| matches!(config.occ(o).name, name::MAP_HASH_BUCKET_SIZE | name::MAP_HASH_MAX_SIZE) || is_unread(o))
        .last();
    match last_hash {
        Some(occ) => {
            let seen = config.seen_from(occ, file);
            (config.file(seen) == file).then(|| MapPlace::Behind(Place { file, span: config.directive(seen).span() }))
        }
        None => Some(MapPlace::StartOf(Place { file, span: config.directive(block).body()? })),
    }
}

/// The map that lets only WebSocket through: `Upgrade: h2c` is not tunnelled.
pub(super) fn map_edit(place: MapPlace, name: &str, ordinary: &str) -> Edit {
    // Thousands of findings write the same map: what can be shared is, and no list is longer than its lines.
    let mut lines: Vec<Line> = Vec::with_capacity(5);
    lines.push(match name {
        "connection_upgrade" => "map $http_upgrade $connection_upgrade {".into(),
        name => format!("map $http_upgrade ${name} {{").into(),
    });
    lines.push(match ordinary {
        "" => "    default   '';".into(),
        "close" => "    default   close;".into(),
        ordinary => format!("    default   {ordinary};").into(),
    });
    lines.extend(["    websocket upgrade;".into(), "}".into()]);
    match place {
        MapPlace::Behind(place) => Edit::InsertAfter(place, lines),
        MapPlace::StartOf(place) => {
            lines.push(Line::default());
            Edit::StartOfBlock(place, lines)
        }
    }
}
