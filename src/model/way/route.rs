//! Which server and which location answer, exactly as nginx chooses them (http/ngx_http_core_module.c,
//! `ngx_http_core_find_location`; http/ngx_http.c and ngx_http_request.c for servers).

use crate::catalog::name;
use crate::model::config::scope::{Config, OccId, ScopeId, ScopeKind};
use crate::model::value::pattern::Pattern;
use crate::syntax::address::{Address, Use};
use crate::syntax::template::is_open;

/// How a location matches.
#[derive(Debug)]
pub enum Matcher {
    /// `= /path`
    Exact(Vec<u8>),
    /// `/path`, or `^~ /path`, which keeps regular expressions out.
    Prefix(Vec<u8>, bool),
    /// `~` or `~*`.
    Regex(Pattern),
    /// `@name`
    Named(Vec<u8>),
}

/// One location.
#[derive(Debug)]
pub struct Location {
    /// Its scope.
    pub scope: ScopeId,
    /// The directive.
    pub occ: OccId,
    /// How it matches.
    pub matcher: Matcher,
}

impl Location {
    /// Reads the arguments of a `location`; `None` where nginx refuses them.
    pub fn read(config: Config<'_>, occ: OccId) -> Option<Location> {
        let scope = config.occ(occ).opens()?;
        let one = config.arg(occ, 0)?;
        let matcher = match config.args(occ).len() {
            1 => match &*one {
                [b'=', rest @ ..] => Matcher::Exact(rest.to_vec()),
                [b'^', b'~', rest @ ..] => Matcher::Prefix(rest.to_vec(), true),
                [b'~', b'*', rest @ ..] => Matcher::Regex(Pattern::new(rest, true)),
                [b'~', rest @ ..] => Matcher::Regex(Pattern::new(rest, false)),
                [b'@', ..] => Matcher::Named(one.to_vec()),
                other => Matcher::Prefix(other.to_vec(), false),
            },
            2 => {
                let text = config.arg(occ, 1)?.into_owned();
                match &*one {
                    b"=" => Matcher::Exact(text),
                    b"^~" => Matcher::Prefix(text, true),
                    b"~" => Matcher::Regex(Pattern::new(&text, false)),
                    b"~*" => Matcher::Regex(Pattern::new(&text, true)),
                    _ => return None,
                }
            }
            _ => return None,
        };
        Some(Location { scope, occ, matcher })
    }

    /// The path or expression as messages show it.
    pub fn text(&self) -> String {
        match &self.matcher {
            Matcher::Exact(p) | Matcher::Prefix(p, _) | Matcher::Named(p) => String::from_utf8_lossy(p).into_owned(),
            Matcher::Regex(pattern) => pattern.text(),
        }
    }
}

/// The locations directly in a server or location, in order.
pub fn locations_in(config: Config<'_>, scope: ScopeId) -> Vec<Location> {
    config
        .blocks(scope)
        .filter(|&o| config.occ(o).name == name::LOCATION)
        .filter_map(|o| Location::read(config, o))
        .collect()
}

/// What the search for a location found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// This location.
    Location(ScopeId, OccId),
    /// `/path/` with a proxy answers `/path` with a redirect to itself.
    SlashRedirect(ScopeId, OccId),
    /// No location matches: the server's own settings count.
    None,
    /// A regular expression could not be decided.
    Undecided(OccId),
}

/// The location for a decoded path; `redirects` says of a scope whether nginx adds a missing slash
/// there (`clcf->auto_redirect`: a handler that passes requests on).
pub fn find_location(config: Config<'_>, server: ScopeId, path: &[u8], redirects: &dyn Fn(ScopeId) -> bool) -> Choice {
    let mut level = server;
    let mut best = Choice::None;
    // Levels that a prefix led into, from the outside in; their regular expressions are tried from
    // the inside out once no deeper prefix is found.
    let mut levels: Vec<(Vec<Location>, bool)> = Vec::new();
    loop {
        let locations = locations_in(config, level);
        // The path of a template is not known before it is rendered.
        if let Some(open) = locations.iter().find(|l| is_open(l.text().as_bytes())) {
            return Choice::Undecided(open.occ);
        }
        let mut longest: Option<(&Location, &[u8], bool)> = None;
        for location in &locations {
            match &location.matcher {
                Matcher::Exact(p) if p == path => return Choice::Location(location.scope, location.occ),
                Matcher::Prefix(p, keeps)
                    if path.starts_with(p) && longest.is_none_or(|(_, l, _)| p.len() > l.len()) =>
                {
                    longest = Some((location, p, *keeps));
                }
                _ => {}
            }
        }
        let whole = longest.is_some_and(|(_, p, _)| p.len() == path.len());
        if !whole {
            let with_slash = [path, b"/"].concat();
            let adds = locations.iter().find(|l| {
                matches!(&l.matcher, Matcher::Exact(p) | Matcher::Prefix(p, _) if *p == with_slash)
                    && redirects(l.scope)
            });
            if let Some(location) = adds {
                return Choice::SlashRedirect(location.scope, location.occ);
            }
        }
        let found = longest.map(|(l, _, keeps)| (l.scope, l.occ, keeps));
        match found {
            Some((scope, occ, keeps)) => {
                best = Choice::Location(scope, occ);
                levels.push((locations, keeps));
                level = scope;
            }
            None => {
                levels.push((locations, false));
                break;
            }
        }
    }
    // The innermost level has no prefix; it and the ones around it offer their expressions, unless
    // the prefix chosen at that level keeps them out.
    for (locations, keeps) in levels.iter().rev() {
        if *keeps {
            continue;
        }
        for location in locations {
            let Matcher::Regex(pattern) = &location.matcher else { continue };
            match pattern.matches(path) {
                Some(true) => return within_regex(config, location, path, redirects),
                Some(false) => {}
                None => return Choice::Undecided(location.occ),
            }
        }
    }
    best
}

