//! Who defines a variable, and what a map yields (http/modules/ngx_http_map_module.c,
//! http/ngx_http_variables.c).

use super::rewrite::patterns_of;
use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use super::pattern::Pattern;
use crate::catalog::{Name, builtin_variable, name};
use crate::model::config::lines::Lines;
use crate::model::config::scope::{Config, Occ, OccId, ScopeKind};
use crate::syntax::template::stands_for_another;
use crate::syntax::word;

/// What gives a variable its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Definer {
    /// A `map` block.
    Map,
    /// `set`: where it is executed, and empty elsewhere.
    Set,
    /// `geo`: by the client's address.
    Geo,
    /// `split_clients`: by a hash of the client.
    SplitClients,
    /// A named capture of a regular expression.
    Capture,
    /// `auth_request_set`, Lua, njs, Perl and whatever else a module computes.
    Script,
}

/// One definition of a variable.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// What kind.
    pub definer: Definer,
    /// The directive.
    pub occ: OccId,
}

/// All definitions of the `http` part of a configuration, by lower-case name.
#[derive(Debug, Default)]
pub struct Definitions {
    by_name: HashMap<String, Vec<Definition>>,
    maps: HashMap<OccId, Map>,
    names: Vec<String>,
    /// What the names of directives begin with that belong to modules which the catalogue does not know: `nchan_`.
    modules: HashSet<String>,
    given: OnceLock<bool>,
}

/// A parsed `map` block.
#[derive(Debug)]
pub struct Map {
    /// The directive.
    pub occ: OccId,
    /// The source value, decoded.
    pub source: Vec<u8>,
    /// Whether `hostnames` stands in it.
    pub hostnames: bool,
    /// Whether `volatile` stands in it: the value is computed anew at each use.
    pub volatile: bool,
    /// Its entries, in order, without the two words above.
    pub entries: Vec<Entry>,
    /// It holds an include that could not be read, or an entry that could not be understood.
    pub incomplete: bool,
    /// A template decides which entries it has, or what one of them matches.
    pub open: bool,
    /// The strings among its keys, found when first asked for: the first entry of each.
    exact: OnceLock<HashMap<Box<[u8]>, usize>>,
    /// Working it out takes more steps than are allowed.
    endless: AtomicBool,
}

/// One line of a map.
#[derive(Debug)]
pub struct Entry {
    /// The line.
    pub occ: OccId,
    /// What it matches.
    pub key: Key,
    /// The value, decoded, variables not replaced.
    pub value: Box<[u8]>,
}

/// The key of a map entry.
#[derive(Debug)]
pub enum Key {
    /// `default`
    Default,
    /// A string, lower-cased, as nginx stores it.
    Exact(Box<[u8]>),
    /// `~…` or `~*…`; rare, and large, where maps may have 100,000 entries.
    Regex(Box<Pattern>),
}

/// Whether a directive is there to give a variable its value, or may be, as one of an unknown module.
pub fn names_variable(directive: Name) -> bool {
    matches!(
        directive,
        name::MAP
            | name::SET
            | name::GEO
            | name::SPLIT_CLIENTS
            | name::AUTH_REQUEST_SET
            | name::PERL_SET
            | Name::UNKNOWN
    )
}

