//! The client's side of an observation: the handshakes of two browsers, an h2c upgrade and
//! ordinary requests, and the few pieces of HTTP that both ends of the wire share.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha1::{Digest as _, Sha1};

use super::{Handshake, Ordinary};

/// How long a client waits for the next bytes. Whatever works on loopback takes milliseconds.
const CLIENT_PATIENCE: Duration = Duration::from_secs(10);

/// A head longer than this is an endless stream, not a request.
const LONGEST_HEAD: usize = 200_000;

/// The value of Sec-WebSocket-Accept that answers `key` (RFC 6455, section 4.2.2).
pub(crate) fn accept_for(key: &str) -> String {
    STANDARD.encode(Sha1::digest(format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11")))
}

/// The first line and the header fields of a request or a response, in the order of the wire.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl Head {
    /// Reads the text before the empty line. Bytes become the characters of Latin-1, so that
    /// nothing is lost.
    fn parse(text: &[u8]) -> Self {
        let text: String = text.iter().copied().map(char::from).collect();
        let mut lines = text.split("\r\n");
        let line = lines.next().unwrap_or_default().to_owned();
        let header = |line: &str| {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            (name.to_owned(), value.trim().to_owned())
        };
        Self { line, headers: lines.map(header).collect() }
    }

    /// Every value of a header field; a field may legally, and in broken set-ups illegally, come
    /// twice.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let same = move |header: &&(String, String)| header.0.eq_ignore_ascii_case(name);
        self.headers.iter().filter(same).map(|(_, value)| value.as_str())
    }

    /// The comma-separated tokens of all values of a header field, in lower case.
    pub(crate) fn tokens(&self, name: &str) -> Vec<String> {
        let values = self.all(name).flat_map(|value| value.split(','));
        values.map(|token| token.trim().to_ascii_lowercase()).collect()
    }

    /// Whether one of the tokens of a header field is `token`.
    pub(crate) fn has(&self, name: &str, token: &str) -> bool {
        self.tokens(name).iter().any(|t| t == token)
    }

    /// The status, if this is the head of a response.
    pub(crate) fn status(&self) -> Option<u16> {
        let rest = self.line.strip_prefix("HTTP/1.")?;
        rest.split(' ').nth(1)?.parse().ok()
    }

    /// The length of the body that follows, if the head announces one.
    pub(crate) fn length(&self) -> Option<usize> {
        self.all("content-length").next()?.parse().ok()
    }
}

/// A connection with the bytes that were read from it and not used yet. It gives up at a fixed
/// moment, however slowly the bytes trickle in, because a read timeout alone does not bound a
/// whole conversation.
pub(crate) struct Wire<S> {
    stream: S,
    unread: Vec<u8>,
    until: Instant,
}

impl<S: Read + Write> Wire<S> {
    pub(crate) fn new(stream: S, patience: Duration) -> Self {
        Self { stream, unread: Vec::new(), until: Instant::now() + patience }
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref())
    }

    /// Waits for more bytes, and may come back without any: every caller asks until it has enough.
    /// The end of the stream is an error, since they all still expect something.
    fn fill(&mut self) -> io::Result<()> {
        if Instant::now() > self.until {
            return Err(ErrorKind::TimedOut.into());
        }
        let mut chunk = [0; 8192];
        match self.stream.read(&mut chunk) {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Ok(n) => {
                self.unread.extend_from_slice(&chunk[..n]);
                Ok(())
            }
            // A read with a timeout is not restarted by the kernel, whatever it was that woke it.
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The next head, up to and including its empty line.
    pub(crate) fn head(&mut self) -> io::Result<Head> {
        loop {
            if let Some(end) = self.unread.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = Head::parse(&self.unread[..end]);
                self.unread.drain(..end + 4);
                return Ok(head);
            }
            // FastCGI and TLS begin with bytes that no head begins with; waiting for an empty line
            // would be a hang.
            let foreign = self.unread.first().is_some_and(|byte| !byte.is_ascii_alphabetic());
            if foreign || self.unread.len() > LONGEST_HEAD {
                return Err(ErrorKind::InvalidData.into());
            }
            self.fill()?;
        }
    }

    /// Exactly the next `n` bytes.
    pub(crate) fn take(&mut self, n: usize) -> io::Result<Vec<u8>> {
        while self.unread.len() < n {
            self.fill()?;
        }
        Ok(self.unread.drain(..n).collect())
    }

    /// Everything up to and including `end`, which is enough to step over a chunked body that we
    /// ourselves chose.
    pub(crate) fn skip_past(&mut self, end: &[u8]) -> io::Result<()> {
        while !self.unread.ends_with(end) {
            self.fill()?;
        }
        self.unread.clear();
        Ok(())
    }
}

/// Where the probes go: a port on loopback, and what the request calls it.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) port: u16,
    pub(crate) host: String,
    pub(crate) path: String,
    /// A connection begins with the PROXY protocol, as that of a load balancer does.
    pub(crate) announces: bool,
}

