//! Blocks of entries instead of directives: `map`, `geo`, `split_clients`.

use std::collections::HashMap;

use super::{Refusal, RefusalKind as Kind};
use crate::catalog::{VariableKind, Version, builtin_variable, name, stream_variable};
use crate::model::config::scope::{OccId, ScopeId, ScopeKind};
use crate::model::value::pattern::Pattern;
use crate::model::way::world::World;
use crate::syntax::address::is_network;

pub(super) fn check(world: &World<'_>, out: &mut Vec<Refusal>) {
    let config = world.config;
    for (id, occ) in world.lines.rare.iter().map(|&id| (id, config.occ(id))) {
        let Some(scope) = occ.opens() else { continue };
        let around = config.scope(occ.scope).kind;
        if !matches!(around, ScopeKind::Http | ScopeKind::Stream) || config.scope(scope).kind != ScopeKind::Entries {
            continue;
        }
        let last = config.args(id).len().saturating_sub(1);
        match occ.name {
            name::MAP => {
                target(world, id, 1, out);
                map(world, scope, out);
            }
            name::GEO => {
                target(world, id, last, out);
                geo(world, scope, around == ScopeKind::Stream, out);
            }
            name::CHARSET_MAP => charset_map(world, id, scope, out),
            name::SPLIT_CLIENTS => {
                target(world, id, 1, out);
                split_clients(world, id, scope, out);
            }
            _ => {}
        }
    }
}

/// The name of a variable that gets a value (`ngx_http_add_variable`).
pub(super) fn target(world: &World<'_>, occ: OccId, argument: usize, out: &mut Vec<Refusal>) {
    let Some(value) = world.config.arg(occ, argument) else { return };
    let shown = String::from_utf8_lossy(&value).into_owned();
    let text = match value.strip_prefix(b"$") {
        None | Some(b"") => format!("invalid variable name \"{shown}\""),
        Some(name) if is_fixed(name, world.config.scope(world.config.occ(occ).scope).outside_http) => {
            format!("the duplicate \"{}\" variable", &shown[1..])
        }
        Some(_) => return,
    };
    out.push(Refusal::new(occ, Kind::Value, text).at(argument));
}

/// Whether a variable of nginx's own cannot be defined anew. Nearly all of `stream`'s own can not.
pub(super) fn is_fixed(name: &[u8], in_stream: bool) -> bool {
    match in_stream {
        false => builtin_variable(name) == Some(VariableKind::Fixed),
        true => std::str::from_utf8(name)
            .is_ok_and(|n| stream_variable(n) && !n.starts_with("ssl_") && !n.starts_with("geoip_")),
    }
}

/// `ngx_http_map_block` and `ngx_http_map`.
fn map(world: &World<'_>, scope: ScopeId, out: &mut Vec<Refusal>) {
    let config = world.config;
    let mut default: Option<OccId> = None;
    let mut keys: HashMap<Vec<u8>, OccId> = HashMap::new();
    let mut hostnames = false;
    for line in config.own(scope) {
        let key = config.name_text(line).into_owned();
        let shown = String::from_utf8_lossy(&key).into_owned();
        match (key.as_slice(), config.args(line).len()) {
            (b"hostnames", 0) => hostnames = true,
            (b"volatile", 0) | (b"include", 1) => {}
            (b"default", 1) => match default {
                Some(first) => {
                    out.push(Refusal::new(line, Kind::Value, "duplicate default map parameter").beside(first))
                }
                None => default = Some(line),
            },
            (_, 1) if key.first() == Some(&b'~') => {
                let (text, caseless) = key.strip_prefix(b"~*").map_or((&key[1..], false), |t| (t, true));
                super::words::pattern(world, line, &Pattern::new(text, caseless), out);
            }
            (_, 1) => {
                let plain = key.strip_prefix(b"\\").unwrap_or(&key).to_ascii_lowercase();
                let written = plain.clone();
                let names = match hostnames {
                    true => hash_keys(&plain),
                    false => Some(vec![plain]),
                };
                let Some(names) = names else {
                    let text = format!("invalid hostname or wildcard \"{shown}\"");
                    out.push(Refusal::new(line, Kind::Value, text));
                    continue;
                };
                for name in names {
                    match keys.get(&name) {
                        Some(&first) => out.push(
                            Refusal::new(
                                line,
                                Kind::Value,
                                format!("conflicting parameter \"{}\"", String::from_utf8_lossy(&written)),
                            )
                            .beside(first),
                        ),
                        None => drop(keys.insert(name, line)),
                    }
                }
            }
            _ => out.push(Refusal::new(line, Kind::Value, "invalid number of the map parameters")),
        }
    }
    for block in config.blocks(scope) {
        out.push(Refusal::new(block, Kind::Value, "unexpected \"{\""));
    }
}

/// What a host name or wildcard takes in the hash (`ngx_hash_add_key`): `.a.b` is `a.b` and `*.a.b`.
/// `None` where it is neither.
pub(super) fn hash_keys(name: &[u8]) -> Option<Vec<Vec<u8>>> {
    let stars = name.iter().filter(|b| **b == b'*').count();
    if stars > 1 || name.windows(2).any(|w| w == b"..") {
        return None;
    }
    if let Some(rest) = name.strip_prefix(b".").filter(|rest| !rest.is_empty()) {
        return Some(vec![rest.to_vec(), [b"*.", rest].concat()]);
    }
    let wildcard = name.len() > 2 && (name.starts_with(b"*.") || name.ends_with(b".*"));
    (stars == 0 || wildcard).then(|| vec![name.to_vec()])
}

