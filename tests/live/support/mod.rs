//! The truth about a configuration from a real nginx: `observe` starts the installed one on
//! loopback in front of a strict backend, shakes hands as two browsers do, tries an h2c upgrade,
//! sends ordinary requests, and says what happened. Everything is bounded in time, and every
//! observation has its own directory and its own ports.
#![allow(dead_code, reason = "each test program that includes this module uses a part of it")]

mod backend;
mod client;
mod nginx;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Component, Path};

use tempfile::TempDir;

#[allow(unused_imports, reason = "each test program that includes this module uses a part of it")]
pub(crate) use self::{
    backend::{Backend, Request},
    client::Target,
    nginx::{Nginx, Running, free_port},
};

/// The name of the configuration that nginx reads first.
const ROOT: &str = "nginx.conf";

/// What became of a browser's handshake.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Handshake {
    /// The status of the answer, or None if none came.
    pub(crate) status: Option<u16>,
    /// Whether a browser would fire `open`, and a message then came back: status 101 with exactly
    /// one `Upgrade: websocket`, a Connection that names upgrade, the right Sec-WebSocket-Accept,
    /// and an echoed frame.
    pub(crate) opened: bool,
}

/// What became of an ordinary request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ordinary {
    /// The status of the answer, or None if none came.
    pub(crate) status: Option<u16>,
    /// Whether the answer is the backend's own, and not a page that nginx made.
    pub(crate) from_backend: bool,
}

/// What a real nginx made of a configuration.
#[derive(Debug, Clone, Default)]
pub(crate) struct Observation {
    /// Whether `nginx -t` accepted the configuration.
    pub(crate) accepted: bool,
    /// Why nginx refused the configuration or, if it accepted it, why it did not run. The
    /// directory and the ports are those that were published: `[emerg] unknown directive "x" in
    /// /srv/conf/nginx.conf:7`.
    pub(crate) error: Option<String>,
    pub(crate) chrome: Handshake,
    pub(crate) firefox: Handshake,
    /// Three ordinary requests over one connection, or fewer if one got no answer.
    pub(crate) ordinary: Vec<Ordinary>,
    /// Whether a client can smuggle HTTP/2 past nginx to the backend.
    pub(crate) h2c_tunnelled: bool,
    /// The last ordinary request as the backend received it, leaving aside what a mirror or an
    /// auth_request added to it.
    pub(crate) backend_ordinary: Option<Request>,
    /// Whether two of the ordinary requests shared a backend connection. None if the backend got
    /// fewer than two.
    pub(crate) reused: Option<bool>,
    /// Over how many backend connections the ordinary requests came.
    pub(crate) connections: usize,
    /// Why the backend did not accept Chrome's handshake, in the words of RFC 6455 or, if it did
    /// not get to see a handshake, in words that say so. None if the backend switched protocols,
    /// or if nginx did not run.
    pub(crate) refused: Option<String>,
}

impl Observation {
    /// The published word for it: the configuration is `rejected`, both browsers upgrade, or it is
    /// `broken`.
    pub(crate) fn verdict(&self) -> &'static str {
        if !self.accepted {
            "rejected"
        } else if self.chrome.opened && self.firefox.opened {
            "upgrades"
        } else {
            "broken"
        }
    }
}

/// Lays `files` out in a fresh directory, with live ports and paths in place of the published
/// ones, tests the configuration, starts nginx and probes `url`, which is `ws://host:8080/path`
/// (or `:8081`, the second live port). The Host header has no port, as in the published
/// observations. None if this harness cannot tell: for a `wss://` URL or another port, for a
/// backend behind TLS, and for a certificate where there is no `openssl`. The backend speaks HTTP
/// only, so a location with fastcgi_pass, uwsgi_pass or scgi_pass does not reach it.
pub(crate) fn observe(
    nginx: &Nginx,
    backend: &Backend,
    files: &BTreeMap<String, Vec<u8>>,
    url: &str,
) -> Option<Observation> {
    let site = Site::new(backend).expect("a temporary directory can be made");
    let target = Target { announces: announces(files, url), ..site.target(url)? };
    let tls = [&b"cert.pem"[..], b"key.pem"].iter().any(|name| mentioned(files, name));
    if mentioned(files, b"127.0.0.1:9443") || tls && site.add_certificate().is_none() {
        return None;
    }
    site.lay_out(files).expect("the files can be written below a temporary directory");

    let mut seen = Observation::default();
    if let Err(why) = nginx.test(site.folder.path()) {
        seen.error = Some(site.published(&why));
        return Some(seen);
    }
    seen.accepted = true;
    let _turn = backend.turn();
    backend.take();
    let running = match nginx.start(site.folder.path(), target.port) {
        Ok(running) => running,
        Err(why) => {
            seen.error = Some(site.published(&why));
            return Some(seen);
        }
    };
    seen.chrome = client::handshake(&target, "Upgrade");
    seen.refused = match main_request(backend.take(), &target.path) {
        None => Some("the backend was not reached".to_owned()),
        Some(request) if request.switched => None,
        Some(request) => request.refused.or_else(|| Some("not a handshake any more".to_owned())),
    };
    seen.firefox = client::handshake(&target, "keep-alive, Upgrade");
    seen.h2c_tunnelled = client::h2c_tunnelled(&target);
    backend.take();
    seen.ordinary = client::ordinary(&target, 3);
    let requests = backend.take();
    let connections: BTreeSet<usize> = requests.iter().map(|request| request.connection).collect();
    seen.connections = connections.len();
    seen.reused = (requests.len() > 1).then_some(connections.len() < requests.len());
    seen.backend_ordinary = main_request(requests, &target.path);
    drop(running);
    Some(seen)
}

