//! `stream` servers: where it cannot be known what becomes of a handshake, and where nginx would have to be asked on
//! addresses that a test has not. What it does for certain stands in `verdicts/stream-*` and `hop-to-a-*`.

use crate::common;

const URL: &str = "ws://example.com:8080/ws";
const WSS: &str = "wss://example.com:8080/ws";
const TLS: &str = "ssl; ssl_certificate a; ssl_certificate_key b;";
const DROPS: &str = "upstream none { server 127.0.0.1:9 down; }\n";

/// What becomes of a URL where `http` passes WebSocket on to `to`, listening on `listen`.
fn whole(stream: &str, listen: &str, to: &str, url: &str) -> String {
    let text = format!(
        "events {{}}\nstream {{\n{stream}\n}}\nhttp {{\n    server {{\n        listen {listen};\n        location /ws {{\n            \
         proxy_http_version 1.1;\n            proxy_set_header Upgrade $http_upgrade;\n            \
         proxy_set_header Connection \"upgrade\";\n            proxy_pass {to};\n        }}\n    }}\n}}\n"
    );
    common::verdict(&common::single(&text), url, "1.22.1").0
}

/// The same where an `http` server listens at 127.0.0.1:8081, behind the `stream` ones.
fn through(stream: &str, url: &str) -> String {
    whole(stream, "127.0.0.1:8081", "http://127.0.0.1:3000", url)
}

/// The same of one `stream` server at 8080.
fn one(lines: &str) -> String {
    through(&format!("server {{ listen 8080; {lines} }}"), URL)
}

#[test]
fn of_several_servers_the_address_of_the_url_decides() {
    let two = format!(
        "{DROPS}server {{ listen 127.0.0.1:8080; proxy_pass none; }} server {{ listen 127.0.0.2:8080; proxy_pass 127.0.0.1:3000; }}"
    );
    assert_eq!(through(&two, "ws://127.0.0.1:8080/ws"), "broken");
    assert_eq!(through(&two, "ws://127.0.0.2:8080/ws"), "upgrades");
    assert_eq!(through(&two, URL), "unknown");
    // Who listens on another port has no say.
    assert_eq!(through(&two.replace("127.0.0.2:8080", "127.0.0.2:8082"), URL), "broken");
    // A server of `http` beside it, at another address.
    let beside =
        |url| whole("server { listen 127.0.0.2:8080; return no; }", "127.0.0.1:8080", "http://127.0.0.1:3000", url);
    assert_eq!(beside("ws://127.0.0.2:8080/ws"), "broken");
    assert_eq!(beside(URL), "unknown");
    // At the same address, or at all of them, nginx cannot bind both.
    let taken = |stream, http| {
        whole(&format!("server {{ listen {stream}; proxy_pass 127.0.0.1:3000; }}"), http, "http://127.0.0.1:3000", URL)
    };
    assert_eq!(taken("127.0.0.1:8080", "127.0.0.1:8080"), "broken");
    assert_eq!(taken("127.0.0.1:8080", "8080"), "broken");
    assert_eq!(taken("8080", "127.0.0.1:8080"), "broken");
}

#[test]
fn what_may_take_a_connection_over_leaves_it_open() {
    assert_eq!(one("proxy_pass 127.0.0.1:3000;"), "upgrades");
    for line in [
        "js_access main.access;",
        "proxy_bind 10.0.0.1;",
        "proxy_timeout 0;",
        "include missing.conf;",
        "proxy_protocol on;",
        "proxy_ssl on;",
    ] {
        assert_eq!(one(&format!("{line} proxy_pass 127.0.0.1:3000;")), "unknown", "{line}");
    }
    for line in ["proxy_timeout 1h;", "proxy_ssl off;", "proxy_protocol off;", "proxy_connect_timeout 5s;"] {
        assert_eq!(one(&format!("{line} proxy_pass 127.0.0.1:3000;")), "upgrades", "{line}");
    }
    // What passes connections on may stand in the file that is missing.
    assert_eq!(one("include missing.conf;"), "unknown");
    // TLS for a backend of which nobody says whether it speaks it.
    assert_eq!(through("server { listen 8080; proxy_pass 127.0.0.1:3000; }", WSS), "unknown");
    // A server that connects to itself.
    assert_eq!(one("proxy_pass 127.0.0.1:8080;"), "unknown");
}

