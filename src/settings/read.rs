//! From the text of a `wslint.toml` to settings. Each mistake is told with its line, which TOML's own
//! spans say.

use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{ConfigError, Settings};
use crate::catalog::near::nearest;
use crate::diagnostic::Severity;
use crate::i18n::Text;
use crate::rules;
use crate::source::{FileSystem, io_text, normalise};
use crate::text;

const KEYS: [&str; 10] = [
    "roots",
    "exclude",
    "nginx-version",
    "fail-on",
    "connection",
    "baseline",
    "paths",
    "websocket",
    "carriers",
    "rules",
];
const WEBSOCKET: [&str; 3] = ["locations", "not", "evidence"];

/// Reads a `wslint.toml`.
///
/// # Errors
/// What is wrong, and what was expected: TOML's own errors, unknown keys with the nearest one, wrong
/// types and values, paths that leave the project.
pub fn read(fs: &dyn FileSystem, file: &Path) -> Result<Settings, ConfigError> {
    let error = |message: Text| ConfigError { file: file.to_owned(), line: None, message };
    let bytes = fs.read(file).map_err(|e| error(io_text(&e)))?;
    let text = String::from_utf8(bytes).map_err(|_| error(text!("this is not UTF-8", "这不是 UTF-8 文本")))?;
    let folder = file.parent().map(Path::to_owned).unwrap_or_default();
    let reader = Reader { file, text: &text, folder };
    let table = DeTable::parse(&text).map_err(|e| match e.span() {
        Some(span) => reader.error(span, not_toml(e.message())),
        None => error(not_toml(e.message())),
    })?;
    reader.settings(table.get_ref())
}

/// A value, and where it stands.
type Value<'t> = Spanned<DeValue<'t>>;

struct Reader<'a> {
    file: &'a Path,
    text: &'a str,
    folder: PathBuf,
}

