//! Templates: what is certain in each language, what is unknown, and what decides.
//!
//! Each `grammar-fixtures/templates/*.conf` is read in memory; beside it stands what is said of it, and
//! what `--fix` makes of it, if anything. `UPDATE_FIXTURES=1 cargo test --test it templates::` writes both.

#![allow(clippy::unwrap_used, reason = "a test that panics has said what it has to say")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use wslint::catalog::name;
use wslint::engine::{Options, check};
use wslint::fix::{Wanted, fix};
use wslint::model::analysis::{Analysis, Versions};
use wslint::model::config::include::expand;
use wslint::model::config::inherit::Found;
use wslint::model::evidence::Declarations;
use wslint::source::{MemFs, Place};
use wslint::syntax::Files;

use crate::common;

/// What is said of a file: its endpoints, then its findings.
fn said(name: &str, bytes: &[u8]) -> String {
    let fs = MemFs::new([(PathBuf::from(name), bytes.to_vec())]);
    let mut files = Files::new(&fs);
    let targets = [common::target_called(&mut files, name)];
    let options = Options { beside: true, ..common::options(None, None) };
    let checked = check(&mut files, &targets, &options);
    // Whatever a report may show of it, it is what stands in the file, and no byte of its mask.
    let everything = format!("{checked:?}");
    for mask in ["\\u{1}", "\\u{2}", "\\u{3}"] {
        assert!(!everything.contains(mask), "{name}: {everything}");
    }
    let line = |place: Place| {
        let file = files.sources.get(place.file);
        file.lines().line_column(place.span.start, &file.bytes).0
    };
    let mut out = String::new();
    for endpoint in &checked.endpoints {
        let (words, verdict) = (endpoint.words(), endpoint.verdict.as_str());
        let evidence = endpoint.evidence.as_str();
        write!(out, "{}: location {}: {evidence}, {verdict}", line(endpoint.place), words.location).unwrap();
        if let Some(undecided) = endpoint.undecided.as_deref() {
            write!(out, " ({}", undecided.text.en).unwrap();
            if let Some(place) = undecided.place {
                write!(out, " in line {}", line(place)).unwrap();
            }
            out.push(')');
        }
        out.push('\n');
    }
    for found in &checked.diagnostics {
        let fix = if found.fix.is_some() { ", with a fix" } else { "" };
        let severity = found.severity.as_str();
        writeln!(out, "{}: {severity}[{}] {}{fix}", line(found.primary.place), found.rule, found.message.en).unwrap();
    }
    out
}

fn fixed(name: &str, bytes: &[u8]) -> Vec<u8> {
    let fs = MemFs::new([(PathBuf::from(name), bytes.to_vec())]);
    let open = |files: &mut Files<'_>| vec![common::target_called(files, name)];
    let outcome = fix(&fs, &open, &common::options(None, None), Wanted { unsafe_too: false }, &|_| true);
    assert_eq!(outcome.failed, None, "{name}");
    outcome.files.into_iter().next().map_or_else(|| bytes.to_vec(), |(_, patched)| patched.text())
}

#[test]
fn every_language_is_read_as_far_as_it_is_certain() {
    let update = std::env::var_os("UPDATE_FIXTURES").is_some();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("grammar-fixtures/templates");
    let mut cases: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).collect();
    cases.retain(|p| p.extension().is_some_and(|e| e == "conf"));
    cases.sort();
    assert!(cases.len() > 20);
    for case in cases {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(&case).unwrap();
        let (report, patched) = (said(&name, &bytes), fixed(&name, &bytes));
        assert_eq!(fixed(&name, &patched), patched, "{name}: a fix is made once");
        let (expected, after) = (case.with_extension("expected"), case.with_extension("fixed"));
        if update {
            std::fs::write(&expected, &report).unwrap();
            let _ = std::fs::remove_file(&after);
            if patched != bytes {
                std::fs::write(&after, &patched).unwrap();
            }
        }
        assert_eq!(report, std::fs::read_to_string(&expected).unwrap_or_default(), "{name}");
        let want = std::fs::read(&after).unwrap_or(bytes);
        assert_eq!(String::from_utf8_lossy(&patched), String::from_utf8_lossy(&want), "{name}");
    }
}

/// Whatever stands in a file, its mask is as long as the file, and reading it takes no longer than it should.
#[test]
fn hostile_templates_are_read_in_linear_time() {
    for piece in [
        "{% if a %}",
        "{{",
        "${",
        "<%",
        "{% endif %}",
        "%{ if x ~}",
        "[[ .A ]]",
        "{% if a %}x;{% else %}",
        "\\$host",
        "${a}listen 80;\n",
        "{% foo %}",
        "_",
        "<",
        "{% comment %}",
        "[% IF a %]",
        "[% ",
        "|AB|\n",
        "|*if A|",
        "@@a",
        "%(a",
        "<AB",
        "#{a",
    ] {
        let text = piece.repeat(20_000);
        let start = std::time::Instant::now();
        let ast = wslint::syntax::parse_template(text.as_bytes());
        assert_eq!(ast.text(text.as_bytes()).len(), text.len());
        assert!(start.elapsed().as_secs() < 20, "{piece}");
    }
}

