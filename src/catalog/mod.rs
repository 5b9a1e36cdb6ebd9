//! nginx facts as data: directives, variables, files that distributions ship, WebSocket paths.
//! Knows nothing of the rest of wslint.

mod directives;
mod evidence;
pub mod near;
mod pages;
mod products;
mod shipped;
mod value;
mod variables;

use std::fmt;
use std::sync::OnceLock;

#[cfg(feature = "internals")]
pub use evidence::{APPLICATIONS, EXCLUDED, SIGNALS, Signal, UPSTREAM_WORDS};
pub use evidence::{CommentEvidence, PathEvidence, comment_evidence, path_evidence, upstream_evidence};
pub use pages::page;
pub use products::Product;
pub use shipped::{Shipped, is_left_blank, shipped};
pub use value::{Own, Value};
pub use variables::{VariableKind, builtin_variable, stream_variable, variable_since};

use directives::DIRECTIVES;

/// An nginx version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u16, pub u16, pub u16);

impl Version {
    /// From this version on `proxy_http_version` is 1.1 and no `Connection` is sent unless it is
    /// set; named upstreams keep connections alive (CHANGES 1.29.7).
    pub const MODERN_PROXY: Version = Version(1, 29, 7);
    /// The first version that tunnels after a 101 (CHANGES 1.3.13).
    pub const FIRST_TUNNEL: Version = Version(1, 3, 13);
    /// From this version on a plaintext `listen … http2` also speaks HTTP/1.1 (CHANGES 1.25.1).
    pub const PLAIN_HTTP2_DETECTED: Version = Version(1, 25, 1);
    /// From this version on of several `proxy_set_header Host` the last is sent, and an empty one
    /// falls back to `$proxy_host` with HTTP/1.1 (nginx 1.31.4).
    pub const ONE_HOST: Version = Version(1, 31, 4);
    /// The first version with `proxy_http_version 2` (CHANGES 1.29.4).
    pub const PROXY_HTTP2: Version = Version(1, 29, 4);
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// Versions at which something changes that matters here: a question about a range of versions
/// is answered by asking it of these.
pub const LANDMARKS: &[Version] = &[
    Version(1, 18, 0),
    Version(1, 19, 4),
    Version(1, 22, 1),
    Version(1, 25, 1),
    Version(1, 25, 5),
    Version(1, 27, 4),
    Version(1, 29, 3),
    Version(1, 29, 4),
    Version(1, 29, 7),
    Version(1, 29, 8),
    Version(1, 31, 0),
    Version(1, 31, 4),
];

/// A set of contexts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contexts(pub u16);

impl Contexts {
    /// Outside any block.
    pub const MAIN: u16 = 1;
    /// `events`
    pub const EVENTS: u16 = 1 << 1;
    /// `http`
    pub const HTTP: u16 = 1 << 2;
    /// `server` in `http`
    pub const SERVER: u16 = 1 << 3;
    /// `location`
    pub const LOCATION: u16 = 1 << 4;
    /// `if` in `server`
    pub const SERVER_IF: u16 = 1 << 5;
    /// `if` in `location`
    pub const LOCATION_IF: u16 = 1 << 6;
    /// `limit_except`
    pub const LIMIT_EXCEPT: u16 = 1 << 7;
    /// `upstream` in `http`
    pub const UPSTREAM: u16 = 1 << 8;
    /// `stream`
    pub const STREAM: u16 = 1 << 9;
    /// `server` in `stream`
    pub const STREAM_SERVER: u16 = 1 << 10;
    /// `upstream` in `stream`
    pub const STREAM_UPSTREAM: u16 = 1 << 11;
    /// `mail`
    pub const MAIL: u16 = 1 << 12;
    /// `server` in `mail`
    pub const MAIL_SERVER: u16 = 1 << 13;
    /// Everywhere (`include`).
    pub const ANY: u16 = u16::MAX;

    /// Whether one of these contexts is in the set.
    pub fn has(self, contexts: u16) -> bool {
        self.0 & contexts != 0
    }
}

/// How many arguments a directive takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arguments {
    /// At least.
    pub least: u8,
    /// At most; 255 is any number.
    pub most: u8,
}

/// One row of nginx's directive tables.
#[derive(Debug)]
pub struct Directive {
    /// Its name.
    pub name: &'static str,
    /// Where it may stand.
    pub contexts: Contexts,
    /// How many arguments it takes.
    pub arguments: Arguments,
    /// Whether it opens a block.
    pub block: bool,
    /// Whether a second one at the same level is refused as a duplicate.
    pub once: bool,
    /// What its arguments are.
    pub value: Value,
    /// The arguments in which variables are replaced, a bit for each; the last bit is that of all behind it, too.
    pub filled: u16,
    /// The first version that has it, where that is later than 1.18.
    pub since: Option<Version>,
    /// The first version that has it no more.
    pub until: Option<Version>,
}

impl Directive {
    /// Whether this version has it.
    pub fn exists_in(&self, version: Version) -> bool {
        self.since.is_none_or(|s| version >= s) && self.until.is_none_or(|u| version < u)
    }