impl Reader<'_> {
    fn error(&self, span: Range<usize>, message: Text) -> ConfigError {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        ConfigError { file: self.file.to_owned(), line: Some(line), message }
    }

    /// Whether all keys of a table are known; `within` is the table's own, with a dot.
    fn known(&self, table: &DeTable<'_>, keys: &[&str], within: &str) -> Result<(), ConfigError> {
        // Of several the first in the file.
        let unknown = table.keys().filter(|k| !keys.contains(&&**k.get_ref()));
        let Some(key) = unknown.min_by_key(|k| k.span().start) else { return Ok(()) };
        let name = key.get_ref();
        let (expected, expected_zh) = (keys.join(", "), keys.join("、"));
        let message = match nearest(name, keys) {
            Some(meant) => text!(
                "unknown key `{within}{name}`; did you mean `{meant}`?",
                "未知的键 `{within}{name}`；是不是想写 `{meant}`？"
            ),
            None => text!(
                "unknown key `{within}{name}`; expected one of {expected}",
                "未知的键 `{within}{name}`；应为以下之一：{expected_zh}"
            ),
        };
        Err(self.error(key.span(), message))
    }

    fn settings(&self, table: &DeTable<'_>) -> Result<Settings, ConfigError> {
        self.known(table, &KEYS, "")?;
        let mut out = Settings {
            file: Some(self.file.to_owned()),
            roots: self.strings(table, "roots")?.iter().map(|r| self.inside(r)).collect::<Result<_, _>>()?,
            exclude: plain(self.strings(table, "exclude")?),
            nginx_version: self.string(table, "nginx-version")?.map(Spanned::into_inner),
            fail_on: self.one_of(table, "fail-on", &["advice", "warning", "error", "never"])?,
            connection: self.one_of(table, "connection", &["auto", "map", "literal"])?,
            baseline: self.string(table, "baseline")?.map(|b| self.inside(&b)).transpose()?,
            ..Settings::default()
        };
        if let Some(paths) = self.table(table, "paths")? {
            out.paths = self.paths(paths)?;
        }
        if let Some(websocket) = self.table(table, "websocket")? {
            self.known(websocket, &WEBSOCKET, "websocket.")?;
            out.locations = plain(self.strings(websocket, "locations")?);
            out.not = plain(self.strings(websocket, "not")?);
            out.evidence = self.one_of(websocket, "evidence", &["none", "likely", "configured", "declared"])?;
        }
        if let Some(carriers) = self.table(table, "carriers")? {
            self.known(carriers, &["read"], "carriers.")?;
            out.carriers = self.one_of(carriers, "read", &["none", "all"])?.map(|which| which == "all");
        }
        if let Some(levels) = self.table(table, "rules")? {
            out.rules = self.levels(levels)?;
        }
        Ok(out)
    }

    fn paths(&self, table: &DeTable<'_>) -> Result<Vec<(PathBuf, PathBuf)>, ConfigError> {
        let mut out = Vec::new();
        for (key, to) in table {
            let from = key.get_ref();
            let DeValue::String(directory) = to.get_ref() else {
                return Err(self.error(
                    to.span(),
                    text!("`paths.{from}` has to be a directory, as a string", "`paths.{from}` 应为目录，写成字符串"),
                ));
            };
            if !from.starts_with('/') {
                return Err(self.error(
                    key.span(),
                    text!(
                        "`paths.{from}`: expected an absolute path, as in \"/etc/nginx\"",
                        "`paths.{from}`：应为绝对路径，例如 \"/etc/nginx\""
                    ),
                ));
            }
            let directory = self.inside(&Spanned::new(to.span(), directory.to_string()))?;
            out.push((normalise(Path::new(&**from)), directory));
        }
        // The longest prefix counts.
        out.sort_by_key(|(from, _)| std::cmp::Reverse(from.components().count()));
        Ok(out)
    }

    fn levels(&self, table: &DeTable<'_>) -> Result<Vec<(String, Option<Severity>)>, ConfigError> {
        let names: Vec<&str> = rules::ALL.iter().map(|r| r.name).collect();
        self.known(table, &names, "rules.")?;
        let mut out = Vec::new();
        for rule in table.keys().map(Spanned::get_ref) {
            let severity = match self.one_of(table, rule, &["off", "advice", "warning", "error"])?.as_deref() {
                Some("advice") => Some(Severity::Advice),
                Some("warning") => Some(Severity::Warning),
                Some("error") => Some(Severity::Error),
                _ => None,
            };
            out.push((rule.to_string(), severity));
        }
        Ok(out)
    }

    /// A path of the project: relative to the file that names it, and not outside.
    fn inside(&self, path: &Spanned<String>) -> Result<PathBuf, ConfigError> {
        let written = path.get_ref();
        let inner = normalise(Path::new(written));
        if inner.is_absolute() || inner.starts_with("..") {
            return Err(self.error(
                path.span(),
                text!(
                    "`{written}` leaves the project; expected a path below this file's directory",
                    "`{written}` 超出了项目；应为此文件所在目录之下的路径"
                ),
            ));
        }
        Ok(normalise(&self.folder.join(inner)))
    }

    fn string(&self, table: &DeTable<'_>, key: &str) -> Result<Option<Spanned<String>>, ConfigError> {
        let Some(value) = table.get(key) else { return Ok(None) };
        match value.get_ref() {
            DeValue::String(text) => Ok(Some(Spanned::new(value.span(), text.to_string()))),
            other => {
                let kind = kind(other);
                let (en, zh) = (kind.en, kind.zh);
                Err(self.error(
                    value.span(),
                    text!("`{key}` has to be a string, not {en}", "`{key}` 应为字符串，而不是{zh}"),
                ))
            }
        }
    }

    fn one_of(&self, table: &DeTable<'_>, key: &str, words: &[&str]) -> Result<Option<String>, ConfigError> {
        let Some(value) = self.string(table, key)? else { return Ok(None) };
        let (written, expected, expected_zh) = (value.get_ref(), words.join(", "), words.join("、"));
        match words.contains(&written.as_str()) {
            true => Ok(Some(value.into_inner())),
            false => Err(self.error(
                value.span(),
                text!(
                    "`{key}` is \"{written}\"; expected one of {expected}",
                    "`{key}` 的值是 \"{written}\"；应为以下之一：{expected_zh}"
                ),
            )),
        }
    }

    fn strings(&self, table: &DeTable<'_>, key: &str) -> Result<Vec<Spanned<String>>, ConfigError> {
        let wrong = |other: &Value<'_>| {
            let kind = kind(other.get_ref());
            let (en, zh) = (kind.en, kind.zh);
            self.error(
                other.span(),
                text!("`{key}` has to be a list of strings, not {en}", "`{key}` 应为字符串列表，而不是{zh}"),
            )
        };
        let Some(value) = table.get(key) else { return Ok(Vec::new()) };
        let DeValue::Array(list) = value.get_ref() else { return Err(wrong(value)) };
        let string = |v: &Value<'_>| match v.get_ref() {
            DeValue::String(text) => Ok(Spanned::new(v.span(), text.to_string())),
            _ => Err(wrong(v)),
        };
        list.iter().map(string).collect()
    }

    fn table<'t>(&self, table: &'t DeTable<'t>, key: &str) -> Result<Option<&'t DeTable<'t>>, ConfigError> {
        let Some(value) = table.get(key) else { return Ok(None) };
        match value.get_ref() {
            DeValue::Table(inner) => Ok(Some(inner)),
            other => {
                let kind = kind(other);
                let (en, zh) = (kind.en, kind.zh);
                Err(self.error(
                    value.span(),
                    text!("`{key}` has to be a table, `[{key}]`, not {en}", "`{key}` 应为表 `[{key}]`，而不是{zh}"),
                ))
            }
        }
    }
}

