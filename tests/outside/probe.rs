//! `wslint probe` in front of the real nginx: what it names first for each mistake that it can see.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Backend, Nginx, free_port};
use serde_json::Value;

const UPGRADE: &str =
    "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\";";

fn probe(args: &[&str]) -> (Option<i32>, Value) {
    let out = Command::new(env!("CARGO_BIN_EXE_wslint"))
        .args(["probe", "--format", "json", "--timeout", "1", "--isolated"])
        .args(args)
        .output()
        .unwrap();
    let report =
        serde_json::from_slice(&out.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&out.stderr)));
    (out.status.code(), report)
}

fn first_rule(report: &Value) -> &str {
    report["causes"][0]["rule"].as_str().unwrap_or("-")
}

/// A server with one location, in front of this backend.
fn configuration(port: u16, backend: u16, server: &str, location: &str) -> String {
    format!(
        "events {{}}\nhttp {{\naccess_log off;\nserver {{\nlisten 127.0.0.1:{port};\n{server}\nlocation /ws {{\nproxy_pass http://127.0.0.1:{backend};\n{location}\n}}\n}}\n}}\n"
    )
}

/// Starts nginx with one server and asks: without the configuration, and with it.
fn ask(backend: u16, server: &str, location: &str, path: &str) -> (Value, Value) {
    let nginx = Nginx::find().expect("no nginx on this machine: apt-get install nginx-light");
    let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
    let text = configuration(port, backend, server, location);
    std::fs::create_dir(folder.path().join("logs")).unwrap();
    let file = folder.path().join("nginx.conf");
    std::fs::write(&file, text).unwrap();
    let _running = nginx.start(folder.path(), port).unwrap();
    let url = format!("ws://127.0.0.1:{port}{path}");
    let (_, alone) = probe(&[&url]);
    let (_, joined) = probe(&[&url, "--root", file.to_str().unwrap(), "--nginx-version", nginx.version()]);
    (alone, joined)
}

#[test]
fn an_endpoint_that_opens_opens() {
    let backend = Backend::start().unwrap();
    let (alone, joined) = ask(backend.port, "", UPGRADE, "/ws");
    for report in [alone, joined] {
        assert_eq!((&report["opened"], &report["status"]), (&true.into(), &101.into()), "{report:#}");
        assert!(report["causes"].as_array().unwrap().is_empty());
    }
}

#[test]
fn the_right_cause_comes_first() {
    let backend = Backend::start().unwrap();
    let half = |left_out: &str| UPGRADE.split_inclusive(';').filter(|l| !l.contains(left_out)).collect::<String>();
    let hidden = format!("{UPGRADE} proxy_hide_header Upgrade;");
    let twice = format!("{UPGRADE} add_header Upgrade x always;");
    let method = format!("{UPGRADE} proxy_method POST;");
    let key = format!("{UPGRADE} proxy_set_header Sec-WebSocket-Key \"\";");
    let no_headers = format!("{UPGRADE} proxy_pass_request_headers off;");
    let returned = format!("{UPGRADE} return 403;");
    let keep_alive = UPGRADE.replace("\"upgrade\"", "keep-alive");
    let typo = UPGRADE.replace("\"upgrade\"", "\"ugrade\"");
    // What the configuration holds; what is said without it (- for nothing certain); what is said with it.
    let cases: Vec<(&str, String, &str, &str)> = vec![
        ("", String::new(), "upgrade-not-forwarded", "upgrade-not-forwarded"),
        ("", half("version"), "upgrade-not-forwarded", "missing-proxy-http-version"),
        ("", half("Upgrade $"), "upgrade-not-forwarded", "missing-upgrade-header"),
        ("", half("Connection"), "upgrade-not-forwarded", "missing-connection-header"),
        ("", keep_alive, "upgrade-not-forwarded", "wrong-connection-value"),
        ("", typo, "upgrade-not-forwarded", "misspelled-websocket-setting"),
        (UPGRADE, "proxy_set_header X a;".to_owned(), "upgrade-not-forwarded", "shadowed-websocket-headers"),
        ("", hidden, "hidden-upgrade-response", "hidden-upgrade-response"),
        ("", twice, "handshake-fails", "handshake-fails"),
        ("", method, "upgrade-not-forwarded", "handshake-fails"),
        ("", key, "upgrade-not-forwarded", "hidden-upgrade-response"),
        ("", no_headers, "upgrade-not-forwarded", "hidden-upgrade-response"),
        ("", returned, "unreachable-endpoint", "unreachable-endpoint"),
    ];
    for (server, location, alone, joined) in cases {
        let (without, with) = ask(backend.port, server, &location, "/ws");
        assert_eq!(without["opened"], false, "{server} {location}");
        assert_eq!(first_rule(&without), alone, "{server} {location}\n{without:#}");
        assert_eq!(first_rule(&with), joined, "{server} {location}\n{with:#}");
    }
}

#[test]
fn redirects_and_gateway_errors_are_told_apart() {
    let backend = Backend::start().unwrap();
    let slash = format!("location /sub/ {{ proxy_pass http://127.0.0.1:{}; {UPGRADE} }}", backend.port);
    let (alone, _) = ask(backend.port, &slash, UPGRADE, "/sub");
    assert_eq!((&alone["status"], first_rule(&alone)), (&301.into(), "path-mismatch"));
    // Nobody listens behind nginx: that is no mistake of its configuration.
    let (alone, joined) = ask(free_port(), "", UPGRADE, "/ws");
    for report in [alone, joined] {
        assert_eq!((&report["status"], first_rule(&report)), (&502.into(), "-"), "{report:#}");
    }
}