/// The request that stands for the client's own among those that its request set off. A mirror or
/// an auth_request adds subrequests before it or after it, so the last one with the client's path
/// goes first.
fn main_request(mut requests: Vec<Request>, path: &str) -> Option<Request> {
    let own = requests.iter().rposition(|request| request.path() == path);
    let index = own.or(requests.len().checked_sub(1))?;
    Some(requests.swap_remove(index))
}

/// Whether a `listen` for the URL's port asks for the PROXY protocol: who stands in front of it speaks it.
fn announces(files: &BTreeMap<String, Vec<u8>>, url: &str) -> bool {
    let port = if url.contains(":8081") { "8081" } else { "8080" };
    let asks =
        |line: &str| line.trim_start().starts_with("listen") && line.contains(port) && line.contains(" proxy_protocol");
    files.values().any(|text| String::from_utf8_lossy(text).split([';', '{', '\n']).any(asks))
}

/// Whether a file contains these bytes.
fn mentioned(files: &BTreeMap<String, Vec<u8>>, needle: &[u8]) -> bool {
    files.values().any(|text| text.windows(needle.len()).any(|window| window == needle))
}

/// The directory of one observation, and what stands in it for the published ports and paths.
struct Site {
    folder: TempDir,
    port: u16,
    second: u16,
    /// The published text and the live one, none of the former within another.
    places: Vec<(&'static str, String)>,
}

impl Site {
    fn new(backend: &Backend) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("wslint-live-").tempdir()?;
        let path = |name: &str| folder.path().join(name).display().to_string();
        fs::create_dir(path("html"))?;
        let [port, second, dead] = [free_port(), free_port(), free_port()];
        let [third, fourth] = [free_port(), free_port()];
        let places = vec![
            ("8080", port.to_string()),
            ("8081", second.to_string()),
            ("8082", third.to_string()),
            ("8083", fourth.to_string()),
            ("127.0.0.1:9000", format!("127.0.0.1:{}", backend.port)),
            ("127.0.0.1:9;", format!("127.0.0.1:{dead};")),
            ("/run/backend.sock", backend.unix.display().to_string()),
            ("/srv/conf", folder.path().display().to_string()),
            ("cert.pem", path("live/cert.pem")),
            ("key.pem", path("live/key.pem")),
        ];
        Ok(Self { folder, port, second, places })
    }

    /// Where a published URL leads here.
    fn target(&self, url: &str) -> Option<Target> {
        let rest = url.strip_prefix("ws://")?;
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (host, port) = authority.split_once(':')?;
        let port = match port {
            "8080" => self.port,
            "8081" => self.second,
            _ => return None,
        };
        let slash = if path.starts_with('/') { "" } else { "/" };
        Some(Target { port, announces: false, host: host.to_owned(), path: format!("{slash}{path}") })
    }

    fn lay_out(&self, files: &BTreeMap<String, Vec<u8>>) -> io::Result<()> {
        assert!(files.contains_key(ROOT), "an observation needs a file {ROOT}");
        for (name, text) in files {
            let inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
            assert!(inside, "{name} would lie outside of the directory");
            let path = self.folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap_or(self.folder.path()))?;
            fs::write(path, self.live(text))?;
        }
        Ok(())
    }

    /// Puts the live text in place of the published one. One pass does it, because one replacement
    /// after the other would find the digits 8081 in a live port.
    fn live(&self, mut text: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len() + 64);
        while let [first, rest @ ..] = text {
            match self.places.iter().find(|(published, _)| text.starts_with(published.as_bytes())) {
                Some((published, live)) => {
                    out.extend_from_slice(live.as_bytes());
                    text = &text[published.len()..];
                }
                None => {
                    out.push(*first);
                    text = rest;
                }
            }
        }
        out
    }

    /// The way back, for messages of nginx. Longer texts go first: the path of the certificate
    /// holds the directory.
    fn published(&self, text: &str) -> String {
        let mut places: Vec<_> = self.places.iter().collect();
        places.sort_by_key(|(_, live)| std::cmp::Reverse(live.len()));
        places.iter().fold(text.to_owned(), |text, (published, live)| text.replace(live, published))
    }

    /// Puts the certificate into the directory, in a folder that no `include` of a test will
    /// match.
    fn add_certificate(&self) -> Option<()> {
        let (certificate, key) = nginx::certificate()?;
        let folder = self.folder.path().join("live");
        fs::create_dir(&folder).ok()?;
        fs::write(folder.join("cert.pem"), certificate).ok()?;
        fs::write(folder.join("key.pem"), key).ok()
    }
}
