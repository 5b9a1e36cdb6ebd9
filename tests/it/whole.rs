//! The whole pipeline on inputs that nobody would write: nothing panics, machine formats stay well formed,
//! every diff leads to a text without a new syntax error.
//!
//! `WSLINT_FUZZ=200000 cargo test --release --test it whole::` for the long run; the count is printed.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail, and says what it did")]

use crate::common::Tree;
use crate::laws;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// Lines from which configurations are made, whole ones and broken ones.
const LINES: &[&str] = &[
    "events {}",
    "http {",
    "server {",
    "listen 80;",
    "listen 80 http2;",
    "server_name a b *.c ~^x$;",
    "location / {",
    "location = /ws {",
    "location ~ ^/(a|b)$ {",
    "location @n {",
    "if ($http_upgrade) {",
    "limit_except GET {",
    "}",
    "}",
    "}",
    "proxy_pass http://127.0.0.1:1;",
    "proxy_pass http://$host$request_uri;",
    "proxy_pass ws://a;",
    "proxy_http_version 1.1;",
    "proxy_http_version 1,1;",
    "proxy_set_header Upgrade $http_upgrade;",
    "proxy_set_header Upgrade $http_upgrad;",
    "proxy_set_header Connection \"upgrade\";",
    "proxy_set_header Connection \"ugrade\";",
    "proxy_set_header Connection $connection_upgrade;",
    "proxy_set_header Connection $c",
    "proxy_set_haeder Host $host;",
    "map $http_upgrade $connection_upgrade {",
    "default upgrade;",
    "'' close;",
    "~* x;",
    "set $c $d; set $d $c;",
    "rewrite ^/(.*)$ /$1 last;",
    "return 301 /x;",
    "try_files $uri @n;",
    "error_page 404 = @n;",
    "auth_request /auth;",
    "include inc;",
    "include *;",
    "upstream u { server a:1; keepalive 2; }",
    "geo $g { default 0; }",
    "{% if x %}",
    "{{ y }}",
    "{% endif %}",
    "listen ${PORT};",
    "# wslint: ignore[wrong-upgrade-map] why",
    "# wslint: websocket",
    "x_by_lua_block { if }",
    "\"",
    "'",
    "\u{1b}[31m\u{202e}",
    "域名 \"中文\";",
    "${",
    "\\",
    ";",
];

fn tree() -> impl Strategy<Value = Tree> {
    let line = prop_oneof![
        12 => proptest::sample::select(LINES).prop_map(|l| l.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..6),
    ];
    let end = prop_oneof![8 => Just("\n"), 1 => Just("\r\n"), 1 => Just(" ")];
    let text = proptest::collection::vec((line, end), 0..40).prop_map(|parts| {
        parts.into_iter().flat_map(|(l, e)| [l, e.as_bytes().to_vec()].concat()).collect::<Vec<u8>>()
    });
    (text.clone(), text).prop_map(|(root, inc)| {
        // Half of them are roots, so that more than the syntax is looked at.
        let root = if inc.len() % 2 == 0 {
            [b"events {}\nhttp {\nserver {\n".to_vec(), root, b"\n}\n}\n".to_vec()].concat()
        } else {
            root
        };
        Tree::from([("nginx.conf".to_owned(), root), ("inc".to_owned(), inc)])
    })
}

fn one(tree: &Tree) {
    laws::checking_never_panics(tree);
    laws::reports_are_well_formed(tree);
    laws::diffs_apply(tree);
}

/// One of four parts, so that no core is left over.
fn nothing_breaks(part: u32) {
    let cases: u32 = std::env::var("WSLINT_FUZZ").ok().and_then(|n| n.parse().ok()).unwrap_or(1_500);
    let cases = cases / 4 + u32::from(part < cases % 4);
    let mut runner =
        TestRunner::new(Config { cases, failure_persistence: None, max_shrink_iters: 4_000, ..Config::default() });
    let outcome = runner.run(&tree(), |tree| {
        one(&tree);
        Ok(())
    });
    if let Err(e) = outcome {
        panic!("{e}");
    }
    println!("{cases} trees, 0 crashes");
}

#[test]
fn nothing_breaks_it() {
    nothing_breaks(0);
}

#[test]
fn nothing_breaks_it_either() {
    nothing_breaks(1);
}

#[test]
fn nothing_breaks_it_nor_here() {
    nothing_breaks(2);
}

#[test]
fn nothing_breaks_it_at_all() {
    nothing_breaks(3);
}
