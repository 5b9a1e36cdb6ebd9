//! Near misses of the words that matter, wherever they stand.

use foldhash::{HashMap, HashSet};

use crate::catalog::near;
use crate::catalog::{Name, name};
use crate::model::analysis::Analysis;
use crate::model::config::lines::Lines;
use crate::model::config::scope::{Config, OccId, ScopeId, ScopeKind};
use crate::model::value::variable::variables_in;
use crate::syntax::template::is_open;

/// What was misspelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The name of a directive.
    Directive,
    /// The name of a header.
    Header,
    /// The value of `Upgrade`.
    Upgrade,
    /// The value of `Connection`.
    Connection,
    /// The value of `proxy_http_version`.
    Version,
    /// The source of a map.
    MapSource,
    /// A value in a map.
    MapValue,
    /// What a line of a map compares with.
    MapKey,
}

/// One misspelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misspelling {
    /// The directive that holds it.
    pub occ: OccId,
    /// The argument; none is the directive's name.
    pub argument: Option<usize>,
    /// What it is.
    pub part: Part,
    /// As it stands, decoded.
    pub written: String,
    /// What was meant.
    pub meant: String,
}

/// Directives whose names matter enough that a near miss is more than an unknown directive.
const DIRECTIVES: &[&str] = &["proxy_set_header", "proxy_http_version", "proxy_pass"];

/// All misspellings of a configuration, in order.
pub fn misspellings(analysis: &Analysis<'_>) -> Misspellings {
    // What is right once is right wherever it stands; what is wrong is told of every place.
    let lines = &analysis.world.lines;
    let all = match misspellings_in(analysis, &lines.distinct) {
        found if found.is_empty() => found,
        _ => misspellings_in(analysis, &Lines::all(analysis.config()).distinct),
    };
    let mut all = all;
    all.sort_by_key(|m| (m.occ, m.argument));
    let mut out = Misspellings { all, ..Misspellings::default() };
    for (i, misspelling) in out.all.iter().enumerate() {
        match misspelling.part {
            Part::MapSource | Part::MapValue | Part::MapKey => out.in_maps.push(i),
            _ => out.by_scope.entry(analysis.config().occ(misspelling.occ).scope).or_default().push(i),
        }
    }
    out
}

/// All misspellings, in order, and those that may concern a level.
#[derive(Debug, Default)]
pub struct Misspellings {
    all: Vec<Misspelling>,
    by_scope: HashMap<ScopeId, Vec<usize>>,
    in_maps: Vec<usize>,
}

impl std::ops::Deref for Misspellings {
    type Target = [Misspelling];

    fn deref(&self) -> &[Misspelling] {
        &self.all
    }
}

impl Misspellings {
    /// Those at a level or around it, and those in maps, by their numbers: no others concern it.
    pub fn around(&self, config: Config<'_>, scope: ScopeId) -> impl Iterator<Item = (usize, &Misspelling)> {
        let near = config.outward(scope).filter_map(|s| self.by_scope.get(&s)).flatten();
        near.chain(&self.in_maps).map(|&i| (i, &self.all[i]))
    }

    /// Whether this line of `proxy_set_header` was meant for another header than it names.
    pub fn renames(&self, occ: OccId) -> bool {
        self.all.iter().any(|m| m.occ == occ && m.part == Part::Header)
    }

    /// Whether one stands in this line.
    pub fn stand_in(&self, occ: OccId) -> bool {
        self.all.binary_search_by_key(&occ, |m| m.occ).is_ok()
    }
}

