//! What has to be written for an endpoint so that its handshake succeeds, and nothing else changes.

use super::Context;
use crate::catalog::near;
use crate::catalog::{Version, name};
use crate::diagnostic::{Applicability, Edit, Fix, Line};
use crate::i18n::Text;
use crate::model::analysis::Versions;
use crate::model::config::inherit::Found;
use crate::model::value::variable::Definer;
use crate::model::way::endpoint::Endpoint;
use crate::model::{Browser, Config, OccId, ScopeId, ScopeKind, Value, value::request::Request};
use crate::source::Place;
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

/// The lines that an endpoint lacks, with all that belongs to them. `None` where they cannot be
/// added: an include that could not be read, a file that must not be changed, headers that no text
/// can repeat.
pub(super) fn complete(cx: &Context<'_>, endpoint: &Endpoint) -> Option<Fix> {
    let config = cx.config();
    let level = config.settings_level(endpoint.scope);
    let closed = config.scope(level).unresolved || !cx.writable(config.file(config.scope(level).opened_by?));
    if closed || !says_what_the_client_asks(cx) {
        return None;
    }
    let sent = endpoint.forwarded(&cx.analysis.world, cx.analysis.version);
    let lacks_upgrade = !sent.tokens("Upgrade").0.iter().any(|t| t == "websocket");
    let lacks_connection = !sent.tokens("Connection").0.iter().any(|t| t == "upgrade");
    let lacks_version = sent.http_version.known().is_some_and(|v| v != b"1.1");
    let mut edits = Vec::new();
    let mut lines = Vec::new();
    let mut note = None;
    let mut applicability = Applicability::Safe;
    if lacks_version {
        match config.effective(level, name::PROXY_HTTP_VERSION) {
            Found::At(occ, true) if config.file(occ) == config.file(config.scope(level).opened_by?) => {
                edits.push(Edit::Replace(config.arg_place(occ, 0), "1.1".to_owned()));
            }
            // A second `proxy_http_version` beside an included one is a duplicate.
            Found::At(_, true) | Found::Unknown => return None,
            _ => lines.push("proxy_http_version 1.1;".into()),
        }
        if streams_bodies(config, level) {
            applicability = Applicability::Unsafe;
            note = Some(streaming_note());
        }
    }
    let shadowing = outer_headers(cx, endpoint, lacks_upgrade || lacks_connection);
    if lacks_upgrade || lacks_connection {
        let list = config.effective_list(level, name::PROXY_SET_HEADER).0;
        // Own headers stay as they are; inherited ones would be lost, so they are repeated.
        if let Some(outer) = list.filter(|&l| l != level) {
            for occ in config.own_named(outer, name::PROXY_SET_HEADER) {
                let header = config.arg_text(occ, 0);
                let replaced = (lacks_upgrade && header.eq_ignore_ascii_case("Upgrade"))
                    || (lacks_connection && header.eq_ignore_ascii_case("Connection"));
                if !replaced {
                    lines.push(header_line(config, occ)?.into());
                }
            }
        }
        if lacks_upgrade {
            let from_outer = shadowing
                .iter()
                .find(|o| config.arg_text(**o, 0).eq_ignore_ascii_case("Upgrade"))
                .and_then(|&o| header_line(config, o));
            lines.push(from_outer.map_or("proxy_set_header Upgrade $http_upgrade;".into(), Line::from));
        }
        if lacks_connection {
            if let Some(own) = config
                .own_named(level, name::PROXY_SET_HEADER)
                .filter(|&o| config.arg_text(o, 0).eq_ignore_ascii_case("Connection"))
                .last()
            {
                // `Connection ""` at this level: its value is replaced, a second line would stand beside it.
                let connection = connection(cx, &[endpoint])?;
                if !cx.writable(config.file(own)) || config.args(own).len() != 2 {
                    return None;
                }
                edits.push(Edit::Replace(config.arg_place(own, 1), connection.value));
                edits.extend(connection.map);
            } else {
                let from_outer = shadowing
                    .iter()
                    .find(|o| config.arg_text(**o, 0).eq_ignore_ascii_case("Connection"))
                    .and_then(|&o| header_line(config, o));
                match from_outer {
                    Some(line) => lines.push(line.into()),
                    None => {
                        let connection = connection(cx, &[endpoint])?;
                        lines.push(format!("proxy_set_header Connection {};", connection.value).into());
                        if connection.value == "\"upgrade\"" && note.is_none() {
                            note = Some(literal_note());
                        }
                        edits.extend(connection.map);
                    }
                }
            }
        }
        match protect_subrequests(cx, level) {
            Some(more) => edits.extend(more),
            None => {
                applicability = Applicability::Unsafe;
                note = Some(text!(
                    "an `auth_request` or `mirror` target in there would inherit the headers",
                    "其中的 `auth_request` 或 `mirror` 目标会继承这些头"
                ));
            }
        }
    }
    lines.extend(cache_lines(config, level)?);
    if !lines.is_empty() {
        edits.push(Edit::InsertAfter(anchor(config, level)?, lines));
    }
    if edits.is_empty() {
        return None;
    }
    // There may be one for each of tens of thousands of places.
    edits.shrink_to_fit();
    let title = text!("add what the handshake needs to this level", "在这一层补上握手所需的指令");
    Some(Fix { title, applicability, note, edits })
}

