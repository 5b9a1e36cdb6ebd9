//! Addresses as nginx reads them (`ngx_parse_url`, core/ngx_inet.c): of `listen`, of an upstream's
//! `server`, and behind the scheme of `proxy_pass`.

/// Whose address it is: they differ in what may follow it, and in what a lone number means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    Listen,
    UpstreamServer,
    ProxyPass,
}

/// The parts that the checks ask for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Address {
    pub host: String,
    pub port: Option<u16>,
}

/// The longest path of a unix socket: `sizeof(sun_path)` with its final zero, on Linux.
const UNIX_PATH: usize = 107;

/// The address, or what nginx says is wrong with it.
pub(super) fn parse(text: &str, kind: Use) -> Result<Address, &'static str> {
    if text.get(..5).is_some_and(|p| p.eq_ignore_ascii_case("unix:")) {
        return unix(&text[5..], kind);
    }
    match text.strip_prefix('[') {
        Some(rest) => inet6(rest, kind),
        None => inet(text, kind),
    }
}

fn unix(path: &str, kind: Use) -> Result<Address, &'static str> {
    let path = if kind == Use::ProxyPass { path.split(':').next().unwrap_or("") } else { path };
    match path.len() {
        0 => Err("no path in the unix domain socket"),
        n if n > UNIX_PATH => Err("too long path in the unix domain socket"),
        _ => Ok(Address { host: format!("unix:{path}"), port: None }),
    }
}

/// What stands before the URI part; only `proxy_pass` may have one.
fn without_uri(text: &str, kind: Use) -> Result<&str, &'static str> {
    let separators: &[char] = if text.starts_with('[') { &['/'] } else { &['/', '?'] };
    match text.find(separators) {
        Some(_) if kind != Use::ProxyPass => Err("invalid host"),
        Some(at) => Ok(&text[..at]),
        None => Ok(text),
    }
}

fn inet(text: &str, kind: Use) -> Result<Address, &'static str> {
    let authority = without_uri(text, kind)?;
    let (host, port) = match authority.split_once(':') {
        Some((host, ports)) => (host, Some(port(ports, kind)?)),
        None if kind == Use::Listen && lone_port(authority) => return port(authority, kind).map(any_host),
        None => (authority, None),
    };
    if host.is_empty() {
        return Err("no host");
    }
    Ok(Address { host: host.to_owned(), port })
}

fn any_host(port: u16) -> Address {
    Address { host: "*".to_owned(), port: Some(port) }
}

/// `8080` or `8080-8090`.
fn lone_port(text: &str) -> bool {
    let number = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    text.split_once('-').map_or(number(text), |(a, b)| number(a) && number(b))
}

fn inet6(rest: &str, kind: Use) -> Result<Address, &'static str> {
    let (host, behind) = rest.split_once(']').ok_or("invalid host")?;
    let behind = without_uri(behind, kind)?;
    let port = match behind.strip_prefix(':') {
        Some(ports) => Some(port(ports, kind)?),
        None if behind.is_empty() => None,
        None => return Err("invalid host"),
    };
    if host.is_empty() {
        return Err("no host");
    }
    if host.parse::<std::net::Ipv6Addr>().is_err() {
        return Err("invalid IPv6 address");
    }
    Ok(Address { host: format!("[{host}]"), port })
}

fn port(text: &str, kind: Use) -> Result<u16, &'static str> {
    let number = |t: &str| {
        let digits = !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
        t.parse::<u16>().ok().filter(|&n| digits && n > 0).ok_or("invalid port")
    };
    match text.split_once('-').filter(|_| kind == Use::Listen) {
        None => number(text),
        Some((first, last)) => match (number(first)?, number(last)?) {
            (first, last) if first > last => Err("invalid port range"),
            (first, _) => Ok(first),
        },
    }
}

/// A network of `allow`, `deny` and `geo` (`ngx_ptocidr`): an address with an optional prefix length.
pub(super) fn is_network(text: &str) -> bool {
    let (address, length) = text.split_once('/').map_or((text, None), |(a, l)| (a, Some(l)));
    let most = match (address.parse::<std::net::Ipv4Addr>(), address.parse::<std::net::Ipv6Addr>()) {
        (Ok(_), _) => 32,
        (_, Ok(_)) => 128,
        _ => return false,
    };
    length.is_none_or(|l| l.bytes().all(|b| b.is_ascii_digit()) && l.parse::<u8>().is_ok_and(|n| n <= most))
}

/// No resolver can know such a name: it is no ASCII, it holds what no name holds, or its last label is a
/// number and it is no address (`10.0.0.5.8080`, where a dot stands for a colon).
pub(super) fn is_impossible(host: &str) -> bool {
    let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or(host);
    let number = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let port = host.contains('.') && last.parse::<u16>().is_ok_and(|n| n >= 80) && !host.split('.').all(number);
    let fifth = host.split('.').filter(|l| number(l)).count() > 4 && host.split('.').all(number);
    host.starts_with(|c: char| c != '[')
        && !host.starts_with("unix:")
        && (!host.is_ascii() || host.bytes().any(|b| b.is_ascii_whitespace()) || port || fifth)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_nginx_reads_them() {
        assert_eq!(parse("127.0.0.1:9000", Use::ProxyPass).map(|a| a.port), Ok(Some(9000)));
        assert_eq!(parse("app/x:y?z", Use::ProxyPass).map(|a| a.host), Ok("app".to_owned()));
        assert_eq!(parse("[::1]:80/x", Use::ProxyPass).map(|a| a.port), Ok(Some(80)));
        assert_eq!(parse("unix:/run/a.sock:/x", Use::ProxyPass).map(|a| a.host), Ok("unix:/run/a.sock".to_owned()));
        assert_eq!(parse("8080", Use::Listen), Ok(any_host(8080)));
        assert_eq!(parse("8080-8081", Use::Listen), Ok(any_host(8080)));
        for (text, kind, error) in [
            ("::1:9000", Use::ProxyPass, "invalid port"),
            ("app:0", Use::ProxyPass, "invalid port"),
            (":80", Use::ProxyPass, "no host"),
            ("[::1:80", Use::ProxyPass, "invalid host"),
            ("[zz]:80", Use::ProxyPass, "invalid IPv6 address"),
            ("unix:", Use::ProxyPass, "no path in the unix domain socket"),
            ("8091-8090", Use::Listen, "invalid port range"),
            ("a:80-81", Use::UpstreamServer, "invalid port"),
            ("http://a:80", Use::UpstreamServer, "invalid host"),
            ("8081/x", Use::Listen, "invalid host"),
        ] {
            assert_eq!(parse(text, kind), Err(error), "{text}");
        }
        assert!(is_network("10.0.0.0/8") && is_network("::1") && is_network("2001:db8::/32"));
        assert!(!is_network("10.0.0.0/33") && !is_network("localhost") && !is_network("10.0.0.0/"));
    }
}
