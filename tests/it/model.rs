//! What the model says where no installed nginx can be asked: other versions, modules that are not there.
#![allow(clippy::unwrap_used, reason = "a test that panics has said what it has to say")]

use wslint::engine::check;
use wslint::syntax::Files;

use crate::common::{self, Tree};

const URL: &str = "ws://example.com:8080/ws";

#[test]
fn a_server_that_rejects_every_handshake_needs_no_certificate() {
    let refusals = |line: &str| {
        let text = format!(
            "events {{}}\nstream {{\n    server {{\n        listen 8080 ssl;\n        {line}\n        \
             proxy_pass 127.0.0.1:3000;\n    }}\n}}\n"
        );
        common::refusals(&common::single(&text), "1.31.5")
    };
    let missing = "no \"ssl_certificate\" is defined for the \"listen ... ssl\" directive";
    assert_eq!(refusals(""), [missing]);
    assert_eq!(refusals("ssl_reject_handshake off;"), [missing]);
    assert_eq!(refusals("ssl_reject_handshake on;"), [""; 0]);
}

#[test]
fn a_script_may_change_where_a_request_goes() {
    let verdict = |script: &str| {
        let text = format!(
            "events {{}}\nhttp {{\n    server {{\n        listen 8080;\n        set $to http://127.0.0.1:3000;\n        \
             location /ws {{\n            {script}\n            proxy_pass $to;\n            proxy_http_version 1.1;\n            \
             proxy_set_header Upgrade $http_upgrade;\n            proxy_set_header Connection \"upgrade\";\n        \
             }}\n    }}\n}}\n"
        );
        common::verdict(&common::single(&text), URL, "1.22.1").0
    };
    assert_eq!(verdict(""), "upgrades");
    assert_eq!(verdict("access_by_lua_file choose.lua;"), "unknown");
}

#[test]
fn a_stream_server_leads_where_its_variables_say() {
    let verdict = |url: &str, map: &str, lines: &str| {
        let text = format!(
            "events {{}}\nstream {{\n    {map}\n    server {{\n        listen 8080;\n        {lines}\n    }}\n}}\nhttp {{\n    server {{\n        \
             listen 127.0.0.1:8443 ssl;\n        ssl_certificate a;\n        ssl_certificate_key b;\n        location /ws {{\n            \
             proxy_http_version 1.1;\n            proxy_set_header Upgrade $http_upgrade;\n            \
             proxy_set_header Connection \"upgrade\";\n            proxy_pass http://127.0.0.1:3000;\n        }}\n    }}\n}}\n"
        );
        common::verdict(&common::single(&text), url, "1.22.1").0
    };
    let by_name = "map $ssl_preread_server_name $to { example.com 127.0.0.1:8443; other.com 127.0.0.1:9; default ''; }";
    let read = "ssl_preread on;\n        proxy_pass $to;";
    assert_eq!(verdict(URL, "", "proxy_pass 127.0.0.1:3000;"), "upgrades");
    // The greeting names the server, and TLS is passed on as it is.
    assert_eq!(verdict("wss://example.com:8080/ws", by_name, read), "upgrades");
    assert_eq!(verdict("wss://example.com:8080/other", by_name, read), "broken");
    assert_eq!(verdict("wss://other.com:8080/ws", by_name, read), "unknown");
    assert_eq!(verdict("wss://nobody.com:8080/ws", by_name, read), "broken");
    // What is not encrypted names none, and without `ssl_preread` nobody looks.
    assert_eq!(verdict(URL, by_name, read), "broken");
    assert_eq!(verdict("wss://example.com:8080/ws", by_name, "proxy_pass $to;"), "broken");
    // `set` runs before the greeting is read.
    let early = "ssl_preread on;\n        set $early $ssl_preread_server_name;\n        proxy_pass $to;";
    assert_eq!(verdict("wss://example.com:8080/ws", by_name, early), "unknown");
    // Whose address it is, nobody knows here.
    let by_client = "map $remote_addr $to { default 127.0.0.1:3000; 10.0.0.1 127.0.0.1:9; }";
    assert_eq!(verdict(URL, by_client, "proxy_pass $to;"), "unknown");
}

