use foldhash::HashSet;

use super::{Context, Quiet, Rule, remedy};
use crate::catalog::name;
use crate::diagnostic::{Applicability, Diagnostic, Edit, Fix, Label};
use crate::model::config::inherit::Origin;
use crate::model::evidence::Evidence;
use crate::model::way::endpoint::Endpoint;
use crate::model::way::route::{Listen, ListenWords};
use crate::model::way::verdict::Verdict;
use crate::model::{Config, OccId, ScopeId};
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// An endpoint that carries WebSocket and does not pass the client's `Host` on; or passes `$host` on, which has
    /// no port, where the server is reached at another port than 80 and 443.
    ///
    /// ## Why it breaks
    ///
    /// nginx sends the name of the backend as `Host`. Servers that compare it with `Origin` answer 403: Grafana,
    /// Jupyter, Rails, tornado. In `Origin` a browser names every port but 80 and 443.
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
    ///         proxy_set_header Host $http_host;
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
        zh_page: [
            "用于 WebSocket 的代理位置没有转发客户端的 `Host`；或者转发的是不含端口的 `$host`，而访问这个 server 用的是 80 和 443 以外的端口。",
            "nginx 默认把后端的名称作为 `Host` 发送。会拿它与 `Origin` 比较的服务器（Grafana、Jupyter、Rails、tornado）会返回 403。只要端口不是 80 或 443，浏览器的 `Origin` 里就会带上端口。",
            "不安全：后端收到的普通请求，`Host` 也会随之改变。",
        ],
        check: check,
    }
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let rule: &Rule = &RULE;
    let config = cx.config();
    let mut quiet = Quiet::default();
    // Levels that send `$host`, and servers that were looked at for it.
    let mut bare = Quiet::default();
    let mut told: HashSet<ScopeId> = HashSet::default();
    let mut ports = Ports::default();
    for endpoint in cx
        .analysis
        .endpoints
        .iter()
        .filter(|e| e.evidence > Evidence::None && e.verdict() == Verdict::Upgrades && e.own_pass)
    {
        let level = config.effective_list(endpoint.scope, name::PROXY_SET_HEADER).0;
        if level.is_some_and(|l| quiet.covers(config, l)) {
            continue;
        }
        let server = endpoint.server.filter(|s| !told.contains(s));
        let odd = server.and_then(|server| ports.odd(config, server));
        if odd.is_none() && level.is_some_and(|l| bare.covers(config, l)) {
            continue;
        }
        if let Some((level, line)) = level.and_then(|l| Some((l, config.header(l, "Host")?))) {
            if config.arg(line, 1).as_deref() != Some(b"$host") {
                quiet.add(config, level);
                continue;
            }
            bare.add(config, level);
            if let Some((listen, port)) = odd {
                told.extend(server);
                out.push(without_port(cx, endpoint, line, listen, port));
            }
            continue;
        }
        let sent = cx.sent(endpoint);
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
            "会比较 `Host` 与 `Origin` 的服务器会返回 403：Grafana、Jupyter、Rails、tornado。"
        );
        found.help = text!("add `proxy_set_header Host $host;`", "加上 `proxy_set_header Host $host;`");
        let level = config.settings_level(endpoint.scope);
        let own = config.effective_list(level, name::PROXY_SET_HEADER).0 == Some(level);
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

/// The ports that servers lead browsers to.
#[derive(Default)]
struct Ports<'a> {
    listens: ListenWords<'a>,
    /// The server that was asked about last.
    last: Option<(ScopeId, Option<(OccId, u16)>)>,
}

impl<'a> Ports<'a> {
    /// The first `listen` of a server that browsers reach at none but unusual ports, and the port.
    fn odd(&mut self, config: Config<'a>, server: ScopeId) -> Option<(OccId, u16)> {
        let odd = match self.last {
            Some((last, odd)) if last == server => odd,
            _ => self.read(config, server),
        };
        self.last = Some((server, odd));
        odd
    }

    fn read(&mut self, config: Config<'a>, server: ScopeId) -> Option<(OccId, u16)> {
        let mut first = None;
        for occ in config.own_named(server, name::LISTEN) {
            let port = odd_port(self.listens.of(config, occ)?)?;
            first = first.or(Some((occ, port)));
        }
        first
    }
}

/// The port of a `listen`, if browsers name it. A server at a loopback address has another in front of it, with a
/// port that is not known here.
fn odd_port(listen: &Listen) -> Option<u16> {
    let loopback = listen.address.starts_with("127.") || matches!(listen.address.as_str(), "localhost" | "::1");
    let (from, to) = listen.ports.filter(|_| !loopback)?;
    (!(from..=to).contains(&80) && !(from..=to).contains(&443)).then_some(from)
}

/// `$host` where the browser's `Origin` has a port.
fn without_port(cx: &Context<'_>, endpoint: &Endpoint, line: OccId, listen: OccId, port: u16) -> Diagnostic {
    let config = cx.config();
    let location = cx.location_words(endpoint.location);
    let mut found = RULE.at(
        config.head(line),
        text!("`$host` has no port", "`$host` 不含端口"),
        text!(
            "the `Host` of `{location}` lacks the port {port}, which the browser's `Origin` has",
            "`{location}` 发送的 `Host` 没有端口 {port}，而浏览器的 `Origin` 带有它"
        ),
    );
    found.labels.push(Label {
        place: config.head(listen),
        text: text!("neither 80 nor 443: browsers name the port", "既不是 80 也不是 443：浏览器会带上端口"),
    });
    found.why = text!(
        "servers that compare `Host` with `Origin` answer 403: Grafana, Jupyter, Rails, tornado.",
        "会比较 `Host` 与 `Origin` 的服务器会返回 403：Grafana、Jupyter、Rails、tornado。"
    );
    found.help = text!(
        "send `$http_host`, or `$host:$server_port` where the outside port is the same",
        "发送 `$http_host`；如果对外端口相同，也可以用 `$host:$server_port`"
    );
    found.fix = cx.writable(config.file(line)).then(|| Fix {
        title: text!("pass `Host` on with its port", "转发带端口的 `Host`"),
        applicability: Applicability::Unsafe,
        note: Some(text!("ordinary requests get another `Host`, too", "普通请求的 `Host` 也会改变")),
        edits: vec![super::replace(config, line, 1, "$http_host")],
    });
    found
}
