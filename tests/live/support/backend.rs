//! A WebSocket backend that follows RFC 6455 to the letter, because a lenient one would hide
//! exactly the mistakes this project looks for.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::client::{Head, Wire, accept_for};

/// No observation keeps a backend connection this long, so a thread that waits longer waits for
/// nothing.
const BACKEND_PATIENCE: Duration = Duration::from_secs(20);

/// What the backend received.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// The request line as it arrived, for instance `GET /ws HTTP/1.0`.
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    /// The number of the connection; two requests with the same number came over one connection.
    pub(crate) connection: usize,
    /// Why a handshake was refused. None for a handshake that was accepted and for every other
    /// request.
    pub(crate) refused: Option<String>,
    /// Whether the backend switched protocols, be it to WebSocket or to h2c.
    pub(crate) switched: bool,
}

/// What the threads of a backend share.
#[derive(Default)]
struct Log {
    requests: Mutex<Vec<Request>>,
    connections: AtomicUsize,
    stopped: AtomicBool,
}

/// The running backend. It listens on a loopback port and on a unix socket until it is dropped.
pub(crate) struct Backend {
    pub(crate) port: u16,
    pub(crate) unix: PathBuf,
    log: Arc<Log>,
    turn: Mutex<()>,
    _folder: tempfile::TempDir,
}

impl Backend {
    pub(crate) fn start() -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("wslint-backend-").tempdir()?;
        let unix = folder.path().join("backend.sock");
        let (tcp, local) = (TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?, UnixListener::bind(&unix)?);
        let port = tcp.local_addr()?.port();
        let log = Arc::new(Log::default());
        accept(Arc::clone(&log), move || {
            let (stream, _) = tcp.accept()?;
            stream.set_read_timeout(Some(BACKEND_PATIENCE))?;
            stream.set_nodelay(true)?;
            Ok(stream)
        });
        accept(Arc::clone(&log), move || {
            let (stream, _) = local.accept()?;
            stream.set_read_timeout(Some(BACKEND_PATIENCE))?;
            Ok(stream)
        });
        Ok(Self { port, unix, log, turn: Mutex::default(), _folder: folder })
    }

    /// The requests since the last call, oldest first. A request is listed before its answer is
    /// sent, so whoever has seen the answer finds the request here.
    pub(crate) fn take(&self) -> Vec<Request> {
        std::mem::take(&mut *self.log.requests())
    }

    /// Holds off every other observation that uses this backend, because their requests would mix.
    /// Whoever wants to observe in parallel starts one backend for each thread.
    pub(crate) fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Request {
    /// The path and query as they arrived, or nothing if the request line is no request line.
    pub(crate) fn path(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or_default()
    }
}

impl Drop for Backend {
    /// Wakes both listeners, so that their threads see that it is over and close the sockets.
    fn drop(&mut self) {
        self.log.stopped.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        let _ = UnixStream::connect(&self.unix);
    }
}

