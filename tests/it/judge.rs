//! A handshake that has arrived at a `proxy_pass`: what its target, its timeouts and the headers of the answer make
//! of it, one line at a time. `verdicts/` is what nginx does.

use crate::common;

const URL: &str = "ws://example.com:8080/ws";
const WS: &str =
    "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\";";

fn at(version: &str, http: &str, lines: &str, target: &str) -> String {
    let text = format!(
        "events {{}}\nhttp {{\n{http}\nserver {{\nlisten 8080;\nlocation /ws {{\n{WS}\n{lines}\nproxy_pass {target};\n}}\n}}\n}}\n"
    );
    common::verdict(&common::single(&text), URL, version).0
}

fn with(lines: &str) -> String {
    at("1.22.1", "", lines, "http://127.0.0.1:3000")
}

#[test]
fn sizes_rates_and_times_that_are_too_small_leave_it_open() {
    for (lines, verdict) in [
        ("proxy_buffer_size 1k;", "upgrades"),
        ("proxy_buffer_size 1023;", "unknown"),
        ("proxy_buffer_size 1024;", "upgrades"),
        ("limit_rate 0;", "upgrades"),
        ("limit_rate 1024;", "upgrades"),
        ("limit_rate 1023;", "unknown"),
        ("limit_rate $rate; set $rate 1k;", "unknown"),
        ("proxy_read_timeout 0;", "unknown"),
        ("proxy_read_timeout 1ms;", "upgrades"),
        ("proxy_connect_timeout 0;", "broken"),
        ("proxy_connect_timeout 1ms;", "upgrades"),
        ("proxy_cache off;", "upgrades"),
        ("ssi on;", "upgrades"),
        ("ssi on; ssi_types text/xml;", "upgrades"),
        ("ssi on; ssi_types *;", "unknown"),
        ("ssi off; ssi_types *;", "upgrades"),
        ("auth_request off;", "upgrades"),
        ("mirror off;", "upgrades"),
    ] {
        assert_eq!(with(lines), verdict, "{lines}");
    }
    let cached =
        |lines: &str| at("1.22.1", "proxy_cache_path /var/cache/x keys_zone=x:1m;", lines, "http://127.0.0.1:3000");
    assert_eq!(cached("proxy_cache x;"), "unknown");
    assert_eq!(cached("proxy_cache x; proxy_cache_bypass $http_upgrade;"), "upgrades");
    assert_eq!(cached("proxy_cache x; proxy_cache_bypass $http_pragma;"), "unknown");
}

/// RFC 6455 §4.1: what a browser must find in the answer, and what it must not.
#[test]
fn headers_of_the_answer_are_there_once() {
    for (lines, verdict) in [
        ("proxy_hide_header Upgrade;", "broken"),
        ("proxy_hide_header sec-websocket-accept;", "broken"),
        ("proxy_hide_header Server;", "upgrades"),
        ("proxy_hide_header Upgrade; proxy_pass_header upgrade;", "upgrades"),
        ("proxy_hide_header Upgrade; proxy_pass_header Server;", "broken"),
        ("add_header Upgrade websocket always;", "broken"),
        ("add_header Upgrade websocket;", "upgrades"),
        ("add_header Upgrade \"\" always;", "upgrades"),
        ("add_header X-Own own always;", "upgrades"),
        ("add_header Sec-WebSocket-Protocol chat always;", "broken"),
        ("add_header Sec-WebSocket-Extensions x always;", "broken"),
        ("add_header Sec-WebSocket-Accept x always;", "broken"),
        ("add_header Sec-WebSocket-Protocol $http_x_none always;", "upgrades"),
        ("proxy_set_header Sec-WebSocket-Key $http_sec_websocket_key;", "upgrades"),
        ("proxy_set_header Sec-WebSocket-Key dGhlIHNhbXBsZSBub25jZQ==;", "broken"),
        ("proxy_set_header Sec-WebSocket-Key \"\";", "broken"),
    ] {
        assert_eq!(with(lines), verdict, "{lines}");
    }
    let outer = |lines: &str, version: &str| {
        at(version, "add_header Upgrade websocket always;", lines, "http://127.0.0.1:3000")
    };
    assert_eq!(outer("", "1.22.1"), "broken");
    assert_eq!(outer("add_header X-Own own;", "1.22.1"), "upgrades");
    assert_eq!(outer("add_header X-Own own; add_header_inherit merge;", "1.29.3"), "broken");
    assert_eq!(outer("add_header X-Own own; add_header_inherit off;", "1.29.3"), "upgrades");
}

