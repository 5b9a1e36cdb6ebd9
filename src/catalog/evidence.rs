//! What says that an endpoint carries WebSocket: paths, upstream names and comments. The precision
//! behind each stands beside it: how many of the sampled public nginx locations with that path
//! were WebSocket endpoints.

/// What a location's path says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathEvidence {
    /// It carries WebSocket.
    WebSocket,
    /// It does not: ACME challenges, health checks, …
    Excluded,
    /// A pattern of static files: whatever is set there.
    Files,
    /// Nothing.
    Nothing,
}

/// What a comment says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommentEvidence {
    /// It speaks of WebSocket.
    WebSocket,
    /// It says that this is something else: no WebSocket, server-sent events.
    Denied,
    /// Nothing.
    Nothing,
}

/// A path segment that stands for WebSocket wherever it stands.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "internals"), allow(dead_code, reason = "the documentation is made from it"))]
pub struct Signal {
    /// The segment, in lower case.
    pub segment: &'static str,
    /// How many of the sampled locations with it were WebSocket endpoints; empty where the sample was
    /// too small to count, and the software's own documentation says so.
    pub sample: &'static str,
    /// Whose path it is.
    pub of: &'static str,
}

const fn signal(segment: &'static str, sample: &'static str, of: &'static str) -> Signal {
    Signal { segment, sample, of }
}

/// The table of paths, sorted; samples are of public nginx configurations.
pub const SIGNALS: &[Signal] = &[
    signal("_stcore", "10 of 10", "Streamlit, `/_stcore/stream`"),
    signal("bbb-webrtc-sfu", "", "BigBlueButton"),
    signal("cable", "7 of 7", "Rails Action Cable"),
    signal("centrifugo", "", "Centrifugo"),
    signal("colibri-ws", "", "Jitsi Videobridge"),
    signal("cryptpad_websocket", "", "CryptPad"),
    signal("engine.io", "", "Engine.IO, under Socket.IO"),
    signal("guacamole", "8 of 8", "Apache Guacamole, `/guacamole/websocket-tunnel`"),
    signal("hub", "5 of 5", "Bitwarden and Vaultwarden, `/notifications/hub`"),
    signal("hubs", "10 of 10", "ASP.NET Core SignalR"),
    signal("livekit", "", "LiveKit"),
    signal("mqtt", "10 of 10", "MQTT over WebSocket"),
    signal("peerjs", "10 of 10", "PeerJS"),
    signal("phoenix", "", "Phoenix"),
    signal("signalr", "9 of 9", "ASP.NET SignalR"),
    signal("socket", "10 of 10", "Phoenix, `/socket/websocket`, and many others"),
    signal("socket.io", "10 of 10", "Socket.IO; Vite and webpack behind it, n8n, code-server, Rocket.Chat"),
    signal("sockjs", "10 of 10", "SockJS, Meteor, Rocket.Chat"),
    signal("sockjs-node", "10 of 10", "webpack-dev-server"),
    signal("standalone-signaling", "", "Nextcloud Talk"),
    signal("stomp", "", "STOMP over WebSocket, Spring, RabbitMQ"),
    signal("vite-hmr", "", "Vite"),
    signal("webpack-hmr", "10 of 10", "Next.js, `/_next/webpack-hmr`"),
    signal(
        "websocket",
        "10 of 10",
        "Home Assistant, `/api/websocket`; Odoo; Mattermost, `/api/v4/websocket`; Jupyter terminals",
    ),
    signal("websockets", "10 of 10", "many"),
    signal("websockify", "10 of 10", "noVNC"),
    signal("ws", "10 of 10", "many; Grafana Live, `/api/live/ws`"),
    signal("ws-stomp", "9 of 9", "Spring"),
    signal("wsapp", "", "Zoom and others"),
    signal("wss", "", "many"),
    signal("xmpp-websocket", "10 of 10", "Prosody, ejabberd, Jitsi"),
];

/// Applications that open a WebSocket somewhere below the prefix that they are given, sorted.
pub const APPLICATIONS: &[(&str, &str)] = &[
    ("cockpit", "Cockpit"),
    ("code-server", "code-server"),
    ("esphome", "ESPHome"),
    ("foundryvtt", "Foundry Virtual Tabletop"),
    ("grafana", "Grafana Live, `/api/live/ws`"),
    ("home-assistant", "Home Assistant, `/api/websocket`"),
    ("homeassistant", "Home Assistant, `/api/websocket`"),
    ("jupyter", "Jupyter, `/api/kernels/…/channels`"),
    ("jupyterhub", "JupyterHub"),
    ("jupyterlab", "JupyterLab"),
    ("mainsail", "Mainsail, `/websocket`"),
    ("node-red", "Node-RED, `/comms`"),
    ("nodered", "Node-RED, `/comms`"),
    ("novnc", "noVNC, `/websockify`"),
    ("octoprint", "OctoPrint, `/sockjs`"),
    ("openvscode", "OpenVSCode Server"),
    ("rstudio", "RStudio Server"),
    ("shiny", "Shiny"),
    ("streamlit", "Streamlit, `/_stcore/stream`"),
    ("ttyd", "ttyd, `/ws`"),
    ("uptime-kuma", "Uptime Kuma, `/socket.io/`"),
    ("wetty", "WeTTY, `/socket.io/`"),
    ("zigbee2mqtt", "Zigbee2MQTT, `/api`"),
];