impl Definitions {
    /// Reads all definitions of a configuration.
    pub fn collect(config: Config<'_>, lines: &Lines) -> Definitions {
        let mut out = Definitions::default();
        let captures = |n: Name| {
            matches!(
                n,
                name::REWRITE
                    | name::IF
                    | name::PROXY_REDIRECT
                    | name::PROXY_COOKIE_DOMAIN
                    | name::PROXY_COOKIE_PATH
                    | name::PROXY_COOKIE_FLAGS
            )
        };
        let defines = |n: Name| names_variable(n) || captures(n);
        let all = lines.rare.iter().map(|&id| (id, config.occ(id))).filter(|(_, o)| defines(o.name));
        // Their expressions name captures, whatever stands in the blocks.
        let named = |o: &Occ| matches!(o.name, name::LOCATION | name::SERVER_NAME);
        let heads = lines.distinct.iter().map(|&id| (id, config.occ(id))).filter(|(_, o)| named(o));
        for (id, occ) in all.chain(heads) {
            match config.scope(occ.scope).kind {
                ScopeKind::Stream
                | ScopeKind::StreamServer
                | ScopeKind::StreamUpstream
                | ScopeKind::Mail
                | ScopeKind::MailServer
                | ScopeKind::Entries => {}
                _ if config.scope(occ.scope).outside_http => {}
                _ => out.directive(config, id, occ.name),
            }
        }
        for definitions in out.by_name.values_mut() {
            definitions.sort_by_key(|d| d.occ);
            // Which of several maps of one name is there, a template decides.
            let maps = || definitions.iter().filter(|d| d.definer == Definer::Map);
            if config.has_branches() && maps().count() > 1 && maps().any(|d| config.is_in_template_branch(d.occ)) {
                for definition in maps() {
                    out.maps.entry(definition.occ).and_modify(|m| m.incomplete = true);
                }
            }
        }
        out.names = out.by_name.keys().cloned().collect();
        out.names.sort_unstable();
        out
    }

    /// Those of the `stream` part: it has a `map`, `geo`, `split_clients` and `set` of its own.
    pub fn of_stream(config: Config<'_>) -> Definitions {
        let mut out = Definitions::default();
        for (id, occ) in config.occs() {
            let here = matches!(config.scope(occ.scope).kind, ScopeKind::Stream | ScopeKind::StreamServer);
            if here && matches!(occ.name, name::MAP | name::SET | name::GEO | name::SPLIT_CLIENTS | Name::UNKNOWN) {
                out.directive(config, id, occ.name);
            }
        }
        out
    }

    fn directive(&mut self, config: Config<'_>, id: OccId, directive: Name) {
        let target = |i: usize| config.arg(id, i).filter(|v| v.first() == Some(&b'$')).map(|v| v[1..].to_vec());
        let last = config.args(id).len().saturating_sub(1);
        match directive {
            name::MAP => {
                if let Some(n) = target(1) {
                    self.add(&n, Definer::Map, id);
                }
                let map = Map::parse(config, id);
                for entry in &map.entries {
                    if let Key::Regex(pattern) = &entry.key {
                        self.captures(pattern, id);
                    }
                }
                self.maps.insert(id, map);
            }
            name::SET => self.add_target(target(0), Definer::Set, id),
            name::GEO => self.add_target(target(last), Definer::Geo, id),
            name::SPLIT_CLIENTS => self.add_target(target(1), Definer::SplitClients, id),
            name::AUTH_REQUEST_SET | name::PERL_SET => self.add_target(target(0), Definer::Script, id),
            // Run over the answer (`ngx_http_proxy_rewrite_redirect` and the like), known from the start.
            name::PROXY_REDIRECT | name::PROXY_COOKIE_DOMAIN | name::PROXY_COOKIE_PATH | name::PROXY_COOKIE_FLAGS => {
                if let Some([b'~', rest @ ..]) = config.arg(id, 0).as_deref() {
                    self.captures(&Pattern::new(rest, false), id);
                }
            }
            name::LOCATION | name::SERVER_NAME | name::REWRITE | name::IF => {
                for pattern in patterns_of(config, id, directive) {
                    self.captures(&pattern, id);
                }
            }
            // A module that the catalogue does not know: whatever variable it names, it may define.
            Name::UNKNOWN => {
                self.modules.extend(module_of(&config.name_text(id)));
                // `$geoip2_city_name city names en;` in a block of its own.
                let name = config.name_text(id).strip_prefix(b"$").map(<[u8]>::to_vec);
                self.add_target(name, Definer::Script, id);
                for i in 0..config.args(id).len() {
                    self.add_target(target(i), Definer::Script, id);
                }
            }
            _ => {}
        }
    }

