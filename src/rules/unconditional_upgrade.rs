use std::collections::BTreeMap;

use super::{Context, Quiet, Rule, connection, replace, safe};
use crate::catalog::name;
use crate::catalog::near;
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::model::OccId;
use crate::model::evidence::Evidence;
use crate::model::way::endpoint::Endpoint;
use crate::model::way::verdict::Verdict;
use crate::syntax::word;
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// A literal `Connection upgrade` or `Upgrade websocket` at an endpoint that also serves ordinary requests.
    ///
    /// ## Why it breaks
    ///
    /// Every request then asks the backend for an upgrade. Kestrel answers 400 to a POST that does, connections to the
    /// backend are not reused, and with a literal `Upgrade websocket` strict backends refuse every page.
    ///
    /// ## Example
    ///
    /// ```nginx bad
    /// server {
    ///     listen 8080;
    ///     location / {
    ///         proxy_pass http://127.0.0.1:3000;
    ///         proxy_http_version 1.1;
    ///         proxy_set_header Upgrade $http_upgrade;
    ///         proxy_set_header Connection "upgrade";
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
    ///     location / {
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
    /// The map, in a root that can be changed: safe, handshakes stay as they are and ordinary requests no longer ask for
    /// an upgrade. Without a root there is no place for a map, and the fix is told in words.
    ///
    /// ## References
    ///
    /// - <https://nginx.org/en/docs/http/websocket.html>
    /// - <https://github.com/dotnet/aspnetcore/issues/17081>
    "unconditional-upgrade" {
        category: Lifetime,
        severity: Advice,
        fix: Sometimes,
        en: "every request asks for an upgrade",
        zh: "每个请求都在要求升级",
        zh_page: [
            "同时处理普通请求的代理位置把 `Connection upgrade` 或 `Upgrade websocket` 写成了固定值。",
            "于是每个请求都会要求后端升级。Kestrel 对这样的 POST 返回 400，到后端的连接无法复用；写死 `Upgrade websocket` 时，严格的后端会拒绝每一个页面。",
            "有可以修改的主配置时改用 map，是安全的：握手保持原样，普通请求不再要求升级。没有主配置时 map 无处可写，只给出文字说明。",
        ],
        check: check,
    }
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let config = cx.config();
    let mut quiet = Quiet::default();
    let mut lines: BTreeMap<OccId, Vec<&Endpoint>> = BTreeMap::new();
    for endpoint in
        cx.analysis.endpoints.iter().filter(|e| e.evidence != Evidence::Excluded && e.verdict() == Verdict::Upgrades)
    {
        let Some(level) =
            config.effective_list(endpoint.scope, name::PROXY_SET_HEADER).0.filter(|l| !quiet.covers(config, *l))
        else {
            continue;
        };
        let mut asks = config.own_named(level, name::PROXY_SET_HEADER).filter(|&o| asks_always(cx, o)).peekable();
        if asks.peek().is_none() {
            quiet.add(config, level);
        }
        for occ in asks {
            lines.entry(occ).or_default().push(endpoint);
        }
    }
    for (occ, endpoints) in lines {
        let Some(endpoint) =
            endpoints.iter().find(|e| !e.path_says_websocket(&cx.analysis.world) && e.evidence != Evidence::Declared)
        else {
            continue;
        };
        out.push(finding(cx, occ, endpoint, &endpoints));
    }
}

/// `Connection upgrade` or `Upgrade websocket`, without a variable.
pub(super) fn asks_always(cx: &Context<'_>, occ: OccId) -> bool {
    let config = cx.config();
    let token = match (config.is_header(occ, "Connection"), config.is_header(occ, "Upgrade")) {
        (true, _) => "upgrade",
        (_, true) => "websocket",
        _ => return false,
    };
    let value = config.arg_text(occ, 1);
    if word::has_variables(value.as_bytes()) || config.is_templated(occ) {
        return false;
    }
    near::has_token(&value, token)
}

fn finding(cx: &Context<'_>, occ: OccId, endpoint: &Endpoint, endpoints: &[&Endpoint]) -> Diagnostic {
    let rule: &Rule = &RULE;
    let config = cx.config();
    let protocol = config.is_header(occ, "Upgrade");
    let location = cx.location_words(endpoint.location);
    let mut found = rule.at(
        config.arg_place(occ, 1),
        text!("sent with ordinary requests, too", "普通请求也会带上它"),
        text!(
            "every request to `{location}` asks the backend for an upgrade",
            "发往 `{location}` 的每个请求都在要求升级"
        ),
    );
    found
        .labels
        .extend(cx.location_label(endpoint, text!("ordinary requests arrive here, too", "普通请求也由这里处理")));
    found.why = if protocol {
        text!(
            "strict backends answer 400 to an ordinary request that says `Upgrade: websocket`.",
            "严格的后端会对带有 `Upgrade: websocket` 的普通请求返回 400。"
        )
    } else {
        text!(
            "backends such as Kestrel answer 400 to a POST that asks for an upgrade, and connections to the backend are not reused.",
            "Kestrel 等后端会对要求升级的 POST 返回 400，到后端的连接也无法复用。"
        )
    };
    found.help = if protocol {
        text!("pass on what the client says: `$http_upgrade`", "改为转发客户端的值：`$http_upgrade`")
    } else {
        text!("use a map that yields `upgrade` for handshakes only", "使用只对握手返回 `upgrade` 的 map")
    };
    if protocol {
        found.severity = Severity::Warning;
    }
    if !cx.writable(config.file(occ)) {
        return found;
    }
    if protocol {
        let mut fix = safe(
            text!("replace it with `$http_upgrade`", "替换为 `$http_upgrade`"),
            vec![replace(config, occ, 1, "$http_upgrade")],
        );
        fix.applicability = Applicability::Unsafe;
        fix.note = Some(text!(
            "other protocols than WebSocket are passed on, too, where `Connection` lets them",
            "在 `Connection` 允许的情况下，WebSocket 以外的协议也会被转发"
        ));
        found.fix = Some(fix);
    } else if let Some(connection) = connection::connection(cx, endpoints).filter(|c| c.value.starts_with('$')) {
        let title = text!("replace it with `{}`", "替换为 `{}`", connection.value);
        let mut fix = safe(title, vec![replace(config, occ, 1, &connection.value)]);
        fix.edits.extend(connection.map);
        found.fix = Some(fix);
    }
    found
}
