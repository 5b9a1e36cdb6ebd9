use super::duplicate_host_header::is_duplicate_host;
use super::{Context, Rule, arrives_here, words};
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::i18n::Text;
use crate::model::Config;
use crate::model::cause::diagnose::Cause;
use crate::model::trace::Trace;
use crate::model::way::endpoint::Endpoint;
use crate::model::way::handshake::Refusal;
use crate::model::way::verdict::{Outcome, Reason, Verdict};
use crate::source::{FileId, Place, Span};
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// The handshake fails at an endpoint, and no other rule says why: `proxy_method POST`, a `Host`
    /// that is sent twice or not at all, a header with an invalid name, a `proxy_pass` with variables that
    /// makes no URL, an answer whose headers the browser does not see.
    ///
    /// ## Why it breaks
    ///
    /// The message says what was found. A strict backend wants a GET over HTTP/1.1 with exactly one
    /// `Host`, `Upgrade`, `Connection` and the `Sec-WebSocket-*` headers of the client (RFC 6455 §4.2.1).
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
    ///         proxy_method POST;
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
    /// In words only: what stands there was written for a reason that wslint does not know.
    ///
    /// ## References
    ///
    /// - RFC 6455 §4.2.1
    "handshake-fails" {
        category: Handshake,
        severity: Error,
        fix: None,
        en: "the handshake fails for another reason",
        zh: "握手因其他原因失败",
        zh_page: [
            "某个代理位置的握手会失败，而其他规则都没有说明原因：`proxy_method POST`、`Host` 发送了两次或根本没有发送、请求头的名称不合法、带变量的 `proxy_pass` 得不到合法的 URL，或者浏览器看不到响应里必需的响应头。",
            "提示信息会说明具体发现了什么。严格的后端要求握手是 HTTP/1.1 的 GET 请求，`Host`、`Upgrade`、`Connection` 以及客户端的各个 `Sec-WebSocket-*` 请求头都恰好出现一次（RFC 6455 §4.2.1）。",
            "只给出文字说明：现有写法自有其理由，而 wslint 无从得知。",
        ],
        check: check,
    }
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let rule: &Rule = &RULE;
    let config = cx.config();
    for (endpoint, cause) in cx.endpoints_with(|c| matches!(c, Cause::Inside(_))) {
        let Cause::Inside(reason) = cause else { continue };
        out.push(inside(cx, endpoint, reason));
    }
    for (endpoint, cause) in cx.endpoints_with(|c| matches!(c, Cause::Other(_)) && !is_duplicate_host(c)) {
        let location = cx.location_words(endpoint.location);
        let Cause::Other(reason) = cause else { continue };
        let (words, culprit) = (words::reason(config, reason), reason.culprit());
        let (en, zh) = (&words.en, &words.zh);
        let mut found = rule.at(
            config.head(culprit.unwrap_or(endpoint.pass)),
            match culprit {
                Some(_) => text!("this is the reason", "原因在这里"),
                None => text!("requests leave for the backend here", "请求从这里转发给后端"),
            },
            text!("WebSocket handshakes to `{location}` fail: {en}", "发往 `{location}` 的 WebSocket 握手失败：{zh}"),
        );
        found.severity = cx.by_evidence(endpoint);
        found.labels.extend(cx.location_label(endpoint, arrives_here()));
        if culprit.is_some_and(|o| o != endpoint.pass) {
            found.labels.push(would_leave(config, endpoint));
        }
        found.why = wanted();
        found.help = help(cx, reason);
        out.push(found);
    }
}

/// A handshake that fails in an `if` alone: its place is the `if`, for the lines around it are right.
fn inside(cx: &Context<'_>, endpoint: &Endpoint, reason: &Reason) -> Diagnostic {
    let config = cx.config();
    let block = config.scope(endpoint.scope).opened_by.unwrap_or(endpoint.pass);
    let culprit = reason.culprit().filter(|&o| config.occ(o).scope == endpoint.scope);
    let (location, head) = (cx.location_words(endpoint.location), cx.location_words(endpoint.scope));
    let Text { en, zh } = words::reason(config, reason);
    let mut found = RULE.at(
        config.head(culprit.unwrap_or(block)),
        text!("only what comes in here fails", "只有进入这里的握手会失败"),
        text!(
            "WebSocket handshakes that enter `{head}` in `{location}` fail: {en}",
            "进入 `{location}` 中 `{head}` 的 WebSocket 握手失败：{zh}"
        ),
    );
    found.severity = cx.by_evidence(endpoint);
    if culprit != Some(endpoint.pass) {
        found.labels.push(would_leave(config, endpoint));
    }
    found.why = wanted();
    found.help = help(cx, reason);
    found
}

fn would_leave(config: Config<'_>, endpoint: &Endpoint) -> Label {
    Label {
        place: config.head(endpoint.pass),
        text: text!("requests would leave for the backend here", "请求本应从这里转发给后端"),
    }
}

fn wanted() -> Text {
    text!(
        "a backend wants a GET over HTTP/1.1 with exactly one `Host`, `Upgrade: websocket`, `Connection: upgrade` and the client's `Sec-WebSocket-*` headers (RFC 6455 §4.2.1), and the browser wants to see the answer.",
        "后端需要一个 HTTP/1.1 的 GET，带有唯一的 `Host`、`Upgrade: websocket`、`Connection: upgrade` 以及客户端的 `Sec-WebSocket-*` 请求头（RFC 6455 §4.2.1），浏览器也必须看到响应。"
    )
}

