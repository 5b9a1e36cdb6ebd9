//! Random configurations in which requests jump: `error_page`, `try_files`, `rewrite`, named locations,
//! captures, several servers on a port and one in front of the other.

use std::fmt::Write as _;

use super::case::Case;
use super::common::Tree;
use super::generate::Dice;

const CODES: &[&str] = &["418", "404", "403", "418 404", "301", "302", "500", "502", "504", "419", "403 404 500 502"];
const TARGETS: &[&str] = &[
    "@w",
    "@w",
    "@v",
    "/b",
    "/b?z=1",
    "/d",
    "/in",
    "/e/ws",
    "$jump",
    "/nowhere",
    "@missing",
    "http://other/",
    "/ws",
    "/f",
];
const REWRITES: &[&str] = &[
    "rewrite ^/ws(.*)$ /b$1 last;",
    "rewrite ^/ws /b;",
    "rewrite ^/ws /b?y=1? last;",
    "rewrite ^/ws /b?y=1 last;",
    "rewrite ^/ws /d? last;",
    "rewrite ^ /e/$uri last;",
    "rewrite ^/ws(.*)$ $1 break;",
    "rewrite ^ /x break;",
    "rewrite ^/(?<seg>..) /in last;",
    "rewrite ^/b /c last;",
    "rewrite ^/ws /f redirect;",
    "rewrite ^/ws http://x/ permanent;",
    "rewrite ^/(.*)$ /e/$1 last;",
    "rewrite ^/nothing$ /b last;",
    "rewrite ^/ws$ $jump last;",
    "rewrite ^/(w)(s) /e/$2$1 last;",
];
const SETS: &[&str] = &[
    "set $cu upgrade;",
    "set $cu upgrade;",
    "set $cu close;",
    "set $up $http_upgrade;",
    "set $to 127.0.0.1:9000;",
    "set $to be;",
    "set $to be:80;",
    "set $to bd;",
    "set $to 127.0.0.1:;",
    "set $to 127.0.0.1:0;",
    "set $to 127.0.0.1:70000;",
    "set $to '';",
    "set $jump /b;",
    "set $jump @w;",
    "set $cu $mapped;",
    "set $cu $1;",
    "set $cu \"\";",
    "set $args q=1;",
    "set $cu $seg;",
];
const CONDITIONS: &[&str] = &[
    "($http_upgrade)",
    "($host)",
    "($arg_x)",
    "($arg_y)",
    "($arg_z)",
    "($cu)",
    "($cu = upgrade)",
    "($mapped)",
    "($http_connection ~* (upgrade))",
    "($uri ~ ^/(?<seg>.)s)",
    "($uri ~ ^/(b|c))",
    "($uri !~ ^/(w))",
    "($request_method = POST)",
    "(-f $request_filename)",
    "($args)",
    "($is_args)",
];
const INNER: &[&str] = &[
    "set $cu upgrade;",
    "break;",
    "return 418;",
    "return 404;",
    "return 403 no;",
    "rewrite ^ /x break;",
    "rewrite ^/ws /b last;",
    "proxy_pass http://127.0.0.1:9000;",
    "add_header X-A 1;",
    "set $cu $1;",
    "set $to be; break;",
    "proxy_pass http://$to;",
    "return 301 /b;",
    "error_page 418 = @v; return 418;",
];
const RETURNS: &[&str] = &[
    "return 418;",
    "return 418;",
    "return 404;",
    "return 404 \"\";",
    "return 404 gone;",
    "return 301 /b;",
    "return 302 http://x/;",
    "return 200;",
    "return 419;",
    "return 444;",
    "return 500;",
    "return http://x/;",
];
const TRIES: &[&str] = &[
    "try_files /none @w;",
    "try_files $uri @v;",
    "try_files $uri $uri/ /b;",
    "try_files /none /b?z=1;",
    "try_files $uri /index.html;",
    "try_files $uri =404;",
    "try_files /none /in;",
    "try_files /none @missing;",
    "try_files $uri $jump;",
    "try_files /none /e/$uri;",
];

/// Mostly the first, which is right.
fn mostly<'t>(dice: &mut Dice, from: &[&'t str], one_in: usize) -> &'t str {
    if dice.one_in(one_in) { from[dice.below(from.len())] } else { from[0] }
}

