//! Which files of a directory are nginx configurations.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::normalise;

/// Directories that hold no configuration of this project.
const PASSED_OVER: &[&str] = &[".git", "node_modules", "target", ".venv", "__pycache__"];

/// Words that begin a line of nearly every nginx configuration, and of few other `.conf` files.
const WORDS: &[&[u8]] =
    &[b"server", b"location", b"upstream", b"proxy_pass", b"proxy_set_header", b"http", b"events", b"map", b"include"];

/// The configurations below a directory, sorted: by name, or by a look at the content.
pub fn discover(folder: &Path) -> Vec<PathBuf> {
    let walk = WalkDir::new(folder).follow_links(true).sort_by_file_name();
    let entries = walk.into_iter().filter_entry(|e| {
        !(e.file_type().is_dir() && e.depth() > 0 && PASSED_OVER.iter().any(|p| e.file_name() == *p))
    });
    entries
        .filter_map(Result::ok)
        .filter(|e| e.file_type().is_file() && looks_like(e.path()))
        .map(|e| normalise(e.path()))
        .collect()
}

fn looks_like(path: &Path) -> bool {
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("");
    if matches!(name, "nginx.conf" | "mime.types" | "fastcgi_params") {
        return name == "nginx.conf";
    }
    let by_name = name.ends_with(".conf") || name.ends_with(".nginx") || name.ends_with(".vhost");
    let by_folder = path
        .parent()
        .and_then(Path::file_name)
        .is_some_and(|p| ["sites-available", "sites-enabled", "conf.d", "snippets"].iter().any(|f| p == *f));
    (by_name || by_folder) && std::fs::read(path).is_ok_and(|bytes| speaks_nginx(&bytes))
}

fn speaks_nginx(bytes: &[u8]) -> bool {
    let lines = bytes.split(|&b| b == b'\n').map(<[u8]>::trim_ascii).filter(|l| !l.is_empty() && l[0] != b'#');
    let mut hits = 0;
    for line in lines.take(2_000) {
        let word = line.split(|b| b.is_ascii_whitespace() || *b == b'{').next().unwrap_or_default();
        let ends = matches!(line.last(), Some(b';' | b'{' | b'}'));
        hits += usize::from(ends && WORDS.contains(&word));
        if hits > 0 {
            return true;
        }
    }
    false
}