    fn captures(&mut self, pattern: &Pattern, occ: OccId) {
        for n in pattern.names() {
            self.add(n.as_bytes(), Definer::Capture, occ);
        }
    }

    fn add_target(&mut self, name: Option<Vec<u8>>, definer: Definer, occ: OccId) {
        if let Some(name) = name {
            self.add(&name, definer, occ);
        }
    }

    fn add(&mut self, name: &[u8], definer: Definer, occ: OccId) {
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        self.by_name.entry(name).or_default().push(Definition { definer, occ });
    }

    /// The definitions of a variable, in the order in which nginx meets them.
    pub fn of(&self, name: &str) -> &[Definition] {
        let found = match name.bytes().any(|b| b.is_ascii_uppercase()) {
            true => self.by_name.get(&name.to_ascii_lowercase()),
            false => self.by_name.get(name),
        };
        found.map_or(&[], Vec::as_slice)
    }

    /// The map that counts: the last one of that name wins, silently.
    pub fn map_of(&self, name: &str) -> Option<&Map> {
        let last = self.of(name).iter().rev().find(|d| d.definer == Definer::Map)?;
        self.maps.get(&last.occ)
    }

    /// All maps, in the order of the configuration.
    pub fn maps(&self) -> Vec<&Map> {
        let mut all: Vec<&Map> = self.maps.values().collect();
        all.sort_by_key(|m| m.occ);
        all
    }

    /// Whether any variable gets its value on a request's way: by `set`, or by an expression.
    pub fn has_given(&self) -> bool {
        let given = |d: &Definition| matches!(d.definer, Definer::Set | Definer::Capture);
        *self.given.get_or_init(|| self.by_name.values().flatten().any(given))
    }

    /// Every name that is defined, sorted.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether nginx knows the variable: defined here, or by nginx itself.
    pub fn knows(&self, name: &str) -> bool {
        builtin_variable(name.as_bytes()).is_some() || !self.of(name).is_empty() || self.may_be_of_a_module(name)
    }

    /// Whether a module that the catalogue does not know may give a variable of this name, as the names of its
    /// directives go.
    pub fn may_be_of_a_module(&self, name: &str) -> bool {
        !self.modules.is_empty()
            && module_of(name.to_ascii_lowercase().as_bytes()).is_some_and(|m| self.modules.contains(&m))
    }
}

/// What a name begins with, up to its first `_`, where no directive of nginx begins so.
fn module_of(name: &[u8]) -> Option<String> {
    let at = memchr::memchr(b'_', name).filter(|at| *at > 1)?;
    let module = std::str::from_utf8(&name[..=at]).ok()?;
    (!crate::catalog::names().any(|n| n.as_str().starts_with(module))).then(|| module.to_owned())
}

impl Map {
    fn parse(config: Config<'_>, occ: OccId) -> Map {
        let source = config.arg(occ, 0).map(|v| v.into_owned()).unwrap_or_default();
        let mut map = Map {
            occ,
            source,
            hostnames: false,
            volatile: false,
            entries: Vec::new(),
            incomplete: false,
            open: false,
            exact: OnceLock::new(),
            endless: AtomicBool::new(false),
        };
        let Some(scope) = config.occ(occ).opens() else { return map };
        map.incomplete = config.scope(scope).unresolved;
        for line in config.own(scope) {
            let key = config.name_text(line);
            map.open |= config.is_branched(line) || config.is_templated(line) || stands_for_another(&key);
            match (&*key, config.args(line).len()) {
                (b"hostnames", 0) => map.hostnames = true,
                (b"volatile", 0) => map.volatile = true,
                (b"include", 1) => {}
                (key, 1) => {
                    let value = config.arg(line, 0).map(|v| (*v).into()).unwrap_or_default();
                    map.entries.push(Entry { occ: line, key: Key::parse(key), value });
                }
                _ => map.incomplete = true,
            }
        }
        map.incomplete |= map.open;
        map
    }

