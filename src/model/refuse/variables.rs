//! Values with variables: how they are written (`ngx_http_script_compile`), and whether somebody
//! defines them (`ngx_http_variables_init_vars`).

use super::{Refusal, RefusalKind as Kind};
use crate::catalog::{Name, name, variable_since};
use crate::model::config::lines::Lines;
use crate::model::config::scope::{OccId, ScopeId, ScopeKind};
use crate::model::way::world::World;
use crate::syntax::Word;
use crate::syntax::word::{self, Part, ValueError};

pub(super) fn check(world: &World<'_>, lines: &Lines, out: &mut Vec<Refusal>) {
    let config = world.config;
    let open = world.is_open();
    let refused: std::collections::HashSet<OccId> = out.iter().filter_map(|r| r.occ).collect();
    let mut right: std::collections::HashSet<&[u8]> = std::collections::HashSet::new();
    for (id, occ) in lines.distinct.iter().map(|&id| (id, config.occ(id))) {
        if refused.contains(&id) {
            continue;
        }
        let kind = config.scope(occ.scope).kind;
        let in_map = kind == ScopeKind::Entries
            && config.scope(occ.scope).opened_by.is_some_and(|o| config.occ(o).name == name::MAP);
        if in_map {
            // The scope of a map in `stream` belongs to another set of variables.
            if !in_http(world, occ.scope) {
                continue;
            }
        } else if super::is_opaque(kind)
            || matches!(kind, ScopeKind::Stream | ScopeKind::StreamServer | ScopeKind::Mail | ScopeKind::MailServer)
        {
            continue;
        }
        // Lists of headers are compiled for the servers and locations that use them.
        if occ.name == name::PROXY_SET_HEADER && kind == ScopeKind::Http && !inherited_by_a_server(world, occ.scope) {
            continue;
        }
        for argument in evaluated(world, id, occ.name, in_map) {
            // The same few values stand in thousands of places: what was right once is right again.
            let Some(word) = config.args(id).get(argument).map(Word::span) else { continue };
            let text = &config.bytes(id)[word.range()];
            if occ.name != name::IF && right.contains(text) {
                continue;
            }
            let before = out.len();
            value(world, id, argument, open, out);
            if occ.name != name::IF && out.len() == before {
                right.insert(text);
            }
        }
    }
}

fn in_http(world: &World<'_>, scope: ScopeId) -> bool {
    !world.config.scope(scope).outside_http
}

fn inherited_by_a_server(world: &World<'_>, http: ScopeId) -> bool {
    let config = world.config;
    config
        .blocks(http)
        .filter_map(|o| config.occ(o).opens())
        .any(|s| config.scope(s).kind == ScopeKind::Server && !config.has(s, name::PROXY_SET_HEADER))
}

/// The arguments of a directive in which nginx replaces variables, as far as they matter here.
fn evaluated(world: &World<'_>, occ: OccId, directive: Name, in_map: bool) -> Vec<usize> {
    let count = world.config.args(occ).len();
    if in_map {
        let key = world.config.name_text(occ);
        return if count == 1 && &*key != b"include" { vec![0] } else { Vec::new() };
    }
    match directive {
        name::PROXY_SET_HEADER | name::SET | name::ADD_HEADER | name::AUTH_REQUEST_SET => vec![1],
        name::PROXY_PASS | name::PROXY_METHOD | name::MAP => vec![0],
        name::PROXY_CACHE_BYPASS | name::PROXY_NO_CACHE | name::TRY_FILES => (0..count).collect(),
        name::RETURN => (count.saturating_sub(1)..count).collect(),
        name::REWRITE => vec![1],
        name::IF => condition_variable(world, occ).into_iter().chain(compared_value(world, occ)).collect(),
        name::ERROR_PAGE => vec![count.saturating_sub(1)],
        name::ROOT | name::ALIAS => vec![0],
        name::SPLIT_CLIENTS => vec![0],
        name::GEO if count == 2 => vec![0],
        other => match other.as_str() {
            "access_log"
            | "auth_basic"
            | "proxy_set_body"
            | "proxy_bind"
            | "proxy_ssl_name"
            | "proxy_cache_key"
            | "limit_conn_zone"
            | "limit_req_zone"
            | "limit_rate"
            | "limit_rate_after"
            | "hash"
            | "proxy_cache"
            | "auth_basic_user_file"
            | "proxy_ssl_certificate"
            | "proxy_ssl_certificate_key"
            | "proxy_store"
            | "secure_link"
            | "secure_link_md5"
            | "charset"
            | "fastcgi_pass"
            | "uwsgi_pass"
            | "scgi_pass"
            | "grpc_pass" => vec![0],
            "add_trailer" | "grpc_set_header" | "fastcgi_param" | "uwsgi_param" | "scgi_param" => vec![1],
            "log_format" => (1..count).collect(),
            "index" | "expires" | "sub_filter" => (0..count).collect(),
            // `~` begins a regular expression, in which `$` is the end.
            "proxy_cookie_path" | "proxy_cookie_domain" | "proxy_redirect" => {
                let config = world.config;
                (0..count).filter(|&i| config.arg(occ, i).is_some_and(|v| v.first() != Some(&b'~'))).collect()
            }
            _ => Vec::new(),
        },
    }
    .into_iter()
    .filter(|&i| i < count)
    .collect()
}

