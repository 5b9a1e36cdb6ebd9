//! From the answer to a handshake, and from the configuration beside it, to what may be wrong.

use super::{Answer, Clue, Outcome};
use crate::diagnostic::Severity;
use crate::engine::{Checked, Options};
use crate::i18n::Text;
use crate::model::Url;
use crate::project::{Problem, Subject};
use crate::symptoms::find_symptom;
use crate::text;

/// One cause: what is wrong, the rule that finds it, and where the configuration shows it.
pub struct Cause {
    /// What is wrong, one clause.
    pub text: Text,
    /// The rule that finds it.
    pub rule: Option<&'static str>,
    /// `nginx.conf:12`, where a configuration was looked at.
    pub place: Option<String>,
}

/// What the configuration says of a URL: its findings, errors first.
///
/// # Errors
/// A file that cannot be read.
pub fn configured(subject: &Subject<'_>, url: Url, options: &Options) -> Result<Vec<Cause>, Problem> {
    let options = Options { url: Some(url), describe: false, ..options.clone() };
    let (files, Checked { diagnostics, .. }) = subject.check(&options)?;
    let mut found: Vec<_> = diagnostics.iter().filter(|d| d.severity > Severity::Advice).collect();
    found.sort_by_key(|d| std::cmp::Reverse(d.severity));
    let cause = |d: &&crate::diagnostic::Diagnostic| {
        let file = files.sources.get(d.primary.place.file);
        let line = file.lines().line(d.primary.place.span.start) + 1;
        Cause { text: d.message.clone(), rule: Some(d.rule), place: Some(format!("{}:{line}", file.path.display())) }
    };
    Ok(found.iter().map(cause).collect())
}

/// Causes that the answer itself points to, then those of the symptom, each rule once.
pub fn decode(outcome: &Outcome, url: &Url, causes: &mut Vec<Cause>) {
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
                    "域名无法解析：拼写错误，或缺少 DNS 记录"
                ),
            );
            return;
        }
        Outcome::NoConnection(_) => {
            add(
                None,
                text!("nobody listens there, or a firewall keeps the connection out", "该端口没有监听，或被防火墙拦截"),
            );
            return;
        }
        Outcome::NoTls(_) => Some("tls".to_owned()),
        Outcome::Silence("timeout") => {
            add(None, text!("nginx waits for the backend, which does not answer", "nginx 在等待后端，而后端没有响应"));
            Some("504".to_owned())
        }
        Outcome::Silence(_) => {
            add(
                Some("subrequest-upgrade"),
                text!(
                    "an `auth_request` or `mirror` target answered the handshake with 101",
                    "`auth_request` 或 `mirror` 的目标对握手返回了 101"
                ),
            );
            add(
                Some("plaintext-http2"),
                text!(
                    "the port speaks only HTTP/2 (`listen … http2` without TLS)",
                    "该端口只支持 HTTP/2（`listen … http2` 而没有 TLS）"
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
                "`proxy_hide_header Upgrade` 从后端的 101 响应中去掉了这个响应头"
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
                "`proxy_hide_header Sec-WebSocket-Accept`，或后端对任何请求都返回 101"
            ),
        ),
        Clue::Http2Only => (
            Some("plaintext-http2"),
            text!(
                "the port speaks only HTTP/2 (`listen … http2` without TLS)",
                "该端口只支持 HTTP/2（`listen … http2` 而没有 TLS）"
            ),
        ),
        Clue::PlainToTls => {
            (None, text!("the port wants TLS: use wss:// instead of ws://", "该端口需要 TLS：请用 wss:// 代替 ws://"))
        }
        Clue::RedirectToTls => (
            None,
            text!(
                "nginx redirects to https, and no browser follows: use wss://",
                "nginx 重定向到 https，而浏览器不会跟随：请使用 wss://"
            ),
        ),
        Clue::RedirectToSlash => (
            Some("path-mismatch"),
            text!(
                "the location ends in a slash and the URL does not: nginx redirects, and no browser follows",
                "location 以斜杠结尾而 URL 没有：nginx 会重定向，而浏览器不会跟随"
            ),
        ),
        Clue::OldHttp => (
            Some("missing-proxy-http-version"),
            text!(
                "the backend is asked over HTTP/1.0: `proxy_http_version 1.1;` is missing",
                "到后端使用的是 HTTP/1.0：缺少 `proxy_http_version 1.1;`"
            ),
        ),
        // A gateway error is nginx's page, too, and says that the backend is at fault.
        Clue::FromNginx if answer.status.is_some_and(|s| s >= 500) => return None,
        Clue::FromNginx => (
            Some("unreachable-endpoint"),
            text!(
                "nginx answered itself, before `proxy_pass`: `return`, `try_files`, `deny`, or another location than you think",
                "nginx 在 `proxy_pass` 之前自己返回了响应：`return`、`try_files`、`deny`，或命中了别的 location"
            ),
        ),
    })
}

/// The answer in one line.
pub fn headline(outcome: &Outcome) -> Text {
    let shown = |t: &str| crate::report::escaped(t, false);
    match outcome {
        Outcome::NoSuchHost(e) => {
            let e = shown(e);
            text!("DNS: {e}", "DNS:{e}")
        }
        Outcome::NoConnection(e) => {
            let e = shown(e);
            text!("no connection: {e}", "无法连接：{e}")
        }
        Outcome::NoTls(e) => {
            let e = shown(e);
            text!("TLS: {e}", "TLS:{e}")
        }
        Outcome::Silence("timeout") => text!("no answer in time", "超时，没有收到响应"),
        Outcome::Silence(_) => text!("the connection closed without an answer", "连接被关闭，没有收到响应"),
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
