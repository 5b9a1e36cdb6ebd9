//! The answer to a handshake, and what it gives away.

/// What `Sec-WebSocket-Accept` has to be for the probe's key (RFC 6455 §1.3).
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// What came back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The status, if it is HTTP/1.x.
    pub status: Option<u16>,
    /// The first line as it came.
    pub first_line: String,
    /// Headers in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The beginning of the body.
    pub body: String,
    /// After a 101: whether the ping was answered.
    pub pong: Option<bool>,
}

/// What an answer says for certain, beyond its status. Each points to one cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clue {
    /// Everything is as it should be.
    Opened,
    /// 101 without `Upgrade: websocket`, or with a second one.
    UpgradeHeaderMissing,
    /// 101 with more than one `Upgrade`.
    UpgradeHeaderTwice,
    /// 101 without `Sec-WebSocket-Accept`, or with a wrong one.
    AcceptMissing,
    /// The answer is HTTP/2 frames: the port speaks nothing else.
    Http2Only,
    /// nginx's own page: plain HTTP was sent to its TLS port.
    PlainToTls,
    /// nginx made this answer itself; the request did not reach the backend.
    FromNginx,
    /// A redirect to the same address with `https`.
    RedirectToTls,
    /// A redirect to the same path with a slash at its end.
    RedirectToSlash,
    /// The backend asks for a newer HTTP version than it got.
    OldHttp,
    /// A page of HTML where a 101 should be.
    Page,
}

impl Answer {
    /// Reads the head of an answer, whole or cut off; `None` for nothing at all.
    pub fn parse(bytes: &[u8]) -> Option<Answer> {
        if bytes.is_empty() {
            return None;
        }
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let mut lines = head.split("\r\n");
        let first_line = lines.next().unwrap_or_default().to_owned();
        let status = first_line
            .strip_prefix("HTTP/1.")
            .and_then(|rest| rest.split_whitespace().nth(1))
            .and_then(|code| code.parse().ok());
        let headers = lines
            .filter_map(|l| l.split_once(':'))
            .map(|(n, v)| (n.trim().to_ascii_lowercase(), v.trim().to_owned()))
            .collect();
        Some(Answer { status, first_line, headers, body: body.chars().take(4096).collect(), pong: None })
    }

    /// The values of a header.
    pub fn header(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str()).collect()
    }

    /// What it says for certain, the most telling first. `path` is the path that was asked for.
    pub fn clues(&self, path: &str) -> Vec<Clue> {
        let mut out = Vec::new();
        let Some(status) = self.status else {
            // A SETTINGS or GOAWAY frame begins with three bytes of length and a type.
            out.push(Clue::Http2Only);
            return out;
        };
        if status == 101 {
            let upgrades = self.header("upgrade");
            match upgrades.as_slice() {
                [one] if one.eq_ignore_ascii_case("websocket") => {}
                [_, _, ..] => out.push(Clue::UpgradeHeaderTwice),
                _ => out.push(Clue::UpgradeHeaderMissing),
            }
            if self.header("sec-websocket-accept") != [ACCEPT] {
                out.push(Clue::AcceptMissing);
            }
            if out.is_empty() {
                out.push(Clue::Opened);
            }
            return out;
        }
        let own_page = self.body.contains("<center>nginx") || self.body.contains("<center>openresty");
        if own_page && self.body.contains("plain HTTP request was sent to HTTPS port") {
            out.push(Clue::PlainToTls);
        }
        if (300..400).contains(&status) {
            let to = self.header("location").first().copied().unwrap_or_default();
            let target = to.split_once("://").map_or(to, |(_, rest)| rest.find('/').map_or("/", |at| &rest[at..]));
            let plain = path.split('?').next().unwrap_or(path);
            if target.split('?').next().unwrap_or(target) == format!("{plain}/") {
                out.push(Clue::RedirectToSlash);
            } else if to.starts_with("https://") {
                out.push(Clue::RedirectToTls);
            }
        }
        if status == 505 {
            out.push(Clue::OldHttp);
        }
        if own_page {
            out.push(Clue::FromNginx);
        } else if status == 200 && self.body.trim_start().starts_with('<') {
            out.push(Clue::Page);
        }
        out
    }
}

/// Whether nothing more has to be read: the head is there, and the body as far as it says its length.
pub(super) fn is_complete(bytes: &[u8]) -> bool {
    let Some(end) = memchr::memmem::find(bytes, b"\r\n\r\n") else { return false };
    let Some(answer) = Answer::parse(bytes) else { return false };
    if answer.status == Some(101) {
        return true;
    }
    match answer.header("content-length").first().and_then(|n| n.parse::<usize>().ok()) {
        Some(length) => bytes.len() >= end + 4 + length.min(8192),
        None => bytes.ends_with(b"0\r\n\r\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clues(text: &str) -> Vec<Clue> {
        Answer::parse(text.as_bytes()).unwrap().clues("/ws")
    }

    #[test]
    fn answers_give_away_what_they_can() {
        let good = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
        assert_eq!(clues(good), [Clue::Opened]);
        assert_eq!(clues(&good.replace("Upgrade: websocket\r\n", "")), [Clue::UpgradeHeaderMissing]);
        assert_eq!(
            clues(&good.replace("Upgrade: websocket\r\n", "Upgrade: websocket\r\nUpgrade: x\r\n")),
            [Clue::UpgradeHeaderTwice]
        );
        assert_eq!(clues(&good.replace("s3pP", "xxxx")), [Clue::AcceptMissing]);
        assert_eq!(clues("HTTP/1.1 301 Moved\r\nLocation: http://a/ws/\r\n\r\n"), [Clue::RedirectToSlash]);
        assert_eq!(clues("HTTP/1.1 301 Moved\r\nLocation: https://a/ws\r\n\r\n"), [Clue::RedirectToTls]);
        assert_eq!(clues("HTTP/1.1 404 Not Found\r\n\r\n<center>nginx/1.22.1</center>"), [Clue::FromNginx]);
        assert_eq!(clues("HTTP/1.1 200 OK\r\n\r\n<!doctype html>"), [Clue::Page]);
        assert_eq!(clues("HTTP/1.1 505 x\r\n\r\n"), [Clue::OldHttp]);
        assert_eq!(clues("\0\0\u{12}\u{4}"), [Clue::Http2Only]);
    }
}