#[test]
fn tls_within_tls_and_a_name_that_only_nginx_says_are_not_followed() {
    let inner = |lines: &str, url| {
        whole(
            &format!("server {{ listen 8080; {lines} }}"),
            &format!("127.0.0.1:8081 {}", TLS.trim_end_matches(';')),
            "http://127.0.0.1:3000",
            url,
        )
    };
    assert_eq!(inner("proxy_ssl on; proxy_pass 127.0.0.1:8081;", URL), "upgrades");
    assert_eq!(inner("proxy_ssl on; proxy_ssl_server_name off; proxy_pass 127.0.0.1:8081;", URL), "upgrades");
    assert_eq!(inner("proxy_ssl on; proxy_ssl_server_name on; proxy_pass 127.0.0.1:8081;", URL), "unknown");
    assert_eq!(inner("proxy_ssl on; proxy_pass 127.0.0.1:8081;", WSS), "unknown");
    assert_eq!(inner("proxy_ssl_server_name on; proxy_pass 127.0.0.1:8081;", WSS), "upgrades");
    // What is plain arrives where TLS is asked for.
    assert_eq!(inner("proxy_pass 127.0.0.1:8081;", URL), "broken");
}

#[test]
fn a_stream_behind_a_stream_gets_what_the_first_sends() {
    let chain = |first: &str, listen: &str| {
        through(
            &format!(
                "server {{ listen 8080; {first} proxy_pass 127.0.0.1:8082; }} server {{ listen {listen} proxy_pass 127.0.0.1:3000; }}"
            ),
            URL,
        )
    };
    assert_eq!(chain("", "8082;"), "upgrades");
    assert_eq!(chain("proxy_ssl on;", &format!("8082 {TLS}")), "upgrades");
    assert_eq!(chain("", &format!("8082 {TLS}")), "broken");
    assert_eq!(chain("proxy_protocol on;", "8082 proxy_protocol;"), "upgrades");
    assert_eq!(chain("proxy_protocol on;", "8082;"), "unknown");
    assert_eq!(chain("", "8082 proxy_protocol;"), "unknown");
    // Of two that listen there, one answers.
    assert_eq!(chain("", "8082; listen 127.0.0.1:8082;"), "unknown");
    // The second knows its own port, and nothing of the name that was said to the first.
    let knows = "map $server_port $to { 8082 127.0.0.1:3000; default 127.0.0.1:0; } \
                 server { listen 8080; proxy_pass 127.0.0.1:8082; } server { listen 8082; proxy_pass $to; }";
    assert_eq!(through(knows, URL), "upgrades");
}

#[test]
fn servers_of_an_upstream_that_do_not_agree_leave_it_open() {
    let of = |servers: &str, lines: &str| {
        through(&format!("upstream some {{ {servers} }} server {{ listen 8080; {lines} proxy_pass some; }}"), URL)
    };
    assert_eq!(of("server 127.0.0.1:3000; server 127.0.0.1:3001;", ""), "upgrades");
    // One leads back into this configuration.
    assert_eq!(of("server 127.0.0.1:3000; server 127.0.0.1:8081;", ""), "unknown");
    assert_eq!(of("server 127.0.0.1:8081; server 127.0.0.1:3000;", ""), "unknown");
    assert_eq!(of("server 127.0.0.1:3000; include missing.conf;", ""), "unknown");
    let no_time = "proxy_connect_timeout 0;";
    assert_eq!(of("server unix:/a.sock; server unix:/b.sock;", no_time), "upgrades");
    assert_eq!(of("server unix:/a.sock; server 127.0.0.1:3000;", no_time), "unknown");
    assert_eq!(of("server 127.0.0.1:3001; server 127.0.0.1:3000;", no_time), "broken");
    // `upstream` of `http` has nothing to do with it: a name alone says no port.
    let http = "events {}\nstream { server { listen 8080; proxy_pass some; } }\nhttp { upstream some { server 127.0.0.1:9 down; } }\n";
    assert_eq!(common::verdict(&common::single(http), URL, "1.22.1").0, "rejected");
}

#[test]
fn a_target_of_variables_needs_a_port_and_who_knows_its_name() {
    let to = |target: &str, lines: &str| {
        through(
            &format!("map $server_port $to {{ default {target}; }} server {{ listen 8080; {lines} proxy_pass $to; }}"),
            URL,
        )
    };
    assert_eq!(to("127.0.0.1:3000", ""), "upgrades");
    assert_eq!(to("[::1]:3000", ""), "upgrades");
    assert_eq!(to("127.0.0.1", ""), "broken");
    assert_eq!(to("127.0.0.1:0", ""), "broken");
    assert_eq!(to("a.example:3000", ""), "broken");
    assert_eq!(to("a.example:3000", "resolver 127.0.0.1;"), "unknown");
    assert_eq!(to("unix:/a.sock", ""), "upgrades");
    // Another server has the name resolved, by the same name alone, and without variables.
    let beside = |other: &str| {
        through(
            &format!(
                "map $server_port $to {{ default a.example:3000; }} server {{ listen 8080; proxy_pass $to; }} \
                 server {{ listen 8082; set $x a; proxy_pass {other}; }}"
            ),
            URL,
        )
    };
    assert_eq!(beside("A.example:3000"), "upgrades");
    assert_eq!(beside("b.example:3000"), "broken");
    assert_eq!(beside("$x.example:3000"), "broken");
    // To say a name is not to look it up.
    assert_eq!(to("a.example:3000", "proxy_ssl_name a.example;"), "broken");
}

