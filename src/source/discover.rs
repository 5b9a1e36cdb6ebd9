//! Which files of a directory are nginx configurations.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::{glob_match, normalise};

/// Directories that hold no configuration of this project.
const PASSED_OVER: &[&str] = &[".git", ".hg", ".svn", "node_modules", "target", ".venv", "__pycache__", ".terraform"];

/// Directories in which every file may be one.
const FOLDERS: &[&str] = &["sites-available", "sites-enabled", "conf.d", "snippets", "vhosts", "vhosts.d", "servers"];

/// Ends of names behind which templates and copies keep the real one.
const SUFFIXES: &[&str] = &[
    ".template",
    ".tmpl",
    ".tpl",
    ".j2",
    ".jinja",
    ".jinja2",
    ".erb",
    ".ejs",
    ".mustache",
    ".hbs",
    ".in",
    ".dist",
    ".example",
    ".sample",
    ".default",
    ".stpl",
];

/// Larger files are no configurations that somebody wrote.
const LARGEST: u64 = 64 << 20;

/// Why a file with the name of a configuration was passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PassedOver {
    /// Its content is no nginx configuration.
    NotNginx,
    /// `exclude` in `wslint.toml` names it.
    Excluded,
    /// It cannot be read.
    Unreadable,
    /// A symbolic link that leads back into its own directory.
    Loop,
    /// A symbolic link that leads nowhere.
    Dangling,
}

/// What a walk through a directory found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Configurations, sorted.
    pub files: Vec<PathBuf>,
    /// What looked like one by its name, sorted.
    pub passed_over: Vec<(PathBuf, PassedOver)>,
}

/// The configurations below a directory: by name, and by a look at the content. Links are followed.
/// `excluded` are patterns over paths below `base`, with `**` for any number of directories.
pub fn discover(folder: &Path, excluded: &[String], base: &Path) -> Found {
    // The folder as it is seen from the base of the patterns.
    let real = |p: &Path| std::fs::canonicalize(if p.as_os_str().is_empty() { Path::new(".") } else { p });
    let seen_from_base = match (real(folder), real(base)) {
        (Ok(folder), Ok(base)) => folder.strip_prefix(&base).map(Path::to_owned).ok(),
        _ => None,
    };
    let from_base = |path: &Path| match (&seen_from_base, path.strip_prefix(folder)) {
        (Some(prefix), Ok(rest)) => prefix.join(rest),
        _ => path.to_owned(),
    };
    let mut out = Found::default();
    let mut walk = WalkDir::new(folder).follow_links(true).sort_by_file_name().into_iter();
    while let Some(entry) = walk.next() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(e) => {
                let path = normalise(e.path().unwrap_or(folder));
                let reason = match (e.loop_ancestor(), e.io_error().map(std::io::Error::kind)) {
                    (Some(_), _) => PassedOver::Loop,
                    (None, Some(std::io::ErrorKind::NotFound)) => PassedOver::Dangling,
                    _ => PassedOver::Unreadable,
                };
                if reason != PassedOver::Dangling || has_the_name(&path) {
                    out.passed_over.push((path, reason));
                }
                continue;
            }
        };
        let path = normalise(entry.path());
        let is_folder = entry.file_type().is_dir();
        let skipped = is_folder && entry.depth() > 0 && PASSED_OVER.iter().any(|p| entry.file_name() == *p);
        let named_out = entry.depth() > 0 && excluded.iter().any(|p| path_matches(p, &from_base(entry.path())));
        if is_folder && (skipped || named_out) {
            walk.skip_current_dir();
        }
        if named_out && (is_folder || has_the_name(&path)) {
            out.passed_over.push((path, PassedOver::Excluded));
        } else if entry.file_type().is_file() && has_the_name(&path) {
            let size = entry.metadata().map_or(0, |m| m.len());
            match (size <= LARGEST).then(|| std::fs::read(&path)) {
                Some(Ok(bytes)) if speaks_nginx(&bytes) => out.files.push(path),
                Some(Err(_)) => out.passed_over.push((path, PassedOver::Unreadable)),
                _ => out.passed_over.push((path, PassedOver::NotNginx)),
            }
        }
    }
    out
}

/// Whether the name of a file says that it may be a configuration.
fn has_the_name(path: &Path) -> bool {
    let full = path.file_name().and_then(|n| n.to_str()).unwrap_or("");
    if full.ends_with('~') || full.ends_with(".swp") {
        return false;
    }
    let name = SUFFIXES.iter().fold(full, |n, s| n.strip_suffix(s).unwrap_or(n));
    let parent = path.parent().and_then(Path::file_name);
    let by_folder = FOLDERS.iter().any(|f| parent.is_some_and(|p| p == *f))
        && !matches!(
            name.rsplit_once('.').map(|(_, e)| e),
            Some("md" | "txt" | "sh" | "py" | "js" | "html" | "json" | "yml" | "yaml" | "lua")
        );
    name.ends_with(".conf")
        || name.ends_with(".nginx")
        || name.ends_with(".vhost")
        || full.starts_with("nginx.conf")
        || by_folder
}

