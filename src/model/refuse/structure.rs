//! Names, places, argument counts, duplicates: what `ngx_conf_handler` checks (core/ngx_conf_file.c).

use super::{Refusal, RefusalKind as Kind, is_opaque};
use std::sync::OnceLock;

use crate::catalog::near::nearest;
use crate::catalog::{self, Directive, LANDMARKS, Name, NameSet, is_left_blank, name};
use crate::model::config::lines::Lines;
use crate::model::config::scope::{OccId, ScopeId, ScopeKind};
use crate::model::way::world::World;
use crate::syntax::Ending;

pub(super) fn check(world: &World<'_>, lines: &Lines, top_is_inferred: bool, out: &mut Vec<Refusal>) {
    let config = world.config;
    for &occ in &lines.distinct {
        let scope = config.occ(occ).scope;
        let kind = config.scope(scope).kind;
        if !is_opaque(kind) {
            by_itself(world, occ, kind, top_is_inferred && scope == config.top(), out);
        }
    }
    if top_is_inferred {
        no_common_block(world, out);
    }
    duplicates(world, lines, top_is_inferred, out);
    beside_off(world, lines, out);
    map_hash_after_map(world, out);
    load_module_too_late(world, out);
}

/// What distributions bring to older versions than nginx itself: whether a version has it is not known.
const BACKPORTED: &[&str] = &["max_headers"];

/// Whether nginx takes a directive at such a place.
fn by_itself(world: &World<'_>, occ: OccId, kind: ScopeKind, inferred_top: bool, out: &mut Vec<Refusal>) {
    let config = world.config;
    let directive = config.occ(occ).name;
    if directive == Name::UNKNOWN {
        return unknown(world, occ, out);
    }
    let Some(context) = kind.context() else { return };
    let rows = || directive.rows().iter().filter(|d| d.contexts.has(context));
    // Most names have one row, and thousands of lines need no list for that.
    let (one, several): ([&Directive; 1], Vec<&Directive>);
    let mut first_two = rows();
    let here: &[&Directive] = match (first_two.next(), first_two.next()) {
        (None, _) => &[],
        (Some(row), None) => {
            one = [row];
            &one
        }
        _ => {
            several = rows().collect();
            &several
        }
    };
    if here.is_empty() {
        if !inferred_top {
            let text = format!("\"{}\" directive is not allowed here", directive.as_str());
            let mut refusal = Refusal::new(occ, Kind::NotAllowedHere, text);
            // Versions without it say that they do not know it.
            let since = directive.rows().iter().map(|d| d.since).min().flatten();
            if let Some(since) = since {
                let text = format!("unknown directive \"{}\"", directive.as_str());
                out.push(Refusal::new(occ, Kind::UnknownDirective(None), text).before(since));
                refusal.since = Some(since);
            }
            out.push(refusal);
        }
    } else if fits_guess(world, occ, here, inferred_top) {
        form(world, occ, here, out);
    }
}

/// Wherever a fragment is included, one of two directives is not allowed: `map` and `location`.
fn no_common_block(world: &World<'_>, out: &mut Vec<Refusal>) {
    let config = world.config;
    let top = config.top();
    let mut all: Vec<OccId> = config.own(top).chain(config.blocks(top)).filter(|&o| !config.is_branched(o)).collect();
    all.sort_unstable();
    let mut common = u16::MAX;
    for &occ in &all {
        let directive = config.occ(occ).name;
        if directive == Name::UNKNOWN {
            continue;
        }
        let allowed = directive.rows().iter().fold(0, |all, row| all | row.contexts.0);
        if common & allowed != 0 {
            common &= allowed;
            continue;
        }
        let against = all.iter().copied().find(|&o| {
            let rows = config.occ(o).name.rows();
            !rows.is_empty() && rows.iter().all(|row| row.contexts.0 & allowed == 0)
        });
        if let Some(other) = against.filter(|&o| o != occ) {
            let text = format!("\"{}\" directive is not allowed here", directive.as_str());
            out.push(Refusal::new(occ, Kind::NotAllowedHere, text).beside(other));
        }
        return;
    }
}

/// A fragment whose context is a guess may be meant for another one.
fn fits_guess(world: &World<'_>, occ: OccId, here: &[&Directive], inferred_top: bool) -> bool {
    let block = world.config.is_block(occ);
    let rows = world.config.occ(occ).name.rows();
    !inferred_top || here.iter().any(|d| d.block == block) || rows.iter().all(|d| d.block != block)
}

