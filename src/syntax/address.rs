//! Addresses as nginx reads them (`ngx_parse_url`, core/ngx_inet.c): of `listen`, of an upstream's
//! `server`, and behind the scheme of a `proxy_pass`. There is one grammar: [`cut`]. Who has to know
//! what nginx refuses asks [`Address::parse`]; who only wants to know where something leads asks
//! [`Target`], which takes variables and mistakes as they come.

use std::borrow::Cow;
use std::ops::Range;

use nom::branch::alt;
use nom::bytes::complete::{tag, tag_no_case, take_till, take_until};
use nom::character::complete::{char, digit1};
use nom::combinator::{all_consuming, map_res, opt, rest};
use nom::sequence::{delimited, preceded, separated_pair, terminated};
use nom::{IResult, Parser};

type Read<'t, T> = IResult<&'t [u8], T, ()>;

/// What names the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Host<'t> {
    /// The path of a unix socket.
    Unix(&'t [u8]),
    /// What stands between `[` and `]`.
    V6(&'t [u8]),
    /// A name, an IPv4 address, or nothing at all.
    Name(&'t [u8]),
}

/// An address in its parts, right or wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Parts<'t> {
    host: Host<'t>,
    /// What stands behind the `:`.
    port: Option<&'t [u8]>,
    /// What stands between the `]` and the port or the URI, where nothing may stand.
    stray: &'t [u8],
    uri: &'t [u8],
}

/// `ngx_parse_unix_domain_url`: up to the second colon, where a URI may follow.
fn unix(uri_may_follow: bool) -> impl Fn(&[u8]) -> Read<'_, Parts<'_>> {
    move |input| {
        let ends = |b: u8| uri_may_follow && b == b':';
        let (input, path) = preceded(tag_no_case(&b"unix:"[..]), take_till(ends)).parse(input)?;
        let (input, uri) = preceded(opt(char(':')), rest).parse(input)?;
        Ok((input, Parts { host: Host::Unix(path), port: None, stray: b"", uri }))
    }
}

/// `ngx_parse_inet6_url`: only a `/` begins the URI.
fn inet6(input: &[u8]) -> Read<'_, Parts<'_>> {
    let (input, host) = delimited(char('['), take_until(&b"]"[..]), char(']')).parse(input)?;
    let (input, stray) = take_till(|b| matches!(b, b':' | b'/')).parse(input)?;
    let (uri, port) = opt(preceded(char(':'), take_till(|b| b == b'/'))).parse(input)?;
    Ok((b"", Parts { host: Host::V6(host), port, stray, uri }))
}

/// `ngx_parse_inet_url`: a `/` or `?` begins the URI, whichever is first.
fn inet(input: &[u8]) -> Read<'_, Parts<'_>> {
    let (input, host) = take_till(|b| matches!(b, b':' | b'/' | b'?')).parse(input)?;
    let (uri, port) = opt(preceded(char(':'), take_till(|b| matches!(b, b'/' | b'?')))).parse(input)?;
    Ok((b"", Parts { host: Host::Name(host), port, stray: b"", uri }))
}

/// The parts of an address. What fits nowhere else is a name.
fn cut(input: &[u8], uri_may_follow: bool) -> Parts<'_> {
    let whole = Parts { host: Host::Name(input), port: None, stray: b"", uri: b"" };
    alt((unix(uri_may_follow), inet6, inet)).parse(input).map_or(whole, |(_, parts)| parts)
}

/// A port that is not 0.
fn port(input: &[u8]) -> Read<'_, u16> {
    let number =
        |digits: &[u8]| std::str::from_utf8(digits).ok().and_then(|t| t.parse().ok()).filter(|n| *n > 0).ok_or(());
    map_res(digit1, number).parse(input)
}

/// `8080-8090`
fn ports(input: &[u8]) -> Read<'_, (u16, u16)> {
    separated_pair(port, char('-'), port).parse(input)
}

/// `8080` or `8080-8090`, alone; what it says may still be no port.
fn is_lone_port(text: &[u8]) -> bool {
    let range = preceded(digit1, opt(preceded(char('-'), digit1)));
    all_consuming::<_, (), _>(range).parse(text).is_ok()
}

/// Whose address it is: they differ in what may follow it, and in what a lone number means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// `listen`
    Listen,
    /// `server` in an upstream.
    UpstreamServer,
    /// `proxy_pass`, behind its scheme.
    ProxyPass,
}

/// An address that nginx accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// A name or address, that of IPv6 in brackets, `unix:` with its path, or `*`.
    pub host: String,
    /// The first and the last port, where it names any.
    pub ports: Option<(u16, u16)>,
}