/// `ngx_http_geo`, `ngx_stream_geo`.
fn geo(world: &World<'_>, scope: ScopeId, in_stream: bool, out: &mut Vec<Refusal>) {
    let config = world.config;
    let (mut ranges, mut networks) = (false, 0);
    for line in config.own(scope) {
        let key = String::from_utf8_lossy(&config.name_text(line)).into_owned();
        let value = config.arg_text(line, 0);
        networks += usize::from(config.args(line).len() == 1 && !matches!(key.as_str(), "include" | "proxy"));
        let text = match (key.as_str(), config.args(line).len()) {
            ("ranges", 0) => {
                ranges = true;
                (networks > 0)
                    .then(|| "the \"ranges\" directive must be the first directive inside \"geo\" block".to_owned())
            }
            ("include" | "default", 1) => continue,
            // A parameter since 1.29.3 (CHANGES).
            ("volatile", 0) => {
                let text = "invalid number of the geo parameters";
                out.push(Refusal::new(line, Kind::Value, text).before(Version(1, 29, 3)));
                continue;
            }
            ("proxy_recursive", 0) if !in_stream => continue,
            ("proxy", 1) if !in_stream => (!is_network(&value)).then(|| format!("invalid network \"{value}\"")),
            ("delete", 1) if ranges => (!is_range(&value)).then(|| format!("invalid range \"{value}\"")),
            ("delete", 1) => (!is_network(&value)).then(|| format!("invalid network \"{value}\"")),
            (_, 1) if ranges => (!is_range(&key)).then(|| format!("invalid range \"{key}\"")),
            (_, 1) => (!is_network(&key)).then(|| format!("invalid network \"{key}\"")),
            _ => Some("invalid number of the geo parameters".to_owned()),
        };
        out.extend(text.map(|text| Refusal::new(line, Kind::Value, text)));
    }
}

/// `10.0.0.0-10.0.0.255`, the first not after the last (`ngx_http_geo_range`).
fn is_range(text: &str) -> bool {
    let ends = text.split_once('-').map(|(a, b)| (a.parse::<std::net::Ipv4Addr>(), b.parse::<std::net::Ipv4Addr>()));
    matches!(ends, Some((Ok(first), Ok(last))) if first <= last)
}

/// `ngx_http_split_clients`: shares of a hundred, with at most two decimals; `*` takes the rest.
fn split_clients(world: &World<'_>, block: OccId, scope: ScopeId, out: &mut Vec<Refusal>) {
    let config = world.config;
    let mut sum = 0;
    let mut too_much = false;
    for line in config.own(scope) {
        let key = String::from_utf8_lossy(&config.name_text(line)).into_owned();
        let share = if key == "*" { Some(0) } else { hundredths(&key).filter(|n| *n > 0) };
        let Some(share) = share else {
            out.push(Refusal::new(line, Kind::Value, format!("invalid percent value \"{key}\"")));
            continue;
        };
        sum = if share > 0 { sum + share } else { 10_000 };
        too_much |= sum > 10_000;
    }
    if too_much {
        out.push(Refusal::new(block, Kind::Value, "percent total is greater than 100%"));
    }
}

/// `ngx_atofp` with two decimals, before a `%`.
fn hundredths(text: &str) -> Option<u32> {
    let text = text.strip_suffix('%')?;
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if text.is_empty() || !digits(whole) || !digits(decimals) || decimals.len() > 2 {
        return None;
    }
    format!("{whole}{decimals:0<2}").parse().ok()
}

/// `ngx_http_charset_map`: bytes in hexadecimal, for `utf-8` the bytes of one character.
fn charset_map(world: &World<'_>, block: OccId, scope: ScopeId, out: &mut Vec<Refusal>) {
    let config = world.config;
    let utf8 = config.arg_text(block, 1).eq_ignore_ascii_case("utf-8");
    for line in config.own(scope) {
        let key = String::from_utf8_lossy(&config.name_text(line)).into_owned();
        if config.args(line).len() != 1 {
            out.push(Refusal::new(line, Kind::Value, "invalid parameters number"));
            continue;
        }
        let value = config.arg_text(line, 0);
        let byte = |t: &str| t.len() <= 2 && u8::from_str_radix(t, 16).is_ok();
        let fine = if utf8 { is_hex_character(&value) } else { byte(&value) };
        if let Some(wrong) = (!byte(&key)).then_some(key).or((!fine).then_some(value)) {
            out.push(Refusal::new(line, Kind::Value, format!("invalid value \"{wrong}\"")));
        }
    }
}

fn is_hex_character(text: &str) -> bool {
    let bytes: Option<Vec<u8>> = (0..text.len())
        .step_by(2)
        .map(|i| text.get(i..i + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect();
    let decoded = bytes.and_then(|b| String::from_utf8(b).ok());
    decoded.is_some_and(|t| t.chars().count() == 1)
}