    /// The entry that `value` selects: exact, then (not for an empty value) the regular expressions
    /// in order, then `default`. `Err` where a pattern or wildcard name cannot be decided here.
    pub fn select(&self, value: &[u8]) -> Result<Option<&Entry>, Undecided> {
        if self.incomplete {
            return Err(Undecided);
        }
        let lower = value.to_ascii_lowercase();
        if self.hostnames
            && let Some(at) = self.host(&lower)
        {
            return Ok(self.entries.get(at));
        }
        if let Some(&at) = self.exact.get_or_init(|| self.strings()).get(&*lower) {
            return Ok(self.entries.get(at));
        }
        if !value.is_empty() {
            for entry in &self.entries {
                if let Key::Regex(pattern) = &entry.key
                    && pattern.matches(value).ok_or(Undecided)?
                {
                    return Ok(Some(entry));
                }
            }
        }
        Ok(self.default_entry())
    }

    /// The entry for a host: its name, else the longest `*.example.com` or `.example.com`, else the longest `www.*`
    /// (`ngx_hash_find_combined`).
    fn host(&self, value: &[u8]) -> Option<usize> {
        let host = value.strip_suffix(b".").unwrap_or(value);
        let keys = || {
            let exact = |(at, e): (usize, &'_ Entry)| match &e.key {
                Key::Exact(key) => Some((at, key.to_vec())),
                _ => None,
            };
            self.entries.iter().enumerate().filter_map(exact)
        };
        let is_exact = |key: &[u8]| key == host || key.strip_prefix(b".") == Some(host);
        let tail = |key: &[u8]| {
            let suffix = if key.starts_with(b"*.") { &key[1..] } else { key };
            suffix.starts_with(b".") && host.len() > suffix.len() && host.ends_with(suffix)
        };
        let head = |key: &[u8]| key.strip_suffix(b"*").is_some_and(|p| host.len() > p.len() && host.starts_with(p));
        let longest = |fits: &dyn Fn(&[u8]) -> bool| {
            keys().filter(|(_, k)| fits(k)).max_by_key(|(_, k)| k.strip_prefix(b"*").unwrap_or(k).len())
        };
        let found = keys().find(|(_, k)| is_exact(k)).or_else(|| longest(&tail)).or_else(|| longest(&head));
        found.map(|(at, _)| at)
    }

    fn strings(&self) -> HashMap<Box<[u8]>, usize> {
        let mut out = HashMap::new();
        for (at, entry) in self.entries.iter().enumerate() {
            if let Key::Exact(key) = &entry.key {
                out.entry(key.clone()).or_insert(at);
            }
        }
        out
    }

    /// Whether it was found to take more steps than are allowed.
    pub fn is_endless(&self) -> bool {
        self.endless.load(Ordering::Relaxed)
    }

    /// Spares every further request the steps.
    pub fn call_endless(&self) {
        self.endless.store(true, Ordering::Relaxed);
    }

    /// The `default` line.
    pub fn default_entry(&self) -> Option<&Entry> {
        self.entries.iter().find(|e| matches!(e.key, Key::Default))
    }
}

/// What the files at hand do not decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undecided;

impl Key {
    fn parse(key: &[u8]) -> Key {
        match key {
            b"default" => Key::Default,
            [b'~', b'*', rest @ ..] => Key::Regex(Box::new(Pattern::new(rest, true))),
            [b'~', rest @ ..] => Key::Regex(Box::new(Pattern::new(rest, false))),
            [b'\\', rest @ ..] => Key::Exact(rest.to_ascii_lowercase().into()),
            other => Key::Exact(other.to_ascii_lowercase().into()),
        }
    }
}

/// The names of the variables in a decoded value.
pub fn variables_in(value: &[u8]) -> Vec<String> {
    let Ok(parts) = word::parts(value) else { return Vec::new() };
    parts
        .into_iter()
        .filter_map(|p| match p {
            word::Part::Variable(name) => Some(String::from_utf8_lossy(name).into_owned()),
            _ => None,
        })
        .collect()
}