/// `directive is duplicate`, in one pass: for each name the scope in which it was last seen, and where.
fn duplicates(world: &World<'_>, lines: &Lines, top_is_inferred: bool, out: &mut Vec<Refusal>) {
    static ONCE: OnceLock<NameSet> = OnceLock::new();
    let once = ONCE.get_or_init(|| NameSet::of_names(|n| n.rows().iter().any(|d| d.once)));
    let config = world.config;
    let mut seen: Vec<Option<(ScopeId, OccId)>> = vec![None; catalog::NUMBERS];
    for (id, scope) in config.scopes().filter(|(_, s)| lines.cover(s) && !is_opaque(s.kind)) {
        for occ in config.own(id).chain(config.blocks(id)) {
            let directive = config.occ(occ).name;
            if !once.has(directive) {
                continue;
            }
            let slot = &mut seen[directive.0 as usize];
            let Some((_, first)) = slot.filter(|(last, _)| *last == id) else {
                *slot = Some((id, occ));
                continue;
            };
            let Some(context) = scope.kind.context() else { continue };
            let here: Vec<&Directive> = directive.rows().iter().filter(|d| d.contexts.has(context)).collect();
            let inferred_top = top_is_inferred && id == config.top();
            if here.iter().any(|d| d.once) && fits_guess(world, occ, &here, inferred_top) {
                let text = format!("\"{}\" directive is duplicate", directive.as_str());
                out.push(Refusal::new(occ, Kind::Duplicate, text).beside(first));
            }
        }
    }
}

/// Directives of which several may stand at a level, but none beside `off` (`ngx_http_proxy_redirect`,
/// `ngx_http_proxy_cookie_domain` and its kin, `ngx_http_mirror`).
const NONE_BESIDE_OFF: &[&str] =
    &["proxy_redirect", "proxy_cookie_domain", "proxy_cookie_path", "proxy_cookie_flags", "mirror"];

fn beside_off(world: &World<'_>, lines: &Lines, out: &mut Vec<Refusal>) {
    static NAMES: OnceLock<NameSet> = OnceLock::new();
    let names = NAMES.get_or_init(|| NameSet::of(|n| NONE_BESIDE_OFF.contains(&n)));
    let config = world.config;
    let is_off = |o: OccId| config.args(o).len() == 1 && config.arg_text(o, 0) == "off";
    let mut levels: Vec<(ScopeId, Name)> = lines
        .fresh
        .iter()
        .map(|&id| config.occ(id))
        .filter(|o| names.has(o.name) && !is_opaque(config.scope(o.scope).kind))
        .map(|o| (o.scope, o.name))
        .collect();
    levels.sort();
    levels.dedup();
    for (level, name) in levels {
        let own: Vec<OccId> = config.own(level).filter(|&o| config.occ(o).name == name).collect();
        let Some((&first, rest)) = own.split_first() else { continue };
        if let Some(&second) = rest.iter().find(|&&o| is_off(first) || is_off(o)) {
            let text = format!("\"{}\" directive is duplicate", name.as_str());
            out.push(Refusal::new(second, Kind::Duplicate, text).beside(first));
        }
    }
}

/// `ngx_load_module`: before any block that asks for the modules.
fn load_module_too_late(world: &World<'_>, out: &mut Vec<Refusal>) {
    let config = world.config;
    let Some(first) = config.blocks(config.top()).next() else { return };
    for occ in config.own(config.top()) {
        if occ > first && config.occ(occ).name.as_str() == "load_module" {
            out.push(Refusal::new(occ, Kind::Value, "\"load_module\" directive is specified too late").beside(first));
        }
    }
}