#[test]
fn a_target_of_variables_is_checked_when_a_request_arrives() {
    let set = |value: &str, lines: &str| at("1.22.1", "", &format!("set $to {value}; {lines}"), "$to");
    for (value, lines, verdict) in [
        ("http://127.0.0.1:3000", "", "upgrades"),
        ("http://[::1]:3000", "", "upgrades"),
        ("HTTP://127.0.0.1:3000", "", "upgrades"),
        ("ftp://127.0.0.1", "", "broken"),
        ("127.0.0.1:3000", "", "broken"),
        ("http://127.0.0.1:99999", "", "broken"),
        ("http://a.example", "", "broken"),
        ("http://a.example", "resolver 127.0.0.1;", "upgrades"),
        ("http://unix:/a.sock", "", "upgrades"),
        ("http://127.0.0.1:3000", "proxy_connect_timeout 0;", "broken"),
        ("$cookie_to", "", "upgrades"),
        ("$cookie_to", "proxy_connect_timeout 0;", "unknown"),
        ("http://$cookie_to:80", "proxy_connect_timeout 0;", "unknown"),
        ("http://10.0.0.$cookie_to", "proxy_connect_timeout 0;", "unknown"),
    ] {
        assert_eq!(set(value, lines), verdict, "{value} {lines}");
    }
    // What nobody knows may be a socket, unless it says that it is none.
    let no_time = |target: &str| at("1.22.1", "", "proxy_connect_timeout 0;", target);
    assert_eq!(no_time("http://$cookie_to:80"), "unknown");
    assert_eq!(no_time("http://pool$cookie_to"), "unknown");
    assert_eq!(no_time("http://10.0.0.1:80/$cookie_to"), "broken");
    let upstream = |servers: &str, lines: &str, target: &str| {
        at("1.22.1", &format!("upstream pool {{ {servers} }}"), &format!("set $to pool; {lines}"), target)
    };
    assert_eq!(upstream("server 127.0.0.1:3000;", "", "http://$to"), "upgrades");
    assert_eq!(upstream("server 127.0.0.1:3000 down;", "", "http://$to"), "broken");
    assert_eq!(upstream("server 127.0.0.1:3000 down;", "", "http://pool"), "broken");
    assert_eq!(upstream("server 127.0.0.1:3000 down; server 127.0.0.1:3001;", "", "http://pool"), "upgrades");
    assert_eq!(upstream("server 127.0.0.1:3000 down; include missing.conf;", "", "http://pool"), "upgrades");
    // A port beside the name is another host.
    assert_eq!(upstream("server 127.0.0.1:3000;", "", "http://$to:80"), "broken");
    // One of its servers may be a socket.
    let no_time = "proxy_connect_timeout 0;";
    assert_eq!(upstream("server 127.0.0.1:3000;", no_time, "http://pool"), "broken");
    assert_eq!(upstream("server unix:/a.sock;", no_time, "http://pool"), "upgrades");
}

#[test]
fn nginx_tunnels_since_1_3_13() {
    assert_eq!(at("1.3.13", "", "", "http://127.0.0.1:3000"), "upgrades");
    assert_eq!(at("1.3.12", "", "", "http://127.0.0.1:3000"), "broken");
}
