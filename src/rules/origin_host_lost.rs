use super::{Context, Quiet, Rule, remedy};
use crate::diagnostic::{Applicability, Diagnostic, Edit, Fix};
use crate::model::config::inherit::Origin;
use crate::model::evidence::Evidence;
use crate::model::way::verdict::Verdict;
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// An endpoint that carries WebSocket and does not pass the client's `Host` on.
    ///
    /// ## Why it breaks
    ///
    /// nginx sends the name of the backend as `Host`. Servers that compare it with `Origin` answer 403: Grafana,
    /// Jupyter, Rails, tornado.
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
    ///         proxy_set_header Host $host;
    ///     }
    /// }
    /// ```
    ///
    /// ## The fix and its safety
    ///
    /// Unsafe: the backend of ordinary requests sees another `Host`, too.
    ///
    /// ## References
    ///
    /// - <https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header>
    "origin-host-lost" {
        category: Handshake,
        severity: Advice,
        fix: Sometimes,
        en: "the client's `Host` is not passed on",
        zh: "没有转发客户端的 `Host`",
        about_zh: "nginx 默认以后端的名称作为 `Host` 发送。会比较 `Host` 与 `Origin` 的服务器(Grafana、Jupyter、Rails、tornado)因此返回 403。加上 `proxy_set_header Host $host;`。由于普通请求的 `Host` 也会改变,此修复不是安全的。",
        check: check,
    }
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let rule: &Rule = &RULE;
    let config = cx.config();
    let mut quiet = Quiet::default();
    for endpoint in cx
        .analysis
        .endpoints
        .iter()
        .filter(|e| e.evidence > Evidence::None && e.verdict() == Verdict::Upgrades && e.own_pass)
    {
        let level = config.effective_list(endpoint.scope, crate::catalog::name::PROXY_SET_HEADER).0;
        if level.is_some_and(|l| quiet.covers(config, l)) {
            continue;
        }
        if let Some(level) = level.filter(|&l| config.header(l, "Host").is_some()) {
            quiet.add(config, level);
            continue;
        }
        let sent = endpoint.forwarded(&cx.analysis.world, cx.analysis.version);
        if !sent.values("Host").iter().any(|h| h.origin == Origin::Default) {
            continue;
        }
        let location = cx.location_words(endpoint.location);
        let mut found = rule.at(
            config.head(endpoint.pass),
            text!("`Host` is the name of the backend here", "这里的 `Host` 是后端的名称"),
            text!("`{location}` does not pass the client's `Host` on", "`{location}` 没有转发客户端的 `Host`"),
        );
        found.why = text!(
            "servers that compare `Host` with `Origin` answer 403: Grafana, Jupyter, Rails, tornado.",
            "会比较 `Host` 与 `Origin` 的服务器会返回 403:Grafana、Jupyter、Rails、tornado。"
        );
        found.help = text!("add `proxy_set_header Host $host;`", "加上 `proxy_set_header Host $host;`");
        let level = config.settings_level(endpoint.scope);
        let own = config.effective_list(level, crate::catalog::name::PROXY_SET_HEADER).0 == Some(level);
        let file = config.scope(level).opened_by.map(|o| config.file(o));
        if let (true, Some(place), Some(true)) = (own, remedy::anchor(config, level), file.map(|f| cx.writable(f))) {
            found.fix = Some(Fix {
                title: text!("pass the client's `Host` on", "转发客户端的 `Host`"),
                applicability: Applicability::Unsafe,
                note: Some(text!("ordinary requests get another `Host`, too", "普通请求的 `Host` 也会改变")),
                edits: vec![Edit::InsertAfter(place, vec!["proxy_set_header Host $host;".into()])],
            });
        }
        out.push(found);
    }
}
