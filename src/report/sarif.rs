//! SARIF 2.1.0, for code scanning.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Value, json};

use super::Report;
use super::item::{DOCS, Each, Item, Range, items, pretty};
use crate::diagnostic::{Applicability, Severity};
use crate::rules;

/// The report.
///
/// # Errors
/// Those of `out`.
pub fn sarif(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let rules: Vec<Value> = rules::ALL
        .iter()
        .map(|rule| {
            let title = if report.lang == crate::i18n::Lang::Zh { rule.title.zh } else { rule.title.en };
            json!({
                "id": rule.name,
                "name": pascal(rule.name),
                "shortDescription": {"text": title},
                "fullDescription": {"text": title},
                "help": {"text": rule.about(report.lang), "markdown": rule.about(report.lang)},
                "helpUri": format!("{DOCS}{}.md", rule.name),
                "defaultConfiguration": {"level": level(rule.severity)},
                "properties": {"category": rule.category.as_str(), "tags": ["nginx", "websocket", rule.category.as_str()]},
            })
        })
        .collect();
    let driver = json!({
        "name": "wslint",
        "version": env!("CARGO_PKG_VERSION"),
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "informationUri": env!("CARGO_PKG_REPOSITORY"),
        "rules": rules,
    });
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: json!({"driver": driver}),
            column_kind: "unicodeCodePoints",
            original_uri_base_ids: json!({"SRCROOT": {"description": {"text": "The directory in which wslint ran"}}}),
            results: Each::of(items(report).map(|item| result(report, &item))),
        }],
    };
    pretty(&log, out)
}

#[derive(Serialize)]
struct Log<R: Serialize> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<R>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<R: Serialize> {
    tool: Value,
    column_kind: &'static str,
    original_uri_base_ids: Value,
    results: R,
}

fn result(report: &Report<'_>, item: &Item<'_>) -> Value {
    let index = rules::ALL.iter().position(|r| r.name == item.found.rule);
    let text = match item.why.is_empty() {
        true => item.message.clone(),
        false => format!("{}. {} {}", item.message, capital(&item.why), capital(&item.help)),
    };
    let related: Vec<Value> = item
        .related
        .iter()
        .enumerate()
        .map(|(i, r)| json!({"id": i + 1, "physicalLocation": location(&r.raw, r.range), "message": {"text": r.text}}))
        .collect();
    let mut out = json!({
        "ruleId": item.found.rule,
        "ruleIndex": index,
        "level": level(item.found.severity),
        "message": {"text": text.trim()},
        "locations": [{"physicalLocation": location(&item.raw, item.range), "message": {"text": item.label}}],
        "relatedLocations": related,
        "partialFingerprints": {"wslint/v1": item.fingerprint},
    });
    let wanted = |a: Applicability| a == Applicability::Safe || report.wanted.unsafe_too;
    if let Some((title, _, edits)) = item.fix.as_ref().filter(|(_, a, _)| wanted(*a)) {
        let mut changes: Vec<(String, Vec<Value>)> = Vec::new();
        for edit in edits {
            let replacement = json!({"deletedRegion": region(edit.range), "insertedContent": {"text": edit.text}});
            match changes.iter_mut().find(|(path, _)| *path == edit.raw) {
                Some((_, list)) => list.push(replacement),
                None => changes.push((edit.raw.clone(), vec![replacement])),
            }
        }
        let changes: Vec<Value> = changes
            .into_iter()
            .map(|(path, list)| json!({"artifactLocation": artifact(&path), "replacements": list}))
            .collect();
        out["fixes"] = json!([{"description": {"text": title}, "artifactChanges": changes}]);
    }
    out
}

fn location(path: &str, range: Range) -> Value {
    json!({"artifactLocation": artifact(path), "region": region(range)})
}

fn artifact(path: &str) -> Value {
    match path.starts_with('/') {
        true => json!({"uri": format!("file://{}", encoded(path))}),
        false => json!({"uri": encoded(path), "uriBaseId": "SRCROOT"}),
    }
}

fn region(range: Range) -> Value {
    json!({"startLine": range.start.0, "startColumn": range.start.1, "endLine": range.end.0, "endColumn": range.end.1})
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Advice => "note",
    }
}

/// Percent-encoding of a path (RFC 3986, `pchar` and `/`).
fn encoded(path: &str) -> String {
    use std::fmt::Write as _;
    path.bytes().fold(String::new(), |mut out, b| {
        match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b'@' | b'+' | b',' => {
                out.push(b as char)
            }
            _ => drop(write!(out, "%{b:02X}")),
        }
        out
    })
}

/// `missing-upgrade-header` as `MissingUpgradeHeader`.
fn pascal(name: &str) -> String {
    name.split('-').map(capital).collect()
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