/// The longest path of a unix socket: `sizeof(sun_path)` with its final zero, on Linux.
const UNIX_PATH: usize = 107;

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// What nginx says is wrong with it.
    pub fn parse(text: &str, kind: Use) -> Result<Address, &'static str> {
        let parts = cut(text.as_bytes(), kind == Use::ProxyPass);
        let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let name = match parts.host {
            Host::Unix(path) => {
                return match path.len() {
                    0 => Err("no path in the unix domain socket"),
                    n if n > UNIX_PATH => Err("too long path in the unix domain socket"),
                    _ => Ok(Address { host: format!("unix:{}", shown(path)), ports: None }),
                };
            }
            _ if !parts.uri.is_empty() && kind != Use::ProxyPass => return Err("invalid host"),
            _ if !parts.stray.is_empty() => return Err("invalid host"),
            Host::V6(address) => format!("[{}]", shown(address)),
            Host::Name(name) if name.starts_with(b"[") => return Err("invalid host"),
            Host::Name(name) if kind == Use::Listen && parts.port.is_none() && is_lone_port(name) => {
                return Ok(Address { host: "*".to_owned(), ports: Some(read_ports(name, kind)?) });
            }
            Host::Name(name) => shown(name),
        };
        let ports = parts.port.map(|p| read_ports(p, kind)).transpose()?;
        match parts.host {
            Host::Name(b"") | Host::V6(b"") => Err("no host"),
            Host::V6(address) if shown(address).parse::<std::net::Ipv6Addr>().is_err() => Err("invalid IPv6 address"),
            _ => Ok(Address { host: name, ports }),
        }
    }
}

/// A range is one of `listen` only.
fn read_ports(text: &[u8], kind: Use) -> Result<(u16, u16), &'static str> {
    let one = |text| all_consuming(port).parse(text).map(|(_, n)| (n, n));
    match one(text).or_else(|error| {
        if kind == Use::Listen { all_consuming(ports).parse(text).map(|(_, p)| p) } else { Err(error) }
    }) {
        Ok((first, last)) if first > last => Err("invalid port range"),
        Ok(ports) => Ok(ports),
        Err(_) => Err("invalid port"),
    }
}

/// Where a `proxy_pass` leads. Variables may stand in any part, and what nginx would refuse is cut as
/// far as it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target<'t> {
    url: Cow<'t, [u8]>,
    scheme: usize,
    unix: bool,
    host: Range<usize>,
    port: Option<Range<usize>>,
    uri: usize,
}

impl<'t> Target<'t> {
    /// Reads a URL.
    pub fn of(url: impl Into<Cow<'t, [u8]>>) -> Target<'t> {
        let url = url.into();
        let scheme: Read<'_, &[u8]> = terminated(take_until(&b"://"[..]), tag(&b"://"[..])).parse(&url);
        let (behind, scheme) = scheme.map_or((&url[..], 0), |(behind, scheme)| (behind, scheme.len()));
        let parts = cut(behind, true);
        let unix = matches!(parts.host, Host::Unix(_));
        let len = match parts.host {
            Host::Unix(path) => b"unix:".len() + path.len(),
            Host::V6(address) => b"[]".len() + address.len(),
            Host::Name(name) => name.len(),
        };
        // The host begins the address, and the URI, with the port right before it, ends it.
        let start = url.len() - behind.len();
        let uri = url.len() - parts.uri.len();
        let port = parts.port.map(|p| uri - p.len()..uri);
        Target { scheme, unix, host: start..start + len, port, uri, url }
    }

    /// What stands before `://`, as written; empty where that is missing.
    pub fn scheme(&self) -> &str {
        std::str::from_utf8(&self.url[..self.scheme]).unwrap_or_default()
    }

    /// Whether nginx knows the scheme.
    pub fn is_http(&self) -> bool {
        ["http", "https"].iter().any(|s| self.scheme().eq_ignore_ascii_case(s))
    }

    /// Everything behind `://`.
    pub fn rest(&self) -> Cow<'_, str> {
        let start = if self.scheme == 0 && !self.url.starts_with(b"://") { 0 } else { self.scheme + b"://".len() };
        String::from_utf8_lossy(&self.url[start..])
    }

    /// The name or address of the host, that of IPv6 in its brackets; `None` for a unix socket.
    pub fn host(&self) -> Option<Cow<'_, str>> {
        (!self.unix).then(|| String::from_utf8_lossy(&self.url[self.host.clone()]))
    }

    /// The port, as written.
    pub fn port(&self) -> Option<Cow<'_, str>> {
        self.port.clone().map(|range| String::from_utf8_lossy(&self.url[range]))
    }

    /// What stands behind host and port, or behind the second colon of a unix socket. Empty is “no URI
    /// part”, and so is everything behind a scheme that nginx does not know.
    pub fn uri(&self) -> &[u8] {
        if self.is_http() { &self.url[self.uri..] } else { b"" }
    }
}

