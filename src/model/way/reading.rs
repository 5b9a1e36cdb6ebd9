//! What nginx reads of a request (http/ngx_http_request.c).

use super::verdict::Reason;
use crate::catalog::name;
use crate::model::config::scope::{Config, ScopeId};
use crate::model::value::request::{Request, Value};
use crate::syntax::word;

/// A request line for which no buffer is large enough (`ngx_http_alloc_large_header_buffer`).
pub(super) fn too_long(config: Config<'_>, reader: ScopeId, request: &Request) -> Option<Reason> {
    let (Value::Known(method), Value::Known(uri)) = (&request.method, &request.request_uri) else { return None };
    let length = (method.len() + uri.len() + b"  HTTP/1.1\r\n".len()) as u64;
    // No buffer is smaller than a pool's, and few URLs are longer.
    if length <= 256 {
        return None;
    }
    let setting = |name: &str, at: usize| {
        let line = config.outward(reader).find_map(|s| config.own(s).find(|&o| config.occ(o).name.as_str() == name))?;
        word::size(config.arg_text(line, at).as_bytes())
    };
    let first = setting("client_header_buffer_size", 0).unwrap_or(1 << 10);
    let reads = setting("large_client_header_buffers", 1).unwrap_or(8 << 10).max(first);
    (length > reads).then_some(Reason::LongLine(length, reads))
}

/// Whether nginx takes a header of this name for one (`ngx_http_parse_header_line`, `ngx_http_process_request_headers`).
pub(super) fn is_read(config: Config<'_>, server: ScopeId, name: &str) -> bool {
    let underscores = config.flag(server, name::UNDERSCORES_IN_HEADERS) == Some(true);
    let is_valid = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || (b == b'_' && underscores));
    is_valid || config.flag(server, name::IGNORE_INVALID_HEADERS) == Some(false)
}