#[test]
fn who_has_an_older_nginx_is_told_that_a_newer_one_has_the_directive() {
    let tree = common::single("events {}\nhttp {\n    http2 on;\n    server { listen 80; }\n}\n");
    let found = common::findings(&tree, &common::options(Some("1.22.1"), None));
    let said: Vec<_> = found.iter().map(|d| (d.rule, d.help.en.as_ref())).collect();
    assert_eq!(said, [("rejected-by-nginx", "use a version of nginx that has it, or delete the line")]);
    assert!(common::findings(&tree, &common::options(Some("1.25.1"), None)).is_empty());
}

/// `server` is a block in `http` and a line in `upstream`: what a file of lines is, the lines say.
#[test]
fn a_file_with_the_servers_of_an_upstream_is_correct() {
    let tree = Tree::from([("servers.conf".to_owned(), b"server 127.0.0.1:3000;\nserver 127.0.0.1:3001;\n".to_vec())]);
    let fs = common::mem(&tree);
    let mut files = Files::new(&fs);
    let target = common::target_called(&mut files, "servers.conf");
    let checked = check(&mut files, &[target], &common::options(None, None));
    assert!(checked.diagnostics.is_empty(), "{:?}", checked.diagnostics);
}

#[test]
fn a_range_of_ports_and_a_name_of_ipv6_lead_to_their_servers() {
    let ws = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\";";
    let text = format!(
        "events {{}}\nhttp {{\n    server {{ listen 8090-8095; listen [::]:8090; return 404; }}\n    server {{\n        listen 8092; listen [::]:8090;\n        \
         server_name example.com \"[::1]\";\n        location /ws {{ {ws} proxy_pass http://127.0.0.1:3000; }}\n    }}\n}}\n"
    );
    let verdict = |url: &str| common::verdict(&common::single(&text), url, "1.22.1").0;
    assert_eq!(verdict("ws://example.com:8092/ws"), "upgrades");
    assert_eq!(verdict("ws://example.com:8091/ws"), "broken");
    assert_eq!(verdict("ws://other.com:8092/ws"), "broken");
    assert_eq!(verdict("ws://[::1]:8090/ws"), "upgrades");
    assert_eq!(verdict("ws://[::2]:8090/ws"), "broken");
}

#[test]
fn quic_needs_a_certificate_and_a_directive_of_a_later_version_is_left_to_who_backports() {
    let refusals = |line: &str, version: &str| {
        let text = format!("events {{}}\nhttp {{\n    server {{\n        {line}\n    }}\n}}\n");
        common::refusals(&common::single(&text), version)
    };
    let missing = "no \"ssl_certificate\" is defined for the \"listen ... quic\" directive";
    assert_eq!(refusals("listen 8443 quic;", "1.31.5"), [missing]);
    assert_eq!(refusals("listen 8443 quic; ssl_reject_handshake on;", "1.31.5"), [""; 0]);
    // Debian's 1.22.1 has it.
    assert_eq!(refusals("listen 8080; max_headers 100;", "1.22.1"), [""; 0]);
    assert_eq!(refusals("listen 8080; max_headers 100;", "1.31.5"), [""; 0]);
}

/// A host that some `proxy_pass` names without variables was looked up when nginx started: with that port, nobody
/// has to ask a resolver (`ngx_http_upstream_init_request`).
#[test]
fn a_host_that_another_line_names_needs_no_resolver() {
    let verdict = |fixed: &str| {
        let text = format!(
            "events {{}}\nhttp {{\n    server {{\n        listen 8080;\n        set $to localhost:3000;\n        \
             location /other {{ proxy_pass http://{fixed}; }}\n        \
             location /ws {{\n            proxy_pass http://$to;\n            proxy_http_version 1.1;\n            \
             proxy_set_header Upgrade $http_upgrade;\n            proxy_set_header Connection \"upgrade\";\n        \
             }}\n    }}\n}}\n"
        );
        common::verdict(&common::single(&text), URL, "1.22.1").0
    };
    assert_eq!(verdict("localhost:3000"), "upgrades");
    assert_eq!(verdict("localhost:3001"), "broken");
    assert_eq!(verdict("127.0.0.1:3000"), "broken");
}
