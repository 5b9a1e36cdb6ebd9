use super::{Context, Rule, arrives_here};
use crate::diagnostic::{Applicability, Diagnostic, Edit, Fix};
use crate::model::cause::diagnose::Cause;
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// `proxy_hide_header Upgrade` or `Sec-WebSocket-Accept`, `proxy_pass_request_headers off`, or a
    /// `Sec-WebSocket-*` header that is blanked.
    ///
    /// ## Why it breaks
    ///
    /// The browser checks `Upgrade` and `Sec-WebSocket-Accept` of the answer, and the backend needs the key and
    /// version of the request (RFC 6455 §4.1, §4.2.1). Some templates hide `Upgrade` to silence a warning about
    /// HTTP/2; it silences WebSocket.
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
    ///         proxy_set_header Connection "upgrade";
    ///         proxy_hide_header Upgrade;
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
    /// Unsafe: the line goes, but somebody wrote it for ordinary requests.
    ///
    /// ## References
    ///
    /// - RFC 6455 §4.1
    "hidden-upgrade-response" {
        category: Handshake,
        severity: Error,
        fix: Sometimes,
        en: "a header of the handshake is hidden",
        zh: "握手所需的请求头或响应头被去掉了",
        zh_page: [
            "配置里有 `proxy_hide_header Upgrade` 或 `Sec-WebSocket-Accept`、`proxy_pass_request_headers off`，或者把某个 `Sec-WebSocket-*` 请求头设成了空值。",
            "浏览器会检查响应里的 `Upgrade` 和 `Sec-WebSocket-Accept`，后端则需要请求里的 key 和 version（RFC 6455 §4.1、§4.2.1）。有些模板为了消除一条与 HTTP/2 有关的警告而隐藏 `Upgrade`，结果连 WebSocket 也一起失效了。",
            "不安全：会删掉这一行，但它可能是为普通请求而写的。",
        ],
        check: check,
    }
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let rule: &Rule = &RULE;
    let config = cx.config();
    for (endpoint, cause) in cx.endpoints_with(|c| matches!(c, Cause::Hidden(_))) {
        let Cause::Hidden(occ) = cause else { continue };
        let shown = format!("{} {}", config.occ(*occ).name.as_str(), config.arg_shown(*occ, 0));
        let mut found = rule.at(
            config.head(*occ),
            text!("withholds what the other side looks for", "去掉了对方需要的内容"),
            text!("`{shown}` hides a header of the handshake", "`{shown}` 去掉了握手所需的请求头或响应头"),
        );
        // Subrequests for authentication and the like need no request headers.
        found.severity = cx.by_evidence(endpoint);
        found.labels.extend(cx.location_label(endpoint, arrives_here()));
        found.why = text!(
            "browsers want `Upgrade` and `Sec-WebSocket-Accept` in the answer, backends want `Sec-WebSocket-Key` and `-Version` in the request (RFC 6455 §4.1, §4.2.1).",
            "浏览器要求响应中有 `Upgrade` 和 `Sec-WebSocket-Accept`，后端要求请求中有 `Sec-WebSocket-Key` 和 `-Version`（RFC 6455 §4.1、§4.2.1）。"
        );
        found.help = text!(
            "remove the line where WebSocket passes; `proxy_pass_header Upgrade` in a location of its own brings a hidden `Upgrade` back",
            "在用于 WebSocket 的 location 里去掉这一行；也可以单独写一个 location，用 `proxy_pass_header Upgrade` 恢复被隐藏的 `Upgrade`"
        );
        if cx.writable(config.file(*occ)) {
            let place = config.place(*occ, config.directive(*occ).span());
            found.fix = Some(Fix {
                title: text!("remove this line", "去掉这一行"),
                applicability: Applicability::Unsafe,
                note: Some(text!("it also applies to ordinary requests", "它也作用于普通请求")),
                edits: vec![Edit::Delete(place)],
            });
        }
        out.push(found);
    }
}
