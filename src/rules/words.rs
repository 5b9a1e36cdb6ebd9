//! Reasons in words, for findings and for `trace`.

use crate::catalog::builtin_variable;
use crate::catalog::name::SSL;
use crate::i18n::{Lang, Text};
use crate::model::analysis::Analysis;
use crate::model::value::variable::variables_in;
use crate::model::way::handshake::Refusal;
use crate::model::way::verdict::{Reason, Why};
use crate::model::{Config, OccId, ScopeId};
use crate::source::Place;
use crate::text;

/// Why a handshake fails, in one clause.
pub fn reason(config: Config<'_>, reason: &Reason) -> Text {
    match reason {
        Reason::Refused(refusal) => refused(refusal),
        Reason::Http2Upstream(_) => text!("HTTP/2 to the backend never upgrades", "到后端的 HTTP/2 连接不会升级"),
        Reason::Answered(_, status) => {
            text!("nginx itself answers {status} before the request is proxied", "nginx 在转发之前就返回了 {status}")
        }
        Reason::Static(_) => {
            text!("no handler passes the request on: nginx looks for a file", "没有指令转发这个请求，nginx 会去找文件")
        }
        Reason::TryFiles(_) => {
            text!("`try_files` answers before `proxy_pass` can", "`try_files` 先于 `proxy_pass` 返回响应")
        }
        Reason::OtherHandler(occ) => {
            let name = config.occ(*occ).name.as_str();
            text!(
                "`{name}` answers here, and it cannot carry WebSocket",
                "这里由 `{name}` 处理请求，它不能用于 WebSocket"
            )
        }
        Reason::Denied(_) => text!("`deny all` answers 403", "`deny all` 返回 403"),
        Reason::Internal(_) => {
            text!("the location is `internal`: a client gets 404", "该 location 是 `internal`，客户端得到 404")
        }
        Reason::NoSuchPath(_) => {
            text!("a path begins with `/`, so none matches this prefix", "路径总是以 `/` 开头，没有路径能匹配这个前缀")
        }
        Reason::SlashRedirect(_) => text!(
            "nginx redirects to the path with a `/` at its end (301), and browsers follow no redirect of a handshake",
            "nginx 会重定向到末尾带 `/` 的路径（301），而浏览器不会跟随握手的重定向"
        ),
        Reason::HiddenResponse(_, header) => {
            text!("the answer's `{header}` is hidden from the browser", "响应中的 `{header}` 被隐藏，浏览器看不到")
        }
        Reason::DuplicateResponse(_, header) => {
            text!("the browser sees `{header}` twice", "浏览器会看到两个 `{header}`")
        }
        Reason::StatusReplaced(_) => {
            text!("`error_page` without `=` replaces the status 101", "没有 `=` 的 `error_page` 会替换状态码 101")
        }
        Reason::BadUrl(_, url) => text!(
            "`proxy_pass` comes out as `{url}`, which is no URL: nginx answers 500",
            "`proxy_pass` 的结果是 `{url}`，不是合法的 URL，nginx 返回 500"
        ),
        Reason::BadLine(_, uri) => text!(
            "the backend is asked for `{uri}`, with a blank or a control character in it, and answers 400",
            "后端收到的 URI 是 `{uri}`，其中有空格或控制字符，因此返回 400"
        ),
        Reason::NoResolver(_, host) => text!(
            "there is no `resolver` for `{host}`: nginx answers 502",
            "没有为 `{host}` 配置 `resolver`，nginx 返回 502"
        ),
        Reason::LongLine(has, reads) => text!(
            "the request line has {has} bytes, and nginx reads {reads}: it answers 414",
            "请求行有 {has} 字节，而 nginx 最多读取 {reads} 字节，因此返回 414"
        ),
        Reason::OldTls(_) => text!(
            "`ssl_protocols` has neither TLSv1.2 nor TLSv1.3, and browsers speak nothing older",
            "`ssl_protocols` 中没有 TLSv1.2 和 TLSv1.3，而浏览器不支持更旧的版本"
        ),
        Reason::NoCommonTls(_) => text!(
            "`proxy_ssl_protocols` and `ssl_protocols` have no version of TLS in common: nginx answers 502",
            "`proxy_ssl_protocols` 与 `ssl_protocols` 没有共同的 TLS 版本，nginx 返回 502"
        ),
        Reason::NoCertificate(_) => text!(
            "`ssl_verify_client on` wants a certificate, and there is no `proxy_ssl_certificate`: nginx answers 400",
            "`ssl_verify_client on` 要求客户端证书，而没有配置 `proxy_ssl_certificate`，nginx 返回 400"
        ),
        Reason::PlainHttp2(_) => {
            text!("the port speaks only HTTP/2 before nginx 1.25.1", "在 nginx 1.25.1 之前，该端口只支持 HTTP/2")
        }
        Reason::TlsMismatch(listen) => {
            let ssl = |o: OccId| config.has_parameter(o, "ssl") || config.flag(config.occ(o).scope, SSL) == Some(true);
            if listen.is_some_and(ssl) {
                text!("the port wants TLS, and the request comes without it", "该端口需要 TLS，而请求没有使用 TLS")
            } else {
                text!("the request comes with TLS, and the port has none", "请求使用 TLS，而该端口没有启用 TLS")
            }
        }
        Reason::NoServer => text!("no server answers there", "没有 server 处理这个请求"),
        Reason::Loop => {
            text!("internal redirects without end: nginx answers 500", "内部重定向没有终点，nginx 返回 500")
        }
        Reason::Page(_) => text!(
            "`try_files` ends in a page, and nginx answers 200 with it",
            "`try_files` 以一个页面结束，nginx 用它返回 200"
        ),
        Reason::EmptyUri(_) => {
            text!("`rewrite` leaves nothing of the URI: nginx answers 500", "`rewrite` 之后 URI 为空，nginx 返回 500")
        }
        Reason::LostPass(_) => text!(
            "the last `if` that holds has no `proxy_pass`, and nginx answers 500",
            "最后一个成立的 `if` 没有 `proxy_pass`，nginx 返回 500"
        ),
        Reason::NoLiveServer(_) => text!(
            "all servers of the `upstream` are `down`: nginx answers 502",
            "该 `upstream` 的所有 server 都标记为 `down`，nginx 返回 502"
        ),
        Reason::ConnectTimeout(_) => text!(
            "`proxy_connect_timeout 0` leaves no time to connect: nginx answers 504",
            "`proxy_connect_timeout 0` 没有留出连接时间，nginx 返回 504"
        ),
        Reason::ForeignKey(_) => text!(
            "the backend gets another `Sec-WebSocket-Key` than the browser sent, and the browser rejects its answer",
            "后端收到的 `Sec-WebSocket-Key` 不是浏览器发送的那个，浏览器会拒绝它的响应"
        ),
        Reason::UnaskedResponse(_, header) => {
            text!("the browser gets `{header}`, which it did not ask for", "浏览器会收到它没有请求过的 `{header}`")
        }
        Reason::RejectsTls(_) => {
            text!(
                "`ssl_reject_handshake on` refuses TLS for this name",
                "`ssl_reject_handshake on` 拒绝该主机名的 TLS 握手"
            )
        }
        Reason::ProxyProtocol(_) => text!(
            "the PROXY protocol is spoken on one side and not on the other: the connection is closed",
            "PROXY 协议只有一端启用，另一端没有：连接会被关闭"
        ),
        Reason::PortTaken(_) => text!(
            "`stream` and `http` both listen on this port: nginx does not start",
            "`stream` 和 `http` 监听了同一个端口，nginx 无法启动"
        ),
        Reason::NoTunnel => {
            text!("nginx before 1.3.13 tunnels no protocol", "1.3.13 之前的 nginx 不支持协议升级后的隧道")
        }
        Reason::NextHop(_, inner) => {
            let Text { en, zh } = self::reason(config, inner);
            text!(
                "`proxy_pass` leads to a server of this configuration, and there {en}",
                "`proxy_pass` 指向同一配置中的另一个 server，而在那里：{zh}"
            )
        }
        Reason::HopLoop(_) => text!(
            "`proxy_pass` leads back to itself, until nginx answers 500",
            "`proxy_pass` 又指回自身，直到 nginx 返回 500"
        ),
    }
}

