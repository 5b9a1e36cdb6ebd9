//! `wslint probe URL`: one real handshake, what came back, and what it means.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::json;

use super::args::{Probe as Args, TraceFormat};
use super::inputs::{Inputs, settings, versions};
use super::{Failure, Terminal, Verdict};
use crate::diagnostic::Severity;
use crate::engine::{Baseline, Options, Selection, check};
use crate::i18n::Text;
use crate::model::Url;
use crate::model::evidence::{Declarations, Evidence};
use crate::probe::{Answer, Clue, Outcome, Wish, probe};
use crate::report::{escaped, paint};
use crate::rules;
use crate::source::FileSystem;
use crate::symptoms::find_symptom;
use crate::syntax::Files;
use crate::text;

/// One cause: what is wrong, the rule that finds it, and where the configuration shows it.
struct Cause {
    text: Text,
    rule: Option<&'static str>,
    place: Option<String>,
}

/// Runs the command.
pub(super) fn run(args: &Args, terminal: &Terminal, fs: &dyn FileSystem) -> Result<Verdict, Failure> {
    let url = Url::parse(&args.url).map_err(|e| Failure(e.text().behind(&format!("{}: ", args.url))))?;
    let mut headers = Vec::new();
    for header in &args.header {
        let pair = header.split_once(':').map(|(n, v)| (n.trim().to_owned(), v.trim().to_owned()));
        let clean = |t: &str| !t.contains(['\r', '\n']);
        match pair.filter(|(n, v)| !n.is_empty() && clean(n) && clean(v)) {
            Some(pair) => headers.push(pair),
            None => return Err(Failure(format!("--header {header}: expected 'Name: value'"))),
        }
    }
    if !(args.timeout > 0.0 && args.timeout <= 3600.0) {
        return Err(Failure(format!("--timeout {}: expected seconds, more than 0", args.timeout)));
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
        Some(_) => configured(args, url.clone(), fs)?,
        None => Vec::new(),
    };
    let outcome = probe(&wish);
    let opened = matches!(&outcome, Outcome::Answered(a) if a.clues(&url.path_and_query) == [Clue::Opened]);
    if opened {
        causes.clear();
    } else {
        add_decoded(&outcome, &url, &mut causes);
    }
    let text = match args.format {
        TraceFormat::Human => human(&args.url, &outcome, opened, &causes, terminal),
        TraceFormat::Json => machine(&args.url, &outcome, opened, &causes, terminal),
    };
    terminal.print(text.as_bytes())?;
    Ok(if opened { Verdict::Clean } else { Verdict::Findings })
}

/// What the configuration says of this URL: its findings, errors first.
fn configured(args: &Args, url: Url, fs: &dyn FileSystem) -> Result<Vec<Cause>, Failure> {
    let settings = settings(&args.common, fs)?;
    let root = args.common.root.clone().into_iter().collect::<Vec<_>>();
    let inputs = Inputs::new(&root, &args.common, &settings, fs)?;
    let options = Options {
        versions: versions(&args.common, &settings)?.0,
        declared: Declarations::default(),
        url: Some(url),
        selection: Selection::default(),
        rules: rules::Options::default(),
        evidence: Evidence::None,
        only: inputs.only(),
        severities: Vec::new(),
        baseline: Baseline::default(),
        describe: false,
        jobs: 1,
    };
    let overlay = inputs.overlay(fs);
    let mut files = Files::new(&overlay);
    let targets = inputs.open(&mut files)?;
    let checked = check(&mut files, &targets, &options);
    let mut found: Vec<_> = checked.diagnostics.iter().filter(|d| d.severity > Severity::Advice).collect();
    found.sort_by_key(|d| std::cmp::Reverse(d.severity));
    Ok(found
        .into_iter()
        .map(|d| {
            let file = files.sources.get(d.primary.place.file);
            let line = file.lines().line(d.primary.place.span.start) + 1;
            Cause {
                text: d.message.clone(),
                rule: Some(d.rule),
                place: Some(format!("{}:{line}", file.path.display())),
            }
        })
        .collect())
}

