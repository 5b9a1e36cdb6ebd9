use super::{Context, Rule, remedy, safe};
use crate::catalog::name;
use crate::diagnostic::{Diagnostic, Edit, Label, Line};
use crate::model::way::judge::subrequest_upgrades;
use crate::model::{OccId, ScopeId, ScopeKind};
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// An `auth_request` or `mirror` target inherits the handshake headers from an outer level.
    ///
    /// ## Why it breaks
    ///
    /// The subrequest then asks its backend for an upgrade as well. If that answers 101, nginx logs `connection
    /// upgrade in subrequest` and closes the client's connection without an answer.
    ///
    /// ## Example
    ///
    /// ```nginx bad
    /// server {
    ///     listen 8080;
    ///     proxy_http_version 1.1;
    ///     proxy_set_header Upgrade $http_upgrade;
    ///     proxy_set_header Connection "upgrade";
    ///     location = /auth {
    ///         internal;
    ///         proxy_pass http://127.0.0.1:3001;
    ///     }
    ///     location /ws {
    ///         auth_request /auth;
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
    ///     location = /auth {
    ///         internal;
    ///         proxy_pass http://127.0.0.1:3001;
    ///         proxy_set_header Host $proxy_host;
    ///     }
    ///     location /ws {
    ///         auth_request /auth;
    ///         proxy_pass http://127.0.0.1:3000;
    ///     }
    /// }
    /// ```
    ///
    /// ## The fix and its safety
    ///
    /// Safe: the target gets the other headers as its own, which keeps the handshake headers out.
    ///
    /// ## References
    ///
    /// - <https://nginx.org/en/docs/http/ngx_http_auth_request_module.html>
    "subrequest-upgrade" {
        category: Handshake,
        severity: Warning,
        fix: Sometimes,
        en: "a subrequest inherits the handshake headers",
        zh: "子请求继承了握手请求头",
        zh_page: [
            "`auth_request` 或 `mirror` 的目标从外层继承了握手请求头。",
            "于是子请求也会要求它的后端升级。如果那个后端返回 101，nginx 会在日志里写下 `connection upgrade in subrequest`，然后直接断开客户端，什么也不返回。",
            "安全：在目标 location 里自己写出其他请求头，握手请求头就不再继承。",
        ],
        check: check,
    }
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let rule: &Rule = &RULE;
    let config = cx.config();
    let mut seen: Vec<ScopeId> = Vec::new();
    for id in cx.analysis.world.lines.named(config, &[name::AUTH_REQUEST, name::MIRROR]) {
        let occ = config.occ(id);
        if !matches!(config.scope(occ.scope).kind, ScopeKind::Server | ScopeKind::Location) {
            continue;
        }
        let uri = config.arg_text(id, 0);
        let Some(target) = cx.analysis.world.subrequest_target(occ.scope, &uri).filter(|t| !seen.contains(t)) else {
            continue;
        };
        let level = config.effective_list(target, name::PROXY_SET_HEADER).0;
        let Some(pass) = config.own_named(target, name::PROXY_PASS).last() else { continue };
        if level.is_none()
            || level == Some(target)
            || !subrequest_upgrades(&cx.analysis.world, occ.scope, &uri, cx.analysis.version)
        {
            continue;
        }
        seen.push(target);
        let location = cx.location_words(target);
        let mut found = rule.at(
            config.head(pass),
            text!("this subrequest asks for an upgrade, too", "这个子请求也会要求升级"),
            text!(
                "`{location}` inherits the handshake headers, and is only a subrequest",
                "`{location}` 只是子请求，却继承了握手请求头"
            ),
        );
        found
            .labels
            .push(Label {
                place: config.head(id), text: text!("the subrequest begins here", "子请求从这里发起")
            });
        let outer: Vec<OccId> = level.into_iter().flat_map(|l| config.own_named(l, name::PROXY_SET_HEADER)).collect();
        if let Some(first) = outer.iter().find(|&&o| config.is_header(o, "Upgrade")) {
            found
                .labels
                .push(Label { place: config.head(*first), text: text!("inherited from here", "从这里继承") });
        }
        found.why = text!(
            "if its backend answers 101, nginx closes the client's connection without an answer (`connection upgrade in subrequest`).",
            "如果它的后端返回 101，nginx 会直接断开客户端，什么也不返回（`connection upgrade in subrequest`）。"
        );
        found.help = text!(
            "give `{location}` a `proxy_set_header` of its own",
            "在 `{location}` 中自己设置一个 `proxy_set_header`"
        );
        let file = config.scope(target).opened_by.map(|o| config.file(o));
        if let (Some(place), Some(true)) =
            (remedy::anchor(config, target), file.map(|f| cx.writable(f) && !config.scope(target).unresolved_around))
        {
            let keeps = |o: &&OccId| !config.is_header(**o, "Upgrade") && !config.is_header(**o, "Connection");
            let line = |&o: &OccId| remedy::header_line(config, o, file?).map(Line::from);
            let kept: Option<Vec<Line>> = outer.iter().filter(keeps).map(line).collect();
            if let Some(mut lines) = kept {
                if lines.is_empty() {
                    lines.push("proxy_set_header Host $proxy_host;".into());
                }
                found.fix = Some(safe(
                    text!("keep the handshake headers out", "不再继承握手请求头"),
                    vec![Edit::InsertAfter(place, lines)],
                ));
            }
        }
        out.push(found);
    }
}