fn refused(refusal: &Refusal) -> Text {
    match refusal {
        Refusal::Method(method) => {
            text!("the backend gets a {method}, and a handshake is a GET", "后端收到的是 {method}，而握手必须是 GET")
        }
        Refusal::HttpVersion(version) => text!(
            "the backend gets HTTP/{version}, and a handshake needs 1.1",
            "后端收到的是 HTTP/{version}，而握手需要 1.1"
        ),
        Refusal::Hosts(0) => text!("the backend gets no `Host`", "后端没有收到 `Host`"),
        Refusal::Hosts(n) => text!("the backend gets {n} `Host` headers", "后端收到 {n} 个 `Host` 请求头"),
        Refusal::HeaderName(name) => text!(
            "the backend gets a header called `{name}`, which is not a valid name",
            "后端收到名为 `{name}` 的请求头，这个名称不合法"
        ),
        Refusal::Upgrade(values) if values.is_empty() => {
            text!("the backend gets no `Upgrade`", "后端没有收到 `Upgrade`")
        }
        Refusal::Upgrade(values) => {
            text!("the backend gets `Upgrade: {}`", "后端收到 `Upgrade: {}`", values.join(", "))
        }
        Refusal::Connection(values) if values.is_empty() => {
            text!("the backend gets no `Connection`", "后端没有收到 `Connection`")
        }
        Refusal::Connection(values) => {
            text!("the backend gets `Connection: {}`", "后端收到 `Connection: {}`", values.join(", "))
        }
        Refusal::Key => {
            text!("the backend gets no valid `Sec-WebSocket-Key`", "后端没有收到有效的 `Sec-WebSocket-Key`")
        }
        Refusal::SecVersion => {
            text!("the backend gets no `Sec-WebSocket-Version: 13`", "后端没有收到 `Sec-WebSocket-Version: 13`")
        }
    }
}

