use super::{Context, Quiet, Rule};
use crate::diagnostic::{Diagnostic, Label};
use crate::model::OccId;
use crate::model::evidence::Evidence;
use crate::model::way::route::{Location, Matcher};
use crate::model::way::verdict::{Outcome, Reason};
use crate::syntax::word;
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// At an endpoint with a sign of WebSocket: a `proxy_pass` with variables whose URI drops the path or the query of the
    /// request. With `--url` and in `trace` also `location /ws` with `proxy_pass …/`, which sends `//chat`, and
    /// `location /ws/`, which answers `/ws` with a redirect.
    ///
    /// ## Why it breaks
    ///
    /// With variables nginx sends the URI as it stands: `/fixed` for every path, and no query. Browsers follow no
    /// redirect of a handshake.
    ///
    /// ## Example
    ///
    /// ```nginx bad
    /// server {
    ///     listen 8080;
    ///     location /ws {
    ///         set $backend 127.0.0.1:3000;
    ///         proxy_pass http://$backend/socket;
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
    /// In words only: wslint does not know which path the backend serves.
    ///
    /// ## References
    ///
    /// - <https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass>
    "path-mismatch" {
        category: Handshake,
        severity: Warning,
        fix: None,
        en: "the backend gets another path than the client asked for",
        zh: "后端收到的路径与客户端请求的不同",
        zh_page: [
            "在有迹象表明用于 WebSocket 的代理位置上，带变量的 `proxy_pass` 写了 URI，请求的路径或查询串因此丢失。使用 `--url` 以及在 `trace` 里，还会报告 `location /ws` 配 `proxy_pass …/`（后端收到 `//chat`），以及 `location /ws/`（对 `/ws` 返回重定向）。",
            "带变量时，nginx 会原样发送这个 URI：不管什么路径都变成 `/fixed`，查询串也没有了。握手收到重定向时，浏览器不会跟随。",
            "只给出文字说明：wslint 不知道后端提供的是哪个路径。",
        ],
        check: check,
    }
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let rule: &Rule = &RULE;
    let config = cx.config();
    let mut quiet = Quiet::default();
    for endpoint in cx.analysis.endpoints.iter().filter(|e| e.evidence > Evidence::None) {
        let level = config.occ(endpoint.pass).scope;
        if quiet.covers(config, level) {
            continue;
        }
        let Some(text) = config.arg(endpoint.pass, 0) else { continue };
        if !word::has_variables(&text) {
            quiet.add(config, level);
            continue;
        }
        let uri = String::from_utf8_lossy(config.target(endpoint.pass).uri()).into_owned();
        let exact =
            cx.analysis.world.location_of(endpoint.location).is_some_and(|l| matches!(l.matcher, Matcher::Exact(_)));
        let keeps_path = uri.contains('$') || exact;
        if uri.is_empty() || keeps_path {
            continue;
        }
        let location = cx.location_words(endpoint.location);
        let mut found = rule.at(
            config.arg_place(endpoint.pass, 0),
            text!(
                "`{uri}` is sent for every path, without the query",
                "无论请求什么路径，发送的都是 `{uri}`，且不带查询串"
            ),
            text!(
                "the backend of `{location}` never sees the path that was asked for",
                "`{location}` 的后端看不到客户端请求的路径"
            ),
        );
        found.labels.extend(
            cx.location_label(
                endpoint,
                text!("requests to here lose path and query", "到这里的请求会丢失路径和查询串"),
            ),
        );
        found.why = text!(
            "with variables in `proxy_pass`, nginx sends the URI as it stands.",
            "`proxy_pass` 中有变量时，nginx 会原样发送 URI。"
        );
        found.help = text!("leave the URI out, or write `$request_uri`", "不写 URI，或写成 `$request_uri`");
        out.push(found);
    }
    for_url(cx, rule, out);
}

/// What only a known URL shows.
fn for_url(cx: &Context<'_>, rule: &Rule, out: &mut Vec<Diagnostic>) {
    let config = cx.config();
    let Some(traced) = cx.traced else { return };
    if let Outcome::Broken(Reason::SlashRedirect(occ)) = traced.arrival.outcome {
        let location = words(cx, occ);
        let mut found = rule.at(
            config.head(occ),
            text!(
                "the path without its last `/` is redirected here, to the path with it",
                "路径末尾少了 `/` 时，nginx 用 301 重定向到带 `/` 的地址"
            ),
            text!("`{location}` answers the handshake with 301", "`{location}` 对握手返回 301"),
        );
        found.severity = crate::diagnostic::Severity::Error;
        found.why = text!("browsers follow no redirect of a handshake.", "浏览器不会跟随握手的重定向。");
        found.help = text!(
            "drop the `/` at the end of the location, or add an exact location for the path",
            "去掉 location 末尾的 `/`，或为该路径增加一个精确匹配的 location"
        );
        out.push(found);
    }
    let is_doubled = |uri: &str| uri.split('?').next().is_some_and(|path| path.contains("//"));
    let sent = traced.arrival.upstream_uri.as_ref().and_then(|u| u.display());
    let doubled = sent.filter(|uri| is_doubled(uri) && !is_doubled(&traced.asked));
    if let (Some(uri), Some((_, pass))) = (doubled, traced.arrival.proxied) {
        let mut found = rule.at(
            config.arg_place(pass, 0),
            text!("the `/` here stands beside the one of the path", "这里的 `/` 与路径自身的 `/` 重复"),
            text!("the backend is asked for `{uri}`", "后端收到的路径是 `{uri}`"),
        );
        if let Some(location) = traced.location().and_then(|s| config.scope(s).opened_by) {
            found.labels.push(Label {
                place: config.head(location),
                text: text!(
                    "this prefix is replaced by the URI of `proxy_pass`",
                    "这个前缀会被 `proxy_pass` 的 URI 替换"
                ),
            });
        }
        found.why = text!(
            "nginx replaces the prefix of the location by the URI part of `proxy_pass`.",
            "nginx 会用 `proxy_pass` 的 URI 部分替换 location 的前缀。"
        );
        found.help = text!("let both end in `/`, or neither", "让两者都以 `/` 结尾，或都不以 `/` 结尾");
        out.push(found);
    }
}

fn words(cx: &Context<'_>, occ: OccId) -> String {
    Location::read(cx.config(), occ).map(|l| format!("location {}", l.text())).unwrap_or_default()
}
