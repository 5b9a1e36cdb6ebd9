//! The stable JSON of `docs/json-schema/report.v1.json`.

use std::io::{self, Write};

use serde::Serialize;

use super::Report;
use super::item::{DOCS, Each, pretty, raw_path};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::engine::{EffectiveFact, EndpointFact, FileRole};
use crate::fix::lower;
use crate::i18n::Lang;
use crate::project::Story;
use crate::source::{Place, SourceMap};

#[derive(Serialize)]
struct Root<'a, E: Serialize, D: Serialize> {
    schema_version: u32,
    tool: Tool,
    nginx_version: Option<&'a str>,
    files: Vec<File>,
    unread: Vec<Unread<'a>>,
    endpoints: E,
    diagnostics: D,
    summary: Summary,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct File {
    path: String,
    bytes: usize,
    kind: &'static str,
}

#[derive(Serialize)]
struct Server<'a> {
    listen: &'a [String],
    names: &'a [String],
}

#[derive(Serialize)]
struct Endpoint<'a> {
    path: String,
    line: usize,
    column: usize,
    server: Server<'a>,
    location: &'a str,
    proxy_pass: &'a str,
    evidence: &'static str,
    verdict: &'static str,
    effective: Effective<'a>,
    undecided: Option<Undecided<'a>>,
}

#[derive(Serialize)]
struct Undecided<'a> {
    message: &'a str,
    path: Option<String>,
    line: Option<usize>,
}

#[derive(Serialize)]
struct Unread<'a> {
    include: &'a str,
    path: String,
    line: usize,
}

#[derive(Serialize)]
struct Effective<'a> {
    http_version: Setting<'a>,
    upgrade: Setting<'a>,
    connection: Setting<'a>,
}

#[derive(Serialize)]
struct Setting<'a> {
    value: Option<&'a str>,
    origin: &'static str,
    path: Option<String>,
    line: Option<usize>,
}

#[derive(Serialize)]
struct Position {
    line: usize,
    column: usize,
    offset: u32,
}

#[derive(Serialize)]
struct Finding {
    rule: &'static str,
    category: &'static str,
    severity: &'static str,
    message: String,
    help: String,
    why: String,
    url: String,
    path: String,
    start: Position,
    end: Position,
    labels: Vec<Label>,
    fix: Option<Fix>,
}

#[derive(Serialize)]
struct Label {
    path: String,
    start: Position,
    end: Position,
    text: String,
}

#[derive(Serialize)]
struct Fix {
    title: String,
    applicability: &'static str,
    note: Option<String>,
    edits: Vec<Edit>,
}

#[derive(Serialize)]
struct Edit {
    path: String,
    start: usize,
    end: usize,
    text: String,
}

#[derive(Serialize)]
struct Summary {
    errors: usize,
    warnings: usize,
    advice: usize,
    fixable: usize,
    suppressed: usize,
    baselined: usize,
    undecided: usize,
    bare: usize,
}

#[derive(Serialize)]
struct TraceRoot<'a> {
    schema_version: u32,
    url: &'a str,
    verdict: &'static str,
    rejected_because: Option<String>,
    server: Option<Server<'a>>,
    location: Option<String>,
    endpoint: Option<Endpoint<'a>>,
    steps: Vec<String>,
    upstream_uri: Option<String>,
}

/// The report of `check`.
///
/// # Errors
/// Those of `out`.
pub fn json(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let sources = report.sources;
    let files = report.checked.files.iter().map(|&(id, role)| {
        let file = sources.get(id);
        let kind = match role {
            FileRole::Root => "root",
            FileRole::Included => "included",
            FileRole::Fragment => "fragment",
            FileRole::Dump => "dump",
        };
        File { path: raw_path(file), bytes: file.bytes.len(), kind }
    });
    let root = Root {
        schema_version: 1,
        tool: Tool { name: "wslint", version: env!("CARGO_PKG_VERSION") },
        nginx_version: report.nginx_version,
        files: files.collect(),
        unread: report.checked.unread.iter().map(|(place, include)| unread(sources, *place, include)).collect(),
        endpoints: Each::of(report.checked.endpoints.iter().map(|e| endpoint(sources, e, report.lang))),
        diagnostics: Each::of(report.checked.diagnostics.iter().map(|d| finding(report, d))),
        summary: Summary {
            errors: report.count(Severity::Error),
            warnings: report.count(Severity::Warning),
            advice: report.count(Severity::Advice),
            fixable: report.fixable(),
            suppressed: report.checked.suppressed,
            baselined: report.checked.baselined,
            undecided: report.checked.endpoints.iter().filter(|e| e.undecided.is_some()).count(),
            bare: report.checked.bare.len(),
        },
    };
    pretty(&root, out)
}

