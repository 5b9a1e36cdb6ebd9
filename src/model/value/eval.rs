//! What a value with variables is for one request (http/ngx_http_variables.c).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::pattern::{Captured, Pattern};
use super::request::{KEY, Peer, Request, Value};
use super::variable::{Definer, Definitions, Key, Map};
use crate::catalog::builtin_variable;
use crate::syntax::template::{is_capital, is_open};
use crate::syntax::word::{Part, parts};

/// What the value is wanted for. A browser sends no header and no cookie that would help a
/// handshake, but whether it sends one at all is not known to a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A header of the request to the backend.
    Header,
    /// A condition, a URI, a name.
    Condition,
}

/// The variables of one request.
#[derive(Clone, Debug)]
pub struct Scope<'m> {
    definitions: &'m Definitions,
    /// A variable that nothing defines may be defined where wslint cannot look.
    open_world: bool,
    /// The client's request.
    pub request: Request,
    /// The current URI: a rewrite changes it.
    pub uri: Value,
    /// The current query.
    pub args: Value,
    /// Captures of the last regular expression, `$0` first.
    pub captures: Vec<Value>,
    assigned: HashMap<String, Value>,
    /// The text of a `proxy_pass`, and what it came out as: it is worked out before the headers are
    /// (`ngx_http_proxy_handler`), whose maps may take its captures away.
    url: Option<(Vec<u8>, Value)>,
    /// What maps came out as: nginx computes each once for a request, for every purpose.
    computed: [HashMap<String, Value>; 2],
    in_progress: Vec<String>,
    steps: u32,
    /// Variables that another location may have given a value before it sent the request here.
    pub foreign: Option<Arc<HashSet<String>>>,
    /// Whether the browser's own `Connection` was asked for: only then do browsers differ.
    pub saw_connection: bool,
    /// Variables whose values a template decides.
    open: HashSet<String>,
    /// A capture was replaced while a value was worked out.
    garbled: bool,
    /// A template decides something of what was asked for.
    pub saw_open: bool,
    /// An error has led to a page: `$status` has a value.
    pub answered: bool,
    /// A script runs before the request is passed on, and may give any value to what `set` defines.
    pub scripted: bool,
}

/// Variables of nginx's own that every request has a value for, whatever it is.
const NEVER_EMPTY: [&str; 22] = [
    "connection",
    "connection_requests",
    "document_root",
    "host",
    "hostname",
    "http_host",
    "msec",
    "nginx_version",
    "pid",
    "remote_addr",
    "proxy_add_x_forwarded_for",
    "remote_port",
    "request",
    "request_filename",
    "request_id",
    "request_length",
    "request_time",
    "request_uri",
    "scheme",
    "server_addr",
    "server_port",
    "uri",
];

/// nginx gives up on variables that refer to each other deeper than this (`r->variable_depth`).
const MAX_DEPTH: usize = 100;
/// The longest value that is worked out; nginx would take it, and no header holds it.
const MAX_VALUE: usize = 1 << 16;
/// The variables that one evaluation may ask for: maps that double each other are unknown.
const MAX_STEPS: u32 = 10_000;