/// Causes that the answer itself points to, then those of the symptom, each rule once.
fn add_decoded(outcome: &Outcome, url: &Url, causes: &mut Vec<Cause>) {
    let mut add = |rule: Option<&'static str>, text: Text| {
        let known = causes.iter().any(|c| if rule.is_some() { c.rule == rule } else { c.text == text });
        if !known {
            causes.push(Cause { text, rule, place: None });
        }
    };
    let symptom = match outcome {
        Outcome::NoSuchHost(_) => {
            add(
                None,
                text!(
                    "the name does not resolve: a typo, or a DNS record that is missing",
                    "域名无法解析:拼写错误,或缺少 DNS 记录"
                ),
            );
            return;
        }
        Outcome::NoConnection(_) => {
            add(
                None,
                text!("nobody listens there, or a firewall keeps the connection out", "该端口没有监听,或被防火墙拦截"),
            );
            return;
        }
        Outcome::NoTls(_) => Some("tls".to_owned()),
        Outcome::Silence("timeout") => {
            add(None, text!("nginx waits for the backend, which does not answer", "nginx 在等待后端,而后端没有应答"));
            Some("504".to_owned())
        }
        Outcome::Silence(_) => {
            add(
                Some("subrequest-upgrade"),
                text!(
                    "an `auth_request` or `mirror` target answered the handshake with 101",
                    "`auth_request` 或 `mirror` 的目标以 101 应答了握手"
                ),
            );
            add(
                Some("plaintext-http2"),
                text!(
                    "the port speaks only HTTP/2 (`listen … http2` without TLS)",
                    "该端口只支持 HTTP/2(`listen … http2` 而没有 TLS)"
                ),
            );
            Some("closed before".to_owned())
        }
        Outcome::Answered(answer) => {
            for clue in answer.clues(&url.path_and_query) {
                if let Some((rule, text)) = meaning(clue, answer) {
                    add(rule, text);
                }
            }
            answer.status.map(|s| s.to_string())
        }
    };
    for cause in symptom.and_then(|s| find_symptom(&s)).map(|s| s.causes).unwrap_or_default() {
        add(cause.rule, Text { en: cause.text.en.into(), zh: cause.text.zh.into() });
    }
}

fn meaning(clue: Clue, answer: &Answer) -> Option<(Option<&'static str>, Text)> {
    Some(match clue {
        Clue::Opened | Clue::Page => return None,
        Clue::UpgradeHeaderMissing => (
            Some("hidden-upgrade-response"),
            text!(
                "`proxy_hide_header Upgrade` takes the header out of the backend's 101",
                "`proxy_hide_header Upgrade` 从后端的 101 中去掉了该头"
            ),
        ),
        Clue::UpgradeHeaderTwice => (
            Some("handshake-fails"),
            text!(
                "`add_header Upgrade` adds a second one to the backend's 101",
                "`add_header Upgrade` 在后端的 101 上又加了一个"
            ),
        ),
        Clue::AcceptMissing => (
            Some("hidden-upgrade-response"),
            text!(
                "`proxy_hide_header Sec-WebSocket-Accept`, or a backend that answers 101 to anything",
                "`proxy_hide_header Sec-WebSocket-Accept`,或后端对任何请求都返回 101"
            ),
        ),
        Clue::Http2Only => (
            Some("plaintext-http2"),
            text!(
                "the port speaks only HTTP/2 (`listen … http2` without TLS)",
                "该端口只支持 HTTP/2(`listen … http2` 而没有 TLS)"
            ),
        ),
        Clue::PlainToTls => {
            (None, text!("the port wants TLS: use wss:// instead of ws://", "该端口需要 TLS:请用 wss:// 代替 ws://"))
        }
        Clue::RedirectToTls => (
            None,
            text!(
                "nginx redirects to https, and no browser follows: use wss://",
                "nginx 重定向到 https,而浏览器不会跟随:请使用 wss://"
            ),
        ),
        Clue::RedirectToSlash => (
            Some("path-mismatch"),
            text!(
                "the location ends in a slash and the URL does not: nginx redirects, and no browser follows",
                "location 以斜杠结尾而 URL 没有:nginx 会重定向,而浏览器不会跟随"
            ),
        ),
        Clue::OldHttp => (
            Some("missing-proxy-http-version"),
            text!(
                "the backend is asked over HTTP/1.0: `proxy_http_version 1.1;` is missing",
                "到后端使用的是 HTTP/1.0:缺少 `proxy_http_version 1.1;`"
            ),
        ),
        // A gateway error is nginx's page, too, and says that the backend is at fault.
        Clue::FromNginx if answer.status.is_some_and(|s| s >= 500) => return None,
        Clue::FromNginx => (
            Some("unreachable-endpoint"),
            text!(
                "nginx answered itself, before `proxy_pass`: `return`, `try_files`, `deny`, or another location than you think",
                "nginx 在 `proxy_pass` 之前自己应答了:`return`、`try_files`、`deny`,或命中了别的 location"
            ),
        ),
    })
}

