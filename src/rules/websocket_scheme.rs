use super::{Context, Rule, replace, safe};
use crate::diagnostic::Diagnostic;
use crate::model::refuse::RefusalKind;
use crate::syntax::word;
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// `proxy_pass ws://…` or `wss://…`.
    ///
    /// ## Why it breaks
    ///
    /// A WebSocket begins as an HTTP request, and nginx knows only `http://` and `https://` here; it
    /// refuses to start with `invalid URL prefix`.
    ///
    /// ## Example
    ///
    /// ```nginx bad
    /// server {
    ///     listen 8080;
    ///     location /ws {
    ///         proxy_pass ws://127.0.0.1:3000;
    ///         proxy_http_version 1.1;
    ///         proxy_set_header Upgrade $http_upgrade;
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
    /// Safe: nginx does not run with the configuration as it is.
    ///
    /// ## References
    ///
    /// - <https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass>
    "websocket-scheme" {
        category: Handshake,
        severity: Error,
        fix: Always,
        en: "`proxy_pass` with `ws://` or `wss://`",
        zh: "`proxy_pass` 使用了 `ws://` 或 `wss://`",
        zh_page: [
            "写了 `proxy_pass ws://…` 或 `wss://…`。",
            "WebSocket 以 HTTP 请求开始，nginx 在这里只认识 `http://` 和 `https://`，否则报 `invalid URL prefix` 并拒绝启动。",
            "安全：这份配置现在根本无法启动 nginx。",
        ],
        check: check,
    }
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let rule: &Rule = &RULE;
    let config = cx.config();
    for refusal in cx.analysis.refusals.iter().filter(|r| r.kind == RefusalKind::WebSocketScheme) {
        let Some(occ) = refusal.occ else { continue };
        let target = config.target(occ);
        let (scheme, rest) = (target.scheme(), target.rest());
        let right = if scheme.eq_ignore_ascii_case("wss") { "https" } else { "http" };
        let mut found = rule.at(
            config.arg_place(occ, 0),
            text!("write `{right}://`", "应写 `{right}://`"),
            text!(
                "`proxy_pass {scheme}://…` keeps nginx from starting",
                "`proxy_pass {scheme}://…` 会使 nginx 无法启动"
            ),
        );
        found.why = text!(
            "a WebSocket begins as an HTTP request, and nginx knows only `http://` and `https://` here: `invalid URL prefix`.",
            "WebSocket 以 HTTP 请求开始，nginx 在这里只认识 `http://` 和 `https://`，否则报 `invalid URL prefix`。"
        );
        found.help = text!("use `{right}://`", "使用 `{right}://`");
        if cx.writable(config.file(occ))
            && let Some(word) = config.args(occ).first()
        {
            let new = word::quote_like(word.kind(), &format!("{right}://{rest}"));
            found.fix = Some(safe(text!("use `{right}://`", "使用 `{right}://`"), vec![replace(config, occ, 0, &new)]));
        }
        out.push(found);
    }
}