#[test]
fn variables_of_the_greeting_are_empty_where_nobody_reads_it() {
    let to = |variable: &str, lines: &str, url| {
        through(
            &format!(
                "map ${variable} $to {{ '' 127.0.0.1:3000; default 127.0.0.1:0; }} server {{ listen 8080; {lines} proxy_pass $to; }}"
            ),
            url,
        )
    };
    for variable in ["ssl_preread_server_name", "ssl_preread_protocol", "ssl_preread_alpn_protocols"] {
        assert_eq!(to(variable, "", URL), "upgrades", "{variable}");
        assert_eq!(to(variable, "ssl_preread on;", URL), "upgrades", "{variable}");
    }
    let decrypts = format!(
        "map $ssl_preread_server_name $to {{ '' 127.0.0.1:3000; default 127.0.0.1:0; }} server {{ listen 8080 {TLS} ssl_preread on; proxy_pass $to; }}"
    );
    assert_eq!(through(&decrypts, WSS), "upgrades");
    // Which protocols a client offers, nobody knows before.
    assert_eq!(to("ssl_preread_protocol", "ssl_preread on;", WSS), "unknown");
    assert_eq!(to("ssl_preread_alpn_protocols", "ssl_preread on;", WSS), "unknown");
    assert_eq!(to("ssl_preread_server_name", "ssl_preread on;", WSS), "broken");
    // `set` of plain text may run before or after.
    assert_eq!(to("ssl_preread_server_name", "ssl_preread on; set $x y;", WSS), "broken");
    assert_eq!(to("ssl_preread_server_name", "ssl_preread on; set $x $to;", WSS), "unknown");
    assert_eq!(to("x", "set $x '';", URL), "upgrades");
}

/// What `http` sends to an address at which a `stream` server listens.
#[test]
fn http_servers_send_requests_through_streams() {
    let sent = |stream: &str, to: &str| whole(stream, "8080", to, URL);
    let returns = |listen: &str, to: &str| sent(&format!("server {{ listen {listen}; return no; }}"), to);
    assert_eq!(returns("8082", "http://127.0.0.1:8082"), "broken");
    assert_eq!(returns("8082", "http://127.1.2.3:8082"), "broken");
    assert_eq!(returns("8082", "http://localhost:8082"), "broken");
    assert_eq!(returns("192.0.2.7:8082", "http://192.0.2.7:8082"), "broken");
    // Elsewhere, somebody else listens.
    assert_eq!(returns("8082", "http://192.0.2.7:8082"), "upgrades");
    assert_eq!(returns("8083", "http://127.0.0.1:8082"), "upgrades");
    assert_eq!(returns("127.0.0.2:8082", "http://127.0.0.1:8082"), "upgrades");
    assert_eq!(returns("8082 udp", "http://127.0.0.1:8082"), "upgrades");
    assert_eq!(returns("unix:/a.sock", "http://unix:/a.sock:/ws"), "broken");
    assert_eq!(returns("unix:/a.sock", "http://unix:/b.sock:/ws"), "upgrades");
    assert_eq!(returns("8082; listen 127.0.0.1:8082", "http://127.0.0.1:8082"), "unknown");
    // The first bytes of a request are none of the PROXY protocol, and TLS is what it is.
    let passes = |listen: &str, to: &str| sent(&format!("server {{ listen {listen} proxy_pass 127.0.0.1:3000; }}"), to);
    assert_eq!(passes("8082;", "http://127.0.0.1:8082"), "upgrades");
    assert_eq!(passes("8082 proxy_protocol;", "http://127.0.0.1:8082"), "broken");
    assert_eq!(passes(&format!("8082 {TLS}"), "http://127.0.0.1:8082"), "broken");
    assert_eq!(passes(&format!("8082 {TLS}"), "https://127.0.0.1:8082"), "upgrades");
    assert_eq!(passes("8082;", "https://127.0.0.1:8082"), "unknown");
}

/// What was decrypted is encrypted anew without the name that the browser said: the default server decides.
#[test]
fn a_stream_that_decrypts_and_encrypts_names_no_server() {
    let verdict = |default: &str| {
        let text = format!(
            "events {{}}\nstream {{ server {{ listen 8080 {TLS} proxy_ssl on; proxy_pass 127.0.0.1:8081; }} }}\nhttp {{\n\
             server {{ listen 127.0.0.1:8081 {TLS} server_name other.com; {default} }}\n\
             server {{ listen 127.0.0.1:8081 {TLS} server_name example.com; location /ws {{ proxy_http_version 1.1; \
             proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\"; \
             proxy_pass http://127.0.0.1:3000; }} }}\n}}\n"
        );
        common::verdict(&common::single(&text), WSS, "1.22.1").0
    };
    assert_eq!(verdict(""), "upgrades");
    assert_eq!(verdict("ssl_reject_handshake on;"), "broken");
}