fn misspellings_in(analysis: &Analysis<'_>, lines: &[OccId]) -> Vec<Misspelling> {
    let config = analysis.config();
    let names = analysis.world.definitions.names();
    let used = header_variables(analysis);
    let mut out = Vec::new();
    let mut right: HashMap<&[u8], bool> = HashMap::default();
    let mut levels: HashSet<ScopeId> = HashSet::default();
    for (id, occ) in lines.iter().map(|&id| (id, config.occ(id))) {
        let kind = config.scope(occ.scope).kind;
        if in_stream(analysis, occ.scope) {
            continue;
        }
        match occ.name {
            Name::UNKNOWN if !matches!(kind, ScopeKind::Entries | ScopeKind::Foreign) => {
                let written = String::from_utf8_lossy(&config.name_text(id)).into_owned();
                if let Some(meant) = near::directive(&written, DIRECTIVES) {
                    out.push(Misspelling {
                        occ: id,
                        argument: None,
                        part: Part::Directive,
                        written,
                        meant: meant.to_owned(),
                    });
                }
            }
            // The same few lines stand in thousands of places: one look at each text is enough.
            name::PROXY_SET_HEADER => {
                if levels.insert(occ.scope) {
                    swapped(analysis, occ.scope, &mut out);
                }
                let head = config.head(id).span;
                let text = &config.bytes(id)[head.range()];
                if *right.entry(text).or_insert_with(|| {
                    let mut found = Vec::new();
                    header(analysis, id, names, &mut found);
                    found.is_empty()
                }) {
                    continue;
                }
                header(analysis, id, names, &mut out);
            }
            name::PROXY_HTTP_VERSION => {
                let written = config.arg_text(id, 0);
                if let Some(meant) = near::http_version(&written) {
                    out.push(Misspelling {
                        occ: id,
                        argument: Some(0),
                        part: Part::Version,
                        written,
                        meant: meant.to_owned(),
                    });
                }
            }
            name::MAP => map(analysis, id, &used, names, &mut out),
            _ => {}
        }
    }
    out
}

fn in_stream(analysis: &Analysis<'_>, scope: ScopeId) -> bool {
    let config = analysis.config();
    matches!(
        config.scope(scope).kind,
        ScopeKind::Stream
            | ScopeKind::StreamServer
            | ScopeKind::StreamUpstream
            | ScopeKind::Mail
            | ScopeKind::MailServer
    )
}

fn header(analysis: &Analysis<'_>, occ: OccId, names: &[String], out: &mut Vec<Misspelling>) {
    let config = analysis.config();
    let written = config.arg_text(occ, 0);
    let value = config.arg_text(occ, 1);
    let meant = near::header_name(&written);
    if let Some(meant) = meant
        && means_it(&value)
    {
        out.push(Misspelling {
            occ,
            argument: Some(0),
            part: Part::Header,
            written: written.clone(),
            meant: meant.to_owned(),
        });
    }
    let header = meant.unwrap_or(&written);
    // `$$http_upgrade` in a heredoc: what the shell makes of it is open, and what was meant is not.
    let shown = config.arg_shown(occ, 1);
    let inner = shown.strip_prefix('$').filter(|inner| is_open(value.as_bytes()) && inner.starts_with('$'));
    if let (Some(part), Some(meant)) = (header_part(header), inner.filter(|v| near::is_known_variable(v, names))) {
        let meant = meant.to_owned();
        out.push(Misspelling { occ, argument: Some(1), part, written: shown, meant });
        return;
    }
    if header.eq_ignore_ascii_case("Upgrade")
        && let Some(meant) = near::upgrade_value(&value, names)
    {
        out.push(Misspelling { occ, argument: Some(1), part: Part::Upgrade, written: value, meant });
    } else if header.eq_ignore_ascii_case("Connection")
        && let Some(meant) = near::connection_value(&value, names)
    {
        out.push(Misspelling { occ, argument: Some(1), part: Part::Connection, written: value, meant });
    } else if near::without_false_quotes(&value) == Some("") {
        // Curly quotes around nothing, beside the line that is right: they are sent as a second value.
        let others = config.headers(config.occ(occ).scope, header).filter(|&o| o != occ);
        if let Some(part) = header_part(header).filter(|_| others.count() > 0) {
            out.push(Misspelling { occ, argument: Some(1), part, written: value, meant: String::new() });
        }
    }
}

