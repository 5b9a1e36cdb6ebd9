//! What people see, with what stands behind it: a table, in the order of the page.

use super::{Symptom, SymptomCause};
use crate::i18n::StaticText;

const fn text(en: &'static str, zh: &'static str) -> StaticText {
    StaticText { en, zh }
}

const fn found(rule: &'static str, en: &'static str, zh: &'static str) -> SymptomCause {
    SymptomCause { text: text(en, zh), rule: Some(rule) }
}

const fn outside(en: &'static str, zh: &'static str) -> SymptomCause {
    SymptomCause { text: text(en, zh), rule: None }
}

/// Neither header reaches the backend.
const NOT_FORWARDED: SymptomCause = found(
    "upgrade-not-forwarded",
    "nginx does not pass `Upgrade` and `Connection` on: the backend sees an ordinary GET",
    "nginx 没有转发 `Upgrade` 和 `Connection`，后端看到的只是一个普通的 GET",
);

/// The inherited headers are lost.
const SHADOWED: SymptomCause = found(
    "shadowed-websocket-headers",
    "an outer level sets the headers, and a `proxy_set_header` further in drops them all",
    "外层设置了握手请求头，而内层自己的 `proxy_set_header` 使它们全部失效",
);

/// `Connection` without the token.
const WRONG_CONNECTION: SymptomCause = found(
    "wrong-connection-value",
    "`Connection` is sent without `upgrade`: `keep-alive`, `\"\"`, or `$http_upgrade` because two values were swapped",
    "发送的 `Connection` 中没有 `upgrade`：写成了 `keep-alive`、`\"\"`，或两个值写反而成了 `$http_upgrade`",
);

/// `Upgrade` without the token.
const WRONG_UPGRADE: SymptomCause = found(
    "wrong-upgrade-value",
    "`Upgrade` is sent without `websocket`: `$connection_upgrade` in its place, or an empty value",
    "发送的 `Upgrade` 中没有 `websocket`：误写成 `$connection_upgrade`，或值为空",
);

/// A word that matters is misspelt.
const MISSPELLED: SymptomCause = found(
    "misspelled-websocket-setting",
    "a word is misspelt, and `nginx -t` accepts it: `\"ugrade\"`, `$http_upgarde`, `Conection`, curly quotes, a lost `$`",
    "有词拼写错误，而 `nginx -t` 照样通过：`\"ugrade\"`、`$http_upgarde`、`Conection`、中文引号、漏掉的 `$`",
);

/// `Connection` is nginx's default.
const NO_CONNECTION: SymptomCause = found(
    "missing-connection-header",
    "`Upgrade` is set, and `Connection` is left to nginx's default",
    "设置了 `Upgrade`，而 `Connection` 仍是 nginx 的默认值",
);

/// `Upgrade` is not set.
const NO_UPGRADE: SymptomCause = found(
    "missing-upgrade-header",
    "`Connection` is set, and `Upgrade` is not",
    "设置了 `Connection`，却没有设置 `Upgrade`",
);

/// The map gives nothing useful.
const WRONG_MAP: SymptomCause = found(
    "wrong-upgrade-map",
    "the map behind `Connection` yields no `upgrade` for a handshake",
    "`Connection` 所用的 map 给出的不是 `upgrade`",
);

/// Both lines are sent.
const DUPLICATE_UPGRADE: SymptomCause = found(
    "duplicate-upgrade-header",
    "two `Upgrade` lines reach the backend, often one of them from an include",
    "后端收到两行 `Upgrade`，其中一行往往来自 include",
);

/// The handshake's own headers are lost on the way to the backend.
const NO_KEY: SymptomCause = found(
    "hidden-upgrade-response",
    "`proxy_pass_request_headers off` or a blanked `Sec-WebSocket-*` header takes the key away",
    "`proxy_pass_request_headers off` 或被置空的 `Sec-WebSocket-*` 请求头使后端收不到 key",
);

/// The client's `Host` is lost.
const HOST_LOST: SymptomCause = found(
    "origin-host-lost",
    "the client's `Host` is not passed on: the backend compares `Origin` with another name",
    "没有转发客户端的 `Host`，后端拿来与 `Origin` 比较的是另一个名称",
);

/// Something nearer to the client takes the headers away.
const STRIPPED_BEFORE: SymptomCause = outside(
    "a load balancer, CDN or company proxy in front of nginx takes `Upgrade` away",
    "nginx 前面的负载均衡、CDN 或公司代理去掉了 `Upgrade`",
);

/// Not the configuration that was read.
const ANOTHER_SERVER: SymptomCause = outside(
    "another `server` block or an old configuration answers: the file is not enabled or nginx was not reloaded; `nginx -T` shows what is configured",
    "处理请求的是另一个 `server` 块，或者仍是旧配置：文件没有启用，或 nginx 没有重新加载；用 `nginx -T` 查看实际配置",
);

/// A firewall for web applications.
const FIREWALL: SymptomCause = outside(
    "ModSecurity or another web application firewall interferes",
    "被 ModSecurity 或其他 WAF（Web 应用防火墙）拦截",
);

/// The application cannot tell that the client came by TLS.
const NO_FORWARDED_PROTO: SymptomCause = outside(
    "`X-Forwarded-Proto` is missing: the application takes the request for plain HTTP and redirects or refuses it",
    "缺少 `X-Forwarded-Proto`，应用以为是明文 HTTP，于是重定向或拒绝",
);

/// Sockets take two connections each.
const NO_CONNECTIONS_LEFT: SymptomCause = outside(
    "`worker_connections` is used up: each WebSocket takes two; the error log says so",
    "`worker_connections` 已用尽：每个 WebSocket 占用两个连接，错误日志中会写明",
);

