//! `wslint.toml`: what a project says about its configurations.

mod baseline;
mod init;

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::catalog::near::nearest;
use crate::diagnostic::Severity;
use crate::rules;
use crate::source::{FileSystem, normalise};

pub use baseline::{baseline_text, parse_baseline};
pub use init::TEMPLATE;

/// The name of the file.
pub const NAME: &str = "wslint.toml";

/// The settings of a project. Paths are as wslint opens them: relative to the current directory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// The file that they come from.
    pub file: Option<PathBuf>,
    /// Main configurations.
    pub roots: Vec<PathBuf>,
    /// Patterns of paths that a walk through a directory passes over.
    pub exclude: Vec<String>,
    /// As `--nginx-version`.
    pub nginx_version: Option<String>,
    /// As `--fail-on`.
    pub fail_on: Option<String>,
    /// As `--connection`.
    pub connection: Option<String>,
    /// As `--baseline`.
    pub baseline: Option<PathBuf>,
    /// Absolute prefixes of includes, and the directories that stand for them.
    pub paths: Vec<(PathBuf, PathBuf)>,
    /// Locations that carry WebSocket.
    pub locations: Vec<String>,
    /// Locations that do not.
    pub not: Vec<String>,
    /// As `--evidence`.
    pub evidence: Option<String>,
    /// Rules with the severity that the project gives them; none is off.
    pub rules: Vec<(String, Option<Severity>)>,
}

impl Settings {
    /// The directory of the file: what its patterns and paths are relative to.
    pub fn folder(&self) -> PathBuf {
        self.file.as_ref().and_then(|f| f.parent()).map(Path::to_owned).unwrap_or_default()
    }
}

/// A `wslint.toml` that cannot be used: what is wrong, and where.
#[derive(Debug, thiserror::Error, PartialEq)]
#[error("{}{}: {message}", file.display(), line.map(|l| format!(":{l}")).unwrap_or_default())]
pub struct ConfigError {
    file: PathBuf,
    line: Option<usize>,
    message: String,
}

/// The `wslint.toml` of a directory or the nearest one around it, up to the project's root (`.git`).
pub fn find(fs: &dyn FileSystem, from: &Path) -> Option<PathBuf> {
    let mut real = fs.canonicalize(from).ok()?;
    let mut path = from.to_owned();
    loop {
        let candidate = normalise(&path.join(NAME));
        if fs.kind(&candidate).is_ok() {
            return Some(candidate);
        }
        if fs.kind(&real.join(".git")).is_ok() || !real.pop() {
            return None;
        }
        path.push("..");
    }
}

const KEYS: [&str; 9] =
    ["roots", "exclude", "nginx-version", "fail-on", "connection", "baseline", "paths", "websocket", "rules"];
const WEBSOCKET: [&str; 3] = ["locations", "not", "evidence"];

/// Reads a `wslint.toml`.
///
/// # Errors
/// What is wrong, and what was expected: TOML's own errors, unknown keys with the nearest one, wrong
/// types and values, paths that leave the project.
pub fn read(fs: &dyn FileSystem, file: &Path) -> Result<Settings, ConfigError> {
    let error = |message: String| ConfigError { file: file.to_owned(), line: None, message };
    let bytes = fs.read(file).map_err(|e| error(e.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| error("this is not UTF-8".to_owned()))?;
    let table: Table = text.parse().map_err(|e: toml::de::Error| ConfigError {
        line: e.span().map(|s| text[..s.start].matches('\n').count() + 1),
        ..error(e.message().to_owned())
    })?;
    let folder = file.parent().map(Path::to_owned).unwrap_or_default();
    Reader { file, text: &text, folder }.settings(&table)
}

struct Reader<'a> {
    file: &'a Path,
    text: &'a str,
    folder: PathBuf,
}

