//! What becomes of a handshake, and why.

use super::handshake::Refusal;
use crate::model::config::scope::OccId;
use crate::source::Place;

/// The four verdicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// nginx forwards the handshake and tunnels after the backend's 101.
    Upgrades,
    /// nginx accepts the configuration and the handshake fails.
    Broken,
    /// nginx refuses to start with the configuration.
    Rejected,
    /// The files at hand do not decide it.
    Unknown,
}

impl Verdict {
    /// The word in reports and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Upgrades => "upgrades",
            Verdict::Broken => "broken",
            Verdict::Rejected => "rejected",
            Verdict::Unknown => "unknown",
        }
    }
}

/// What one way through the configuration leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The handshake succeeds.
    Upgrades,
    /// It fails.
    Broken(Reason),
    /// It depends.
    Unknown(Why),
}

impl Outcome {
    /// The verdict without its reason.
    pub fn verdict(&self) -> Verdict {
        match self {
            Outcome::Upgrades => Verdict::Upgrades,
            Outcome::Broken(_) => Verdict::Broken,
            Outcome::Unknown(_) => Verdict::Unknown,
        }
    }
}

/// Why a handshake fails.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The backend does not see a valid handshake.
    Refused(Refusal),
    /// `proxy_http_version 2` never upgrades.
    Http2Upstream(OccId),
    /// This directive answers before the request is proxied, with this status.
    Answered(OccId, u16),
    /// No location matches, or the one that does has no handler: nginx serves files.
    Static(Option<OccId>),
    /// `try_files` ends in an answer of its own.
    TryFiles(OccId),
    /// A handler that cannot carry WebSocket.
    OtherHandler(OccId),
    /// `deny all`
    Denied(OccId),
    /// No path begins as this `location` does: paths begin with `/` (`ngx_http_parse_request_line`).
    NoSuchPath(OccId),
    /// `internal`: requests from outside get 404.
    Internal(OccId),
    /// `/path` is answered with a redirect to `/path/`.
    SlashRedirect(OccId),
    /// The browser does not see a header of the 101.
    HiddenResponse(OccId, String),
    /// The browser sees a header of the 101 twice.
    DuplicateResponse(OccId, String),
    /// The 101 is sent with another status (`error_page` without `=`).
    StatusReplaced(OccId),
    /// `proxy_pass` with variables makes no URL.
    BadUrl(OccId, String),
    /// The URI that `proxy_pass` with variables sends holds a blank or a control character: no request line does.
    BadLine(OccId, String),
    /// `proxy_pass` with variables names a host, and there is no `resolver`.
    NoResolver(OccId, String),
    /// The request line has more bytes than nginx reads: those that it has, and those that are read.
    LongLine(u64, u64),
    /// This `ssl_protocols` has no version of TLS that a browser speaks.
    OldTls(OccId),
    /// The two sides of a hop have no version of TLS in common: the `ssl_protocols` or `proxy_ssl_protocols`.
    NoCommonTls(OccId),
    /// This `ssl_verify_client` insists on a certificate, and nginx has none to show.
    NoCertificate(OccId),
    /// The port speaks only HTTP/2.
    PlainHttp2(Option<OccId>),
    /// The port wants TLS and the URL is `ws://`, or the other way round.
    TlsMismatch(Option<OccId>),
    /// No server answers.
    NoServer,
    /// Internal redirects without end.
    Loop,
    /// This `try_files` ends in a page.
    Page(OccId),
    /// This `rewrite` leaves nothing of the URI.
    EmptyUri(OccId),
    /// The last `if` that holds has no address for the handler that an earlier one set.
    LostPass(OccId),
    /// All servers of this `upstream` are `down`.
    NoLiveServer(OccId),
    /// `proxy_connect_timeout 0`
    ConnectTimeout(OccId),
    /// Another `Sec-WebSocket-Key` than the browser's is sent.
    ForeignKey(OccId),
    /// The browser gets a header of the answer that it did not ask for.
    UnaskedResponse(OccId, String),
    /// `ssl_reject_handshake on`
    RejectsTls(OccId),
    /// One side speaks the PROXY protocol and the other does not: the `listen` or `proxy_protocol` that says so.
    ProxyProtocol(OccId),
    /// This `listen` of `stream` is one of `http`, too: nginx cannot take a port twice.
    PortTaken(OccId),
    /// nginx before 1.3.13.
    NoTunnel,
    /// The server of this configuration that `proxy_pass` leads to does not pass it on.
    NextHop(OccId, Box<Reason>),
    /// `proxy_pass` leads back to where it stands.
    HopLoop(OccId),
}

impl Reason {
    /// The directive that is to blame, where one alone is.
    pub fn culprit(&self) -> Option<OccId> {
        match self {
            Reason::Http2Upstream(o)
            | Reason::Answered(o, _)
            | Reason::TryFiles(o)
            | Reason::OtherHandler(o)
            | Reason::Denied(o)
            | Reason::Internal(o)
            | Reason::NoSuchPath(o)
            | Reason::HiddenResponse(o, _)
            | Reason::DuplicateResponse(o, _)
            | Reason::StatusReplaced(o)
            | Reason::BadUrl(o, _)
            | Reason::BadLine(o, _)
            | Reason::NoResolver(o, _)
            | Reason::Page(o)
            | Reason::EmptyUri(o)
            | Reason::LostPass(o)
            | Reason::NoLiveServer(o)
            | Reason::ConnectTimeout(o)
            | Reason::ForeignKey(o)
            | Reason::UnaskedResponse(o, _)
            | Reason::OldTls(o)
            | Reason::NoCommonTls(o)
            | Reason::NoCertificate(o)
            | Reason::RejectsTls(o)
            | Reason::ProxyProtocol(o)
            | Reason::PortTaken(o)
            | Reason::NextHop(o, _)
            | Reason::HopLoop(o) => Some(*o),
            _ => None,
        }
    }
}

/// What is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// An include that could not be read may change it.
    Include,
    /// This tag, or this word with a placeholder, of a template.
    Template(Place),
    /// A value that only a running nginx has.
    Values,
    /// A cache may answer.
    Cache(OccId),
    /// `ssi_types *`
    Ssi(OccId),
    /// `proxy_read_timeout 0`
    ReadTimeout(OccId),
    /// `limit_rate` below the size of the response.
    LimitRate(OccId),
    /// Response buffers below 1k.
    Buffer(OccId),
    /// An `auth_request` or `mirror` target sends the handshake headers too.
    Subrequest(OccId),
    /// A handler of a module that answers by its own rules.
    Handler(OccId),
    /// A condition that the request decides.
    Condition,
    /// A regular expression that could not be decided.
    Pattern(OccId),
    /// An `error_page` that leads back to an endpoint, depending on the files on disk.
    Files,
}