impl<'m> Scope<'m> {
    /// The variables at the start of a request.
    pub fn new(definitions: &'m Definitions, open_world: bool, request: Request) -> Scope<'m> {
        let (uri, args) = (request.uri.clone(), request.args.clone());
        Scope {
            definitions,
            open_world,
            request,
            uri,
            args,
            captures: Vec::new(),
            assigned: HashMap::new(),
            url: None,
            computed: [HashMap::new(), HashMap::new()],
            in_progress: Vec::new(),
            steps: 0,
            foreign: None,
            saw_connection: false,
            open: HashSet::new(),
            garbled: false,
            saw_open: false,
            answered: false,
            scripted: false,
        }
    }

    /// Whether a variable has a value in every request of this kind, whatever it is. A browser's handshake always
    /// says where its page comes from (RFC 6455 §4.1).
    pub fn is_never_empty(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        let is_filled = NEVER_EMPTY.contains(&name.as_str()) && self.definitions.of(&name).is_empty();
        let over_tls =
            ["ssl_protocol", "ssl_cipher"].contains(&&*name) && self.request.scheme.known() == Some(b"https");
        is_filled || over_tls || (name == "http_origin" && self.request.handshake)
    }

    /// Gives a variable its value, as `set` does.
    pub fn assign(&mut self, name: &str, value: Value) {
        match name.to_ascii_lowercase().as_str() {
            "args" => self.args = value,
            name => {
                self.assigned.insert(name.to_owned(), value);
            }
        }
    }

    /// The variables of a subrequest of `auth_request`: it has a URI of its own, whatever stands in it, no query, and
    /// shares what was set (`ngx_http_auth_request_handler`, `ngx_http_subrequest`).
    pub fn for_subrequest(&self, uri: &[u8]) -> Scope<'m> {
        let (uri, args) = (Value::Known(uri.to_vec()), Value::EMPTY);
        Scope { uri, args, captures: Vec::new(), url: None, ..self.clone() }
    }

    /// Takes what a subrequest has left in the variables that it shares.
    pub fn adopt(&mut self, other: Scope<'m>) {
        (self.assigned, self.computed, self.open) = (other.assigned, other.computed, other.open);
        self.saw_connection |= other.saw_connection;
    }

    /// What another way sets to something else is not known.
    pub fn forget_differences(&mut self, other: &Scope<'m>) {
        let differs = |name: &&String| self.assigned.get(*name) != other.assigned.get(*name);
        let names: Vec<String> = self.assigned.keys().chain(other.assigned.keys()).filter(differs).cloned().collect();
        names.into_iter().for_each(|name| self.assign(&name, Value::Unknown));
        for (own, others) in self.computed.iter_mut().zip(&other.computed) {
            own.retain(|name, value| others.get(name) == Some(value));
        }
    }

    /// `set`: works out a text for a variable.
    pub fn set(&mut self, name: &str, text: &[u8]) {
        self.saw_open = false;
        let value = self.value(text, Purpose::Condition);
        let lower = name.to_ascii_lowercase();
        if self.saw_open && value == Value::Unknown {
            self.open.insert(lower)
        } else {
            self.open.remove(&lower)
        };
        self.assign(name, value);
    }

    /// Runs an expression for its captures (`ngx_http_regex_exec`); whether it matches, if that is known.
    /// What does not match leaves the captures as they were.
    pub fn matched(&mut self, pattern: &Pattern, value: &[u8]) -> Option<bool> {
        match pattern.captures(value)? {
            Some(Captured { numbered, named }) => {
                self.captures = numbered.into_iter().map(Value::Known).collect();
                for (name, value) in named {
                    self.assign(&name, Value::Known(value));
                }
                Some(true)
            }
            None => Some(false),
        }
    }

    /// The same in the rewrite module, where what does not match leaves no captures
    /// (`ngx_http_script_regex_start_code`).
    pub fn tried(&mut self, pattern: &Pattern, subject: &Value) -> Option<bool> {
        let matched = subject.known().and_then(|s| self.matched(pattern, s));
        match matched {
            Some(true) => {}
            Some(false) => self.captures = vec![Value::EMPTY],
            None => self.unknown_captures(pattern),
        }
        matched
    }

    /// An expression was run, and nobody knows on what.
    pub fn unknown_captures(&mut self, pattern: &Pattern) {
        self.captures = vec![Value::Unknown; 10];
        for name in pattern.names() {
            self.assign(name, Value::Unknown);
        }
    }

    /// Works out the text of a `proxy_pass`, once for each time that a request gets there.
    pub fn ask_url(&mut self, text: &[u8]) {
        self.garbled = false;
        let value = self.value(text, Purpose::Condition);
        self.url = Some((text.to_vec(), value));
    }