impl Log {
    /// The list stays usable after a panic elsewhere: its entries are whole or absent.
    fn requests(&self) -> MutexGuard<'_, Vec<Request>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves every connection that `next` yields on a thread of its own.
fn accept<S, F>(log: Arc<Log>, next: F)
where
    S: Read + Write + Send + 'static,
    F: Fn() -> io::Result<S> + Send + 'static,
{
    thread::spawn(move || {
        loop {
            let stream = next();
            if log.stopped.load(Ordering::SeqCst) {
                return;
            }
            let Ok(stream) = stream else { continue };
            let (log, wire) = (Arc::clone(&log), Wire::new(stream, BACKEND_PATIENCE));
            let connection = log.connections.fetch_add(1, Ordering::SeqCst);
            // A connection that breaks off is nginx's way to say goodbye; what arrived before is
            // on the list.
            thread::spawn(move || serve(wire, connection, &log));
        }
    });
}

/// Answers one request after the other until the protocol changes or the connection ends.
fn serve<S: Read + Write>(mut wire: Wire<S>, connection: usize, log: &Log) -> io::Result<()> {
    loop {
        let head = wire.head()?;
        wire.take(head.length().unwrap_or(0))?;
        let path = head.line.split(' ').nth(1).unwrap_or_default();
        let key = head.all("sec-websocket-key").next();
        let wants = key.is_some() || head.tokens("upgrade").iter().any(|token| !token.is_empty());
        // The published cases have one subrequest that is to be answered like any other: /auth101.
        let auth = path.starts_with("/auth") && !path.contains("101");
        let h2c = head.has("upgrade", "h2c") && head.has("connection", "upgrade") && head.line.ends_with("HTTP/1.1");
        let refused = if wants && !auth && !h2c { refusal(&head) } else { None };
        let switched = wants && !auth && refused.is_none();
        log.requests().push(Request {
            line: head.line.clone(),
            headers: head.headers.clone(),
            connection,
            refused: refused.clone(),
            switched,
        });
        if auth {
            // The subrequest of auth_request wants a yes, and auth_request_set a header to pick
            // up.
            wire.send("HTTP/1.1 204 No Content\r\nX-From: backend\r\nX-Conn: upgrade\r\n\r\n")?;
        } else if h2c {
            wire.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")?;
            return repeat(wire);
        } else if let Some(why) = refused {
            let length = why.len();
            return wire.send(format!(
                "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nX-From: backend\r\n\
                 Content-Length: {length}\r\nConnection: close\r\n\r\n{why}"
            ));
        } else if switched {
            let accept = accept_for(key.unwrap_or_default());
            wire.send(format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Accept: {accept}\r\n\r\n"
            ))?;
            return echo(wire);
        } else {
            // The page advertises the upgrade and may be cached, as real servers do: neither may
            // disturb a client.
            let close = head.line.ends_with("HTTP/1.0") || head.has("connection", "close");
            wire.send(format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-From: backend\r\nUpgrade: websocket\r\n\
                 Cache-Control: max-age=60\r\nContent-Length: 2\r\n{}\r\n{}",
                if close { "Connection: close\r\n" } else { "" },
                if head.line.starts_with("HEAD ") { "" } else { "ok" },
            ))?;
            if close {
                return Ok(());
            }
        }
    }
}

/// The first requirement of RFC 6455, section 4.2.1, that a handshake does not meet, in words.
fn refusal(head: &Head) -> Option<String> {
    let words: Vec<&str> = head.line.split(' ').collect();
    let [method, _, version] = words[..] else {
        return Some("bad request line".to_owned());
    };
    let one = |name| head.all(name).collect::<Vec<_>>();
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+.^_`|~-".contains(c);
    let misnamed = head.headers.iter().find(|(name, _)| name.is_empty() || !name.chars().all(token));
    let sixteen = |key: &str| STANDARD.decode(key).is_ok_and(|bytes| bytes.len() == 16);
    if method != "GET" {
        Some(format!("the method is {method}"))
    } else if version != "HTTP/1.1" {
        Some(format!("the version is {version}"))
    } else if one("host").len() != 1 {
        Some(format!("{} Host headers", one("host").len()))
    } else if let Some((name, _)) = misnamed {
        Some(format!("bad header name {name:?}"))
    } else if !head.has("upgrade", "websocket") {
        Some(format!("Upgrade is {:?}", head.tokens("upgrade")))
    } else if !head.has("connection", "upgrade") {
        Some(format!("Connection is {:?}", head.tokens("connection")))
    } else if !matches!(one("sec-websocket-key")[..], [key] if sixteen(key)) {
        Some(format!("Sec-WebSocket-Key is {:?}", one("sec-websocket-key")))
    } else if one("sec-websocket-version") != ["13"] {
        Some(format!("Sec-WebSocket-Version is {:?}", one("sec-websocket-version")))
    } else {
        None
    }
}

/// Sends every byte back, which shows that a tunnel is one.
fn repeat<S: Read + Write>(mut wire: Wire<S>) -> io::Result<()> {
    loop {
        let byte = wire.take(1)?;
        wire.send(byte)?;
    }
}

/// Sends every WebSocket frame back until one of them closes the connection.
fn echo<S: Read + Write>(mut wire: Wire<S>) -> io::Result<()> {
    loop {
        let head = wire.take(2)?;
        // A client must mask its frames (section 5.1), and the probes send none that needs a
        // longer length.
        let (masked, length) = (head[1] & 0x80 != 0, head[1] & 0x7f);
        if !masked || length > 125 {
            return Err(ErrorKind::InvalidData.into());
        }
        let mask = wire.take(4)?;
        let mut payload = wire.take(usize::from(length))?;
        payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
        if head[0] & 0x0f == 8 {
            return wire.send([0x88, 0]);
        }
        wire.send([&[head[0], length], &payload[..]].concat())?;
    }
}