/// A network of `allow`, `deny` and `geo` (`ngx_ptocidr`): an address with an optional prefix length.
pub fn is_network(text: &str) -> bool {
    let (address, length) = text.split_once('/').map_or((text, None), |(a, l)| (a, Some(l)));
    let most = match (address.parse::<std::net::Ipv4Addr>(), address.parse::<std::net::Ipv6Addr>()) {
        (Ok(_), _) => 32,
        (_, Ok(_)) => 128,
        _ => return false,
    };
    length.is_none_or(|l| l.bytes().all(|b| b.is_ascii_digit()) && l.parse::<u8>().is_ok_and(|n| n <= most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_nginx_reads_them() {
        let host = |text: &str, kind| Address::parse(text, kind).map(|a| a.host);
        let ports = |text: &str, kind| Address::parse(text, kind).map(|a| a.ports);
        assert_eq!(ports("127.0.0.1:9000", Use::ProxyPass), Ok(Some((9000, 9000))));
        assert_eq!(host("app/x:y?z", Use::ProxyPass), Ok("app".to_owned()));
        assert_eq!(ports("[::1]:80/x", Use::ProxyPass), Ok(Some((80, 80))));
        assert_eq!(host("unix:/run/a.sock:/x", Use::ProxyPass), Ok("unix:/run/a.sock".to_owned()));
        assert_eq!(ports("8080", Use::Listen), Ok(Some((8080, 8080))));
        assert_eq!(ports("8080-8081", Use::Listen), Ok(Some((8080, 8081))));
        assert_eq!(host("8080", Use::Listen), Ok("*".to_owned()));
        for (text, kind, error) in [
            ("::1:9000", Use::ProxyPass, "invalid port"),
            ("app:0", Use::ProxyPass, "invalid port"),
            (":80", Use::ProxyPass, "no host"),
            ("[::1:80", Use::ProxyPass, "invalid host"),
            ("[::1]x", Use::ProxyPass, "invalid host"),
            ("[::1]?x", Use::ProxyPass, "invalid host"),
            ("[::1]:80?x", Use::ProxyPass, "invalid port"),
            ("[zz]:80", Use::ProxyPass, "invalid IPv6 address"),
            ("unix:", Use::ProxyPass, "no path in the unix domain socket"),
            ("8091-8090", Use::Listen, "invalid port range"),
            ("a:80-81", Use::UpstreamServer, "invalid port"),
            ("http://a:80", Use::UpstreamServer, "invalid host"),
            ("8081/x", Use::Listen, "invalid host"),
        ] {
            assert_eq!(Address::parse(text, kind), Err(error), "{text}");
        }
        assert!(is_network("10.0.0.0/8") && is_network("::1") && is_network("2001:db8::/32"));
        assert!(!is_network("10.0.0.0/33") && !is_network("localhost") && !is_network("10.0.0.0/"));
    }

    #[test]
    fn targets_are_cut_as_nginx_cuts_them() {
        for (url, scheme, host, port, uri) in [
            ("http://b", "http", Some("b"), None, ""),
            ("http://b/", "http", Some("b"), None, "/"),
            ("HTTP://b:1/x?y", "HTTP", Some("b"), Some("1"), "/x?y"),
            ("http://b?y/z", "http", Some("b"), None, "?y/z"),
            ("http://$name:$port/x", "http", Some("$name"), Some("$port"), "/x"),
            ("https://[::1]:8443/a:b", "https", Some("[::1]"), Some("8443"), "/a:b"),
            ("http://[::1]", "http", Some("[::1]"), None, ""),
            ("http://unix:/s.sock", "http", None, None, ""),
            ("http://UNIX:/s.sock:/api/", "http", None, None, "/api/"),
            ("ws://b:1/x", "ws", Some("b"), Some("1"), ""),
            ("b", "", Some("b"), None, ""),
            ("", "", Some(""), None, ""),
        ] {
            let target = Target::of(url.as_bytes());
            let parts = (target.scheme(), target.host(), target.port(), target.uri());
            assert_eq!(parts, (scheme, host.map(Cow::from), port.map(Cow::from), uri.as_bytes()), "{url}");
        }
        assert_eq!(Target::of(&b"ws://b:1/x"[..]).rest(), "b:1/x");
        assert_eq!(Target::of(&b"b:1/x"[..]).rest(), "b:1/x");
    }
}
