//! A `proxy_pass` to a server of the same configuration: which one answers, what it is sent, and what is known of the
//! path. `verdicts/hop-*` is what nginx does.
#![allow(clippy::unwrap_used, reason = "a test that panics has said what it has to say")]

use wslint::syntax::Files;

use crate::common;

const URL: &str = "ws://example.com:8080/ws";
const WS: &str =
    "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\";";
const TLS: &str = "ssl; ssl_certificate a; ssl_certificate_key b;";

fn tree(outer: &str, others: &str) -> common::Tree {
    common::single(&format!(
        "events {{}}\nhttp {{\nserver {{ listen 8080; server_name outer; {outer} }}\n{others}\n}}\n"
    ))
}

/// What becomes of the URL where the first server passes on with these lines.
fn hop(lines: &str, others: &str) -> String {
    common::verdict(&tree(&format!("location /ws {{ {WS} {lines} }}"), others), URL, "1.22.1").0
}

/// What is said of the first endpoint, whoever asks for whatever.
fn endpoint(location: &str, others: &str) -> &'static str {
    let tree = tree(location, others);
    let fs = common::mem(&tree);
    let mut files = Files::new(&fs);
    let targets = [common::target(&mut files)];
    let checked = wslint::engine::check(&mut files, &targets, &common::options(Some("1.22.1"), None));
    checked.endpoints[0].verdict.as_str()
}

fn opens(listen: &str) -> String {
    format!("server {{ listen {listen} location /ws {{ {WS} proxy_pass http://127.0.0.1:3000; }} }}\n")
}

fn answers(listen: &str) -> String {
    format!("server {{ listen {listen} return 404; }}\n")
}

#[test]
fn a_target_without_a_port_has_that_of_its_scheme() {
    assert_eq!(hop("proxy_pass http://127.0.0.1;", &answers("80;")), "broken");
    assert_eq!(hop("proxy_pass http://127.0.0.1;", &answers("81;")), "upgrades");
    assert_eq!(hop("proxy_pass https://127.0.0.1;", &answers(&format!("443 {TLS}"))), "broken");
    assert_eq!(hop("proxy_pass https://127.0.0.1;", &answers("80;")), "upgrades");
    // An `upstream` has port 80 whatever the scheme is.
    let of = |servers: &str, others: String| format!("upstream inner {{ {servers} }}\n{others}");
    assert_eq!(hop("proxy_pass http://inner;", &of("server 127.0.0.1;", answers("80;"))), "broken");
    assert_eq!(hop("proxy_pass https://inner;", &of("server 127.0.0.1;", answers(&format!("443 {TLS}")))), "upgrades");
    assert_eq!(hop("proxy_pass http://INNER;", &of("server 127.0.0.1:81;", answers("81;"))), "broken");
    // Of two servers one answers, and nobody knows which; who is down does not.
    assert_eq!(
        hop("proxy_pass http://inner;", &of("server 127.0.0.1:81; server 127.0.0.1:82;", answers("81;"))),
        "unknown"
    );
    assert_eq!(
        hop("proxy_pass http://inner;", &of("server 127.0.0.1:81; server 127.0.0.1:82 down;", answers("81;"))),
        "broken"
    );
    assert_eq!(
        hop("proxy_pass http://inner;", &of("server 127.0.0.1:81 down; server 127.0.0.1:82;", answers("81;"))),
        "upgrades"
    );
}

#[test]
fn tls_is_spoken_on_both_sides_or_on_none() {
    assert_eq!(hop("proxy_pass http://127.0.0.1:81;", &opens("81;")), "upgrades");
    assert_eq!(hop("proxy_pass https://127.0.0.1:81;", &opens(&format!("81 {TLS}"))), "upgrades");
    assert_eq!(hop("proxy_pass https://127.0.0.1:81;", &opens("81;")), "broken");
    assert_eq!(hop("proxy_pass http://127.0.0.1:81;", &opens(&format!("81 {TLS}"))), "broken");
    assert_eq!(hop("proxy_pass http://127.0.0.1:81;", &opens("81 proxy_protocol;")), "broken");
    assert_eq!(hop("proxy_pass http://127.0.0.1:81;", &opens("81 http2;")), "broken");
}