/// Segments that make a path no WebSocket endpoint although another one says so.
const EXCEPTIONS: &[&str] = &[
    "negotiate",
    "host-config",
    "allowed-message-origins",
    "socket.io.js",
    "websocket.js",
    "ws.js",
    "stomp.js",
    "sockjs.js",
];

/// Paths that are no WebSocket endpoint, by segment.
pub const EXCLUDED: &[&str] = &[
    ".well-known",
    "acme-challenge",
    "favicon.ico",
    "robots.txt",
    "health",
    "healthz",
    "metrics",
    "stub_status",
    "nginx_status",
    "static",
    "assets",
];

/// Ends of file names that are static.
const STATIC: &[&str] = &[
    "js", "css", "png", "jpg", "jpeg", "gif", "ico", "svg", "woff", "woff2", "ttf", "map", "webp", "html", "txt", "xml",
];

/// What the path of a `location` says; for a regular expression, its text.
pub fn path_evidence(path: &str, regex: bool) -> PathEvidence {
    if regex && names_files(path) {
        return PathEvidence::Files;
    }
    let lower = path.to_ascii_lowercase();
    let segments: Vec<&str> = lower
        .split(|c: char| if regex { !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')) } else { c == '/' })
        .filter(|s| !s.is_empty())
        .collect();
    if segments.iter().any(|s| EXCLUDED.contains(s)) {
        return PathEvidence::Excluded;
    }
    if segments.iter().any(|s| EXCEPTIONS.contains(s)) {
        return PathEvidence::Nothing;
    }
    let last_is_static = segments.last().and_then(|s| s.rsplit_once('.')).is_some_and(|(_, end)| STATIC.contains(&end));
    if last_is_static {
        return PathEvidence::Excluded;
    }
    let says = |s: &&str| {
        SIGNALS.binary_search_by_key(s, |signal| signal.segment).is_ok()
            || (segments.len() == 1 && APPLICATIONS.binary_search_by_key(s, |(segment, _)| segment).is_ok())
            || s.ends_with("-ws")
            || s.starts_with("ws-")
            || s.ends_with("_ws")
            || s.ends_with("websocket")
    };
    if segments.iter().any(says) { PathEvidence::WebSocket } else { PathEvidence::Nothing }
}

/// Words in the name of an upstream or backend host that stand for WebSocket: 14 of 15 samples.
pub const UPSTREAM_WORDS: &[&str] = &[
    "ws",
    "wss",
    "websocket",
    "websockets",
    "socketio",
    "cable",
    "daphne",
    "gevent",
    "signaling",
    "ttyd",
    "websockify",
    "novnc",
];

/// Whether the name of an upstream or host says that it carries WebSocket.
pub fn upstream_evidence(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.split(|c: char| !c.is_ascii_alphanumeric()).any(|w| UPSTREAM_WORDS.contains(&w) || w.ends_with("websocket"))
}

/// Whether a regular expression asks for the ends of static files' names: `\.(js|css|png)$`, `\.css`. 1 of
/// 24 such locations was a WebSocket endpoint.
fn names_files(pattern: &str) -> bool {
    let text = pattern.to_ascii_lowercase().replace("?:", "");
    text.match_indices("\\.").any(|(at, _)| {
        let behind = &text[at + 2..];
        let list = match behind.strip_prefix('(') {
            Some(group) => group.split(')').next().unwrap_or(group),
            None => behind.split(|c: char| !(c.is_ascii_alphanumeric() || c == '?')).next().unwrap_or_default(),
        };
        // `jpe?g`, `woff2?`
        list.split('|').any(|end| STATIC.contains(&end.replace('?', "").as_str()))
    })
}

/// Words that speak of WebSocket in every language.
const SPOKEN: &[&str] = &["websocket", "web socket", "socket.io", "signalr", "sockjs", "action cable", "actioncable"];

/// What denies it right in front of the word, a blank or small word between left out.
const DENIED_BEFORE: &[&str] = &[
    "no",
    "not",
    "non",
    "without",
    "disable",
    "disabled",
    "disables",
    "never",
    "isn't",
    "aren't",
    "doesn't support",
    "kein",
    "keine",
    "keinen",
    "ohne",
    "nicht",
    "pas de",
    "sans",
    "sin",
    "sem",
    "senza",
    "без",
    "не",
    "нет",
    "не поддерживает",
    "не использует",
    "不支持",
    "不是",
    "非",
    "无需",
    "不需要",
    "不用",
    "不使用",
    "不走",
    "不启用",
    "未启用",
    "禁用",
    "禁止",
    "关闭",
    "没有",
    "无",
    "不含",
    "不提供",
    "不支援",
    "停用",
    "無需",
    "不經過",
];

/// What denies it right behind the word.
const DENIED_BEHIND: &[&str] = &[
    "は使わない",
    "は使用しない",
    "を使わない",
    "を使用しない",
    "ではない",
    "じゃない",
    "なし",
    "不要",
    "非対応",
    "未対応",
    "無効",
    "아님",
    "아닌",
    "없음",
    "미사용",
    "사용 안",
    "사용하지",
    "지원하지",
    "불필요",
    "不需要",
    "不支持",
    "未启用",
    "已禁用",
    "已关闭",
    "is not",
    "not used",
    "not needed",
    "disabled",
    "not supported",
    "not required",
    "не нужен",
    "не используется",
    "nicht",
];

/// Words for server-sent events, which go the other way.
const EVENTS: &[&str] = &["server-sent", "server sent", "eventsource", "event-stream", "event stream"];

/// What a comment on a location says: 22 of 28 samples that spoke of WebSocket were endpoints.
pub fn comment_evidence(comment: &str) -> CommentEvidence {
    let lower = comment.to_lowercase();
    let mut says = false;
    for word in SPOKEN {
        for (at, _) in lower.match_indices(word) {
            let before = lower[..at].trim_end_matches([' ', '-', '"', '`', '\'']);
            let before = [" a", " an", " any", " for", " use", " the"]
                .iter()
                .fold(before, |b, small| b.strip_suffix(small).unwrap_or(b));
            let behind = lower[at + word.len()..].trim_start_matches(['s', ' ', '"', '`', '\'', ':', '：']);
            let whole = |denial: &&&str| {
                let head = &before[..before.len() - denial.len()];
                // `not` is no end of `cannot`; Chinese has no blanks between words.
                !denial.is_ascii() || !head.chars().next_back().is_some_and(char::is_alphanumeric)
            };
            let denied = DENIED_BEFORE.iter().filter(|d| before.ends_with(**d)).any(|d| whole(&d))
                || DENIED_BEHIND.iter().any(|d| behind.starts_with(d));
            if denied {
                return CommentEvidence::Denied;
            }
            says = true;
        }
    }
    let of_events = || {
        let word = |w: &str| lower.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| part == w);
        word("sse") || EVENTS.iter().any(|w| lower.contains(w))
    };
    match says {
        true => CommentEvidence::WebSocket,
        false if of_events() => CommentEvidence::Denied,
        false => CommentEvidence::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_say_what_the_samples_say() {
        assert!(SIGNALS.is_sorted_by_key(|s| s.segment) && APPLICATIONS.is_sorted_by_key(|a| a.0));
        for (path, regex, want) in [
            ("/ws", false, PathEvidence::WebSocket),
            ("/socket.io/", false, PathEvidence::WebSocket),
            ("/_next/webpack-hmr", false, PathEvidence::WebSocket),
            ("^/cool/(.*)/ws$", true, PathEvidence::WebSocket),
            ("/pad/socket.io/socket.io.js", false, PathEvidence::Nothing),
            ("/hubs/chat/negotiate", false, PathEvidence::Nothing),
            (r"\.(js|css|png)$", true, PathEvidence::Files),
            (r"\.css", true, PathEvidence::Files),
            (r"\.(?:jpe?g|woff2?)(\?.*)?$", true, PathEvidence::Files),
            ("/app/_stcore/host-config", false, PathEvidence::Nothing),
            ("/grafana/", false, PathEvidence::WebSocket),
            ("/.well-known/acme-challenge/", false, PathEvidence::Excluded),
            ("/", false, PathEvidence::Nothing),
            ("/news", false, PathEvidence::Nothing),
            ("/api", false, PathEvidence::Nothing),
            ("/chat", false, PathEvidence::Nothing),
            ("/colibri-ws/", false, PathEvidence::WebSocket),
        ] {
            assert_eq!(path_evidence(path, regex), want, "{path}");
        }
        for (comment, want) in [
            ("# WebSocket support", CommentEvidence::WebSocket),
            ("# cannot do without proxies: WebSocket", CommentEvidence::WebSocket),
            ("# no WebSockets here", CommentEvidence::Denied),
            ("# this is not a websocket", CommentEvidence::Denied),
            ("# 非 WebSocket 请求", CommentEvidence::Denied),
            ("# 非常重要：WebSocket 长连接", CommentEvidence::WebSocket),
            ("# WebSocket 接口，无需登录", CommentEvidence::WebSocket),
            ("# websocket 不支持", CommentEvidence::Denied),
            ("# WebSocketは使わない", CommentEvidence::Denied),
            ("# без WebSocket", CommentEvidence::Denied),
            ("# Server-Sent Events", CommentEvidence::Denied),
            ("# SSE and WebSocket", CommentEvidence::WebSocket),
            ("# assets", CommentEvidence::Nothing),
        ] {
            assert_eq!(comment_evidence(comment), want, "{comment}");
        }
        assert!(
            upstream_evidence("vaultwarden-ws") && upstream_evidence("odoo_websocket") && !upstream_evidence("news")
        );
    }
}