/// A name that the catalogue does not hold belongs to a module that nginx may have, unless it is
/// hardly anything but a typo.
fn unknown(world: &World<'_>, occ: OccId, out: &mut Vec<Refusal>) {
    let config = world.config;
    let text = config.name_text(occ);
    let shown = String::from_utf8_lossy(&text).into_owned();
    if text.is_empty() {
        // A stray brace leaves a block without a name, too: there the syntax error says so.
        if config.directive(occ).ending() == Ending::Semicolon {
            out.push(Refusal::new(occ, Kind::UnknownDirective(None), "unknown directive \"\""));
        }
        return;
    }
    if let Some(pattern) = unquoted_pattern(world, occ) {
        out.push(Refusal::new(occ, Kind::UnquotedBrace(pattern), format!("unknown directive \"{shown}\"")));
        return;
    }
    let no_name = !text.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_') || text[0].is_ascii_digit();
    if NO_DIRECTIVES.contains(&shown.as_str())
        || is_capitalized(&shown)
        || NO_PREFIXES.iter().any(|p| shown.starts_with(p))
    {
        out.push(Refusal::new(occ, Kind::UnknownDirective(None), format!("unknown directive \"{shown}\"")));
        return;
    }
    let meant = if THIRD_PARTY.contains(&shown.as_str()) { None } else { meant(&shown) };
    if no_name || meant.is_some() {
        out.push(Refusal::new(occ, Kind::UnknownDirective(meant), format!("unknown directive \"{shown}\"")));
    }
}

/// The pattern that a `{` without quotes has cut in two (`^/id/[0-9]{6}$`), where the name is what stood
/// behind the brace: a quantifier's numbers and its `}`.
fn unquoted_pattern(world: &World<'_>, occ: OccId) -> Option<String> {
    let config = world.config;
    let text = config.name_text(occ).into_owned();
    let digits = text.iter().take_while(|b| b.is_ascii_digit() || **b == b',').count();
    let bytes = config.bytes(occ);
    let start = config.directive(occ).name().span().start as usize;
    if digits == 0 || text.get(digits) != Some(&b'}') || start == 0 || bytes.get(start - 1) != Some(&b'{') {
        return None;
    }
    let blank = |b: &u8| b.is_ascii_whitespace();
    let begins = bytes[..start].iter().rposition(blank).map_or(0, |at| at + 1);
    let ends = bytes[start..].iter().position(|b| blank(b) || *b == b';').map_or(bytes.len(), |at| start + at);
    Some(String::from_utf8_lossy(&bytes[begins..ends]).into_owned())
}

/// Words of other languages that people write, and no module defines.
const NO_DIRECTIVES: &[&str] = &[
    "else",
    "elseif",
    "elsif",
    "elif",
    "websocket",
    "websockets",
    "proxy_headers",
    "proxy_version",
    "http_version",
    "set_header",
    "proxy_websocket",
    "proxy_upgrade",
    "upgrade",
    "connection",
    "reverse_proxy",
    "header_up",
    "header_down",
    "nginx",
    "sudo",
    "systemctl",
    "service",
];

/// A name that begins with a capital is one of Apache, or a word of a sentence: of nginx's modules only those for
/// ModSecurity and naxsi have such names. In capitals alone it may stand for something else.
fn is_capitalized(name: &str) -> bool {
    let of_module = ["Sec", "ModSecurity", "LibInjection", "Ignore", "LearningMode", "DeniedUrl"];
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.contains(|c: char| c.is_ascii_lowercase())
        && !of_module.iter().any(|m| name.starts_with(m))
        && (name == "RewriteRule" || !name.ends_with("Rule"))
}

/// No module extends these: `proxy_set_header_inherit` is wished for, and does not exist up to 1.31.5.
const NO_PREFIXES: &[&str] = &["proxy_set_header_", "proxy_http_version_", "proxy_pass_header_"];

/// Directives of well-known third-party modules that look like typos of nginx's own.
const THIRD_PARTY: &[&str] = &[
    "subs_filter",
    "subs_filter_types",
    "geoip2",
    "geoip2_proxy",
    "geoip2_proxy_recursive",
    "sticky_route",
    "more_set_headers",
    "auth_jwt",
    "js_access",
    "js_body_filter",
    "js_content",
    "js_filter",
    "js_header_filter",
    "js_import",
    "js_path",
    "js_periodic",
    "js_preload_object",
    "js_preread",
    "js_set",
    "js_var",
    "status_zone",
];

fn meant(text: &str) -> Option<&'static str> {
    let clean = text.trim_start_matches('\u{feff}').trim_end_matches([':', '=']);
    let known: Vec<&'static str> = catalog::names().map(Name::as_str).collect();
    if let Some(same) = known.iter().find(|k| k.eq_ignore_ascii_case(clean) && **k != text) {
        return Some(same);
    }
    // Short names lie close together: one letter in five may be wrong.
    let found = nearest(clean, &known)?;
    let found = known.into_iter().find(|k| *k == found)?;
    let distance = strsim::osa_distance(&clean.to_ascii_lowercase(), found);
    (distance * 5 <= found.len()).then_some(found)
}

