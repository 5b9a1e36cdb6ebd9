//! Conditions with several halves, each asked by itself: what a changed sign in one of them would turn.
#![allow(clippy::unwrap_used, reason = "a test that panics has said what it has to say")]

use wslint::model::evidence::Evidence;
use wslint::syntax::Files;

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

/// Evidence and verdict of each endpoint.
fn endpoints(tree: &common::Tree) -> Vec<(Evidence, &'static str)> {
    let fs = common::mem(tree);
    let mut files = Files::new(&fs);
    let targets = [common::target(&mut files)];
    let checked = wslint::engine::check(&mut files, &targets, &common::options(Some("1.22.1"), None));
    checked.endpoints.iter().map(|e| (e.evidence, e.verdict.as_str())).collect()
}

fn verdicts(text: &str) -> Vec<&'static str> {
    endpoints(&common::single(text)).into_iter().map(|(_, verdict)| verdict).collect()
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
        endpoints(&server(&format!("location {location} {{ proxy_pass http://127.0.0.1:3000; }}")))[0].0
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

/// The lines of a server count for its own locations, however alike those of two servers are.
#[test]
fn locations_with_the_same_lines_differ_with_their_servers() {
    let sends = "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\";";
    let text: String = [("8080", "1.1"), ("8081", "1.0"), ("8082", "1.1"), ("8083", "1.0")]
        .map(|(port, version)| {
            format!(
                "server {{ listen {port}; proxy_http_version {version}; \
                 location /ws {{ {sends} proxy_pass http://127.0.0.1:3000; }} }}\n"
            )
        })
        .concat();
    let found = verdicts(&format!("events {{}}\nhttp {{\n{text}}}\n"));
    assert_eq!(found, ["upgrades", "broken", "upgrades", "broken"]);
}

/// Beside `events` and `http`, and in an `if`, nothing can be set for a `proxy_pass`.
#[test]
fn a_missing_file_leaves_open_what_may_stand_in_it() {
    let sends = "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\";";
    let with = |main: &str, http: &str, server: &str, location: &str| {
        verdicts(&format!(
            "events {{}}\n{main}\nhttp {{\n{http}\nserver {{\nlisten 8080;\n{server}\n\
             location /ws {{ {location} {sends} proxy_pass http://127.0.0.1:3000; }}\n}}\n}}\n"
        ))
    };
    let missing = "include missing.conf;";
    assert_eq!(with("", "", "", ""), ["broken"]);
    assert_eq!(with(missing, "", "", ""), ["broken"]);
    assert_eq!(with("", missing, "", ""), ["unknown"]);
    assert_eq!(with("", "", missing, ""), ["unknown"]);
    assert_eq!(with("", "", "", missing), ["unknown"]);
}

/// Server-sent events go out without a buffer; what keeps connections alive alone says nothing.
#[test]
fn an_empty_connection_is_server_sent_events_only_where_nothing_is_buffered() {
    let evidence =
        |lines: &str| endpoints(&server(&format!("location /a {{ {lines} proxy_pass http://127.0.0.1:3000; }}")))[0].0;
    let empty = "proxy_set_header Connection \"\";";
    assert_eq!(evidence(""), Evidence::None);
    assert_eq!(evidence(empty), Evidence::None);
    assert_eq!(evidence("proxy_buffering off;"), Evidence::None);
    assert_eq!(evidence(&format!("{empty} proxy_buffering off;")), Evidence::Excluded);
    assert_eq!(evidence(&format!("{empty} proxy_buffering on;")), Evidence::None);
    assert_eq!(evidence(&format!("{empty} proxy_buffering off; proxy_set_header Upgrade \"\";")), Evidence::None);
}

/// `ngx.exec` leads from anywhere in a server to a location that nothing else reaches, with whatever it has set.
#[test]
fn a_script_anywhere_in_the_server_counts_where_only_jumps_lead() {
    let with = |other: &str, opens: &str| {
        let lines =
            "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $conn; proxy_http_version 1.1;";
        let tree = server(&format!(
            "set $conn upgrade; error_page 404 = @ws; error_page 405 = /ws;\n\
             location /x {{ {other} return 404; }}\nlocation {opens} {lines} proxy_pass http://127.0.0.1:3000; }}"
        ));
        endpoints(&tree)[0].1
    };
    for opens in ["@ws {", "/ws { internal;", "/ws {"] {
        assert_eq!(with("", opens), "upgrades", "{opens}");
    }
    let script = "access_by_lua_file choose.lua;";
    assert_eq!(with(script, "@ws {"), "unknown");
    assert_eq!(with(script, "/ws { internal;"), "unknown");
    // A client's own request has passed no other location.
    assert_eq!(with(script, "/ws {"), "upgrades");
    // No jump leads from one server to another.
    let beside = format!("return 404; }} }} server {{ listen 81; location /y {{ {script}");
    for jump in ["error_page 404 = @ws;", ""] {
        let ours = format!("{beside} }} }} server {{ listen 82; {jump} set $conn upgrade; location /z {{");
        assert_eq!(with(&ours, "@ws {"), "upgrades", "{jump}");
    }
}

