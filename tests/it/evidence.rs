//! Why a location is believed to carry WebSocket: what each sign says alone, and which of two counts.
#![allow(clippy::unwrap_used, reason = "a test that panics has said what it has to say")]

use wslint::engine::{Options, check};
use wslint::model::evidence::Evidence::{self, Configured, Declared, Excluded, Likely, None};
use wslint::syntax::Files;

use crate::common;

const PASS: &str = "proxy_pass http://127.0.0.1:3000;";
const WS: &str = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;";

fn all(http: &str, options: &Options) -> Vec<Evidence> {
    let tree = common::single(&format!("events {{}}\nhttp {{\n{http}\n}}\n"));
    let fs = common::mem(&tree);
    let mut files = Files::new(&fs);
    let targets = [common::target(&mut files)];
    check(&mut files, &targets, options).endpoints.iter().map(|e| e.evidence).collect()
}

/// Of every endpoint of one server, in their order.
fn of(server: &str) -> Vec<Evidence> {
    all(&format!("server {{\nlisten 8080;\n{server}\n}}"), &common::options(Some("1.22.1"), Option::None))
}

/// Of a location that nothing else speaks about.
fn with(lines: &str) -> Evidence {
    of(&format!("location /a {{\n{lines} {PASS}\n}}"))[0]
}

#[test]
fn a_comment_belongs_to_the_location_below_or_around_it() {
    let above = |lines: &str| of(&format!("{lines}location /a {{\n{PASS}\n}}"))[0];
    assert_eq!(above(""), None);
    assert_eq!(above("# websocket\n"), Likely);
    assert_eq!(above("# websocket\n# of the chat\n"), Likely);
    assert_eq!(above("# of the chat\n# websocket\n"), Likely);
    assert_eq!(above("# websocket\n\n"), None);
    assert_eq!(above("# websocket\n\n# of the chat\n"), None);
    assert_eq!(above("gzip on; # websocket\n"), None);
    assert_eq!(above("# websocket\ngzip on;\n"), None);
    assert_eq!(above("# no websocket here\n"), Excluded);
    assert_eq!(above("# no websocket here\n# websocket\n"), Likely);
    assert_eq!(above("# websocket\n# no websocket here\n"), Likely);
    let within = |text: &str| of(&format!("location /a {{{text}}}"))[0];
    assert_eq!(within(&format!(" # websocket\n{PASS}\n")), Likely);
    assert_eq!(within(&format!("\n# websocket\n{PASS}\n")), Likely);
    assert_eq!(within(&format!("\n{PASS}\n# websocket\n")), None);
    assert_eq!(within(&format!("\n{PASS} # websocket\n")), None);
}

#[test]
fn what_the_user_says_counts_before_any_sign() {
    let said = |server: &str, location: &str, lines: &str| {
        of(&format!("location /first {{ {PASS} }}\n{server}\nlocation /ws {{\n{location}\n{lines} {PASS}\n}}"))[1]
    };
    assert_eq!(said("", "# wslint: websocket", ""), Declared);
    assert_eq!(said("", "# wslint: no-websocket", WS), Excluded);
    // Of a server, it can be said that none of it is; that all of it is, nobody means.
    let server = |comment: &str| {
        all(&format!("{comment}\nserver {{ location /ws {{ {PASS} }} }}"), &common::options(Option::None, Option::None))
    };
    assert_eq!(server("# wslint: no-websocket"), [Excluded]);
    assert_eq!(server("# wslint: websocket"), [Likely]);
    let mut options = common::options(Some("1.22.1"), Option::None);
    options.declared.locations = vec!["/chat".to_owned(), "/live*".to_owned(), "/both".to_owned()];
    options.declared.not = vec!["/ws".to_owned(), "/both".to_owned()];
    let declared = |path: &str| all(&format!("server {{ location {path} {{ {PASS} }} }}"), &options)[0];
    assert_eq!(
        ["/chat", "/chat/", "/live", "/live/x", "/ws", "/ws2", "/both"].map(declared),
        [Declared, None, Declared, Declared, Excluded, None, Excluded]
    );
}

#[test]
fn a_header_for_the_upgrade_is_an_attempt() {
    for lines in [
        "proxy_set_header Upgrade $http_upgrade;",
        "proxy_set_header upgrade websocket;",
        "proxy_set_header Upgrde $http_upgrade;",
        "proxy_set_header Connection upgrade;",
        "proxy_set_header Connection \"keep-alive, Upgrade\";",
        "proxy_set_header Connection Upgarde;",
        "proxy_set_header Conection upgrade;",
        "proxy_set_header Connection $http_upgrade;",
        "proxy_set_header Connection $connection_upgrade;",
        "set $own $http_upgrade; proxy_set_header Connection $own;",
        "set $first $http_upgrade; set $own $first; proxy_set_header Connection $own;",
        "proxy_set_haeder Upgrade $http_upgrade;",
    ] {
        assert_eq!(with(lines), Configured, "{lines}");
    }
    for lines in [
        "proxy_set_header Connection close;",
        "proxy_set_header Connection \"\";",
        "proxy_set_header Connection $http_connection;",
        "proxy_set_header X-Own upgrade;",
        "set $own $host; proxy_set_header Connection $own;",
        "set $own $other; set $other $own; proxy_set_header Connection $own;",
        "proxy_set_haeder X-Own own;",
        "proxy_set_haeder Upgrade;",
        "set $own $http_upgrade; proxy_set_header X-Own $own;",
    ] {
        assert_eq!(with(lines), None, "{lines}");
    }
    let mapped = |map: &str| {
        let server = format!("server {{ location /a {{ proxy_set_header Connection $own; {PASS} }} }}");
        all(&format!("map {map} $own {{ default x; }}\n{server}"), &common::options(Option::None, Option::None))[0]
    };
    assert_eq!(mapped("$http_upgrade"), Configured);
    assert_eq!(mapped("$http_accept"), None);
}

