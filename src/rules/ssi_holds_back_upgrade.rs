use foldhash::HashSet;

use super::{ByKind, Context, Rule, remedy};
use crate::catalog::name;
use crate::diagnostic::{Applicability, Diagnostic, Edit, Fix};
use crate::model::OccId;
use crate::model::evidence::Evidence;
use crate::model::way::verdict::Verdict;
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// An endpoint that carries WebSocket where `ssi` is `on`. Once for each `ssi` line.
    ///
    /// ## Why it breaks
    ///
    /// nginx looks for server-side includes in every answer of the types of `ssi_types`, `text/html` among
    /// them. A backend that sends `Content-Type: text/html` with its 101, as Odoo does, has its answer held
    /// back until a body comes, which is never. Without that header the answer passes.
    ///
    /// ## Example
    ///
    /// ```nginx bad
    /// server {
    ///     listen 8080;
    ///     location /ws {
    ///         ssi on;
    ///         proxy_pass http://127.0.0.1:3000;
    ///         proxy_http_version 1.1;
    ///         proxy_set_header Upgrade $http_upgrade;
    ///         proxy_set_header Connection "upgrade";
    ///         proxy_set_header Host $host;
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
    ///         ssi off;
    ///         proxy_pass http://127.0.0.1:3000;
    ///         proxy_http_version 1.1;
    ///         proxy_set_header Upgrade $http_upgrade;
    ///         proxy_set_header Connection "upgrade";
    ///         proxy_set_header Host $host;
    ///     }
    /// }
    /// ```
    ///
    /// ## The fix and its safety
    ///
    /// Unsafe: the pages of this location may need their includes.
    ///
    /// ## References
    ///
    /// - <https://nginx.org/en/docs/http/ngx_http_ssi_module.html>
    /// - http/modules/ngx_http_ssi_filter_module.c
    "ssi-holds-back-upgrade" {
        category: Handshake,
        severity: Advice,
        fix: Sometimes,
        en: "server-side includes may hold the 101 back",
        zh: "SSI 可能会扣住 101 响应",
        zh_page: [
            "用于 WebSocket 的代理位置开启了 `ssi`（值为 `on`）。每一行 `ssi` 只报告一次。",
            "nginx 会在 `ssi_types` 所列类型（包括 `text/html`）的每个响应里查找 SSI 指令。如果后端的 101 带有 `Content-Type: text/html`（Odoo 就是如此），响应就会被扣住，直到响应体到来，而响应体永远不会来。没有这个响应头时，响应照常通过。",
            "不安全：这个 location 的页面可能需要 SSI。",
        ],
        check: check,
    }
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let rule: &Rule = &RULE;
    let config = cx.config();
    let mut told: HashSet<OccId> = HashSet::default();
    let carries = |e: &&super::Endpoint| e.evidence > Evidence::None && e.evidence != Evidence::Excluded;
    let mut by_kind = ByKind::default();
    for endpoint in cx.analysis.endpoints.iter().filter(carries).filter(|e| e.verdict() == Verdict::Upgrades) {
        if !by_kind.ask(endpoint, || config.flag(endpoint.scope, name::SSI) == Some(true)) {
            continue;
        }
        let Some(occ) = config.effective(endpoint.scope, name::SSI).occ().filter(|o| told.insert(*o)) else {
            continue;
        };
        let location = cx.location_words(endpoint.location);
        let mut found = rule.at(
            config.head(occ),
            text!("a 101 with `Content-Type: text/html` ends here", "带有 `Content-Type: text/html` 的 101 到此为止"),
            text!(
                "`ssi on` may hold back the answer to the handshake at `{location}`",
                "`ssi on` 可能会扣住 `{location}` 上的握手响应"
            ),
        );
        found
            .labels
            .extend(cx.location_label(endpoint, text!("this is the location of the WebSocket", "这里用于 WebSocket")));
        found.why = text!(
            "nginx waits for a body in which to look for SSI commands, and a 101 has none. Some backends send `text/html` with it, Odoo for one.",
            "nginx 要在响应体中查找 SSI 指令，而 101 没有响应体。有的后端（如 Odoo）会在 101 中带上 `text/html`。"
        );
        found.help = text!(
            "switch it off where WebSocket passes: `ssi off;`",
            "在 WebSocket 经过的 location 中关闭它：`ssi off;`"
        );
        let level = config.settings_level(endpoint.scope);
        let file = config.scope(level).opened_by.map(|o| config.file(o));
        let edit = if config.occ(occ).scope == level {
            cx.writable(config.file(occ)).then(|| super::replace(config, occ, 0, "off"))
        } else {
            remedy::anchor(config, level)
                .filter(|_| file.is_some_and(|f| cx.writable(f)))
                .map(|place| Edit::InsertAfter(place, vec!["ssi off;".into()]))
        };
        found.fix = edit.map(|edit| Fix {
            title: text!("switch `ssi` off here", "在这里关闭 `ssi`"),
            applicability: Applicability::Unsafe,
            note: Some(text!("pages from here may need SSI", "这里的页面可能需要 SSI")),
            edits: vec![edit],
        });
        out.push(found);
    }
}
