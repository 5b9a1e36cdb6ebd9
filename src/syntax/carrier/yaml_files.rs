//! What the scalars of a YAML file are to nginx: keys of a ConfigMap, annotations of an Ingress, `content` of
//! Compose, Ansible and cloud-init, and scripts that write files.

use std::path::PathBuf;

use super::scalar::{Entry, Style, entries};
use super::{Block, Form, Hand, heredoc, holds_nginx, says_nginx};
use crate::source::Carrier;

/// The scalars that hold nginx.
pub(super) fn blocks(bytes: &[u8]) -> Vec<Block> {
    let file = File { bytes, entries: entries(bytes) };
    let is_compose = file.has_key("services");
    let mut out = Vec::new();
    for entry in file.entries.iter().filter(|e| e.style != Style::Plain || context(e.key()).is_some()) {
        let said = says_nginx(entry.key()) || file.written_to(entry).is_some_and(|path| says_nginx(&path));
        let content = file.plain_content(entry);
        let nginx = match &content {
            Some(content) => crate::source::is_nginx(content.as_bytes(), said),
            None => holds_nginx(bytes, &entry.lines, said),
        };
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

    /// Where services mount a config of this name.
    fn targets(&self, name: &str) -> Vec<String> {
        let named = self.entries.iter().filter(|e| e.key() == "source" && e.text(self.bytes).trim() == name);
        named.filter_map(|e| self.beside(e, &["target"])).collect()
    }

    /// What stands between quotes, as its reader sees it; to be looked at only.
    fn plain_content(&self, entry: &Entry) -> Option<String> {
        let text = || entry.text(self.bytes);
        match entry.style {
            Style::Quoted(b'"') => Some(text().replace("\\n", "\n").replace("\\t", " ").replace("\\\"", "\"")),
            Style::Quoted(_) | Style::Plain => Some(text()),
            _ => None,
        }
    }

    /// The number of the object that the entry is a part of: each ConfigMap is a directory of its own.
    fn world(&self, entry: &Entry) -> usize {
        let same = |e: &&Entry| e.document == entry.document && e.around() == entry.around();
        let is_map = entry.around().iter().any(|k| k == "data" || k == "stringData");
        let first = self.entries.iter().find(same).filter(|_| is_map);
        first.map_or(0, |first| first.line + 1)
    }

    fn block(&self, entry: &Entry, is_compose: bool) -> Block {
        let form = match entry.style {
            Style::Literal => Form::Lines,
            Style::Folded => Form::Folded,
            Style::Quoted(b'"') => Form::Quoted,
            _ => Form::Lines,
        };
        let writable = matches!(entry.style, Style::Literal | Style::Folded);
        let hand = if is_compose { Hand::Compose } else { Hand::Plain };
        let context = context(entry.key());
        let files = if context.is_some() { Vec::new() } else { self.files(entry) };
        let block = Block::new(self.name(entry), entry.line, entry.lines.clone());
        let is_surrounded = context == Some("location");
        Block { form, writable, hand, context, files, is_surrounded, world: self.world(entry), ..block }
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
        let data = entry.around().iter().any(|k| k == "data" || k == "stringData");
        if !data || entry.key().contains('/') {
            return Vec::new();
        }
        let key = entry.key();
        let mounted = self.entries.iter().filter(|e| e.key() == "mountPath").filter_map(|e| {
            let path = e.text(self.bytes).trim().to_owned();
            let sub = self.beside(e, &["subPath"]);
            let file = match sub {
                Some(sub) if sub == key => PathBuf::from(&path),
                Some(_) => return None,
                None => PathBuf::from(&path).join(key),
            };
            is_path(&path).then_some(file)
        });
        let mut out: Vec<PathBuf> = mounted.collect();
        match key {
            "nginx.conf" => out.insert(0, PathBuf::from("/etc/nginx/nginx.conf")),
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