/// A line between tags is there in some renderings: without one, nobody knows what is effective.
#[test]
fn a_line_between_tags_is_not_certain_without_a_rendering() {
    let with = |before: &str, behind: &str| {
        let text = format!(
            "events {{}}\nhttp {{\n    server {{\n        listen 8080;\n        location /ws {{\n{before}\
             proxy_http_version 1.1;\n{behind}            proxy_pass http://127.0.0.1:3000;\n        }}\n    }}\n}}\n"
        );
        let fs = common::mem(&common::single(&text));
        let mut files = Files::new(&fs);
        let root = common::target(&mut files);
        let expanded = expand(&mut files, root.file, root.context, &root.lookup);
        let declared = Declarations::default();
        let analysis = Analysis::new(&files.sources, &files.asts, &expanded, true, false, Versions::ALL, &declared);
        analysis.config().effective(analysis.endpoints[0].scope, name::PROXY_HTTP_VERSION)
    };
    assert!(matches!(with("", ""), Found::At(_, true)));
    assert_eq!(with("{% if modern %}\n", "{% endif %}\n"), Found::Unknown);
}

/// What is said of `ws://example.com:8080/ws` in a server with these lines before its location and in it.
fn of_a_server(before: &str, location: &str, within: &str) -> String {
    let text = format!(
        "events {{}}\nhttp {{\n  server {{\n    listen 8080;\n    {before}\n    location {location} {{\n      \
         proxy_set_header Upgrade $http_upgrade;\n      proxy_set_header Connection \"upgrade\";\n      {within}\n      \
         proxy_pass http://127.0.0.1:3000;\n    }}\n  }}\n}}\n"
    );
    common::verdict(&common::single(&text), "ws://example.com:8080/ws", "1.22.1").0
}

/// Each was certain once, and one of its renderings did something else (`cargo test --test live templates`).
#[test]
fn what_a_template_leaves_open_is_not_certain() {
    let http11 = "proxy_http_version 1.1;";
    assert_eq!(of_a_server("", "/ws", http11), "upgrades");
    assert_eq!(of_a_server("", "/ws", ""), "broken");
    let open = [
        // A status, a condition, a pattern.
        of_a_server("if ($http_upgrade) { return {{ code }}; }", "/ws", http11),
        of_a_server("return $CODE;", "/ws", http11),
        of_a_server("if ({{ condition }}) { return 404; }", "/ws", http11),
        of_a_server("rewrite {{ pattern }} /other last;", "/ws", http11),
        // `$NAME` where nginx replaces nothing, which a script does.
        of_a_server("", "/ws", "proxy_http_version $VERSION;"),
        of_a_server("", "$LOCATION", http11),
        of_a_server("", "/ws", "proxy_http_version 1.1;\n proxy_set_header $HEADER close;"),
        // A header of the answer that may be `Upgrade`.
        of_a_server("", "/ws", "proxy_http_version 1.1;\n add_header ${HEADER} x always;"),
        of_a_server("", "/ws", "proxy_http_version 1.1;\n proxy_hide_header ${HEADER};"),
        // Two lines of one name in some rendering.
        of_a_server("", "/ws", "{% if a %}\nproxy_http_version 1.1;\n{% endif %}\nproxy_http_version 1.1;"),
        of_a_server("", "/ws", "proxy_http_version 1.1;\n{% if a %}\nproxy_buffering maybe;\n{% endif %}"),
        // A variable that one line defines and another uses, in no rendering or in some.
        of_a_server("{% if a %}\nset $x 1;\n{% endif %}\nadd_header X $x;", "/ws", http11),
        of_a_server("{% if a %}\nset $x 1;\n{% endif %}\n{% if b %}\nadd_header X $x;\n{% endif %}", "/ws", http11),
        // Whether a second page is looked for.
        of_a_server(
            "error_page 404 = /a;\nerror_page 418 = @b;\nrecursive_error_pages ${ON};\n location /a { return 418; }\n location @b { return 404; }\n location /ws { return 404; }",
            "/x",
            http11,
        ),
        // Which server has the name.
        of_a_server("server_name ${NAME};\n }\n server {\n listen 8080;\n server_name .example.com;", "/ws", http11),
    ];
    assert_eq!(open, ["unknown"; 15]);
    // Whose name it is does not matter where there is one server, nor where an earlier one has it.
    assert_eq!(of_a_server("server_name ${NAME};", "/ws", http11), "upgrades");
    // Lines of two alternatives are never there together.
    let either = "{% if a %}\nproxy_http_version 1.1;\n{% else %}\nproxy_http_version 1.1;\n{% endif %}";
    assert_eq!(of_a_server("", "/ws", either), "upgrades");
    let together = "{% if a %}\nset $x 1;\n{% endif %}\n{% if a %}\nadd_header X $x;\n{% endif %}";
    assert_eq!(of_a_server(together, "/ws", http11), "upgrades");
    let each = "{% if a %}\nset $x 1;\n{% else %}\nset $x 2;\n{% endif %}\nadd_header X $x;";
    assert_eq!(of_a_server(each, "/ws", http11), "upgrades");
    // What nobody defines in any rendering, nginx refuses, if every line is there to see.
    let undefined = "add_header X $x;\n{% if a %}\ngzip on;\n{% endif %}";
    assert_eq!(of_a_server(undefined, "/ws", http11), "rejected");
    assert_eq!(of_a_server(&format!("{undefined}\n{{% include 'x' %}}"), "/ws", http11), "unknown");
    // A named location holds none, whatever its path.
    assert_eq!(of_a_server("location @x {\n location ${PATH} { }\n }", "/ws", http11), "rejected");
    // Of two lines of one name the values do not matter.
    assert_eq!(of_a_server("", "/ws", "proxy_http_version 1.1;\n proxy_http_version {{ version }};"), "rejected");
    // What a newer nginx has may stand behind a tag that asks which it is.
    let newer = "{% if newer %}\nhttp2 on;\n{% endif %}";
    assert_eq!(of_a_server(newer, "/ws", http11), "upgrades");
}

