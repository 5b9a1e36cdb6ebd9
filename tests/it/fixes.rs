//! What a safe fix keeps, one promise of `docs/fixes.md` after the other, in every version.
#![allow(clippy::unwrap_used, reason = "a test that panics has said what it has to say")]

use crate::common::{self, Tree};

/// A location with these lines, in front of an `upstream` that keeps its connections.
fn location(lines: &str) -> String {
    format!(
        "events {{}}\nhttp {{\n    upstream be {{\n        server 127.0.0.1:9000;\n        keepalive 8;\n    }}\n    server {{\n        \
         listen 8080;\n        location /ws {{\n            {lines}\n        }}\n    }}\n}}\n"
    )
}

fn mended(text: &str, version: Option<&str>) -> String {
    let fixed = common::fixed(&common::single(text), &common::options(version, None), false).unwrap();
    String::from_utf8(fixed["nginx.conf"].clone()).unwrap()
}

/// What the map that a fix writes sends for ordinary requests.
fn ordinary(lines: &str, version: Option<&str>) -> String {
    let text = mended(&location(lines), version);
    let line = text.lines().find_map(|l| l.trim().strip_prefix("default")).unwrap_or_default();
    line.trim().trim_end_matches(';').to_owned()
}

/// The ways to an `upstream`: by its name, behind a variable, with a query, in an `if`.
const WAYS: [&str; 6] = [
    "proxy_pass http://be;",
    "set $to be; proxy_pass http://$to;",
    "set $to http://be; proxy_pass $to;",
    "proxy_pass http://be/?x=1;",
    "if ($http_upgrade) { proxy_pass http://be; }",
    "proxy_pass http://$arg_to;",
];

#[test]
fn the_connections_of_an_upstream_are_kept_wherever_it_is_used() {
    for way in WAYS {
        // Of all versions, and of 1.29, some keep connections by themselves: those from 1.29.7 on.
        for version in [None, Some("1.29"), Some("1.31.4")] {
            assert_eq!(ordinary(way, version), "''", "{way} {version:?}");
        }
        // Before, nginx says `close` by itself.
        assert_eq!(ordinary(way, Some("1.28.3")), "close", "{way}");
    }
}

#[test]
fn connections_that_an_old_nginx_keeps_are_kept() {
    for way in WAYS {
        // Whatever is sent instead of `close` lets it keep them: nothing, an empty variable, a slip of the hand.
        for value in ["\"\"", "$http_upgrade", "$http_connectio"] {
            let lines = format!("proxy_http_version 1.1; proxy_set_header Connection {value}; {way}");
            let said = ordinary(&lines, Some("1.22.1"));
            assert!(["''", ""].contains(&said.as_str()), "{lines}: {said}");
        }
        let lines = format!("proxy_http_version 1.1; proxy_set_header Connection close; {way}");
        assert_eq!(ordinary(&lines, Some("1.22.1")), "close", "{way}");
    }
}

/// A backend that is no `upstream` has no connections to keep.
#[test]
fn a_single_backend_gets_what_nginx_sends_by_itself() {
    assert_eq!(ordinary("proxy_pass http://127.0.0.1:9000;", None), "close");
    assert_eq!(ordinary("proxy_pass http://127.0.0.1:9000;", Some("1.29")), "close");
}

/// `h2c` does not pass where it did not: what wslint writes by itself lets nothing through but `websocket`.
#[test]
fn no_other_protocol_is_let_through() {
    for way in WAYS {
        for rest in ["", "proxy_http_version 1.1;", "proxy_set_header Upgrade $http_upgrade;"] {
            let text = mended(&location(&format!("{way} {rest}")), Some("1.22.1"));
            assert!(text.contains("        websocket upgrade;\n"), "{text}");
            assert!(!text.contains("default   upgrade") && !text.contains("Connection \"upgrade\""), "{text}");
        }
    }
}

/// A template that writes nginx's `$` as `${DOLLAR}` gets it so, in the lines and in the map.
#[test]
fn a_dollar_is_written_as_the_template_writes_it() {
    let text = location("proxy_set_header Host ${DOLLAR}host; proxy_pass http://${BACKEND};");
    let fixed = mended(&text, None);
    assert!(fixed.contains("map ${DOLLAR}http_upgrade ${DOLLAR}connection_upgrade {"), "{fixed}");
    assert!(fixed.contains("proxy_set_header Upgrade ${DOLLAR}http_upgrade;"), "{fixed}");
    assert!(fixed.contains("proxy_set_header Connection ${DOLLAR}connection_upgrade;"), "{fixed}");
    assert!(!fixed.replace("${DOLLAR}", "").replace("${BACKEND}", "").contains('$'), "{fixed}");
}

/// Each line keeps its own ending, and a new one ends as its neighbour does.
#[test]
fn each_line_keeps_its_ending() {
    let text = location("proxy_pass http://be;\n            proxy_set_header Connection \"ugrade\";");
    let mixed: String = text
        .split_inclusive('\n')
        .enumerate()
        .map(|(i, l)| if i % 2 == 0 { l.replace('\n', "\r\n") } else { l.to_owned() })
        .collect();
    let fixed = mended(&mixed, Some("1.22.1"));
    let ends = |text: &str, line: &str| text.lines().count() > 0 && text.contains(&format!("{line}\r\n"));
    for line in mixed.split_inclusive('\n').filter(|l| !l.contains("ugrade")) {
        assert!(fixed.contains(line), "{line:?} in {fixed:?}");
    }
    let misspelt = mixed.split_inclusive('\n').find(|l| l.contains("ugrade")).unwrap();
    let right = fixed.split_inclusive('\n').find(|l| l.contains("Connection")).unwrap();
    assert_eq!(misspelt.ends_with("\r\n"), right.ends_with("\r\n"));
    assert!(ends(&mixed, "events {}") && ends(&fixed, "events {}"));
    // In a file with one kind of ending there is one afterwards.
    let all = mended(&text.replace('\n', "\r\n"), Some("1.22.1"));
    assert_eq!(all.matches('\n').count(), all.matches("\r\n").count(), "{all:?}");
}

/// Two roots, one snippet, and what it needs from both.
#[test]
fn what_two_roots_include_is_mended_for_both() {
    let root = "events {}\nhttp {\n    server {\n        listen 8080;\n        include site.conf;\n    }\n}\n";
    let tree = Tree::from([
        ("nginx.conf".to_owned(), root.as_bytes().to_vec()),
        ("edge.conf".to_owned(), root.as_bytes().to_vec()),
        ("site.conf".to_owned(), b"location /ws {\n    proxy_pass http://127.0.0.1:9000;\n}\n".to_vec()),
    ]);
    let mended = crate::disk::mended(&tree, &["nginx.conf"], &common::options(None, None)).unwrap();
    let changed: Vec<&str> = tree.keys().filter(|n| mended[*n] != tree[*n]).map(String::as_str).collect();
    assert_eq!(changed, ["edge.conf", "nginx.conf", "site.conf"]);
}
