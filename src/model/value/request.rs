//! The handshake that a browser sends, and values that are known or not.

use std::net::IpAddr;
use std::sync::Arc;

use super::punycode::to_ascii;
use crate::i18n::Text;
use crate::text;

/// A value that nginx would compute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// These bytes.
    Known(Vec<u8>),
    /// The files at hand do not decide it.
    Unknown,
}

impl Value {
    /// The empty value.
    pub const EMPTY: Value = Value::Known(Vec::new());

    /// This text.
    pub fn text(text: &str) -> Value {
        Value::Known(text.as_bytes().to_vec())
    }

    /// The bytes, if they are known.
    pub fn known(&self) -> Option<&[u8]> {
        match self {
            Value::Known(bytes) => Some(bytes),
            Value::Unknown => None,
        }
    }

    /// As text for messages; `None` if unknown.
    pub fn display(&self) -> Option<String> {
        self.known().map(|b| String::from_utf8_lossy(b).into_owned())
    }
}

/// Browsers differ in one header that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Browser {
    /// `Connection: Upgrade`
    Chrome,
    /// `Connection: keep-alive, Upgrade`
    Firefox,
}

impl Browser {
    /// What it sends as `Connection`.
    pub fn connection(self) -> &'static str {
        match self {
            Browser::Chrome => "Upgrade",
            Browser::Firefox => "keep-alive, Upgrade",
        }
    }
}

/// Who a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Somebody.
    Unknown,
    /// This address: nginx itself, on its own machine.
    Address(IpAddr),
    /// nginx itself, over a unix socket.
    Unix,
}

/// The browser's key, 16 bytes in base64. A browser draws another for each handshake, so this is one that
/// stands in no configuration, as that of RFC 6455 may.
pub const KEY: &str = "b25lIG9mIDJeMTI4IGtleQ==";

/// The request of a WebSocket handshake (RFC 6455 §4.1), as far as it is known.
#[derive(Clone, Debug)]
pub struct Request {
    /// The `Host` header.
    pub host_header: Value,
    /// `$host`: lower case, without port and trailing dot.
    pub host: Value,
    /// The path, percent-decoded and with slashes merged where the server merges them.
    pub uri: Value,
    /// Path and query as the client sent them.
    pub request_uri: Value,
    /// The query, without `?`.
    pub args: Value,
    /// `http` or `https`.
    pub scheme: Value,
    /// The port of the server.
    pub port: Value,
    /// The first `server_name`.
    pub server_name: Value,
    /// `GET`, unless nginx itself sends it, with a `proxy_method`.
    pub method: Value,
    /// Where it comes from.
    pub address: Peer,
    /// `1.1`, unless nginx itself sends it.
    pub http_version: Value,
    /// `$ssl_client_verify`
    pub client_verify: Value,
    /// `$ssl_server_name`
    pub tls_name: Value,
    /// Who sends it.
    pub browser: Browser,
    /// It is a handshake; otherwise an ordinary request, without `Upgrade`.
    pub handshake: bool,
    /// What its `Upgrade` names.
    pub protocol: &'static str,
    /// The headers of a request that comes from nginx itself, over a `proxy_pass` to a server of the same
    /// configuration, those with an empty value are not sent; the browser's, where there are none.
    pub sent: Option<Arc<Vec<(String, Value)>>>,
}

impl Request {
    /// An ordinary request of which nothing is known.
    pub fn ordinary() -> Request {
        Request { handshake: false, ..Request::anywhere(Browser::Chrome) }
    }

    /// Whether nginx sends it without this header.
    pub fn sends_nothing(&self, header: &str) -> bool {
        self.sent.as_ref().is_some_and(|sent| {
            !sent.iter().any(|(name, value)| name.eq_ignore_ascii_case(header) && *value != Value::EMPTY)
        })
    }

    /// An upgrade to HTTP/2 without TLS (RFC 7540 §3.2): not WebSocket, and forwarded by the same two lines.
    pub fn h2c() -> Request {
        Request { protocol: "h2c", ..Request::anywhere(Browser::Chrome) }
    }