fn error_pages(dice: &mut Dice, out: &mut String) {
    let code = CODES[dice.below(CODES.len())];
    let becomes = mostly(dice, &["=", "", "=200", "=101", "=418"], 3);
    let target = TARGETS[dice.below(TARGETS.len())];
    let _ = writeln!(out, "error_page {code} {becomes} {target};");
    if dice.one_in(4) {
        out.push_str("recursive_error_pages on;\n");
    }
}

fn jump(dice: &mut Dice, out: &mut String) {
    match dice.below(8) {
        0..=2 => {
            error_pages(dice, out);
            if !dice.one_in(5) {
                let _ = writeln!(out, "{}", RETURNS[dice.below(RETURNS.len())]);
            }
        }
        3 | 4 => {
            let _ = writeln!(out, "{}", REWRITES[dice.below(REWRITES.len())]);
            if dice.one_in(4) {
                out.push_str("break;\n");
            }
        }
        5 | 6 => {
            let _ = writeln!(out, "{}", TRIES[dice.below(TRIES.len())]);
        }
        _ => conditional(dice, out),
    }
}

fn conditional(dice: &mut Dice, out: &mut String) {
    let condition = CONDITIONS[dice.below(CONDITIONS.len())];
    let _ = writeln!(out, "if {condition} {{ {} }}", INNER[dice.below(INNER.len())]);
}

fn sets(dice: &mut Dice, out: &mut String) {
    for _ in 0..dice.below(3) {
        let _ = writeln!(out, "{}", SETS[dice.below(SETS.len())]);
    }
}

fn pass(dice: &mut Dice, out: &mut String, uri_may_follow: bool) {
    let connection =
        mostly(dice, &["\"upgrade\"", "$cu", "$cu", "$mapped", "$http_connection", "$1", "$seg", "\"$tok$cu\""], 2);
    let upgrade =
        mostly(dice, &["$http_upgrade", "$up", "websocket", "\"${tok}socket\"", "$mapped", "$http_upgrade"], 4);
    let _ = writeln!(out, "proxy_http_version 1.1;\nproxy_set_header Upgrade {upgrade};");
    let _ = writeln!(out, "proxy_set_header Connection {connection};");
    let others = [
        "",
        "proxy_set_header Host $host;",
        "proxy_set_header Host inner.example.com;",
        "proxy_connect_timeout 0;",
        "proxy_set_header Sec-WebSocket-Key dGhlIHNhbXBsZSBub25jZQ==;",
        "proxy_set_header Sec-WebSocket-Key $http_sec_websocket_key;",
        "add_header Sec-WebSocket-Protocol chat always;",
        "add_header Sec-WebSocket-Protocol chat;",
        "proxy_redirect ~^(?<red>.*)$ /x$red;",
        "error_page 500 502 504 = @v;",
        "internal;",
        "deny all;",
        "proxy_connect_timeout 5s;",
    ];
    let _ = writeln!(out, "{}", mostly(dice, &others, 4));
    let addresses = [
        "http://127.0.0.1:9000",
        "http://$to",
        "http://$to",
        "http://be",
        "http://bd",
        "http://127.0.0.1:8081",
        "http://127.0.0.1:8080",
        "http://inner",
        "http://be:$arg_x",
        "$to",
    ];
    let address = mostly(dice, &addresses, 3);
    let uri = if uri_may_follow && dice.one_in(8) { "/y" } else { "" };
    let _ = writeln!(out, "proxy_pass {address}{uri};");
}

fn location(dice: &mut Dice, out: &mut String, header: &str, jumps: usize) {
    let _ = writeln!(out, "location {header} {{");
    sets(dice, out);
    let proxies = !dice.one_in(if jumps > 0 { 2 } else { 8 });
    if dice.below(10) < jumps {
        jump(dice, out);
    }
    if dice.one_in(4) {
        conditional(dice, out);
    }
    if proxies {
        pass(dice, out, header.starts_with('/'));
    }
    if dice.one_in(8) {
        conditional(dice, out);
    }
    if dice.one_in(12) {
        out.push_str("limit_except POST { proxy_pass http://127.0.0.1:9000; }\n");
    }
    out.push_str("}\n");
}

