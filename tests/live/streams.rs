//! Random configurations with `stream` servers in front of backends, of each other and of `http` servers of the
//! same configuration: maps and `set` of their own, `ssl_preread`, the PROXY protocol, TLS towards the backend.

use std::fmt::Write as _;

use super::case::Case;
use super::common::Tree;
use super::generate::Dice;

/// Where Debian has the module.
const MODULE: &str = "/usr/lib/nginx/modules/ngx_stream_module.so";
const CERTIFICATE: &str = "ssl_certificate cert.pem; ssl_certificate_key key.pem;";

const MAPS: &[&str] = &[
    "map $ssl_preread_server_name $to { example.com backend; default inner; }",
    "map $ssl_preread_protocol $to { '' inner; default backend; }",
    "map $ssl_preread_protocol $to { '' 127.0.0.1:9000; 'TLSv1.3' 127.0.0.1:8081; default 127.0.0.1:8081; }",
    "map $ssl_preread_server_name $to { ~^exa backend; '' 127.0.0.1:8081; }",
    "map $server_port $to { default backend; 9 inner; }",
    "map $ssl_preread_alpn_protocols $to { default backend; h2 inner; }",
    "map $remote_addr $to { 127.0.0.1 backend; default inner; }",
    "map $ssl_preread_server_name $to { hostnames; default backend; *.example.com inner; }",
    "map $name $to { inner inner; default backend; }",
];
const PASSES: &[&str] = &[
    "127.0.0.1:9000",
    "127.0.0.1:8081",
    "backend",
    "inner",
    "$to",
    "$to",
    "$name",
    "some",
    "none",
    "spare",
    "both",
    "127.0.0.1:8082",
    "unix:/run/backend.sock",
    "$to:80",
    "BACKEND",
    "localhost:8081",
];
const LINES: &[&str] = &[
    "ssl_preread on;",
    "ssl_preread on;",
    "ssl_preread off;",
    "proxy_protocol on;",
    "proxy_protocol off;",
    "proxy_ssl on;",
    "proxy_timeout 1h;",
    "proxy_timeout 10m;",
    "proxy_connect_timeout 0;",
    "proxy_connect_timeout 5s;",
    "deny all;",
    "allow 127.0.0.1; deny all;",
    "allow 10.0.0.0/8; allow all;",
    "return ok;",
    "tcp_nodelay off;",
    "proxy_buffer_size 16k;",
    "proxy_next_upstream off;",
    "proxy_half_close on;",
    "preread_timeout 2s;",
    "resolver 127.0.0.1;",
    "proxy_bind 127.0.0.1;",
    "proxy_socket_keepalive on;",
    "access_log off;",
];
const SETS: &[&str] = &[
    "set $name backend;",
    "set $name inner;",
    "set $name 127.0.0.1:9000;",
    "set $name $ssl_preread_server_name;",
    "set $name $to;",
    "set $name '';",
    "set $name nowhere;",
];
const LISTENS: &[&str] = &[
    "127.0.0.1:8080",
    "127.0.0.1:8080",
    "127.0.0.1:8080",
    "8080",
    "127.0.0.1:8080 so_keepalive=on",
    "127.0.0.1:8080 proxy_protocol",
    "127.0.0.1:8080 ssl",
    "127.0.0.1:8080 backlog=64",
];

/// Mostly the first, which is right.
fn mostly<'t>(dice: &mut Dice, from: &[&'t str], one_in: usize) -> &'t str {
    if dice.one_in(one_in) { from[dice.below(from.len())] } else { from[0] }
}

fn stream_server(dice: &mut Dice, out: &mut String, listen: &str, passes: &[&str]) {
    let _ = writeln!(out, "server {{\nlisten {listen};");
    if listen.ends_with(" ssl") {
        let _ = writeln!(out, "{CERTIFICATE}");
    }
    // Every variable that may be used is known.
    out.push_str("set $name inner;\n");
    if dice.one_in(3) {
        let _ = writeln!(out, "{}", SETS[dice.below(SETS.len())]);
    }
    let pass = passes[dice.below(passes.len())];
    let before = dice.one_in(2);
    if before {
        let _ = writeln!(out, "proxy_pass {pass};");
    }
    for _ in 0..dice.below(4) {
        let line = LINES[dice.below(LINES.len())];
        let name = line.split(' ').next().unwrap_or("");
        if !out.rsplit("server {").next().unwrap_or("").contains(&format!("\n{name} ")) {
            let _ = writeln!(out, "{line}");
        }
    }
    if !before {
        let _ = writeln!(out, "proxy_pass {pass};");
    }
    out.push_str("}\n");
}

