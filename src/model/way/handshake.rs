//! What the backend receives, and what a strict RFC 6455 server makes of it.

use crate::catalog::{Version, name};
use crate::model::config::inherit::{Found, Origin, default_connection, default_http_version};
use crate::model::config::scope::{Config, OccId, ScopeId};
use crate::model::value::eval::{Purpose, Scope};
use crate::model::value::request::{KEY, Value};
use crate::syntax::template::stands_for_another;

/// One header line of the request to the backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// As nginx writes it.
    pub name: String,
    /// Empty ones are not sent and not listed.
    pub value: Value,
    /// The `proxy_set_header`, or nginx's default.
    pub origin: Origin,
}

/// The request that nginx sends for a handshake.
#[derive(Clone, Debug)]
pub struct Forwarded {
    /// `GET`, unless `proxy_method` says otherwise.
    pub method: Value,
    /// `1.0`, `1.1` or `2`; unknown if an unread include may set it.
    pub http_version: Value,
    /// Where the version comes from.
    pub http_version_origin: Origin,
    /// The headers in the order in which they are sent, the client's own at the end.
    pub headers: Vec<Header>,
    /// Names of lines whose value came out empty: those headers of the client are not sent, unless another line sets
    /// them.
    pub emptied: Vec<String>,
    /// An include that could not be read may set other headers.
    pub uncertain: bool,
}

/// Why a strict backend does not answer 101, in the order in which it would notice.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Another method than GET.
    Method(String),
    /// Below HTTP/1.1, or HTTP/2.
    HttpVersion(String),
    /// No `Host`, or several.
    Hosts(usize),
    /// A header whose name is none.
    HeaderName(String),
    /// No `Upgrade` header with the token `websocket`; what was sent instead.
    Upgrade(Vec<String>),
    /// No `Connection` header with the token `upgrade`; what was sent instead.
    Connection(Vec<String>),
    /// Not exactly one `Sec-WebSocket-Key` of 16 bytes.
    Key,
    /// Not exactly one `Sec-WebSocket-Version: 13`.
    SecVersion,
}

/// What becomes of the request at the backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// 101.
    Accepted,
    /// Anything else.
    Refused(Refusal),
    /// It depends on what is not known.
    Unknown,
}

/// The request to the backend for a handshake that is proxied at `scope`.
pub fn forwarded(config: Config<'_>, scope: ScopeId, vars: &mut Scope<'_>, version: Version) -> Forwarded {
    let (http_version, http_version_origin) = match config.effective(scope, name::PROXY_HTTP_VERSION) {
        Found::At(occ, own) => {
            let text = config.arg_text(occ, 0);
            let open = config.is_templated(occ) || stands_for_another(text.as_bytes());
            let value = if open { Value::Unknown } else { Value::text(&text) };
            (value, if own { Origin::Own(occ) } else { Origin::Inherited(occ) })
        }
        Found::Nowhere => (Value::text(default_http_version(version)), Origin::Default),
        Found::Unknown => (Value::Unknown, Origin::Unknown),
    };
    let (level, mut uncertain) = config.effective_list(scope, name::PROXY_SET_HEADER);
    let mut headers = Vec::new();
    let (mut set, mut emptied, mut captured) = (Vec::new(), Vec::new(), Vec::new());
    if let Some(level) = level {
        for occ in config.own_named(level, name::PROXY_SET_HEADER) {
            let (Some(name), Some(value)) = (config.arg(occ, 0), config.arg(occ, 1)) else { continue };
            // Without a rendering nobody knows whether the line is there.
            uncertain |= config.rendering.is_none() && config.is_branched(occ);
            if stands_for_another(&name) {
                // A template's placeholder may stand for any header, one that begins otherwise for none of ours.
                uncertain |= stands_for_another(&name[..1]) || name.first() == Some(&b'$');
                continue;
            }
            let name = String::from_utf8_lossy(&name).into_owned();
            set.push(name.to_ascii_lowercase());
            let text = value;
            let value = vars.value(&text, Purpose::Header);
            if has_capture(&text) {
                captured.push((headers.len(), text.into_owned(), value.clone()));
            }
            if value == Value::EMPTY {
                emptied.push(name);
            } else {
                let origin = if level == scope { Origin::Own(occ) } else { Origin::Inherited(occ) };
                headers.push(Header { name, value, origin });
            }
        }
    }
    // nginx runs through all of them twice, for the length and for the bytes: what a map has replaced in between is
    // garbled.
    for (at, text, value) in captured {
        if vars.value(&text, Purpose::Header) != value {
            uncertain = true;
            if let Some(header) = headers.get_mut(at).filter(|_| value != Value::EMPTY) {
                header.value = Value::Unknown;
            }
        }
    }
    if version >= Version::ONE_HOST {
        keep_last_host(&mut headers, &mut set, &http_version);
    }
    let mut default = |name: &str, value: Option<&str>| {
        if let Some(value) = value.filter(|_| !set.iter().any(|s| s.eq_ignore_ascii_case(name))) {
            headers.push(Header { name: name.to_owned(), value: Value::text(value), origin: Origin::Default });
        }
    };
    default("Host", Some("$proxy_host"));
    default("Connection", default_connection(version));
    if config.flag(scope, name::PROXY_PASS_REQUEST_HEADERS) != Some(false) {
        for (name, value) in [("Sec-WebSocket-Key", KEY), ("Sec-WebSocket-Version", "13")] {
            default(name, Some(value));
        }
    }
    let method = match config.effective(scope, name::PROXY_METHOD) {
        Found::At(occ, _) => match config.arg(occ, 0) {
            Some(text) => vars.value(&text, Purpose::Header),
            None => Value::Unknown,
        },
        _ => vars.request.method.clone(),
    };
    Forwarded { method, http_version, http_version_origin, headers, emptied, uncertain }
}

