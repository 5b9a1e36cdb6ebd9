//! Names that one directive defines and others use: shared memory, caches, log formats. `http` and
//! `stream` have log formats of their own; shared memory is one for all.

use foldhash::{HashMap, HashSet};

use super::number::{milliseconds, number, size};
use super::own::syslog;
use super::{Refusal, RefusalKind as Kind};
use crate::catalog::NameSet;
use crate::model::config::lines::Lines;
use crate::model::config::scope::{OccId, ScopeKind};
use crate::model::way::world::World;
use crate::syntax::word;

/// The smallest zone: eight pages of 4k (`8 * ngx_pagesize`).
pub(super) const SMALLEST: i64 = 8 * 4096;

/// The directives that are looked at.
const DIRECTIVES: [&str; 16] = [
    "limit_req_zone",
    "limit_conn_zone",
    "proxy_cache_path",
    "fastcgi_cache_path",
    "uwsgi_cache_path",
    "scgi_cache_path",
    "limit_req",
    "limit_conn",
    "proxy_cache",
    "fastcgi_cache",
    "uwsgi_cache",
    "scgi_cache",
    "zone",
    "log_format",
    "access_log",
    "ssl_session_cache",
];

/// Log formats by name: `http`'s, and those of `stream`, which has no `combined`.
type Formats = HashMap<(bool, String), Option<OccId>>;

pub(super) fn check(world: &World<'_>, lines: &Lines, out: &mut Vec<Refusal>) {
    let mut zones = Zones::default();
    let mut formats: Formats = [((false, "combined".to_owned()), None)].into_iter().collect();
    let config = world.config;
    let ours = NameSet::of(|n| DIRECTIVES.contains(&n));
    let refused: HashSet<OccId> = out.iter().filter_map(|r| r.occ).collect();
    let of_interest = lines.fresh.iter().map(|&id| (id, config.occ(id))).filter(|(_, o)| ours.has(o.name));
    for (id, occ) in of_interest {
        let kind = config.scope(occ.scope).kind;
        let somewhere_else = kind.context().is_none_or(|c| !occ.name.rows().iter().any(|d| d.contexts.has(c)));
        if super::is_opaque(kind) || somewhere_else {
            continue;
        }
        let said_already = refused.contains(&id);
        match occ.name.as_str() {
            "limit_req_zone" | "limit_conn_zone" => zones.define(world, id, "zone=", said_already, out),
            "limit_req" => zones.used.extend(parameter(world, id, "zone=").map(|n| (n, id))),
            "limit_conn" => zones.used.push((config.arg_text(id, 0), id)),
            "proxy_cache" | "fastcgi_cache" | "uwsgi_cache" | "scgi_cache" => zones.caches.push(id),
            "zone" if matches!(kind, ScopeKind::Upstream | ScopeKind::StreamUpstream) => upstream_zone(world, id, out),
            "ssl_session_cache" if !config.scope(occ.scope).outside_http => {
                zones.define(world, id, "shared:", said_already, out)
            }
            "log_format" => log_format(world, id, &mut formats, out),
            "access_log" => access_log(world, id, &formats, out),
            path if path.ends_with("_cache_path") => zones.define(world, id, "keys_zone=", said_already, out),
            _ => {}
        }
    }
    if !world.is_open() {
        zones.undefined(world, out);
    }
}

#[derive(Default)]
struct Zones {
    /// Names with the directive that gave them a size.
    defined: HashMap<String, OccId>,
    used: Vec<(String, OccId)>,
    caches: Vec<OccId>,
}

fn parameter(world: &World<'_>, occ: OccId, prefix: &str) -> Option<String> {
    world.config.texts(occ).iter().find_map(|t| Some(t.strip_prefix(prefix)?.to_owned()))
}

