//! Values that nginx checks when it reads them: each check names the function it follows.

use foldhash::{HashMap, HashSet};

use super::host::is_impossible;
use super::{Refusal, RefusalKind as Kind};
use crate::catalog::{Version, name};
use crate::model::config::lines::Lines;
use crate::model::config::scope::{OccId, ScopeId, ScopeKind};
use crate::model::value::rewrite::{Condition, Return, RewriteFlag};
use crate::model::way::route::{Location, Matcher, locations_in};
use crate::model::way::world::World;
use crate::syntax::address::{Address, Target, Use};
use crate::syntax::word;

pub(super) fn check(world: &World<'_>, lines: &Lines, out: &mut Vec<Refusal>) {
    let config = world.config;
    let refused = super::refused(out);
    let relevant = |id: &OccId| {
        let kind = config.scope(config.occ(*id).scope).kind;
        (!super::is_opaque(kind) && !refused.contains(id)).then_some(kind)
    };
    for &id in &lines.distinct {
        if relevant(&id).is_none() {
            continue;
        }
        match config.occ(id).name {
            name::SET => super::entries::target(world, id, 0, out),
            _ if config.scope(config.occ(id).scope).outside_http => {}
            name::PROXY_PASS => proxy_pass(world, id, out),
            name::PROXY_HTTP_VERSION => http_version(world, id, out),
            name::IF => condition(world, id, out),
            name::RETURN => return_code(world, id, out),
            name::REWRITE => invalid(world, id, |a| RewriteFlag::parse(a).is_none(), "invalid parameter", out),
            name::LOCATION => location(world, id, out),
            name::LIMIT_EXCEPT => limit_except(world, id, out),
            name::AUTH_REQUEST_SET => super::entries::target(world, id, 0, out),
            _ => {}
        }
    }
    // What the block around a line decides, too.
    let refused = super::refused(out);
    let relevant = |id: &OccId| {
        let kind = config.scope(config.occ(*id).scope).kind;
        (!super::is_opaque(kind) && !refused.contains(id)).then_some(kind)
    };
    for &id in &lines.fresh {
        let around = matches!(
            config.occ(id).name,
            name::LOCATION | name::ROOT | name::ALIAS | name::PROXY_PASS | name::PROXY_REDIRECT
        );
        let Some(kind) = around.then(|| relevant(&id)).flatten() else { continue };
        match config.occ(id).name {
            name::LOCATION if kind == ScopeKind::Location => nested_location(world, id, out),
            name::ROOT | name::ALIAS => root_and_alias(world, id, out),
            name::PROXY_REDIRECT if !kind.is_outside_http() => default_redirect(world, id, out),
            name::PROXY_PASS if !kind.is_outside_http() => uri_not_allowed(world, id, out),
            _ => {}
        }
    }
    duplicate_locations(world, out);
}

fn invalid(world: &World<'_>, occ: OccId, wrong: impl Fn(&[Vec<u8>]) -> bool, text: &str, out: &mut Vec<Refusal>) {
    let args = world.config.words(occ);
    if wrong(&args) {
        let shown = String::from_utf8_lossy(&args.last().cloned().unwrap_or_default()).into_owned();
        out.push(Refusal::new(occ, Kind::Value, format!("{text} \"{shown}\"")));
    }
}

