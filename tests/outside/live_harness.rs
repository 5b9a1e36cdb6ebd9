//! The live harness itself, tried on configurations whose outcome is known: if one of these fails,
//! what the other live tests say about a configuration means nothing.

use std::collections::BTreeMap;

use crate::support::{Backend, Nginx, Observation, observe};

const URL: &str = "ws://example.com:8080/ws";

const FORWARD: &str = "proxy_http_version 1.1;\nproxy_set_header Upgrade $http_upgrade;\n";

fn nginx() -> Nginx {
    Nginx::find().expect("no nginx on this machine: apt-get install nginx-light")
}

/// Observes a server with one location; `http` goes beside the server, `location` beside the
/// proxy_pass.
fn seen(http: &str, location: &str, pass: &str) -> Observation {
    let text = format!(
        "events {{}}\nhttp {{\naccess_log off;\n{http}\nserver {{\nlisten 127.0.0.1:8080;\n\
         location /ws {{\n{location}\nproxy_pass {pass};\n}}\n}}\n}}\n"
    );
    let files = BTreeMap::from([("nginx.conf".to_owned(), text.into_bytes())]);
    let backend = Backend::start().expect("a backend can listen on loopback");
    observe(&nginx(), &backend, &files, URL).expect("the harness can judge a ws:// URL")
}

fn backend(http: &str, location: &str) -> Observation {
    seen(http, location, "http://127.0.0.1:9000")
}

#[test]
fn a_correct_configuration_upgrades_in_both_browsers() {
    let map = "map $http_upgrade $connection_upgrade { default upgrade; '' close; }";
    let correct = format!("{FORWARD}proxy_set_header Connection $connection_upgrade;");
    for pass in ["http://127.0.0.1:9000", "http://unix:/run/backend.sock:"] {
        let seen = seen(map, &correct, pass);
        assert_eq!((seen.verdict(), &seen.error, &seen.refused), ("upgrades", &None, &None), "{pass}");
        assert_eq!((seen.chrome.status, seen.firefox.status), (Some(101), Some(101)), "{pass}");
        assert_eq!(seen.ordinary.len(), 3);
        assert!(seen.ordinary.iter().all(|one| one.status == Some(200) && one.from_backend));
        let request = seen.backend_ordinary.expect("the ordinary request reached the backend");
        assert_eq!(request.line, "GET /ws HTTP/1.1");
        assert!(request.headers.contains(&("X-Client".to_owned(), "1".to_owned())));
        assert!(request.headers.contains(&("Connection".to_owned(), "close".to_owned())));
        assert_eq!(seen.reused, Some(false));
    }
}

#[test]
fn a_bare_proxy_pass_is_broken() {
    let seen = backend("", "");
    assert_eq!(seen.verdict(), "broken");
    assert_eq!(seen.refused.as_deref(), Some("the version is HTTP/1.0"));
    assert_eq!((seen.chrome.status, seen.chrome.opened), (Some(400), false));
    assert_eq!(seen.ordinary[0].status, Some(200));

    let seen = backend("", "proxy_http_version 1.1;");
    assert_eq!((seen.verdict(), seen.refused.as_deref()), ("broken", Some("Upgrade is []")));
}

#[test]
fn a_misspelt_connection_is_broken() {
    let seen = backend("", &format!("{FORWARD}proxy_set_header Connection \"ugrade\";"));
    assert_eq!((seen.verdict(), seen.refused.as_deref()), ("broken", Some("Connection is [\"ugrade\"]")));
}

#[test]
fn an_undefined_variable_is_rejected() {
    let seen = backend("", &format!("{FORWARD}proxy_set_header Connection $connection_upgrade;"));
    assert_eq!(seen.verdict(), "rejected");
    assert_eq!(seen.error.as_deref(), Some("[emerg] unknown \"connection_upgrade\" variable"));

    let seen = backend("bogus on;", "");
    assert_eq!(seen.error.as_deref(), Some("[emerg] unknown directive \"bogus\" in /srv/conf/nginx.conf:4"));
}

#[test]
fn only_a_closed_map_keeps_h2c_out() {
    let literal = backend("", &format!("{FORWARD}proxy_set_header Connection upgrade;"));
    assert_eq!((literal.verdict(), literal.h2c_tunnelled), ("upgrades", true));

    let map = "map $http_upgrade $connection_upgrade { default close; websocket upgrade; }";
    let closed = backend(map, &format!("{FORWARD}proxy_set_header Connection $connection_upgrade;"));
    assert_eq!((closed.verdict(), closed.h2c_tunnelled), ("upgrades", false));
}

#[test]
fn a_kept_alive_backend_connection_is_reused() {
    let upstream = "upstream pool { server 127.0.0.1:9000; keepalive 8; }";
    let seen = seen(upstream, "proxy_http_version 1.1;\nproxy_set_header Connection \"\";", "http://pool");
    assert_eq!((seen.verdict(), seen.reused), ("broken", Some(true)));
}

#[test]
fn a_port_that_nginx_does_not_open_is_broken_and_not_a_hang() {
    let files = BTreeMap::from([("nginx.conf".to_owned(), b"events {}\nhttp {}\n".to_vec())]);
    let backend = Backend::start().expect("a backend can listen on loopback");
    let seen = observe(&nginx(), &backend, &files, URL).expect("the harness can judge a ws:// URL");
    assert_eq!(seen.verdict(), "broken");
    assert_eq!(seen.error.as_deref(), Some("nginx runs, but does not listen on port 8080"));
    assert!(observe(&nginx(), &backend, &files, "wss://example.com:8080/ws").is_none());
}

#[test]
fn a_certificate_and_an_included_file_are_laid_out() {
    let root = "pid /srv/conf/own.pid;\nmaster_process on;\nevents {}\nhttp {\naccess_log off;\nserver {\n\
                listen 127.0.0.1:8080;\nlisten 127.0.0.1:8081 ssl;\nssl_certificate cert.pem;\n\
                ssl_certificate_key key.pem;\nlocation /ws {\ninclude parts/ws.conf;\n}\n}\n}\n";
    let part = format!("{FORWARD}proxy_set_header Connection upgrade;\nproxy_pass http://127.0.0.1:9000;\n");
    let files = [("nginx.conf", root.as_bytes()), ("parts/ws.conf", part.as_bytes())];
    let files = files.map(|(name, text)| (name.to_owned(), text.to_vec())).into();
    let backend = Backend::start().expect("a backend can listen on loopback");
    let seen = observe(&nginx(), &backend, &files, URL).expect("openssl makes the certificate");
    assert_eq!((seen.verdict(), seen.error), ("upgrades", None));
}
