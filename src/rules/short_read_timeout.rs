use super::{ByKind, Context, Rule, remedy};
use crate::catalog::name;
use crate::diagnostic::{Applicability, Diagnostic, Edit, Fix};
use crate::model::config::inherit::Found;
use crate::model::evidence::Evidence;
use crate::model::way::endpoint::Endpoint;
use crate::model::way::verdict::Verdict;
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// An endpoint that carries WebSocket and keeps the default of `proxy_read_timeout`, 60 seconds. Once for each server.
    ///
    /// ## Why it breaks
    ///
    /// The timeout also counts after the 101: when the backend sends nothing for a minute, nginx closes the connection,
    /// and the browser reports code 1006. An application that pings more often does not notice.
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
    ///         proxy_pass http://127.0.0.1:3000;
    ///         proxy_http_version 1.1;
    ///         proxy_set_header Upgrade $http_upgrade;
    ///         proxy_set_header Connection "upgrade";
    ///         proxy_set_header Host $host;
    ///         proxy_read_timeout 3600s;
    ///         proxy_send_timeout 3600s;
    ///     }
    /// }
    /// ```
    ///
    /// ## The fix and its safety
    ///
    /// Unsafe: ordinary requests to a backend that hangs wait as long, too. A ping from the application every 30
    /// seconds is the better remedy.
    ///
    /// ## References
    ///
    /// - <https://nginx.org/en/docs/http/websocket.html>
    /// - <https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_read_timeout>
    "short-read-timeout" {
        category: Lifetime,
        severity: Advice,
        fix: Sometimes,
        en: "an idle WebSocket is closed after 60 seconds",
        zh: "空闲的 WebSocket 会在 60 秒后被关闭",
        zh_page: [
            "用于 WebSocket 的代理位置沿用了 `proxy_read_timeout` 的默认值 60 秒。每个 server 只报告一次。",
            "101 之后仍然计时：后端一分钟没有发送数据，nginx 就会关闭连接，浏览器报告 1006。如果应用发送 ping 的间隔更短，就不会遇到。",
            "不安全：后端卡住时，普通请求也要等这么久。由应用每 30 秒发送一次 ping 是更好的办法。",
        ],
        check: check,
    }
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let rule: &Rule = &RULE;
    let config = cx.config();
    let carries = |e: &&Endpoint| {
        e.evidence > Evidence::None
            && e.evidence != Evidence::Excluded
            && e.verdict() == Verdict::Upgrades
            && e.own_pass
    };
    let mut by_kind = ByKind::default();
    let mut is_short =
        |e: &&Endpoint| by_kind.ask(e, || config.effective(e.scope, name::PROXY_READ_TIMEOUT) == Found::Nowhere);
    let short = cx.analysis.endpoints.iter().filter(carries).filter(|e| is_short(e));
    for (endpoint, more) in cx.once_in_each_server(short) {
        if cx.options.count_advice {
            cx.counted.borrow_mut().push(config.head(endpoint.pass));
            continue;
        }
        let location = cx.location_words(endpoint.location);
        let mut found = rule.at(
            config.head(endpoint.pass),
            text!("nothing from here for 60 seconds, and nginx hangs up", "这里 60 秒没有数据，nginx 就会断开"),
            text!(
                "an idle WebSocket at `{location}` is closed after 60 seconds",
                "`{location}` 上空闲的 WebSocket 会在 60 秒后被关闭"
            ),
        );
        for other in more.iter().take(3) {
            found.labels.extend(cx.location_label(other, text!("and here", "这里也一样")));
        }
        found.why = text!(
            "`proxy_read_timeout` counts after the 101, too; its default is 60s, and browsers report code 1006.",
            "`proxy_read_timeout` 在 101 之后仍然计时，默认 60s；浏览器报告 1006。"
        );
        found.help = text!(
            "let the application ping more often than that, or set `proxy_read_timeout` and `proxy_send_timeout`",
            "让应用更频繁地发送 ping，或设置 `proxy_read_timeout` 与 `proxy_send_timeout`"
        );
        let edits: Option<Vec<Edit>> = std::iter::once(&endpoint).chain(&more).map(|e| wait_longer(cx, e)).collect();
        found.fix = edits.map(|edits| Fix {
            title: text!("wait an hour", "等待一小时"),
            applicability: Applicability::Unsafe,
            note: Some(text!(
                "ordinary requests to a backend that hangs wait as long, too",
                "后端卡住时，普通请求也要等这么久"
            )),
            edits,
        });
        out.push(found);
    }
}

/// The two lines at an endpoint; `None` where they cannot be added.
fn wait_longer(cx: &Context<'_>, endpoint: &Endpoint) -> Option<Edit> {
    let config = cx.config();
    let level = config.settings_level(endpoint.scope);
    let place = remedy::anchor(config, level)?;
    let file = config.scope(level).opened_by.map(|o| config.file(o))?;
    if config.scope(level).unresolved || !cx.writable(file) {
        return None;
    }
    let mut lines = vec!["proxy_read_timeout 3600s;".into()];
    if config.effective(endpoint.scope, name::PROXY_SEND_TIMEOUT) == Found::Nowhere {
        lines.push("proxy_send_timeout 3600s;".into());
    }
    Some(Edit::InsertAfter(place, lines))
}