/// `ngx_http_rewrite_if_condition`: nginx shows the words without the brackets that it has passed.
fn condition(world: &World<'_>, occ: OccId, out: &mut Vec<Refusal>) {
    let args = world.config.words(occ);
    if Condition::parse(&args).is_some() {
        return;
    }
    let shown = |word: &[u8]| String::from_utf8_lossy(word).into_owned();
    let mut words: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
    let said = match words.first().map(|w| w.strip_prefix(b"(")) {
        None => return,
        Some(None) => format!("invalid condition \"{}\"", shown(words[0])),
        Some(Some(rest)) => {
            words[0] = rest;
            match words.last().copied().and_then(|w| w.strip_suffix(b")")) {
                None => format!("invalid condition \"{}\"", words.last().map_or(String::new(), |w| shown(w))),
                Some(rest) => {
                    let last = words.len() - 1;
                    words[last] = rest;
                    // A lone `)` in front of nothing is what nginx takes for the subject.
                    let subject = words.iter().find(|w| !w.is_empty()).map_or(")".to_owned(), |w| shown(w));
                    let rest: Vec<&[u8]> = words.iter().copied().filter(|w| !w.is_empty()).skip(1).collect();
                    match rest.as_slice() {
                        [operator, _] if subject.len() > 1 && subject.starts_with('$') => {
                            format!("unexpected \"{}\" in condition", shown(operator))
                        }
                        _ => format!("invalid condition \"{subject}\""),
                    }
                }
            }
        }
    };
    let refusal = Refusal::new(occ, Kind::Value, said);
    // The operator stands before the last word.
    let operator = args.len().checked_sub(2).filter(|_| refusal.text.starts_with("unexpected"));
    out.push(match operator {
        Some(at) => refusal.at(at),
        None => refusal,
    });
}

/// `ngx_http_rewrite_return`: a lone argument may be a URL.
fn return_code(world: &World<'_>, occ: OccId, out: &mut Vec<Refusal>) {
    if Return::parse(&world.config.words(occ)).is_none() {
        let code = world.config.arg_text(occ, 0);
        out.push(Refusal::new(occ, Kind::Value, format!("invalid return code \"{code}\"")).at(0));
    }
}

/// `ngx_http_proxy_pass` and `ngx_parse_url`.
fn proxy_pass(world: &World<'_>, occ: OccId, out: &mut Vec<Refusal>) {
    let config = world.config;
    if config.arg(occ, 0).is_none_or(|url| word::has_variables(&url)) {
        return;
    }
    let target = config.target(occ);
    if !target.is_http() {
        let websocket = ["ws", "wss"].iter().any(|s| target.scheme().eq_ignore_ascii_case(s));
        let kind = if websocket { Kind::WebSocketScheme } else { Kind::Value };
        out.push(Refusal::new(occ, kind, "invalid URL prefix").at(0));
        return;
    }
    let rest = target.rest();
    let refuse = |text: String| Refusal::new(occ, Kind::Value, text).at(0);
    match Address::parse(&rest, Use::ProxyPass) {
        Err(said) => out.push(refuse(format!("{said} in upstream \"{rest}\""))),
        Ok(Address { host, .. }) if never_resolves(world, &host) => {
            out.push(refuse(format!("host not found in upstream \"{rest}\"")));
        }
        Ok(Address { host, ports: Some((port, _)) }) => {
            let host = host.to_ascii_lowercase();
            if let Some(upstream) = world.upstream(&host) {
                out.push(refuse(format!("upstream \"{host}\" may not have port {port}")).beside(upstream));
            }
        }
        Ok(_) => {}
    }
}

/// A name that no resolver knows and no `upstream` has. In a fragment an `upstream` may be elsewhere: there
/// only what is plainly a slip counts.
fn never_resolves(world: &World<'_>, host: &str) -> bool {
    let whole = world.is_root && !world.is_open();
    let slip = host.is_ascii() || host.contains(|c: char| ('\u{ff00}'..='\u{ffef}').contains(&c));
    (whole || slip) && is_impossible(host) && world.upstream(&host.to_ascii_lowercase()).is_none()
}

/// `ngx_http_proxy_pass`, of where it stands.
fn uri_not_allowed(world: &World<'_>, occ: OccId, out: &mut Vec<Refusal>) {
    let Some(url) = world.config.arg(occ, 0) else { return };
    if word::has_variables(&url) || Target::of(url).uri().is_empty() || !no_uri_allowed(world, occ) {
        return;
    }
    let text = "\"proxy_pass\" cannot have URI part in location given by regular expression, or inside named location, or inside \"if\" statement, or inside \"limit_except\" block";
    out.push(Refusal::new(occ, Kind::Value, text).at(0));
}

