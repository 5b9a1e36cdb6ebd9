use super::{Context, Rule};
use crate::catalog::{Name, name};
use crate::diagnostic::{Diagnostic, Label};
use crate::model::evidence::Evidence;
use crate::model::{Config, OccId};
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// A Socket.IO or SockJS path that goes to an upstream of several servers without `ip_hash`, `hash` or `sticky`.
    ///
    /// ## Why it breaks
    ///
    /// Both protocols begin with ordinary HTTP requests and keep a session in the server's memory. The next request of the
    /// session reaches another server, which does not know it and answers 400.
    ///
    /// ## Example
    ///
    /// ```nginx bad
    /// upstream app {
    ///     server 127.0.0.1:3000;
    ///     server 127.0.0.1:3001;
    /// }
    /// server {
    ///     listen 8080;
    ///     location /socket.io/ {
    ///         proxy_pass http://app;
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
    /// upstream app {
    ///     ip_hash;
    ///     server 127.0.0.1:3000;
    ///     server 127.0.0.1:3001;
    /// }
    /// server {
    ///     listen 8080;
    ///     location /socket.io/ {
    ///         proxy_pass http://app;
    ///         proxy_http_version 1.1;
    ///         proxy_set_header Upgrade $http_upgrade;
    ///         proxy_set_header Connection "upgrade";
    ///     }
    /// }
    /// ```
    ///
    /// ## The fix and its safety
    ///
    /// In words: which key tells clients apart depends on what stands in front of nginx. `hash $http_x_forwarded_for
    /// consistent;` behind a load balancer, where `ip_hash` sees only one address.
    ///
    /// ## References
    ///
    /// - <https://socket.io/docs/v4/using-multiple-nodes/>
    /// - <https://nginx.org/en/docs/http/ngx_http_upstream_module.html#ip_hash>
    "no-session-affinity" {
        category: Lifetime,
        severity: Warning,
        fix: None,
        en: "requests of one session reach different servers",
        zh: "同一会话的请求会到达不同的服务器",
        zh_page: [
            "Socket.IO 或 SockJS 的路径指向有多台服务器的 upstream，却没有 `ip_hash`、`hash` 或 `sticky`。",
            "这两种协议都以普通 HTTP 请求开始，并把会话保存在服务器的内存里。同一会话的下一个请求到了另一台服务器，它不认识这个会话，于是返回 400。",
            "只给出文字说明：用什么来区分客户端，取决于 nginx 前面还有什么。如果前面是负载均衡器，`ip_hash` 只能看到一个地址，应使用 `hash $http_x_forwarded_for consistent;`。",
        ],
        check: check,
    }
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let rule: &Rule = &RULE;
    let config = cx.config();
    if !cx.analysis.world.upstreams().any(|u| has_no_affinity(config, u)) {
        return;
    }
    for endpoint in
        cx.analysis.endpoints.iter().filter(|e| e.evidence != Evidence::Excluded && e.own_pass && !e.unreachable)
    {
        let path =
            cx.analysis.world.location_of(endpoint.location).map(|l| l.text()).unwrap_or_default().replace('\\', "");
        let Some(protocol) = [("socket.io", "Socket.IO"), ("engine.io", "Socket.IO"), ("sockjs", "SockJS")]
            .iter()
            .find(|(p, _)| path.to_ascii_lowercase().contains(p))
        else {
            continue;
        };
        let protocol = protocol.1;
        let target = config.target(endpoint.pass);
        let upstream = target.host().and_then(|host| cx.analysis.world.upstream(&host));
        let Some(upstream) = upstream.filter(|u| has_no_affinity(config, *u)) else { continue };
        let location = cx.location_words(endpoint.location);
        let mut found = rule.at(
            config.head(endpoint.pass),
            text!("each request may reach another server", "每个请求都可能到达另一台服务器"),
            text!(
                "the requests of one {protocol} session at `{location}` reach different servers",
                "`{location}` 上同一 {protocol} 会话的请求会到达不同的服务器"
            ),
        );
        found.labels.push(Label {
            place: config.head(upstream),
            text: text!("several servers, and nothing that keeps a client at one", "有多台服务器，却没有会话保持"),
        });
        found.why = text!(
            "{protocol} keeps its session in one server's memory; the others answer 400 to it.",
            "{protocol} 的会话保存在一台服务器的内存中，其他服务器会返回 400。"
        );
        found.help = text!(
            "add `ip_hash;` to the upstream, or `hash` with a value that tells clients apart",
            "在 upstream 中加上 `ip_hash;`，或用能区分客户端的值设置 `hash`"
        );
        out.push(found);
    }
}

/// Two or more servers in turn; a method that the catalogue does not know may well keep clients.
fn has_no_affinity(config: Config<'_>, upstream: OccId) -> bool {
    let Some(scope) = config.occ(upstream).opens() else { return false };
    let keeps = |o: OccId| matches!(config.occ(o).name, name::IP_HASH | name::HASH | name::STICKY | Name::UNKNOWN);
    let in_turn = |o: &OccId| {
        config.occ(*o).name == name::SERVER && !["backup", "down"].iter().any(|p| config.has_parameter(*o, p))
    };
    !config.scope(scope).unresolved && !config.own(scope).any(keeps) && config.own(scope).filter(in_turn).count() > 1
}