/// What a person would do about a reason that no other rule speaks of.
fn help(cx: &Context<'_>, reason: &Reason) -> Text {
    match reason {
        Reason::Refused(Refusal::Hosts(0)) => {
            text!("send a `Host`: `proxy_set_header Host $host;`", "发送 `Host`：`proxy_set_header Host $host;`")
        }
        Reason::Refused(Refusal::Method(_)) => text!(
            "remove `proxy_method`, or give WebSocket a location without it",
            "去掉 `proxy_method`，或为 WebSocket 单独设一个没有它的 location"
        ),
        Reason::Refused(Refusal::HeaderName(name)) => {
            text!("correct the name `{name}`, or remove its line", "更正名称 `{name}`，或去掉这一行")
        }
        Reason::BadUrl(..) => text!(
            "let `proxy_pass` come out as `http://` with a host behind it",
            "让 `proxy_pass` 的结果是 `http://` 加主机名"
        ),
        Reason::LongLine(..) => text!(
            "raise `large_client_header_buffers`, or send less in the URL",
            "增大 `large_client_header_buffers`，或缩短 URL"
        ),
        Reason::OldTls(_) => text!("add `TLSv1.2 TLSv1.3`", "加上 `TLSv1.2 TLSv1.3`"),
        Reason::NoCommonTls(_) => {
            text!("give both sides a version that they share, such as `TLSv1.2`", "让两端有共同的版本，例如 `TLSv1.2`")
        }
        Reason::NoCertificate(_) => text!(
            "add `proxy_ssl_certificate` and `proxy_ssl_certificate_key`",
            "加上 `proxy_ssl_certificate` 和 `proxy_ssl_certificate_key`"
        ),
        Reason::BadLine(..) => text!(
            "leave the URI out of `proxy_pass`, or write `$request_uri`, which is as the client sent it",
            "`proxy_pass` 中不写 URI，或者写 `$request_uri`，即客户端发送的原样"
        ),
        Reason::NoResolver(..) => text!(
            "add a `resolver`, or put the host into an `upstream` and pass to that name",
            "加上 `resolver`，或者把主机写进 `upstream`，再转发到它的名字"
        ),
        Reason::NoLiveServer(_) => {
            text!(
                "leave one `server` of the `upstream` without `down`",
                "该 `upstream` 里至少留一个不带 `down` 的 `server`"
            )
        }
        Reason::ConnectTimeout(_) => {
            text!("set a time such as `proxy_connect_timeout 60s;`", "设置一个时间，例如 `proxy_connect_timeout 60s;`")
        }
        _ => match reason.culprit().map(|o| cx.config().occ(o).name.as_str()) {
            Some(name) if !matches!(name, "" | "proxy_pass" | "location") => text!(
                "remove this `{name}`, or give WebSocket a location without it",
                "去掉这条 `{name}`，或为 WebSocket 单独设一个没有它的 location"
            ),
            _ => text!(
                "give WebSocket a location of its own, with a `proxy_pass` to the backend",
                "为 WebSocket 单独设一个 location，用 `proxy_pass` 直接转发给后端"
            ),
        },
    }
}

/// The finding for a URL whose handshake does not open.
pub(super) fn for_url(cx: &Context<'_>, traced: &Trace, file: FileId) -> Diagnostic {
    let config = cx.config();
    let location = traced.location().and_then(|s| config.scope(s).opened_by);
    let server = traced.server.as_ref().and_then(|c| config.scope(c.server).opened_by);
    let scope = traced.location().or(traced.server.as_ref().map(|c| c.server)).unwrap_or(config.top());
    let (words, culprit) = match &traced.arrival.outcome {
        Outcome::Broken(reason) => (words::reason(config, reason), reason.culprit().map(|o| config.head(o))),
        Outcome::Unknown(why) => words::hangs_on(cx.analysis, scope, why),
        Outcome::Upgrades => (Text::default(), None),
    };
    let around = location.or(server).map(|o| config.head(o));
    let place = culprit.or(around).unwrap_or(Place { file, span: Span::at(0) });
    let (en, zh) = (&words.en, &words.zh);
    let message = match traced.verdict {
        Verdict::Unknown => text!(
            "whether the handshake for this URL opens is undecided: {en}",
            "这个 URL 的握手能否成功无法判断：{zh}"
        ),
        _ => text!("the handshake for this URL fails: {en}", "这个 URL 的握手会失败：{zh}"),
    };
    let ends = || text!("the URL leads here", "这个 URL 到达这里");
    let label = if culprit.is_some() { text!("this is the reason", "原因在这里") } else { ends() };
    let mut found = RULE.at(place, label, message);
    if traced.verdict == Verdict::Unknown {
        found.severity = Severity::Warning;
    }
    found
        .labels
        .extend(location.filter(|o| config.head(*o) != place).map(|o| Label { place: config.head(o), text: ends() }));
    found.help =
        text!("`wslint trace` with this URL shows the whole way", "用 `wslint trace` 加上这个 URL 可以看到完整的路径");
    found
}
