//! Configurations of any size, for the benchmarks.
#![allow(dead_code, reason = "each benchmark uses its own part")]

use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};

use wslint::engine::{Baseline, Checked, Options, Selection, Target, check};
use wslint::fix::{Wanted, unified};
use wslint::i18n::Lang;
use wslint::model::ScopeKind;
use wslint::model::analysis::Versions;
use wslint::model::config::lookup::Lookup;
use wslint::model::evidence::Declarations;
use wslint::report::{self, Look, Report};
use wslint::rules;
use wslint::source::MemFs;
use wslint::syntax::Files;

/// Files by name; `nginx.conf` is the root.
pub(crate) type Tree = Vec<(String, String)>;

const HEADERS: &str =
    "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;";
const MAP: &str =
    "    map $http_upgrade $connection_upgrade {\n        default upgrade;\n        ''      close;\n    }\n";

fn root(body: &str) -> Tree {
    vec![("nginx.conf".to_owned(), format!("events {{}}\nhttp {{\n{MAP}{body}}}\n"))]
}

/// Servers of four locations each; without the handshake's lines half of the locations are findings.
pub(crate) fn servers(count: usize, good: bool) -> Tree {
    let headers = if good { HEADERS } else { "" };
    let mut body = String::new();
    for i in 0..count {
        let _ =
            write!(body, "    server {{\n        listen 127.0.0.1:8080;\n        server_name host{i}.example.com;\n");
        for path in ["/", "/api", "/ws", "/socket.io/"] {
            let port = 9000 + i % 100;
            let _ = write!(
                body,
                "        # location {path} of host {i}\n        location {path} {{\n            {headers}\n            proxy_set_header Host $host;\n            proxy_pass http://127.0.0.1:{port};\n        }}\n"
            );
        }
        body.push_str("    }\n");
    }
    root(&body)
}

/// Servers no two blocks of which are the same.
pub(crate) fn different(count: usize) -> Tree {
    let mut body = String::new();
    for i in 0..count {
        let _ = write!(
            body,
            "    server {{\n        listen 80;\n        server_name h{i};\n        location /ws {{\n            {HEADERS}\n            proxy_set_header X-Number {i};\n            proxy_pass http://127.0.0.1:9000;\n        }}\n    }}\n"
        );
    }
    root(&body)
}

/// Many locations in one server.
pub(crate) fn locations(count: usize) -> Tree {
    let mut body = String::from("    server {\n        listen 80;\n");
    for i in 0..count {
        let _ = write!(
            body,
            "        location /p{i}/ws {{\n            {HEADERS}\n            proxy_pass http://127.0.0.1:9000;\n        }}\n"
        );
    }
    root(&(body + "    }\n"))
}

/// One snippet in many places.
pub(crate) fn snippet(count: usize, text: &str) -> Tree {
    let mut body = String::from("    server {\n        listen 80;\n");
    for i in 0..count {
        let _ = write!(
            body,
            "        location /p{i}/ws {{\n            include ws.inc;\n            proxy_pass http://127.0.0.1:9000;\n        }}\n"
        );
    }
    let mut tree = root(&(body + "    }\n"));
    tree.push(("ws.inc".to_owned(), text.to_owned()));
    tree
}

/// One virtual host in each of many files.
pub(crate) fn files(count: usize) -> Tree {
    let mut tree = root("    include sites/*.conf;\n");
    for i in 0..count {
        let text = format!(
            "server {{\n    listen 80;\n    server_name h{i};\n    location /ws {{\n        {HEADERS}\n        proxy_pass http://127.0.0.1:9000;\n    }}\n}}\n"
        );
        tree.push((format!("sites/{i:06}.conf"), text));
    }
    tree
}

/// A map of many entries.
pub(crate) fn map_entries(count: usize) -> Tree {
    let mut body = String::from("    map $host $backend {\n        default 127.0.0.1:9000;\n");
    for i in 0..count {
        let _ = writeln!(body, "        host{i}.example.com 127.0.0.1:{};", 9000 + i % 1000);
    }
    body.push_str("    }\n    server {\n        listen 80;\n        location /ws {\n            proxy_pass http://$backend;\n        }\n    }\n");
    root(&body)
}