impl Reader<'_> {
    fn error(&self, key: &str, message: String) -> ConfigError {
        let is_key = |l: &str| {
            let l = l.trim_start().trim_start_matches(['"', '\'', '[']);
            l.strip_prefix(key)
                .is_some_and(|r| r.trim_start_matches(['"', '\'']).trim_start().starts_with(['=', ']', '.']))
        };
        let line = self.text.lines().position(is_key).map(|n| n + 1);
        ConfigError { file: self.file.to_owned(), line, message }
    }

    fn known(&self, table: &Table, keys: &[&str], within: &str) -> Result<(), ConfigError> {
        match table.keys().find(|k| !keys.contains(&k.as_str())) {
            None => Ok(()),
            Some(key) => {
                let hint = nearest(key, keys)
                    .map_or_else(|| format!("expected one of {}", keys.join(", ")), |n| format!("did you mean `{n}`?"));
                Err(self.error(key, format!("unknown key `{within}{key}`; {hint}")))
            }
        }
    }

    fn settings(&self, table: &Table) -> Result<Settings, ConfigError> {
        self.known(table, &KEYS, "")?;
        let mut out = Settings {
            file: Some(self.file.to_owned()),
            roots: self.strings(table, "roots")?.iter().map(|r| self.inside("roots", r)).collect::<Result<_, _>>()?,
            exclude: self.strings(table, "exclude")?,
            nginx_version: self.string(table, "nginx-version")?,
            fail_on: self.one_of(table, "fail-on", &["advice", "warning", "error", "never"])?,
            connection: self.one_of(table, "connection", &["auto", "map", "literal"])?,
            baseline: self.string(table, "baseline")?.map(|b| self.inside("baseline", &b)).transpose()?,
            ..Settings::default()
        };
        if let Some(paths) = self.table(table, "paths")? {
            for (from, to) in paths {
                let Value::String(to) = to else {
                    return Err(self.error(from, format!("`paths.{from}` has to be a directory, as a string")));
                };
                if !from.starts_with('/') {
                    return Err(
                        self.error(from, format!("`paths.{from}`: expected an absolute path, as in \"/etc/nginx\""))
                    );
                }
                out.paths.push((normalise(Path::new(from)), self.inside(from, to)?));
            }
            // The longest prefix counts.
            out.paths.sort_by_key(|(from, _)| std::cmp::Reverse(from.components().count()));
        }
        if let Some(websocket) = self.table(table, "websocket")? {
            self.known(websocket, &WEBSOCKET, "websocket.")?;
            out.locations = self.strings(websocket, "locations")?;
            out.not = self.strings(websocket, "not")?;
            out.evidence = self.one_of(websocket, "evidence", &["none", "likely", "configured", "declared"])?;
        }
        if let Some(levels) = self.table(table, "rules")? {
            let names: Vec<&str> = rules::ALL.iter().map(|r| r.name).collect();
            self.known(levels, &names, "rules.")?;
            for rule in levels.keys() {
                let level = self.one_of(levels, rule, &["off", "advice", "warning", "error"])?;
                let severity = match level.as_deref() {
                    Some("advice") => Some(Severity::Advice),
                    Some("warning") => Some(Severity::Warning),
                    Some("error") => Some(Severity::Error),
                    _ => None,
                };
                out.rules.push((rule.clone(), severity));
            }
        }
        Ok(out)
    }

    /// A path of the project: relative to the file that names it, and not outside.
    fn inside(&self, key: &str, path: &str) -> Result<PathBuf, ConfigError> {
        let inner = normalise(Path::new(path));
        if inner.is_absolute() || inner.starts_with("..") {
            return Err(
                self.error(key, format!("`{path}` leaves the project; expected a path below this file's directory"))
            );
        }
        Ok(normalise(&self.folder.join(inner)))
    }

    fn string(&self, table: &Table, key: &str) -> Result<Option<String>, ConfigError> {
        match table.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(other) => Err(self.error(key, format!("`{key}` has to be a string, not {}", article(other)))),
        }
    }

    fn one_of(&self, table: &Table, key: &str, words: &[&str]) -> Result<Option<String>, ConfigError> {
        let Some(value) = self.string(table, key)? else { return Ok(None) };
        match words.contains(&value.as_str()) {
            true => Ok(Some(value)),
            false => Err(self.error(key, format!("`{key}` is \"{value}\"; expected one of {}", words.join(", ")))),
        }
    }

    fn strings(&self, table: &Table, key: &str) -> Result<Vec<String>, ConfigError> {
        let wrong =
            |other: &Value| self.error(key, format!("`{key}` has to be a list of strings, not {}", article(other)));
        match table.get(key) {
            None => Ok(Vec::new()),
            Some(Value::Array(list)) => {
                list.iter().map(|v| v.as_str().map(str::to_owned).ok_or_else(|| wrong(v))).collect()
            }
            Some(other) => Err(wrong(other)),
        }
    }

    fn table<'t>(&self, table: &'t Table, key: &str) -> Result<Option<&'t Table>, ConfigError> {
        match table.get(key) {
            None => Ok(None),
            Some(Value::Table(inner)) => Ok(Some(inner)),
            Some(other) => {
                Err(self.error(key, format!("`{key}` has to be a table, `[{key}]`, not {}", article(other))))
            }
        }
    }
}

fn article(value: &Value) -> String {
    let kind = value.type_str();
    let article = if kind.starts_with(['a', 'i', 'o']) { "an" } else { "a" };
    format!("{article} {kind}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::MemFs;

    fn parse(text: &str) -> Result<Settings, String> {
        let fs = MemFs::new([("/p/wslint.toml".into(), text.as_bytes().to_vec())]);
        read(&fs, Path::new("/p/wslint.toml")).map_err(|e| e.to_string())
    }

    #[test]
    fn settings_are_read_and_mistakes_named() {
        let read = parse(
            "roots = [\"deploy/nginx.conf\"]\nfail-on = \"error\"\n[paths]\n\"/etc/nginx\" = \"deploy\"\n[websocket]\nlocations = [\"/chat\"]\n[rules]\nshort-read-timeout = \"off\"\n",
        );
        let settings = read.unwrap();
        assert_eq!(settings.roots, [PathBuf::from("/p/deploy/nginx.conf")]);
        assert_eq!(settings.paths, [("/etc/nginx".into(), "/p/deploy".into())]);
        assert_eq!(settings.rules, [("short-read-timeout".to_owned(), None)]);
        for (text, said) in [
            ("\nroot = []", "/p/wslint.toml:2: unknown key `root`; did you mean `roots`?"),
            ("fail-on = \"eror\"", "`fail-on` is \"eror\"; expected one of advice, warning, error, never"),
            ("roots = \"x\"", "`roots` has to be a list of strings, not a string"),
            ("roots = [\"../x\"]", "`../x` leaves the project"),
            ("[rules]\nshort-read-timeot = \"off\"", "did you mean `short-read-timeout`?"),
            ("[paths]\n\"etc\" = \"x\"", "expected an absolute path"),
            ("a = [", "/p/wslint.toml:1: "),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
        assert_eq!(parse(TEMPLATE).map(|s| s.roots), Ok(Vec::new()));
    }
}