    /// Whether the URL holds a capture that a map has replaced while it was worked out.
    pub fn url_is_garbled(&self) -> bool {
        self.garbled
    }

    /// What was set, not computed.
    pub fn assigned(&self, name: &str) -> Option<&Value> {
        self.assigned.get(name)
    }

    /// What the text of a `proxy_pass` came out as.
    pub fn url(&mut self, text: &[u8]) -> Value {
        match &self.url {
            Some((asked, value)) if asked == text => value.clone(),
            _ => self.value(text, Purpose::Condition),
        }
    }

    /// The value of a decoded word. nginx runs through it twice, for the length and for the bytes
    /// (`ngx_http_complex_value`): a capture that a map has replaced in between is garbled.
    pub fn value(&mut self, text: &[u8], purpose: Purpose) -> Value {
        let Ok(parts) = parts(text) else { return Value::Unknown };
        let mut out = Vec::new();
        let mut captures: Vec<(usize, Value)> = Vec::new();
        for part in parts {
            let value = match part {
                Part::Text(text) if is_open(text) => {
                    self.saw_open = true;
                    return Value::Unknown;
                }
                Part::Text(text) => {
                    out.extend_from_slice(text);
                    continue;
                }
                Part::Variable(name) => self.variable(&String::from_utf8_lossy(name), purpose),
                Part::Capture(n) => {
                    let value = self.capture(n as usize);
                    captures.push((n as usize, value.clone()));
                    value
                }
            };
            match value {
                Value::Known(bytes) if out.len() + bytes.len() <= MAX_VALUE => out.extend(bytes),
                _ => return Value::Unknown,
            }
        }
        if captures.iter().any(|(n, value)| self.capture(*n) != *value) {
            self.garbled = true;
            return Value::Unknown;
        }
        Value::Known(out)
    }

    fn capture(&self, n: usize) -> Value {
        match self.captures.get(n) {
            Some(value) => value.clone(),
            // The location that sent the request here may have run an expression.
            None if self.foreign.is_some() && self.captures.is_empty() => Value::Unknown,
            None => Value::EMPTY,
        }
    }

    /// The value of a variable.
    pub fn variable(&mut self, name: &str, purpose: Purpose) -> Value {
        let written = name;
        let name = name.to_ascii_lowercase();
        let definitions = self.definitions;
        let defined = definitions.of(&name);
        if self.scripted && defined.iter().any(|d| d.definer == Definer::Set) {
            return Value::Unknown;
        }
        // `set $args` changes the query itself (`ngx_http_variable_request_set`).
        if name == "args" || name == "query_string" {
            return self.args.clone();
        }
        self.saw_open |= self.open.contains(&name);
        if let Some(value) = self.assigned.get(&name) {
            return value.clone();
        }
        if self.foreign.as_ref().is_some_and(|f| f.contains(&name)) {
            return Value::Unknown;
        }
        if let Some(map) = definitions.map_of(&name) {
            return self.mapped(name, map, purpose);
        }
        if defined.iter().any(|d| matches!(d.definer, Definer::Script | Definer::Geo | Definer::SplitClients)) {
            return Value::Unknown;
        }
        if !defined.is_empty() {
            // `set` and captures that did not happen: `using uninitialized … variable`.
            return Value::EMPTY;
        }
        if builtin_variable(name.as_bytes()).is_some() {
            return self.builtin(&name, purpose);
        }
        // A name in capitals that nobody defines is a script's to replace.
        if definitions.may_be_of_a_module(&name) {
            return Value::Unknown;
        }
        let replaced = is_capital(written.as_bytes());
        self.saw_open |= replaced;
        if self.open_world || replaced { Value::Unknown } else { Value::EMPTY }
    }