/// The line that makes up for it is there in some renderings only.
#[test]
fn no_line_goes_for_one_behind_a_tag() {
    let text = |tag: &str, end: &str| {
        format!(
            "events {{}}\nhttp {{\n  server {{\n    listen 8080;\n    location /ws {{\n      proxy_pass http://127.0.0.1:3000;\n      \
             proxy_http_version 1.1;\n      proxy_set_header Upgrade $http_upgrade;\n      proxy_set_header Connection \"upgrade\";\n\
             {tag}      proxy_set_header Upgrade $http_upgrade;\n{end}    }}\n  }}\n}}\n"
        )
    };
    let count =
        |text: &str| String::from_utf8(fixed("nginx.conf", text.as_bytes())).unwrap().matches("Upgrade $").count();
    assert_eq!(count(&text("", "")), 1);
    assert_eq!(count(&text("{% if a %}\n", "{% endif %}\n")), 2);
}

/// An include behind a tag: what is refused within is there in some renderings only.
#[test]
fn what_is_included_behind_a_tag_is_not_certain() {
    let root = "events {}\nhttp {\n{% if a %}\ninclude conf.d/*.conf;\n{% endif %}\n}\n";
    let site = "server {\nlisten 8080;\nlocation /ws {\nproxy_http_version 1.1;\nproxy_http_version 1.1;\n}\n}\n";
    let tree = common::Tree::from([
        ("nginx.conf".to_owned(), root.as_bytes().to_vec()),
        ("conf.d/site.conf".to_owned(), site.as_bytes().to_vec()),
    ]);
    assert_ne!(common::verdict(&tree, "ws://example.com:8080/ws", "1.22.1").0, "rejected");
}

/// What lines may hold that nobody sees, nobody misses; what stands there and is wrong stays wrong.
#[test]
fn what_is_missing_may_stand_between_tags() {
    let refusals = |lines: &str| {
        common::refusals(&common::single(&format!("events {{}}\nhttp {{\nserver {{\n{lines}\n}}\n}}\n")), "1.22.1")
    };
    let tags = "{% if gzip %}\ngzip on;\n{% endif %}";
    let hole = "{% if tls %}\n{% include 'tls.conf' %}\n{% endif %}";
    let missing = ["no \"ssl_certificate\" is defined for the \"listen ... ssl\" directive"];
    assert_eq!(refusals("listen 8443 ssl;"), missing);
    assert_eq!(refusals(&format!("listen 8443 ssl;\n{tags}")), missing);
    assert_eq!(refusals(&format!("listen 8443 ssl;\n{hole}")), [""; 0]);
    let wrong = ["unknown directive \"lisen\""];
    assert_eq!(refusals("lisen 8443;"), wrong);
    assert_eq!(refusals(&format!("lisen 8443;\n{tags}")), wrong);
}

/// Headers that would be lost are repeated; but what a template writes means nothing in another file.
#[test]
fn what_a_template_writes_is_not_repeated_in_another_file() {
    let root = |header: &str| {
        format!(
            "events {{}}\nhttp {{\nproxy_set_header X-Token {header};\n# ${{PORT}}\nresolver ${{RESOLVER}};\ninclude conf.d/*.conf;\n}}\n"
        )
    };
    let site =
        "server {\nlisten 8080;\nlocation /ws {\nproxy_http_version 1.1;\nproxy_pass http://127.0.0.1:9000;\n}\n}\n";
    let fixed = |header: &str| {
        let tree = common::Tree::from([
            ("nginx.conf".to_owned(), root(header).into_bytes()),
            ("conf.d/site.conf".to_owned(), site.as_bytes().to_vec()),
        ]);
        let fixed = common::fixed(&tree, &common::options(None, None), false).unwrap();
        String::from_utf8(fixed["conf.d/site.conf"].clone()).unwrap()
    };
    assert!(fixed("secret").contains("X-Token secret;"), "{}", fixed("secret"));
    assert_eq!(fixed("${TOKEN}"), site);
    assert_eq!(fixed("$TOKEN"), site);
}
