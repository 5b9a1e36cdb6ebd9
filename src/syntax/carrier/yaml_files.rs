//! What the scalars of a YAML file are to nginx: keys of a ConfigMap, annotations of an Ingress, `content` of
//! Compose, Ansible and cloud-init, and scripts that write files.

use std::path::PathBuf;

use super::expanded::expanded;
use super::scalar::{Entry, Style, entries};
use super::{Block, Form, Hand, heredoc, holds_nginx, says_nginx};
use crate::source::Carrier;

/// The scalars that hold nginx.
pub(super) fn blocks(bytes: &[u8]) -> Vec<Block> {
    let entries = entries(bytes);
    let mounts = entries.iter().any(|e| e.key() == "mountPath");
    let file = File { bytes, entries, mounts };
    let is_compose = file.has_key("services");
    let mut out = Vec::new();
    for entry in file.entries.iter().filter(|e| e.style != Style::Plain || context(e.key()).is_some()) {
        let said = says_nginx(entry.key()) || file.written_to(entry).is_some_and(|path| says_nginx(&path));
        let content = file.plain_content(entry);
        let nginx = match &content {
            Some(content) => crate::source::is_nginx(content.as_bytes(), said),
            None => holds_nginx(bytes, &entry.lines, said),
        };
        if file.is_pattern(entry) {
            continue;
        }
        if nginx && !heredoc::holds_heredoc(bytes, &entry.lines) {
            out.push(file.block(entry, is_compose));
        } else if entry.style == Style::Literal && !is_compose {
            out.extend(file.script(entry));
        }
    }
    out
}

struct File<'b> {
    bytes: &'b [u8],
    entries: Vec<Entry>,
    /// A workload mounts something.
    mounts: bool,
}

