//! Random configurations of two roots that include the same snippets: what is mended for one may harm the other.

use std::fmt::Write as _;

use super::case::{Ask, Case, MAIN, URL};
use super::common::Tree;
use super::generate::{self, Dice};

/// The roots; both listen where the harness asks.
const ROOTS: [&str; 2] = [MAIN, "edge.conf"];

/// What snippets are included by, and where: headers at any level, a location in a server, a map in `http`.
fn root(dice: &mut Dice, files: &Tree) -> String {
    let has = |name: &str| files.contains_key(name);
    let mut http = String::new();
    if has("snip/map.conf") && dice.one_in(2) {
        http.push_str("include snip/map.conf;\n");
    } else {
        generate::maps(dice, &mut http);
    }
    let pool = dice.pick(&["", "", "keepalive 8;", "keepalive 8;", "zone be 64k;"]);
    let _ = writeln!(http, "upstream be {{ server 127.0.0.1:9000; {pool} }}");
    let headers = |dice: &mut Dice, out: &mut String, one_in: usize| {
        if has("snip/headers.conf") && dice.one_in(one_in) {
            out.push_str("include snip/headers.conf;\n");
        }
    };
    headers(dice, &mut http, 6);
    generate::level(dice, &mut http, 5);
    let mut server = String::from("server {\nlisten 127.0.0.1:8080;\n");
    if dice.one_in(5) {
        server.push_str("server_name example.com;\n");
    }
    headers(dice, &mut server, 5);
    generate::level(dice, &mut server, 5);
    let site = has("snip/site.conf") && !dice.one_in(4);
    if site {
        server.push_str("include snip/site.conf;\n");
    }
    if !site || dice.one_in(2) {
        let _ = writeln!(server, "location {} {{", if site { "/other" } else { "/ws" });
        let before = dice.one_in(2);
        if before {
            headers(dice, &mut server, 1);
        }
        generate::level(dice, &mut server, 3);
        if dice.one_in(8) {
            server.push_str("proxy_request_buffering off;\n");
        }
        if !before {
            headers(dice, &mut server, 1);
        }
        if has("snip/pass.conf") && !dice.one_in(3) {
            server.push_str("include snip/pass.conf;\n");
        } else {
            server.push_str(dice.pick(&["proxy_pass http://127.0.0.1:9000;\n", "proxy_pass http://be;\n"]));
        }
        server.push_str("}\n");
    }
    server.push_str("}\n");
    format!("events {{ worker_connections 64; }}\nhttp {{\naccess_log off;\n{http}{server}}}\n")
}

/// One case.
pub(crate) fn case(seed: u64, case: u64) -> Case {
    let mut dice = Dice::new(seed ^ 0x726f_6f74, case);
    let mut tree = Tree::new();
    if !dice.one_in(3) {
        let mut text = String::new();
        generate::level(&mut dice, &mut text, 1);
        tree.insert("snip/headers.conf".to_owned(), text.into_bytes());
    }
    if dice.one_in(2) {
        let mut text = String::new();
        let header = dice.pick(&["/ws", "/ws", "/", "= /ws", "~ ^/ws"]);
        let mut included = Tree::new();
        generate::location(&mut dice, &mut text, header, 1, &mut included);
        tree.insert("snip/site.conf".to_owned(), text.into_bytes());
        // Includes are sought from the root on.
        tree.extend(included);
    }
    if dice.one_in(2) {
        let mut text = String::new();
        generate::pass(&mut dice, &mut text);
        generate::level(&mut dice, &mut text, 3);
        tree.insert("snip/pass.conf".to_owned(), text.into_bytes());
    }
    if dice.one_in(3) {
        let mut text = String::new();
        generate::maps(&mut dice, &mut text);
        tree.insert("snip/map.conf".to_owned(), text.into_bytes());
    }
    for name in ROOTS {
        let text = root(&mut dice, &tree);
        tree.insert(name.to_owned(), text.into_bytes());
    }
    let ask = |root| Ask { root, url: URL.to_owned() };
    Case { tree, asks: ROOTS.map(ask).into(), renderings: Vec::new() }
}
