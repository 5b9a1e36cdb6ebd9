//! Names that one directive defines and others use: shared memory, caches, log formats.

use std::collections::{HashMap, HashSet};

use super::{Refusal, RefusalKind as Kind};
use crate::catalog::NameSet;
use crate::model::config::lines::Lines;
use crate::model::config::scope::{OccId, ScopeKind};
use crate::model::way::world::World;
use crate::syntax::word;

/// The smallest zone: eight pages of 4k (`8 * ngx_pagesize`).
pub(super) const SMALLEST: u64 = 8 * 4096;

/// The directives that are looked at.
const DIRECTIVES: [&str; 10] = [
    "limit_req_zone",
    "limit_conn_zone",
    "proxy_cache_path",
    "fastcgi_cache_path",
    "limit_req",
    "limit_conn",
    "proxy_cache",
    "zone",
    "log_format",
    "access_log",
];

pub(super) fn check(world: &World<'_>, lines: &Lines, out: &mut Vec<Refusal>) {
    let mut zones = Zones::default();
    let mut formats: HashMap<String, Option<OccId>> = HashMap::from([("combined".to_owned(), None)]);
    let config = world.config;
    let ours = NameSet::of(|n| DIRECTIVES.contains(&n));
    let of_interest = lines.fresh.iter().map(|&id| (id, config.occ(id))).filter(|(_, o)| ours.has(o.name));
    for (id, occ) in of_interest {
        let kind = config.scope(occ.scope).kind;
        if super::is_opaque(kind) || config.scope(occ.scope).outside_http {
            continue;
        }
        match occ.name.as_str() {
            "limit_req_zone" | "limit_conn_zone" | "proxy_cache_path" | "fastcgi_cache_path" => {
                zones.define(world, id, out)
            }
            "limit_req" => zones.used.extend(parameter(world, id, "zone=").map(|n| (n, id))),
            "limit_conn" => {
                zones.used.push((config.arg_text(id, 0), id));
                let number = config.arg_text(id, 1);
                if !number.bytes().all(|b| b.is_ascii_digit()) || !number.parse::<u32>().is_ok_and(|n| n > 0) {
                    out.push(
                        Refusal::new(id, Kind::Value, format!("invalid number of connections \"{number}\"")).at(1),
                    );
                }
            }
            "proxy_cache" => zones.caches.push(id),
            "zone" if kind == ScopeKind::Upstream => upstream_zone(world, id, out),
            "log_format" => log_format(world, id, &mut formats, out),
            "access_log" => access_log(world, id, &formats, out),
            _ => {}
        }
    }
    if !world.is_open() {
        zones.undefined(world, out);
    }
}

#[derive(Default)]
struct Zones {
    /// Names with the kind of directive that gave them a size.
    defined: HashMap<String, OccId>,
    used: Vec<(String, OccId)>,
    caches: Vec<OccId>,
}

fn parameter(world: &World<'_>, occ: OccId, prefix: &str) -> Option<String> {
    world.config.texts(occ).iter().find_map(|t| Some(t.strip_prefix(prefix)?.to_owned()))
}

impl Zones {
    /// `zone=name:size` and `keys_zone=name:size`.
    fn define(&mut self, world: &World<'_>, occ: OccId, out: &mut Vec<Refusal>) {
        let prefix = if world.config.occ(occ).name.as_str().ends_with("_path") { "keys_zone=" } else { "zone=" };
        let Some(value) = parameter(world, occ, prefix) else { return };
        let Some((name, size)) = value.split_once(':') else { return };
        match word::size(size.as_bytes()) {
            None => out.push(Refusal::new(occ, Kind::Value, format!("invalid zone size \"{prefix}{value}\""))),
            Some(size) if size < SMALLEST => {
                out.push(Refusal::new(occ, Kind::Value, format!("zone \"{prefix}{value}\" is too small")))
            }
            Some(_) => {}
        }
        match self.defined.get(name) {
            Some(&first) => {
                let text = format!("the zone \"{name}\" is already bound");
                out.push(Refusal::new(occ, Kind::Value, text).beside(first));
            }
            None => drop(self.defined.insert(name.to_owned(), occ)),
        }
    }