#[test]
fn the_host_header_chooses_the_server() {
    let two = format!("{}{}", answers("81; server_name first;"), opens("81; server_name inner 127.0.0.1 \"[::1]\";"));
    let sent = |host: &str| hop(&format!("proxy_set_header Host {host}; proxy_pass http://127.0.0.1:81;"), &two);
    for host in ["inner", "inner:81", "INNER", "inner.", "127.0.0.1", "[::1]", "[::1]:81"] {
        assert_eq!(sent(host), "upgrades", "{host}");
    }
    for host in ["$host", "first", "other", "inner2", "\"\""] {
        assert_eq!(sent(host), "broken", "{host}");
    }
    // Where nothing else is said, it is the target's.
    assert_eq!(hop("proxy_pass http://127.0.0.1:81;", &two), "upgrades");
    let upstreams =
        format!("upstream inner {{ server 127.0.0.1:81; }} upstream other {{ server 127.0.0.1:81; }}\n{two}");
    assert_eq!(hop("proxy_pass http://inner;", &upstreams), "upgrades");
    assert_eq!(hop("proxy_pass http://other;", &upstreams), "broken");
}

/// `$proxy_host`, `$scheme` and the like, as the second server sees them.
#[test]
fn the_second_server_sees_what_the_first_one_sent() {
    let sees = |pass: &str, listen: &str, variable: &str, value: &str| {
        let inner = format!(
            "server {{ listen {listen} location /ws {{ if (${variable} = \"{value}\") {{ return 403; }} {WS} proxy_pass http://127.0.0.1:3000; }} }}"
        );
        hop(&format!("proxy_set_header X-Own own; proxy_pass {pass};"), &inner)
    };
    let tls = format!("443 {TLS} listen 82 {TLS}");
    for (pass, listen, variable, value) in [
        ("http://localhost:82", "82;", "http_host", "localhost:82"),
        ("http://localhost:80", "80;", "http_host", "localhost"),
        ("http://localhost", "80;", "http_host", "localhost"),
        ("https://localhost:443", tls.as_str(), "http_host", "localhost"),
        ("https://localhost:82", tls.as_str(), "http_host", "localhost:82"),
        ("https://localhost:82", tls.as_str(), "scheme", "https"),
        ("http://localhost:82", "82;", "scheme", "http"),
        ("http://localhost:82", "82;", "server_port", "82"),
        ("http://localhost:82", "82;", "host", "localhost"),
        ("http://localhost:82", "82;", "http_x_own", "own"),
        ("http://localhost:82", "82;", "http_connection", "upgrade"),
        ("http://localhost:82/ws?a=b", "82;", "args", "a=b"),
        ("http://localhost:82/ws/x", "82;", "uri", "/ws/x"),
    ] {
        assert_eq!(sees(pass, listen, variable, value), "broken", "{pass} ${variable}");
        assert_eq!(sees(pass, listen, variable, "else"), "upgrades", "{pass} ${variable}");
    }
}

/// Who asks for what is not known of an endpoint; what the path begins with is.
#[test]
fn locations_that_the_path_cannot_reach_have_no_say() {
    let passes = "location /ws/ { proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; \
                  proxy_set_header Connection upgrade; proxy_pass http://127.0.0.1:81; }";
    let inner = |more: &str| {
        format!("server {{ listen 81; location /ws/ {{ {WS} proxy_pass http://127.0.0.1:3000; }} {more} }}")
    };
    assert_eq!(endpoint(passes, &inner("")), "upgrades");
    assert_eq!(endpoint(passes, &inner("location / { return 404; }")), "upgrades");
    assert_eq!(endpoint(passes, &inner("location /other/ { return 404; } location = /ws { return 404; }")), "upgrades");
    assert_eq!(endpoint(passes, &inner("location @ws { return 404; }")), "upgrades");
    assert_eq!(endpoint(passes, &inner("location /ws/x { return 404; }")), "unknown");
    assert_eq!(endpoint(passes, &inner("location = /ws/x { return 404; }")), "unknown");
    assert_eq!(endpoint(passes, &inner("location ~ x$ { return 404; }")), "unknown");
    assert_eq!(endpoint(passes, &inner("include missing.conf;")), "unknown");
    // A target with a path of its own leads elsewhere.
    assert_eq!(endpoint(&passes.replace(":81;", ":81/x/;"), &inner("location /x/ { return 404; }")), "unknown");
    let refuses = "server { listen 81; location /ws/ { return 404; } location / { return 403; } }";
    assert_eq!(endpoint(passes, refuses), "broken");
}

