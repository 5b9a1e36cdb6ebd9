//! Values with variables: how they are written (`ngx_http_script_compile`), and whether somebody
//! defines them (`ngx_http_variables_init_vars`).

use foldhash::HashSet;

use super::{Refusal, RefusalKind as Kind};
use crate::catalog::{Name, name, stream_variable, variable_since};
use crate::model::config::lines::Lines;
use crate::model::config::scope::{OccId, ScopeId, ScopeKind};
use crate::model::way::world::World;
use crate::syntax::Word;
use crate::syntax::word::{self, Part, ValueError};

pub(super) fn check(world: &World<'_>, lines: &Lines, out: &mut Vec<Refusal>) {
    let config = world.config;
    let open = world.is_open();
    let refused = super::refused(out);
    let mut right: HashSet<(bool, &[u8])> = HashSet::default();
    let mut stream: Option<HashSet<Vec<u8>>> = None;
    for (id, occ) in lines.distinct.iter().map(|&id| (id, config.occ(id))) {
        if refused.contains(&id) {
            continue;
        }
        let kind = config.scope(occ.scope).kind;
        let in_map = kind == ScopeKind::Entries
            && config.scope(occ.scope).opened_by.is_some_and(|o| config.occ(o).name == name::MAP);
        if !in_map && (super::is_opaque(kind) || matches!(kind, ScopeKind::Mail | ScopeKind::MailServer)) {
            continue;
        }
        // Lists of headers are compiled for the servers and locations that use them.
        if occ.name == name::PROXY_SET_HEADER && kind == ScopeKind::Http && !inherited_by_a_server(world, occ.scope) {
            continue;
        }
        let outside = config.scope(occ.scope).outside_http;
        if occ.name == name::MEMCACHED_PASS && !open && !world.definitions.knows("memcached_key") {
            let (name, text) = ("memcached_key".to_owned(), "unknown \"memcached_key\" variable");
            out.push(Refusal::new(id, Kind::UnknownVariable(name), text));
        }
        for argument in evaluated(world, id, kind, in_map) {
            // The same few values stand in thousands of places: what was right once is right again.
            let Some(word) = config.args(id).get(argument).map(Word::span) else { continue };
            let text = &config.bytes(id)[word.range()];
            if occ.name != name::IF && right.contains(&(outside, text)) {
                continue;
            }
            let before = out.len();
            let names = match outside {
                true => Names::Stream(stream.get_or_insert_with(|| defined_in_stream(world))),
                false => Names::Http,
            };
            value(world, id, argument, names, open, out);
            if occ.name != name::IF && out.len() == before {
                right.insert((outside, text));
            }
        }
    }
}

/// The set of variables that a value is filled from.
#[derive(Clone, Copy)]
enum Names<'n> {
    Http,
    /// What lines in `stream` define.
    Stream(&'n HashSet<Vec<u8>>),
}

impl Names<'_> {
    fn knows(self, world: &World<'_>, name: &str) -> bool {
        match self {
            Names::Http => world.definitions.knows(name),
            Names::Stream(defined) => stream_variable(name) || defined.contains(name.to_ascii_lowercase().as_bytes()),
        }
    }
}

/// Whatever begins with a `$` and is the target of a block of entries, of `set`, or an argument of a
/// module that wslint does not know.
fn defined_in_stream(world: &World<'_>) -> HashSet<Vec<u8>> {
    let config = world.config;
    let mut out = HashSet::default();
    for (id, occ) in config.occs().filter(|(_, o)| config.scope(o.scope).outside_http) {
        let count = config.args(id).len();
        let targets = match occ.name {
            name::MAP | name::GEO | name::SPLIT_CLIENTS => count.saturating_sub(1)..count,
            name::SET => 0..1.min(count),
            Name::UNKNOWN if config.scope(occ.scope).kind != ScopeKind::Entries => 0..count,
            _ => continue,
        };
        for value in targets.filter_map(|i| config.arg(id, i)) {
            out.extend(value.strip_prefix(b"$").map(<[u8]>::to_ascii_lowercase));
        }
    }
    out
}

