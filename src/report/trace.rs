//! The way of one URL, as a short story.

use std::fmt::Write as _;

use super::paint::{BAD, DOUBTFUL, GOOD, STRONG, paint};
use super::prose::{padded, width, wrap_indented};
use super::{Look, escaped};
use crate::i18n::Lang;
use crate::model::way::verdict::Verdict;
use crate::project::Story;
use crate::text;

/// The story for a terminal.
pub fn trace_human(traced: &Story, lang: Lang, look: Look) -> String {
    let paint = |style, text: &str| paint(look, style, text);
    let mut out = format!("{}\n", paint(STRONG, &escaped(&traced.url, false)));
    let count = traced.steps.len();
    for (i, step) in traced.steps.iter().enumerate() {
        let branch = if i + 1 == count { "└─" } else { "├─" };
        let below = if i + 1 == count { "       " } else { "  │    " };
        let lines = wrap_indented(&escaped(step.get(lang), false), look.line.saturating_sub(5), &below[2..]);
        let first = lines.first().map_or("", String::as_str);
        let _ = writeln!(out, "  {branch} {first}");
        for line in lines.iter().skip(1) {
            let _ = writeln!(out, "  {line}");
        }
    }
    if !traced.received.is_empty() {
        let head = text!("the backend receives", "后端收到");
        let from = text!("from", "来源");
        let left = traced.received.iter().map(|(l, _)| width(l.get(lang))).max().unwrap_or(0).clamp(20, 48);
        let _ = writeln!(out, "\n  {}  {}", padded(head.get(lang), left), from.get(lang));
        for (line, origin) in &traced.received {
            let (line, origin) = (escaped(line.get(lang), false), escaped(origin.get(lang), false));
            let both = format!("{}  {origin}", padded(&line, left));
            if width(&both) + 2 <= look.line {
                let _ = writeln!(out, "  {both}");
            } else {
                let _ = writeln!(out, "  {line}\n      ← {origin}");
            }
        }
    }
    let reason = traced.reason.as_ref().map(|r| escaped(r.get(lang), false)).unwrap_or_default();
    let (style, said) = match traced.verdict {
        Verdict::Upgrades => (GOOD, text!("✓ upgrades: the WebSocket opens.", "✓ 可以升级：WebSocket 能够建立连接。")),
        Verdict::Broken => (BAD, text!("✗ broken: {reason}.", "✗ 握手失败：{reason}。")),
        Verdict::Rejected => {
            let why = traced.rejected_because.as_ref().map(|r| escaped(r.get(lang), false)).unwrap_or_default();
            (BAD, text!("✗ rejected: nginx refuses to start: {why}.", "✗ nginx 拒绝启动，{why}。"))
        }
        Verdict::Unknown => (DOUBTFUL, text!("? unknown: {reason}.", "? 无法判断：{reason}。")),
    };
    out.push('\n');
    for line in wrap_indented(said.get(lang), look.line, "  ") {
        let _ = writeln!(out, "{}", paint(style, &line));
    }
    if traced.verdict == Verdict::Broken && traced.endpoint.is_some() {
        let text = text!(
            "  Browsers show “Error during WebSocket handshake: Unexpected response code: 400” (or 404, 426, 200).",
            "  浏览器会显示 “Error during WebSocket handshake: Unexpected response code: 400”（或 404、426、200）。"
        );
        let _ = writeln!(out, "{}", wrap_indented(text.get(lang), look.line, "  ").join("\n"));
    }
    if let Some(patch) = &traced.patch {
        let head = text!("Patch: ", "补丁：");
        let _ = writeln!(out, "  {}{}", head.get(lang), escaped(patch, false));
    }
    out
}
