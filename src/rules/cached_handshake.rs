use super::{Context, Rule, remedy};
use crate::catalog::name;
use crate::diagnostic::{Applicability, Diagnostic, Edit, Fix, Severity};
use crate::model::evidence::Evidence;
use crate::model::way::verdict::{Outcome, Why};
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// `proxy_cache` is on at an endpoint that passes handshakes on, without `proxy_cache_bypass` and
    /// `proxy_no_cache` on `$http_upgrade`.
    ///
    /// ## Why it breaks
    ///
    /// A GET for the same key that is in the cache answers the handshake with 200.
    ///
    /// ## Example
    ///
    /// ```nginx bad
    /// proxy_cache_path /var/cache/nginx keys_zone=pages:1m;
    /// server {
    ///     listen 8080;
    ///     location /ws {
    ///         proxy_cache pages;
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
    /// proxy_cache_path /var/cache/nginx keys_zone=pages:1m;
    /// server {
    ///     listen 8080;
    ///     location /ws {
    ///         proxy_cache pages;
    ///         proxy_cache_bypass $http_upgrade;
    ///         proxy_no_cache $http_upgrade;
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
    /// Unsafe: both lines also change which ordinary requests are cached, if they carry an `Upgrade`.
    ///
    /// ## References
    ///
    /// - <https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_cache_bypass>
    "cached-handshake" {
        category: Handshake,
        severity: Warning,
        fix: Sometimes,
        en: "the cache may answer a handshake",
        zh: "握手请求可能命中缓存",
        zh_page: [
            "某个转发握手请求的代理位置开启了 `proxy_cache`，却没有针对 `$http_upgrade` 设置 `proxy_cache_bypass` 和 `proxy_no_cache`。",
            "如果缓存里已有同一个 key 的 GET 响应，nginx 就会用这份缓存以 200 回应握手请求。",
            "不安全：带有 `Upgrade` 的普通请求是否走缓存，也会因这两行而改变。",
        ],
        check: check,
    }
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let rule: &Rule = &RULE;
    let config = cx.config();
    for endpoint in cx.analysis.endpoints.iter().filter(|e| e.evidence > Evidence::None && e.own_pass) {
        let Outcome::Unknown(Why::Cache(cache)) = endpoint.outcome else { continue };
        let location = cx.location_words(endpoint.location);
        let mut found = rule.at(
            config.head(endpoint.pass),
            text!("a cached page may answer instead", "返回的可能是缓存里的页面"),
            text!(
                "the cache may answer WebSocket handshakes to `{location}`",
                "发往 `{location}` 的 WebSocket 握手可能命中缓存"
            ),
        );
        found
            .labels
            .push(crate::diagnostic::Label {
                place: config.head(cache), text: text!("cached here", "在这里开启缓存")
            });
        found.why = text!(
            "where the cache holds a GET with the same key, it answers the handshake with 200.",
            "缓存里如果有同一个 key 的 GET 响应，握手就会得到 200。"
        );
        found.help = text!(
            "add `proxy_cache_bypass $http_upgrade;` and `proxy_no_cache $http_upgrade;`",
            "加上 `proxy_cache_bypass $http_upgrade;` 和 `proxy_no_cache $http_upgrade;`"
        );
        let level = config.settings_level(endpoint.scope);
        // Whoever sets the headers for a whole server, and a cache for one location of it, may mean no WebSocket there.
        let sets = config.effective_list(endpoint.scope, name::PROXY_SET_HEADER).0;
        let inherits = sets.is_some_and(|sets| sets != endpoint.scope && sets != level);
        let is_cached_here = config.occ(cache).scope == level;
        if inherits && is_cached_here && !endpoint.path_says_websocket(&cx.analysis.world) {
            found.severity = found.severity.min(Severity::Advice);
        }
        let file = config.scope(level).opened_by.map(|o| config.file(o));
        if let (Some(place), Some(lines), Some(true)) =
            (remedy::anchor(config, level), remedy::cache_lines(config, level), file.map(|f| cx.writable(f)))
        {
            found.fix = Some(Fix {
                title: text!("let handshakes pass the cache by", "让握手绕过缓存"),
                applicability: Applicability::Unsafe,
                note: Some(text!(
                    "requests with an `Upgrade` header are no longer cached",
                    "带有 `Upgrade` 请求头的请求不再走缓存"
                )),
                edits: vec![Edit::InsertAfter(place, lines)],
            });
        }
        out.push(found);
    }
}
