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
    let two = "ssl_certificate a.pem; ssl_certificate b.pem; ssl_certificate_key a.key;";
    assert_eq!(refusals(two), ["no \"ssl_certificate_key\" is defined for certificate \"b.pem\""]);
    assert_eq!(refusals(&format!("{two} ssl_certificate_key b.key;")), [""; 0]);
    assert_eq!(
        refusals("ssl_certificate a.pem;"),
        ["no \"ssl_certificate_key\" is defined for the \"listen ... ssl\" directive"]
    );
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

/// Not in the live tests, which give each port another number.
#[test]
fn a_server_on_a_range_of_ports_is_found_at_each_of_them() {
    let verdict = |port: u16| {
        let text = format!(
            "events {{}}\nhttp {{\n    server {{\n        listen 8080;\n        location /ws {{\n            \
             proxy_pass http://127.0.0.1:{port};\n            proxy_http_version 1.1;\n            \
             proxy_set_header Upgrade $http_upgrade;\n            proxy_set_header Connection \"upgrade\";\n        \
             }}\n    }}\n    server {{\n        listen 127.0.0.1:8081-8083;\n        return 404;\n    }}\n}}\n"
        );
        common::verdict(&common::single(&text), URL, "1.22.1").0
    };
    assert_eq!([8081, 8082, 8083].map(verdict), ["broken"; 3]);
    assert_eq!([8084, 8085].map(verdict), ["upgrades"; 2]);
}

/// Firefox is turned away for certain; whether Chrome is, a cookie decides.
#[test]
fn a_url_at_which_one_browser_fails_and_the_other_may_is_open() {
    let verdict = |line: &str| {
        let text = format!(
            "events {{}}\nhttp {{\n    server {{\n        listen 8080;\n        location /ws {{\n            \
             if ($http_connection ~ keep-alive) {{ return 403; }}\n            {line}\n            \
             proxy_pass http://127.0.0.1:3000;\n            proxy_http_version 1.1;\n            \
             proxy_set_header Upgrade $http_upgrade;\n            proxy_set_header Connection \"upgrade\";\n        \
             }}\n    }}\n}}\n"
        );
        common::verdict(&common::single(&text), URL, "1.22.1").0
    };
    assert_eq!(verdict(""), "broken");
    assert_eq!(verdict("if ($cookie_guest) { return 204; }"), "unknown");
    assert_eq!(verdict("if ($http_upgrade) { return 403; }"), "broken");
}

/// A script may stand behind names in capitals; nginx itself knows none.
#[test]
fn a_variable_in_capitals_may_be_a_scripts() {
    let refusals = |name: &str| {
        let text = format!(
            "events {{}}\nhttp {{\n    server {{\n        listen 80;\n        return 200 ${name};\n    }}\n}}\n"
        );
        common::refusals(&common::single(&text), "1.22.1")
    };
    assert_eq!(refusals("UPSTREAM_HOST"), [""; 0]);
    assert_eq!(refusals("upstream_host"), ["unknown \"upstream_host\" variable"]);
}

/// Of `add_header`, the innermost level counts, unless it says that it merges (1.29.3).
#[test]
fn headers_of_the_outer_level_spoil_an_answer_only_where_they_are_merged() {
    let verdict = |line: &str| {
        let text = format!(
            "events {{}}\nhttp {{\n    server {{\n        listen 8080;\n        add_header Upgrade websocket always;\n        \
             location /ws {{\n            {line}\n            proxy_pass http://127.0.0.1:3000;\n            \
             proxy_set_header Upgrade $http_upgrade;\n            proxy_set_header Connection \"upgrade\";\n        \
             }}\n    }}\n}}\n"
        );
        common::verdict(&common::single(&text), URL, "1.31.5").0
    };
    assert_eq!(verdict(""), "broken");
    assert_eq!(verdict("add_header X-Own x;"), "upgrades");
    assert_eq!(verdict("add_header X-Own x; add_header_inherit on;"), "upgrades");
    assert_eq!(verdict("add_header X-Own x; add_header_inherit merge;"), "broken");
}

