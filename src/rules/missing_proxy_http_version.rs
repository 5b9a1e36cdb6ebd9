use super::{Context, Rule, remedy, replace, safe};
use crate::catalog::name;
use crate::diagnostic::{Applicability, Diagnostic, Edit, Fix};
use crate::model::ScopeKind;
use crate::model::cause::diagnose::Cause;
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// An endpoint that sends both handshake headers over HTTP/1.0: by nginx's default before 1.29.7,
    /// or because `proxy_http_version 1.0` says so.
    ///
    /// ## Why it breaks
    ///
    /// A handshake is an HTTP/1.1 request (RFC 6455 §4.1). Strict backends refuse it: Python `websockets`
    /// answers 505, tungstenite closes the connection. Lax ones take 1.0 all the same (node `ws`, aiohttp,
    /// tornado, uvicorn), so that one configuration works in front of some backends and fails in front of
    /// others.
    ///
    /// ## Example
    ///
    /// ```nginx bad
    /// server {
    ///     listen 8080;
    ///     location /ws {
    ///         proxy_pass http://127.0.0.1:3000;
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
    ///         proxy_set_header Upgrade $http_upgrade;
    ///         proxy_set_header Connection "upgrade";
    ///         proxy_http_version 1.1;
    ///     }
    /// }
    /// ```
    ///
    /// ## The fix and its safety
    ///
    /// Safe: only the HTTP version of the request line changes. With `proxy_request_buffering off` it
    /// is unsafe, because request bodies are then sent in chunks.
    ///
    /// ## References
    ///
    /// - <https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_http_version>
    /// - nginx CHANGES 1.29.7
    "missing-proxy-http-version" {
        category: Handshake,
        severity: Error,
        fix: Sometimes,
        en: "the handshake reaches the backend over HTTP/1.0",
        zh: "握手请求以 HTTP/1.0 发往后端",
        zh_page: [
            "某个代理位置的两个握手请求头都发送了，用的却是 HTTP/1.0：要么是 1.29.7 之前 nginx 的默认值，要么是因为写了 `proxy_http_version 1.0`。",
            "WebSocket 握手必须是 HTTP/1.1 请求（RFC 6455 §4.1）。严格的后端会拒绝：Python `websockets` 返回 505，tungstenite 直接断开连接。宽松的后端（node `ws`、aiohttp、tornado、uvicorn）照样接受 1.0，所以同一份配置在有的后端上正常，在有的后端上失败。",
            "安全：只改变请求行里的 HTTP 版本。如果有 `proxy_request_buffering off` 则不安全，因为此后请求体会以分块方式发送。",
        ],
        check: check,
    }
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let rule: &Rule = &RULE;
    let config = cx.config();
    for (endpoint, cause) in cx.endpoints_with(|c| matches!(c, Cause::HttpVersion(_))) {
        let Cause::HttpVersion(explicit) = cause else { continue };
        let location = cx.location_words(endpoint.location);
        let level = config.settings_level(endpoint.scope);
        // Where an outer level sets the headers, that is the place to mend.
        let headers_level = config
            .effective_list(level, name::PROXY_SET_HEADER)
            .0
            .filter(|&l| config.scope(l).kind != ScopeKind::Http)
            .unwrap_or(level);
        let last_header = config.own_named(headers_level, name::PROXY_SET_HEADER).last();
        let mut found = match explicit {
            Some(occ) => rule.at(
                config.arg_place(*occ, 0),
                text!("a handshake needs 1.1", "握手需要 1.1"),
                text!(
                    "`proxy_http_version {}` makes the handshake an HTTP/1.0 request",
                    "`proxy_http_version {}` 使握手变成 HTTP/1.0 请求",
                    config.arg_shown(*occ, 0)
                ),
            ),
            None => rule.at(
                config.head(last_header.unwrap_or(endpoint.pass)),
                text!(
                    "the headers are right, the HTTP version is nginx's default: 1.0 before nginx 1.29.7",
                    "两个请求头没有问题，HTTP 版本却是 nginx 的默认值：1.29.7 之前为 1.0"
                ),
                text!(
                    "the handshake of `{location}` reaches the backend over HTTP/1.0",
                    "`{location}` 的握手请求以 HTTP/1.0 发往后端"
                ),
            ),
        };
        found.labels.extend(cx.location_label(
            endpoint,
            text!(
                "strict backends refuse every WebSocket handshake that arrives here",
                "这里的 WebSocket 握手都会被严格的后端拒绝"
            ),
        ));
        found.labels.extend(cx.commented_out(endpoint, &["proxy_http_version"]));
        found.why = text!(
            "a WebSocket handshake is an HTTP/1.1 request (RFC 6455 §4.1); Python `websockets` answers 505, tungstenite closes the connection; node `ws`, tornado, aiohttp and uvicorn take HTTP/1.0, too.",
            "WebSocket 握手是 HTTP/1.1 请求（RFC 6455 §4.1），Python `websockets` 会返回 505，tungstenite 会断开连接；node `ws`、tornado、aiohttp 和 uvicorn 也接受 HTTP/1.0。"
        );
        found.help = text!("set `proxy_http_version 1.1` at this level", "在这一层设置 `proxy_http_version 1.1`");
        let title = text!("set `proxy_http_version 1.1`", "设置 `proxy_http_version 1.1`");
        found.fix = match explicit {
            Some(occ) if cx.writable(config.file(*occ)) => Some(safe(title, vec![replace(config, *occ, 0, "1.1")])),
            Some(_) => None,
            None => {
                let writable = config.scope(headers_level).opened_by.is_none_or(|o| cx.writable(config.file(o)));
                let blocked =
                    config.scope(headers_level).unresolved || !writable || remedy::is_half_written(cx, headers_level);
                remedy::anchor(config, headers_level)
                    .filter(|_| !blocked)
                    .map(|p| safe(title, vec![Edit::InsertAfter(p, vec!["proxy_http_version 1.1;".into()])]))
            }
        };
        if let Some(fix) = &mut found.fix
            && let Some(note) = remedy::version_note(cx, endpoint, level)
        {
            *fix = Fix { applicability: Applicability::Unsafe, note: Some(note), ..fix.clone() };
        }
        out.push(found);
    }
}
