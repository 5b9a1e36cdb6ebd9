//! The frames of the protocol: a header with a length, and JSON (LSP 3.17, "Base Protocol").
//!
//! The crate `lsp-server` (0.10.0) reads them, too, but trusts whoever writes them: it makes room for as many bytes as
//! a header claims before they are there, which ends the process for a large enough number; a request whose number it
//! does not like becomes a notification, for whose answer the client waits for ever; an error does not say which
//! request it was in. Each of these is a test here.

use std::io::{self, BufRead, Read, Write};

use serde_json::{Value, json};

/// A header line is a few words; what is longer is something else.
const MAX_HEADER: u64 = 8 * 1024;
/// No message is larger than the largest file that is read, with room for its escapes.
const MAX_BODY: u64 = 2 << 30;

/// What JSON-RPC and the protocol call the ways to fail.
pub(super) mod code {
    pub const PARSE_ERROR: i32 = -32700;
    pub const INVALID_REQUEST: i32 = -32600;
    pub const METHOD_NOT_FOUND: i32 = -32601;
    pub const INVALID_PARAMS: i32 = -32602;
    pub const INTERNAL_ERROR: i32 = -32603;
    pub const NOT_INITIALIZED: i32 = -32002;
    pub const REQUEST_CANCELLED: i32 = -32800;
}

/// One message of the client.
#[derive(Debug, PartialEq)]
pub(super) enum Incoming {
    /// It wants an answer.
    Request { id: Value, method: String, params: Value },
    /// It wants none.
    Notification { method: String, params: Value },
    /// The answer to a request of ours.
    Response { id: Value, result: Option<Value> },
    /// No message. It is answered, and the next one is read: a client that errs once may go on.
    Nonsense { id: Value, code: i32, why: String },
}

/// Reads the next message; `None` at the end of the input.
///
/// # Errors
/// Where the input breaks off.
pub(super) fn read(input: &mut impl BufRead) -> io::Result<Option<Incoming>> {
    let nonsense = |why: &str| Incoming::Nonsense { id: Value::Null, code: code::PARSE_ERROR, why: why.to_owned() };
    let Some(length) = read_header(input)? else { return Ok(None) };
    let Some(length) = length else { return Ok(Some(nonsense("a header without Content-Length"))) };
    // Nobody sends so much: it was no header, and what follows is read as if it began anew.
    if length > MAX_BODY {
        return Ok(Some(nonsense("a message beyond all bounds")));
    }
    // No buffer of this size before its bytes are there: the length is only a claim.
    let mut body = Vec::new();
    input.take(length).read_to_end(&mut body)?;
    if (body.len() as u64) < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(match serde_json::from_slice(&body) {
        Ok(message) => understood(message),
        Err(error) => nonsense(&error.to_string()),
    }))
}

/// The length that a header says, if it says one; `None` at the end of the input.
fn read_header(input: &mut impl BufRead) -> io::Result<Option<Option<u64>>> {
    let mut length = None;
    let mut began = false;
    loop {
        let mut line = Vec::new();
        input.take(MAX_HEADER).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(began.then_some(length));
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim();
        if text.is_empty() {
            // Blank lines before a header are nobody's.
            if began {
                return Ok(Some(length));
            }
            continue;
        }
        began = true;
        if let Some((name, value)) = text.split_once(':')
            && name.trim().eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok();
        }
    }
}

fn understood(mut message: Value) -> Incoming {
    let id = message.get("id").cloned();
    let is_id = |id: &Value| id.is_number() || id.is_string();
    let nonsense = |id: Option<Value>, why: &str| Incoming::Nonsense {
        id: id.filter(is_id).unwrap_or(Value::Null),
        code: code::INVALID_REQUEST,
        why: why.to_owned(),
    };
    if !message.is_object() {
        return nonsense(None, "a message is an object");
    }
    let method = message.get("method").map(|m| m.as_str().map(str::to_owned));
    let params = message.get_mut("params").map(Value::take).unwrap_or_default();
    match (method, id) {
        (Some(None), id) => nonsense(id, "`method` is a string"),
        (Some(Some(method)), None | Some(Value::Null)) => Incoming::Notification { method, params },
        (Some(Some(method)), Some(id)) if is_id(&id) => Incoming::Request { id, method, params },
        (Some(_), _) => nonsense(None, "`id` is a number or a string"),
        (None, Some(id)) if is_id(&id) && (message.get("result").is_some() || message.get("error").is_some()) => {
            Incoming::Response { id, result: message.get_mut("result").map(Value::take) }
        }
        (None, id) => nonsense(id, "neither request nor answer"),
    }
}