/// What a template writes into a map may be any key.
#[test]
fn a_map_with_a_placeholder_is_undecided() {
    let verdict = |key: &str| {
        let text = format!(
            "events {{}}\nhttp {{\n    map $http_upgrade $to {{\n        {key} close;\n        default upgrade;\n    }}\n    \
             server {{\n        listen 8080;\n        location /ws {{\n            proxy_pass http://127.0.0.1:3000;\n            \
             proxy_http_version 1.1;\n            proxy_set_header Upgrade $http_upgrade;\n            \
             proxy_set_header Connection $to;\n        }}\n    }}\n}}\n"
        );
        common::verdict(&common::single(&text), URL, "1.22.1").0
    };
    assert_eq!(verdict("h2c"), "upgrades");
    assert_eq!(verdict("websocket"), "broken");
    assert_eq!(verdict("{{ protocol }}"), "unknown");
}

#[test]
fn a_context_is_called_by_its_block() {
    let names = ["main", "http", "server", "location", "upstream", "stream", "Location"];
    use wslint::model::ScopeKind as Kind;
    let kinds = [Kind::Main, Kind::Http, Kind::Server, Kind::Location, Kind::Upstream, Kind::Stream, Kind::Location];
    assert_eq!(names.map(Kind::of_context), kinds.map(Some));
    assert_eq!(Kind::of_context("mail"), None);
}

/// A browser names the port in `Host` where it is not the scheme's own.
#[test]
fn the_port_of_a_url_is_in_the_host_header_unless_it_is_the_usual_one() {
    let verdict = |host: &str, url: &str| {
        let text = format!(
            "events {{}}\nhttp {{\n    server {{\n        listen 80;\n        listen 443;\n        listen 8080;\n        \
             location /ws {{\n            if ($http_host = {host}) {{ return 403; }}\n            \
             proxy_pass http://127.0.0.1:3000;\n            proxy_http_version 1.1;\n            \
             proxy_set_header Upgrade $http_upgrade;\n            proxy_set_header Connection \"upgrade\";\n        \
             }}\n    }}\n}}\n"
        );
        common::verdict(&common::single(&text), url, "1.22.1").0
    };
    for (url, host) in [
        ("ws://example.com/ws", "example.com"),
        ("ws://example.com:80/ws", "example.com"),
        ("ws://example.com:443/ws", "example.com:443"),
        ("ws://example.com:8080/ws", "example.com:8080"),
        ("ws://[::1]:8080/ws", "[::1]:8080"),
    ] {
        assert_eq!((verdict(host, url).as_str(), verdict("other.com", url).as_str()), ("broken", "upgrades"), "{url}");
    }
}

/// A drive of Windows is none of this machine's folders.
#[test]
fn an_include_from_a_drive_of_windows_is_missing() {
    let text = "events {}\nhttp {\n    include C:/nginx/site.conf;\n}\n";
    let mut tree = common::single(text);
    tree.insert("C:/nginx/site.conf".to_owned(), b"server { listen 80; }\n".to_vec());
    let found = common::findings(&tree, &common::options(None, None));
    assert_eq!(found.iter().map(|d| d.rule).collect::<Vec<_>>(), ["unresolved-include"]);
}

#[test]
fn variables_of_nginx_have_their_values_in_a_handshake() {
    let verdict = |variable: &str, value: &str| {
        let text = format!(
            "events {{}}\nhttp {{\n    server {{\n        listen 8080;\n        server_name example.com;\n        \
             location /ws {{\n            if (${variable} = \"{value}\") {{ return 403; }}\n            \
             proxy_pass http://127.0.0.1:3000;\n            proxy_http_version 1.1;\n            \
             proxy_set_header Upgrade $http_upgrade;\n            proxy_set_header Connection \"upgrade\";\n        \
             }}\n    }}\n}}\n"
        );
        common::verdict(&common::single(&text), "ws://Example.com:8080/ws/%61?x=1&Y=2", "1.22.1").0
    };
    for (variable, value) in [
        ("host", "example.com"),
        ("http_host", "example.com:8080"),
        ("uri", "/ws/a"),
        ("document_uri", "/ws/a"),
        ("request_uri", "/ws/%61?x=1&Y=2"),
        ("args", "x=1&Y=2"),
        ("query_string", "x=1&Y=2"),
        ("is_args", "?"),
        ("arg_x", "1"),
        ("arg_y", "2"),
        ("arg_z", ""),
        ("scheme", "http"),
        ("https", ""),
        ("server_port", "8080"),
        ("server_name", "example.com"),
        ("request_method", "GET"),
        ("server_protocol", "HTTP/1.1"),
        ("content_length", ""),
        ("http_upgrade", "websocket"),
        ("http_sec_websocket_version", "13"),
        ("upstream_status", ""),
    ] {
        let said = [verdict(variable, value), verdict(variable, "other")];
        assert_eq!(said, ["broken", "upgrades"], "${variable}");
    }
}
