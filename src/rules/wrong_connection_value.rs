use super::{Context, Rule, connection, replace, safe};
use crate::diagnostic::Diagnostic;
use crate::model::cause::diagnose::Cause;
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// `Upgrade` is sent, and `Connection` gets a value without the token `upgrade`: `keep-alive`,
    /// `""`, `close`, `$http_upgrade`.
    ///
    /// ## Why it breaks
    ///
    /// The backend looks for the token `upgrade` in `Connection` (RFC 6455 §4.2.1). `keep-alive` comes
    /// from Microsoft's template, `""` from the recipe for upstream keepalive, `$http_upgrade` from
    /// two swapped lines.
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
    ///         proxy_set_header Connection keep-alive;
    ///     }
    /// }
    /// ```
    ///
    /// ## Instead
    ///
    /// ```nginx fixed
    /// map $http_upgrade $connection_upgrade {
    ///     default   keep-alive;
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
    /// Safe: the map keeps what ordinary requests send.
    ///
    /// ## References
    ///
    /// - <https://nginx.org/en/docs/http/websocket.html>
    "wrong-connection-value" {
        category: Handshake,
        severity: Error,
        fix: Sometimes,
        en: "`Connection` is sent without the token `upgrade`",
        zh: "`Connection` 的值里没有 `upgrade`",
        zh_page: [
            "发送了 `Upgrade`，而 `Connection` 的值里没有 `upgrade`，例如 `keep-alive`、`\"\"`、`close`、`$http_upgrade`。",
            "后端要求 `Connection` 中含有 `upgrade`（RFC 6455 §4.2.1）。`keep-alive` 来自微软的模板，`\"\"` 来自 upstream 长连接的写法，`$http_upgrade` 则是两行写反了。",
            "安全：map 让普通请求发送的内容保持不变。",
        ],
        check: check,
    }
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let rule: &Rule = &RULE;
    let config = cx.config();
    for (cause, endpoints) in cx.causes(|c| matches!(c, Cause::WrongConnection(_))) {
        let Cause::WrongConnection(occ) = cause else { continue };
        let value = config.arg_text(occ, 1);
        let shown = if value.is_empty() { "\"\"".to_owned() } else { value };
        let mut found = rule.at(
            config.arg_place(occ, 1),
            text!("has no token `upgrade`", "不含 `upgrade`"),
            text!(
                "`Connection` is sent as `{shown}`, which asks for no upgrade",
                "`Connection` 的值是 `{shown}`，并不要求升级"
            ),
        );
        found.labels.extend(cx.places(&endpoints));
        found.why = text!(
            "the backend looks for the token `upgrade` in `Connection` (RFC 6455 §4.2.1); `nginx -t` cannot notice, any value is legal.",
            "后端要求 `Connection` 中含有 `upgrade`（RFC 6455 §4.2.1）；`nginx -t` 无法察觉，因为任何值都合法。"
        );
        found.help = text!(
            "use a map that yields `upgrade` for a handshake and `{shown}` for everything else, or the literal \"upgrade\"",
            "使用 map：握手时为 `upgrade`，其他请求为 `{shown}`；或直接写 \"upgrade\""
        );
        if cx.writable(config.file(occ))
            && let Some(connection) = connection::connection(cx, &endpoints)
        {
            let title = text!("replace it with `{}`", "替换为 `{}`", connection.value);
            let mut fix = safe(title, vec![replace(config, occ, 1, &connection.value)]);
            if connection.map.is_none() && connection.value.starts_with('"') {
                fix.note = Some(connection::literal_note());
            }
            fix.edits.extend(connection.map);
            found.fix = Some(fix);
        }
        out.push(found);
    }
}