    /// A handshake of which only the headers are known: one that arrives somewhere.
    pub fn anywhere(browser: Browser) -> Request {
        Request {
            host_header: Value::Unknown,
            host: Value::Unknown,
            uri: Value::Unknown,
            request_uri: Value::Unknown,
            args: Value::Unknown,
            scheme: Value::Unknown,
            port: Value::Unknown,
            server_name: Value::Unknown,
            method: Value::text("GET"),
            address: Peer::Unknown,
            http_version: Value::text("1.1"),
            client_verify: Value::Unknown,
            tls_name: Value::Unknown,
            browser,
            handshake: true,
            protocol: "websocket",
            sent: None,
        }
    }
}

/// What is wrong with a URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.text().en)]
pub enum UrlError {
    /// Neither `ws` nor `wss`, nor one of HTTP's.
    Scheme(String),
    /// `[` without `]`.
    OpenBracket,
    /// Nothing where the host should stand.
    NoHost,
    /// A port that is no number, or too large a one.
    Port(String),
}

impl UrlError {
    /// What is wrong, in a clause, in both languages.
    pub fn text(&self) -> Text {
        match self {
            UrlError::Scheme(scheme) => {
                text!("the scheme is `{scheme}`, expected `ws` or `wss`", "协议是 `{scheme}`，应为 `ws` 或 `wss`")
            }
            UrlError::OpenBracket => text!("the `[` of the address is not closed", "地址中的 `[` 没有闭合"),
            UrlError::NoHost => text!("it names no host", "没有写明主机"),
            UrlError::Port(port) => text!("`{port}` is no port", "`{port}` 不是端口"),
        }
    }
}

/// A `ws://` or `wss://` URL, as people have them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// `wss` (or `https`).
    pub tls: bool,
    /// Lower case, without brackets.
    pub host: String,
    /// The port, where the URL names one.
    pub port: Option<u16>,
    /// Path and query, beginning with `/`.
    pub path_and_query: String,
    /// As given.
    pub given: String,
}

