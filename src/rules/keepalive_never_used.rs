use foldhash::HashSet;

use super::{Context, Rule};
use crate::catalog::name;
use crate::diagnostic::{Applicability, Diagnostic, Edit, Fix, Label};
use crate::model::evidence::Evidence;
use crate::model::value::request::Request;
use crate::model::value::variable::{Entry, variables_in};
use crate::model::way::endpoint::Endpoint;
use crate::model::way::verdict::Verdict;
use crate::model::{Config, OccId};
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// An upstream with `keepalive`, behind an endpoint that carries WebSocket and sends `Connection: close`
    /// with every ordinary request. Once for each upstream.
    ///
    /// ## Why it breaks
    ///
    /// The map of the nginx documentation gives `close` to requests without `Upgrade`. The backend closes the
    /// connection after each of them, and the upstream never has one to keep. Without a value nginx sends no
    /// `Connection` at all, and in HTTP/1.1 the connection stays open.
    ///
    /// ## Example
    ///
    /// ```nginx bad
    /// map $http_upgrade $connection_upgrade {
    ///     default upgrade;
    ///     ''      close;
    /// }
    /// upstream app {
    ///     server 127.0.0.1:3000;
    ///     keepalive 32;
    /// }
    /// server {
    ///     listen 8080;
    ///     location /ws {
    ///         proxy_pass http://app;
    ///         proxy_http_version 1.1;
    ///         proxy_set_header Upgrade $http_upgrade;
    ///         proxy_set_header Connection $connection_upgrade;
    ///         proxy_set_header Host $host;
    ///     }
    /// }
    /// ```
    ///
    /// ## Instead
    ///
    /// ```nginx good
    /// map $http_upgrade $connection_upgrade {
    ///     default upgrade;
    ///     ''      '';
    /// }
    /// upstream app {
    ///     server 127.0.0.1:3000;
    ///     keepalive 32;
    /// }
    /// server {
    ///     listen 8080;
    ///     location /ws {
    ///         proxy_pass http://app;
    ///         proxy_http_version 1.1;
    ///         proxy_set_header Upgrade $http_upgrade;
    ///         proxy_set_header Connection $connection_upgrade;
    ///         proxy_set_header Host $host;
    ///     }
    /// }
    /// ```
    ///
    /// ## The fix and its safety
    ///
    /// Unsafe: every header that the map feeds changes with it.
    ///
    /// ## References
    ///
    /// - <https://nginx.org/en/docs/http/ngx_http_upstream_module.html#keepalive>
    /// - <https://nginx.org/en/docs/http/websocket.html>
    "keepalive-never-used" {
        category: Lifetime,
        severity: Advice,
        fix: Sometimes,
        en: "the connections of `keepalive` are closed after every request",
        zh: "`keepalive` 的连接在每个请求之后都被关闭",
        zh_page: [
            "某个 upstream 设置了 `keepalive`，而使用它的代理位置用于 WebSocket，并且随每个普通请求发送 `Connection: close`。每个 upstream 只报告一次。",
            "nginx 文档里的 map 给没有 `Upgrade` 的请求返回 `close`。后端在每个这样的请求之后关闭连接，upstream 也就没有连接可以保留。值为空时，nginx 根本不发送 `Connection`，HTTP/1.1 的连接会保持打开。",
            "不安全：用到这个 map 的其他请求头也会随之改变。",
        ],
        check: check,
    }
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let rule: &Rule = &RULE;
    let config = cx.config();
    if !cx.analysis.world.upstreams().any(|u| pool(config, u).is_some()) {
        return;
    }
    let mut told: HashSet<OccId> = HashSet::default();
    let carries = |e: &&Endpoint| e.evidence != Evidence::Excluded && e.verdict() == Verdict::Upgrades && e.own_pass;
    for endpoint in cx.analysis.endpoints.iter().filter(carries) {
        let upstream = config.target(endpoint.pass).host().and_then(|host| cx.analysis.world.upstream(&host));
        let Some(pool) = upstream.and_then(|u| pool(config, u)).filter(|p| !told.contains(p)) else { continue };
        let sent = endpoint.forwarded_for(&cx.analysis.world, cx.analysis.version, Request::ordinary());
        let (tokens, unknown) = sent.tokens("Connection");
        let Some(line) = config.effective_header(endpoint.scope, "Connection") else { continue };
        if unknown || tokens != ["close"] {
            continue;
        }
        told.insert(pool);
        let entry = for_ordinary(cx, line);
        let mut found = rule.at(
            config.head(entry.map_or(line, |e| e.occ)),
            text!("ordinary requests get `Connection: close`", "普通请求得到 `Connection: close`"),
            text!(
                "`{}` never keeps a connection: every ordinary request closes its own",
                "`{}` 保留不住连接：每个普通请求之后连接都会关闭",
                format_args!("keepalive {}", config.shown(pool))
            ),
        );
        found.labels.push(Label {
            place: config.head(pool),
            text: text!("nothing comes back to this pool", "没有连接会回到这个池中"),
        });
        found.why = text!(
            "with an empty value nginx sends no `Connection`, and HTTP/1.1 leaves the connection open.",
            "值为空时 nginx 不发送 `Connection`，HTTP/1.1 会保持连接打开。"
        );
        found.help = text!("give ordinary requests `''` instead of `close`", "让普通请求得到 `''`，而不是 `close`");
        found.fix = entry.filter(|e| cx.writable(config.file(e.occ))).map(|entry| Fix {
            title: text!("give ordinary requests no `Connection`", "普通请求不发送 `Connection`"),
            applicability: Applicability::Unsafe,
            note: Some(text!("other headers may take their value from this map", "其他请求头可能也使用这个 map 的值")),
            edits: vec![Edit::Replace(config.arg_place(entry.occ, 0), "''".to_owned())],
        });
        out.push(found);
    }
}

/// The `keepalive` line of an upstream that has one, unless it keeps none.
fn pool(config: Config<'_>, upstream: OccId) -> Option<OccId> {
    let scope = config.occ(upstream).opens()?;
    config.own_named(scope, name::KEEPALIVE).last().filter(|&o| config.arg(o, 0).is_some_and(|n| &*n != b"0"))
}

/// The line of the map that a request without `Upgrade` gets its `Connection` from.
fn for_ordinary<'a>(cx: &'a Context<'_>, line: OccId) -> Option<&'a Entry> {
    let value = cx.config().arg(line, 1)?;
    let [variable] = &variables_in(&value)[..] else { return None };
    let map = cx.analysis.world.definitions.map_of(variable)?;
    let of_upgrade = map.source.eq_ignore_ascii_case(b"$http_upgrade");
    map.select(b"").ok().flatten().filter(|e| of_upgrade && &*e.value == b"close")
}