    /// `ngx_http_map_variable`; what it yields is kept for the rest of the request, unless the map is
    /// `volatile` (`ngx_http_get_indexed_variable`).
    fn mapped(&mut self, name: String, map: &Map, purpose: Purpose) -> Value {
        if let Some(value) = self.computed[purpose as usize].get(&name) {
            return value.clone();
        }
        if self.in_progress.contains(&name) || self.in_progress.len() >= MAX_DEPTH {
            // `cycle while evaluating variable`: not found, hence empty.
            return Value::EMPTY;
        }
        if self.in_progress.is_empty() {
            self.steps = 0;
        }
        self.steps += 1;
        if self.steps > MAX_STEPS || map.is_endless() {
            return Value::Unknown;
        }
        self.in_progress.push(name.clone());
        let source = self.value(&map.source, purpose);
        let value = match source.known() {
            Some(source) => match map.select(source) {
                Ok(Some(entry)) => {
                    if let Key::Regex(pattern) = &entry.key {
                        let source = source.to_vec();
                        self.matched(pattern, &source);
                    }
                    self.value(&entry.value, purpose)
                }
                Ok(None) => Value::EMPTY,
                Err(_) => self.unread(map),
            },
            None => self.same_for_all(map, purpose),
        };
        self.in_progress.pop();
        self.saw_open |= map.open;
        if self.saw_open && value == Value::Unknown {
            self.open.insert(name.clone());
        }
        if self.steps > MAX_STEPS && self.in_progress.is_empty() {
            map.call_endless();
        }
        if !map.volatile {
            // A condition that asked has fixed it for the headers, too.
            self.computed[purpose as usize].insert(name.clone(), value.clone());
            if purpose == Purpose::Condition {
                self.computed[Purpose::Header as usize].insert(name, value.clone());
            }
        }
        value
    }

    /// Which of a map's expressions matched is not known, and so are their captures.
    fn unread(&mut self, map: &Map) -> Value {
        for entry in &map.entries {
            if let Key::Regex(pattern) = &entry.key {
                self.unknown_captures(pattern);
            }
        }
        Value::Unknown
    }

    /// A map whose source is not known has a known value where all its lines agree.
    fn same_for_all(&mut self, map: &Map, purpose: Purpose) -> Value {
        self.unread(map);
        if map.incomplete || map.default_entry().is_none() {
            return Value::Unknown;
        }
        let mut values = map.entries.iter().map(|e| &*e.value);
        let Some(first) = values.next() else { return Value::Unknown };
        if values.all(|v| v == first) { self.value(first, purpose) } else { Value::Unknown }
    }

    fn builtin(&mut self, name: &str, purpose: Purpose) -> Value {
        if let Some(header) = name.strip_prefix("http_") {
            return self.client_header(header, purpose);
        }
        if let Some(argument) = name.strip_prefix("arg_") {
            return self.argument(argument);
        }
        if name.starts_with("cookie_") {
            return if purpose == Purpose::Header { Value::EMPTY } else { Value::Unknown };
        }
        if name == "sent_http_connection" {
            return Value::text("keep-alive");
        }
        if name.starts_with("sent_") || name.starts_with("upstream_") {
            return Value::EMPTY;
        }
        match name {
            "host" => self.request.host.clone(),
            "uri" | "document_uri" => self.uri.clone(),
            "request_uri" => self.request.request_uri.clone(),
            "args" | "query_string" => self.args.clone(),
            "is_args" => match &self.args {
                Value::Known(a) if a.is_empty() => Value::EMPTY,
                Value::Known(_) => Value::text("?"),
                Value::Unknown => Value::Unknown,
            },
            "scheme" => self.request.scheme.clone(),
            "https" => match self.request.scheme.known() {
                Some(b"https") => Value::text("on"),
                Some(_) => Value::EMPTY,
                None => Value::Unknown,
            },
            "server_port" => self.request.port.clone(),
            "server_name" => self.request.server_name.clone(),
            "request_method" => self.request.method.clone(),
            "request" => match (self.request.method.known(), self.request.request_uri.known()) {
                (Some(method), Some(uri)) => match self.request.http_version.known() {
                    Some(version) => Value::Known([method, b" ", uri, b" HTTP/", version].concat()),
                    None => Value::Unknown,
                },
                _ => Value::Unknown,
            },
            // Both are set when the request to the backend is made (`ngx_http_proxy_eval`), behind every condition.
            "proxy_host" | "proxy_port" if purpose == Purpose::Condition => Value::EMPTY,
            // `ngx_http_variable_status`, before anything has answered.
            "status" if purpose == Purpose::Condition && !self.answered => Value::text("000"),
            "remote_addr" | "realip_remote_addr" => match self.request.address {
                Peer::Address(address) => Value::text(&address.to_string()),
                Peer::Unix => Value::text("unix:"),
                Peer::Unknown => Value::Unknown,
            },
            "server_protocol" => match self.request.http_version.known() {
                Some(version) => Value::Known([b"HTTP/", version].concat()),
                None => Value::Unknown,
            },
            // Without TLS there is nothing to say of it (`ngx_http_ssl_static_variable`).
            _ if name.starts_with("ssl_") && self.request.scheme.known() == Some(b"http") => Value::EMPTY,
            "ssl_server_name" => self.request.tls_name.clone(),
            "ssl_client_verify" => self.request.client_verify.clone(),
            _ if name.starts_with("ssl_client_") && self.request.client_verify.known() == Some(b"NONE") => Value::EMPTY,
            "http2" | "http3" | "content_length" | "content_type" | "request_completion" | "fastcgi_path_info" => {
                Value::EMPTY
            }
            _ => Value::Unknown,
        }
    }