impl Target {
    fn connect(&self) -> io::Result<Wire<TcpStream>> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let stream = TcpStream::connect_timeout(&address, CLIENT_PATIENCE)?;
        stream.set_read_timeout(Some(CLIENT_PATIENCE))?;
        stream.set_write_timeout(Some(CLIENT_PATIENCE))?;
        stream.set_nodelay(true)?;
        let mut wire = Wire::new(stream, 2 * CLIENT_PATIENCE);
        if self.announces {
            wire.send("PROXY TCP4 127.0.0.1 127.0.0.1 51234 8080\r\n")?;
        }
        Ok(wire)
    }

    /// A GET request with the given header lines, each of which ends with CRLF.
    fn get(&self, headers: &str) -> String {
        format!("GET {} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", self.path, self.host)
    }
}

/// Shakes hands with the Connection header that the browser in question sends: Chrome sends
/// `Upgrade`, Firefox `keep-alive, Upgrade`. Whatever goes wrong on the wire is the observation,
/// not an error of the test.
pub(crate) fn handshake(target: &Target, connection: &str) -> Handshake {
    let mut seen = Handshake::default();
    seen.opened = shake(target, connection, &mut seen.status).unwrap_or(false);
    seen
}

fn shake(target: &Target, connection: &str, status: &mut Option<u16>) -> io::Result<bool> {
    let key = fresh_key();
    let mut wire = target.connect()?;
    wire.send(target.get(&format!(
        "Upgrade: websocket\r\nConnection: {connection}\r\nOrigin: https://example.com\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nX-Client: 1\r\n"
    )))?;
    let head = wire.head()?;
    *status = head.status();
    let exactly = |name, value: &str| {
        let values: Vec<&str> = head.all(name).collect();
        matches!(values[..], [one] if one.eq_ignore_ascii_case(value))
    };
    if head.status() != Some(101)
        || !exactly("upgrade", "websocket")
        || !head.has("connection", "upgrade")
        || head.all("sec-websocket-accept").ne([accept_for(&key)])
        // It asked for neither (RFC 6455, section 4.1).
        || head.all("sec-websocket-protocol").chain(head.all("sec-websocket-extensions")).next().is_some()
    {
        return Ok(false);
    }
    let (message, mask) = (b"hello", [0x11, 0x22, 0x33, 0x44]);
    let masked: Vec<u8> = message.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
    wire.send([&[0x81, 0x80 | 5], &mask[..], &masked].concat())?;
    let echoed = wire.take(2 + message.len())? == [&[0x81, 5], &message[..]].concat();
    wire.send([&[0x88, 0x80], &mask[..]].concat())?;
    Ok(echoed)
}

/// A key that no earlier handshake used, so that no cache can hold the right answer to it.
fn fresh_key() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    STANDARD.encode((u128::from(count) << 32 | u128::from(std::process::id())).to_be_bytes())
}

/// Whether a client can talk HTTP/2 to the backend behind nginx's back: the upgrade to h2c is
/// answered with 101, and then raw bytes pass in both directions.
pub(crate) fn h2c_tunnelled(target: &Target) -> bool {
    let tunnel = || -> io::Result<bool> {
        let mut wire = target.connect()?;
        wire.send(target.get(
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\
             HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
        ))?;
        if wire.head()?.status() != Some(101) {
            return Ok(false);
        }
        wire.send("RAWBYTES")?;
        Ok(wire.take(8)? == b"RAWBYTES")
    };
    tunnel().unwrap_or(false)
}

/// Sends `count` ordinary requests over one connection as long as the server keeps it, as a
/// browser does.
pub(crate) fn ordinary(target: &Target, count: usize) -> Vec<Ordinary> {
    let mut seen = Vec::with_capacity(count);
    let mut kept = None;
    while seen.len() < count {
        let answer = kept.take().map_or_else(|| target.connect(), Ok).and_then(|wire| ask(target, wire));
        let Ok((one, wire)) = answer else {
            seen.push(Ordinary::default());
            break;
        };
        seen.push(one);
        kept = wire;
    }
    seen
}

/// One ordinary request; the connection comes back if it can carry another one.
fn ask(target: &Target, mut wire: Wire<TcpStream>) -> io::Result<(Ordinary, Option<Wire<TcpStream>>)> {
    wire.send(target.get("User-Agent: t\r\nX-Client: 1\r\n"))?;
    let head = wire.head()?;
    if let Some(length) = head.length() {
        wire.take(length)?;
    } else if head.has("transfer-encoding", "chunked") {
        wire.skip_past(b"0\r\n\r\n")?;
    }
    let one = Ordinary { status: head.status(), from_backend: head.all("x-from").next().is_some() };
    Ok((one, (!head.has("connection", "close")).then_some(wire)))
}