/// All symptoms.
pub const SYMPTOMS: &[Symptom] = &[
    Symptom {
        keys: &[
            "400",
            "400 bad request",
            "中文引号",
            "upgrade token not found in connection header",
            "the client is not using the websocket protocol",
            "bad response from the server",
            "handshake failed",
            "握手失败",
            "连接失败",
            "连不上",
            "无法连接",
        ],
        title: text("the handshake is answered with 400 Bad Request", "握手返回 400 Bad Request"),
        about: text(
            "Most often the backend answers: something is missing from the handshake that it received. Another backend answers the same mistake with 404, 426, 505 or 200. If only curl gets 400, try it with `--http1.1`: over HTTP/2 these headers are not a handshake.",
            "多半是后端返回的：它收到的握手缺了东西。返回哪个状态码由后端决定，同一个原因在别的后端上会表现为 404、426、505 或 200。如果只有 curl 得到 400，请加上 `--http1.1` 再试：在 HTTP/2 上，这些请求头不构成握手。",
        ),
        causes: &[
            NOT_FORWARDED,
            SHADOWED,
            WRONG_CONNECTION,
            MISSPELLED,
            WRONG_UPGRADE,
            NO_CONNECTION,
            NO_UPGRADE,
            found(
                "missing-proxy-http-version",
                "the handshake reaches the backend as HTTP/1.0, and a strict backend refuses it",
                "握手请求以 HTTP/1.0 发往后端，严格的后端会拒绝",
            ),
            WRONG_MAP,
            DUPLICATE_UPGRADE,
            NO_KEY,
            found(
                "no-session-affinity",
                "Socket.IO says `Session ID unknown`, now and then: the next request of a session reaches another server",
                "Socket.IO 时而报 `Session ID unknown`：同一会话的下一个请求到了另一台服务器",
            ),
            found(
                "unconditional-upgrade",
                "the WebSocket opens, and ordinary requests get 400: they ask for an upgrade, too",
                "WebSocket 能建立连接，普通请求却返回 400：它们也在要求升级",
            ),
            STRIPPED_BEFORE,
            outside(
                "plain HTTP goes to a TLS port: `ws://` where `wss://` is needed, or `proxy_pass http://` to a TLS backend",
                "把明文 HTTP 发到了 TLS 端口：该用 `wss://` 却用了 `ws://`，或用 `proxy_pass http://` 连接 TLS 后端",
            ),
            outside(
                "the application does not like what it sees of the proxy: an address that it does not trust, a `Host` without port, an empty `$http_host` under HTTP/3",
                "应用不信任它前面的代理：不受信任的代理地址、缺少端口的 `Host`，或 HTTP/3 下为空的 `$http_host`",
            ),
        ],
    },
    Symptom {
        keys: &["200", "200 ok"],
        title: text(
            "the handshake is answered with 200 and a page instead of 101",
            "握手返回 200 和一个页面，而不是 101",
        ),
        about: text(
            "Something took the handshake for an ordinary request and answered it. Either it reached the wrong place, such as the start page of a single-page application, or the right place without the headers that make it a handshake. A 200 for Socket.IO's polling requests is no error.",
            "握手被当成普通请求处理了。要么到了错误的地方，例如单页应用的首页；要么到了正确的地方，却没有带上握手所需的请求头。Socket.IO 的轮询请求返回 200 是正常的。",
        ),
        causes: &[
            NOT_FORWARDED,
            WRONG_CONNECTION,
            SHADOWED,
            outside(
                "no location covers the path: it falls into `location /` with `try_files … /index.html`",
                "没有 location 对应该路径，请求落入带有 `try_files … /index.html` 的 `location /`",
            ),
            found(
                "unreachable-endpoint",
                "`try_files` or `return` answers before `proxy_pass` can",
                "`try_files` 或 `return` 先于 `proxy_pass` 返回响应",
            ),
            MISSPELLED,
            WRONG_UPGRADE,
            NO_CONNECTION,
            NO_UPGRADE,
            WRONG_MAP,
            found(
                "path-mismatch",
                "the backend gets another path than the client asked for, and answers with a page",
                "后端收到的路径与客户端请求的不同，于是返回一个页面",
            ),
            found(
                "cached-handshake",
                "`proxy_cache` answers from an earlier GET with the same key",
                "`proxy_cache` 返回了先前同一个 key 的 GET 的缓存",
            ),
            FIREWALL,
            ANOTHER_SERVER,
        ],
    },
    Symptom {
        keys: &["301", "302", "307", "308", "redirect", "x-forwarded-proto"],
        title: text("the handshake is answered with a redirect", "握手返回重定向"),
        about: text(
            "Browsers follow no redirect of a WebSocket handshake: any of 301, 302, 307 and 308 is a failure there, though the same address works in the address bar. Look at the `Location` header of the answer: it says what is meant. Then let the client ask for that address, or take the redirect away.",
            "浏览器不会跟随 WebSocket 握手的重定向：301、302、307、308 都意味着失败，尽管同一地址在地址栏中可以打开。看响应头 `Location` 就知道要重定向到哪里，然后让客户端直接请求该地址，或去掉重定向。",
        ),
        causes: &[
            outside(
                "the client uses `ws://`, and port 80 only redirects to https: use `wss://`",
                "客户端用的是 `ws://`，而 80 端口只会重定向到 https：请改用 `wss://`",
            ),
            found(
                "path-mismatch",
                "`location /ws/` with `proxy_pass` answers `/ws` with a 301 to `/ws/` (`wslint trace` shows it)",
                "带 `proxy_pass` 的 `location /ws/` 会用 301 把 `/ws` 重定向到 `/ws/`（`wslint trace` 可以看到）",
            ),
            found(
                "unreachable-endpoint",
                "a `return 301` of the server or the location runs before `proxy_pass`",
                "server 或 location 中的 `return 301` 先于 `proxy_pass` 执行",
            ),
            NO_FORWARDED_PROTO,
            outside(
                "the application sends the client to its login page or adds a slash to the path",
                "应用把客户端转到登录页，或给路径补上斜杠",
            ),
        ],
    },
    Symptom {
        keys: &["401", "401 unauthorized"],
        title: text("the handshake is answered with 401 Unauthorized", "握手返回 401 Unauthorized"),
        about: text(
            "Somebody wants credentials: nginx (`auth_basic`, `auth_request`) or the application. Scripts in a browser cannot add an `Authorization` header to a handshake, so credentials travel in a cookie or in the query string. If the same path without WebSocket is allowed, something on the way loses them.",
            "有一方要求身份验证：nginx（`auth_basic`、`auth_request`）或应用。浏览器脚本无法给握手添加 `Authorization` 请求头，凭据只能放在 cookie 或查询串中。如果同一路径的普通请求可以通过，说明凭据在途中丢失了。",
        ),
        causes: &[
            outside(
                "`auth_basic` is inherited by the WebSocket's location, and the browser (Safari) sends no password with the handshake",
                "WebSocket 的 location 继承了 `auth_basic`，而浏览器（Safari）握手时不发送密码",
            ),
            outside(
                "the session or token has expired or is not sent with the handshake",
                "会话或令牌已过期，或没有随握手发送",
            ),
            found(
                "path-mismatch",
                "a `proxy_pass` with a variable drops the query string, and the token with it",
                "带变量的 `proxy_pass` 丢掉了查询串，令牌也随之丢失",
            ),
            found(
                "hidden-upgrade-response",
                "`proxy_pass_request_headers off` takes the cookie away, together with the key",
                "`proxy_pass_request_headers off` 把 cookie 连同 key 一起去掉了",
            ),
        ],
    },
    Symptom {
        keys: &["403", "403 forbidden", "跨域", "origin"],
        title: text("the handshake is answered with 403 Forbidden", "握手返回 403 Forbidden"),
        about: text(
            "Usually the backend compares `Origin`, which the browser sends, with `Host` or with a list of its own, and they differ. The handshake itself got through, then: the application's log names the origin that it refused. If nginx wrote the page, an access rule refused the request.",
            "通常是后端把浏览器发送的 `Origin` 与 `Host` 或自己的名单比较，结果不一致。也就是说握手请求已经到了后端：应用日志会写明拒绝了哪个来源。如果 403 页面是 nginx 的，则是访问规则拒绝了请求。",
        ),
        causes: &[
            HOST_LOST,
            outside(
                "the application's list of allowed origins lacks this site (Rails ActionCable, Django, Phoenix)",
                "应用的允许来源名单中没有该站点（Rails ActionCable、Django、Phoenix）",
            ),
            found(
                "shadowed-websocket-headers",
                "a `proxy_set_header` of the location drops the outer ones, `Host` among them",
                "location 自己的 `proxy_set_header` 使外层的请求头失效，其中包括 `Host`",
            ),
            outside(
                "`Host $host` has no port, and the site is on another port than 80 or 443: use `$http_host`",
                "`Host $host` 不含端口，而站点不在 80 或 443 端口：请使用 `$http_host`",
            ),
            NO_FORWARDED_PROTO,
            found(
                "unreachable-endpoint",
                "`deny all` or `return 403` of nginx comes first",
                "nginx 的 `deny all` 或 `return 403` 先返回了响应",
            ),
            FIREWALL,
        ],
    },
    Symptom {
        keys: &["404", "404 not found"],
        title: text("the handshake is answered with 404 Not Found", "握手返回 404 Not Found"),
        about: text(
            "This need not be a wrong path. Express, uvicorn, daphne and gevent answer 404 to a handshake whose headers are missing, because for an ordinary GET they have nothing at that path; other backends answer 400, 426, 505 or 200 to the same mistake. Look at the headers first, then at the path.",
            "这不一定是路径错误。握手缺少请求头时，Express、uvicorn、daphne 和 gevent 会返回 404，因为对普通 GET 来说该路径下什么也没有；同样的错误，别的后端会返回 400、426、505 或 200。先检查请求头，再检查路径。",
        ),
        causes: &[
            NOT_FORWARDED,
            SHADOWED,
            WRONG_CONNECTION,
            MISSPELLED,
            WRONG_UPGRADE,
            NO_CONNECTION,
            NO_UPGRADE,
            WRONG_MAP,
            found(
                "path-mismatch",
                "`proxy_pass` changes the path: `location /ws` with `proxy_pass …/` sends `//chat`",
                "`proxy_pass` 改变了路径：`location /ws` 配 `proxy_pass …/` 会发送 `//chat`",
            ),
            found(
                "headers-without-proxy",
                "the location sets the headers and has no `proxy_pass`: nginx looks for a file",
                "location 设置了握手请求头，却没有 `proxy_pass`，nginx 会去找文件",
            ),
            found(
                "unreachable-endpoint",
                "`try_files`, `internal` or a `return 404` comes before `proxy_pass`, also behind an `if`",
                "`try_files`、`internal` 或 `return 404` 先于 `proxy_pass`，写在 `if` 之后也是如此",
            ),
            outside(
                "a regular expression location takes the path from the WebSocket's prefix (`wslint trace` shows it)",
                "正则 location 抢走了 WebSocket 前缀的路径（`wslint trace` 可以看到）",
            ),
            outside(
                "the application serves WebSocket at another path, with or without a slash at its end",
                "应用在另一个路径上提供 WebSocket，或末尾有无斜杠不一致",
            ),
            ANOTHER_SERVER,
        ],
    },
    Symptom {
        keys: &["405", "405 method not allowed"],
        title: text("the handshake is answered with 405 Method Not Allowed", "握手返回 405 Method Not Allowed"),
        about: text(
            "A handshake is a GET. Whoever answers 405 got another method, or has something at that path that wants another one, such as a POST.",
            "握手是一个 GET 请求。返回 405 的一方收到的是别的方法，或者该路径上的接口只接受别的方法，例如 POST。",
        ),
        causes: &[
            found(
                "handshake-fails",
                "`proxy_method` makes another method of the GET",
                "`proxy_method` 把 GET 改成了别的方法",
            ),
            found(
                "path-mismatch",
                "the backend gets another path than the client asked for, and does not allow GET there",
                "后端收到的路径与客户端请求的不同，而那里不允许 GET",
            ),
            NOT_FORWARDED,
            outside(
                "the application has an endpoint for POST at that path and none for WebSocket",
                "应用在该路径上只有 POST 接口，没有 WebSocket",
            ),
            ANOTHER_SERVER,
        ],
    },
    Symptom {
        keys: &["426", "426 upgrade required"],
        title: text("the handshake is answered with 426 Upgrade Required", "握手返回 426 Upgrade Required"),
        about: text(
            "The right backend answers, and it saw no complete request for an upgrade: node `ws` and Python `websockets` say so, others answer 400, 404, 505 or 200 to the same mistake. Who opens such an address in the address bar, or checks its health with a plain GET, gets 426 as well, and that is right.",
            "返回 426 的是正确的后端，但它没有看到完整的升级请求：node `ws` 和 Python `websockets` 会这样返回，同样的错误，别的后端会返回 400、404、505 或 200。在地址栏中打开这样的地址，或用普通 GET 做健康检查，也会得到 426，这是正常的。",
        ),
        causes: &[
            NOT_FORWARDED,
            SHADOWED,
            NO_UPGRADE,
            NO_CONNECTION,
            WRONG_CONNECTION,
            MISSPELLED,
            WRONG_UPGRADE,
            WRONG_MAP,
            DUPLICATE_UPGRADE,
            NO_KEY,
            found(
                "unconditional-upgrade",
                "ordinary requests get 426: a literal `Upgrade websocket` is sent with each of them (tornado)",
                "普通请求返回 426：每个请求都被加上了写死的 `Upgrade websocket`（tornado）",
            ),
            STRIPPED_BEFORE,
            ANOTHER_SERVER,
        ],
    },
    Symptom {
        keys: &["499"],
        title: text("nginx's access log says 499", "nginx 访问日志中出现 499"),
        about: text(
            "499 stands only in nginx's log: the client closed the connection before an answer came. A WebSocket that opened is logged as 101, so this one never opened. One at a time it is a page that was left; many of them, after the same time, are a client's or load balancer's timeout while the backend is silent.",
            "499 只出现在 nginx 的日志中：客户端在得到响应之前就关闭了连接。成功建立的 WebSocket 记录为 101，所以这个连接从未建立。零星出现是用户离开了页面；大量出现且耗时相同，则是后端没有响应，而客户端或负载均衡先超时了。",
        ),
        causes: &[
            outside(
                "the user left or reloaded the page, or the script closed the socket while it was opening",
                "用户离开或刷新了页面，或脚本在连接建立过程中就关闭了它",
            ),
            outside(
                "the backend is overloaded or hangs, and the client gives up first",
                "后端过载或卡住，客户端先放弃了",
            ),
            outside(
                "packets to the backend are lost (firewall, wrong address), and the client gives up before `proxy_connect_timeout`",
                "发往后端的包被丢弃（防火墙、地址错误），客户端在 `proxy_connect_timeout` 之前就放弃了",
            ),
            outside("a load balancer in front of nginx has a shorter timeout", "nginx 前面的负载均衡超时更短"),
        ],
    },
    Symptom {
        keys: &["500", "500 internal server error"],
        title: text("the handshake is answered with 500 Internal Server Error", "握手返回 500 Internal Server Error"),
        about: text(
            "First find out who says it: when nginx does, its error log has a line about it; when the backend does, the application's log has. nginx passes a backend's 500 on as it is.",
            "先弄清是谁返回的：如果是 nginx，它的错误日志中会有一行说明；如果是后端，则要看应用日志。后端的 500 会被 nginx 原样转发。",
        ),
        causes: &[
            outside(
                "the application fails while it handles the handshake; its log says where",
                "应用在处理握手时出错，应用日志会写明位置",
            ),
            found(
                "handshake-fails",
                "`proxy_pass` with a variable comes out as no URL that nginx takes (`ws://…`, or `http://` and nothing behind it), or nginx redirects internally without end",
                "带变量的 `proxy_pass` 得不到 nginx 接受的 URL（例如 `ws://…`，或 `http://` 后面为空），或内部重定向没有终点",
            ),
            NO_KEY,
            outside(
                "the target of `auth_request` answers something else than 2xx, 401 or 403",
                "`auth_request` 的目标返回了 2xx、401、403 以外的状态码",
            ),
            NO_CONNECTIONS_LEFT,
        ],
    },
    Symptom {
        keys: &["502", "502 bad gateway", "connection refused", "upstream prematurely closed", "拒绝连接"],
        title: text("the handshake is answered with 502 Bad Gateway", "握手返回 502 Bad Gateway"),
        about: text(
            "nginx did not reach the backend, or the backend closed the connection without a valid answer. nginx's error log says which: `connect() failed (111: Connection refused)` is an address or a port, `upstream prematurely closed connection` is a backend that did not like the request or crashed.",
            "nginx 连不上后端，或后端没有给出合法的响应就关闭了连接。错误日志会写明是哪一种：`connect() failed (111: Connection refused)` 是地址或端口问题，`upstream prematurely closed connection` 是后端不接受该请求或已崩溃。",
        ),
        causes: &[
            outside(
                "nothing listens at the address: the backend is down, or WebSocket has moved to another port",
                "该地址上没有服务在监听：后端没有运行，或 WebSocket 换了端口",
            ),
            outside(
                "`localhost` in a container is the container itself: use the name of the service",
                "容器中的 `localhost` 指容器自己：请使用服务名",
            ),
            outside(
                "the backend got another address after a restart, and nginx still uses the old one",
                "后端重启后地址变了，而 nginx 仍在使用旧地址",
            ),
            found(
                "handshake-fails",
                "`proxy_pass` with a variable names a host, and there is no `resolver`",
                "带变量的 `proxy_pass` 使用了主机名，却没有配置 `resolver`",
            ),
            found(
                "missing-proxy-http-version",
                "the handshake reaches the backend as HTTP/1.0, and the backend closes the connection (tungstenite)",
                "握手请求以 HTTP/1.0 发往后端，后端直接关闭连接（tungstenite）",
            ),
            found(
                "upgrade-not-forwarded",
                "a backend that speaks only WebSocket gets an ordinary GET and closes the connection",
                "只支持 WebSocket 的后端收到普通的 GET，直接关闭连接",
            ),
            found(
                "incompatible-http-version",
                "`proxy_http_version 2`: over HTTP/2 nginx upgrades nothing",
                "`proxy_http_version 2`：nginx 到后端的 HTTP/2 不会升级",
            ),
            outside(
                "`http://` in `proxy_pass` for a backend with TLS, or `https://` for one without",
                "后端启用了 TLS，`proxy_pass` 却写成 `http://`，或者相反",
            ),
            outside(
                "SELinux forbids nginx to connect: the log says `13: Permission denied`",
                "SELinux 禁止 nginx 发起连接：日志中为 `13: Permission denied`",
            ),
        ],
    },
    Symptom {
        keys: &["503", "503 service unavailable"],
        title: text("the handshake is answered with 503 Service Unavailable", "握手返回 503 Service Unavailable"),
        about: text(
            "Somebody refuses for the time being. nginx itself answers 503 where a limit is reached, and where a `return 503` stands; an unreachable backend is 502 instead. Otherwise it comes from the backend or from what stands in front of nginx.",
            "链路上有一方暂时不可用。nginx 自己只在达到限制或写有 `return 503` 时返回 503，后端连不上则是 502。否则就来自后端，或来自 nginx 前面的设备。",
        ),
        causes: &[
            outside(
                "`limit_req` or `limit_conn` is exceeded: an open WebSocket counts as a connection all the time, and reconnecting clients as requests",
                "超过了 `limit_req` 或 `limit_conn`：已建立的 WebSocket 一直占用连接数，而不断重连会消耗请求数",
            ),
            outside(
                "the application or its platform is overloaded, starting, or has no instance",
                "应用或所在平台过载、正在启动，或没有可用实例",
            ),
            found(
                "unreachable-endpoint",
                "a `return 503` for maintenance comes before `proxy_pass`",
                "维护用的 `return 503` 先于 `proxy_pass` 执行",
            ),
            outside(
                "a load balancer or an ingress in front has no healthy target",
                "前面的负载均衡或 ingress 没有健康的目标",
            ),
        ],
    },
    Symptom {
        keys: &[
            "504",
            "超时",
            "upstream timed out",
            "the request timed out",
            "504 gateway timeout",
            "504 gateway time-out",
        ],
        title: text("the handshake is answered with 504 Gateway Timeout", "握手返回 504 Gateway Timeout"),
        about: text(
            "nginx waited for the backend in vain: for the connection (`proxy_connect_timeout`) or for the answer (`proxy_read_timeout`). The error log says which. An open WebSocket never ends in 504: after the 101 there is no status any more.",
            "nginx 没有等到后端：要么连接超时（`proxy_connect_timeout`），要么等响应超时（`proxy_read_timeout`），错误日志会写明是哪一种。已建立的 WebSocket 不会以 504 结束：101 之后不再有状态码。",
        ),
        causes: &[
            outside(
                "packets to the backend are lost: a firewall, a wrong address, another network",
                "发往后端的包被丢弃：防火墙、地址错误或网络不通",
            ),
            outside(
                "the backend accepts the connection and does not answer: it hangs or is overloaded",
                "后端接受了连接却不返回响应：卡住或过载",
            ),
            found(
                "unconditional-upgrade",
                "a POST carries `Connection: upgrade`, and the backend waits or refuses its body",
                "POST 带着 `Connection: upgrade`，后端一直等待或拒收请求体",
            ),
            outside(
                "`proxy_read_timeout 0` does not mean without end: nginx gives up at once",
                "`proxy_read_timeout 0` 并不表示不限时：nginx 会立即放弃",
            ),
        ],
    },
    Symptom {
        keys: &["505", "505 http version not supported"],
        title: text(
            "the handshake is answered with 505 HTTP Version Not Supported",
            "握手返回 505 HTTP Version Not Supported",
        ),
        about: text(
            "The backend got the handshake as HTTP/1.0 and says so: Python `websockets` does. That is what nginx before 1.29.7 speaks to backends unless told otherwise. Other backends accept it, or answer 400, 404 or 426 to the same configuration.",
            "后端收到的握手是 HTTP/1.0，并如实返回：Python `websockets` 就是这样。nginx 1.29.7 之前默认用 HTTP/1.0 与后端通信。对同样的配置，别的后端会接受，或返回 400、404、426。",
        ),
        causes: &[
            found(
                "missing-proxy-http-version",
                "the headers are there, `proxy_http_version 1.1` is not, or it says `1.0`",
                "握手请求头都有，却没有 `proxy_http_version 1.1`，或写成了 `1.0`",
            ),
            found("upgrade-not-forwarded", "none of the three lines is there", "这三行一行都没有写"),
        ],
    },
    Symptom {
        keys: &[
            "no status",
            "can't establish a connection to the server",
            "was interrupted while the page was loading",
            "operation couldn't be completed",
            "websocket network error",
            "无法建立到",
            "页面载入时中断",
            "未能完成操作",
        ],
        title: text(
            "the browser says only that the connection failed, and names no status",
            "浏览器只说连接失败，没有给出状态码",
        ),
        about: text(
            "Firefox never names a status, Safari and Chrome name none where no answer came. The network tab does, if there was one: look at the status of the request that ends in 101 or does not. `wslint probe URL` makes the same handshake and shows the answer.",
            "Firefox 从不给出状态码；没有收到响应时，Safari 和 Chrome 也不给出。如果有响应，开发者工具的网络面板里能看到状态码：看该请求返回的是不是 101。`wslint probe URL` 会发出同样的握手并显示响应。",
        ),
        causes: &[
            NOT_FORWARDED,
            SHADOWED,
            WRONG_CONNECTION,
            MISSPELLED,
            outside(
                "nothing listens at that address, or a firewall is in between: the network tab shows no answer at all",
                "该地址上没有服务在监听，或被防火墙拦截：网络面板中完全没有响应",
            ),
            outside(
                "the browser does not trust the certificate: for `wss://` it asks nobody; open the `https://` address once to see",
                "浏览器不信任证书：对 `wss://` 它不会询问用户；打开一次对应的 `https://` 地址即可确认",
            ),
            ANOTHER_SERVER,
            STRIPPED_BEFORE,
        ],
    },
    Symptom {
        keys: &[
            "1006",
            "断开",
            "重连",
            "小程序",
            "connection closed abnormally",
            "closed abnormally",
            "abnormal closure",
            "掉线",
        ],
        title: text("the browser reports close code 1006", "浏览器报告关闭码 1006"),
        about: text(
            "Nobody sent 1006: the browser makes it up when a connection ends without a close frame. A handshake that failed reports it, too. So look first whether it ever opened: if not, the status code in the network tab says more; if it did, the time until it closed does.",
            "1006 不是任何一方发出的：连接结束时没有收到关闭帧，浏览器就会给出它，握手失败时也是如此。所以先看连接是否建立过：没有建立，看开发者工具“网络”面板中的状态码；建立过，看它过了多久才断开。",
        ),
        causes: &[
            NOT_FORWARDED,
            found(
                "short-read-timeout",
                "it closes after a minute without data: `proxy_read_timeout` is 60 seconds unless set",
                "一分钟没有数据就断开：`proxy_read_timeout` 默认 60 秒",
            ),
            found(
                "hidden-upgrade-response",
                "nginx hides a header of the answer, and the browser refuses the 101",
                "nginx 去掉了某个响应头，浏览器不接受这个 101",
            ),
            outside("the backend crashed or was restarted", "后端崩溃或重启"),
            outside(
                "nginx was reloaded: old workers close their sockets when `worker_shutdown_timeout` ends",
                "nginx 重新加载：`worker_shutdown_timeout` 到期时，旧的 worker 会关闭它们的连接",
            ),
            outside("a load balancer, CDN or firewall closes idle connections", "负载均衡、CDN 或防火墙关闭了空闲连接"),
            outside("the browser does not trust the certificate of `wss://`", "浏览器不信任 `wss://` 的证书"),
            found(
                "subrequest-upgrade",
                "the target of `auth_request` answers 101, and nginx closes the connection without an answer",
                "`auth_request` 的目标返回 101，nginx 什么也不返回就关闭连接",
            ),
            NO_CONNECTIONS_LEFT,
        ],
    },
    Symptom {
        keys: &[
            "while proxying upgraded connection",
            "101",
            "每分钟断开",
            "超时断开",
            "60 seconds",
            "60 second",
            "60 sec",
            "60 secs",
            "60 s",
            "60s",
            "60-second",
            "one minute",
            "every minute",
            "60 秒",
            "60秒",
            "一分钟",
            "每分钟",
            "1分钟",
            "1 分钟",
            "心跳",
        ],
        title: text("the WebSocket closes after 60 seconds", "WebSocket 在 60 秒后断开"),
        about: text(
            "nginx closes the connection when nothing has passed between it and the backend for `proxy_read_timeout`, which is 60 seconds unless set; data in either direction starts the time anew. The browser reports 1006. A ping of the application every 30 seconds is the better remedy: it also finds connections that are dead.",
            "nginx 与后端之间在 `proxy_read_timeout`（默认 60 秒）内没有任何数据时，nginx 就关闭连接；任一方向有数据都会重新计时。浏览器报告 1006。更好的办法是应用每 30 秒发送一次 ping：它还能发现已失效的连接。",
        ),
        causes: &[
            found(
                "short-read-timeout",
                "`proxy_read_timeout` is left at 60 seconds",
                "`proxy_read_timeout` 仍是默认的 60 秒",
            ),
            outside(
                "`proxy_read_timeout` is set in a location that does not serve this path (`wslint trace` shows which does)",
                "`proxy_read_timeout` 设置在并不处理该路径的 location 中（`wslint trace` 可以看到是哪一个）",
            ),
            outside(
                "a load balancer in front or a second proxy behind has an idle timeout of its own",
                "前面的负载均衡或后面的另一层代理有自己的空闲超时",
            ),
            outside("the application closes clients that it has not heard of", "应用关闭了长时间没有消息的客户端"),
        ],
    },
    Symptom {
        keys: &["1008", "policy violation"],
        title: text("the WebSocket is closed with code 1008", "WebSocket 以关闭码 1008 关闭"),
        about: text(
            "1008 means policy violation, and the application sends it, not nginx: the handshake went through, and then the application refused the client. Its log says what it did not like, most often the origin or the credentials.",
            "1008 表示违反策略，由应用发送，而不是 nginx：握手已经成功，随后应用拒绝了客户端。应用日志会写明原因，多半是来源（Origin）或凭据。",
        ),
        causes: &[
            HOST_LOST,
            outside(
                "`X-Forwarded-Host` or `X-Forwarded-Proto` is missing, and the application compares the origin with them (n8n: `Invalid origin!`)",
                "缺少 `X-Forwarded-Host` 或 `X-Forwarded-Proto`，而应用用它们来核对来源（n8n：`Invalid origin!`）",
            ),
            outside("the origin is not among those that the application allows", "该来源不在应用允许的名单中"),
            outside("the token or session is missing or has expired", "令牌或会话缺失或已过期"),
            found(
                "path-mismatch",
                "a `proxy_pass` with a variable drops the query string, and the token with it",
                "带变量的 `proxy_pass` 丢掉了查询串，令牌也随之丢失",
            ),
        ],
    },
    Symptom {
        keys: &["upgrade header is missing", "missing upgrade header"],
        title: text(
            "Error during WebSocket handshake: 'Upgrade' header is missing",
            "浏览器报错：'Upgrade' header is missing（缺少 Upgrade 响应头）",
        ),
        about: text(
            "The browser speaks of the answer, not of the request: a 101 came, and it lacks `Upgrade: websocket`. The backend has upgraded, so the three lines in nginx are right; something takes the header out of the answer.",
            "浏览器说的是响应，不是请求：收到了 101，但其中没有 `Upgrade: websocket`。后端已经同意升级，nginx 中的三行没有问题；是有什么把这个响应头去掉了。",
        ),
        causes: &[
            found(
                "hidden-upgrade-response",
                "`proxy_hide_header Upgrade` stands here or further out (HestiaCP's templates have it)",
                "这里或外层有 `proxy_hide_header Upgrade`（HestiaCP 的模板中就有）",
            ),
            outside(
                "another proxy in front of nginx or behind it takes the header out",
                "nginx 前面或后面的另一层代理去掉了这个响应头",
            ),
            outside("the backend answers 101 without `Upgrade`", "后端返回的 101 中没有 `Upgrade`"),
        ],
    },
    Symptom {
        keys: &[
            "closed before",
            "err_connection_closed",
            "http/2",
            "the network connection was lost",
            "connection closed before receiving a handshake response",
            "websocket is closed before the connection is established",
            "http2",
            "444",
        ],
        title: text("the connection is closed before the handshake is answered", "连接在握手得到响应之前就关闭了"),
        about: text(
            "`Connection closed before receiving a handshake response`: the TCP or TLS connection ended without any status. `WebSocket is closed before the connection is established`: often the page itself closed the socket while it was opening. nginx's access log tells them apart: 499 for the client, no line where nginx never got the request.",
            "`Connection closed before receiving a handshake response`：TCP 或 TLS 连接没有返回任何状态码就结束了。`WebSocket is closed before the connection is established`：往往是页面自己在连接建立过程中关闭了它。看 nginx 访问日志即可区分：客户端关闭记为 499，请求没有到达 nginx 则没有记录。",
        ),
        causes: &[
            outside(
                "the page closes the socket while it is opening: it is left, or a component is mounted twice",
                "页面在连接建立过程中关闭了它：用户离开，或组件被挂载了两次",
            ),
            outside(
                "a load balancer or firewall in front does not carry WebSocket (AWS Classic ELB with an HTTP listener)",
                "前面的负载均衡或防火墙不支持 WebSocket（使用 HTTP 监听器的 AWS Classic ELB）",
            ),
            found(
                "plaintext-http2",
                "the port has `http2` without TLS, and before nginx 1.25.1 it speaks nothing else",
                "端口开启了 `http2` 而没有 TLS，在 nginx 1.25.1 之前它只支持 HTTP/2",
            ),
            found(
                "subrequest-upgrade",
                "the target of `auth_request` or `mirror` answers 101, and nginx closes the connection without an answer",
                "`auth_request` 或 `mirror` 的目标返回 101，nginx 什么也不返回就关闭连接",
            ),
            found(
                "unreachable-endpoint",
                "a `return 444` comes first: it closes the connection without an answer",
                "`return 444` 先执行：它什么也不返回就关闭连接",
            ),
            outside(
                "`listen … proxy_protocol`, and the client or load balancer does not speak it",
                "`listen … proxy_protocol`，而客户端或负载均衡没有使用该协议",
            ),
            outside(
                "`auth_basic` on the WebSocket's location (Safari)",
                "WebSocket 的 location 上有 `auth_basic`（Safari）",
            ),
            FIREWALL,
        ],
    },
    Symptom {
        keys: &[
            "tls",
            "ssl",
            "wss",
            "err_ssl_protocol_error",
            "net::err_ssl_protocol_error",
            "mixed content",
            "plain http request was sent to https port",
            "混合内容",
            "证书",
            "1015",
        ],
        title: text(
            "TLS: ERR_SSL_PROTOCOL_ERROR, mixed content, a plain request to a TLS port",
            "TLS 问题：ERR_SSL_PROTOCOL_ERROR、混合内容、把明文请求发到 TLS 端口",
        ),
        about: text(
            "The client and the port disagree about TLS, before any header matters. A page from `https://` may only open `wss://`; `wss://` needs a port that nginx serves with `ssl`. Behind nginx it is plain again unless `proxy_pass` says `https://`.",
            "客户端和端口一个用 TLS、一个不用，还没有走到检查请求头这一步。`https://` 的页面只能连接 `wss://`，而 `wss://` 需要 nginx 以 `ssl` 监听的端口。nginx 到后端是明文，除非 `proxy_pass` 写的是 `https://`。",
        ),
        causes: &[
            outside(
                "the page comes from `https://` and opens `ws://`: the browser blocks it as mixed content; use `wss://`",
                "页面来自 `https://` 却连接 `ws://`，浏览器将其作为混合内容拦截：请改用 `wss://`",
            ),
            outside(
                "`wss://` goes to a port without TLS, often the application's own port instead of nginx's",
                "`wss://` 连到了没有 TLS 的端口，往往是应用自己的端口而不是 nginx 的端口",
            ),
            outside("`listen 443` lacks `ssl`", "`listen 443` 后面漏了 `ssl`"),
            outside(
                "`ws://` goes to the TLS port: nginx answers 400, `The plain HTTP request was sent to HTTPS port`",
                "`ws://` 连到了 TLS 端口：nginx 返回 400，`The plain HTTP request was sent to HTTPS port`",
            ),
            outside(
                "the certificate is self-signed, expired or for another name: for a WebSocket the browser asks nobody and fails",
                "证书是自签名的、已过期或域名不符：对 WebSocket，浏览器不会询问用户，直接失败",
            ),
            outside(
                "`proxy_pass https://` to a backend without TLS (502), or `http://` to one with it (400, 502)",
                "后端没有 TLS 却写成 `proxy_pass https://`（502），或后端有 TLS 却写成 `http://`（400、502）",
            ),
            found(
                "websocket-scheme",
                "`proxy_pass wss://…`: nginx knows only `http://` and `https://` there",
                "`proxy_pass wss://…`：nginx 在这里只认识 `http://` 和 `https://`",
            ),
        ],
    },
    Symptom {
        keys: &[
            "unknown variable",
            "缺少 map",
            "unknown \"connection_upgrade\" variable",
            "unknown \"proxy_connection\" variable",
            "$connection_upgrade",
        ],
        title: text(
            "nginx: [emerg] unknown \"connection_upgrade\" variable",
            "nginx: [emerg] unknown \"connection_upgrade\" variable（变量未定义）",
        ),
        about: text(
            "`$connection_upgrade` is not built in: it is the work of a `map` in `http`, which most recipes show and many leave out. nginx refuses to start, and names neither file nor line. `$http_upgrade`, in contrast, is always there.",
            "`$connection_upgrade` 不是内置变量，它来自写在 `http` 中的 `map`；多数教程会给出这段 map，也有不少漏掉了它。nginx 会拒绝启动，而且不给出文件和行号。`$http_upgrade` 则始终存在。",
        ),
        causes: &[
            found("undefined-variable", "the map is missing", "缺少 map"),
            found(
                "misspelled-websocket-setting",
                "the variable is there under a slightly different name",
                "变量已定义，但名称略有出入",
            ),
            found(
                "directive-not-allowed",
                "the map stands in `server`: nginx refuses it there and allows it only in `http`",
                "map 写在了 `server` 中：nginx 不允许，只能写在 `http` 中",
            ),
            outside(
                "the file with the map is not included, or nginx is started with another configuration",
                "含有 map 的文件没有被 include，或 nginx 启动时用的是另一份配置",
            ),
        ],
    },
    Symptom {
        keys: &[
            "invalid number of arguments",
            "unknown directive",
            "unexpected end of file",
            "is not terminated by",
            "has no opening",
            "directive is not allowed here",
            "directive is duplicate",
            "configuration file test failed",
            "全角",
        ],
        title: text("nginx refuses to start, and `nginx -t` says why", "nginx 无法启动，`nginx -t` 给出了原因"),
        about: text(
            "nginx names the line at which it noticed, and the mistake often stands above it: a lost `;` lets the next line be read as arguments, a lost `}` shows at the end of the file. A character that looks like a blank or a `;` does the same. Until nginx starts, the old configuration goes on, if there was one.",
            "nginx 报的是它发现问题的那一行，而错误往往在更上面：漏掉的 `;` 会让下一行被当成参数，漏掉的 `}` 要到文件末尾才报出来。看起来像空格或 `;` 的字符也会造成同样的结果。在它能启动之前，如果原来有配置在运行，就会继续使用旧配置。",
        ),
        causes: &[
            found(
                "syntax-error",
                "a `;`, a brace or a quote is missing, or a full-width character stands in its place",
                "漏了 `;`、花括号或引号，或者写成了全角字符",
            ),
            found(
                "directive-not-allowed",
                "a directive stands where nginx does not take it, such as `proxy_set_header` in `if`",
                "指令写在了不允许的位置，例如 `if` 中的 `proxy_set_header`",
            ),
            found("misspelled-websocket-setting", "the name of a directive is misspelt", "指令名写错了"),
            found("rejected-by-nginx", "a value that nginx does not take", "有 nginx 不接受的值"),
        ],
    },
    Symptom {
        keys: &[
            "polling",
            "long polling",
            "long-polling",
            "transport=polling",
            "轮询",
            "长轮询",
            "sse",
            "server-sent events",
            "eventsource",
            "session id unknown",
        ],
        title: text(
            "it works, and yet only by long polling: Socket.IO and SignalR fall back",
            "能用，但只是在长轮询：Socket.IO 和 SignalR 已回退",
        ),
        about: text(
            "Socket.IO starts with polling and then tries WebSocket; SignalR tries WebSocket first and falls back to server-sent events or polling. When the handshake fails, the page still works, with more requests and more delay, and the console shows one error. To see it, look for a request with status 101 in the network tab.",
            "Socket.IO 先用轮询，再尝试 WebSocket；SignalR 先尝试 WebSocket，失败后回退到 SSE 或轮询。握手失败时，页面仍然能用，但请求更多、延迟更高，控制台里有一条错误。要确认，可在开发者工具“网络”面板中看有没有状态码为 101 的请求。",
        ),
        causes: &[
            NOT_FORWARDED,
            WRONG_CONNECTION,
            SHADOWED,
            MISSPELLED,
            NO_CONNECTION,
            NO_UPGRADE,
            WRONG_UPGRADE,
            WRONG_MAP,
            found(
                "no-session-affinity",
                "several servers and no affinity: polling itself fails now and then with 400, `Session ID unknown`",
                "有多台服务器而没有会话保持：轮询本身也会时而返回 400，`Session ID unknown`",
            ),
            outside(
                "the headers are set for some of the application's paths, and not for this one",
                "只为应用的部分路径设置了握手请求头，没有包括这一个",
            ),
            STRIPPED_BEFORE,
            outside(
                "WebSocket is switched off in the client or in the server (`transports: ['polling']`)",
                "客户端或服务端关闭了 WebSocket（`transports: ['polling']`）",
            ),
        ],
    },
];