fn http_server(dice: &mut Dice, out: &mut String, listen: &str, name: &str) {
    let _ = writeln!(out, "server {{\nlisten {listen};\nserver_name {name};");
    if listen.contains(" ssl") {
        let _ = writeln!(out, "{CERTIFICATE}");
    }
    let path = mostly(dice, &["/ws", "/", "= /ws", "/other"], 3);
    let version = mostly(dice, &["proxy_http_version 1.1;", "", "proxy_http_version 1.0;"], 4);
    let connection = mostly(dice, &["\"upgrade\"", "$http_connection", "$mapped", "close"], 3);
    let target = mostly(dice, &["127.0.0.1:9000", "127.0.0.1:9000", "127.0.0.1:8082", "127.0.0.1:8081"], 4);
    let extra = mostly(dice, &["", "deny all;", "return 404;", "allow 127.0.0.1; deny all;"], 8);
    let _ = writeln!(out, "location {path} {{\n{version}\nproxy_set_header Upgrade $http_upgrade;");
    let _ = writeln!(out, "proxy_set_header Connection {connection};\n{extra}\nproxy_pass http://{target};\n}}\n}}");
}

/// One case.
pub(crate) fn case(seed: u64, case: u64) -> Case {
    let mut dice = Dice::new(seed ^ 0x7374_7265, case);
    let mut stream = String::new();
    let _ = writeln!(stream, "{}", MAPS[dice.below(MAPS.len())]);
    stream.push_str("upstream backend { server 127.0.0.1:9000; }\nupstream inner { server 127.0.0.1:8081; }\n");
    stream.push_str("upstream some { server 127.0.0.1:9000 down; server 127.0.0.1:8081; }\n");
    stream.push_str("upstream none { server 127.0.0.1:9000 down; }\n");
    stream.push_str("upstream spare { server 127.0.0.1:9000 backup; server 127.0.0.1:8081; }\n");
    stream.push_str("upstream both { server 127.0.0.1:9000; server 127.0.0.1:8081; }\n");
    if dice.one_in(4) {
        let line = LINES[dice.below(LINES.len())];
        if !line.starts_with("return") {
            let _ = writeln!(stream, "{line}");
        }
    }
    let listen = mostly(&mut dice, LISTENS, 2);
    stream_server(&mut dice, &mut stream, listen, PASSES);
    // Somebody has to listen where the first may lead.
    let next = mostly(&mut dice, &["127.0.0.1:8082", "8082", "127.0.0.1:8082 proxy_protocol", "127.0.0.1:8082 ssl"], 3);
    stream_server(&mut dice, &mut stream, next, &PASSES[..11]);
    if dice.one_in(20) {
        stream_server(&mut dice, &mut stream, "127.0.0.1:8080", PASSES);
    }
    let mut http = String::from("map $http_upgrade $mapped { default upgrade; '' close; }\n");
    let inner = mostly(
        &mut dice,
        &["127.0.0.1:8081", "8081", "127.0.0.1:8081 proxy_protocol", "127.0.0.1:8081 ssl", "127.0.0.1:8081 http2"],
        3,
    );
    let name = mostly(&mut dice, &["example.com", "_", "other.com", "*.com"], 3);
    http_server(&mut dice, &mut http, inner, name);
    if dice.one_in(3) {
        let name = mostly(&mut dice, &["other.com", "example.com", "*.com", "_"], 2);
        http_server(&mut dice, &mut http, inner.split(' ').next().unwrap_or(inner), name);
    }
    if dice.one_in(15) {
        let listen = mostly(&mut dice, &["127.0.0.1:8080", "8080"], 2);
        http_server(&mut dice, &mut http, listen, "example.com");
    }
    let host = mostly(&mut dice, &["example.com", "other.com", "www.example.com"], 4);
    let (http, stream) = (format!("http {{\naccess_log off;\n{http}}}\n"), format!("stream {{\n{stream}}}\n"));
    let blocks = if dice.one_in(2) { http + &stream } else { stream + &http };
    let text = format!("load_module {MODULE};\nevents {{ worker_connections 64; }}\n{blocks}");
    let mut tree = Tree::from([("nginx.conf".to_owned(), text.into_bytes())]);
    if dice.one_in(8) {
        let text = String::from_utf8(tree["nginx.conf"].clone()).unwrap_or_default();
        if let Some((before, inside)) = text.split_once("stream {\n")
            && let Some(end) = inside.find("}\nhttp {\n").or(inside.strip_suffix("}\n").map(str::len))
        {
            let main = format!("{before}stream {{\ninclude stream.d/*.conf;\n{}", &inside[end..]);
            tree.insert("stream.d/all.conf".to_owned(), inside.as_bytes()[..end].to_vec());
            tree.insert("nginx.conf".to_owned(), main.into_bytes());
        }
    }
    Case::plain(tree, format!("ws://{host}:8080/ws"))
}
