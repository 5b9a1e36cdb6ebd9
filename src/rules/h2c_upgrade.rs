use std::collections::BTreeMap;

use super::{Context, Rule, connection, replace};
use crate::catalog::near;
use crate::diagnostic::{Applicability, Diagnostic, Fix};
use crate::model::config::inherit::Origin;
use crate::model::evidence::Evidence;
use crate::model::value::request::Request;
use crate::model::way::endpoint::Endpoint;
use crate::model::way::handshake::Header;
use crate::model::way::verdict::Verdict;
use crate::model::{OccId, Value};
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// An endpoint that passes on any `Upgrade`, `h2c` too. Only with `--select security` or `all`.
    ///
    /// ## Why it breaks
    ///
    /// A backend that speaks HTTP/2 without TLS accepts `Upgrade: h2c`, and nginx then tunnels: everything that the client
    /// asks for on that connection reaches the backend past nginx's locations, access rules and logs.
    ///
    /// ## Example
    ///
    /// ```nginx bad
    /// map $http_upgrade $connection_upgrade {
    ///     default upgrade;
    ///     ''      close;
    /// }
    /// server {
    ///     listen 8080;
    ///     location /ws {
    ///         proxy_pass http://127.0.0.1:3000;
    ///         proxy_http_version 1.1;
    ///         proxy_set_header Upgrade $http_upgrade;
    ///         proxy_set_header Connection $connection_upgrade;
    ///         proxy_set_header Host $host;
    ///         proxy_read_timeout 1h;
    ///     }
    /// }
    /// ```
    ///
    /// ## Instead
    ///
    /// ```nginx good
    /// map $http_upgrade $connection_upgrade {
    ///     default   close;
    ///     websocket upgrade;
    /// }
    /// server {
    ///     listen 8080;
    ///     location /ws {
    ///         proxy_pass http://127.0.0.1:3000;
    ///         proxy_http_version 1.1;
    ///         proxy_set_header Upgrade $http_upgrade;
    ///         proxy_set_header Connection $connection_upgrade;
    ///         proxy_set_header Host $host;
    ///         proxy_read_timeout 1h;
    ///     }
    /// }
    /// ```
    ///
    /// ## The fix and its safety
    ///
    /// A map that lets only `websocket` through. Unsafe: somebody may want another protocol tunnelled. Scanners that
    /// read single lines may report h2c smuggling all the same: with such a map `Upgrade: h2c` asks the backend for
    /// nothing.
    ///
    /// ## References
    ///
    /// - <https://bishopfox.com/blog/h2c-smuggling-request>
    /// - <https://www.rfc-editor.org/rfc/rfc7540#section-3.2>
    "h2c-upgrade" {
        category: Security,
        severity: Warning,
        fix: Sometimes,
        en: "an upgrade to h2c is passed on, too",
        zh: "h2c 升级请求也会被转发",
        zh_page: [
            "某个代理位置会转发任何 `Upgrade`，包括 `h2c`。只有使用 `--select security` 或 `all` 时才检查。",
            "如果后端支持不带 TLS 的 HTTP/2，就会接受 `Upgrade: h2c`，nginx 随即建立隧道：此后客户端在这条连接上发出的所有请求都会绕过 nginx 的 location、访问规则和日志，直达后端。",
            "改用只放行 `websocket` 的 map。不安全：也许有人需要通过隧道使用其他协议。只看单行的扫描器可能照样报告 h2c 走私：有了这样的 map，`Upgrade: h2c` 不会让后端升级。",
        ],
        check: check,
    }
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let rule: &Rule = &RULE;
    let config = cx.config();
    let mut lines: BTreeMap<OccId, Vec<&Endpoint>> = BTreeMap::new();
    for endpoint in
        cx.analysis.endpoints.iter().filter(|e| e.evidence != Evidence::Excluded && e.verdict() == Verdict::Upgrades)
    {
        let sent = endpoint.forwarded_for(&cx.analysis.world, cx.analysis.version, Request::h2c());
        let tunnels = sent.tokens("Upgrade").0.iter().any(|t| t == "h2c")
            && sent.tokens("Connection").0.iter().any(|t| t == "upgrade");
        if !tunnels || sent.http_version == Value::text("1.0") {
            continue;
        }
        // Of several lines the one that says so.
        let says = |h: &&&Header| h.value.display().is_some_and(|v| near::has_token(&v, "upgrade"));
        let line = sent.values("Connection").iter().filter(says).find_map(|h| match h.origin {
            Origin::Own(occ) | Origin::Inherited(occ) => Some(occ),
            _ => None,
        });
        if let Some(occ) = line {
            lines.entry(occ).or_default().push(endpoint);
        }
    }
    for (occ, endpoints) in lines {
        let mut found = rule.at(
            config.arg_place(occ, 1),
            text!("says `upgrade` for h2c, too", "对 h2c 也返回 `upgrade`"),
            text!("an upgrade to h2c is passed on to the backend", "h2c 升级会被转发到后端"),
        );
        found.labels.extend(endpoints.iter().take(3).filter_map(|e| {
            cx.location_label(
                e,
                text!(
                    "once the backend answers 101 here, nginx tunnels what follows",
                    "后端在这里返回 101 之后，nginx 就建立隧道"
                ),
            )
        }));
        found.why = text!(
            "a backend that accepts `Upgrade: h2c` is then reached past nginx's locations, access rules and logs.",
            "接受 `Upgrade: h2c` 的后端此后会被绕过 nginx 的 location、访问规则和日志直接访问。"
        );
        found.help = text!(
            "use a map that yields `upgrade` for `websocket` alone",
            "使用只对 `websocket` 返回 `upgrade` 的 map"
        );
        let ordinary = endpoints.first().map(|e| connection::ordinary_connection(cx, e)).unwrap_or_default();
        let agree = endpoints.iter().all(|e| connection::ordinary_connection(cx, e) == ordinary);
        if let (true, true, Some(place)) = (agree, cx.writable(config.file(occ)), connection::map_place(cx)) {
            let name = cx.map_name(&ordinary);
            found.fix = Some(Fix {
                title: text!("let only WebSocket through", "只放行 WebSocket"),
                applicability: Applicability::Unsafe,
                note: Some(text!("somebody may want another protocol tunnelled", "也许有人需要其他协议")),
                edits: vec![
                    replace(config, occ, 1, &format!("${name}")),
                    connection::map_edit(place, &name, &ordinary),
                ],
            });
        }
        out.push(found);
    }
}
