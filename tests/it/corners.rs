//! Conditions with several halves, each asked by itself: what a changed sign in one of them would turn.
#![allow(clippy::unwrap_used, reason = "a test that panics has said what it has to say")]

use wslint::model::evidence::Evidence;

use crate::common;

const URL: &str = "ws://example.com:8080/ws";
const WS: &str =
    "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\";";

fn server(lines: &str) -> common::Tree {
    common::single(&format!("events {{}}\nhttp {{\nserver {{\nlisten 8080;\n{lines}\n}}\n}}\n"))
}

fn verdict(lines: &str) -> String {
    common::verdict(&server(lines), URL, "1.22.1").0
}

/// A request that comes back to where it was goes round for ever; one that passes through a server twice on
/// different paths does not.
#[test]
fn a_request_that_comes_back_to_itself_ends_nowhere() {
    let there = format!("location /ws {{ {WS} proxy_pass http://127.0.0.1:8080; }}");
    assert_eq!(verdict(&there), "broken");
    let elsewhere = format!(
        "location /ws {{ {WS} proxy_pass http://127.0.0.1:8080/inner; }}\n\
         location /inner {{ {WS} proxy_pass http://127.0.0.1:3000; }}"
    );
    assert_eq!(verdict(&elsewhere), "upgrades");
    // It goes on from where it arrives, and has not been there before.
    let three = format!(
        "location /ws {{ {WS} proxy_pass http://127.0.0.1:8080/inner; }}\n\
         location /inner {{ {WS} proxy_pass http://127.0.0.1:8080/last; }}\n\
         location /last {{ {WS} proxy_pass http://127.0.0.1:3000; }}"
    );
    assert_eq!(verdict(&three), "upgrades");
    let lost = "location /ws { proxy_http_version 1.1; proxy_pass http://127.0.0.1:8080/inner; }\n\
                location /inner { proxy_http_version 1.1; proxy_set_header Upgrade websocket; \
                proxy_set_header Connection upgrade; proxy_pass http://127.0.0.1:3000; }";
    // The first hop asks for no upgrade, and nginx tunnels only for who does.
    assert_eq!(verdict(lost), "broken");
}

/// A `set` behind a condition that nobody can decide leaves its variable open; one that is certain does not.
#[test]
fn a_set_counts_where_its_condition_is_certain() {
    let with = |condition: &str| {
        let upgrade = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $c;";
        let set = format!("set $c upgrade; if ({condition}) {{ set $c close; }}");
        let pass = format!("{upgrade} proxy_pass http://127.0.0.1:3000;");
        let of_the_server = verdict(&format!("{set}\nlocation /ws {{ {pass} }}"));
        assert_eq!(verdict(&format!("location /ws {{ {set} {pass} }}")), of_the_server, "{condition}");
        of_the_server
    };
    assert_eq!(with("$request_method = POST"), "upgrades");
    assert_eq!(with("$request_method = GET"), "broken");
    assert_eq!(with("$cookie_session"), "unknown");
}

/// No request of a client arrives at a named location: its name is no path that could say `ws`.
#[test]
fn the_name_of_a_named_location_is_no_evidence() {
    let evidence = |location: &str| {
        let tree = server(&format!("location {location} {{ proxy_pass http://127.0.0.1:3000; }}"));
        let fs = common::mem(&tree);
        let mut files = wslint::syntax::Files::new(&fs);
        let targets = [common::target(&mut files)];
        let checked = wslint::engine::check(&mut files, &targets, &common::options(Some("1.22.1"), None));
        checked.endpoints[0].evidence
    };
    assert_eq!(evidence("/websocket"), Evidence::Likely);
    assert_eq!(evidence("@websocket"), Evidence::None);
}

/// `$UPPER` and `__NAME__` are what a deployment puts in; `$lower` is a variable that nginx misses.
#[test]
fn what_a_deployment_replaces_is_no_refusal() {
    let refusals = |line: &str| common::refusals(&server(line), "1.22.1");
    assert_eq!(refusals("return 200 $backend_host;"), ["unknown \"backend_host\" variable"]);
    assert_eq!(refusals("return 200 $BACKEND_HOST;"), [""; 0]);
    // No module has a directive of such a name.
    assert_eq!(refusals("proxy-lines on;"), ["unknown directive \"proxy-lines\""]);
    assert_eq!(refusals("%proxy-lines% on;"), [""; 0]);
}

/// The server around a fragment is not seen: its scheme is the one that the URL says.
#[test]
fn a_fragment_is_reached_as_the_url_says() {
    let tree = common::single(&format!(
        "location /ws {{ if ($scheme = http) {{ return 301 https://$host$request_uri; }} {WS} \
         proxy_pass http://127.0.0.1:3000; }}"
    ));
    assert!(common::told_of(&tree, "nginx.conf", "wss://example.com/ws").starts_with("upgrades"));
    assert!(common::told_of(&tree, "nginx.conf", "ws://example.com/ws").starts_with("broken"));
}