fn header_part(header: &str) -> Option<Part> {
    [("Upgrade", Part::Upgrade), ("Connection", Part::Connection)]
        .into_iter()
        .find_map(|(name, part)| header.eq_ignore_ascii_case(name).then_some(part))
}

/// Two lines for one of the two headers and none for the other, and one of them has the other's value: a
/// line was copied and its name forgotten.
fn swapped(analysis: &Analysis<'_>, level: ScopeId, out: &mut Vec<Misspelling>) {
    let config = analysis.config();
    let fits = |header: &str, value: &str| match header {
        "Connection" => near::has_token(value, "upgrade") || value.eq_ignore_ascii_case("$connection_upgrade"),
        _ => value.eq_ignore_ascii_case("websocket") || value.eq_ignore_ascii_case("$http_upgrade"),
    };
    for (written, meant) in [("Upgrade", "Connection"), ("Connection", "Upgrade")] {
        let lines: Vec<OccId> = config.headers(level, written).collect();
        // A line whose name only looks like the other will be it.
        let named = |o: OccId| config.is_header(o, meant) || near::header_name(&config.arg_text(o, 0)) == Some(meant);
        if lines.len() < 2 || config.own_named(level, name::PROXY_SET_HEADER).any(named) {
            continue;
        }
        let found: Vec<OccId> = lines.iter().copied().filter(|&o| fits(meant, &config.arg_text(o, 1))).collect();
        if let [occ] = found[..] {
            let (written, meant) = (config.arg_text(occ, 0), meant.to_owned());
            out.push(Misspelling { occ, argument: Some(0), part: Part::Header, written, meant });
        }
    }
}

/// Whether the value of a header with a strange name belongs to `Upgrade` or `Connection`.
fn means_it(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    ["upgrade", "websocket", "close", "keep-alive", "connection"].iter().any(|w| lower.contains(w)) || value.is_empty()
}

/// `map $http_ugrade $connection_upgrade { default ugrade; }`: only maps that have to do with upgrades.
fn map(analysis: &Analysis<'_>, occ: OccId, used: &[String], names: &[String], out: &mut Vec<Misspelling>) {
    let config = analysis.config();
    let target = config.arg_text(occ, 1);
    let source = config.arg_text(occ, 0);
    let used = used.iter().any(|v| v.eq_ignore_ascii_case(target.trim_start_matches('$')));
    let concerns = used || target.to_ascii_lowercase().contains("upgrade");
    if !concerns {
        return;
    }
    let meant = match near::plain_variable(&source) {
        Some(name) if name.to_ascii_lowercase().starts_with("http_") => {
            near::nearest(name, &["http_upgrade", "http_connection"]).map(|n| format!("${n}"))
        }
        Some(_) => None,
        None if near::without_false_quotes(&source).is_some() => near::without_false_quotes(&source)
            .filter(|inner| near::plain_variable(inner).is_some_and(|n| n.starts_with("http_")))
            .map(str::to_owned),
        None if near::upgrade_value(&source, names).as_deref() == Some("$http_upgrade") && source.contains('-') => {
            Some("$http_upgrade".to_owned())
        }
        None if matches!(source.to_ascii_lowercase().as_str(), "http_upgrade" | "http_connection") => {
            Some(format!("${}", source.to_ascii_lowercase()))
        }
        None => None,
    };
    if let Some(meant) = meant {
        out.push(Misspelling { occ, argument: Some(0), part: Part::MapSource, written: source, meant });
    }
    let Some(scope) = config.occ(occ).opens() else { return };
    for line in config.own(scope).filter(|&l| config.args(l).len() == 1 && &*config.name_text(l) != b"include") {
        let written = config.arg_text(line, 0);
        let key = String::from_utf8_lossy(&config.name_text(line)).into_owned();
        if let Some(inner) = near::without_false_quotes(&key).filter(|_| !key.starts_with(['\'', '"', '`', '&'])) {
            let meant = inner.to_owned();
            out.push(Misspelling { occ: line, argument: None, part: Part::MapKey, written: key, meant });
        }
        if written.starts_with('$') {
            continue;
        }
        if let Some(meant) = near::connection_value(&written, names) {
            out.push(Misspelling { occ: line, argument: Some(0), part: Part::MapValue, written, meant });
        }
    }
}

