//! What somebody who types waits for: `cargo bench -p wslint-benches --bench keystroke`. From the message of an
//! editor to its diagnostics, through the server's own threads and JSON; the server waits until nobody types
//! (20 ms), which is counted. It fails above the limits of [`CASES`], or where the server needs more than
//! [`MEMORY`] times the memory of one check.

use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Read, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use wslint::i18n::Lang;
use wslint::source::{OsFs, Rooted};
use wslint::{Asked, Session, SettingsFrom};

const ROUNDS: usize = 15;
const MEMORY: u64 = 10;

/// A tree, the file that is edited, and the limits in milliseconds: for the first diagnostics, and for a keystroke.
const CASES: [(&str, usize, &str, u64, u64); 3] = [
    ("a small tree", 3, "sites/v1.conf", 50, 100),
    ("2,000 vhosts, one of them", 2_000, "sites/v1000.conf", 5_000, 100),
    ("2,000 vhosts, their snippet", 2_000, "snippets/ws.conf", 5_000, 100),
];

fn main() -> ExitCode {
    // `cargo test --benches` only wants to know that it runs.
    if std::env::args().any(|a| a == "--test") {
        return ExitCode::SUCCESS;
    }
    let mut good = true;
    for (name, vhosts, file, first_limit, key_limit) in CASES {
        let folder = fleet(vhosts);
        let root = folder.path().canonicalize().expect("the folder is there");
        check_once(&root);
        let once = peak();
        let (first, key) = typed(&root, file);
        let all = peak();
        let within = first <= Duration::from_millis(first_limit) && key <= Duration::from_millis(key_limit);
        good &= within && all <= MEMORY * once;
        // A closed pipe is no failure.
        let _ = writeln!(
            std::io::stdout(),
            "{name:<30} first {:>7.1} ms (≤ {first_limit})   keystroke {:>6.1} ms (≤ {key_limit})   {:>5.1} MB after one check, {:>5.1} MB after all",
            first.as_secs_f64() * 1e3,
            key.as_secs_f64() * 1e3,
            once as f64 / 1024.0,
            all as f64 / 1024.0,
        );
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Vhosts with a location for pages and one for WebSocket each.
fn fleet(vhosts: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    };
    write(
        "nginx.conf",
        "events {}\nhttp {\n    map $http_upgrade $connection_upgrade {\n        default upgrade;\n        '' close;\n    }\n    include sites/*.conf;\n}\n",
    );
    write(
        "snippets/ws.conf",
        "proxy_http_version 1.1;\nproxy_set_header Upgrade $http_upgrade;\nproxy_set_header Connection $connection_upgrade;\n",
    );
    for n in 0..vhosts {
        let port = 9000 + n % 100;
        write(
            &format!("sites/v{n}.conf"),
            &format!(
                "server {{\n    listen 80;\n    server_name host{n}.example.com;\n    location / {{\n        proxy_set_header Host $host;\n        proxy_pass http://127.0.0.1:{port};\n    }}\n    location /ws/ {{\n        include snippets/ws.conf;\n        proxy_set_header Host $host;\n        proxy_read_timeout 3600s;\n        proxy_pass http://127.0.0.1:{port};\n    }}\n}}\n"
            ),
        );
    }
    folder
}

fn check_once(root: &Path) {
    let disk = Rooted::new(OsFs, root.to_owned());
    let session = Session::new(&disk, &SettingsFrom::Nowhere).expect("no settings");
    let subject = session.open(&Asked::default()).expect("a project");
    subject.check(&session.options().expect("options")).expect("a check");
}

/// The most memory that the process ever needed, in kB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.split_whitespace().next()?.parse().ok()).unwrap_or(1)
}

/// How long the first diagnostics of a file take, and those after a keystroke: the median.
fn typed(root: &Path, file: &str) -> (Duration, Duration) {
    let (input, mut to_server) = std::io::pipe().expect("a pipe");
    let (from_server, mut output) = std::io::pipe().expect("a pipe");
    let server = std::thread::spawn(move || wslint::server::serve(BufReader::new(input), &mut output, Lang::En));
    let mut answers = BufReader::new(from_server);
    let uri = |path: &Path| format!("file://{}", path.display());
    let folder = uri(root);
    send(
        &mut to_server,
        &format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"initialize","params":{{"rootUri":"{folder}","capabilities":{{"workspace":{{"didChangeWatchedFiles":{{"dynamicRegistration":true}}}}}}}}}}"#
        ),
    );
    wait(&mut answers, r#""id":1"#, r#""serverInfo""#);
    let (uri, text) = (uri(&root.join(file)), std::fs::read_to_string(root.join(file)).expect("the file"));
    // JSON of a text without control characters but line ends.
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"));
    let began = Instant::now();
    send(&mut to_server, r#"{"jsonrpc":"2.0","method":"initialized","params":{}}"#);
    let text_json = quoted(&text);
    send(
        &mut to_server,
        &format!(
            r#"{{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{{"textDocument":{{"uri":"{uri}","languageId":"nginx","version":0,"text":{text_json}}}}}}}"#
        ),
    );
    wait(&mut answers, &format!("\"{uri}\""), r#""version":0}"#);
    let first = began.elapsed();
    let mut times: Vec<Duration> = (1..=ROUNDS)
        .map(|n| {
            let changed = quoted(&format!("{text}# {}\n", "x".repeat(n)));
            let began = Instant::now();
            send(
                &mut to_server,
                &format!(
                    r#"{{"jsonrpc":"2.0","method":"textDocument/didChange","params":{{"textDocument":{{"uri":"{uri}","version":{n}}},"contentChanges":[{{"text":{changed}}}]}}}}"#
                ),
            );
            wait(&mut answers, &format!("\"{uri}\""), &format!("\"version\":{n}}}"));
            began.elapsed()
        })
        .collect();
    send(&mut to_server, r#"{"jsonrpc":"2.0","method":"exit"}"#);
    // What it still says goes nowhere.
    drop(answers);
    drop(server.join());
    times.sort_unstable();
    (first, times[ROUNDS / 2])
}

fn send(to: &mut PipeWriter, body: &str) {
    write!(to, "Content-Length: {}\r\n\r\n{body}", body.len()).expect("the server reads");
}

/// Waits for a message in which both stand.
fn wait(from: &mut BufReader<PipeReader>, one: &str, other: &str) {
    loop {
        let mut header = String::new();
        from.read_line(&mut header).expect("the server writes");
        let length: usize =
            header.trim().strip_prefix("Content-Length: ").and_then(|n| n.parse().ok()).expect("a length");
        let mut body = vec![0; length + 2];
        from.read_exact(&mut body).expect("the server writes");
        let body = String::from_utf8_lossy(&body);
        if body.contains(one) && body.contains(other) {
            return;
        }
    }
}