/// Block or not, and the number of arguments.
fn form(world: &World<'_>, occ: OccId, here: &[&Directive], out: &mut Vec<Refusal>) {
    let config = world.config;
    let name = here[0].name;
    let directive = config.directive(occ);
    let block = here[0].block;
    match directive.ending() {
        Ending::Missing => return,
        Ending::Semicolon if block => {
            out.push(Refusal::new(occ, Kind::BlockStructure, format!("directive \"{name}\" has no opening \"{{\"")));
            return;
        }
        Ending::Block | Ending::Lua if !block => {
            out.push(Refusal::new(
                occ,
                Kind::BlockStructure,
                format!("directive \"{name}\" is not terminated by \";\""),
            ));
            return;
        }
        _ => {}
    }
    let count = directive.args().len();
    let fits = |d: &&&Directive| {
        count >= d.arguments.least as usize && (d.arguments.most == u8::MAX || count <= d.arguments.most as usize)
    };
    if count == 0 && is_left_blank(here[0].name) && config.scope(config.occ(occ).scope).unresolved {
        return;
    }
    let text = || format!("invalid number of arguments in \"{name}\" directive");
    let exists_everywhere = here.iter().any(|d| d.since.is_none() && d.until.is_none());
    let mut fitting = here.iter().filter(fits);
    match (fitting.next(), fitting.next()) {
        (None, _) => out.push(Refusal::new(occ, Kind::ArgumentCount, text())),
        _ if BACKPORTED.contains(&name) => {}
        (Some(row), None) if !exists_everywhere || row.since.is_some() || row.until.is_some() => {
            gone(occ, here, row, &text(), out)
        }
        _ => {}
    }
}

/// A directive that some versions do not have, or take with other arguments.
fn gone(occ: OccId, here: &[&Directive], row: &Directive, other_arguments: &str, out: &mut Vec<Refusal>) {
    let unknown = format!("unknown directive \"{}\"", row.name);
    for version in LANDMARKS {
        if row.exists_in(*version) {
            continue;
        }
        let text = if here.iter().any(|d| d.exists_in(*version)) { other_arguments } else { unknown.as_str() };
        let kind = if text == unknown { Kind::UnknownDirective(None) } else { Kind::ArgumentCount };
        let mut refusal = Refusal::new(occ, kind, text);
        if row.since.is_some_and(|s| *version < s) {
            refusal.until = row.since;
        } else {
            refusal.since = row.until;
        }
        let own = out.iter().rev().take_while(|r| r.occ == Some(occ));
        if !own.into_iter().any(|r| *r == refusal) {
            out.push(refusal);
        }
    }
}

/// `map` fixes the sizes of its hash, and a later setting is a second one.
fn map_hash_after_map(world: &World<'_>, out: &mut Vec<Refusal>) {
    let config = world.config;
    let rare = || world.lines.rare.iter().map(|&id| (id, config.occ(id)));
    let Some((first_map, _)) =
        rare().find(|(_, o)| o.name == name::MAP && config.scope(o.scope).kind == ScopeKind::Http)
    else {
        return;
    };
    for (id, occ) in rare() {
        let hash = matches!(occ.name, name::MAP_HASH_BUCKET_SIZE | name::MAP_HASH_MAX_SIZE);
        let zero = || config.arg(id, 0).is_some_and(|v| !v.is_empty() && v.iter().all(|b| *b == b'0'));
        if hash && id < first_map && config.scope(occ.scope).kind == ScopeKind::Http && zero() {
            let name = occ.name.as_str();
            let text = format!("could not build map_hash, you should increase {name}: 0");
            out.push(Refusal::new(id, Kind::Value, text).at(0));
        }
        if hash
            && id > first_map
            && config.scope(occ.scope).kind == ScopeKind::Http
            && !out.iter().any(|r| r.occ == Some(id))
        {
            out.push(
                Refusal::new(id, Kind::Duplicate, format!("\"{}\" directive is duplicate", occ.name.as_str()))
                    .beside(first_map),
            );
        }
    }
}