/// What a `map` says is a value with variables; what `geo` says is text.
#[test]
fn values_of_a_map_are_read_for_variables() {
    let refusals = |block: &str| {
        common::refusals(
            &common::single(&format!("events {{}}\nhttp {{\n{block}\nserver {{ return 200 $x; }}\n}}\n")),
            "1.22.1",
        )
    };
    let unknown = ["unknown \"nope\" variable"];
    assert_eq!(refusals("map $host $x { default $nope; }"), unknown);
    assert_eq!(refusals("map $host $x { a b; example.com a$nope; }"), unknown);
    assert_eq!(refusals("map $host $x { default $uri; }"), [""; 0]);
    assert_eq!(refusals("geo $x { default $nope; }"), [""; 0]);
    assert_eq!(refusals("split_clients $uri $x { 50% $nope; * b; }"), [""; 0]);
}

#[test]
fn a_resolver_of_mail_may_be_off_and_one_without_servers_is_none() {
    let mail = |line: &str| {
        let text =
            format!("events {{}}\nmail {{ {line} auth_http 127.0.0.1:9; server {{ listen 25; protocol smtp; }} }}\n");
        common::refusals(&common::single(&text), "1.22.1")
    };
    assert_eq!(mail("resolver off;"), [""; 0]);
    let http = |line: &str| common::refusals(&server(line), "1.22.1");
    assert_eq!(http("resolver 127.0.0.1 valid=1s;"), [""; 0]);
    assert_eq!(http("resolver valid=1s;"), ["no name servers defined"]);
}

#[test]
fn who_forgot_a_semicolon_is_told_in_which_line() {
    let help = |lines: &str| {
        let found = common::findings(&server(lines), &common::options(Some("1.22.1"), None));
        let one = found.iter().find(|d| d.rule == "directive-not-allowed").unwrap();
        one.help.en.to_string()
    };
    // The server's own lines begin in line 5. No directive is called so: the parser has nothing to hold on to.
    let behind = |lines: &str| help(&format!("{lines}\nX-Own x;"));
    assert_eq!(behind("proxy_set_header Upgrade $http_upgrade"), "a `;` seems to be missing at the end of line 5");
    assert!(!help("proxy_set_header X-Own 1 2;").contains("missing at the end"));
}

/// What is not decided in one server has a cause in another, however alike their lines are.
#[test]
fn an_undecided_endpoint_hides_no_cause_of_its_like() {
    let location = |to: &str| {
        format!(
            "location /b {{ proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; \
             proxy_set_header Connection $1; proxy_pass http://127.0.0.1:3000{to}; }}"
        )
    };
    let tree = common::single(&format!(
        "events {{}}\nhttp {{\nserver {{ listen 8080; location / {{ try_files /none /e/$uri; }}\n{}\n\
         location @w {{ set $to x; }} }}\nserver {{ listen 8081;\n{}\n}}\n}}\n",
        location(""),
        location("/y")
    ));
    assert_eq!(crate::laws::one_mouth::contradictions(&tree, "nginx.conf", &[]), [""; 0]);
}

/// A module that nobody here knows brings variables that begin as its directives do.
#[test]
fn a_variable_of_another_module_is_no_refusal() {
    let with = |http: &str, location: &str| {
        verdicts(&format!(
            "events {{}}\nhttp {{\n{http}\nserver {{ listen 8080; location /ws {{ {location} proxy_http_version 1.1; \
             proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\"; \
             proxy_pass http://127.0.0.1:3000; }} }}\n}}\n"
        ))
    };
    let header = "proxy_set_header X-Channel $nchan_channel_id;";
    assert_eq!(with("", header), ["rejected"]);
    assert_eq!(with("nchan_max_reserved_memory 64M;", header), ["upgrades"]);
    assert_eq!(with("proxi_nothing on;", "proxy_set_header X-Port $proxy_nothing;"), ["rejected"]);
}

/// A location for other methods is none of a handshake, whatever headers it inherits.
#[test]
fn a_location_that_denies_a_get_is_no_websocket() {
    let evidence = |path: &str, lines: &str| {
        let headers = "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\";";
        endpoints(&server(&format!("location {path} {{ {lines} {headers} proxy_pass http://127.0.0.1:3000; }}")))[0].0
    };
    assert_eq!(evidence("/api", ""), Evidence::Configured);
    assert_eq!(evidence("/api", "limit_except POST { deny all; }"), Evidence::Excluded);
    assert_eq!(evidence("/api", "limit_except POST { deny 10.0.0.1; }"), Evidence::Configured);
    assert_eq!(evidence("/api", "limit_except GET { deny all; }"), Evidence::Configured);
    assert_eq!(evidence("/ws", "limit_except POST { deny all; }"), Evidence::Configured);
}
