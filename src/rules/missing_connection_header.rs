use super::{Context, Rule, arrives_here, remedy};
use crate::diagnostic::Diagnostic;
use crate::model::cause::diagnose::Cause;
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// An endpoint that sends `Upgrade` and leaves `Connection` to nginx.
    ///
    /// ## Why it breaks
    ///
    /// nginx's own `Connection` is `close`, from 1.29.7 on there is none; the backend looks for the
    /// token `upgrade` in it (RFC 6455 §4.2.1: “'upgrade' token not found in 'Connection' header”).
    ///
    /// ## Example
    ///
    /// ```nginx bad
    /// server {
    ///     listen 8080;
    ///     location /ws {
    ///         proxy_pass http://127.0.0.1:3000;
    ///         proxy_http_version 1.1;
    ///         proxy_set_header Upgrade $http_upgrade;
    ///     }
    /// }
    /// ```
    ///
    /// ## Instead
    ///
    /// ```nginx fixed
    /// map $http_upgrade $connection_upgrade {
    ///     default   close;
    ///     websocket upgrade;
    /// }
    ///
    /// server {
    ///     listen 8080;
    ///     location /ws {
    ///         proxy_pass http://127.0.0.1:3000;
    ///         proxy_http_version 1.1;
    ///         proxy_set_header Upgrade $http_upgrade;
    ///         proxy_set_header Connection $connection_upgrade;
    ///     }
    /// }
    /// ```
    ///
    /// ## The fix and its safety
    ///
    /// Safe: the map gives ordinary requests the `Connection` that they have today.
    ///
    /// ## References
    ///
    /// - <https://nginx.org/en/docs/http/websocket.html>
    "missing-connection-header" {
        category: Handshake,
        severity: Error,
        fix: Sometimes,
        en: "`Upgrade` is passed on, `Connection` is left to nginx",
        zh: "转发了 `Upgrade`，却没有设置 `Connection`",
        zh_page: [
            "某个代理位置发送了 `Upgrade`，`Connection` 却没有设置，由 nginx 决定。",
            "nginx 自己发送的 `Connection` 是 `close`，从 1.29.7 起不发送；而后端要求其中含有 `upgrade`（RFC 6455 §4.2.1，常见的报错是 “'upgrade' token not found in 'Connection' header”）。",
            "安全：map 让普通请求的 `Connection` 保持现在的值。",
        ],
        check: check,
    }
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let rule: &Rule = &RULE;
    for (endpoint, _) in cx.endpoints_with(|c| *c == Cause::NoConnection) {
        let config = cx.config();
        let location = cx.location_words(endpoint.location);
        let upgrade = cx.sent(endpoint).setter("Upgrade");
        let mut found = rule.at(
            config.head(upgrade.unwrap_or(endpoint.pass)),
            text!(
                "`Upgrade` is set, and no `Connection: upgrade` with it",
                "设置了 `Upgrade`，却没有同时设置 `Connection: upgrade`"
            ),
            text!(
                "`{location}` does not set `Connection`, and nginx's own has no `upgrade` in it",
                "`{location}` 没有设置 `Connection`，nginx 默认的值里没有 upgrade"
            ),
        );
        found.labels.extend(cx.location_label(endpoint, arrives_here()));
        found.labels.extend(cx.commented_out(endpoint, &["proxy_set_header", "Connection"]));
        found.why = text!(
            "nginx itself sends `Connection: close`, from 1.29.7 on none; the backend looks for the token `upgrade` (RFC 6455 §4.2.1).",
            "nginx 自己发送 `Connection: close`，1.29.7 起不发送；后端要求其中含有 `upgrade`（RFC 6455 §4.2.1）。"
        );
        found.help = text!(
            "set `Connection` with a map on `$http_upgrade`, or to \"upgrade\"",
            "用基于 `$http_upgrade` 的 map 设置 `Connection`，或设为 \"upgrade\""
        );
        found.fix = remedy::complete(cx, endpoint);
        out.push(found);
    }
}
