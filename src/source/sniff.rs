//! What is nginx: decided by content, with the name as a hint.

use std::path::Path;

/// What the name of a file says of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameSays {
    /// It is called as configurations of nginx are.
    Nginx,
    /// It may be anything.
    Nothing,
    /// It is a program, a document, data or a picture.
    Other,
}

/// Directories in which every file may be one.
const FOLDERS: &[&str] = &[
    "sites-available",
    "sites-enabled",
    "conf.d",
    "snippets",
    "vhosts",
    "vhosts.d",
    "vhost.d",
    "servers",
    "streams-enabled",
];

/// Ends of names behind which templates and copies keep the real one.
const SUFFIXES: &[&str] = &[
    "template",
    "tmpl",
    "tpl",
    "j2",
    "jinja",
    "jinja2",
    "erb",
    "epp",
    "ejs",
    "mako",
    "mustache",
    "hbs",
    "handlebars",
    "liquid",
    "ctmpl",
    "gotmpl",
    "tftpl",
    "in",
    "dist",
    "example",
    "sample",
    "default",
    "stpl",
    "bak",
    "orig",
    "old",
    "disabled",
    "off",
    "inc",
];

/// Ends of the names of programs, documents, data, archives and pictures.
const OTHER: &[&str] = &[
    "md", "mdx", "markdown", "rst", "adoc", "txt", "html", "htm", "xhtml", "css", "scss", "sass", "less", "js", "jsx",
    "mjs", "cjs", "ts", "tsx", "vue", "svelte", "py", "pyi", "ipynb", "rb", "rs", "go", "java", "kt", "scala", "c",
    "h", "cc", "cpp", "hpp", "cs", "fs", "swift", "m", "php", "pl", "pm", "t", "r", "jl", "ex", "exs", "erl", "hs",
    "ml", "lua", "dart", "sh", "bash", "zsh", "fish", "ps1", "bat", "cmd", "awk", "sql", "graphql", "proto", "thrift",
    "json", "jsonl", "json5", "yaml", "yml", "toml", "xml", "xsd", "xsl", "csv", "tsv", "ini", "env", "lock", "sum",
    "mod", "nix", "tf", "tfvars", "hcl", "pp", "gradle", "cmake", "patch", "diff", "po", "pot", "mo", "tex", "bib",
    "svg", "png", "jpg", "jpeg", "gif", "webp", "avif", "ico", "bmp", "tif", "tiff", "psd", "pdf", "doc", "docx",
    "xls", "xlsx", "ppt", "pptx", "odt", "mp3", "mp4", "ogg", "wav", "webm", "mov", "avi", "flac", "woff", "woff2",
    "ttf", "otf", "eot", "zip", "tar", "gz", "tgz", "bz2", "xz", "zst", "7z", "rar", "jar", "war", "whl", "deb", "rpm",
    "apk", "exe", "dll", "so", "dylib", "a", "o", "obj", "lib", "bin", "dat", "db", "sqlite", "pyc", "class", "wasm",
    "map", "log", "pem", "crt", "cer", "key", "csr", "der", "p12", "pfx", "asc", "sig", "gpg", "pub", "snap",
    "parquet", "npy", "pt", "onnx", "pkl",
];

/// A name without the ends that templates and copies add.
pub(super) fn stem_of(mut name: &str) -> &str {
    while let Some((stem, _)) = name.rsplit_once('.').filter(|(s, end)| !s.is_empty() && SUFFIXES.contains(end)) {
        name = stem;
    }
    name
}

/// What a name says. Ends that templates and copies add are looked through: `app.js.erb` is a program.
pub(super) fn name_says(path: &Path) -> NameSays {
    let full = path.file_name().and_then(|n| n.to_str()).unwrap_or("");
    if full.ends_with('~') || full.ends_with(".swp") || full.ends_with(".lock") {
        return NameSays::Other;
    }
    let name = stem_of(full);
    let end = name.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase());
    let conf = matches!(end.as_deref(), Some("conf" | "nginx" | "vhost" | "ngx"));
    if conf || full.starts_with("nginx.conf") {
        return NameSays::Nginx;
    }
    if end.is_some_and(|e| OTHER.contains(&e.as_str())) {
        return NameSays::Other;
    }
    let parent = path.parent().and_then(Path::file_name);
    if FOLDERS.iter().any(|f| parent.is_some_and(|p| p == *f)) { NameSays::Nginx } else { NameSays::Nothing }
}

