//! Hover: a finding's rule, nginx's page about a directive, a variable's values, what is effective here.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::desk::{Desk, Teller};
use super::lens::of_location;
use super::wire::Refusal;
use crate::diagnostic::Diagnostic;
use crate::engine::EndpointFact;
use crate::i18n::Lang;
use crate::project::{Sight, VariableSight};
use crate::report::{markdown_cell, markdown_inline, rule_address};
use crate::rules;
use crate::source::{Place, Span};
use crate::text;

/// More servers than that include a snippet without anybody wanting to read of each.
const MOST: usize = 3;

/// `textDocument/hover`
pub(super) fn hover(desk: &mut Desk<'_, '_>, params: &Value) -> Result<Value, Refusal> {
    let Some(spot) = desk.spot(params)? else { return Ok(Value::Null) };
    let Some(offset) = desk.offset(&spot, params.get("position"))? else { return Ok(Value::Null) };
    let folder = &mut desk.folders[spot.folder];
    let Some(file) = folder.file(&spot.path) else { return Ok(Value::Null) };
    let inside = folder.inside(&spot.path);
    let sight = folder.standing_mut().and_then(|s| s.look(&inside, offset));
    let Some(teller) = desk.teller(spot.folder) else { return Ok(Value::Null) };
    let lang = teller.lang();
    let touches = |span: Span| span.start <= offset && offset <= span.end;
    let found = teller.standing.checked().diagnostics.iter().filter(|d| teller.tells(d));
    let here: Vec<&Diagnostic> =
        found.filter(|d| teller.page(d.primary.place.file) == file && touches(d.primary.place.span)).collect();
    let mut parts: Vec<String> = here.iter().map(|d| about_finding(d, lang)).collect();
    let mut span = here.first().map(|d| d.primary.place.span);
    if let Some(sight) = &sight {
        let more = about_sight(&teller, sight, lang);
        if !more.is_empty() {
            span = span.or(Some(sight.span));
            parts.extend(more);
        }
    }
    let Some(span) = span else { return Ok(Value::Null) };
    let text = parts.join("\n\n---\n\n");
    Ok(json!({ "contents": { "kind": "markdown", "value": text }, "range": teller.range(file, span) }))
}

/// What is wrong, and the page of its rule.
fn about_finding(found: &Diagnostic, lang: Lang) -> String {
    let (rule, address) = (found.rule, rule_address(found.rule));
    let mut out = format!("**[{rule}]({address})** — {}\n", markdown_inline(found.message.get(lang)));
    for part in [found.why.get(lang), found.help.get(lang)].iter().filter(|p| !p.is_empty()) {
        let _ = write!(out, "\n{}\n", markdown_inline(part));
    }
    if let Some(rule) = rules::find(found.rule) {
        let _ = write!(out, "\n{}", rule.about(lang));
    }
    out
}

fn about_sight(teller: &Teller<'_, '_>, sight: &Sight, lang: Lang) -> Vec<String> {
    let mut out = Vec::new();
    if let (Some(name), Some(page)) = (&sight.directive, &sight.page) {
        out.push(match lang {
            Lang::En => format!("`{name}`: [nginx's documentation]({page})"),
            Lang::Zh => format!("`{name}`：[nginx 文档]({page})"),
        });
    }
    if let Some(variable) = &sight.variable {
        out.push(about_variable(variable, lang));
    }
    let shows = |name: &String| name == "location" || name == "include" || name.starts_with("proxy_");
    if sight.directive.as_ref().is_some_and(shows) {
        out.extend(sight.endpoints.iter().take(MOST).map(|e| about_endpoint(teller, e, lang)));
        let more = sight.endpoints.len().saturating_sub(MOST);
        if more > 0 {
            out.push(text!("… and {more} more", "……还有 {more} 处").get(lang).to_owned());
        }
    }
    out
}

fn about_variable(variable: &VariableSight, lang: Lang) -> String {
    let name = &variable.name;
    let mut out = format!("`${name}`");
    if variable.builtin {
        out.push_str(text!(": nginx defines it", "：由 nginx 定义").get(lang));
    }
    let heads = text!("for a handshake | for an ordinary request", "握手请求 | 普通请求");
    let _ = write!(out, "\n\n| {} |\n| --- | --- |\n", heads.get(lang));
    let shown = |value: &Option<String>| match value {
        Some(value) if value.is_empty() => text!("empty", "空").get(lang).to_owned(),
        Some(value) => code(value),
        None => text!("not known", "未知").get(lang).to_owned(),
    };
    for (handshake, ordinary) in &variable.values {
        let _ = writeln!(out, "| {} | {} |", shown(handshake), shown(ordinary));
    }
    out
}

/// The verdict, and the three settings that it hangs on, with where they come from.
fn about_endpoint(teller: &Teller<'_, '_>, endpoint: &EndpointFact, lang: Lang) -> String {
    let words = endpoint.words();
    let verdict = of_location(&[endpoint]);
    let mut out = format!("**{}**", markdown_inline(verdict.get(lang)));
    let server = words.server.names.join(" ");
    if !server.is_empty() {
        let _ = write!(out, "  \n{}", code(&format!("server_name {server}")));
    }
    let heads = text!("setting | value | from", "设置 | 值 | 来源");
    let _ = write!(out, "\n\n| {} |\n| --- | --- | --- |\n", heads.get(lang));
    for (name, fact) in ["proxy_http_version", "Upgrade", "Connection"].iter().zip(words.effective.iter()) {
        let value = match &fact.value {
            Some(value) => code(value),
            None => text!("not sent", "不发送").get(lang).to_owned(),
        };
        let from = match fact.place {
            Some(place) => link(teller, place),
            None => origin(fact.origin, lang),
        };
        let _ = writeln!(out, "| `{name}` | {value} | {from} |");
    }
    out
}

fn origin(origin: &'static str, lang: Lang) -> String {
    let text = match origin {
        "default" => text!("nginx's default", "nginx 的默认值"),
        "absent" => text!("nowhere", "没有设置"),
        "unknown" => text!("an include that could not be read", "无法读取的 include"),
        other => crate::i18n::Text::same(other),
    };
    text.get(lang).to_owned()
}

fn link(teller: &Teller<'_, '_>, place: Place) -> String {
    let source = teller.source(place.file);
    let line = source.lines().line(place.span.start) + 1;
    let shown = markdown_cell(&format!("{}:{line}", source.path.display()));
    match teller.standing.can_be_opened(place.file) {
        true => format!("[{shown}]({}#L{line})", teller.uri(place.file)),
        false => shown,
    }
}

/// A code span in a cell, whatever stands in it.
fn code(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let ticks = "`".repeat(longest + 1);
    let pad = if longest > 0 { " " } else { "" };
    let text = crate::report::escaped(text, false).replace('|', "\\|");
    format!("{ticks}{pad}{text}{pad}{ticks}")
}