/// All that a backend refuses, in one sentence without full stop.
pub fn refusals(all: &[Refusal]) -> Text {
    if let [one] = all {
        return refused(one);
    }
    let parts: Vec<Text> = all.iter().map(received).collect();
    let en: Vec<&str> = parts.iter().map(|p| p.get(Lang::En)).collect();
    let zh: Vec<&str> = parts.iter().map(|p| p.get(Lang::Zh)).collect();
    let en = match en.split_last() {
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    };
    let zh = zh.join("，");
    text!("the backend gets {en}", "后端{zh}")
}

/// What a backend gets and refuses, as the object of a sentence (in Chinese, its predicate).
fn received(refusal: &Refusal) -> Text {
    match refusal {
        Refusal::Method(method) => text!("a {method} request", "收到的是 {method} 请求"),
        Refusal::HttpVersion(version) => text!("HTTP/{version}", "收到的是 HTTP/{version}"),
        Refusal::Hosts(0) => text!("no `Host`", "没有收到 `Host`"),
        Refusal::Hosts(n) => text!("{n} `Host` headers", "收到 {n} 个 `Host` 请求头"),
        Refusal::HeaderName(name) => {
            text!("a header called `{name}`, which is not a valid name", "收到名称不合法的请求头 `{name}`")
        }
        Refusal::Upgrade(values) => received_header("Upgrade", values),
        Refusal::Connection(values) => received_header("Connection", values),
        Refusal::Key => text!("no valid `Sec-WebSocket-Key`", "没有收到有效的 `Sec-WebSocket-Key`"),
        Refusal::SecVersion => text!("no `Sec-WebSocket-Version: 13`", "没有收到 `Sec-WebSocket-Version: 13`"),
    }
}

fn received_header(name: &str, values: &[String]) -> Text {
    match values {
        [] => text!("no `{name}`", "没有收到 `{name}`"),
        values => {
            let values = values.join(", ");
            text!("`{name}: {values}`", "收到 `{name}: {values}`")
        }
    }
}