/// Directives that few other formats have in their place; `include` and `user` are no sign.
const WORDS: &[&str] = &[
    "upstream",
    "proxy_pass",
    "proxy_set_header",
    "proxy_http_version",
    "server_name",
    "listen",
    "location",
    "events",
    "http",
    "map",
    "geo",
    "stream",
    "worker_processes",
    "worker_connections",
    "ssl_certificate",
    "ssl_protocols",
    "ssl_ciphers",
    "fastcgi_pass",
    "fastcgi_param",
    "uwsgi_pass",
    "add_header",
    "try_files",
    "access_log",
    "client_max_body_size",
    "gzip",
    "gzip_types",
    "rewrite",
    "return",
    "root",
    "index",
    "error_page",
    "limit_req_zone",
    "log_format",
    "sendfile",
    "keepalive_timeout",
    "proxy_read_timeout",
    "proxy_buffering",
    "proxy_cache_path",
    "resolver",
    "allow",
    "deny",
];

/// How many of nginx's directives begin.
const PREFIXES: &[&str] = &[
    "proxy_",
    "fastcgi_",
    "uwsgi_",
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
];

/// At least one line in ten begins with a directive of nginx and ends as one does.
fn speaks_nginx(bytes: &[u8]) -> bool {
    let lines = bytes.split(|&b| b == b'\n').map(<[u8]>::trim_ascii).filter(|l| !l.is_empty() && l[0] != b'#');
    let (mut all, mut hits) = (0, 0);
    for line in lines.take(2_000) {
        // BIND, Apache and INI files.
        if line.starts_with(b"//") || (line.starts_with(b"<") && !line.starts_with(b"<%")) || line.starts_with(b"/*") {
            return false;
        }
        let word = line.split(|b| b.is_ascii_whitespace() || *b == b'{').next().unwrap_or_default();
        let rest = line[word.len()..].trim_ascii_start();
        let ends = matches!(line.last(), Some(b';' | b'{' | b'}')) || memchr::memmem::find(line, b"; ").is_some();
        let opens = word == b"server" && (rest.first() == Some(&b'{') || rest.is_empty());
        let known =
            std::str::from_utf8(word).is_ok_and(|w| WORDS.contains(&w) || PREFIXES.iter().any(|p| w.starts_with(p)));
        all += 1;
        hits += usize::from(opens || (ends && known && !rest.starts_with(b"=")));
    }
    hits > 0 && hits * 10 >= all
}

/// Whether a pattern matches a path as a whole, or one of the directories that it lies in: `vendor/**`, `*.bak`.
pub fn path_matches(pattern: &str, path: &Path) -> bool {
    let parts: Vec<&[u8]> = path.iter().map(|p| p.as_encoded_bytes()).collect();
    let wanted: Vec<&str> = pattern.trim_start_matches("./").trim_end_matches('/').split('/').collect();
    if let [one] = wanted.as_slice() {
        return parts.iter().any(|p| glob_match(one.as_bytes(), p));
    }
    (1..=parts.len()).any(|n| components_match(&wanted, &parts[..n]))
}

fn components_match(pattern: &[&str], parts: &[&[u8]]) -> bool {
    match (pattern, parts) {
        ([], []) => true,
        (["**", rest @ ..], _) => (0..=parts.len()).any(|n| components_match(rest, &parts[n..])),
        ([first, rest @ ..], [part, others @ ..]) => {
            glob_match(first.as_bytes(), part) && components_match(rest, others)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_formats_are_told_apart() {
        assert!(speaks_nginx(b"server {\n listen 80;\n}\n"));
        assert!(speaks_nginx(b"proxy_set_header Host $host;\n"));
        assert!(speaks_nginx(b"{% if a %}\nserver {\n listen {{ port }};\n}\n{% endif %}\n"));
        assert!(!speaks_nginx(b"// BIND\ninclude \"/etc/bind/named.conf.options\";\n"));
        assert!(!speaks_nginx(b"[server]\nlisten = 80\n"));
        assert!(!speaks_nginx(b"<VirtualHost *:80>\n ServerName a\n</VirtualHost>\n"));
        assert!(!speaks_nginx(b"port 6379\nbind 127.0.0.1\n"));
    }

    #[test]
    fn names_and_patterns() {
        for name in ["nginx.conf", "a/b.conf.j2", "sites-enabled/app", "app.vhost", "nginx.conf.bak"] {
            assert!(has_the_name(Path::new(name)), "{name}");
        }
        for name in ["README.md", "conf.d/README.md", "app", "a.conf~", "mime.types"] {
            assert!(!has_the_name(Path::new(name)), "{name}");
        }
        for (pattern, path, want) in [
            ("vendor/**", "vendor/a/b.conf", true),
            ("vendor", "x/vendor/b.conf", true),
            ("vendor/*", "vendor/a/b.conf", true),
            ("**/test/*.conf", "a/b/test/x.conf", true),
            ("*.bak", "a/x.bak", true),
            ("vendor/**", "vendors/a.conf", false),
        ] {
            assert_eq!(path_matches(pattern, Path::new(path)), want, "{pattern} {path}");
        }
    }
}
