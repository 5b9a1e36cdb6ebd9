//! The shape of the house: which folder may use which, and what stands nowhere.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Each folder may use only what stands before it.
pub(crate) const ORDER: &[&str] = &[
    "i18n",
    "source",
    "catalog",
    "symptoms",
    "syntax",
    "model",
    "diagnostic",
    "rules",
    "engine",
    "fix",
    "settings",
    "project",
    "report",
    "probe",
    "server",
    "cli",
];

/// The same within the model; names that `model/mod.rs` hands on stand for the room they come from.
pub(crate) const MODEL: &[(&str, &[&str])] = &[
    ("versions", &[]),
    ("config", &["Config", "Occ", "OccId", "Scope", "ScopeId", "ScopeKind"]),
    ("value", &["Browser", "Url", "Value"]),
    ("way", &["Arrival", "Step"]),
    ("evidence", &[]),
    ("refuse", &[]),
    ("analysis", &[]),
    ("cause", &[]),
    ("trace", &[]),
];

/// Folders that may use less than their place in [`ORDER`] allows.
const STRICTER: &[(&str, &[&str])] = &[("diagnostic", &["i18n", "source"]), ("catalog", &[]), ("symptoms", &["i18n"])];

/// The crates that only the outside of the house knows, and who that is.
const OUTSIDE: &[&str] = &["serde", "serde_json", "clap", "miette", "toml"];
const OUTER: &[&str] = &["report", "settings", "server", "cli"];

/// A file longer than this is two files; from half a sitting on it is mentioned.
const TOO_LONG: usize = 600;
const LONG: usize = 400;

/// Tables, not texts.
const TABLES: [&str; 2] = ["src/catalog/directives.rs", "src/symptoms/table.rs"];

pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
    /// The text without comments and without what stands in quotes, line by line.
    code: String,
}

impl Source {
    /// The folder (or file) right below src.
    fn room(&self) -> &str {
        let inside = self.path.trim_start_matches("src/");
        inside.split('/').next().map_or(inside, |first| first.trim_end_matches(".rs"))
    }
}

pub(crate) fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    let mut folders = vec![root.join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            match entry.file_type().unwrap().is_dir() {
                true => folders.push(entry.path()),
                false => paths.push(entry.path()),
            }
        }
    }
    paths.retain(|p| p.extension().is_some_and(|e| e == "rs"));
    paths.sort();
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        let path = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
        Source { path, code: code_of(&text), text }
    };
    paths.iter().map(read).collect()
}

/// The text with comments and the content of strings taken out; lines stay lines.
fn code_of(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let width = match c {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '"' => string_width(rest),
            'r' if rest.starts_with("r\"") || rest.starts_with("r#") => raw_string_width(rest).unwrap_or(1),
            // A quote or a double quote as a character, not a lifetime.
            '\'' if rest.starts_with("'\"'") => 3,
            '\'' if rest.starts_with("'\\") => 2 + rest[2..].find('\'').map_or(1, |end| end.max(1) + 1),
            _ => 0,
        };
        if width <= 1 {
            out.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        }
        out.extend(rest[..width].chars().filter(|&c| c == '\n'));
        rest = &rest[width..];
    }
    out
}

pub(crate) fn string_width(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            _ => escaped = c == '\\' && !escaped,
        }
    }
    text.len()
}

pub(crate) fn raw_string_width(text: &str) -> Option<usize> {
    let hashes = text[1..].bytes().take_while(|&b| b == b'#').count();
    let body = text[1 + hashes..].strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    Some(body.find(&close).map_or(text.len(), |end| 2 + hashes + end + close.len()))
}

/// What a text names behind a path such as `crate::`: `crate::X`, or X and Y in `crate::{X, Y}`; with the
/// lines.
fn uses(code: &str, path: &str) -> Vec<(usize, String)> {
    let mut out = Vec::new();
    for (at, _) in code.match_indices(path) {
        let line = 1 + code[..at].matches('\n').count();
        let behind = &code[at + path.len()..];
        if let Some(group) = behind.strip_prefix('{') {
            let mut depth = 0;
            let mut name = String::new();
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => out.push((line, first_name(&std::mem::take(&mut name)))),
                    _ if depth == 0 => name.push(c),
                    _ => {}
                }
            }
            out.push((line, first_name(&name)));
        } else {
            out.push((line, first_name(behind)));
        }
    }
    out.retain(|(_, name)| !name.is_empty());
    out
}