fn headline(outcome: &Outcome) -> Text {
    let shown = |t: &str| escaped(t, false);
    match outcome {
        Outcome::NoSuchHost(e) => {
            let e = shown(e);
            text!("DNS: {e}", "DNS:{e}")
        }
        Outcome::NoConnection(e) => {
            let e = shown(e);
            text!("no connection: {e}", "无法连接:{e}")
        }
        Outcome::NoTls(e) => {
            let e = shown(e);
            text!("TLS: {e}", "TLS:{e}")
        }
        Outcome::Silence("timeout") => text!("no answer in time", "超时,没有应答"),
        Outcome::Silence(_) => text!("the connection closed without an answer", "连接被关闭,没有应答"),
        Outcome::Answered(answer) => {
            let line = shown(&answer.first_line);
            let line = if answer.status.is_some() { line } else { "…".to_owned() };
            match answer.header("server").first() {
                Some(server) => {
                    let server = shown(server);
                    text!("{line}   (Server: {server})", "{line}   (Server: {server})")
                }
                None => Text::same(line),
            }
        }
    }
}

fn human(url: &str, outcome: &Outcome, opened: bool, causes: &[Cause], terminal: &Terminal) -> String {
    const MOST: usize = 6;
    let lang = terminal.lang;
    let paint = |style, text: &str| paint::paint(terminal.look, style, text);
    let mut out = format!("{}\n  {}\n\n", paint(paint::STRONG, &escaped(url, false)), headline(outcome).get(lang));
    if opened {
        let pong = matches!(outcome, Outcome::Answered(Answer { pong: Some(true), .. }));
        let said = if pong {
            text!("✓ the WebSocket opens, and a ping is answered.", "✓ WebSocket 可以打开,ping 也得到了应答。")
        } else {
            text!(
                "✓ the WebSocket opens; a ping was not answered in time.",
                "✓ WebSocket 可以打开;但 ping 没有及时得到应答。"
            )
        };
        let _ = writeln!(out, "{}", paint(paint::GOOD, said.get(lang)));
        return out;
    }
    let said = text!(
        "✗ the WebSocket does not open. Likely causes, the first first:",
        "✗ WebSocket 无法打开。可能的原因,最可能的在前:"
    );
    let _ = writeln!(out, "{}\n", paint(paint::BAD, said.get(lang)));
    for (i, cause) in causes.iter().take(MOST).enumerate() {
        let rule = cause.rule.map(|r| format!("  [{r}]")).unwrap_or_default();
        let place = cause.place.as_ref().map(|p| format!("{}: ", escaped(p, false))).unwrap_or_default();
        let _ =
            writeln!(out, "  {}. {place}{}{}", i + 1, escaped(cause.text.get(lang), false), paint(paint::FAINT, &rule));
    }
    let next = text!(
        "`wslint explain RULE` says more; `--root nginx.conf` looks into the configuration.",
        "`wslint explain 规则名` 有更多说明;`--root nginx.conf` 会同时检查配置。"
    );
    let _ = writeln!(out, "\n{}", next.get(lang));
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
