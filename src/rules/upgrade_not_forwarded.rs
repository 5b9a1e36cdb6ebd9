use super::{Context, Rule, arrives_here, remedy};
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::model::cause::diagnose::Cause;
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// An endpoint that sends neither `Upgrade` nor a `Connection` that says upgrade. It is an error
    /// where the path, a comment or the configuration says WebSocket, a warning where nothing does
    /// and no other location of the server carries WebSocket either.
    ///
    /// ## Why it breaks
    ///
    /// `Upgrade` and `Connection` are hop-by-hop headers: they are meant for nginx, and nginx does not
    /// pass them on by itself. The backend sees an ordinary GET and answers 400, 404, 426 or with a page.
    ///
    /// ## Example
    ///
    /// ```nginx bad
    /// server {
    ///     listen 8080;
    ///     location /ws {
    ///         proxy_pass http://127.0.0.1:3000;
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
    /// A location that already does it is silent:
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
    /// Safe. What is missing of the three lines is added to the location. Headers that it inherited
    /// are repeated, because nginx drops them where a level sets one of its own. The map lets only
    /// WebSocket through, and ordinary requests send what they send today.
    ///
    /// ## References
    ///
    /// - <https://nginx.org/en/docs/http/websocket.html>
    /// - RFC 6455 §4.2.1, RFC 9110 §7.6.1
    "upgrade-not-forwarded" {
        category: Handshake,
        severity: Error,
        fix: Sometimes,
        en: "the WebSocket handshake is not passed on to the backend",
        zh: "WebSocket 握手没有转发给后端",
        zh_page: [
            "某个代理位置既没有发送 `Upgrade`，`Connection` 也没有要求升级。路径、注释或配置表明它用于 WebSocket 时是错误；没有任何迹象，而同一个 server 里也没有其他 location 用于 WebSocket 时是警告。",
            "`Upgrade` 和 `Connection` 是逐跳（hop-by-hop）请求头：它们只在客户端与 nginx 之间有效，nginx 不会自动转发。后端看到的只是一个普通的 GET，于是返回 400、404、426 或者一个页面。",
            "已经写好这三行的 location 不会有任何提示：",
            "安全。三行里缺少的会补到这个 location 里；继承来的请求头会一并重复，因为某一层只要自己设置了一个，nginx 就不再继承。map 只放行 WebSocket，普通请求发送的内容与现在相同。",
        ],
        check: check,
    }
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let rule: &Rule = &RULE;
    for (endpoint, _) in cx.endpoints_with(|c| *c == Cause::NotForwarded) {
        if cx.only_counts(endpoint) {
            continue;
        }
        let config = cx.config();
        let location = cx.location_words(endpoint.location);
        let mut found = rule.at(
            config.head(endpoint.pass),
            text!(
                "requests leave here without `Upgrade` and `Connection`",
                "请求从这里发往后端，却没有带上 `Upgrade` 和 `Connection`"
            ),
            text!(
                "WebSocket handshakes to `{location}` are not passed on to the backend",
                "发往 `{location}` 的 WebSocket 握手没有转发给后端"
            ),
        );
        found.severity = cx.by_evidence(endpoint);
        found.labels.extend(cx.location_label(endpoint, arrives_here()));
        found.labels.extend(cx.commented_out(endpoint, &["proxy_set_header", "Upgrade"]));
        if let Some(set) = cx.sent(endpoint).setter("Connection") {
            let text = text!(
                "this `Connection` keeps backend connections alive, and asks for no upgrade",
                "这个 `Connection` 只用于保持后端连接，并不要求升级"
            );
            found.labels.push(Label { place: config.head(set), text });
        }
        found.why = text!(
            "`Upgrade` and `Connection` are hop-by-hop headers: nginx never passes them on by itself, and the backend answers 400, 404, 426 or with a page (RFC 9110 §7.6.1, nginx.org/en/docs/http/websocket.html).",
            "`Upgrade` 和 `Connection` 是逐跳（hop-by-hop）请求头，nginx 不会自动转发，后端因此返回 400、404、426 或一个页面（RFC 9110 §7.6.1，nginx.org/en/docs/http/websocket.html）。"
        );
        found.help = text!(
            "pass both headers on over HTTP/1.1: `proxy_http_version 1.1`, `Upgrade $http_upgrade`, `Connection` with a map or \"upgrade\"",
            "用 HTTP/1.1 转发这两个请求头：`proxy_http_version 1.1`、`Upgrade $http_upgrade`，以及用 map 或 \"upgrade\" 设置的 `Connection`"
        );
        // Nobody named this file, and nothing says WebSocket: there is nothing to mend.
        if found.severity > Severity::Advice {
            found.fix = remedy::complete(cx, endpoint);
        }
        // There may be tens of thousands of these, and a list makes room for four at once.
        found.labels.shrink_to_fit();
        out.push(found);
    }
}