/// Simple directives that few other formats have in their place; `include` and `user` are no sign.
const SIMPLE: &[&str] = &[
    "proxy_pass",
    "proxy_set_header",
    "proxy_http_version",
    "server_name",
    "listen",
    "worker_processes",
    "worker_connections",
    "add_header",
    "try_files",
    "access_log",
    "error_log",
    "gzip",
    "rewrite",
    "return",
    "root",
    "alias",
    "index",
    "error_page",
    "log_format",
    "sendfile",
    "tcp_nopush",
    "keepalive_timeout",
    "keepalive",
    "resolver",
    "allow",
    "deny",
    "expires",
    "set",
    "autoindex",
    "charset",
    "default_type",
    "internal",
    "satisfy",
    "server",
    "zone",
    "mirror",
    "sub_filter",
    "stub_status",
    "etag",
    "recursive_error_pages",
    "js_import",
    "js_path",
];

/// The same for blocks; `server` is looked at by itself.
const BLOCKS: &[&str] =
    &["location", "upstream", "events", "http", "map", "geo", "stream", "types", "if", "limit_except"];

/// How many of nginx's directives begin.
const PREFIXES: &[&str] = &[
    "proxy_",
    "fastcgi_",
    "uwsgi_",
    "scgi_",
    "grpc_",
    "ssl_",
    "http2_",
    "gzip_",
    "limit_",
    "client_",
    "auth_",
    "server_",
    "lua_",
    "more_",
    "open_file_",
    "large_client_",
    "real_ip_",
    "set_real_ip_",
    "access_by_lua",
    "content_by_lua",
    "rewrite_by_lua",
    "brotli_",
    "vhost_traffic_",
    "modsecurity",
    "passenger_",
    "sub_filter_",
    "types_hash_",
];

/// Directives that stand in other formats as well: alone they say nothing.
const WEAK: &[&str] =
    &["set", "server", "return", "root", "index", "allow", "deny", "charset", "internal", "if", "map"];

/// What the lines of a text are.
#[derive(Default)]
struct Lines {
    /// Lines that say something: no comments, no braces alone, no tags of templates.
    all: usize,
    /// Lines that are directives of nginx.
    hits: usize,
    /// Of these, ones that other formats may have.
    weak: usize,
    /// Of these, ones that say more than the name of a block: `server {` and `http {` are common to many formats.
    firm: usize,
    /// Lines that give something a value, as in HOCON, HCL or Logstash: `port = 80`, `port => 80`.
    foreign: usize,
}

fn count(bytes: &[u8]) -> Lines {
    let mut out = Lines::default();
    for line in bytes.split(|&b| b == b'\n').map(<[u8]>::trim_ascii).take(4_000) {
        let is_tag = ["{{", "{%", "{#", "<%", "[[", "%", "#", "}", "<<<<<<<", "=======", ">>>>>>>"]
            .iter()
            .any(|t| line.starts_with(t.as_bytes()));
        // Many formats have an `include`: it says nothing either way.
        if line.is_empty() || is_tag || line.starts_with(b"include ") {
            continue;
        }
        out.all += 1;
        let word = line.split(|b| b.is_ascii_whitespace() || matches!(b, b'{' | b';')).next().unwrap_or_default();
        let Ok(word) = std::str::from_utf8(word) else { continue };
        let rest = line[word.len()..].trim_ascii_start();
        if rest.starts_with(b"=") || rest.starts_with(b":") {
            // With a `;`, it may be a slip of the hand.
            out.foreign += usize::from(!line.contains(&b';'));
            continue;
        }
        // A comment may follow the end.
        let ends = |end: &[u8]| line.ends_with(end) || memchr::memmem::find(line, &[end, b" #"].concat()).is_some();
        let simple = ends(b";") || memchr::memmem::find(line, b"; ").is_some();
        let empty = word == "events" && rest.trim_ascii_end() == b"{}";
        let opens = empty || ends(b"{") || rest.first() == Some(&b'{') && rest.contains(&b';');
        let names_server = word == "server" && (rest.is_empty() || rest.first() == Some(&b'{'));
        let fits = match (word, rest.first()) {
            // `zone "x" { type master; };` of BIND, `alias <A> = <B>;` of X11.
            _ if !word.contains("_by_lua") && (opens_before_it_ends(rest) || word != "error_page" && assigns(rest)) => {
                false
            }
            ("set", first) => first == Some(&b'$'),
            ("return", first) => first.is_some_and(|b| b.is_ascii_digit() || b"$\"'h".contains(b)),
            _ => true,
        };
        let is_simple = simple && fits && (SIMPLE.contains(&word) || PREFIXES.iter().any(|p| word.starts_with(p)));
        let is_block = (opens || simple) && BLOCKS.contains(&word);
        if names_server || is_simple || is_block {
            out.hits += 1;
            out.weak += usize::from(!names_server && WEAK.contains(&word));
            let says_more = rest.first().is_some_and(|first| *first != b'{');
            out.firm += usize::from(is_simple || says_more || rest.contains(&b';'));
        }
    }
    out
}

