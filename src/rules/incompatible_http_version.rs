use super::{Context, Rule, arrives_here, replace};
use crate::diagnostic::{Applicability, Diagnostic, Fix};
use crate::model::cause::diagnose::Cause;
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// `proxy_http_version 2` at an endpoint that sends the handshake headers.
    ///
    /// ## Why it breaks
    ///
    /// nginx speaks HTTP/2 to backends since 1.29.4, and its HTTP/2 never upgrades: a 101 is an error there.
    ///
    /// ## Example
    ///
    /// ```nginx bad
    /// server {
    ///     listen 8080;
    ///     location /ws {
    ///         proxy_pass http://127.0.0.1:3000;
    ///         proxy_http_version 2;
    ///         proxy_set_header Upgrade $http_upgrade;
    ///         proxy_set_header Connection "upgrade";
    ///     }
    /// }
    /// ```
    ///
    /// ## Instead
    ///
    /// ```nginx good
    /// server {
    ///     listen 8080;
    ///     location /ws {
    ///         proxy_pass http://127.0.0.1:3000;
    ///         proxy_http_version 1.1;
    ///         proxy_set_header Upgrade $http_upgrade;
    ///         proxy_set_header Connection "upgrade";
    ///     }
    /// }
    /// ```
    ///
    /// ## The fix and its safety
    ///
    /// Unsafe: `proxy_http_version 1.1` mends the handshake, but somebody wanted HTTP/2 for ordinary requests.
    ///
    /// ## References
    ///
    /// - <https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_http_version>
    "incompatible-http-version" {
        category: Handshake,
        severity: Error,
        fix: Sometimes,
        en: "HTTP/2 to the backend never upgrades",
        zh: "以 HTTP/2 连接后端时不会升级",
        zh_page: [
            "发送握手请求头的代理位置使用了 `proxy_http_version 2`。",
            "nginx 从 1.29.4 起可以用 HTTP/2 连接后端，但它的 HTTP/2 不支持升级：收到 101 会当作错误。",
            "不安全：`proxy_http_version 1.1` 能让握手成功，但原先是有人希望普通请求使用 HTTP/2。",
        ],
        check: check,
    }
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let rule: &Rule = &RULE;
    let config = cx.config();
    for (endpoint, cause) in cx.endpoints_with(|c| matches!(c, Cause::Http2(_))) {
        let Cause::Http2(occ) = cause else { continue };
        let mut found = rule.at(
            config.arg_place(*occ, 0),
            text!("HTTP/2 to the backend never upgrades", "到后端的 HTTP/2 不会升级"),
            text!(
                "`proxy_http_version 2` keeps WebSocket from opening",
                "`proxy_http_version 2` 使 WebSocket 无法建立连接"
            ),
        );
        found.labels.extend(cx.location_label(endpoint, arrives_here()));
        found.why = text!(
            "nginx treats a 101 from an HTTP/2 backend as an error (ngx_http_proxy_v2_module.c).",
            "nginx 会把 HTTP/2 后端返回的 101 当作错误（ngx_http_proxy_v2_module.c）。"
        );
        found.help = text!("use `proxy_http_version 1.1` for WebSocket", "为 WebSocket 使用 `proxy_http_version 1.1`");
        if cx.writable(config.file(*occ)) {
            found.fix = Some(Fix {
                title: text!("use `proxy_http_version 1.1`", "使用 `proxy_http_version 1.1`"),
                applicability: Applicability::Unsafe,
                note: Some(text!("ordinary requests lose HTTP/2, too", "普通请求也不再使用 HTTP/2")),
                edits: vec![replace(config, *occ, 0, "1.1")],
            });
        }
        out.push(found);
    }
}
