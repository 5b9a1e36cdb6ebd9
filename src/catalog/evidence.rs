//! What says that an endpoint carries WebSocket: paths, upstream names and comments. The precision
//! behind each stands beside it: how many of the sampled public nginx locations with that path
//! were WebSocket endpoints.

/// What a location's path says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathEvidence {
    /// It carries WebSocket.
    WebSocket,
    /// It does not: static files, ACME challenges, health checks, …
    Excluded,
    /// Nothing.
    Nothing,
}

/// What a comment says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommentEvidence {
    /// It speaks of WebSocket.
    WebSocket,
    /// Nothing.
    Nothing,
}

/// A path segment that stands for WebSocket wherever it stands.
#[derive(Clone, Copy, Debug)]
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

/// Segments that make a path no WebSocket endpoint although another one says so.
const EXCEPTIONS: &[&str] = &["negotiate", "socket.io.js", "websocket.js", "ws.js", "stomp.js", "sockjs.js"];

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
    if regex {
        // `\.(js|css|png)$`: 1 of 24 was a WebSocket endpoint.
        let text = path.replace('\\', "");
        if STATIC
            .iter()
            .filter(|e| {
                text.contains(&format!(".({e}|"))
                    || text.contains(&format!("|{e}|"))
                    || text.ends_with(&format!(".{e}$"))
            })
            .count()
            > 0
        {
            return PathEvidence::Excluded;
        }
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

/// What a comment on a location says: 22 of 28 samples that spoke of WebSocket were endpoints.
pub fn comment_evidence(comment: &str) -> CommentEvidence {
    let lower = comment.to_lowercase();
    let denied =
        ["no websocket", "not websocket", "non-websocket", "without websocket", "no-websocket", "disable websocket"]
            .iter()
            .any(|n| lower.contains(n));
    let says = ["websocket", "web socket", "socket.io", "signalr", "sockjs", "action cable", "actioncable"]
        .iter()
        .any(|w| lower.contains(w));
    if says && !denied { CommentEvidence::WebSocket } else { CommentEvidence::Nothing }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_say_what_the_samples_say() {
        assert!(SIGNALS.is_sorted_by_key(|s| s.segment));
        for (path, regex, want) in [
            ("/ws", false, PathEvidence::WebSocket),
            ("/socket.io/", false, PathEvidence::WebSocket),
            ("/_next/webpack-hmr", false, PathEvidence::WebSocket),
            ("^/cool/(.*)/ws$", true, PathEvidence::WebSocket),
            ("/pad/socket.io/socket.io.js", false, PathEvidence::Nothing),
            ("/hubs/chat/negotiate", false, PathEvidence::Nothing),
            (r"\.(js|css|png)$", true, PathEvidence::Excluded),
            ("/.well-known/acme-challenge/", false, PathEvidence::Excluded),
            ("/", false, PathEvidence::Nothing),
            ("/news", false, PathEvidence::Nothing),
            ("/api", false, PathEvidence::Nothing),
            ("/chat", false, PathEvidence::Nothing),
            ("/colibri-ws/", false, PathEvidence::WebSocket),
        ] {
            assert_eq!(path_evidence(path, regex), want, "{path}");
        }
        assert!(
            upstream_evidence("vaultwarden-ws") && upstream_evidence("odoo_websocket") && !upstream_evidence("news")
        );
    }
}