fn no_uri_allowed(world: &World<'_>, occ: OccId) -> bool {
    let config = world.config;
    let scope = config.occ(occ).scope;
    match config.scope(scope).kind {
        ScopeKind::LocationIf | ScopeKind::LimitExcept => true,
        ScopeKind::Location => config
            .scope(scope)
            .opened_by
            .and_then(|o| Location::read(config, o))
            .is_some_and(|l| matches!(l.matcher, Matcher::Regex(_) | Matcher::Named(_))),
        _ => false,
    }
}

/// An enumeration: `1.0`, `1.1`, and `2` since 1.29.4.
fn http_version(world: &World<'_>, occ: OccId, out: &mut Vec<Refusal>) {
    let Some(value) = world.config.arg(occ, 0) else { return };
    let text = format!("invalid value \"{}\"", String::from_utf8_lossy(&value));
    match &*value {
        b"1.0" | b"1.1" => {}
        b"2" => out.push(Refusal::new(occ, Kind::HttpVersion, text).at(0).before(Version::PROXY_HTTP2)),
        _ => out.push(Refusal::new(occ, Kind::HttpVersion, text).at(0)),
    }
}

/// `ngx_http_core_location`: modifiers.
fn location(world: &World<'_>, occ: OccId, out: &mut Vec<Refusal>) {
    let config = world.config;
    let known = match config.arg(occ, 0) {
        Some(modifier) if config.args(occ).len() == 2 => matches!(&*modifier, b"=" | b"^~" | b"~" | b"~*"),
        _ => return,
    };
    if config.is_block(occ) && !known {
        let text = format!("invalid location modifier \"{}\"", config.arg_text(occ, 0));
        out.push(Refusal::new(occ, Kind::Value, text).at(0));
    }
}

/// `ngx_http_core_location`: what may stand within what.
fn nested_location(world: &World<'_>, occ: OccId, out: &mut Vec<Refusal>) {
    let config = world.config;
    let Some(location) = Location::read(config, occ) else { return };
    let scope = config.occ(occ).scope;
    let Some(outer) = config.scope(scope).opened_by.and_then(|o| Location::read(config, o)) else { return };
    // A placeholder is named as it stands.
    let named = |l: &Location| {
        let last = config.args(l.occ).len().saturating_sub(1);
        if config.is_templated(l.occ) { config.arg_shown(l.occ, last) } else { l.text() }
    };
    let (inner_text, outer_text) = (named(&location), named(&outer));
    let text = match (&outer.matcher, &location.matcher) {
        (Matcher::Exact(_), _) => {
            format!("location \"{inner_text}\" cannot be inside the exact location \"{outer_text}\"")
        }
        (Matcher::Named(_), _) => {
            format!("location \"{inner_text}\" cannot be inside the named location \"{outer_text}\"")
        }
        (_, Matcher::Named(_)) => format!("named location \"{inner_text}\" can be on the server level only"),
        (_, Matcher::Regex(_)) => return,
        _ if location.text().starts_with(&outer.text()) => return,
        _ => format!("location \"{inner_text}\" is outside location \"{outer_text}\""),
    };
    out.push(Refusal::new(occ, Kind::Value, text).beside(outer.occ));
}

/// `ngx_http_init_static_location_trees`: two of the same name.
fn duplicate_locations(world: &World<'_>, out: &mut Vec<Refusal>) {
    let config = world.config;
    // Thousands of servers have the same few locations: a list that is right once is right again.
    let mut right: HashSet<Vec<OccId>> = HashSet::default();
    let mut list = Vec::new();
    for (scope, facts) in config.scopes() {
        if !matches!(facts.kind, ScopeKind::Server | ScopeKind::Location) || config.blocks(scope).next().is_none() {
            continue;
        }
        list.clear();
        let locations = config.blocks(scope).filter(|&o| config.occ(o).name == name::LOCATION);
        list.extend(locations.filter_map(|o| config.occ(o).opens()).map(|s| world.lines.head(s)));
        if right.contains(&list) {
            continue;
        }
        let before = out.len();
        duplicates_in(world, scope, out);
        if out.len() == before {
            right.insert(list.clone());
        }
    }
}