/// Locations nested in a regular expression that matched are searched again.
fn within_regex(config: Config<'_>, location: &Location, path: &[u8], redirects: &dyn Fn(ScopeId) -> bool) -> Choice {
    let has_locations = config.blocks(location.scope).any(|o| config.occ(o).name == name::LOCATION);
    if !has_locations {
        return Choice::Location(location.scope, location.occ);
    }
    match find_location(config, location.scope, path, redirects) {
        Choice::None => Choice::Location(location.scope, location.occ),
        // `return (rc == NGX_ERROR) ? rc : NGX_OK`: a redirect found in there counts as a match.
        Choice::SlashRedirect(scope, occ) => Choice::Location(scope, occ),
        other => other,
    }
}

/// The named location of a server.
pub fn named_location(config: Config<'_>, server: ScopeId, wanted: &[u8]) -> Option<Location> {
    locations_in(config, server).into_iter().find(|l| matches!(&l.matcher, Matcher::Named(n) if n == wanted))
}

/// One `listen`, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// The address as text: `*` for all.
    pub address: String,
    /// The first port and the last one; none for a unix socket.
    pub ports: Option<(u16, u16)>,
    /// `default_server`
    pub default: bool,
    /// `ssl`
    pub ssl: bool,
    /// `http2`
    pub http2: bool,
    /// `quic`: no TCP at all.
    pub quic: bool,
    /// The directive; none for the implied `*:80`.
    pub occ: Option<OccId>,
}

impl Listen {
    /// Reads the arguments of a `listen`.
    pub fn read(config: Config<'_>, occ: OccId) -> Option<Listen> {
        let Address { host, ports } = Address::parse(&config.arg_text(occ, 0), Use::Listen).ok()?;
        let has = |parameter: &str| config.has_parameter(occ, parameter);
        let on_a_port = !host.starts_with("unix:");
        Some(Listen {
            address: match host.trim_start_matches('[').trim_end_matches(']') {
                "0.0.0.0" => "*".to_owned(),
                bare => bare.to_owned(),
            },
            ports: ports.or(on_a_port.then_some((80, 80))),
            default: has("default_server") || has("default"),
            ssl: has("ssl"),
            http2: has("http2"),
            quic: has("quic"),
            occ: Some(occ),
        })
    }

    /// Whether a client reaches it through this port.
    pub fn has_port(&self, port: u16) -> bool {
        self.ports.is_some_and(|(first, last)| (first..=last).contains(&port))
    }

    /// The listens of a server: its own, or the implied one (`*:80` for root).
    pub fn of(config: Config<'_>, server: ScopeId) -> Vec<Listen> {
        let own: Vec<Listen> = config.own_named(server, name::LISTEN).filter_map(|o| Listen::read(config, o)).collect();
        if config.own_named(server, name::LISTEN).next().is_none() {
            return vec![Listen {
                address: "*".into(),
                ports: Some((80, 80)),
                default: false,
                ssl: false,
                http2: false,
                quic: false,
                occ: None,
            }];
        }
        own
    }
}

/// A server that answers, and the listen through which.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The `server` block.
    pub server: ScopeId,
    /// The sockets of this address and port: TLS or HTTP/2 on any of them holds for all.
    pub listen: Listen,
    /// Why this server: a name, or that it is the default.
    pub by: ServerMatch,
}

/// Why a server was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerMatch {
    /// This `server_name`.
    Name(String),
    /// A regular expression, with what it captured.
    Regex(String),
    /// None matches: `default_server`, or the first of the address.
    Default,
    /// A regular expression could not be decided.
    Undecided,
}