/// What `set` in one location leaves in a variable arrives where only jumps lead, from its own server alone.
#[test]
fn what_another_location_has_set_may_arrive_with_a_jump() {
    let named = "location @ws { proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; \
                 proxy_set_header Connection $to; proxy_pass http://127.0.0.1:3000; }";
    assert_eq!(endpoint(named, "server { listen 81; location /a { set $to upgrade; } }"), "broken");
    assert_eq!(endpoint(&format!("{named} location /a {{ set $to upgrade; }}"), ""), "unknown");
    let plain = named.replace("@ws", "/ws");
    assert_eq!(endpoint(&format!("{plain} location /a {{ set $to upgrade; }}"), ""), "broken");
}

#[test]
fn a_request_that_comes_back_goes_round_for_ever_unless_its_path_changes() {
    let to =
        |location: &str, target: &str| endpoint(&format!("location {location} {{ {WS} proxy_pass {target}; }}"), "");
    for (location, target) in
        [("/ws/", "http://127.0.0.1:8080"), ("/ws", "http://127.0.0.1:8080/ws"), ("= /ws", "http://127.0.0.1:8080")]
    {
        let lines = format!("location {location} {{ {WS} proxy_pass {target}; }}");
        let url = if location == "/ws/" { "ws://example.com:8080/ws/" } else { URL };
        assert_eq!(common::verdict(&tree(&lines, ""), url, "1.22.1").0, "broken", "{location} {target}");
    }
    assert_eq!(to("/ws/", "http://127.0.0.1:8080"), "broken");
    // Nobody knows for which path, and one of them may lead on.
    assert_eq!(to("~ ^/ws", "http://127.0.0.1:8080"), "unknown");
}

/// Which of two servers answers to a name that nobody knows is open; of one, it is not.
#[test]
fn a_host_that_is_not_known_leads_to_a_server_that_is_alone() {
    let to = |others: &str| {
        endpoint(
            &format!("location /ws {{ {WS} proxy_set_header Host $arg_host; proxy_pass http://127.0.0.1:81; }}"),
            others,
        )
    };
    assert_eq!(to(&opens("81;")), "upgrades");
    assert_eq!(to(&format!("{}{}", answers("81; server_name first;"), opens("81; server_name second;"))), "unknown");
}

#[test]
fn a_port_of_http2_understands_http1_since_1_25_1() {
    let lines = format!("location /ws {{ {WS} proxy_pass http://127.0.0.1:81; }}");
    let asked = |version| common::verdict(&tree(&lines, &opens("81 http2;")), URL, version).0;
    assert_eq!(["1.22.1", "1.25.0", "1.25.1", "1.26.0"].map(asked), ["broken", "broken", "upgrades", "upgrades"]);
}

/// Locations with the same lines are told apart by where they lead.
#[test]
fn a_location_that_leads_back_is_like_no_other() {
    let second = |target: &str, http: &str| {
        let locations = [("/a", "http://127.0.0.1:3000"), ("/b", target)]
            .map(|(path, target)| format!("location {path} {{ {WS} proxy_pass {target}; }}\n"));
        let tree = tree(&locations.concat(), http);
        let fs = common::mem(&tree);
        let mut files = Files::new(&fs);
        let targets = [common::target(&mut files)];
        let checked = wslint::engine::check(&mut files, &targets, &common::options(Some("1.22.1"), None));
        checked.endpoints.iter().map(|e| e.verdict.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(second("http://127.0.0.1:3001", ""), ["upgrades", "upgrades"]);
    let refuses = "server { listen 81; location / { return 404; } }";
    assert_eq!(second("http://127.0.0.1:81", refuses), ["upgrades", "broken"]);
    let pool = |servers: &str| second("http://pool", &format!("upstream pool {{ {servers} }}\n{refuses}"));
    assert_eq!(pool("server 127.0.0.1:3001;"), ["upgrades", "upgrades"]);
    assert_eq!(pool("server 127.0.0.1:3001 down;"), ["upgrades", "broken"]);
    assert_eq!(pool("server 127.0.0.1:81;"), ["upgrades", "broken"]);
}