/// Writes a message.
///
/// # Errors
/// Where nobody reads any more.
pub(super) fn write(out: &mut dyn Write, message: &Value) -> io::Result<()> {
    let body = message.to_string();
    write!(out, "Content-Length: {}\r\n\r\n{body}", body.len())?;
    out.flush()
}

/// The answer to a request.
pub(super) fn answer(id: &Value, outcome: Result<Value, Refusal>) -> Value {
    match outcome {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(Refusal { code, why }) => {
            json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": why } })
        }
    }
}

/// Why a request gets no answer.
#[derive(Debug, PartialEq)]
pub(super) struct Refusal {
    /// One of [`code`].
    pub code: i32,
    /// For people.
    pub why: String,
}

impl Refusal {
    /// The request does not have what its method wants.
    pub fn params(what: &str) -> Refusal {
        Refusal { code: code::INVALID_PARAMS, why: format!("expected {what}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(input: &str) -> Vec<Incoming> {
        let mut input = input.as_bytes();
        std::iter::from_fn(|| read(&mut input).ok().flatten()).collect()
    }

    #[test]
    fn what_is_no_message_is_answered_and_the_next_one_is_read() {
        let frame = |body: &str| format!("Content-Length: {}\r\n\r\n{body}", body.len());
        let good = r#"{"jsonrpc":"2.0","method":"exit"}"#;
        let exit = || Incoming::Notification { method: "exit".to_owned(), params: Value::Null };
        for bad in ["{", "[]", "7", "{}", r#"{"id":1.5e3,"method":7}"#, r#"{"id":[],"method":"x"}"#, r#"{"id":1}"#, ""]
        {
            let found = all(&(frame(bad) + &frame(good)));
            assert!(matches!(found[0], Incoming::Nonsense { .. }), "{bad}: {found:?}");
            assert_eq!(found[1..], [exit()], "{bad}");
        }
        let found = all(&("Hello: world\r\n\r\n".to_owned() + &frame(good)));
        assert!(matches!(found[..], [Incoming::Nonsense { .. }, Incoming::Notification { .. }]), "{found:?}");
        let found = all(&format!("\r\ncontent-length:{}\nContent-Type: x\n\n{good}", good.len()));
        assert_eq!(found, [exit()]);
        assert_eq!(all("Content-Length: 99\r\n\r\n{}"), []);
    }

    #[test]
    fn no_claim_makes_room_and_no_number_is_lost() {
        let frame = |body: &str| format!("Content-Length: {}\r\n\r\n{body}", body.len());
        let good = frame(r#"{"jsonrpc":"2.0","method":"exit"}"#);
        for claim in ["18446744073709551615", "99999999999999", "-1", "x"] {
            let found = all(&format!("Content-Length: {claim}\r\n\r\n{good}"));
            assert!(
                matches!(found[..], [Incoming::Nonsense { .. }, Incoming::Notification { .. }]),
                "{claim}: {found:?}"
            );
        }
        for id in ["3000000000", "-1", "1.5e3", "\"a\""] {
            let found = all(&frame(&format!(r#"{{"id":{id},"method":"x"}}"#)));
            let wanted: Value = serde_json::from_str(id).unwrap();
            assert!(matches!(&found[..], [Incoming::Request { id, .. }] if *id == wanted), "{id}: {found:?}");
        }
        let found = all(&frame(r#"{"id":7,"method":7}"#));
        assert!(matches!(&found[..], [Incoming::Nonsense { id, .. }] if *id == json!(7)), "{found:?}");
    }
}