impl File<'_> {
    fn has_key(&self, name: &str) -> bool {
        self.entries.iter().any(|e| e.path.first().is_some_and(|first| first == name))
    }

    /// What an entry says beside another.
    fn beside(&self, entry: &Entry, keys: &[&str]) -> Option<String> {
        let same = |e: &&Entry| {
            e.document == entry.document && e.path.len() == entry.path.len() && e.around() == entry.around()
        };
        let found = self.entries.iter().filter(same).find(|e| keys.contains(&e.key()) && e.style != Style::Literal)?;
        Some(found.text(self.bytes).trim().to_owned())
    }

    /// The file that Ansible, cloud-init or Compose writes the entry to.
    fn written_to(&self, entry: &Entry) -> Option<String> {
        match entry.key() {
            "content" | "block" | "contents" => self.beside(entry, &["dest", "path", "target"]).or_else(|| {
                let name = entry.around().last()?;
                self.targets(name).first().cloned()
            }),
            _ => None,
        }
    }

    /// What Ansible looks for in a file, or puts in the place of what it found: no configuration, but where one is
    /// changed, and what becomes a part of it.
    fn is_pattern(&self, entry: &Entry) -> bool {
        const PATTERNS: [&str; 6] = ["regexp", "insertafter", "insertbefore", "search_string", "before", "after"];
        let replaces = || entry.key() == "replace" && self.beside(entry, &["regexp"]).is_some();
        (PATTERNS.contains(&entry.key()) || replaces()) && self.beside(entry, &["path", "dest", "destfile"]).is_some()
    }

    /// Where services mount a config of this name.
    fn targets(&self, name: &str) -> Vec<String> {
        let named = self.entries.iter().filter(|e| e.key() == "source" && e.text(self.bytes).trim() == name);
        named.filter_map(|e| self.beside(e, &["target"])).collect()
    }

    /// What stands between quotes, as its reader sees it; to be looked at only.
    fn plain_content(&self, entry: &Entry) -> Option<String> {
        let text = || entry.text(self.bytes);
        match entry.style {
            Style::Quoted(b'"') => Some(unquoted(&text())),
            Style::Quoted(_) | Style::Plain => Some(text()),
            _ => None,
        }
    }

    /// The number of the machine that the entry is a file of: each ConfigMap is a directory of its own, and those
    /// that one workload mounts are files of one machine.
    fn world(&self, entry: &Entry) -> usize {
        if !is_key_of_map(entry) {
            return 0;
        }
        let same = |e: &&Entry| match self.mounts(entry).first() {
            Some((document, _)) => e.document == *document,
            None => e.document == entry.document && e.around() == entry.around(),
        };
        self.entries.iter().find(same).map_or(0, |first| first.line + 1)
    }

    /// Where workloads of this file mount the key of a ConfigMap or Secret: the document, and the path.
    fn mounts(&self, entry: &Entry) -> Vec<(usize, PathBuf)> {
        let named = |e: &&Entry| e.document == entry.document && e.path == ["metadata", "name"];
        let name = self.entries.iter().filter(|_| self.mounts).find(named);
        let Some(name) = name.map(|e| e.text(self.bytes)) else { return Vec::new() };
        let mut out = Vec::new();
        for source in self.entries.iter().filter(|e| matches!(e.key(), "name" | "secretName")) {
            let Some(kind) = source.around().iter().rposition(|k| k == "configMap" || k == "secret") else { continue };
            let volume = &source.path[..kind];
            if source.text(self.bytes).trim() != name.trim() || !volume.iter().any(|k| k == "volumes") {
                continue;
            }
            let within = |e: &&Entry| e.document == source.document && e.path.starts_with(volume);
            let said = |e: &&Entry| e.path.len() == volume.len() + 1 && e.key() == "name";
            let Some(volume_name) = self.entries.iter().filter(within).find(said) else { continue };
            let volume_name = volume_name.text(self.bytes);
            // `items` gives keys other names, and leaves the others out.
            let items: Vec<&Entry> = self
                .entries
                .iter()
                .filter(within)
                .filter(|e| e.key() == "key" && e.path.iter().any(|k| k == "items"))
                .collect();
            let file = match items.iter().find(|e| e.text(self.bytes).trim() == entry.key()) {
                Some(item) => self.beside(item, &["path"]),
                None => items.is_empty().then(|| entry.key().to_owned()),
            };
            let Some(file) = file else { continue };
            for mount in self.entries.iter().filter(|e| e.document == source.document && e.key() == "mountPath") {
                let path = mount.text(self.bytes).trim().trim_matches(['"', '\'']).to_owned();
                if self.beside(mount, &["name"]).as_deref() != Some(volume_name.trim()) || !is_path(&path) {
                    continue;
                }
                match self.beside(mount, &["subPath"]) {
                    Some(sub) if sub == file => out.push((source.document, PathBuf::from(path))),
                    Some(_) => {}
                    None => out.push((source.document, PathBuf::from(path).join(&file))),
                }
            }
        }
        out
    }

    fn block(&self, entry: &Entry, is_compose: bool) -> Block {
        let form = match entry.style {
            Style::Literal => Form::Lines,
            Style::Folded => Form::Folded,
            Style::Quoted(quote) => Form::Flow(Some(quote)),
            Style::Plain => Form::Flow(None),
        };
        let writable = matches!(entry.style, Style::Literal | Style::Folded);
        let hand = if is_compose { Hand::Compose } else { Hand::Plain };
        let context = context(entry.key());
        let files = if context.is_some() { Vec::new() } else { self.files(entry) };
        let block = Block::new(self.name(entry), entry.line, entry.lines.clone());
        let is_surrounded = context == Some("location");
        let expanded = expanded(self.bytes, &block.lines, hand);
        Block { form, writable, hand, context, files, is_surrounded, expanded, world: self.world(entry), ..block }
    }

    /// `data."default.conf"`.
    fn name(&self, entry: &Entry) -> String {
        let mut out = String::new();
        for part in &entry.path {
            let plain = part.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
            match part.starts_with('[') {
                true => out.push_str(part),
                false => {
                    let dot = if out.is_empty() { "" } else { "." };
                    let quote = if plain { "" } else { "\"" };
                    out.push_str(&format!("{dot}{quote}{part}{quote}"));
                }
            }
        }
        out
    }

    /// Where nginx finds an entry: what it is written or mounted to; the keys of a ConfigMap are files of the
    /// directories into which one is usually mounted.
    fn files(&self, entry: &Entry) -> Vec<PathBuf> {
        if let Some(path) = self.written_to(entry) {
            return if is_path(&path) { vec![PathBuf::from(path)] } else { Vec::new() };
        }
        if !is_key_of_map(entry) || entry.key().contains('/') {
            return Vec::new();
        }
        let key = entry.key();
        let mut out: Vec<PathBuf> = self.mounts(entry).into_iter().map(|(_, path)| path).collect();
        if !out.is_empty() {
            return out;
        }
        match key {
            "nginx.conf" => out.push(PathBuf::from("/etc/nginx/nginx.conf")),
            _ => out.extend(["/etc/nginx/conf.d", "/etc/nginx"].map(|folder| PathBuf::from(folder).join(key))),
        }
        out
    }

    /// What a script in a block scalar writes.
    fn script(&self, entry: &Entry) -> Vec<Block> {
        let (Some(first), Some(last)) = (entry.lines.first(), entry.lines.last()) else { return Vec::new() };
        let bytes = self.bytes;
        let within = &bytes[first.start..last.end];
        if memchr::memmem::find(within, b"<<").is_none() || !Carrier::may_hold(within) {
            return Vec::new();
        }
        super::within(bytes, &entry.lines, heredoc::shell)
            .into_iter()
            .map(|block| Block {
                name: format!("{}: {}", self.name(entry), block.name),
                world: entry.line + 1,
                ..block
            })
            .collect()
    }
}

/// What stands between double quotes, to be looked at only.
fn unquoted(text: &str) -> String {
    text.replace("\\\n", " ").replace("\\n", "\n").replace("\\t", " ").replace("\\\"", "\"")
}

/// Whether the entry is a key of a ConfigMap or a Secret.
fn is_key_of_map(entry: &Entry) -> bool {
    entry.around().iter().any(|k| k == "data" || k == "stringData")
}

fn is_path(path: &str) -> bool {
    path.starts_with('/') && !path.contains(['{', '$', '*'])
}

/// Where an ingress controller puts what stands in such a key.
fn context(key: &str) -> Option<&'static str> {
    let name = key.rsplit('/').next().unwrap_or(key);
    Some(match name {
        "configuration-snippet" | "location-snippet" | "location-snippets" | "auth-snippet" => "location",
        "server-snippet" | "server-snippets" => "server",
        "http-snippet" | "http-snippets" => "http",
        "main-snippet" | "main-snippets" => "main",
        "stream-snippet" | "stream-snippets" => "stream",
        _ => return None,
    })
}