/// What the verdict at a scope hangs on: in one clause, and the directive that decides it, where one does.
pub fn hangs_on(analysis: &Analysis<'_>, scope: ScopeId, why: &Why) -> (Text, Option<Place>) {
    let config = analysis.config();
    if matches!(why, Why::Include)
        && let Some(unread) = unread_include(analysis, scope)
    {
        let path = config.arg_shown(unread, 0);
        return (
            text!("the include `{path}` could not be read", "没能读取 include 的 `{path}`"),
            Some(config.head(unread)),
        );
    }
    if matches!(why, Why::Include | Why::Values)
        && let Some((variable, line)) = variable_from_elsewhere(analysis, scope)
    {
        return (
            text!("`${variable}` is defined elsewhere, if at all", "`${variable}` 定义在别处，或者没有定义"),
            Some(config.head(line)),
        );
    }
    let place = if let Why::Template(place) = why { Some(*place) } else { culprit(why).map(|o| config.head(o)) };
    (self::why(config, why), place)
}

/// The include around a scope that could not be read, the innermost first.
fn unread_include(analysis: &Analysis<'_>, scope: ScopeId) -> Option<OccId> {
    let config = analysis.config();
    let in_level = |level: ScopeId| analysis.broken_includes.iter().find(|b| config.occ(b.occ).scope == level);
    config.outward(scope).find_map(in_level).map(|b| b.occ)
}

/// A variable in the handshake's headers that the files at hand do not define, and the header's line.
fn variable_from_elsewhere(analysis: &Analysis<'_>, scope: ScopeId) -> Option<(String, OccId)> {
    let config = analysis.config();
    let definitions = &analysis.world.definitions;
    ["Connection", "Upgrade"].iter().find_map(|header| {
        let line = config.effective_header(scope, header)?;
        let known = |v: &String| definitions.knows(v) || builtin_variable(v.to_ascii_lowercase().as_bytes()).is_some();
        let variable = variables_in(&config.arg(line, 1)?).into_iter().find(|v| !known(v))?;
        Some((variable, line))
    })
}

/// The directive that leaves a verdict open.
fn culprit(why: &Why) -> Option<OccId> {
    match why {
        Why::Cache(o)
        | Why::Ssi(o)
        | Why::ReadTimeout(o)
        | Why::LimitRate(o)
        | Why::Buffer(o)
        | Why::Subrequest(o)
        | Why::Handler(o)
        | Why::Pattern(o) => Some(*o),
        _ => None,
    }
}

/// What a verdict hangs on, in one clause.
pub fn why(config: Config<'_>, why: &Why) -> Text {
    match why {
        Why::Include => {
            text!("an include that could not be read may change it", "有无法读取的 include，可能会改变结果")
        }
        Why::Template(place) => {
            let tag = config.line_at(*place);
            text!(
                "this depends on how the template is rendered: `{tag}` decides",
                "取决于模板如何渲染：由 `{tag}` 决定"
            )
        }
        Why::Values => text!("a value that only a running nginx has decides", "取决于只有运行中的 nginx 才有的值"),
        Why::Cache(_) => text!("the cache may answer", "可能命中缓存"),
        Why::Ssi(_) => text!("`ssi_types *` may hold the answer back", "`ssi_types *` 可能会截住响应"),
        Why::ReadTimeout(_) => text!("`proxy_read_timeout 0` closes at once", "`proxy_read_timeout 0` 会立即关闭"),
        Why::LimitRate(_) => text!("`limit_rate` may delay the answer", "`limit_rate` 可能会延迟响应"),
        Why::Buffer(_) => text!("the answer may not fit into the response buffer", "响应可能放不进缓冲区"),
        Why::Subrequest(_) => text!("a subrequest sends the handshake headers, too", "子请求也会发送握手请求头"),
        Why::Handler(occ) => {
            let name = String::from_utf8_lossy(&config.name_text(*occ)).into_owned();
            text!("`{name}` answers by rules of its own", "由 `{name}` 按它自己的规则处理")
        }
        Why::Condition => text!("a condition that depends on the request decides", "取决于请求的条件"),
        Why::Pattern(_) => text!("a regular expression could not be decided", "有无法判定的正则表达式"),
        Why::Files => text!("it depends on which files exist", "取决于哪些文件存在"),
    }
}
