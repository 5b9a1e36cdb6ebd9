//! Files of every kind made at random, of texts that are no nginx and of configurations with one mistake: nothing is
//! found outside the configurations, and nothing in what is none.
#![allow(clippy::unwrap_used, reason = "a test that panics has said what it has to say")]

use std::ops::Range;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use wslint::project::Problem;

use crate::carriers::look;

/// What people keep beside nginx, with words in it that are nginx's.
const FOREIGN: &[(&str, &str)] = &[
    (
        "caddyfile",
        "example.com {\n\treverse_proxy localhost:3000\n\theader_up Upgrade {http.request.header.Upgrade}\n\t# proxy_pass\n}\n",
    ),
    (
        "apache",
        "<VirtualHost *:80>\n    ProxyPass /ws ws://localhost:3000/ws\n    RewriteCond %{HTTP:Upgrade} websocket [NC]\n    # proxy_set_header\n</VirtualHost>\n",
    ),
    (
        "haproxy",
        "frontend web\n    bind *:80\n    acl is_ws hdr(Upgrade) -i websocket\n    default_backend proxy_ws\nbackend proxy_ws\n    server a 127.0.0.1:3000\n",
    ),
    (
        "python",
        "proxy_headers = {\"Upgrade\": \"websocket\"}\nproxy_pass = os.environ[\"PROXY_PASS\"]\nif http_upgrade:\n    return proxy_pass\n",
    ),
    (
        "js",
        "const proxy_pass = require('http-proxy');\nserver.on('upgrade', (req) => {\n    proxy_pass.ws(req);\n});\nreturn proxy_pass;\n",
    ),
    (
        "json",
        "{\n  \"proxy_pass\": \"http://localhost:3000\",\n  \"server\": { \"listen\": 80, \"http_upgrade\": true }\n}\n",
    ),
    ("http", "GET /ws HTTP/1.1\nHost: proxy_host\nUpgrade: websocket\nConnection: ugrade\n"),
    ("console", "nginx -t\ngrep -r proxy_set_header /etc/nginx\ncurl -H 'Connection: Upgrade' http://localhost/ws\n"),
    ("ini", "[server]\nlisten = 80\nproxy_pass = http://localhost:3000\nproxy_read_timeout = 60\n"),
    ("env", "proxy_pass=http://localhost\nproxy_port=3000\nhttp_upgrade=1\n"),
    (
        "vcl",
        "sub vcl_recv {\n    if (req.http.Upgrade ~ \"(?i)websocket\") {\n        return (pipe);\n    }\n    # proxy_pass\n}\n",
    ),
    (
        "text",
        "The proxy_pass directive; it stands in a location. Set proxy_http_version to 1.1;\nand pass `Upgrade` on with proxy_set_header.\n",
    ),
    ("lua", "local proxy_pass = ngx.var.http_upgrade\nlocation = { \"/ws\" }\nreturn proxy_pass\n"),
    ("log", "2024/01/01 [error] 7#7: *1 connect() failed while proxy_pass http://127.0.0.1:3000; upstream: \"x\"\n"),
];

/// Configurations with one mistake, and their variables written by a `$`.
const MISTAKEN: &[&str] = &[
    "location /ws {\n    proxy_pass http://a:3000;\n    proxy_http_version 1.1;\n    proxy_set_header Upgrade $http_upgrade;\n    proxy_set_header Connection \"ugrade\";\n}\n",
    "server {\n    listen 80;\n    location /socket.io/ {\n        proxy_pass http://a:3000;\n        proxy_set_header Host $host;\n    }\n}\n",
    "server {\n    listen 80;\n    # WebSocket\n    location / {\n        proxy_pass http://b:3000;\n        proxy_http_version 1.1;\n        proxy_set_header Upgrade $http_upgrade;\n    }\n}\n",
];

/// One text of a file: what it is, whether it is nginx, and a number that decides on what is around it.
type Piece = (&'static str, &'static str, bool, u8);

/// Puts texts into a file; what bytes of it are nginx.
struct Writer {
    out: String,
    nginx: Vec<Range<usize>>,
}