/// One finding for each location, no two of them alike.
pub(crate) fn findings(count: usize) -> Tree {
    let mut body = String::from("    server {\n        listen 80;\n");
    for i in 0..count {
        let _ = write!(
            body,
            "        location /p{i}/ws {{\n            proxy_http_version 1.1;\n            proxy_set_header Upgrade $http_upgrade;\n            proxy_set_header Connection \"ugrade\";\n            proxy_set_header X-Number {i};\n            proxy_pass http://127.0.0.1:9000;\n        }}\n"
        );
    }
    root(&(body + "    }\n"))
}

/// A comment of so many bytes, and a line of many directives.
pub(crate) fn long_line(bytes: usize) -> Tree {
    let one = format!(
        "server {{ listen 80; server_name a; location /ws {{ {HEADERS} proxy_pass http://127.0.0.1:9000; }} }} "
    );
    root(&one.repeat(bytes / one.len()))
}

/// A file system with a tree.
pub(crate) fn mem(tree: &Tree) -> MemFs {
    MemFs::new(tree.iter().map(|(name, text)| (PathBuf::from(name), text.clone().into_bytes())))
}

/// The root of a tree.
pub(crate) fn target(files: &mut Files<'_>) -> Option<Target> {
    let file = files.read(Path::new("nginx.conf")).ok()?;
    let lookup = Lookup {
        root_dir: ".".into(),
        project: ".".into(),
        map: Vec::new(),
        fragment: false,
        enabled: None,
        complete: false,
    };
    Some(Target {
        file,
        is_root: true,
        context: ScopeKind::Main,
        inferred: false,
        lookup,
        reports: true,
        dump: false,
        named: true,
        page: wslint::engine::Page::None,
        witness: false,
    })
}

/// What `wslint` alone asks for.
pub(crate) fn options() -> Options {
    Options {
        versions: Versions::ALL,
        declared: Declarations::default(),
        url: None,
        selection: Selection::default(),
        rules: rules::Options { count_advice: true, ..rules::Options::default() },
        evidence: None,
        only: Vec::new(),
        severities: Vec::new(),
        baseline: Baseline::default(),
        describe: false,
        beside: false,
        jobs: 1,
    }
}

/// Reads and checks; the number of findings.
pub(crate) fn checked(fs: &MemFs) -> usize {
    with_checked(fs, |_, found| found.diagnostics.len())
}

