//! The way of one URL, as a short story.

use std::fmt::Write as _;

use super::paint::{BAD, DOUBTFUL, GOOD, STRONG, paint};
use super::prose::padded;
use super::{Look, escaped};
use crate::engine::EndpointFact;
use crate::i18n::{Lang, Text};
use crate::model::way::verdict::Verdict;
use crate::text;

/// What `trace` found, ready to be shown.
pub struct Traced<'a> {
    /// As given.
    pub url: &'a str,
    /// The verdict.
    pub verdict: Verdict,
    /// Why nginx does not start.
    pub rejected_because: Option<String>,
    /// `listen` and `server_name`.
    pub server: Option<(Vec<String>, Vec<String>)>,
    /// The location, as its arguments stand.
    pub location: Option<String>,
    /// The endpoint that is reached.
    pub endpoint: Option<EndpointFact>,
    /// The way, step by step.
    pub steps: Vec<Text>,
    /// What the backend receives: the line, and where it comes from.
    pub received: Vec<(String, Text)>,
    /// The URI that the backend is asked for.
    pub upstream_uri: Option<String>,
    /// Why it does not open, or what it hangs on.
    pub reason: Option<Text>,
    /// How to get the patch, if there is one.
    pub patch: Option<String>,
    /// The language.
    pub lang: Lang,
}

/// The story for a terminal.
pub fn trace_human(traced: &Traced<'_>, look: Look) -> String {
    let lang = traced.lang;
    let paint = |style, text: &str| paint(look, style, text);
    let mut out = format!("{}\n", paint(STRONG, &escaped(traced.url, false)));
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
            paint(GOOD, text!("✓ upgrades: the WebSocket opens.", "✓ upgrades:WebSocket 可以打开。").get(lang))
        }
        Verdict::Broken => paint(BAD, text!("✗ broken: {reason}.", "✗ broken:{reason}。").get(lang)),
        Verdict::Rejected => {
            let why = traced.rejected_because.as_deref().map(|r| escaped(r, false)).unwrap_or_default();
            paint(
                BAD,
                text!("✗ rejected: nginx refuses to start: {why}.", "✗ rejected:nginx 拒绝启动:{why}。").get(lang),
            )
        }
        Verdict::Unknown => paint(DOUBTFUL, text!("? unknown: {reason}.", "? unknown:{reason}。").get(lang)),
    };
    let _ = writeln!(out, "\n{line}");
    if traced.verdict == Verdict::Broken && traced.endpoint.is_some() {
        let text = text!(
            "  Browsers show “Error during WebSocket handshake: Unexpected response code: 400” (or 404, 426, 200).",
            "  浏览器会显示 “Error during WebSocket handshake: Unexpected response code: 400”(或 404、426、200)。"
        );
        let _ = writeln!(out, "{}", text.get(lang));
    }
    if let Some(patch) = &traced.patch {
        let head = text!("Patch", "补丁");
        let _ = writeln!(out, "  {}: {}", head.get(lang), escaped(patch, false));
    }
    out
}
