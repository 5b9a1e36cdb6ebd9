//! The request line towards the backend (http/modules/ngx_http_proxy_module.c,
//! `ngx_http_proxy_create_request`).

use super::route::{Location, Matcher};
use crate::model::config::scope::{Config, OccId, ScopeId};
use crate::model::value::eval::Scope as Variables;
use crate::model::value::request::Value;
use crate::syntax::address::Target;
use crate::syntax::word;

/// The URI that the backend is asked for.
pub fn upstream_uri(
    config: Config<'_>,
    location: ScopeId,
    pass: OccId,
    vars: &mut Variables<'_>,
    valid_location: bool,
    unparsed: bool,
) -> Value {
    let Some(text) = config.arg(pass, 0) else { return Value::Unknown };
    let with_variables = word::has_variables(&text);
    let Value::Known(url) = vars.url(&text) else { return Value::Unknown };
    let part = Target::of(url).uri().to_vec();
    if with_variables && !part.is_empty() {
        return Value::Known(part);
    }
    if part.is_empty() && unparsed {
        return vars.request.request_uri.clone();
    }
    let Value::Known(path) = vars.uri.clone() else { return Value::Unknown };
    let matcher = config.scope(location).opened_by.and_then(|o| Location::read(config, o)).map(|l| l.matcher);
    let replaced = match matcher {
        Some(Matcher::Exact(p) | Matcher::Prefix(p, _)) if valid_location && !part.is_empty() => p.len(),
        _ => 0,
    };
    let mut out = if valid_location { part } else { Vec::new() };
    out.extend(escape(path.get(replaced..).unwrap_or_default()));
    match vars.args.clone() {
        Value::Known(args) if args.is_empty() => {}
        Value::Known(args) => {
            out.push(b'?');
            out.extend(args);
        }
        Value::Unknown => return Value::Unknown,
    }
    Value::Known(out)
}

/// `NGX_ESCAPE_URI`: spaces, controls, `#`, `%`, `?` and bytes above 0x7e.
fn escape(path: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(path.len());
    for &b in path {
        if b <= b' ' || b >= 0x7f || matches!(b, b'#' | b'%' | b'?') {
            out.extend(format!("%{b:02X}").into_bytes());
        } else {
            out.push(b);
        }
    }
    out
}
