use super::{Context, Rule, connection, replace, safe};
use crate::diagnostic::{Diagnostic, Label};
use crate::model::cause::diagnose::Cause;
use crate::model::value::variable::variables_in;
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// `Upgrade` gets a value that cannot be the token `websocket`: the map's variable (the two lines
    /// swapped), `$http_connection`, another protocol, or nothing.
    ///
    /// ## Why it breaks
    ///
    /// The backend looks for the token `websocket` in `Upgrade` (RFC 6455 §4.2.1). nginx sends what
    /// stands there, and an empty value is not sent at all.
    ///
    /// ## Example
    ///
    /// ```nginx bad
    /// server {
    ///     listen 8080;
    ///     location /ws {
    ///         proxy_pass http://127.0.0.1:3000;
    ///         proxy_http_version 1.1;
    ///         proxy_set_header Upgrade "upgrade";
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
    ///         proxy_set_header Upgrade $http_upgrade;
    ///         proxy_set_header Connection "upgrade";
    ///     }
    /// }
    /// ```
    ///
    /// ## The fix and its safety
    ///
    /// Safe: the value becomes `$http_upgrade`, which is empty for ordinary requests.
    ///
    /// ## References
    ///
    /// - <https://nginx.org/en/docs/http/websocket.html>
    "wrong-upgrade-value" {
        category: Handshake,
        severity: Error,
        fix: Sometimes,
        en: "`Upgrade` is sent without `websocket`",
        zh: "`Upgrade` 的值不是 `websocket`",
        zh_page: [
            "`Upgrade` 的值不可能是 `websocket`：写成了 map 的变量（两行写反）、`$http_connection`、其他协议，或者空值。",
            "后端要求 `Upgrade` 的值是 `websocket`（RFC 6455 §4.2.1）。nginx 会原样发送这里写的值，空值则根本不发送。",
            "安全：改成 `$http_upgrade`，对普通请求它为空。",
        ],
        check: check,
    }
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let rule: &Rule = &RULE;
    let config = cx.config();
    for (cause, endpoints) in cx.causes(|c| matches!(c, Cause::WrongUpgrade(_))) {
        let Cause::WrongUpgrade(occ) = cause else { continue };
        let value = config.arg_text(occ, 1);
        let (label, message) = if value.is_empty() {
            (
                text!("an empty value is not sent", "空值不会被发送"),
                text!("`Upgrade` is emptied, and the backend does not see it", "`Upgrade` 被清空，后端看不到它"),
            )
        } else {
            (
                text!("what a browser asks for is in `$http_upgrade`", "浏览器请求的协议在 `$http_upgrade` 中"),
                text!(
                    "`Upgrade` is sent as `{value}`, which is not `websocket`",
                    "`Upgrade` 的值是 `{value}`，而不是 `websocket`"
                ),
            )
        };
        let mut found = rule.at(config.arg_place(occ, 1), label, message);
        found.labels.extend(cx.places(&endpoints));
        if value.eq_ignore_ascii_case("$connection_upgrade") {
            let text = text!(
                "`$connection_upgrade` belongs into `Connection`",
                "`$connection_upgrade` 应写在 `Connection` 中"
            );
            found.labels.push(Label { place: config.arg_place(occ, 0), text });
        }
        found.why = text!(
            "the backend looks for the token `websocket` in `Upgrade` (RFC 6455 §4.2.1); `nginx -t` cannot notice, any value is legal.",
            "后端要求 `Upgrade` 的值是 `websocket`（RFC 6455 §4.2.1）；`nginx -t` 无法察觉，因为任何值都合法。"
        );
        found.help = text!("pass on what the client asks for: `$http_upgrade`", "改为转发客户端的值：`$http_upgrade`");
        // The value is right, and somebody gives the variable another one.
        let definitions = cx.analysis.world.definitions.of("http_upgrade");
        let reads_it = variables_in(value.as_bytes()).iter().any(|v| v.eq_ignore_ascii_case("http_upgrade"));
        if reads_it && !definitions.is_empty() {
            found.labels.extend(definitions.iter().map(|d| Label {
                place: config.head(d.occ),
                text: text!("`$http_upgrade` gets another value here", "`$http_upgrade` 在这里被赋了别的值"),
            }));
            found.help = text!(
                "leave `$http_upgrade` to nginx, and give that variable another name",
                "不要给 `$http_upgrade` 赋值，改用别的变量名"
            );
        } else if cx.writable(config.file(occ)) && connection::says_what_the_client_asks(cx) {
            found.fix = Some(safe(
                text!("replace it with `$http_upgrade`", "替换为 `$http_upgrade`"),
                vec![replace(config, occ, 1, "$http_upgrade")],
            ));
        }
        out.push(found);
    }
}
