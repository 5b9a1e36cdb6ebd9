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
        zh: "握手的某个头被隐藏",
        about_zh: "浏览器会检查响应中的 `Upgrade` 和 `Sec-WebSocket-Accept`,后端需要请求中的 key 和 version(RFC 6455)。在 WebSocket 的 location 中去掉隐藏它们的那一行。由于这一行可能是为普通请求写的,此修复不是安全的。",
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
            text!("withholds what the other side looks for", "扣下了对方要找的内容"),
            text!("`{shown}` hides a header of the handshake", "`{shown}` 隐藏了握手的头"),
        );
        // Subrequests for authentication and the like need no request headers.
        found.severity = cx.by_evidence(endpoint);
        found.labels.extend(cx.location_label(endpoint, arrives_here()));
        found.why = text!(
            "browsers want `Upgrade` and `Sec-WebSocket-Accept` in the answer, backends want `Sec-WebSocket-Key` and `-Version` in the request (RFC 6455 §4.1, §4.2.1).",
            "浏览器要求响应中有 `Upgrade` 和 `Sec-WebSocket-Accept`,后端要求请求中有 `Sec-WebSocket-Key` 和 `-Version`(RFC 6455 §4.1、§4.2.1)。"
        );
        found.help = text!(
            "remove it for WebSocket; in a location of its own `proxy_pass_header Upgrade` brings a hidden one back",
            "对 WebSocket 去掉它;在单独的 location 中,`proxy_pass_header Upgrade` 可恢复被隐藏的头"
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