    fn client_header(&mut self, header: &str, purpose: Purpose) -> Value {
        // What nginx itself sent to a server of its own.
        if let Some(sent) = &self.request.sent {
            let named = |(name, _): &&(String, Value)| name.replace('-', "_").eq_ignore_ascii_case(header);
            match (sent.iter().find(named), header) {
                (Some((_, value)), _) => return value.clone(),
                (None, "upgrade" | "connection" | "sec_websocket_key" | "sec_websocket_version") => {
                    return Value::EMPTY;
                }
                _ => {}
            }
        }
        match header {
            "upgrade" | "sec_websocket_key" | "sec_websocket_version" if !self.request.handshake => Value::EMPTY,
            // A browser names no referrer in a handshake.
            "referer" if !self.request.handshake && purpose == Purpose::Condition => Value::Unknown,
            "connection" if !self.request.handshake => Value::Unknown,
            "upgrade" => Value::text(self.request.protocol),
            "connection" => {
                self.saw_connection = true;
                Value::text(self.request.browser.connection())
            }
            "host" => self.request.host_header.clone(),
            "sec_websocket_key" => Value::text(KEY),
            "sec_websocket_version" => Value::text("13"),
            "transfer_encoding" | "content_length" | "content_type" | "te" | "expect" | "http2_settings" => {
                Value::EMPTY
            }
            _ if purpose == Purpose::Header => Value::EMPTY,
            // What a browser, or a proxy in front of this one, may send.
            "origin"
            | "user_agent"
            | "cookie"
            | "authorization"
            | "accept"
            | "accept_language"
            | "accept_encoding"
            | "cache_control"
            | "pragma"
            | "sec_websocket_extensions"
            | "sec_websocket_protocol"
            | "forwarded"
            | "via"
            | "dnt" => Value::Unknown,
            other if ["x_", "cf_", "true_", "fastly_", "sec_", "cloudfront_"].iter().any(|p| other.starts_with(p)) => {
                Value::Unknown
            }
            _ => Value::EMPTY,
        }
    }

    fn argument(&self, name: &str) -> Value {
        let Some(args) = self.args.known() else { return Value::Unknown };
        for pair in args.split(|&b| b == b'&') {
            let (key, value) = match memchr::memchr(b'=', pair) {
                Some(at) => (&pair[..at], &pair[at + 1..]),
                None => continue,
            };
            if key.eq_ignore_ascii_case(name.as_bytes()) {
                return Value::Known(value.to_vec());
            }
        }
        Value::EMPTY
    }
}