fn inherited_by_a_server(world: &World<'_>, http: ScopeId) -> bool {
    let config = world.config;
    config
        .blocks(http)
        .filter_map(|o| config.occ(o).opens())
        .any(|s| config.scope(s).kind == ScopeKind::Server && !config.has(s, name::PROXY_SET_HEADER))
}

/// The arguments of a directive in which nginx replaces variables: those that the catalogue says, and
/// where it depends on the other arguments.
fn evaluated(world: &World<'_>, occ: OccId, kind: ScopeKind, in_map: bool) -> Vec<usize> {
    let config = world.config;
    let count = config.args(occ).len();
    if in_map {
        let key = config.name_text(occ);
        return if count == 1 && &*key != b"include" { vec![0] } else { Vec::new() };
    }
    let directive = config.occ(occ).name;
    let in_http = !config.scope(config.occ(occ).scope).outside_http;
    let last = || (count.saturating_sub(1)..count).collect();
    match directive {
        name::RETURN => last(),
        name::ERROR_PAGE => last(),
        name::IF => {
            let asked = condition_variable(world, occ).or_else(|| tested_file(world, occ));
            asked.into_iter().chain(compared_value(world, occ)).collect()
        }
        name::ACCESS_LOG => {
            let logs = |i: &usize| *i == 0 || config.arg(occ, *i).is_some_and(|v| v.starts_with(b"if="));
            (0..count).filter(logs).collect()
        }
        name::GEO if count == 2 => vec![0],
        // `~` begins a regular expression, in which `$` is the end.
        _ if in_http
            && matches!(directive.as_str(), "proxy_cookie_path" | "proxy_cookie_domain" | "proxy_redirect") =>
        {
            (0..count).filter(|&i| config.arg(occ, i).is_some_and(|v| v.first() != Some(&b'~'))).collect()
        }
        _ => {
            let Some(context) = kind.context() else { return Vec::new() };
            let row = directive.rows().iter().find(|d| d.filled != 0 && d.contexts.has(context));
            row.map_or(Vec::new(), |row| (0..count).filter(|&i| row.fills(i)).collect())
        }
    }
}

/// The value that a condition compares with; a regular expression is none.
fn compared_value(world: &World<'_>, occ: OccId) -> Option<usize> {
    let config = world.config;
    let at = (0..config.args(occ).len()).find(|&i| matches!(config.arg(occ, i).as_deref(), Some(b"=" | b"!=")))?;
    (at + 1 < config.args(occ).len()).then_some(at + 1)
}

/// The file that a condition asks for: `if (!-f $request_filename)`.
fn tested_file(world: &World<'_>, occ: OccId) -> Option<usize> {
    let config = world.config;
    let at = (0..config.args(occ).len().min(2)).find(|&i| {
        let word = config.arg(occ, i).unwrap_or_default();
        let test = word.strip_prefix(b"(").unwrap_or(&word);
        matches!(test.strip_prefix(b"!").unwrap_or(test), b"-f" | b"-d" | b"-e" | b"-x")
    })?;
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

fn value(world: &World<'_>, occ: OccId, argument: usize, names: Names<'_>, open: bool, out: &mut Vec<Refusal>) {
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
    // A condition takes all that follows the `$` for a name: `if ($uri=/x)`, and `1` is none
    // (`ngx_http_rewrite_variable`); so does `ngx_http_charset`.
    let is_charset = matches!(config.occ(occ).name.as_str(), "charset" | "source_charset") && text.starts_with(b"$");
    let mut named = |name: &[u8]| {
        let name = String::from_utf8_lossy(name).into_owned();
        if open || name.is_empty() {
            return;
        }
        let unknown = format!("unknown \"{}\" variable", name.to_ascii_lowercase());
        let refusal = Refusal::new(occ, Kind::UnknownVariable(name.clone()), unknown).at(argument);
        let own = || matches!(names, Names::Http) && world.definitions.of(&name).is_empty();
        if !names.knows(world, &name) {
            out.push(refusal);
        } else if let Some(since) = variable_since(&name).filter(|_| own()) {
            out.push(refusal.before(since));
        }
    };
    if is_charset || config.occ(occ).name == name::IF && Some(argument) == condition_variable(world, occ) {
        return named(&text[1..]);
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
                if let Part::Variable(name) = part {
                    named(name);
                }
            }
        }
    }
}