/// The servers of the `http` block, in order.
pub fn servers(config: Config<'_>) -> Vec<ScopeId> {
    config.scopes().filter(|(_, s)| s.kind == ScopeKind::Server).map(|(id, _)| id).collect()
}

/// The servers that may answer a request for `host` on `port`, one for each address that listens
/// there; the flag says that nobody listens on the port and any port was taken.
pub fn find_servers(config: Config<'_>, host: &str, port: u16) -> (Vec<Candidate>, bool) {
    let mut groups: Vec<(String, Vec<(ScopeId, Listen)>)> = Vec::new();
    let all: Vec<(ScopeId, Listen)> = servers(config)
        .into_iter()
        .flat_map(|s| Listen::of(config, s).into_iter().map(move |l| (s, l)))
        .filter(|(_, l)| !l.quic)
        .collect();
    let any_port = !all.iter().any(|(_, l)| l.has_port(port));
    for (server, listen) in all {
        if !any_port && !listen.has_port(port) {
            continue;
        }
        // Nobody listens on the port: something in front does, and passes to one of the others.
        let key = if any_port { String::new() } else { listen.address.clone() };
        match groups.iter_mut().find(|(k, _)| *k == key) {
            Some((_, members)) => members.push((server, listen)),
            None => groups.push((key, vec![(server, listen)])),
        }
    }
    // An address that the URL itself names is the one that is reached.
    if let Some(exact) = groups.iter().position(|(k, _)| k == host) {
        groups = vec![groups.swap_remove(exact)];
    }
    let candidates = groups.into_iter().filter_map(|(_, members)| choose(config, &members, host)).collect();
    (candidates, any_port)
}

fn choose(config: Config<'_>, members: &[(ScopeId, Listen)], host: &str) -> Option<Candidate> {
    let merged = |server: ScopeId| -> Option<Listen> {
        let own = members.iter().find(|(s, _)| *s == server)?;
        let mut listen = own.1.clone();
        for (_, other) in members.iter().filter(|(_, l)| l.ports == listen.ports && l.address == listen.address) {
            listen.ssl |= other.ssl;
            listen.http2 |= other.http2;
        }
        Some(listen)
    };
    let (server, by) = match by_name(config, members, host) {
        Some(found) => found,
        None => (members.iter().find(|(_, l)| l.default).or(members.first())?.0, ServerMatch::Default),
    };
    Some(Candidate { server, listen: merged(server)?, by })
}

/// `server_name` lookup: exact, longest leading wildcard, longest trailing wildcard, first regular
/// expression.
fn by_name(config: Config<'_>, members: &[(ScopeId, Listen)], host: &str) -> Option<(ScopeId, ServerMatch)> {
    let host = host.to_lowercase();
    let mut leading: Option<(usize, ScopeId, String)> = None;
    let mut trailing: Option<(usize, ScopeId, String)> = None;
    let mut regexes = Vec::new();
    for (server, _) in members {
        for name in server_names(config, *server) {
            if let Some(pattern) = name.strip_prefix('~') {
                regexes.push((*server, pattern.to_owned()));
                continue;
            }
            let lower = name.to_lowercase();
            if let Some(rest) = lower.strip_prefix("*.").or(lower.strip_prefix('.')) {
                let dotted = lower.starts_with('.');
                if dotted && host == rest {
                    return Some((*server, ServerMatch::Name(name)));
                }
                let matches = host.strip_suffix(rest).is_some_and(|h| h.ends_with('.') && h.len() > 1);
                if matches && leading.as_ref().is_none_or(|(l, ..)| rest.len() > *l) {
                    leading = Some((rest.len(), *server, name));
                }
            } else if let Some(rest) = lower.strip_suffix(".*") {
                let matches = host.strip_prefix(rest).is_some_and(|h| h.starts_with('.') && h.len() > 1);
                if matches && trailing.as_ref().is_none_or(|(l, ..)| rest.len() > *l) {
                    trailing = Some((rest.len(), *server, name));
                }
            } else if lower == host {
                return Some((*server, ServerMatch::Name(name)));
            }
        }
    }
    if let Some((_, server, name)) = leading.or(trailing) {
        return Some((server, ServerMatch::Name(name)));
    }
    for (server, text) in regexes {
        match Pattern::new(text.as_bytes(), true).matches(host.as_bytes()) {
            Some(true) => return Some((server, ServerMatch::Regex(text))),
            Some(false) => {}
            None => return Some((server, ServerMatch::Undecided)),
        }
    }
    None
}

/// The names of a server, decoded, in order; none is the empty name, which no client asks for.
pub fn server_names(config: Config<'_>, server: ScopeId) -> Vec<String> {
    config.own_named(server, name::SERVER_NAME).flat_map(|o| config.texts(o)).collect()
}