impl Zones {
    /// `ngx_shared_memory_add`, and what the caller makes of a zone that has its data.
    fn define(&mut self, world: &World<'_>, occ: OccId, prefix: &str, said: bool, out: &mut Vec<Refusal>) {
        let config = world.config;
        let Some(value) = parameter(world, occ, prefix) else { return };
        let (name, given) = value.split_once(':').unwrap_or((&value, ""));
        let Some(&first) = self.defined.get(name) else {
            self.defined.insert(name.to_owned(), occ);
            return;
        };
        if said {
            return;
        }
        let directive = config.occ(occ).name;
        let size_of = |text: &str| size(text.split_once(':').map_or(text, |t| t.1));
        let before = parameter(world, first, prefix).and_then(|v| size_of(&v));
        let text = match (before, size(given)) {
            _ if config.occ(first).name != directive => {
                format!("the shared memory zone \"{name}\" is already declared for a different use")
            }
            (Some(before), Some(now)) if before != now => {
                format!("the size {now} of shared memory zone \"{name}\" conflicts with already declared size {before}")
            }
            // A cache of TLS sessions is for all servers that name it (`ngx_http_ssl_session_cache`).
            _ if prefix == "shared:" => return,
            _ if prefix == "zone=" => {
                let key = config.arg_text(first, 0);
                format!("{} \"{name}\" is already bound to key \"{key}\"", directive.as_str())
            }
            _ => format!("duplicate zone \"{name}\""),
        };
        out.push(Refusal::new(occ, Kind::Value, text).beside(first));
    }

    fn undefined(&self, world: &World<'_>, out: &mut Vec<Refusal>) {
        let config = world.config;
        let refused: HashSet<OccId> = out.iter().filter_map(|r| r.occ).collect();
        let mut told = HashSet::default();
        for (name, occ) in self.used.iter().filter(|(_, occ)| !refused.contains(occ)) {
            let Some(&by) = self.defined.get(name) else {
                let text = format!("zero size shared memory zone \"{name}\"");
                out.push(Refusal::new(*occ, Kind::Value, text));
                continue;
            };
            // A zone belongs to the module that gave it its size.
            if config.occ(by).name.as_str().trim_end_matches("_zone") != config.occ(*occ).name.as_str() {
                let text = format!("the shared memory zone \"{name}\" is already declared for a different use");
                out.push(Refusal::new(*occ, Kind::Value, text).beside(by));
            }
        }
        for &occ in &self.caches {
            let (directive, name) = (config.occ(occ).name.as_str(), config.arg_text(occ, 0));
            let variable = word::has_variables(name.as_bytes());
            if name != "off" && !variable && !self.defined.contains_key(&name) && told.insert((directive, name.clone()))
            {
                let text = format!("\"{directive}\" zone \"{name}\" is unknown");
                out.push(Refusal::new(occ, Kind::Value, text).at(0));
            }
        }
    }
}

/// `ngx_http_upstream_zone`: without a size, the zone has to be that of another upstream.
fn upstream_zone(world: &World<'_>, occ: OccId, out: &mut Vec<Refusal>) {
    let config = world.config;
    let name = config.arg_text(occ, 0);
    let refuse = |at: usize, text: String| Refusal::new(occ, Kind::Value, text).at(at);
    if name.is_empty() {
        out.push(refuse(0, "invalid zone name \"\"".to_owned()));
    } else if config.args(occ).len() < 2 {
        let elsewhere = config.occs().any(|(id, o)| {
            o.name == config.occ(occ).name && config.args(id).len() == 2 && config.arg_text(id, 0) == name
        });
        if !elsewhere && !world.is_open() {
            out.push(refuse(0, format!("zero size shared memory zone \"{name}\"")));
        }
    } else {
        let given = config.arg_text(occ, 1);
        match size(&given) {
            None => out.push(refuse(1, format!("invalid zone size \"{given}\""))),
            Some(size) if size < SMALLEST => out.push(refuse(1, format!("zone \"{name}\" is too small"))),
            Some(_) => {}
        }
    }
}