#[test]
fn headers_that_do_not_arrive_were_an_attempt_where_nothing_else_upgrades() {
    let shadowed = "location /a { proxy_set_header Host $host; proxy_pass http://127.0.0.1:3000; }";
    assert_eq!(of(&format!("{WS}\n{shadowed}")), [Configured]);
    assert_eq!(of(&format!("{WS}\n{shadowed}\nlocation /b {{ {PASS} }}")), [None, Configured]);
    // A path that says WebSocket was meant all the same.
    let named = shadowed.replace("/a", "/ws");
    assert_eq!(of(&format!("{WS}\n{named}\nlocation /b {{ {PASS} }}")), [Configured, Configured]);
    assert_eq!(of(&format!("{WS}\n# wslint: no-websocket\n{shadowed}")), [Excluded]);
}

#[test]
fn what_upgrades_beside_it_outweighs_the_name_of_an_upstream_and_a_path_above() {
    let beside = |upgrades: &str, other: &str| {
        of(&format!("location {upgrades} {{ {WS} {PASS} }}\nlocation {other} {{ {PASS} }}"))[1]
    };
    assert_eq!(beside("/app", "/ws"), Likely);
    assert_eq!(beside("/ws", "/ws/rooms"), None);
    assert_eq!(beside("/ws/", "/ws/rooms"), None);
    assert_eq!(beside("/ws", "/ws/"), Likely);
    assert_eq!(beside("/ws", "/ws/socket"), Likely);
    assert_eq!(beside("/ws", "/other/ws"), Likely);
    assert_eq!(beside("@ws", "/ws/rooms"), Likely);
    assert_eq!(beside("/ws", "~ ^/ws/rooms"), Likely);
    // What does not open has chosen nothing.
    let broken =
        format!("location /ws {{ proxy_set_header Upgrade $http_upgrade; {PASS} }}\nlocation /ws/rooms {{ {PASS} }}");
    assert_eq!(of(&broken), [Configured, Likely]);
    let called = |server: &str| {
        let http = format!(
            "upstream websocket {{ server 127.0.0.1:3000; }}\nserver {{ {server} location /a {{ proxy_pass http://websocket; }} }}"
        );
        *all(&http, &common::options(Some("1.22.1"), Option::None)).last().unwrap()
    };
    assert_eq!(called(""), Likely);
    assert_eq!(called(&format!("location /ws {{ {WS} {PASS} }}")), None);
    // Where no client arrives, nothing is chosen for clients.
    assert_eq!(called(&format!("location @ws {{ {WS} {PASS} }}")), Likely);
    assert_eq!(called(&format!("location /ws {{ internal; {WS} {PASS} }}")), Likely);
    assert_eq!(
        called(&format!("}} server {{ listen 81; location /ws {{ {WS} {PASS} }} }} server {{ listen 82;")),
        Likely
    );
}

#[test]
fn subrequests_and_other_methods_are_no_handshakes() {
    let asked = |line: &str, path: &str| {
        of(&format!("location /b {{ {line} return 204; }}\nlocation {path} {{ {WS} {PASS} }}"))[0]
    };
    assert_eq!(asked("auth_request /ws;", "/ws"), Excluded);
    assert_eq!(asked("mirror /ws;", "/ws"), Excluded);
    assert_eq!(asked("mirror /other;", "/ws"), Configured);
    assert_eq!(asked("mirror off;", "/ws"), Configured);
    let http = |line: &str| {
        let text = format!("{line}\nserver {{ location /a {{ {PASS} }} location = /auth {{ {WS} {PASS} }} }}");
        all(&text, &common::options(Some("1.22.1"), Option::None))
    };
    assert_eq!(http(""), [None, Configured]);
    assert_eq!(http("auth_request /auth;"), [None, Excluded]);
    let posts = format!("location /a {{ {WS} if ($request_method = POST) {{ {PASS} }} {PASS} }}");
    assert_eq!(of(&posts), [Excluded, Configured]);
    let files = format!("location ~ \\.(js|css)$ {{ {WS} {PASS} }}");
    assert_eq!(of(&files), [Excluded]);
}
