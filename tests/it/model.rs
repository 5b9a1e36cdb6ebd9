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
fn a_stream_server_whose_backend_a_variable_names_leaves_it_open() {
    let verdict = |backend: &str| {
        let text = format!(
            "events {{}}\nstream {{\n    map $ssl_preread_server_name $to {{ default 127.0.0.1:3000; }}\n    server {{\n        \
             listen 8080;\n        proxy_pass {backend};\n    }}\n}}\n"
        );
        common::verdict(&common::single(&text), URL, "1.22.1").0
    };
    assert_eq!(verdict("127.0.0.1:3000"), "upgrades");
    assert_eq!(verdict("$to"), "unknown");
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