fn first_name(path: &str) -> String {
    path.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// Whether a name stands in the code as a whole word, and in which line.
fn names(code: &str, wanted: &str) -> Option<usize> {
    let in_word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(wanted).find_map(|(at, _)| {
        let before = code[..at].chars().next_back().is_some_and(in_word);
        let behind = code[at + wanted.len()..].chars().next().is_some_and(in_word);
        (!before && !behind).then(|| 1 + code[..at].matches('\n').count())
    })
}

pub(crate) fn none(violations: &str, law: &str) {
    assert!(violations.is_empty(), "{law}:\n{violations}");
}

#[test]
fn folders_use_only_what_stands_before_them() {
    let mut violations = String::new();
    for source in sources().iter().filter(|s| !matches!(s.room(), "lib" | "main")) {
        let room = source.room();
        let Some(place) = ORDER.iter().position(|r| *r == room) else {
            let _ = writeln!(violations, "{}: `{room}` has no place in the order", source.path);
            continue;
        };
        let allowed = STRICTER.iter().find(|(r, _)| *r == room).map_or(&ORDER[..place], |(_, allowed)| allowed);
        for (line, used) in uses(&source.code, "crate::") {
            // `text!` is a macro of i18n, exported at the root; `catalog` has no words to say.
            let used = if used == "text" { "i18n" } else { used.as_str() };
            if used != room && !allowed.contains(&used) {
                let _ = writeln!(violations, "{}:{line}: `{room}` uses `{used}`", source.path);
            }
        }
    }
    none(&violations, &format!("the order is {}", ORDER.join(" < ")));
}

#[test]
fn rooms_of_the_model_use_only_what_stands_before_them() {
    let mut violations = String::new();
    for source in sources().iter().filter(|s| s.room() == "model" && s.path != "src/model/mod.rs") {
        let inside = source.path.trim_start_matches("src/model/");
        let room = inside.split('/').next().unwrap().trim_end_matches(".rs");
        let Some(place) = MODEL.iter().position(|(r, _)| *r == room) else {
            let _ = writeln!(violations, "{}: `{room}` has no place in the order", source.path);
            continue;
        };
        // A file right below `model/` may say `super` for the model.
        let own = if inside.contains('/') { Vec::new() } else { uses(&source.code, "super::") };
        for (line, used) in uses(&source.code, "crate::model::").into_iter().chain(own) {
            let known = MODEL.iter().position(|(r, names)| *r == used || names.contains(&used.as_str()));
            if known.is_none_or(|k| k > place) {
                let _ = writeln!(violations, "{}:{line}: `{room}` uses `{used}`", source.path);
            }
        }
    }
    let order: Vec<&str> = MODEL.iter().map(|(r, _)| *r).collect();
    none(&violations, &format!("the order within the model is {}", order.join(" < ")));
}

#[test]
fn only_the_outside_knows_serde_clap_and_miette() {
    let mut violations = String::new();
    for source in sources().iter().filter(|s| !OUTER.contains(&s.room())) {
        for name in OUTSIDE {
            if let Some(line) = names(&source.code, name) {
                let _ = writeln!(violations, "{}:{line}: `{name}`", source.path);
            }
        }
    }
    none(&violations, "only report/ and cli/ name serde, clap and miette");
}

/// What the doors may name of the model: what they hand in, and what they print.
const DOORS_MAY: &[&str] = &["ScopeKind", "Url", "analysis::Versions", "evidence::Evidence", "way::verdict::Verdict"];

/// What a door's code names of the model, with the lines; the whole model, where it takes hold of that.
fn of_the_model(code: &str) -> Vec<(usize, String)> {
    let mut out = Vec::new();
    let in_word = |c: char| c.is_alphanumeric() || c == '_';
    for (at, word) in code.match_indices("model") {
        let (before, behind) = (&code[..at], &code[at + word.len()..]);
        if before.ends_with(in_word) || behind.starts_with(in_word) {
            continue;
        }
        let line = 1 + before.matches('\n').count();
        match behind.strip_prefix("::").filter(|_| before.ends_with("crate::")) {
            // `crate::{model::…}` and `use crate::model` would hide what is taken.
            None => out.push((line, word.to_owned())),
            Some(named) => match named.strip_prefix('{') {
                Some(group) => {
                    let group = group.split(';').next().unwrap().trim_end().trim_end_matches('}');
                    out.extend(group.split(',').map(|name| (line, name.trim().to_owned())));
                }
                None => {
                    let path = named.split(|c: char| !in_word(c) && c != ':').next().unwrap();
                    out.push((line, path.to_owned()));
                }
            },
        }
    }
    out.retain(|(_, name)| !name.is_empty());
    out
}

#[test]
fn doors_hold_no_analysis() {
    let mut violations = String::new();
    let mut named = std::collections::BTreeSet::new();
    for source in sources().iter().filter(|s| matches!(s.room(), "server" | "cli")) {
        for (line, name) in of_the_model(&source.code) {
            if !DOORS_MAY.contains(&name.as_str()) {
                let _ = writeln!(violations, "{}:{line}: `{name}`", source.path);
            }
            named.insert(name);
        }
    }
    none(&violations, "a door asks `project`, and knows of the model only what it hands in or prints");
    let nobody: Vec<_> = DOORS_MAY.iter().filter(|name| !named.contains(**name)).collect();
    assert!(nobody.is_empty(), "no door needs {nobody:?} any more");
}

#[test]
fn what_a_door_takes_from_the_model_is_seen() {
    let taken = |code: &str| of_the_model(code).into_iter().map(|(_, name)| name).collect::<Vec<_>>();
    assert_eq!(taken("use crate::model::{ScopeKind, Url};\nlet remodel = modelled;"), ["ScopeKind", "Url"]);
    assert_eq!(taken("use crate::model::way::walk::Walk as W;"), ["way::walk::Walk"]);
    assert_eq!(taken("let x = crate::model::trace::trace(&a);"), ["trace::trace"]);
    assert_eq!(taken("use crate::{i18n::Lang, model::Url};"), ["model"]);
    assert_eq!(taken("use crate::model as m;"), ["model"]);
    assert_eq!(taken("use crate::model::{way::{walk, judge}};"), ["way::{walk", "judge"]);
}

#[test]
fn only_source_knows_the_disk() {
    let mut violations = String::new();
    for source in sources().iter().filter(|s| s.room() != "source") {
        if let Some(at) = source.code.split("#[cfg(test)]").next().unwrap().find("std::fs") {
            let _ = writeln!(violations, "{}:{}", source.path, 1 + source.code[..at].matches('\n').count());
        }
    }
    none(&violations, "files are read and written through `source::FileSystem`");
}

#[test]
fn every_module_says_what_it_is() {
    let mut violations = String::new();
    for source in sources() {
        let is_rule = source.path.starts_with("src/rules/") && source.text.contains("\nrule! {");
        if !source.text.starts_with("//!") && !is_rule {
            let _ = writeln!(violations, "{}", source.path);
        }
    }
    none(&violations, "a module begins with `//!`, a rule has its documentation in `rule!`");
}

#[test]
fn a_file_is_read_in_one_sitting() {
    let mut violations = String::new();
    for source in sources().iter().filter(|s| !TABLES.contains(&s.path.as_str())) {
        let lines = source.text.lines().count();
        if lines > TOO_LONG {
            let _ = writeln!(violations, "{}: {lines} lines", source.path);
        } else if lines > LONG {
            println!("note: {} has {lines} lines", source.path);
        }
    }
    none(&violations, &format!("no file has more than {TOO_LONG} lines"));
}

#[test]
fn nothing_is_unsafe() {
    let mut violations = String::new();
    for source in sources() {
        if let Some(line) = names(&source.code, "unsafe") {
            let _ = writeln!(violations, "{}:{line}", source.path);
        }
        let is_root = matches!(source.path.as_str(), "src/lib.rs" | "src/main.rs");
        if is_root && !source.code.contains("#![forbid(unsafe_code)]") {
            let _ = writeln!(violations, "{}: `#![forbid(unsafe_code)]` is missing", source.path);
        }
    }
    none(&violations, "`unsafe` stands nowhere in src");
}

#[test]
fn the_reader_of_this_test_sees_code_only() {
    let text = "use crate::{a::{b, c}, d};\n// crate::no\nlet x = \"crate::no\"; crate::e::f();\n\
                let y = r#\"crate::no\"#; let q = '\"'; /* crate::no */ crate::g!();";
    let found: Vec<(usize, String)> = uses(&code_of(text), "crate::");
    let found: Vec<(usize, &str)> = found.iter().map(|(line, name)| (*line, name.as_str())).collect();
    assert_eq!(found, [(1, "a"), (1, "d"), (3, "e"), (4, "g")]);
}
