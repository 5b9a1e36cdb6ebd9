//! One real handshake: what a browser would send, and what comes back, byte for byte.
//!
//! A library that opens WebSockets hides the answers that matter here: a 101 without its `Upgrade`, a page
//! of HTML, a connection that closes. So the request is written and the answer read as they are.

mod answer;
mod causes;
mod tls;

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use crate::i18n::Text;
use crate::model::Url;
use crate::source::io_text;
use crate::text;

pub use answer::{Answer, Clue};
pub use causes::{Cause, configured, decode, headline};

/// What to send, and how long to wait.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Where to.
    pub url: Url,
    /// The `Origin` header, if any.
    pub origin: Option<String>,
    /// More headers: name and value.
    pub headers: Vec<(String, String)>,
    /// Certificates are not checked.
    pub insecure: bool,
    /// For each step: connecting, the TLS handshake, the answer.
    pub timeout: Duration,
}

/// How far it came.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The name does not resolve.
    NoSuchHost(String),
    /// Nobody accepts connections there.
    NoConnection(Text),
    /// The TLS handshake failed.
    NoTls(String),
    /// The connection closed, or the time ran out, before an answer came.
    Silence(&'static str),
    /// An answer.
    Answered(Answer),
}

/// The key of RFC 6455 §1.3 and what a server makes of it: random keys hide nothing from a probe.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// As much of an answer as is looked at.
const MOST: usize = 64 * 1024;

/// Makes one handshake; nothing is repeated. After a 101, one ping is sent.
pub fn probe(wish: &Wish) -> Outcome {
    let (host, port) = (wish.url.host.as_str(), wish.url.effective_port());
    let addresses = match (host, port).to_socket_addrs() {
        Ok(found) => found.collect::<Vec<_>>(),
        Err(e) => return Outcome::NoSuchHost(e.to_string()),
    };
    let mut problem = text!("the name has no address", "这个域名没有地址");
    let mut stream = None;
    for address in addresses {
        match TcpStream::connect_timeout(&address, wish.timeout) {
            Ok(open) => {
                stream = Some(open);
                break;
            }
            Err(e) => {
                let Text { en, zh } = io_text(&e);
                problem = text!("{address}: {en}", "{address}：{zh}");
            }
        }
    }
    let Some(stream) = stream else { return Outcome::NoConnection(problem) };
    let limited = stream.set_read_timeout(Some(wish.timeout)).and(stream.set_write_timeout(Some(wish.timeout)));
    if let Err(e) = limited {
        return Outcome::NoConnection(io_text(&e));
    }
    if !wish.url.tls {
        return talk(wish, stream);
    }
    match tls::open(stream, host, wish.insecure) {
        Ok(secured) => talk(wish, secured),
        Err(e) => Outcome::NoTls(e),
    }
}

fn talk(wish: &Wish, mut stream: impl Read + Write) -> Outcome {
    if let Err(e) = stream.write_all(request(wish).as_bytes()).and_then(|()| stream.flush()) {
        return if is_tls(&e) { Outcome::NoTls(e.to_string()) } else { Outcome::Silence("closed") };
    }
    let until = Instant::now() + wish.timeout;
    let mut got = Vec::new();
    let mut buffer = [0; 4096];
    let mut end = "closed";
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => got.extend_from_slice(&buffer[..n]),
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                end = "timeout";
                break;
            }
            Err(e) if is_tls(&e) && got.is_empty() => return Outcome::NoTls(e.to_string()),
            Err(_) => break,
        }
        if got.len() >= MOST || Instant::now() >= until || answer::is_complete(&got) {
            break;
        }
    }
    match Answer::parse(&got) {
        None => Outcome::Silence(end),
        Some(mut answer) => {
            if answer.status == Some(101) {
                answer.pong = Some(ping(&mut stream));
            }
            Outcome::Answered(answer)
        }
    }
}

fn is_tls(e: &std::io::Error) -> bool {
    e.kind() == ErrorKind::InvalidData
}

/// The handshake as browsers write it (RFC 6455 §4.1).
fn request(wish: &Wish) -> String {
    let url = &wish.url;
    let host = if url.host.contains(':') { format!("[{}]", url.host) } else { url.host.clone() };
    let host = match url.port {
        Some(port) if port != if url.tls { 443 } else { 80 } => format!("{host}:{port}"),
        _ => host,
    };
    let mut out = format!("GET {} HTTP/1.1\r\n", url.path_and_query.replace([' ', '\r', '\n'], "%20"));
    let named = |name: &str| wish.headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name));
    let mut line = |name: &str, value: &str| {
        if !named(name) {
            out.push_str(&format!("{name}: {value}\r\n"));
        }
    };
    line("Host", &host);
    line("Connection", "Upgrade");
    line("Upgrade", "websocket");
    line("Sec-WebSocket-Version", "13");
    line("Sec-WebSocket-Key", KEY);
    line("User-Agent", concat!("wslint/", env!("CARGO_PKG_VERSION")));
    if let Some(origin) = &wish.origin {
        line("Origin", origin);
    }
    for (name, value) in &wish.headers {
        out.push_str(&format!("{name}: {value}\r\n"));
    }
    out + "\r\n"
}

/// One masked, empty ping; whether its pong comes.
fn ping(stream: &mut (impl Read + Write)) -> bool {
    const PING: [u8; 6] = [0x89, 0x80, 0, 0, 0, 0];
    const PONG: u8 = 0x8a;
    let mut buffer = [0; 4096];
    if stream.write_all(&PING).and_then(|()| stream.flush()).is_err() {
        return false;
    }
    // A server may greet before it answers; a few frames are enough.
    (0..8).any(|_| matches!(stream.read(&mut buffer), Ok(n) if n > 0 && buffer[..n].contains(&PONG)))
}