fn duplicates_in(world: &World<'_>, scope: ScopeId, out: &mut Vec<Refusal>) {
    let mut seen: HashMap<(bool, Vec<u8>), OccId> = HashMap::default();
    for location in locations_in(world.config, scope) {
        let key = match &location.matcher {
            Matcher::Exact(path) => (true, path.clone()),
            Matcher::Prefix(path, _) => (false, path.clone()),
            _ => continue,
        };
        match seen.get(&key) {
            Some(&first) => {
                let text = format!("duplicate location \"{}\"", String::from_utf8_lossy(&key.1));
                out.push(Refusal::new(location.occ, Kind::Value, text).beside(first));
            }
            None => drop(seen.insert(key, location.occ)),
        }
    }
}

/// `ngx_http_proxy_redirect`: the default is made of the `proxy_pass` above it.
fn default_redirect(world: &World<'_>, occ: OccId, out: &mut Vec<Refusal>) {
    let config = world.config;
    if config.args(occ).len() != 1 || config.arg_text(occ, 0) != "default" {
        return;
    }
    let scope = config.occ(occ).scope;
    if config.scope(scope).unresolved {
        return;
    }
    let above = config.own_named(scope, name::PROXY_PASS).take_while(|&pass| pass < occ).last();
    let wrong = match above {
        None => "\"proxy_redirect default\" should be placed after the \"proxy_pass\" directive",
        Some(pass) if config.arg(pass, 0).is_some_and(|url| url.contains(&b'$')) => {
            "\"proxy_redirect default\" cannot be used with \"proxy_pass\" directive with variables"
        }
        Some(_) => return,
    };
    out.push(Refusal::new(occ, Kind::Value, wrong));
}

/// `ngx_http_core_limit_except`.
fn limit_except(world: &World<'_>, occ: OccId, out: &mut Vec<Refusal>) {
    const METHODS: [&str; 14] = [
        "GET",
        "HEAD",
        "POST",
        "PUT",
        "DELETE",
        "MKCOL",
        "COPY",
        "MOVE",
        "OPTIONS",
        "PROPFIND",
        "PROPPATCH",
        "LOCK",
        "UNLOCK",
        "PATCH",
    ];
    for i in 0..world.config.args(occ).len() {
        let method = world.config.arg_text(occ, i);
        if !METHODS.iter().any(|m| m.eq_ignore_ascii_case(&method)) {
            out.push(Refusal::new(occ, Kind::Value, format!("invalid method \"{method}\"")).at(i));
        }
    }
}

/// `ngx_http_core_root`: one of the two at a level.
fn root_and_alias(world: &World<'_>, occ: OccId, out: &mut Vec<Refusal>) {
    let config = world.config;
    let own = config.occ(occ);
    let location = config.scope(own.scope).opened_by.and_then(|o| Location::read(config, o));
    if own.name == name::ALIAS && location.is_some_and(|l| matches!(l.matcher, Matcher::Named(_))) {
        let text = "the \"alias\" directive cannot be used inside the named location";
        out.push(Refusal::new(occ, Kind::Value, text));
    }
    let earlier = config
        .own(own.scope)
        .take_while(|o| *o < occ)
        .find(|o| matches!(config.occ(*o).name, name::ROOT | name::ALIAS));
    if let Some(first) = earlier.filter(|o| config.occ(*o).name != own.name) {
        let (now, before) = (own.name.as_str(), config.occ(first).name.as_str());
        let text = format!("\"{now}\" directive is duplicate, \"{before}\" directive was specified earlier");
        out.push(Refusal::new(occ, Kind::Value, text).beside(first));
    }
}
