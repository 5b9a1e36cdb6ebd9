//! Which server answers, exactly as nginx chooses it (http/ngx_http.c, http/ngx_http_request.c,
//! core/ngx_hash.c).

use std::collections::{HashMap, HashSet};
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::catalog::name;
use crate::model::config::scope::{Config, OccId, ScopeId, ScopeKind};
use crate::model::value::pattern::Pattern;
use crate::syntax::address::{Address, Use};
use crate::syntax::template::stands_for_another;

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
    /// `proxy_protocol`: whoever connects says first for whom.
    pub proxy_protocol: bool,
    /// The directive; none for the implied `*:80`.
    pub occ: Option<OccId>,
}

impl Listen {
    /// Reads the arguments of a `listen`.
    pub fn read(config: Config<'_>, occ: OccId) -> Option<Listen> {
        let text = config.arg(occ, 0)?;
        let Address { host, ports } = Address::parse(&String::from_utf8_lossy(&text), Use::Listen).ok()?;
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
            proxy_protocol: has("proxy_protocol"),
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
            return vec![Listen::implied()];
        }
        own
    }

    fn implied() -> Listen {
        Listen {
            address: "*".into(),
            ports: Some((80, 80)),
            default: false,
            ssl: false,
            http2: false,
            quic: false,
            proxy_protocol: false,
            occ: None,
        }
    }
}

/// What the words of `listen` lines say, each read once: the same stand in thousands of servers.
#[derive(Debug, Default)]
pub struct ListenWords<'a>(foldhash::HashMap<&'a [u8], Option<Listen>>);

