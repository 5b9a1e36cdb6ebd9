//! How fast a configuration of 50 MB is read: `cargo bench --bench parse`, or
//! `-- tokens` for one of them.

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::Write as _;
use std::time::Instant;

use wslint::syntax::{parse, tokens};

const MEGABYTE: usize = 1_000_000;
const SIZE: usize = 50 * MEGABYTE;
const ROUNDS: usize = 5;

fn main() {
    // `cargo test --benches` only wants to know that it runs.
    if std::env::args().any(|a| a == "--test") {
        return;
    }
    let text = configuration();
    let bytes = text.as_bytes();
    let asked = |name: &str| std::env::args().skip(1).all(|a| a.starts_with("--") || name.contains(&a));
    if asked("tokens") {
        report("tokens", bytes, count);
    }
    if asked("parse") {
        report("parse", bytes, |bytes| parse(bytes).len());
    }
}

fn count(bytes: &[u8]) -> usize {
    let mut count = 0;
    tokens(bytes, |token| count += usize::from(!black_box(token).span().is_empty()));
    count
}

/// The best of some rounds, in MB/s.
fn report(name: &str, bytes: &[u8], work: impl Fn(&[u8]) -> usize) {
    let mut best = f64::INFINITY;
    let mut items = 0;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        items = black_box(work(black_box(bytes)));
        best = best.min(start.elapsed().as_secs_f64());
    }
    let speed = bytes.len() as f64 / MEGABYTE as f64 / best;
    // A closed pipe is no failure.
    let _ = writeln!(std::io::stdout(), "{name:<8} {speed:>8.0} MB/s  ({items} items)");
}

/// Servers as people write them: comments, indentation, quotes, variables, a regular expression.
fn configuration() -> String {
    let mut out = String::with_capacity(SIZE + 4096);
    out.push_str("events {\n    worker_connections 1024;\n}\n\nhttp {\n");
    let mut number = 0;
    while out.len() < SIZE {
        number += 1;
        let _ = write!(
            out,
            r#"    # Service {number}: the application, its assets and its WebSocket.
    server {{
        listen 80;
        server_name app-{number}.example.com www.app-{number}.example.com;
        access_log /var/log/nginx/app-{number}.access.log main;

        location / {{
            proxy_pass http://10.0.{high}.{low}:8080;
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto ${{scheme}};
        }}

        location ~* "\.(?:css|js|woff2?|svg)$" {{
            root /srv/app-{number}/public;
            expires 30d;
            add_header Cache-Control 'public, immutable' always;
        }}

        location /ws {{
            proxy_pass http://10.0.{high}.{low}:8081;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_read_timeout 1h; # idle clients
        }}
    }}

"#,
            high = number / 256 % 256,
            low = number % 256,
        );
    }
    out.push_str("}\n");
    out
}
