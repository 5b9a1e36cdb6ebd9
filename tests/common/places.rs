//! The blocks into which single lines are put, for nginx and for wslint.

use wslint::catalog::Contexts;

/// Blocks with their names and the text around a line. `NAME` stands for what the block needs to be one that nginx
/// starts with, and is left out where the line itself is of that name.
pub(crate) const PLACES: &[(u16, &str, &str)] = &[
    (Contexts::MAIN, "main", "@LINE\nevents {}\n"),
    (Contexts::EVENTS, "events", "events {\n@LINE\n}\n"),
    (
        Contexts::HTTP,
        "http",
        "events {}\nhttp {\naccess_log off;\nlog_format own '$uri';\n@LINE\nserver { listen 127.0.0.1:8099; }\n}\n",
    ),
    (
        Contexts::SERVER,
        "server",
        "events {}\nhttp {\naccess_log off;\nlimit_req_zone $uri zone=reqs:1m rate=1r/s;\nlimit_conn_zone $uri zone=conns:1m;\nserver {\nlisten 127.0.0.1:8099;\n@LINE\n}\n}\n",
    ),
    (
        Contexts::LOCATION,
        "location",
        "events {}\nhttp {\naccess_log off;\nlimit_req_zone $uri zone=reqs:1m rate=1r/s;\nproxy_cache_path @TMP/c keys_zone=cache:1m;\nserver {\nlisten 127.0.0.1:8099;\nlocation /x {\n@LINE\n}\n}\n}\n",
    ),
    (
        Contexts::LOCATION_IF,
        "if in location",
        "events {}\nhttp {\naccess_log off;\nserver {\nlisten 127.0.0.1:8099;\nlocation /x {\nif ($uri) {\n@LINE\n}\n}\n}\n}\n",
    ),
    (
        Contexts::SERVER_IF,
        "if in server",
        "events {}\nhttp {\naccess_log off;\nserver {\nlisten 127.0.0.1:8099;\nif ($uri) {\n@LINE\n}\n}\n}\n",
    ),
    (
        Contexts::LIMIT_EXCEPT,
        "limit_except",
        "events {}\nhttp {\naccess_log off;\nserver {\nlisten 127.0.0.1:8099;\nlocation /x {\nlimit_except GET {\n@LINE\n}\n}\n}\n}\n",
    ),
    (
        Contexts::UPSTREAM,
        "upstream",
        "events {}\nhttp {\naccess_log off;\nupstream u {\nserver 127.0.0.1:8098;\n@LINE\n}\n}\n",
    ),
    (
        Contexts::STREAM,
        "stream",
        "load_module stream;\nevents {}\nstream {\n@LINE\nserver { listen 127.0.0.1:8099; return x; }\n}\n",
    ),
    (
        Contexts::STREAM_SERVER,
        "stream server",
        "load_module stream;\nevents {}\nstream {\nlimit_conn_zone $remote_addr zone=conns:1m;\nlog_format own '$remote_addr';\nserver {\n@NEEDED\n@LINE\n}\n}\n",
    ),
    (
        Contexts::STREAM_UPSTREAM,
        "stream upstream",
        "load_module stream;\nevents {}\nstream {\nupstream u {\nserver 127.0.0.1:8098;\n@LINE\n}\nserver { listen 127.0.0.1:8099; proxy_pass u; }\n}\n",
    ),
    (
        Contexts::MAIL,
        "mail",
        "load_module mail;\nevents {}\nmail {\n@AUTH\n@LINE\nserver { listen 127.0.0.1:8099; protocol imap; }\n}\n",
    ),
    (
        Contexts::MAIL_SERVER,
        "mail server",
        "load_module mail;\nevents {}\nmail {\nserver {\n@AUTH\n@NEEDED\n@LINE\n}\n}\n",
    ),
];

/// Where the lines are that nginx has judged.
pub(crate) fn recorded() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("grammar-fixtures/lines.txt")
}

/// The folder in which they stand, on record.
pub(crate) const FOLDER: &str = "/srv/conf";

/// The line in its place.
pub(crate) fn configuration(place: &str, name: &str, line: &str, folder: &str) -> String {
    let needed = match (name, place.contains("mail")) {
        ("listen", true) => "protocol imap;",
        ("protocol", true) => "listen 127.0.0.1:8099;",
        (_, true) => "listen 127.0.0.1:8099; protocol imap;",
        ("listen", false) => "return x;",
        ("return" | "proxy_pass", false) => "listen 127.0.0.1:8099;",
        _ => "listen 127.0.0.1:8099; return x;",
    };
    let auth = if name == "auth_http" { "" } else { "auth_http 127.0.0.1:80;" };
    let modules = "/usr/lib/nginx/modules/ngx";
    place
        .replace("@LINE", line)
        .replace("@NEEDED", needed)
        .replace("@AUTH", auth)
        .replace("@TMP", folder)
        .replace("load_module stream", &format!("load_module {modules}_stream_module.so"))
        .replace("load_module mail", &format!("load_module {modules}_mail_module.so"))
}

/// Whether nginx says what wslint says. nginx puts its prefix before relative names, which no file knows.
pub(crate) fn says(nginx: &str, ours: &str) -> bool {
    nginx.contains(ours) || nginx.replace(&format!("{FOLDER}/"), "").contains(ours)
}