/// Why a fix that adds HTTP/1.1 beside `proxy_request_buffering off` is unsafe.
pub(super) fn streaming_note() -> Text {
    text!(
        "with `proxy_request_buffering off`, HTTP/1.1 sends request bodies in chunks, which a backend may not expect",
        "在 `proxy_request_buffering off` 下,HTTP/1.1 会以分块方式发送请求体,后端可能不接受"
    )
}

/// What a map would do better than the literal.
pub(super) fn literal_note() -> Text {
    text!(
        "without the root configuration there is no place for a map; a map on `$http_upgrade` in `http` would keep ordinary requests free of `Connection: upgrade`",
        "没有主配置,无处放置 map;若在 `http` 中用 `$http_upgrade` 做 map,普通请求就不会带上 `Connection: upgrade`"
    )
}

/// Whether request bodies are passed on while they arrive.
pub(super) fn streams_bodies(config: Config<'_>, level: ScopeId) -> bool {
    matches!(config.effective(level, name::PROXY_REQUEST_BUFFERING).occ(), Some(o) if config.arg(o, 0).as_deref() == Some(b"off"))
}

/// The handshake headers of an outer level that this level's own headers drop, if they are right.
fn outer_headers(cx: &Context<'_>, endpoint: &Endpoint, wanted: bool) -> Vec<OccId> {
    let config = cx.config();
    if !wanted {
        return Vec::new();
    }
    for level in config.shadowed_header_levels(endpoint.scope) {
        let found: Vec<OccId> =
            config.own_named(level, name::PROXY_SET_HEADER).filter(|&o| opens(cx, endpoint, o)).collect();
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

/// Whether a header has the value that a handshake needs, and is no `Upgrade` that ordinary requests
/// would then send, too.
fn opens(cx: &Context<'_>, endpoint: &Endpoint, occ: OccId) -> bool {
    let config = cx.config();
    let header = config.arg_text(occ, 0).to_ascii_lowercase();
    let token = match header.as_str() {
        "upgrade" => "websocket",
        "connection" => "upgrade",
        _ => return false,
    };
    let Some(value) = config.arg(occ, 1) else { return false };
    let world = &cx.analysis.world;
    let mut handshake = world.variables_at(endpoint.scope, Browser::Firefox);
    let mut ordinary = world.variables_for(endpoint.scope, Request::ordinary());
    let purpose = crate::model::value::eval::Purpose::Header;
    let right = handshake.value(&value, purpose).display().is_some_and(|v| near::has_token(&v, token));
    right && (header == "connection" || ordinary.value(&value, purpose) == Value::EMPTY)
}

/// A `proxy_set_header` as it stands, on one line.
pub(super) fn header_line(config: Config<'_>, occ: OccId) -> Option<String> {
    let bytes = config.raw(occ);
    let words: Option<Vec<&str>> =
        config.args(occ).iter().map(|w| std::str::from_utf8(&bytes[w.span().range()]).ok()).collect();
    let words = words.filter(|w| w.len() == 2 && !w.iter().any(|w| w.contains('\n')))?;
    Some(format!("proxy_set_header {};", words.join(" ")))
}

/// The line behind which new ones belong: the level's last own `proxy_set_header`, else its
/// `proxy_pass`, else the include that holds them; all as seen from the file of the block.
pub(super) fn anchor(config: Config<'_>, level: ScopeId) -> Option<Place> {
    let block = config.scope(level).opened_by?;
    let file = config.file(block);
    let direct = |wanted| {
        config.own_named(level, wanted).filter(|&o| config.file(o) == file && in_block(config, o, block)).last()
    };
    let found = direct(name::PROXY_SET_HEADER).or_else(|| direct(name::PROXY_PASS)).or_else(|| {
        let any = config
            .own_named(level, name::PROXY_PASS)
            .last()
            .or_else(|| config.own_named(level, name::PROXY_SET_HEADER).last())?;
        Some(config.seen_from(any, file)).filter(|&o| config.file(o) == file && in_block(config, o, block))
    });
    match found {
        Some(occ) => Some(Place { file, span: config.directive(occ).span() }),
        None => config.directive(block).children().last().map(|d| Place { file, span: d.span() }),
    }
}

fn in_block(config: Config<'_>, occ: OccId, block: OccId) -> bool {
    let body = config.directive(block).span();
    let at = config.directive(occ).span();
    body.start <= at.start && at.end <= body.end
}

/// A cache must neither answer a handshake nor keep its answer.
pub(super) fn cache_lines(config: Config<'_>, level: ScopeId) -> Option<Vec<Line>> {
    let on = matches!(config.effective(level, name::PROXY_CACHE).occ(), Some(o) if config.arg(o, 0).as_deref() != Some(b"off"));
    let mut lines = Vec::new();
    if !on {
        return Some(lines);
    }
    for directive in [name::PROXY_CACHE_BYPASS, name::PROXY_NO_CACHE] {
        let list = config.effective_list(level, directive).0;
        let mut has = false;
        for occ in list.into_iter().flat_map(|l| config.own_named(l, directive)) {
            has |= (0..config.args(occ).len()).any(|i| config.arg_text(occ, i).eq_ignore_ascii_case("$http_upgrade"));
            if list != Some(level) {
                let bytes = config.raw(occ);
                let words: Option<Vec<&str>> =
                    config.args(occ).iter().map(|w| std::str::from_utf8(&bytes[w.span().range()]).ok()).collect();
                lines.push(format!("{} {};", directive.as_str(), words?.join(" ")).into());
            }
        }
        if has {
            lines.retain(|l| !l.starts_with(directive.as_str()));
        } else {
            lines.push(format!("{} $http_upgrade;", directive.as_str()).into());
        }
    }
    Some(lines)
}

/// Subrequest targets within a level that would inherit its new headers get their present ones as
/// their own. `None` where a target is not known.
fn protect_subrequests(cx: &Context<'_>, level: ScopeId) -> Option<Vec<Edit>> {
    let config = cx.config();
    let mut edits = Vec::new();
    let (targets, all_known) = cx.subrequest_targets();
    let inside = |s: ScopeId| s != level && config.outward(s).any(|o| o == level);
    let has_inner = config.blocks(level).any(|o| config.occ(o).name == name::LOCATION);
    if has_inner && !all_known {
        return None;
    }
    for &target in targets.iter().filter(|&&t| inside(t)) {
        let inherits = config.effective_list(target, name::PROXY_SET_HEADER).0.is_none_or(|l| l == level || !inside(l));
        if !inherits || !config.has(target, name::PROXY_PASS) {
            continue;
        }
        let present = config.effective_list(target, name::PROXY_SET_HEADER).0;
        let mut lines: Vec<Line> = Vec::new();
        for occ in present.into_iter().flat_map(|l| config.own_named(l, name::PROXY_SET_HEADER)) {
            lines.push(header_line(config, occ)?.into());
        }
        if lines.is_empty() {
            // Any header of its own keeps the outer ones out; this one says what nginx sends anyway.
            lines.push("proxy_set_header Host $proxy_host;".into());
        }
        edits.push(Edit::InsertAfter(anchor(config, target)?, lines));
    }
    Some(edits)
}

/// What ordinary requests send as `Connection` at an endpoint today; empty is none.
pub(super) fn ordinary_connection(cx: &Context<'_>, endpoint: &Endpoint) -> String {
    let config = cx.config();
    let level = config.effective_list(endpoint.scope, name::PROXY_SET_HEADER).0;
    let set = level.and_then(|l| {
        config
            .own_named(l, name::PROXY_SET_HEADER)
            .filter(|&o| config.arg_text(o, 0).eq_ignore_ascii_case("connection"))
            .last()
    });
    if let Some(occ) = set {
        let mut vars = cx.analysis.world.variables_for(endpoint.scope, Request::ordinary());
        let value =
            config.arg(occ, 1).map_or(Value::Unknown, |v| vars.value(&v, crate::model::value::eval::Purpose::Header));
        return match value.display().map(|v| v.trim().to_ascii_lowercase()) {
            // What a variable leaves empty was not meant to be.
            Some(v) if v.is_empty() && config.arg(occ, 1).is_some_and(|w| !w.is_empty()) => {
                unset_connection(cx, endpoint)
            }
            Some(v) if v.is_empty() || v == "close" || v == "keep-alive" => v,
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
/// would end that.
fn pools(cx: &Context<'_>, endpoint: &Endpoint) -> bool {
    let config = cx.config();
    let url = config.arg_text(endpoint.pass, 0);
    let host = url.split_once("://").map_or("", |(_, r)| r).split(['/', ':']).next().unwrap_or("").to_owned();
    match cx.analysis.versions {
        Versions::ALL => cx.analysis.world.upstream(&host).is_some(),
        _ => cx.analysis.version >= Version::MODERN_PROXY,
    }
}

/// The value for `Connection` at endpoints that share it.
pub(super) fn connection(cx: &Context<'_>, endpoints: &[&Endpoint]) -> Option<Connection> {
    if !says_what_the_client_asks(cx) {
        return None;
    }
    let literal = || Connection { value: "\"upgrade\"".to_owned(), map: None };
    let ordinary = endpoints.first().map_or_else(|| "close".to_owned(), |e| ordinary_connection(cx, e));
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
    let last_hash = config
        .own(http)
        .filter(|&o| matches!(config.occ(o).name, name::MAP_HASH_BUCKET_SIZE | name::MAP_HASH_MAX_SIZE))
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
    let default = if ordinary.is_empty() { "''" } else { ordinary };
    let mut lines: Vec<Line> = vec![
        format!("map $http_upgrade ${name} {{").into(),
        format!("    default   {default};").into(),
        "    websocket upgrade;".into(),
        "}".into(),
    ];
    match place {
        MapPlace::Behind(place) => Edit::InsertAfter(place, lines),
        MapPlace::StartOf(place) => {
            lines.push(Line::default());
            Edit::StartOfBlock(place, lines)
        }
    }
}