/// Whether a block begins in front of the first `;`: what nginx ends with one has no brace that stands alone.
fn opens_before_it_ends(rest: &[u8]) -> bool {
    let end = rest.iter().position(|b| *b == b';').unwrap_or(rest.len());
    let mut words = rest[..end].split(u8::is_ascii_whitespace);
    words.any(|word| word == b"{")
}

/// Whether a `=` stands between two words, outside quotes.
fn assigns(rest: &[u8]) -> bool {
    let end = rest.iter().position(|b| matches!(b, b';' | b'"' | b'\'')).unwrap_or(rest.len());
    rest[..end].split(u8::is_ascii_whitespace).any(|word| word == b"=")
}

/// Whether a text is an nginx configuration: at least one line in ten is a directive of nginx, ended as one,
/// in a file that is called like one; elsewhere one in three, and more than one unless there are no others. Where
/// something is given values as other formats do, blocks whose names those have as well are no sign.
pub fn is_nginx(bytes: &[u8], named: bool) -> bool {
    if memchr::memchr(0, &bytes[..bytes.len().min(1024)]).is_some() {
        return false;
    }
    let Lines { all, hits, weak, firm, foreign } = count(bytes);
    if firm == 0 && foreign > 0 {
        return false;
    }
    if named {
        return hits > 0 && (hits > weak || hits == all) && hits * 10 >= all;
    }
    hits > weak && hits * 3 >= all && (hits > 1 || all == hits)
}