/// The variables in the values of `Connection` and `Upgrade`, anywhere.
fn header_variables(analysis: &Analysis<'_>) -> Vec<String> {
    let config = analysis.config();
    let mut seen: std::collections::HashSet<&[u8]> = std::collections::HashSet::new();
    let mut out = Vec::new();
    let lines = &analysis.world.lines.distinct;
    for &id in lines.iter().filter(|id| config.occ(**id).name == name::PROXY_SET_HEADER) {
        let of_interest = config.is_header(id, "Connection") || config.is_header(id, "Upgrade");
        if of_interest && seen.insert(&config.bytes(id)[config.head(id).span.range()]) {
            out.extend(config.arg(id, 1).map(|v| variables_in(&v)).unwrap_or_default());
        }
    }
    out
}

impl Misspelling {
    /// Whether the number of a shell's process stands in place of a `$`.
    pub fn is_process_number(&self) -> bool {
        matches!(self.part, Part::Upgrade | Part::Connection) && self.written.starts_with("$$")
    }

    /// Whether it is why a header of an endpoint is wrong.
    pub fn concerns_header(&self, analysis: &Analysis<'_>, scope: ScopeId, header: &str) -> bool {
        let config = analysis.config();
        let settings = config.settings_level(scope);
        let level = config.effective_list(scope, name::PROXY_SET_HEADER).0;
        let at = config.occ(self.occ).scope;
        match self.part {
            Part::Directive => {
                self.meant == "proxy_set_header"
                    && config.outward(settings).any(|s| s == at)
                    && config.is_header(self.occ, header)
            }
            Part::Header => level == Some(at) && self.meant.eq_ignore_ascii_case(header),
            Part::Upgrade => level == Some(at) && header.eq_ignore_ascii_case("Upgrade"),
            Part::Connection => level == Some(at) && header.eq_ignore_ascii_case("Connection"),
            Part::Version | Part::MapKey => false,
            Part::MapSource | Part::MapValue => {
                let Some(level) = level else { return false };
                config.headers(level, header).any(|o| config.arg(o, 1).is_some_and(|v| self.feeds(analysis, &v)))
            }
        }
    }

    /// Whether it stands in a map from which this value gets its own.
    pub fn feeds(&self, analysis: &Analysis<'_>, value: &[u8]) -> bool {
        let config = analysis.config();
        let map = match self.part {
            Part::MapSource => Some(self.occ),
            Part::MapValue => config.scope(config.occ(self.occ).scope).opened_by,
            _ => None,
        };
        map.is_some_and(|m| {
            let target = config.arg_text(m, 1);
            reaches(analysis, value, target.trim_start_matches('$'))
        })
    }

    /// Whether it is why the HTTP version of an endpoint is wrong.
    pub fn concerns_version(&self, analysis: &Analysis<'_>, scope: ScopeId) -> bool {
        let config = analysis.config();
        let level = config.occ(self.occ).scope;
        let version =
            self.part == Part::Version || (self.part == Part::Directive && self.meant == "proxy_http_version");
        version && config.outward(scope).any(|s| s == level)
    }
}

/// Whether a value depends on a variable, through maps. Each of them is followed once.
fn reaches(analysis: &Analysis<'_>, value: &[u8], to: &str) -> bool {
    let mut open = variables_in(value);
    let mut seen: HashSet<String> = HashSet::default();
    while let Some(from) = open.pop() {
        if from.eq_ignore_ascii_case(to) {
            return true;
        }
        if !seen.contains(&from) {
            if let Some(map) = analysis.world.definitions.map_of(&from) {
                open.extend(variables_in(&map.source));
                open.extend(map.entries.iter().flat_map(|e| variables_in(&e.value)));
            }
            seen.insert(from);
        }
    }
    false
}
