//! What single directives of the request's phases do: handlers, `deny`, `error_page`.

use crate::catalog::{Name, name};
use crate::model::config::scope::{Config, OccId, ScopeId};
use crate::model::value::pattern::Pattern;

/// Whether a directive sets the content handler of its location.
pub fn is_handler(config: Config<'_>, occ: OccId) -> bool {
    match config.occ(occ).name {
        name::PROXY_PASS
        | name::FASTCGI_PASS
        | name::UWSGI_PASS
        | name::SCGI_PASS
        | name::GRPC_PASS
        | name::MEMCACHED_PASS
        | name::EMPTY_GIF
        | name::STUB_STATUS
        | name::FLV
        | name::MP4
        | name::PERL
        | name::TUNNEL_PASS => true,
        Name::UNKNOWN => {
            let text = config.name_text(occ);
            let starts = [
                &b"content_by_lua"[..],
                b"js_content",
                b"echo",
                b"nchan_",
                b"push_stream_",
                b"push_",
                b"rtmp_stat",
                b"vod",
            ];
            text.ends_with(b"_pass")
                || starts.iter().any(|s| text.starts_with(s))
                || (&*text == b"passenger_enabled" && config.switch(occ) == Some(true))
        }
        _ => false,
    }
}

/// `deny all` with nothing allowed before it, unless `satisfy any` leaves another way in.
pub(super) fn denied(config: Config<'_>, scope: ScopeId) -> Option<OccId> {
    let level = config.outward(scope).find(|&s| config.has(s, name::ALLOW) || config.has(s, name::DENY))?;
    let first = config.own(level).find(|&o| matches!(config.occ(o).name, name::ALLOW | name::DENY))?;
    let all = config.occ(first).name == name::DENY && config.arg(first, 0).as_deref() == Some(b"all");
    let any = config.value(scope, name::SATISFY).as_deref() == Some(b"any");
    (all && !any).then_some(first)
}

/// The `error_page` for a status: the directive, what it says the status becomes, and its target.
pub(super) fn error_page(config: Config<'_>, scope: ScopeId, status: u16) -> Option<(OccId, Option<u16>, Vec<u8>)> {
    let level = config.effective_list(scope, name::ERROR_PAGE).0?;
    config.own_named(level, name::ERROR_PAGE).find_map(|occ| {
        let args = config.words(occ);
        let (target, codes) = args.split_last()?;
        let overwrite = codes
            .iter()
            .find(|c| c.starts_with(b"="))
            .map(|c| std::str::from_utf8(&c[1..]).ok().and_then(|n| n.parse().ok()).unwrap_or(0));
        let hit = codes.iter().any(|c| c == status.to_string().as_bytes());
        hit.then(|| (occ, overwrite, target.clone()))
    })
}

/// Whether an expression matches every path.
pub(super) fn pattern_matches_all(pattern: &Pattern) -> bool {
    matches!(
        pattern.text().as_str(),
        "^" | ".*" | "^.*$" | "^(.*)$" | "^.*" | "(.*)" | "/" | "^/" | "^/(.*)$" | "^/(.*)" | "^/.*"
    )
}
