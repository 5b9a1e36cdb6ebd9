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
            add(None, text!("the name is misspelt, or its DNS record is missing", "域名拼写错误，或缺少 DNS 记录"));
            return;
        }
        Outcome::NoConnection(_) => {
            add(
                None,
                text!("nobody listens there, or a firewall keeps the connection out", "该端口没有监听，或被防火墙拦截"),
            );
            return;
        }
        Outcome::NoTls(said) => {
            let of_error = TlsError::of(said).map_or(&[][..], TlsError::causes);
            of_error.iter().for_each(|(en, zh)| add(None, text!("{en}", "{zh}")));
            // An error that says what it is leaves no other cause.
            of_error.is_empty().then(|| "tls".to_owned())
        }
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
    // What happens to the other scheme cannot have happened here.
    let of_other = |en: &str| match url.tls {
        true => en.contains("`ws://"),
        false => en.contains("`wss://") && !en.contains("`ws://"),
    };
    let causes = symptom.and_then(|s| find_symptom(&s)).map(|s| s.causes).unwrap_or_default();
    for cause in causes.iter().filter(|c| !of_other(c.text.en)) {
        add(cause.rule, Text { en: cause.text.en.into(), zh: cause.text.zh.into() });
    }
}

/// What rustls says of a handshake that fails, as far as it decides the cause.
#[derive(Clone, Copy)]
enum TlsError {
    NoTls,
    Expired,
    OtherName,
    Untrusted,
}

impl TlsError {
    fn of(said: &str) -> Option<TlsError> {
        if said.contains("InvalidContentType") {
            return Some(TlsError::NoTls);
        }
        let certificate = said.strip_prefix("invalid peer certificate: ")?;
        Some(match certificate {
            c if c.starts_with("Expired") || c.contains("expired") => TlsError::Expired,
            c if c.contains("NotValidForName") || c.contains("not valid for name") => TlsError::OtherName,
            _ => TlsError::Untrusted,
        })
    }

    /// English, Chinese.
    fn causes(self) -> &'static [(&'static str, &'static str)] {
        match self {
            TlsError::NoTls => &[
                (
                    "`wss://` goes to a port without TLS, often the application's own port instead of nginx's",
                    "`wss://` 连到了没有 TLS 的端口，往往是应用自己的端口而不是 nginx 的端口",
                ),
                ("the `listen` of this port lacks `ssl`", "该端口的 `listen` 后面漏了 `ssl`"),
            ],
            TlsError::Expired => {
                &[("the certificate has expired: renew it, and reload nginx", "证书已过期：续期之后重新加载 nginx")]
            }
            TlsError::OtherName => &[
                (
                    "the certificate is for another name: ask for one that it names, or add the name to it",
                    "证书中没有这个域名：改用证书中的域名，或把该域名加进证书",
                ),
                (
                    "another `server` answers: `server_name` does not match, and the default server's certificate is sent",
                    "处理请求的是另一个 `server`：`server_name` 不匹配，发送的是默认 server 的证书",
                ),
            ],
            TlsError::Untrusted => &[
                (
                    "the certificate is self-signed, or from an authority that this machine does not trust; `--insecure` accepts it",
                    "证书是自签名的，或者签发者不受本机信任；`--insecure` 可以接受它",
                ),
                (
                    "the chain is incomplete: `ssl_certificate` has to hold the intermediate certificates, too",
                    "证书链不完整：`ssl_certificate` 的文件里还要包含中间证书",
                ),
            ],
        }
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
            text!("DNS: {e}", "DNS：这个域名无法解析")
        }
        Outcome::NoConnection(e) => {
            let (en, zh) = (shown(&e.en), shown(&e.zh));
            text!("no connection: {en}", "无法连接：{zh}")
        }
        Outcome::NoTls(e) => match TlsError::of(e) {
            Some(TlsError::NoTls) => text!("TLS: the port answers without it", "TLS：该端口返回的不是 TLS"),
            Some(TlsError::Expired) => text!("TLS: the certificate has expired", "TLS：证书已过期"),
            Some(TlsError::OtherName) => text!("TLS: the certificate is for another name", "TLS：证书与域名不符"),
            Some(TlsError::Untrusted) => text!("TLS: the certificate is not trusted", "TLS：证书不受信任"),
            None => {
                let e = shown(e);
                text!("TLS: {e}", "TLS：{e}")
            }
        },
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