impl Writer {
    fn block(&mut self, text: &str, is_nginx: bool, indent: &str, escape: Option<&str>) {
        let start = self.out.len();
        for line in text.lines() {
            let line = escape.map_or_else(|| line.to_owned(), |written| line.replace('$', written));
            self.out.push_str(indent);
            self.out.push_str(&line);
            self.out.push('\n');
        }
        if is_nginx {
            self.nginx.push(start..self.out.len());
        }
    }
}

fn written(name: &str, pieces: &[Piece]) -> Writer {
    let mut file = Writer { out: String::new(), nginx: Vec::new() };
    let start = match name {
        "a.yaml" => "kind: ConfigMap\ndata:\n",
        "a.nix" => "{ pkgs, ... }: {\n",
        "Dockerfile" => "FROM nginx\n",
        "a.md" => "# proxy_pass\n\n",
        _ => "# proxy_pass\n",
    };
    file.out.push_str(start);
    for (number, &(language, text, is_nginx, way)) in pieces.iter().enumerate() {
        match name {
            "a.md" => {
                let language = if is_nginx && way % 2 == 0 { "nginx" } else { language };
                let (mark, lead) = if way % 3 == 0 { ("~~~", "  ") } else { ("```", "") };
                file.out.push_str(&format!(
                    "With `proxy_set_header Connection \"ugrade\";` or so:\n\n{lead}{mark}{language}\n"
                ));
                file.block(text, is_nginx, lead, None);
                file.out.push_str(&format!("{lead}{mark}\n\n"));
            }
            "a.yaml" => {
                let (header, indent) = [("|", "    "), ("|-", "   "), ("|2+", "    ")][usize::from(way % 3)];
                file.out.push_str(&format!("  key{number}: {header}\n"));
                file.block(text, is_nginx, indent, None);
            }
            "a.nix" => {
                file.out.push_str(&format!("  text{number} = ''\n"));
                // What begins an escape or a value would end or change the string.
                let text = text.replace("''", "'").replace("${", "{");
                file.block(&text, is_nginx, "    ", None);
                file.out.push_str("  '';\n");
            }
            "a.tf" => {
                file.out.push_str(&format!("locals {{\n  text{number} = <<-EOT\n"));
                file.block(&text.replace("%{", "%%{"), is_nginx, "    ", None);
                file.out.push_str("  EOT\n}\n");
            }
            _ => {
                let docker = if name == "Dockerfile" { "RUN " } else { "" };
                let (word, escape) = if way % 2 == 0 { ("'EOF'", None) } else { ("EOF", Some("\\$")) };
                file.out.push_str(&format!("{docker}cat <<{word} > /tmp/file{number}\n"));
                file.block(text, is_nginx, "", escape);
                file.out.push_str("EOF\n");
            }
        }
    }
    file.out.push_str(if name == "a.nix" { "}\n" } else { "" });
    file
}

#[test]
fn nothing_is_found_outside_of_configurations() {
    let foreign =
        (proptest::sample::select(FOREIGN), any::<u8>()).prop_map(|((name, text), way)| (name, text, false, way));
    let mistaken = (proptest::sample::select(MISTAKEN), any::<u8>()).prop_map(|(text, way)| ("perl", text, true, way));
    let pieces = proptest::collection::vec(prop_oneof![2 => foreign, 1 => mistaken], 1..8);
    const NAMES: &[&str] = &["a.md", "a.yaml", "a.sh", "Dockerfile", "a.nix", "a.tf"];
    let cases = std::env::var("WSLINT_FUZZ").ok().and_then(|n| n.parse().ok()).unwrap_or(400);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&(proptest::sample::select(NAMES), pieces), |(name, pieces)| {
        let file = written(name, &pieces);
        let found = match look(name, file.out.as_bytes()) {
            Ok(looked) => looked.found,
            Err(Problem::NothingCarried(_)) => Vec::new(),
            Err(e) => return Err(TestCaseError::fail(e.to_string())),
        };
        for (rule, _, offset) in &found {
            let inside = file.nginx.iter().any(|block| block.contains(offset));
            prop_assert!(inside, "{rule} at {offset} of {name}:\n{}", file.out);
        }
        for block in &file.nginx {
            let told = found.iter().any(|f| block.contains(&f.2) && f.1 != "advice");
            prop_assert!(told, "nothing is said of {block:?} of {name}:\n{}", file.out);
        }
        Ok(())
    });
    outcome.unwrap();
}