    /// Whether variables are replaced in an argument, counted from 0.
    pub fn fills(&self, argument: usize) -> bool {
        self.filled >> argument.min(15) & 1 == 1
    }
}

/// A directive name that the catalogue knows: the index of its first row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(pub u16);

impl Name {
    /// No name of the catalogue.
    pub const UNKNOWN: Name = Name(u16::MAX);

    /// The name; empty for [`Name::UNKNOWN`].
    pub fn as_str(self) -> &'static str {
        DIRECTIVES.get(self.0 as usize).map_or("", |d| d.name)
    }

    /// The rows with this name: one for each module that uses it.
    pub fn rows(self) -> &'static [Directive] {
        let start = (self.0 as usize).min(DIRECTIVES.len());
        let count = ROWS.get(start).copied().unwrap_or(0);
        &DIRECTIVES[start..start + count as usize]
    }
}

/// A set of names that is asked about for every directive of a configuration.
#[derive(Debug)]
pub struct NameSet(Vec<bool>);

impl NameSet {
    /// The names of which this holds.
    pub fn of(holds: impl Fn(&str) -> bool) -> NameSet {
        NameSet::of_names(|n| holds(n.as_str()))
    }

    /// The same, for what is asked of a name's rows.
    pub fn of_names(holds: impl Fn(Name) -> bool) -> NameSet {
        let mut out = vec![false; DIRECTIVES.len()];
        for name in names() {
            out[name.0 as usize] = holds(name);
        }
        NameSet(out)
    }

    /// Whether a name is in the set.
    pub fn has(&self, name: Name) -> bool {
        self.0.get(name.0 as usize).copied().unwrap_or(false)
    }
}

/// How many numbers names may have.
pub const NUMBERS: usize = DIRECTIVES.len();

/// How many rows with the same name begin at each: every line of a configuration asks for them.
static ROWS: [u8; NUMBERS] = {
    let mut table = [1; NUMBERS];
    let mut i = NUMBERS - 1;
    while i > 0 {
        i -= 1;
        if same(DIRECTIVES[i].name.as_bytes(), DIRECTIVES[i + 1].name.as_bytes()) {
            table[i] = table[i + 1] + 1;
        }
    }
    table
};

/// All names, each once.
pub fn names() -> impl Iterator<Item = Name> {
    (0..DIRECTIVES.len()).filter(|&i| i == 0 || DIRECTIVES[i - 1].name != DIRECTIVES[i].name).map(|i| Name(i as u16))
}