impl Url {
    /// Reads a URL. Without a scheme `ws://` is meant.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Url, UrlError> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("ws", text));
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "ws" | "http" => false,
            "wss" | "https" => true,
            other => return Err(UrlError::Scheme(other.to_owned())),
        };
        let rest = rest.split('#').next().unwrap_or(rest);
        let at = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(at);
        let authority = authority.rsplit('@').next().unwrap_or(authority);
        let (host, port) = match authority.strip_prefix('[') {
            Some(v6) => {
                let (host, tail) = v6.split_once(']').ok_or(UrlError::OpenBracket)?;
                (host, tail.strip_prefix(':'))
            }
            None => match authority.rsplit_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            },
        };
        if host.is_empty() {
            return Err(UrlError::NoHost);
        }
        let port = match port {
            None | Some("") => None,
            Some(port) => Some(port.parse().map_err(|_| UrlError::Port(port.to_owned()))?),
        };
        let path_and_query = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        // A browser looks up, and sends, the name in ASCII.
        let host = to_ascii(host).unwrap_or_else(|| host.to_lowercase());
        Ok(Url { tls, host, port, path_and_query, given: text.to_owned() })
    }

    /// The port that the client connects to.
    pub fn effective_port(&self) -> u16 {
        self.port.unwrap_or(if self.tls { 443 } else { 80 })
    }

    /// The path as nginx sees it after decoding (`ngx_http_parse_complex_uri`): percent-decoded,
    /// dot segments resolved, slashes merged where asked. `None` for what nginx answers with 400.
    pub fn decoded_path(&self, merge_slashes: bool) -> Option<Vec<u8>> {
        Url::decode_path(self.path_and_query.split('?').next().unwrap_or("/").as_bytes(), merge_slashes)
    }

    /// The same for the path of any request line, without its query.
    pub fn decode_path(raw: &[u8], merge_slashes: bool) -> Option<Vec<u8>> {
        if !raw.starts_with(b"/") {
            return None;
        }
        let mut decoded = Vec::with_capacity(raw.len());
        let mut i = 0;
        while i < raw.len() {
            if raw[i] == b'%' {
                let hex = raw.get(i + 1..i + 3)?;
                decoded.push(u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok().filter(|&b| b != 0)?);
                i += 3;
            } else {
                decoded.push(raw[i]);
                i += 1;
            }
        }
        let mut out: Vec<&[u8]> = Vec::new();
        let mut segments = decoded[1..].split(|&b| b == b'/').peekable();
        let mut ends_in_slash = false;
        while let Some(segment) = segments.next() {
            let last = segments.peek().is_none();
            match segment {
                b"." => ends_in_slash = last,
                b".." => {
                    out.pop()?;
                    ends_in_slash = last;
                }
                b"" if !last && merge_slashes => {}
                b"" if last => ends_in_slash = true,
                other => out.push(other),
            }
        }
        let mut path = vec![b'/'];
        path.extend(out.join(&b'/'));
        if ends_in_slash && path.len() > 1 {
            path.push(b'/');
        }
        Some(path)
    }

    /// The query without `?`.
    pub fn query(&self) -> &str {
        self.path_and_query.split_once('?').map_or("", |(_, q)| q)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_as_people_write_them() {
        let url = Url::parse("wss://Love.cat/chat?x=1").unwrap();
        assert_eq!((url.tls, url.host.as_str(), url.effective_port(), url.query()), (true, "love.cat", 443, "x=1"));
        assert_eq!(Url::parse("example.com:8080").unwrap().path_and_query, "/");
        assert_eq!(Url::parse("ws://[::1]:81/x").unwrap().port, Some(81));
        for (text, host, port, path) in [
            ("http://me:secret@a/x", "a", 80, "/x"),
            ("https://a:/x#there", "a", 443, "/x"),
            ("a?b=/c", "a", 80, "/?b=/c"),
            ("a#b/c", "a", 80, "/"),
            ("[::1]", "::1", 80, "/"),
            ("wss://[::1]/", "::1", 443, "/"),
            ("ws://聊天.example", "xn--rss932g.example", 80, "/"),
        ] {
            let url = Url::parse(text).unwrap();
            let read = (url.host.as_str(), url.effective_port(), url.path_and_query.as_str());
            assert_eq!(read, (host, port, path), "{text}");
        }
        for (text, said) in [
            ("ftp://x/", "ftp"),
            ("ws:///x", "host"),
            ("ws://a:b/", "`b` is no port"),
            ("ws://a:65536/", "`65536` is no port"),
            ("ws://[::1/", "`[`"),
        ] {
            let found = Url::parse(text).unwrap_err().text();
            assert!(found.en.contains(said) && !found.zh.is_ascii(), "{text}: {}", found.en);
        }
    }

    #[test]
    fn paths_are_decoded_as_nginx_decodes_them() {
        for (path, merge, want) in [
            ("/%77s/a%2Fb", true, Some("/ws/a/b")),
            ("//ws", true, Some("/ws")),
            ("//ws", false, Some("//ws")),
            ("/a/../b/./c", true, Some("/b/c")),
            ("/a/..", true, Some("/")),
            ("/ws/", true, Some("/ws/")),
            ("/..", true, None),
            ("/%zz", true, None),
            ("/%00", true, None),
            ("/a%4", true, None),
            ("/a%41", true, Some("/aA")),
            ("/a%2F..%3Fb", true, Some("/a/..?b")),
            ("/a//b//", true, Some("/a/b/")),
            ("/a//b//", false, Some("/a//b//")),
            ("/a/b/..", true, Some("/a/")),
            ("/a/.", true, Some("/a/")),
            ("/a/./", true, Some("/a/")),
            ("/a/b/../../..", true, None),
            ("?a=/b", true, Some("/")),
            ("/a?b=/../..", true, Some("/a")),
        ] {
            let url = Url::parse(&format!("ws://h{path}")).unwrap();
            assert_eq!(url.decoded_path(merge).map(|p| String::from_utf8(p).unwrap()).as_deref(), want, "{path}");
        }
        assert_eq!(Url::decode_path(b"ws", true), None);
        assert_eq!(Url::decode_path(b"", true), None);
    }
}