    fn undefined(&self, world: &World<'_>, out: &mut Vec<Refusal>) {
        for (name, occ) in &self.used {
            if !self.defined.contains_key(name) {
                out.push(Refusal::new(*occ, Kind::Value, format!("zero size shared memory zone \"{name}\"")));
            }
        }
        let config = world.config;
        let mut told = HashSet::new();
        for &occ in &self.caches {
            let name = config.arg_text(occ, 0);
            let variable = word::has_variables(name.as_bytes());
            if name != "off" && !variable && !self.defined.contains_key(&name) && told.insert(name.clone()) {
                out.push(Refusal::new(occ, Kind::Value, format!("\"proxy_cache\" zone \"{name}\" is unknown")).at(0));
            }
        }
    }
}

/// `ngx_http_upstream_zone`: without a size, the zone has to be that of another upstream.
fn upstream_zone(world: &World<'_>, occ: OccId, out: &mut Vec<Refusal>) {
    let config = world.config;
    let name = config.arg_text(occ, 0);
    let Some(size) = config.arg(occ, 1) else {
        let elsewhere = config.occs().any(|(id, o)| {
            o.name == config.occ(occ).name && config.args(id).len() == 2 && config.arg_text(id, 0) == name
        });
        if !elsewhere && !world.is_open() {
            out.push(Refusal::new(occ, Kind::Value, format!("zero size shared memory zone \"{name}\"")));
        }
        return;
    };
    match word::size(&size) {
        None => {
            let text = format!("invalid zone size \"{}\"", String::from_utf8_lossy(&size));
            out.push(Refusal::new(occ, Kind::Value, text).at(1));
        }
        Some(size) if size < SMALLEST => {
            out.push(Refusal::new(occ, Kind::Value, format!("zone \"{name}\" is too small")).at(1))
        }
        Some(_) => {}
    }
}

/// `ngx_http_log_set_format`: each name once, `combined` being there from the beginning.
fn log_format(world: &World<'_>, occ: OccId, formats: &mut HashMap<String, Option<OccId>>, out: &mut Vec<Refusal>) {
    let config = world.config;
    let name = config.arg_text(occ, 0);
    if let Some(first) = formats.get(&name) {
        let mut refusal = Refusal::new(occ, Kind::Value, format!("duplicate \"log_format\" name \"{name}\"")).at(0);
        refusal.other = *first;
        out.push(refusal);
    } else {
        formats.insert(name, Some(occ));
    }
    let second = config.arg_text(occ, 1);
    if let Some(escaping) = second.strip_prefix("escape=").filter(|e| !["default", "json", "none"].contains(e)) {
        out.push(Refusal::new(occ, Kind::Value, format!("unknown log format escaping \"{escaping}\"")).at(1));
    }
}

/// `ngx_http_log_set_log`: the format has to be known by then.
fn access_log(world: &World<'_>, occ: OccId, formats: &HashMap<String, Option<OccId>>, out: &mut Vec<Refusal>) {
    let config = world.config;
    let refuse = |at: usize, text: String| Refusal::new(occ, Kind::Value, text).at(at);
    if config.arg_text(occ, 0) == "off" {
        if config.args(occ).len() > 1 {
            out.push(refuse(1, format!("invalid parameter \"{}\"", config.arg_text(occ, 1))));
        }
        return;
    }
    let format = config.arg_text(occ, 1);
    if config.args(occ).len() > 1 && !formats.contains_key(&format) && !world.is_open() {
        out.push(refuse(1, format!("unknown log format \"{format}\"")));
        return;
    }
    for i in 2..config.args(occ).len() {
        let value = config.arg_text(occ, i);
        let text = match value.split_once('=').unwrap_or((&value, "")) {
            ("buffer", size) if word::size(size.as_bytes()).is_none_or(|s| s == 0) => {
                format!("invalid buffer size \"{size}\"")
            }
            ("flush", time) if word::time_ms(time.as_bytes()).is_none_or(|t| t == 0) => {
                format!("invalid flush time \"{time}\"")
            }
            ("buffer" | "flush" | "gzip" | "if", _) => continue,
            _ => format!("invalid parameter \"{value}\""),
        };
        out.push(refuse(i, text));
        return;
    }
}