/// A page in the cache answers the handshake; only the configuration can say so.
#[test]
fn a_cache_that_answers_is_named() {
    let nginx = Nginx::find().expect("no nginx on this machine: apt-get install nginx-light");
    let backend = Backend::start().unwrap();
    let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
    let root = folder.path();
    std::fs::create_dir(root.join("logs")).unwrap();
    let cache =
        format!("{UPGRADE} proxy_cache pages; proxy_cache_valid any 1m; proxy_ignore_headers Cache-Control Expires;");
    let text = configuration(port, backend.port, "", &cache)
        .replace("http {", &format!("http {{\nproxy_cache_path {}/cache keys_zone=pages:1m;", root.display()));
    let file = root.join("nginx.conf");
    std::fs::write(&file, text).unwrap();
    let _running = nginx.start(root, port).unwrap();
    let mut page = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(page, "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n").unwrap();
    page.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let _ = page.read_to_end(&mut Vec::new());
    let url = format!("ws://127.0.0.1:{port}/ws");
    let (_, joined) = probe(&[&url, "--root", file.to_str().unwrap()]);
    assert_eq!(first_rule(&joined), "cached-handshake", "{joined:#}");
}

/// A server that says this once, whatever it is asked.
fn says(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut buffer = [0; 4096];
        let _ = stream.read(&mut buffer);
        let _ = stream.write_all(answer);
    });
    format!("ws://127.0.0.1:{port}/ws")
}

#[test]
fn what_is_no_answer_is_said_to_be_none() {
    let (status, report) = probe(&[&says(b"")]);
    assert_eq!((status, first_rule(&report)), (Some(1), "subrequest-upgrade"));
    let (_, report) = probe(&[&says(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00")]);
    assert_eq!(first_rule(&report), "plaintext-http2");
    let (_, report) = probe(&[&says(b"HTTP/1.1 505 HTTP Version Not Supported\r\nContent-Length: 0\r\n\r\n")]);
    assert_eq!(first_rule(&report), "missing-proxy-http-version");
    let nobody = format!("ws://127.0.0.1:{}/", free_port());
    let (status, report) = probe(&[&nobody]);
    assert_eq!((status, report["answer"].as_str().unwrap().starts_with("no connection")), (Some(1), true));
    let (status, report) = probe(&[&says(b"HTTP/1.1 400 Bad Request\r\n\r\n").replace("ws://", "wss://")]);
    assert_eq!((status, report["answer"].as_str().unwrap().starts_with("TLS")), (Some(1), true), "{report:#}");
    let out = Command::new(env!("CARGO_BIN_EXE_wslint")).args(["probe", "ftp://x/"]).output().unwrap();
    assert_eq!(out.status.code(), Some(2));
}

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a server on a free port and waits until it listens.
fn serve(program: &str, code: impl Fn(u16) -> String) -> (Server, u16) {
    let consumers = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/consumers");
    assert!(consumers.exists(), "{}: `sh tests/run` installs it", consumers.display());
    let port = free_port();
    let (binary, flag) = match program {
        "python" => (consumers.join("bin/python"), "-c"),
        other => (other.into(), "-e"),
    };
    let child = Command::new(binary)
        .args([flag, &code(port)])
        .env("NODE_PATH", consumers.join("node_modules"))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let server = Server(child);
    let until = Instant::now() + Duration::from_secs(20);
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < until, "the backend does not start");
        std::thread::sleep(Duration::from_millis(20));
    }
    (server, port)
}

/// The program of a server, given its port.
type Code<'c> = &'c dyn Fn(u16) -> String;

/// Each backend refuses in its own words; the configuration has the last one.
#[test]
fn backends_of_other_kinds_answer_in_their_own_words() {
    let python = |port: u16| {
        format!(
            "from websockets.sync.server import serve\nserve(lambda ws: [ws.send(m) for m in ws], '127.0.0.1', {port}).serve_forever()"
        )
    };
    let ws = |port: u16| {
        format!(
            "new (require('ws').WebSocketServer)({{host: '127.0.0.1', port: {port}}}).on('connection', s => s.on('message', m => s.send(m)))"
        )
    };
    let socket_io = |port: u16| {
        format!(
            "const h = require('http').createServer(); new (require('socket.io').Server)(h, {{path: '/ws/'}}); h.listen({port}, '127.0.0.1')"
        )
    };
    let doubled = format!("{UPGRADE} proxy_set_header Upgrade $http_upgrade;");
    // What the backend says of a bare `proxy_pass`, what is named first then; what it says of two `Upgrade` lines.
    let cases: [(&str, Code<'_>, &str, u16, &str, u16); 3] = [
        ("python", &python, "/ws", 505, "missing-proxy-http-version", 426),
        ("node", &ws, "/ws", 426, "upgrade-not-forwarded", 400),
        ("node", &socket_io, "/ws/?EIO=4&transport=websocket", 400, "upgrade-not-forwarded", 400),
    ];
    for (program, code, path, bare, named, twice) in cases {
        let (_server, port) = serve(program, code);
        let (status, direct) = probe(&[&format!("ws://127.0.0.1:{port}{path}")]);
        assert_eq!((status, &direct["opened"]), (Some(0), &true.into()), "{program} {path}: {direct:#}");
        let (alone, joined) = ask(port, "", "", path);
        assert_eq!((&alone["status"], first_rule(&alone)), (&bare.into(), named), "{program} {path}");
        assert_eq!(first_rule(&joined), "upgrade-not-forwarded");
        let (alone, _) = ask(port, "", UPGRADE, path);
        assert_eq!(alone["opened"], true, "{program} {path}: {alone:#}");
        let (alone, joined) = ask(port, "", &doubled, path);
        assert_eq!(
            (&alone["status"], first_rule(&joined)),
            (&twice.into(), "duplicate-upgrade-header"),
            "{program} {path}"
        );
    }
}