fn plain(list: Vec<Spanned<String>>) -> Vec<String> {
    list.into_iter().map(Spanned::into_inner).collect()
}

/// The kind of a value, with its article.
fn kind(value: &DeValue<'_>) -> Text {
    match value {
        DeValue::String(_) => text!("a string", "字符串"),
        DeValue::Integer(_) => text!("an integer", "整数"),
        DeValue::Float(_) => text!("a float", "浮点数"),
        DeValue::Boolean(_) => text!("a boolean", "布尔值"),
        DeValue::Datetime(_) => text!("a datetime", "日期时间"),
        DeValue::Array(_) => text!("an array", "数组"),
        DeValue::Table(_) => text!("a table", "表"),
    }
}

/// What the reader of TOML says, which speaks English only.
fn not_toml(message: &str) -> Text {
    text!("{message}", "不是合法的 TOML：“{message}”")
}

#[cfg(test)]
mod tests {
    use super::super::TEMPLATE;
    use super::*;
    use crate::source::MemFs;

    fn parse(text: &str) -> Result<Settings, ConfigError> {
        let fs = MemFs::new([("/p/wslint.toml".into(), text.as_bytes().to_vec())]);
        read(&fs, Path::new("/p/wslint.toml"))
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
            ("roots = [\n\"x\",\n1]", "/p/wslint.toml:3: `roots` has to be a list of strings, not an integer"),
            ("roots = [\"../x\"]", "`../x` leaves the project"),
            ("[rules]\nshort-read-timeot = \"off\"", "did you mean `short-read-timeout`?"),
            ("[paths]\n\"etc\" = \"x\"", "expected an absolute path"),
            ("[paths]\n\"/etc\" = []", "/p/wslint.toml:2: `paths./etc` has to be a directory"),
            ("a = [", "/p/wslint.toml:1: "),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
        assert_eq!(parse(TEMPLATE.en).map(|s| s.roots), Ok(Vec::new()));
    }

    #[test]
    fn the_line_is_that_of_the_key_in_its_own_table() {
        for (text, line) in [
            ("[websocket]\nevidence = \"none\"\n[rules]\nevidence = \"off\"\n", 4),
            ("[rules]\nevidence = \"off\"\n[websocket]\nevidence = \"none\"\n", 2),
            ("# roots = [\nroots = []\n[websocket]\nroots = []\n", 4),
            ("websocket.evidence = \"none\"\nrules = { evidence = \"off\" }\n", 2),
            ("exclude = [\"rules = 1\"]\nrules = 1\n", 2),
        ] {
            assert_eq!(parse(text).unwrap_err().line, Some(line), "{text}");
        }
    }

    #[test]
    fn mistakes_are_told_in_both_languages() {
        let error = parse("\nroot = []").unwrap_err();
        assert_eq!(error.text().zh, "/p/wslint.toml:2：未知的键 `root`；是不是想写 `roots`？");
    }
}
