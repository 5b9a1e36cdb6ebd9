use super::{Context, Rule};
use crate::catalog::name;
use crate::diagnostic::{Applicability, Diagnostic, Edit, Fix, Label, Severity};
use crate::model::OccId;
use crate::model::cause::diagnose::Cause;
use crate::model::way::handshake::Refusal;
use crate::model::way::verdict::Reason;
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// Two `Host` lines take effect at one level, in the file or through an include such as `proxy_params`.
    ///
    /// ## Why it breaks
    ///
    /// Before 1.31.4 nginx sends both, and a request with two `Host` headers is not valid (RFC 9112 §3.2): aiohttp,
    /// tornado and wsproto answer 400. node `ws` and uvicorn with httptools take it. From 1.31.4 on the last
    /// line wins, and one is sent.
    ///
    /// ## Example
    ///
    /// ```nginx bad
    /// server {
    ///     listen 8080;
    ///     location /ws {
    ///         proxy_pass http://127.0.0.1:3000;
    ///         proxy_http_version 1.1;
    ///         proxy_set_header Host $host;
    ///         proxy_set_header Upgrade $http_upgrade;
    ///         proxy_set_header Connection "upgrade";
    ///         proxy_set_header Host $http_host;
    ///     }
    /// }
    /// ```
    ///
    /// ## Instead
    ///
    /// One of the two:
    ///
    /// ```nginx good
    /// server {
    ///     listen 8080;
    ///     location /ws {
    ///         proxy_pass http://127.0.0.1:3000;
    ///         proxy_http_version 1.1;
    ///         proxy_set_header Upgrade $http_upgrade;
    ///         proxy_set_header Connection "upgrade";
    ///         proxy_set_header Host $http_host;
    ///     }
    /// }
    /// ```
    ///
    /// ## The fix and its safety
    ///
    /// Unsafe: the last line stays, as newer versions of nginx have it, and a backend that read the first one now
    /// sees the other.
    ///
    /// ## References
    ///
    /// - RFC 9112 §3.2, RFC 6455 §4.2.1
    /// - nginx CHANGES 1.31.4
    "duplicate-host-header" {
        category: Handshake,
        severity: Warning,
        fix: Sometimes,
        en: "`Host` is sent twice",
        zh: "`Host` 发送了两次",
        zh_page: [
            "同一层有两条 `Host` 同时生效，可能都写在本文件里，也可能来自 `proxy_params` 之类的 include。",
            "nginx 1.31.4 之前会把两条都发出去，而带有两个 `Host` 请求头的请求不合法（RFC 9112 §3.2）：aiohttp、tornado 和 wsproto 会返回 400；node `ws` 和使用 httptools 的 uvicorn 可以接受。从 1.31.4 起以最后一条为准，只发送一个。",
            "两条只留一条：",
            "不安全：保留最后一条，与新版 nginx 的行为一致；但原先读取第一条的后端会看到另一个值。",
        ],
        check: check,
    }
}

/// Whether a handshake fails for nothing but several `Host` headers.
pub(super) fn is_duplicate_host(cause: &Cause) -> bool {
    matches!(cause, Cause::Other(Reason::Refused(Refusal::Hosts(n))) if *n > 1)
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let rule: &Rule = &RULE;
    let config = cx.config();
    for (endpoint, _) in cx.endpoints_with(is_duplicate_host) {
        let Some(level) = config.effective_list(endpoint.scope, name::PROXY_SET_HEADER).0 else { continue };
        let is_sent = |o: &OccId| config.arg(*o, 1).is_some_and(|v| !v.is_empty());
        let sent: Vec<OccId> = config.headers(level, "Host").filter(is_sent).collect();
        let [others @ .., last] = sent.as_slice() else { continue };
        let mut found = rule.at(
            config.head(*last),
            text!("from 1.31.4 on this one alone is sent", "从 1.31.4 起只发送这一个"),
            text!("`Host` is sent twice, and strict backends answer 400", "`Host` 发送了两次，严格的后端会返回 400"),
        );
        found.severity = cx.by_evidence(endpoint).min(Severity::Warning);
        let also = |o: &OccId| Label {
            place: config.head(*o),
            text: text!("sent as well before that", "在那之前这一个也会发送"),
        };
        found.labels.extend(others.iter().map(also));
        found
            .labels
            .extend(cx.location_label(endpoint, text!("handshakes that arrive here may fail", "这里的握手可能失败")));
        found.why = text!(
            "before 1.31.4 nginx sends every `Host` line of a level: aiohttp, tornado and wsproto refuse two with 400, node `ws` and uvicorn with httptools take them (RFC 9112 §3.2).",
            "nginx 1.31.4 之前会发送同一层的每一条 `Host`：aiohttp、tornado 和 wsproto 遇到两个会返回 400，node 的 ws 和使用 httptools 的 uvicorn 可以接受（RFC 9112 §3.2）。"
        );
        found.help = text!("keep one of the two lines", "只保留其中一条");
        if others.iter().all(|o| cx.writable(config.file(*o))) {
            let place = |o: &OccId| config.place(*o, config.directive(*o).span());
            found.fix = Some(Fix {
                title: text!("keep the last one", "保留最后一条"),
                applicability: Applicability::Unsafe,
                note: Some(text!("the backend may have used the other one", "后端用到的可能是另一条")),
                edits: others.iter().map(|o| Edit::Delete(place(o))).collect(),
            });
        }
        out.push(found);
    }
}
