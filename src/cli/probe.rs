//! `wslint probe URL`: one real handshake, what came back, and what it means.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::json;

use super::args::{Probe as Args, TraceFormat};
use super::desk::{asked, options, session, url};
use super::{Failure, Terminal, Verdict};
use crate::probe::{Answer, Cause, Clue, Outcome, Wish, configured, decode, headline, probe};
use crate::report::prose::wrap_indented;
use crate::report::{escaped, paint};
use crate::source::FileSystem;
use crate::text;

/// Runs the command.
pub(super) fn run(args: &Args, terminal: &Terminal, fs: &dyn FileSystem) -> Result<Verdict, Failure> {
    let url = url("", &args.url)?;
    let mut headers = Vec::new();
    for header in &args.header {
        let pair = header.split_once(':').map(|(n, v)| (n.trim().to_owned(), v.trim().to_owned()));
        let clean = |t: &str| !t.contains(['\r', '\n']);
        match pair.filter(|(n, v)| !n.is_empty() && clean(n) && clean(v)) {
            Some(pair) => headers.push(pair),
            None => {
                return Err(Failure(text!(
                    "--header {header}: expected 'Name: value'",
                    "--header {header}：格式应为 'Name: value'"
                )));
            }
        }
    }
    if !(args.timeout > 0.0 && args.timeout <= 3600.0) {
        let given = args.timeout;
        return Err(Failure(text!(
            "--timeout {given}: expected seconds, more than 0",
            "--timeout {given}：应为大于 0 的秒数"
        )));
    }
    let wish = Wish {
        url: url.clone(),
        origin: args.origin.clone().filter(|o| !o.contains(['\r', '\n'])),
        headers,
        insecure: args.insecure,
        timeout: Duration::from_secs_f64(args.timeout),
    };
    // The configuration is read first: a mistake in it is told before anything is sent.
    let mut causes = match &args.common.root {
        Some(root) => {
            let session = session(&args.common, fs)?;
            let subject = session.open(&asked(std::slice::from_ref(root), &args.common)?)?;
            configured(&subject, url.clone(), &options(&session, &args.common)?.0)?
        }
        None => Vec::new(),
    };
    let outcome = probe(&wish);
    let opened = matches!(&outcome, Outcome::Answered(a) if a.clues(&url.path_and_query) == [Clue::Opened]);
    if opened {
        causes.clear();
    } else {
        decode(&outcome, &url, &mut causes);
    }
    let text = match args.format {
        TraceFormat::Human => human(args, &outcome, opened, &causes, terminal),
        TraceFormat::Json => machine(&args.url, &outcome, opened, &causes, terminal),
    };
    terminal.print(text.as_bytes())?;
    Ok(if opened { Verdict::Clean } else { Verdict::Findings })
}

fn human(args: &Args, outcome: &Outcome, opened: bool, causes: &[Cause], terminal: &Terminal) -> String {
    const MOST: usize = 6;
    let lang = terminal.lang;
    let paint = |style, text: &str| paint::paint(terminal.look, style, text);
    let head = wrap_indented(&format!("  {}", headline(outcome).get(lang)), terminal.look.line, "  ").join("\n");
    let mut out = format!("{}\n{head}\n\n", paint(paint::STRONG, &escaped(&args.url, false)));
    if opened {
        let pong = matches!(outcome, Outcome::Answered(Answer { pong: Some(true), .. }));
        let said = if pong {
            text!("✓ the WebSocket opens, and a ping is answered.", "✓ WebSocket 可以建立连接，并且回应了 ping。")
        } else {
            text!(
                "✓ the WebSocket opens; a ping was not answered in time.",
                "✓ WebSocket 可以建立连接；但 ping 没有及时得到回应。"
            )
        };
        let _ = writeln!(out, "{}", paint(paint::GOOD, said.get(lang)));
        return out;
    }
    let said = match causes.len() {
        1 => text!("✗ the WebSocket does not open. The likely cause:", "✗ WebSocket 无法建立连接。可能的原因："),
        _ => text!(
            "✗ the WebSocket does not open. Most likely first:",
            "✗ WebSocket 无法建立连接。可能的原因，最可能的在前："
        ),
    };
    let _ = writeln!(out, "{}\n", paint(paint::BAD, said.get(lang)));
    for (i, cause) in causes.iter().take(MOST).enumerate() {
        let rule = cause.rule.map(|r| format!("  [{r}]")).unwrap_or_default();
        let mark = text!(": ", "：");
        let place = cause.place.as_ref().map(|p| escaped(p, false) + mark.get(lang)).unwrap_or_default();
        let line = format!("  {}. {place}{}{rule}", i + 1, escaped(cause.text.get(lang), false));
        let lines = wrap_indented(&line, terminal.look.line, "     ").join("\n");
        // The rule's name is one word, and the last one.
        let lines = match lines.rsplit_once(rule.trim_start()) {
            Some((before, "")) if !rule.is_empty() => format!("{before}{}", paint(paint::FAINT, rule.trim_start())),
            _ => lines,
        };
        let _ = writeln!(out, "{lines}");
    }
    // Without a rule there is none to explain, and without a connection nobody has asked nginx anything.
    let named = causes.iter().take(MOST).any(|c| c.rule.is_some());
    let next = match (named, args.common.root.is_none()) {
        (true, true) => text!(
            "`wslint explain RULE` says more; `--root nginx.conf` looks into the configuration.",
            "`wslint explain 规则名` 有更多说明；`--root nginx.conf` 会同时检查配置。"
        ),
        (true, false) => text!("`wslint explain RULE` says more.", "`wslint explain 规则名` 有更多说明。"),
        (false, _) => return out,
    };
    let _ = writeln!(out, "\n{}", wrap_indented(next.get(lang), terminal.look.line, "").join("\n"));
    out
}

fn machine(url: &str, outcome: &Outcome, opened: bool, causes: &[Cause], terminal: &Terminal) -> String {
    let answer = match outcome {
        Outcome::Answered(answer) => Some(answer),
        _ => None,
    };
    let causes: Vec<_> =
        causes.iter().map(|c| json!({"rule": c.rule, "text": c.text.get(terminal.lang), "place": c.place})).collect();
    let out = json!({
        "schema_version": 1,
        "url": url,
        "opened": opened,
        "status": answer.and_then(|a| a.status),
        "answer": headline(outcome).get(terminal.lang),
        "headers": answer.map(|a| &a.headers),
        "pong": answer.and_then(|a| a.pong),
        "causes": causes,
    });
    serde_json::to_string_pretty(&out).unwrap_or_default() + "\n"
}