/// Whether what was read of a text leaves open that it is a configuration.
pub(super) fn may_go_on(bytes: &[u8]) -> bool {
    let Lines { all, hits, .. } = count(bytes);
    memchr::memchr(0, bytes).is_none() && (all == 0 || hits * 6 >= all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_formats_are_told_apart() {
        for text in [
            "server {\n listen 80;\n}\n",
            "proxy_set_header Host $host;\n",
            "{% if a %}\nserver {\n listen {{ port }};\n}\n{% endif %}\n",
            "server\n{\n    listen 80; # here\n}\n",
            "http { server { listen 80; } }\n",
            "events {}\nhttp { server { listen 80; } }\n",
            "error_page 404 = /x;\n",
            "server {\n    location /sorry {\n        return 503 \"\n<html>\n\";\n    }\n}\n",
        ] {
            assert!(is_nginx(text.as_bytes(), true) && is_nginx(text.as_bytes(), false), "{text}");
        }
        // Slips are no other format.
        for text in [
            "server {\n    listen = 80;\n}\n",
            "server {\n    listen 80；\n}\n",
            "server {\n    listen 80\n    server_name a;\n}\n",
            "server {\n    listen 80;\n    set $a b\n    client_max_body_size = 1m\n}\n",
        ] {
            assert!(is_nginx(text.as_bytes(), true), "{text}");
        }
        for text in [
            "// BIND\ninclude \"/etc/bind/named.conf.options\";\nzone \".\" {\n type hint;\n};\n",
            "[server]\nlisten = 80\n",
            "<VirtualHost *:80>\n ServerName a\n</VirtualHost>\n",
            "port 6379\nbind 127.0.0.1\n",
            "(spa) {\n\t{args[0]} {\n\t\troot * {args[1]}\n\t\tencode zstd gzip\n\t}\n}\n",
            "example.com {\n\treverse_proxy localhost:3000\n\ttry_files {path} /index.html\n\tlog {\n\t}\n}\n",
            "return {\n    [\"/api/(.+)\"] = {\"gateway\", 4113},\n}\n",
            "frontend web\n    bind *:80\n    default_backend app\nbackend app\n    server a 127.0.0.1:80\n",
            "/var/log/nginx/*.log {\n    daily\n    rotate 14\n    postrotate\n        nginx -s reopen\n    endscript\n}\n",
            "sub vcl_recv {\n    set req.http.X = \"1\";\n    return (pass);\n}\n",
            "akka {\n  loglevel = \"DEBUG\"\n  http {\n    server {\n      remote-address-header = on\n    }\n  }\n}\n",
            "http {\n  host = \"0.0.0.0\"\n  port = ${?HTTP_PORT}\n}\n",
            "server {\n  enabled = true\n  bootstrap_expect = 3\n}\n",
            "input {\n  http {\n    port => 8080\n  }\n}\noutput {\n  elasticsearch { hosts => [\"es:9200\"] }\n}\n",
            "zone \"example.com\" { type master; file \"/etc/bind/db.example.com\"; };\nzone \"b\" { type hint; };\n",
            "listen {\n    ip *;\n    port 6667;\n}\nlisten { ip *; port 8000; options { tls; } }\n",
            "serverinfo {\n    name = \"irc\";\n};\nlisten { port = 6667; };\n",
            "// aliases\ndefault xkb_keycodes \"x\" {\n    alias <AC12> = <BKSL>;\n    alias <MENU> = <COMP>;\n};\n",
            "allow booting;\nsubnet 10.0.0.0 netmask 255.0.0.0 {\n  range 10.0.0.1 10.0.0.9;\n  option routers 10.0.0.1;\n}\n",
        ] {
            assert!(!is_nginx(text.as_bytes(), true) && !is_nginx(text.as_bytes(), false), "{text}");
        }
    }

    /// One line in ten in a file of that name; elsewhere one in three, and two of them.
    #[test]
    fn so_many_lines_have_to_be_directives() {
        let text = |hits: usize, others: usize| "gzip on;\n".repeat(hits) + &"word word\n".repeat(others);
        for (hits, others, named, unnamed) in [
            (0, 0, false, false),
            (0, 1, false, false),
            (1, 0, true, true),
            (1, 1, true, false),
            (1, 9, true, false),
            (1, 10, false, false),
            (2, 4, true, true),
            (2, 5, true, false),
        ] {
            let text = text(hits, others);
            let said = [is_nginx(text.as_bytes(), true), is_nginx(text.as_bytes(), false)];
            assert_eq!(said, [named, unnamed], "{hits} of {}", hits + others);
        }
        for (hits, others, open) in [(0, 0, true), (1, 5, true), (1, 6, false), (0, 1, false)] {
            assert_eq!(may_go_on(text(hits, others).as_bytes()), open, "{hits} of {}", hits + others);
        }
        assert!(!may_go_on(b"gzip on;\0"));
        assert!(!is_nginx(b"gzip on;\0", true) && is_nginx(&[b"gzip on;\n".repeat(200), vec![0]].concat(), true));
    }

    #[test]
    fn a_line_is_a_directive_by_its_word_and_its_end() {
        let says = |line: &str| count(format!("{line}\n").as_bytes()).hits == 1;
        for line in [
            "listen 80;",
            "listen 80; # here",
            "listen 80; server_name x",
            "events {}",
            "events {",
            "map $a $b { # here",
            "if ($x) { return 404; }",
            "location / { # x; y",
            "server",
            "server {",
            "server{",
            "server 127.0.0.1;",
            "set $a b;",
            "return 301 x;",
            "return \"x\";",
            "return 'x';",
            "return $x;",
            "return http://x;",
            "proxy_nonsense x;",
            "error_page 404 = @x;",
            "add_header A \"b = {\";",
            "server_name ~^[a-z]{2}$;",
        ] {
            assert!(says(line), "{line}");
        }
        for line in [
            "listen 80",
            "listen = 80;",
            "listen: 80;",
            "events",
            "map $a $b",
            "location / {x}",
            "serverless {",
            "server a {",
            "set a b;",
            "return x;",
            "return;",
            "nonsense x;",
            "# listen 80;",
            "{{ listen }} 80;",
            "listen { ip *; port 80; }",
            "zone \"x\" { type hint; };",
            "alias <A> = <B>;",
            "include x;",
        ] {
            assert!(!says(line), "{line}");
        }
        let weak = |text: &str| (is_nginx(text.as_bytes(), true), is_nginx(text.as_bytes(), false));
        assert_eq!(weak("set $a b;\n"), (true, false));
        assert_eq!(weak("set $a b;\nword\n"), (false, false));
        assert_eq!(weak("set $a b;\nlisten 80;\nserver {\n"), (true, true));
    }

    #[test]
    fn names_are_a_hint() {
        for name in ["nginx.conf", "a/b.conf.j2", "sites-enabled/app", "app.vhost", "nginx.conf.bak", "site.conf.hbs"] {
            assert_eq!(name_says(Path::new(name)), NameSays::Nginx, "{name}");
        }
        for name in ["nginx_conf.erb", "nginx.tmpl", "app.template.prod", "nginx/default", "mime.types"] {
            assert_eq!(name_says(Path::new(name)), NameSays::Nothing, "{name}");
        }
        for name in [
            "README.md",
            "conf.d/README.md",
            "a.conf~",
            "a.conf.swp",
            "nginx.conf.lock",
            "app.js.erb",
            "values.yaml.gotmpl",
            "logo.PNG",
        ] {
            assert_eq!(name_says(Path::new(name)), NameSays::Other, "{name}");
        }
    }
}