/// Whether a text holds a numbered capture.
fn has_capture(text: &[u8]) -> bool {
    text.windows(2).any(|w| w[0] == b'$' && (w[1].is_ascii_digit() || w[1] == b'{'))
}

/// nginx 1.31.4: of several `Host` lines the last one is sent; an empty one with HTTP/1.1 falls
/// back to the default.
fn keep_last_host(headers: &mut Vec<Header>, set: &mut Vec<String>, http_version: &Value) {
    if !set.iter().any(|s| s == "host") {
        return;
    }
    let last = headers.iter().rposition(|h| h.name.eq_ignore_ascii_case("host"));
    let last_set_is_empty = last.is_none();
    let kept = last.map(|i| headers[i].clone());
    headers.retain(|h| !h.name.eq_ignore_ascii_case("host"));
    headers.splice(0..0, kept);
    if last_set_is_empty && http_version.known() == Some(b"1.1") {
        set.retain(|s| s != "host");
    }
}

impl Forwarded {
    /// The header lines as the backend parses them: what stands before the first colon is the name.
    fn lines(&self) -> impl Iterator<Item = (String, &Value, String)> {
        self.headers.iter().map(|h| match h.name.split_once(':') {
            // `Upgrade: $x` with a colon in the name sends `Upgrade:: value`.
            Some((name, rest)) => (name.to_owned(), &h.value, format!("{rest}: ")),
            None => (h.name.clone(), &h.value, String::new()),
        })
    }

    /// The lower-case tokens of a comma-separated header; `None` if a value is not known.
    pub fn tokens(&self, header: &str) -> (Vec<String>, bool) {
        let mut tokens = Vec::new();
        let mut unknown = false;
        for (_, value, prefix) in self.lines().filter(|(n, ..)| n.eq_ignore_ascii_case(header)) {
            match value.display() {
                Some(text) => {
                    tokens.extend((prefix + &text).split(',').map(|t| t.trim_matches([' ', '\t']).to_ascii_lowercase()))
                }
                None => unknown = true,
            }
        }
        (tokens, unknown)
    }

    /// The values of a header as they are sent.
    pub fn values(&self, header: &str) -> Vec<&Header> {
        self.headers.iter().filter(|h| h.name.eq_ignore_ascii_case(header)).collect()
    }

    /// What a server that follows RFC 6455 §4.2.1 makes of it.
    pub fn answer(&self) -> Answer {
        let (refusals, unknown) = self.refusals();
        match refusals.into_iter().next() {
            Some(refusal) => Answer::Refused(refusal),
            None if unknown => Answer::Unknown,
            None => Answer::Accepted,
        }
    }

    /// Everything for which it would refuse, and whether something is not known.
    pub fn refusals(&self) -> (Vec<Refusal>, bool) {
        let mut unknown = self.uncertain;
        let mut refusals = Vec::new();
        let mut check = |passes: Option<bool>, why: &dyn Fn() -> Refusal| match passes {
            Some(true) => {}
            Some(false) => refusals.push(why()),
            None => unknown = true,
        };
        let method = self.method.display();
        check(method.as_deref().map(|m| m == "GET"), &|| Refusal::Method(method.clone().unwrap_or_default()));
        let version = self.http_version.display();
        check(version.as_deref().map(|v| v == "1.1"), &|| Refusal::HttpVersion(version.clone().unwrap_or_default()));
        // `Host:` with a colon of its own is one, too.
        let is_host = |h: &&Header| h.name.split(':').next().is_some_and(|n| n.eq_ignore_ascii_case("host"));
        let hosts = self.headers.iter().filter(is_host).count();
        // A host that is not known may be empty; it is taken for what a browser sends: not empty.
        check(if self.uncertain { None } else { Some(hosts == 1) }, &|| Refusal::Hosts(hosts));
        if let Some((name, ..)) = self.lines().find(|(n, ..)| !is_token(n)) {
            check(Some(false), &|| Refusal::HeaderName(name.clone()));
        }
        let mut tokens = |header: &str, wanted: &str, why: fn(Vec<String>) -> Refusal| {
            let (tokens, unsure) = self.tokens(header);
            let passes = if tokens.iter().any(|t| t == wanted) {
                Some(true)
            } else if unsure || self.uncertain {
                None
            } else {
                Some(false)
            };
            check(passes, &|| why(self.values(header).iter().filter_map(|h| h.value.display()).collect()));
        };
        tokens("Upgrade", "websocket", Refusal::Upgrade);
        tokens("Connection", "upgrade", Refusal::Connection);
        let one = |header: &str, passes: fn(&[u8]) -> bool| -> Option<bool> {
            match self.values(header).as_slice() {
                [Header { value: Value::Known(v), .. }] => Some(passes(v)),
                [Header { value: Value::Unknown, .. }] => None,
                _ if self.uncertain => None,
                _ => Some(false),
            }
        };
        check(one("Sec-WebSocket-Key", sixteen_bytes), &|| Refusal::Key);
        check(one("Sec-WebSocket-Version", |v| v == b"13"), &|| Refusal::SecVersion);
        (refusals, unknown)
    }

    /// The directive that sets a header, the last one if several do.
    pub fn setter(&self, header: &str) -> Option<OccId> {
        self.values(header).last().and_then(|h| h.origin.occ())
    }
}

/// RFC 9110 §5.6.2.
fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// 16 bytes in base64: 22 characters and `==`.
fn sixteen_bytes(value: &[u8]) -> bool {
    value.len() == 24
        && value.ends_with(b"==")
        && value[..22].iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
}