/// The value that a condition compares with; a regular expression is none.
fn compared_value(world: &World<'_>, occ: OccId) -> Option<usize> {
    let config = world.config;
    let at = (0..config.args(occ).len()).find(|&i| matches!(config.arg(occ, i).as_deref(), Some(b"=" | b"!=")))?;
    (at + 1 < config.args(occ).len()).then_some(at + 1)
}

/// The argument that names the variable of a condition: the first with a `$`, behind the bracket.
fn condition_variable(world: &World<'_>, occ: OccId) -> Option<usize> {
    let config = world.config;
    let first = config.arg(occ, 0)?;
    let index = usize::from(&*first == b"(");
    let value = config.arg(occ, index)?;
    value.strip_prefix(b"(").unwrap_or(&value).starts_with(b"$").then_some(index)
}

fn value(world: &World<'_>, occ: OccId, argument: usize, open: bool, out: &mut Vec<Refusal>) {
    let config = world.config;
    let Some(text) = config.arg(occ, argument) else { return };
    if !word::has_variables(&text) {
        return;
    }
    let text = if config.occ(occ).name == name::IF {
        let bare = text.strip_prefix(b"(").unwrap_or(&text);
        bare.strip_suffix(b")").unwrap_or(bare).to_vec()
    } else {
        text.into_owned()
    };
    // A condition takes all that follows the `$` for a name: `if ($uri=/x)`.
    if config.occ(occ).name == name::IF && Some(argument) == condition_variable(world, occ) {
        let name = String::from_utf8_lossy(&text[1..]).into_owned();
        if !name.is_empty() && !open && !world.definitions.knows(&name) && !name.bytes().all(|b| b.is_ascii_digit()) {
            out.push(
                Refusal::new(occ, Kind::UnknownVariable(name.clone()), format!("unknown \"{name}\" variable"))
                    .at(argument),
            );
        }
        return;
    }
    match word::parts(&text) {
        Err(ValueError::NoName) => out.push(Refusal::new(occ, Kind::Value, "invalid variable name").at(argument)),
        Err(ValueError::NoBracket(name)) => {
            let name = String::from_utf8_lossy(name).into_owned();
            out.push(
                Refusal::new(occ, Kind::Value, format!("the closing bracket in \"{name}\" variable is missing"))
                    .at(argument),
            );
        }
        Ok(parts) => {
            for part in parts {
                let Part::Variable(name) = part else { continue };
                let name = String::from_utf8_lossy(name).into_owned();
                if open {
                    continue;
                }
                let unknown = format!("unknown \"{name}\" variable");
                let refusal = Refusal::new(occ, Kind::UnknownVariable(name.clone()), unknown).at(argument);
                if !world.definitions.knows(&name) {
                    out.push(refusal);
                } else if let Some(since) = variable_since(&name).filter(|_| world.definitions.of(&name).is_empty()) {
                    out.push(refusal.before(since));
                }
            }
        }
    }
}