impl<'a> ListenWords<'a> {
    /// A `listen`, but for its place, which is that of the first line with these words.
    pub fn of(&mut self, config: Config<'a>, occ: OccId) -> Option<&Listen> {
        let words = &config.bytes(occ)[config.head(occ).span.range()];
        self.0.entry(words).or_insert_with(|| Listen::read(config, occ)).as_ref()
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
    /// The default server of the address: it reads the request line.
    pub default: ScopeId,
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
    let all = || servers(config).into_iter().flat_map(|s| Listen::of(config, s).into_iter().map(move |l| (s, l)));
    let on_tcp = |(_, l): &(ScopeId, Listen)| !l.quic;
    let any_port = !all().filter(on_tcp).any(|(_, l)| l.has_port(port));
    // What is read for mail there is no handshake.
    if any_port && speaks_mail(config, port) {
        return (Vec::new(), false);
    }
    let mut groups: Vec<(String, Vec<(ScopeId, Listen)>)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (server, listen) in all().filter(on_tcp).filter(|(_, l)| any_port || l.has_port(port)) {
        // Nobody listens on the port: something in front does, and passes to one of the others.
        let key = if any_port { String::new() } else { listen.address.clone() };
        let place = *places.entry(key.clone()).or_insert_with(|| {
            groups.push((key, Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push((server, listen));
    }
    // An address that the URL itself names is the one that is reached; one of IPv6 by IPv6.
    let is_v6 = |address: &str| address.parse::<Ipv6Addr>().is_ok();
    if let Some(exact) = groups.iter().position(|(k, _)| k == host) {
        groups = vec![groups.swap_remove(exact)];
    } else if is_v6(host) && groups.iter().any(|(k, _)| is_v6(k)) {
        groups.retain(|(k, _)| is_v6(k));
    }
    let candidates = groups.into_iter().filter_map(|(_, members)| Group::of(config, members).choose(host)).collect();
    (candidates, any_port)
}

/// Whether a server of `mail` listens on a port.
fn speaks_mail(config: Config<'_>, port: u16) -> bool {
    let mail = config.scopes().filter(|(_, s)| s.kind == ScopeKind::MailServer).map(|(id, _)| id);
    mail.flat_map(|s| Listen::of(config, s)).any(|l| l.occ.is_some() && l.has_port(port))
}

/// The servers of one address.
#[derive(Debug, Default)]
pub struct Group {
    members: Vec<(ScopeId, Listen)>,
    names: Names,
}

impl Group {
    pub(super) fn of(config: Config<'_>, members: Vec<(ScopeId, Listen)>) -> Group {
        Group { names: Names::of(config, &members), members }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Whether any name leads to the same server.
    pub(super) fn is_one(&self) -> bool {
        self.members.first().is_some_and(|(first, _)| self.members.iter().all(|(s, _)| s == first))
    }

    /// The server for a name.
    pub fn choose(&self, host: &str) -> Option<Candidate> {
        let default = self.members.iter().find(|(_, l)| l.default).or(self.members.first())?.0;
        let found = self.names.find(&in_header(host)).filter(|(_, by)| *by != ServerMatch::Undecided || !self.is_one());
        let (server, by) = found.unwrap_or((default, ServerMatch::Default));
        // What one `listen` says of the socket holds for all, also where others name it by a range.
        let mut listen = self.members.iter().find(|(s, _)| *s == server)?.1.clone();
        listen.ssl = self.members.iter().any(|(_, l)| l.ssl);
        listen.http2 = self.members.iter().any(|(_, l)| l.http2);
        listen.proxy_protocol = self.members.iter().any(|(_, l)| l.proxy_protocol);
        Some(Candidate { server, listen, by, default })
    }
}

/// All listens of `http` but those of QUIC, by port.
#[derive(Debug, Default)]
pub(super) struct Listens {
    by_port: HashMap<u16, Vec<(ScopeId, Listen)>>,
    /// Those of several ports, and of unix sockets.
    others: Vec<(ScopeId, Listen)>,
}

impl Listens {
    pub(super) fn of(config: Config<'_>) -> Listens {
        let mut out = Listens::default();
        let mut read = ListenWords::default();
        for server in servers(config) {
            let mut implied = true;
            for occ in config.own_named(server, name::LISTEN) {
                implied = false;
                if let Some(listen) = read.of(config, occ) {
                    out.add(server, Listen { occ: Some(occ), ..listen.clone() });
                }
            }
            if implied {
                out.add(server, Listen::implied());
            }
        }
        out
    }

    fn add(&mut self, server: ScopeId, listen: Listen) {
        match listen.ports {
            _ if listen.quic => {}
            Some((first, last)) if first == last => self.by_port.entry(first).or_default().push((server, listen)),
            _ => self.others.push((server, listen)),
        }
    }

    /// Whether it is worth while to ask [`Listens::at`].
    pub(super) fn any_at(&self, host: &str, port: u16) -> bool {
        self.by_port.contains_key(&port) || (!self.others.is_empty() && (port > 0 || host.starts_with("unix:")))
    }

    /// The sockets that an address leads to on this machine: one of the loopback, or one that a `listen` names.
    pub(super) fn at(&self, host: &str, port: u16) -> Vec<(ScopeId, Listen)> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let v4 = bare.parse::<Ipv4Addr>().is_ok_and(|a| a.is_loopback() || a.is_unspecified()) || bare == "localhost";
        let v6 = bare.parse::<Ipv6Addr>().is_ok_and(|a| a.is_loopback());
        let exactly = |l: &Listen| l.address == bare || (bare == "localhost" && l.address == "127.0.0.1");
        let on_any = |l: &Listen| (v4 && l.address == "*") || (v6 && l.address == "::");
        let here = |l: &Listen| l.has_port(port) || (l.ports.is_none() && host.starts_with("unix:"));
        let all = || self.by_port.get(&port).into_iter().flatten().chain(&self.others).filter(|(_, l)| here(l));
        let mut found: Vec<_> = all().filter(|(_, l)| exactly(l)).cloned().collect();
        if found.is_empty() {
            found = all().filter(|(_, l)| on_any(l)).cloned().collect();
        }
        // In the order of the configuration, ranges among the others.
        found.sort_by_key(|(server, _)| *server);
        found
    }
}

/// A host as nginx has it from the `Host` header (`ngx_http_validate_host`): without the dot at its end,
/// and an address of IPv6 in its brackets.
pub fn in_header(host: &str) -> String {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    if host.parse::<Ipv6Addr>().is_ok() { format!("[{host}]") } else { host }
}

/// The names of the servers of one address. Of two that are the same the first counts
/// (`conflicting server name "…" ignored`).
#[derive(Debug, Default)]
struct Names {
    exact: HashMap<String, (ScopeId, String)>,
    /// `*.example.com` and, with the flag, `.example.com`.
    leading: HashMap<String, (ScopeId, String, bool)>,
    /// `example.*`
    trailing: HashMap<String, (ScopeId, String)>,
    expressions: Vec<(ScopeId, Pattern)>,
    /// The first server with a name that a template leaves open.
    open: Option<ScopeId>,
}

impl Names {
    /// As `ngx_http_server_names` adds them (`ngx_hash_add_key`).
    fn of(config: Config<'_>, members: &[(ScopeId, Listen)]) -> Names {
        let mut names = Names::default();
        // `.example.com` takes the place of `example.com`, also where it is itself ignored later on.
        let mut taken: HashSet<String> = HashSet::new();
        for (server, _) in members {
            for name in server_names(config, *server) {
                if stands_for_another(name.as_bytes()) {
                    names.open.get_or_insert(*server);
                    continue;
                }
                if let Some(pattern) = name.strip_prefix('~') {
                    names.expressions.push((*server, Pattern::new(pattern.as_bytes(), true)));
                    continue;
                }
                let lower = name.to_ascii_lowercase();
                if let Some(rest) = lower.strip_prefix('.') {
                    if taken.insert(rest.to_owned()) {
                        names.leading.entry(rest.to_owned()).or_insert((*server, name, true));
                    }
                } else if let Some(rest) = lower.strip_prefix("*.") {
                    names.leading.entry(rest.to_owned()).or_insert((*server, name, false));
                } else if let Some(rest) = lower.strip_suffix(".*") {
                    names.trailing.entry(rest.to_owned()).or_insert((*server, name));
                } else if taken.insert(lower.clone()) {
                    names.exact.insert(lower, (*server, name));
                }
            }
        }
        names
    }

    /// Exact, longest leading wildcard, longest trailing wildcard, first regular expression
    /// (`ngx_hash_find_combined`, `ngx_http_find_virtual_server`).
    fn find(&self, host: &str) -> Option<(ScopeId, ServerMatch)> {
        let named = |server: ScopeId, name: &str| Some((server, ServerMatch::Name(name.to_owned())));
        if let Some((server, name)) = self.exact.get(host).filter(|(s, _)| self.open.is_none_or(|open| open >= *s)) {
            return named(*server, name);
        }
        if let Some(open) = self.open {
            return Some((open, ServerMatch::Undecided));
        }
        if let Some((server, name, true)) = self.leading.get(host) {
            return named(*server, name);
        }
        let dots = || host.match_indices('.').map(|(at, _)| at);
        if let Some((server, name, _)) = dots().filter(|at| *at > 0).find_map(|at| self.leading.get(&host[at + 1..])) {
            return named(*server, name);
        }
        let longest_first = dots().collect::<Vec<_>>().into_iter().rev();
        let behind = |at: &usize| *at + 1 < host.len();
        if let Some((server, name)) = longest_first.filter(behind).find_map(|at| self.trailing.get(&host[..at])) {
            return named(*server, name);
        }
        for (server, pattern) in &self.expressions {
            match pattern.matches(host.as_bytes()) {
                Some(true) => return Some((*server, ServerMatch::Regex(pattern.text()))),
                Some(false) => {}
                None => return Some((*server, ServerMatch::Undecided)),
            }
        }
        None
    }
}

/// The expressions among the names of servers.
pub(super) fn name_patterns(config: Config<'_>) -> HashMap<ScopeId, Vec<Pattern>> {
    let mut out: HashMap<ScopeId, Vec<Pattern>> = HashMap::default();
    // Most configurations have no expression at all.
    if !config.sources.iter().any(|(_, source)| memchr::memchr(b'~', &source.bytes).is_some()) {
        return out;
    }
    for (occ, _) in config.occs().filter(|(_, o)| o.name == name::SERVER_NAME) {
        for word in config.each(occ) {
            if let Some(pattern) = word.strip_prefix(b"~") {
                out.entry(config.occ(occ).scope).or_default().push(Pattern::new(pattern, true));
            }
        }
    }
    out
}

/// The names of a server, decoded, in order; none is the empty name, which no client asks for.
pub fn server_names(config: Config<'_>, server: ScopeId) -> Vec<String> {
    config.own_named(server, name::SERVER_NAME).flat_map(|o| config.texts(o)).collect()
}
