use super::{Context, Rule, arrives_here, remedy};
use crate::diagnostic::{Diagnostic, Label};
use crate::model::cause::diagnose::Cause;
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// An endpoint whose `Connection` says upgrade, and which sends no `Upgrade`.
    ///
    /// ## Why it breaks
    ///
    /// `Connection: upgrade` only names the header that says to what: without `Upgrade: websocket` the
    /// backend has nothing to upgrade to (RFC 6455 §4.2.1). `proxy_pass_header Upgrade` does not help:
    /// it is about the answer.
    ///
    /// ## Example
    ///
    /// ```nginx bad
    /// server {
    ///     listen 8080;
    ///     location /ws {
    ///         proxy_pass http://127.0.0.1:3000;
    ///         proxy_http_version 1.1;
    ///         proxy_set_header Connection "upgrade";
    ///     }
    /// }
    /// ```
    ///
    /// ## Instead
    ///
    /// ```nginx fixed
    /// server {
    ///     listen 8080;
    ///     location /ws {
    ///         proxy_pass http://127.0.0.1:3000;
    ///         proxy_http_version 1.1;
    ///         proxy_set_header Connection "upgrade";
    ///         proxy_set_header Upgrade $http_upgrade;
    ///     }
    /// }
    /// ```
    ///
    /// ## The fix and its safety
    ///
    /// Safe: ordinary requests send no `Upgrade`, because theirs is empty.
    ///
    /// ## References
    ///
    /// - <https://nginx.org/en/docs/http/websocket.html>
    "missing-upgrade-header" {
        category: Handshake,
        severity: Error,
        fix: Sometimes,
        en: "`Connection` says upgrade, and no `Upgrade` says to what",
        zh: "`Connection` 要求升级，却没有 `Upgrade` 说明升级到什么",
        zh_page: [
            "某个代理位置的 `Connection` 要求升级，却没有发送 `Upgrade`。",
            "`Connection: upgrade` 只是指出由哪个请求头说明升级到什么：没有 `Upgrade: websocket`，后端就不知道该升级到什么（RFC 6455 §4.2.1）。`proxy_pass_header Upgrade` 不起作用：它针对的是响应。",
            "安全：普通请求的这个值为空，不会发送 `Upgrade`。",
        ],
        check: check,
    }
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let rule: &Rule = &RULE;
    for (endpoint, _) in cx.endpoints_with(|c| *c == Cause::NoUpgrade) {
        let config = cx.config();
        let location = cx.location_words(endpoint.location);
        let connection = cx.sent(endpoint).setter("Connection");
        let mut found = rule.at(
            config.head(connection.unwrap_or(endpoint.pass)),
            text!("asks for an upgrade, and no `Upgrade` says to what", "要求升级，却没有 `Upgrade` 说明升级到什么"),
            text!("`{location}` does not pass on `Upgrade`", "`{location}` 没有转发 `Upgrade`"),
        );
        found.labels.extend(cx.location_label(endpoint, arrives_here()));
        found.labels.extend(cx.commented_out(endpoint, &["proxy_set_header", "Upgrade"]));
        if connection.is_some() {
            found.labels.push(Label {
                place: config.head(endpoint.pass),
                text: text!("requests leave for the backend here", "请求从这里转发给后端"),
            });
        }
        found.why = text!(
            "the backend looks for `Upgrade: websocket` (RFC 6455 §4.2.1), and nginx never passes that header on by itself.",
            "后端要求有 `Upgrade: websocket`（RFC 6455 §4.2.1），而 nginx 不会自动转发这个请求头。"
        );
        found.help =
            text!("add `proxy_set_header Upgrade $http_upgrade;`", "加上 `proxy_set_header Upgrade $http_upgrade;`");
        found.fix = remedy::complete(cx, endpoint);
        out.push(found);
    }
}