/// The report of `trace`.
///
/// # Errors
/// Those of `out`.
pub fn trace_json(sources: &SourceMap, traced: &Story, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    let root = TraceRoot {
        schema_version: 1,
        url: &traced.url,
        verdict: traced.verdict.as_str(),
        rejected_because: traced.rejected_because.as_ref().map(|r| r.en.to_string()),
        server: traced.server.as_ref().map(|(listen, names)| Server { listen, names }),
        location: traced.location.clone(),
        endpoint: traced.endpoint.as_ref().map(|e| endpoint(sources, e, lang)),
        steps: traced.steps.iter().map(|s| s.get(lang).to_owned()).collect(),
        upstream_uri: traced.upstream_uri.clone(),
    };
    pretty(&root, out)
}

fn path(sources: &SourceMap, place: Place) -> String {
    raw_path(sources.get(place.file))
}

fn position(sources: &SourceMap, place: Place, offset: u32) -> Position {
    let file = sources.get(place.file);
    let (line, column) = file.lines().line_column(offset, &file.bytes);
    Position { line, column, offset }
}

fn endpoint<'a>(sources: &SourceMap, fact: &'a EndpointFact, lang: Lang) -> Endpoint<'a> {
    let start = position(sources, fact.place, fact.place.span.start);
    let words = fact.words();
    let [http_version, upgrade, connection] = &*words.effective;
    Endpoint {
        path: path(sources, fact.place),
        line: start.line,
        column: start.column,
        server: Server { listen: &words.server.listen, names: &words.server.names },
        location: &words.location,
        proxy_pass: &words.proxy_pass,
        evidence: fact.evidence.as_str(),
        verdict: fact.verdict.as_str(),
        effective: Effective {
            http_version: setting(sources, http_version),
            upgrade: setting(sources, upgrade),
            connection: setting(sources, connection),
        },
        undecided: fact.undecided.as_ref().map(|u| Undecided {
            message: u.text.get(lang),
            path: u.place.map(|p| path(sources, p)),
            line: u.place.map(|p| position(sources, p, p.span.start).line),
        }),
    }
}

fn unread<'a>(sources: &SourceMap, place: Place, include: &'a str) -> Unread<'a> {
    Unread { include, path: path(sources, place), line: position(sources, place, place.span.start).line }
}

fn setting<'a>(sources: &SourceMap, fact: &'a EffectiveFact) -> Setting<'a> {
    Setting {
        value: fact.value.as_deref(),
        origin: fact.origin,
        path: fact.place.map(|p| path(sources, p)),
        line: fact.place.map(|p| position(sources, p, p.span.start).line),
    }
}

fn finding(report: &Report<'_>, found: &Diagnostic) -> Finding {
    let sources = report.sources;
    let place = found.primary.place;
    Finding {
        rule: found.rule,
        category: found.category.as_str(),
        severity: found.severity.as_str(),
        message: found.message.get(report.lang).to_owned(),
        help: found.help.get(report.lang).to_owned(),
        why: found.why.get(report.lang).to_owned(),
        url: format!("{DOCS}{}.md", found.rule),
        path: path(sources, place),
        start: position(sources, place, place.span.start),
        end: position(sources, place, place.span.end),
        labels: std::iter::once(&found.primary)
            .chain(&found.labels)
            .map(|l| Label {
                path: path(sources, l.place),
                start: position(sources, l.place, l.place.span.start),
                end: position(sources, l.place, l.place.span.end),
                text: l.text.get(report.lang).to_owned(),
            })
            .collect(),
        fix: found.fix.as_ref().map(|fix| Fix {
            title: fix.title.get(report.lang).to_owned(),
            applicability: if fix.applicability == Applicability::Safe { "safe" } else { "unsafe" },
            note: fix.note.as_ref().map(|n| n.get(report.lang).to_owned()),
            edits: fix
                .edits
                .iter()
                .map(|e| {
                    let bytes = lower(sources, e);
                    Edit {
                        path: raw_path(sources.get(e.file())),
                        start: bytes.start,
                        end: bytes.end,
                        text: String::from_utf8_lossy(&bytes.text).into_owned(),
                    }
                })
                .collect(),
        }),
    }
}
