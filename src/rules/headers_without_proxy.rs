use super::{Context, Quiet, Rule};
use crate::catalog::name;
use crate::diagnostic::Diagnostic;
use crate::model::evidence::header_tries;
use crate::model::{OccId, ScopeId, ScopeKind};
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// A location sets the handshake headers, and no request leaves it: it has no `proxy_pass`.
    ///
    /// ## Why it breaks
    ///
    /// `proxy_pass` is not inherited by nested locations, and `proxy_set_header` alone sends nothing: nginx looks
    /// for a file and answers 404.
    ///
    /// ## Example
    ///
    /// ```nginx bad
    /// server {
    ///     listen 8080;
    ///     location /ws {
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
    /// In words only: wslint does not know the backend.
    ///
    /// ## References
    ///
    /// - <https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass>
    "headers-without-proxy" {
        category: Handshake,
        severity: Error,
        fix: None,
        en: "the handshake headers are set, and nothing is proxied",
        zh: "设置了握手请求头，却没有转发",
        zh_page: [
            "某个 location 设置了握手请求头，但请求不会从这里转发出去：它没有 `proxy_pass`。",
            "嵌套的 location 不会继承 `proxy_pass`，而单有 `proxy_set_header` 什么也不会发送：nginx 会去找文件，然后返回 404。",
            "只给出文字说明：wslint 不知道后端在哪里。",
        ],
        check: check,
    }
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let rule: &Rule = &RULE;
    let config = cx.config();
    let mut quiet = Quiet::default();
    for (scope, facts) in config.scopes() {
        let closed = facts.kind == ScopeKind::Location && facts.opened_by.is_some() && !facts.unresolved;
        if !closed || !config.has(scope, name::PROXY_SET_HEADER) || quiet.covers(config, scope) {
            continue;
        }
        if leaves(cx, scope) {
            quiet.add(config, scope);
            continue;
        }
        // A misspelt `proxy_pass` has its own finding.
        if cx.misspellings.around(config, scope).any(|(_, m)| m.meant == "proxy_pass") {
            continue;
        }
        let tries = |o: &OccId| header_tries(&cx.analysis.world, *o);
        let Some(header) = config.headers(scope, "Upgrade").find(tries) else { continue };
        let location = cx.location_words(scope);
        let mut found = rule.at(
            config.head(header),
            text!("no request carries it: there is no `proxy_pass` here", "没有请求会带上它：这里没有 `proxy_pass`"),
            text!(
                "`{location}` sets the handshake headers, and passes no request on",
                "`{location}` 设置了握手请求头，却没有请求从这里转发给后端"
            ),
        );
        found.why = text!(
            "`proxy_pass` is not inherited by a nested location; without one nginx looks for a file and answers 404.",
            "嵌套的 location 不会继承 `proxy_pass`；没有它，nginx 会去找文件并返回 404。"
        );
        found.help = text!("add `proxy_pass` here", "在这里补上 `proxy_pass`");
        out.push(found);
    }
}

/// Whether any request is passed on from this level or with its headers.
fn leaves(cx: &Context<'_>, scope: ScopeId) -> bool {
    let config = cx.config();
    if config.own(scope).any(|o| crate::model::way::phase::is_handler(config, o)) {
        return true;
    }
    config.blocks(scope).filter_map(|o| config.occ(o).opens()).any(|inner| {
        let kind = config.scope(inner).kind;
        let block = matches!(kind, ScopeKind::Location | ScopeKind::LocationIf | ScopeKind::LimitExcept);
        block
            && (config.scope(inner).unresolved
                || config.own(inner).any(|o| crate::model::way::phase::is_handler(config, o)))
    })
}
