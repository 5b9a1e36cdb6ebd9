use super::{Context, Rule};
use crate::catalog::{Version, name};
use crate::diagnostic::{Diagnostic, Label};
use crate::model::OccId;
use crate::model::evidence::Evidence;
use crate::model::way::route::Listen;
use crate::model::way::verdict::Verdict;
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// `listen … http2` without TLS, in a server that carries WebSocket, on nginx before 1.25.1.
    ///
    /// ## Why it breaks
    ///
    /// Such a port speaks only HTTP/2, and browsers open a WebSocket with HTTP/1.1. With TLS both are negotiated.
    ///
    /// ## Example
    ///
    /// ```nginx bad
    /// server {
    ///     listen 8080 http2;
    ///     location /ws {
    ///         proxy_pass http://127.0.0.1:3000;
    ///         proxy_http_version 1.1;
    ///         proxy_set_header Upgrade $http_upgrade;
    ///         proxy_set_header Connection "upgrade";
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
    /// In words only.
    ///
    /// ## References
    ///
    /// - nginx CHANGES 1.25.1
    "plaintext-http2" {
        category: Handshake,
        severity: Error,
        fix: None,
        en: "a plaintext port speaks only HTTP/2",
        zh: "不带 TLS 的端口只支持 HTTP/2",
        zh_page: [
            "在用于 WebSocket 的 server 里，`listen … http2` 没有启用 TLS，而 nginx 低于 1.25.1。",
            "这样的端口只支持 HTTP/2，而浏览器用 HTTP/1.1 建立 WebSocket 连接。启用 TLS 后，两者可以协商。",
            "只给出文字说明。",
        ],
        check: check,
    }
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let rule: &Rule = &RULE;
    let config = cx.config();
    if cx.analysis.version >= Version::PLAIN_HTTP2_DETECTED {
        return;
    }
    // Hardly any configuration has such a port: only then the others are looked at.
    let speaks = |l: &Listen| l.http2 && !l.ssl;
    let mut all: Option<Vec<Listen>> = None;
    for server in crate::model::way::route::servers(config) {
        let says_http2 = |o: OccId| config.has_parameter(o, "http2");
        if !config.own_named(server, name::LISTEN).any(says_http2) {
            continue;
        }
        let ssl_on = config.flag(server, name::SSL) == Some(true);
        let suspects: Vec<Listen> = Listen::of(config, server).into_iter().filter(|l| speaks(l) && !ssl_on).collect();
        // Where another listen of the server speaks HTTP/1.1, handshakes arrive there.
        let has_another = Listen::of(config, server).iter().any(|l| !speaks(l));
        if suspects.is_empty() || has_another {
            continue;
        }
        let carries =
            cx.analysis.endpoints.iter().find(|e| {
                e.server == Some(server) && (e.evidence > Evidence::None || e.verdict() == Verdict::Upgrades)
            });
        let Some(endpoint) = carries else { continue };
        let all = all.get_or_insert_with(|| {
            crate::model::way::route::servers(config).into_iter().flat_map(|s| Listen::of(config, s)).collect()
        });
        for listen in suspects {
            let tls = all.iter().any(|l| l.ssl && l.ports == listen.ports && l.address == listen.address);
            let Some(occ) = listen.occ.filter(|_| !tls) else { continue };
            let mut found = rule.at(
                config.head(occ),
                text!(
                    "before nginx 1.25.1 nothing but HTTP/2 is understood here",
                    "在 nginx 1.25.1 之前，这个端口只支持 HTTP/2"
                ),
                text!(
                    "this port speaks only HTTP/2, and WebSocket begins with HTTP/1.1",
                    "该端口只支持 HTTP/2，而 WebSocket 从 HTTP/1.1 开始"
                ),
            );
            found.labels.push(Label {
                place: config.head(endpoint.pass),
                text: text!("requests would leave for the backend here", "请求本应从这里转发给后端"),
            });
            found.why = text!(
                "without TLS there is no negotiation; nginx detects the protocol only since 1.25.1 (CHANGES).",
                "没有 TLS 就不能协商协议；nginx 从 1.25.1 起才会自动识别协议（CHANGES）。"
            );
            found.help = text!(
                "drop `http2` from the plaintext port, or say with `--nginx-version` that a newer nginx runs it",
                "去掉明文端口的 `http2`，或用 `--nginx-version` 说明运行的是更新的 nginx"
            );
            out.push(found);
        }
    }
}