/// The name's number at compile time, for the names that the code itself speaks of.
const fn known(name: &str) -> Name {
    let mut i = 0;
    while i < DIRECTIVES.len() {
        if same(DIRECTIVES[i].name.as_bytes(), name.as_bytes()) {
            return Name(i as u16);
        }
        i += 1;
    }
    panic!("no such directive in the catalogue")
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

macro_rules! known_names {
    ($($constant:ident $name:literal)*) => {
        /// Names that the code speaks of.
        pub mod name {
            $(#[doc = concat!("`", $name, "`")] pub const $constant: super::Name = super::known($name);)*
        }
    };
}

known_names! {
    ACCESS_LOG "access_log" ADD_HEADER "add_header" ADD_HEADER_INHERIT "add_header_inherit" ALIAS "alias" ALLOW "allow" AUTH_REQUEST "auth_request"
    AUTH_REQUEST_SET "auth_request_set" BREAK "break" CHARSET_MAP "charset_map" DENY "deny" EMPTY_GIF "empty_gif"
    ERROR_PAGE "error_page" EVENTS "events" FASTCGI_PASS "fastcgi_pass" FLV "flv" GEO "geo" GRPC_PASS "grpc_pass" HASH "hash"
    HTTP "http" HTTP2 "http2" IF "if" INCLUDE "include" INTERNAL "internal" IP_HASH "ip_hash" KEEPALIVE "keepalive"
    LIMIT_EXCEPT "limit_except" LIMIT_RATE "limit_rate" LISTEN "listen" LOCATION "location" MAIL "mail" MAP "map"
    MAP_HASH_BUCKET_SIZE "map_hash_bucket_size" MAP_HASH_MAX_SIZE "map_hash_max_size" MEMCACHED_PASS "memcached_pass"
    MERGE_SLASHES "merge_slashes" MIRROR "mirror" MP4 "mp4" PERL "perl" PERL_SET "perl_set"
    PROXY_BUFFERING "proxy_buffering" PROXY_BUFFER_SIZE "proxy_buffer_size" PROXY_CACHE "proxy_cache" PROXY_CACHE_BYPASS "proxy_cache_bypass"
    PROXY_HIDE_HEADER "proxy_hide_header" PROXY_HTTP_VERSION "proxy_http_version" PROXY_METHOD "proxy_method"
    PROXY_NO_CACHE "proxy_no_cache" PROXY_PASS "proxy_pass" PROXY_PASS_HEADER "proxy_pass_header"
    PROXY_PASS_REQUEST_HEADERS "proxy_pass_request_headers" PROXY_READ_TIMEOUT "proxy_read_timeout"
    PROXY_REQUEST_BUFFERING "proxy_request_buffering" PROXY_SEND_TIMEOUT "proxy_send_timeout" PROXY_SET_HEADER "proxy_set_header"
    RESOLVER "resolver" RETURN "return" REWRITE "rewrite" ROOT "root" SATISFY "satisfy" SCGI_PASS "scgi_pass" SERVER "server"
    SERVER_NAME "server_name" SET "set" SPLIT_CLIENTS "split_clients" SSI "ssi" SSI_TYPES "ssi_types" SSL "ssl"
    SSL_CERTIFICATE "ssl_certificate" STICKY "sticky" STREAM "stream" STUB_STATUS "stub_status" TRY_FILES "try_files"
    TUNNEL_PASS "tunnel_pass" TYPES "types" UPSTREAM "upstream" UWSGI_PASS "uwsgi_pass"
    PROXY_CONNECT_TIMEOUT "proxy_connect_timeout" PROXY_COOKIE_DOMAIN "proxy_cookie_domain"
    PROXY_COOKIE_FLAGS "proxy_cookie_flags" PROXY_COOKIE_PATH "proxy_cookie_path" PROXY_REDIRECT "proxy_redirect"
    PROXY_INTERCEPT_ERRORS "proxy_intercept_errors" RECURSIVE_ERROR_PAGES "recursive_error_pages" SSL_REJECT_HANDSHAKE "ssl_reject_handshake"
    PROXY_BIND "proxy_bind" PROXY_PROTOCOL "proxy_protocol" PROXY_SSL "proxy_ssl" PROXY_SSL_SERVER_NAME "proxy_ssl_server_name"
    PROXY_TIMEOUT "proxy_timeout" SSL_PREREAD "ssl_preread" AUTH_BASIC "auth_basic"
    IGNORE_INVALID_HEADERS "ignore_invalid_headers" SET_REAL_IP_FROM "set_real_ip_from" SSL_VERIFY_CLIENT "ssl_verify_client"
    PROXY_SSL_PROTOCOLS "proxy_ssl_protocols" PROXY_SSL_CERTIFICATE "proxy_ssl_certificate" PROXY_SSL_VERIFY "proxy_ssl_verify"
    PROXY_SSL_CIPHERS "proxy_ssl_ciphers" PROXY_SSL_NAME "proxy_ssl_name"
    SSL_PROTOCOLS "ssl_protocols" UNDERSCORES_IN_HEADERS "underscores_in_headers" VALID_REFERERS "valid_referers"
}

/// The catalogue's number of a directive name; [`Name::UNKNOWN`] for third-party modules and typos.
pub fn lookup(name: &[u8]) -> Name {
    static TABLE: OnceLock<Vec<(Ends, Name)>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        let mut table = vec![(Ends::of(b""), Name::UNKNOWN); SLOTS];
        for name in names() {
            let ends = Ends::of(name.as_str().as_bytes());
            let mut slot = ends.slot();
            while table[slot].1 != Name::UNKNOWN {
                slot = (slot + 1) % SLOTS;
            }
            table[slot] = (ends, name);
        }
        table
    });
    let ends = Ends::of(name);
    let mut slot = ends.slot();
    loop {
        let (known, candidate) = table[slot];
        let same = || known == ends && (name.len() <= 16 || candidate.as_str().as_bytes() == name);
        if candidate == Name::UNKNOWN || same() {
            return candidate;
        }
        slot = (slot + 1) % SLOTS;
    }
}

/// Twice the names, so that a probe is short.
const SLOTS: usize = 2048;

/// The length of a name, its first and its last eight bytes: that is all of it where it has sixteen or
/// fewer, and tells nearly all longer ones apart.
#[derive(Clone, Copy, PartialEq)]
struct Ends {
    first: u64,
    last: u64,
    len: usize,
}

impl Ends {
    fn of(name: &[u8]) -> Ends {
        let (first, last) = match (name.first_chunk(), name.last_chunk()) {
            (Some(first), Some(last)) => (*first, *last),
            _ => {
                let mut all = [0; 8];
                all[..name.len()].copy_from_slice(name);
                (all, [0; 8])
            }
        };
        Ends { first: u64::from_le_bytes(first), last: u64::from_le_bytes(last), len: name.len() }
    }

    fn slot(self) -> usize {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
        let h = (self.first ^ self.last.rotate_left(23)).wrapping_mul(ODD) ^ self.len as u64;
        (h.wrapping_mul(ODD) >> 40) as usize % SLOTS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_and_the_table_is_sorted() {
        assert!(DIRECTIVES.windows(2).all(|w| w[0].name <= w[1].name));
        for directive in DIRECTIVES {
            assert_eq!(lookup(directive.name.as_bytes()).as_str(), directive.name);
        }
        assert_eq!(lookup(b"proxy_set_haeder"), Name::UNKNOWN);
        assert_eq!(lookup(b""), Name::UNKNOWN);
        assert_eq!(name::PROXY_PASS.rows().len(), 2, "http and stream");
    }
}