/// How much a report writes; it writes into nothing.
fn written(write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> usize {
    let mut count = Count(0);
    // Nothing that only counts fails.
    drop(write(&mut count));
    count.0
}

struct Count(usize);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Reads, checks and reports to a terminal; the length of the report.
pub(crate) fn told(fs: &MemFs) -> usize {
    with_checked(fs, |files, found| {
        let report = Report {
            sources: &files.sources,
            checked: found,
            lang: Lang::En,
            advice: false,
            wanted: Wanted { unsafe_too: false },
            nginx_version: None,
        };
        written(|out| report::human(&report, Look { color: false, width: 80, line: 80, links: false }, out))
    })
}

/// The same in JSON.
pub(crate) fn json(fs: &MemFs) -> usize {
    with_checked(fs, |files, found| {
        let report = Report {
            sources: &files.sources,
            checked: found,
            lang: Lang::En,
            advice: false,
            wanted: Wanted { unsafe_too: false },
            nginx_version: None,
        };
        written(|out| report::json(&report, out))
    })
}

/// Fixes, and makes the diff; its length.
pub(crate) fn mended(fs: &MemFs) -> usize {
    let open = |files: &mut Files<'_>| target(files).into_iter().collect::<Vec<_>>();
    let outcome = wslint::fix::fix(fs, &open, &options(), Wanted { unsafe_too: false }, &|_| true);
    outcome.files.iter().map(|(path, patched)| unified(path, patched).len()).sum()
}

fn with_checked<T>(fs: &MemFs, then: impl FnOnce(&Files<'_>, &Checked) -> T) -> T {
    let mut files = Files::new(fs);
    let targets: Vec<Target> = target(&mut files).into_iter().collect();
    let found = check(&mut files, &targets, &options());
    then(&files, &found)
}

/// One server with these lines, and something else around it.
fn one_server(http: &str, lines: &str) -> Tree {
    root(&format!("{http}    server {{\n        listen 80;\n        server_name example.com;\n{lines}    }}\n"))
}

/// A location that passes the handshake on.
fn passing(head: &str, lines: &str) -> String {
    format!(
        "        location {head} {{\n{lines}            {HEADERS}\n            proxy_pass http://127.0.0.1:9000;\n        }}\n"
    )
}

/// `if`s in one location.
pub(crate) fn ifs(count: usize) -> Tree {
    let lines: String = (0..count).map(|i| format!("            if ($arg_a{i}) {{ set $x {i}; }}\n")).collect();
    one_server("", &passing("/ws", &lines))
}

/// Rewrites of a server with 300 exact locations.
pub(crate) fn rewrites(count: usize) -> Tree {
    let rewrites: String = (0..count).map(|i| format!("        rewrite ^/old{i}(.*)$ /new{i}$1 last;\n")).collect();
    let locations: String = (0..300).map(|i| passing(&format!("= /p{i}"), "")).collect();
    one_server("", &(rewrites + &locations))
}

/// As many headers of a server as locations that inherit them.
pub(crate) fn inherited(count: usize) -> Tree {
    let headers: String = (0..count).map(|i| format!("        proxy_set_header X-{i} {i};\n")).collect();
    let location = |i| format!("        location /p{i} {{ proxy_pass http://127.0.0.1:9000; }}\n");
    let locations: String = (0..count).map(location).collect();
    one_server("", &format!("        {HEADERS}\n{headers}{locations}"))
}

/// Maps that are wrong, with a location each.
pub(crate) fn wrong_maps(count: usize) -> Tree {
    let maps: String = (0..count).map(|i| format!("    map $http_upgrade $c{i} {{ default close; }}\n")).collect();
    let location = |i| {
        let headers = HEADERS.replace("$connection_upgrade", &format!("$c{i}"));
        format!("        location /p{i}/ws {{ {headers} proxy_pass http://127.0.0.1:9000; }}\n")
    };
    one_server(&maps, &(0..count).map(location).collect::<String>())
}

/// Locations with a target of `auth_request` each.
pub(crate) fn authorised(count: usize) -> Tree {
    let both = |i| {
        passing(&format!("/p{i}"), &format!("            auth_request /a{i};\n")) + &passing(&format!("= /a{i}"), "")
    };
    one_server("", &(0..count).map(both).collect::<String>())
}

/// Locations that jump to one of their own each, with a variable.
pub(crate) fn jumps(count: usize) -> Tree {
    let both = |i| {
        format!("        location /p{i} {{ set $v{i} upgrade; try_files /none @w{i}; }}\n")
            + &passing(&format!("@w{i}"), "")
    };
    one_server("", &(0..count).map(both).collect::<String>())
}

/// Servers each of which leads to the next one.
pub(crate) fn hops(count: usize) -> Tree {
    let server = |i: usize| {
        let (own, next) = (10_000 + i, 10_001 + i);
        format!("    server {{ listen {own}; location /ws {{ {HEADERS} proxy_pass http://127.0.0.1:{next}; }} }}\n")
    };
    root(&(0..count).map(server).collect::<String>())
}

/// Maps, or `set`s, each of which is twice the last one.
pub(crate) fn doubling(count: usize) -> Tree {
    let maps: String =
        (0..count).map(|i| format!("    map $m{i} $m{} {{ default \"$m{i}$m{i}\"; }}\n", i + 1)).collect();
    let sets: String = (0..count).map(|i| format!("        set $s{} \"$s{i}$s{i}\";\n", i + 1)).collect();
    let headers = HEADERS.replace("$connection_upgrade", &format!("$m{count}$s{count}"));
    let location = format!("        location /ws {{ {headers} proxy_pass http://127.0.0.1:9000; }}\n");
    let first = "    map $http_upgrade $m0 { default upgrade; }\n".to_owned();
    one_server(&(first + &maps), &format!("        set $s0 upgrade;\n{sets}{location}"))
}