/// `ngx_http_log_set_format`: each name once, `combined` being there from the beginning.
fn log_format(world: &World<'_>, occ: OccId, formats: &mut Formats, out: &mut Vec<Refusal>) {
    let config = world.config;
    let key = (config.scope(config.occ(occ).scope).kind != ScopeKind::Http, config.arg_text(occ, 0));
    if let Some(first) = formats.get(&key) {
        let text = format!("duplicate \"log_format\" name \"{}\"", key.1);
        let mut refusal = Refusal::new(occ, Kind::Value, text).at(0);
        refusal.other = *first;
        out.push(refusal);
    } else {
        formats.insert(key, Some(occ));
    }
    let second = config.arg_text(occ, 1);
    if let Some(escaping) = second.strip_prefix("escape=").filter(|e| !["default", "json", "none"].contains(e)) {
        out.push(Refusal::new(occ, Kind::Value, format!("unknown log format escaping \"{escaping}\"")).at(1));
    }
}

/// `ngx_http_log_set_log`, `ngx_stream_log_set_log`: the format has to be known by then.
fn access_log(world: &World<'_>, occ: OccId, formats: &Formats, out: &mut Vec<Refusal>) {
    let config = world.config;
    let args: Vec<String> = (0..config.args(occ).len()).map(|i| config.arg_text(occ, i)).collect();
    let kind = config.scope(config.occ(occ).scope).kind;
    let stream = matches!(kind, ScopeKind::Stream | ScopeKind::StreamServer);
    let known = |format: &str| formats.contains_key(&(stream, format.to_owned()));
    let wrong = log_words(&args, stream, |format| known(format) || world.is_open());
    out.extend(wrong.map(|(at, text)| Refusal::new(occ, Kind::Value, text).at(at)));
}

fn log_words(args: &[String], stream: bool, known: impl Fn(&str) -> bool) -> Option<(usize, String)> {
    let path = args.first()?;
    if path == "off" {
        return args.get(1).map(|second| (1, format!("invalid parameter \"{second}\"")));
    }
    // How variables are written is looked at with those of all lines, and nginx does it first.
    if word::parts(path.as_bytes()).is_err() {
        return None;
    }
    let to_syslog = path.strip_prefix("syslog:");
    if let Some(said) = to_syslog.and_then(syslog) {
        return Some((0, said));
    }
    match args.get(1) {
        None if stream => return Some((0, "log format is not specified".to_owned())),
        Some(format) if !known(format) => return Some((1, format!("unknown log format \"{format}\""))),
        _ => {}
    }
    let (mut buffered, mut flushed) = (false, false);
    for (at, value) in args.iter().enumerate().skip(2) {
        let (key, given) = value.split_once('=').map_or((value.as_str(), None), |(k, g)| (k, Some(g)));
        let said = match (key, given) {
            ("buffer", Some(given)) => {
                buffered = true;
                size(given).is_none_or(|s| s == 0).then(|| format!("invalid buffer size \"{given}\""))
            }
            ("flush", Some(given)) => {
                flushed = true;
                milliseconds(given).is_none_or(|t| t == 0).then(|| format!("invalid flush time \"{given}\""))
            }
            ("gzip", given) => {
                buffered = true;
                let level = given.unwrap_or("1");
                number(level)
                    .is_none_or(|n| !(1..=9).contains(&n))
                    .then(|| format!("invalid compression level \"{level}\""))
            }
            ("if", Some(_)) => None,
            _ => Some(format!("invalid parameter \"{value}\"")),
        };
        if let Some(said) = said {
            return Some((at, said));
        }
    }
    let said = match buffered {
        false if flushed => format!("no buffer is defined for access_log \"{path}\""),
        true if to_syslog.is_some() => "logs to syslog cannot be buffered".to_owned(),
        true if word::has_variables(path.as_bytes()) => "buffered logs cannot have variables in name".to_owned(),
        _ => return None,
    };
    Some((0, said))
}
