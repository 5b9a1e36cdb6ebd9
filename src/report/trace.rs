//! The way of one URL, as a short story.

use std::fmt::Write as _;

use super::paint::{BAD, DOUBTFUL, GOOD, STRONG, paint};
use super::prose::padded;
use super::{Look, escaped};
use crate::i18n::Lang;
use crate::model::way::verdict::Verdict;
use crate::project::Story;
use crate::text;

/// The story for a terminal.
pub fn trace_human(traced: &Story, lang: Lang, look: Look) -> String {
    let paint = |style, text: &str| paint(look, style, text);
    let mut out = format!(
        "{}
",
        paint(STRONG, &escaped(&traced.url, false))
    );
    let count = traced.steps.len();
    for (i, step) in traced.steps.iter().enumerate() {
        let branch = if i + 1 == count { "└─" } else { "├─" };
        let _ = writeln!(out, "  {branch} {}", escaped(step.get(lang), false));
    }
    if !traced.received.is_empty() {
        let head = text!("the backend receives", "后端收到");
        let from = text!("from", "来源");
        let width = traced.received.iter().map(|(l, _)| l.chars().count()).max().unwrap_or(0).clamp(20, 48);
        let _ = writeln!(out, "\n  {}  {}", padded(head.get(lang), width), from.get(lang));
        for (line, origin) in &traced.received {
            let _ = writeln!(out, "  {:<width$}  {}", escaped(line, false), escaped(origin.get(lang), false));
        }
    }
    let reason = traced.reason.as_ref().map(|r| escaped(r.get(lang), false)).unwrap_or_default();
    let line = match traced.verdict {
        Verdict::Upgrades => {
            paint(GOOD, text!("✓ upgrades: the WebSocket opens.", "✓ upgrades：WebSocket 可以建立连接。").get(lang))
        }
        Verdict::Broken => paint(BAD, text!("✗ broken: {reason}.", "✗ broken：{reason}。").get(lang)),
        Verdict::Rejected => {
            let why = traced.rejected_because.as_deref().map(|r| escaped(r, false)).unwrap_or_default();
            paint(
                BAD,
                text!("✗ rejected: nginx refuses to start: {why}.", "✗ rejected：nginx 拒绝启动：{why}。").get(lang),
            )
        }
        Verdict::Unknown => paint(DOUBTFUL, text!("? unknown: {reason}.", "? unknown：{reason}。").get(lang)),
    };
    let _ = writeln!(out, "\n{line}");
    if traced.verdict == Verdict::Broken && traced.endpoint.is_some() {
        let text = text!(
            "  Browsers show “Error during WebSocket handshake: Unexpected response code: 400” (or 404, 426, 200).",
            "  浏览器会显示 “Error during WebSocket handshake: Unexpected response code: 400”（或 404、426、200）。"
        );
        let _ = writeln!(out, "{}", text.get(lang));
    }
    if let Some(patch) = &traced.patch {
        let head = text!("Patch", "补丁");
        let _ = writeln!(out, "  {}: {}", head.get(lang), escaped(patch, false));
    }
    out
}