fn server(dice: &mut Dice, out: &mut String, listen: &str, name: &str) {
    let _ = writeln!(out, "server {{\nlisten {listen};\nserver_name {name};");
    if dice.one_in(3) {
        sets(dice, out);
    }
    if dice.one_in(6) {
        jump(dice, out);
    }
    if dice.one_in(6) {
        error_pages(dice, out);
    }
    if dice.one_in(20) {
        out.push_str("merge_slashes off;\n");
    }
    let first = mostly(dice, &["/ws", "/", "/ws/", "= /ws", "~ ^/(?<seg>w.)", "~ ^/(w)s$"], 2);
    location(dice, out, first, 8);
    for header in ["/b", "/c", "= /d", "/in", "~ ^/e/(?<cap>.*)$", "@w", "@v", "/f/"] {
        if !dice.one_in(if matches!(header, "@w" | "/b") { 8 } else { 2 }) {
            location(dice, out, header, if header == "@w" { 1 } else { 3 });
        }
    }
    out.push_str("}\n");
}

/// One case.
pub(crate) fn case(seed: u64, case: u64) -> Case {
    let mut dice = Dice::new(seed ^ 0x6a75_6d70, case);
    let mut http = String::new();
    let mapped = [
        "map $http_connection $mapped { default close; ~*(upgrade) $1; }",
        "map $http_upgrade $mapped { default upgrade; '' close; }",
        "map $uri $mapped { default close; ~^/(?<seg>w.)$ upgrade; /b upgrade; ~^/(x|c) $1; }",
        "map $arg_x $mapped { default upgrade; 1 close; }",
        "map $cu $mapped { default upgrade; close close; volatile; }",
    ];
    let _ = writeln!(http, "{}", mapped[dice.below(mapped.len())]);
    http.push_str("map $http_upgrade $forms { default ''; ~*(?<tok>.*)socket $tok; }\n");
    http.push_str("upstream be { server 127.0.0.1:9000; }\n");
    http.push_str("upstream bd { server 127.0.0.1:9000 down; }\n");
    http.push_str("upstream inner { server 127.0.0.1:8081; }\n");
    // Every variable that lines use is known, whatever the dice leave out.
    http.push_str("server { listen 127.0.0.1:9; set $cu ''; set $up ''; set $to ''; set $jump /b; ");
    http.push_str("location ~ ^/(?<seg>x)(?<cap>y)$ { proxy_pass http://127.0.0.1:9000; } }\n");
    let name = mostly(
        &mut dice,
        &["example.com", "*.com", ".example.com", "_", "~^(?<seg>www|exa)", "example.*", "other.com", "\"\""],
        3,
    );
    server(&mut dice, &mut http, "127.0.0.1:8080", name);
    if dice.one_in(2) {
        let name = mostly(
            &mut dice,
            &[
                "other.com",
                "*.com",
                ".example.com",
                "example.com",
                "*.example.com",
                "~^www",
                "example.*",
                "inner.example.com",
            ],
            2,
        );
        let listen = mostly(&mut dice, &["127.0.0.1:8080", "127.0.0.1:8080 default_server", "127.0.0.1:8081"], 2);
        server(&mut dice, &mut http, listen, name);
    }
    // Somebody has to listen where the first server may lead.
    let inner = mostly(&mut dice, &["inner.example.com", "example.com", "_", "*.example.com"], 2);
    server(&mut dice, &mut http, "127.0.0.1:8081", inner);
    if dice.one_in(4) {
        http.push_str("error_page 404 = /b;\n");
    }
    let host = mostly(&mut dice, &["example.com", "example.com.", "www.example.com", "inner.example.com"], 4);
    let path = mostly(&mut dice, &["/ws", "/ws?x=1", "/ws/", "/b", "//ws", "/d", "/e/ws", "/in", "/f", "/ws/a"], 2);
    let tree = Tree::from([(
        "nginx.conf".to_owned(),
        format!("events {{ worker_connections 64; }}\nhttp {{\naccess_log off;\n{http}}}\n").into_bytes(),
    )]);
    Case::plain(tree, format!("ws://{host}:8080{path}"))
}
