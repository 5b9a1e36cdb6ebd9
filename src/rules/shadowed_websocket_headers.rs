use super::{Context, Rule, arrives_here, remedy};
use crate::catalog::name;
use crate::diagnostic::{Diagnostic, Label};
use crate::model::cause::diagnose::Cause;
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// An outer level sets the handshake headers, and a `proxy_set_header` at this level, in the file
    /// or through an include, drops them all.
    ///
    /// ## Why it breaks
    ///
    /// nginx inherits `proxy_set_header` only into levels that set none. One header of its own, and a
    /// location loses every header of the server.
    ///
    /// ## Example
    ///
    /// ```nginx bad
    /// server {
    ///     listen 8080;
    ///     proxy_http_version 1.1;
    ///     proxy_set_header Upgrade $http_upgrade;
    ///     proxy_set_header Connection "upgrade";
    ///     location /ws {
    ///         proxy_set_header X-Real-IP $remote_addr;
    ///         proxy_pass http://127.0.0.1:3000;
    ///     }
    /// }
    /// ```
    ///
    /// ## Instead
    ///
    /// ```nginx fixed
    /// server {
    ///     listen 8080;
    ///     proxy_http_version 1.1;
    ///     proxy_set_header Upgrade $http_upgrade;
    ///     proxy_set_header Connection "upgrade";
    ///     location /ws {
    ///         proxy_set_header X-Real-IP $remote_addr;
    ///         proxy_set_header Upgrade $http_upgrade;
    ///         proxy_set_header Connection "upgrade";
    ///         proxy_pass http://127.0.0.1:3000;
    ///     }
    /// }
    /// ```
    ///
    /// ## The fix and its safety
    ///
    /// Safe: only the handshake headers are repeated. Other headers that were lost stay lost, so that
    /// ordinary requests do not change.
    ///
    /// ## References
    ///
    /// - <https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header>
    "shadowed-websocket-headers" {
        category: Handshake,
        severity: Error,
        fix: Sometimes,
        en: "the handshake headers of an outer level do not reach this one",
        zh: "外层设置的握手请求头在这一层失效",
        zh_page: [
            "外层设置了握手请求头，而这一层有一条 `proxy_set_header`（写在本文件里，或者来自 include），使它们全部失效。",
            "只有本层一条 `proxy_set_header` 都没有时，nginx 才会继承外层的。location 只要自己设置了一个请求头，server 里的就全部失效。",
            "安全：只重复握手请求头。其他失效的请求头依旧不发送，普通请求因此不变。",
        ],
        check: check,
    }
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let rule: &Rule = &RULE;
    for (endpoint, cause) in cx.endpoints_with(|c| matches!(c, Cause::Shadowed(_))) {
        let Cause::Shadowed(outer) = cause else { continue };
        let config = cx.config();
        let location = cx.location_words(endpoint.location);
        let Some(level) = config.effective_list(endpoint.scope, name::PROXY_SET_HEADER).0 else { continue };
        let Some(own) = config.own_named(level, name::PROXY_SET_HEADER).next() else { continue };
        let level_file = config.scope(level).opened_by.map_or(config.file(own), |o| config.file(o));
        let seen = config.seen_from(own, level_file);
        let mut found = rule.at(
            config.head(seen),
            text!(
                "… and all dropped here, because this level sets headers of its own",
                "……在这里全部失效，因为这一层自己设置了请求头"
            ),
            text!(
                "the WebSocket headers of the outer level do not reach `{location}`",
                "外层的 WebSocket 请求头在 `{location}` 里失效"
            ),
        );
        if let Some(first) = config.headers(*outer, "Upgrade").next() {
            found.labels.push(Label {
                place: config.head(first),
                text: text!("set here for the outer level …", "在外层设置……"),
            });
        }
        if seen != own {
            let text = text!(
                "one header at this level replaces every header of the outer levels",
                "本层只要写了一条 `proxy_set_header`，外层的就全部失效"
            );
            found.labels.push(Label { place: config.head(own), text });
        }
        found.labels.extend(cx.location_label(endpoint, arrives_here()));
        found.why = text!(
            "nginx inherits `proxy_set_header` only into levels that set none.",
            "只有本层一条 `proxy_set_header` 都没有时，nginx 才会继承外层的。"
        );
        found.help =
            text!("repeat the two WebSocket headers in `{location}`", "在 `{location}` 中重复这两个 WebSocket 请求头");
        found.fix = remedy::complete(cx, endpoint);
        out.push(found);
    }
}
