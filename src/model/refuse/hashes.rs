//! Names that are too long for the hash that nginx puts them into (`ngx_hash_init`), on the machines that nearly all
//! run it on: with pointers and cache lines of 8 and 64 bytes.

use super::{Refusal, RefusalKind as Kind};
use crate::catalog::name;
use crate::model::config::scope::{OccId, ScopeId, ScopeKind};
use crate::model::way::world::World;
use crate::syntax::word;

/// What a bucket holds where nobody says otherwise, in bytes.
const BUCKET: u64 = 64;

/// Whether a bucket of this size takes a name of this length (`NGX_HASH_ELT_SIZE`).
fn takes(bucket: u64, length: usize) -> bool {
    8 + (length as u64 + 2).next_multiple_of(8) + 8 <= bucket
}

pub(super) fn check(world: &World<'_>, out: &mut Vec<Refusal>) {
    for block in world.lines.named(world.config, &[name::MAP]) {
        map_keys(world, block, out);
    }
}

/// The size that a line gives to a hash, in whole cache lines.
fn size(world: &World<'_>, scope: ScopeId, directive: &str) -> Option<u64> {
    let config = world.config;
    let line = config.own(scope).find(|&o| config.occ(o).name.as_str() == directive)?;
    Some(word::size(config.arg_text(line, 0).as_bytes())?.next_multiple_of(BUCKET))
}

/// The strings among the keys of a `map` (`ngx_http_map_block`, `ngx_stream_map_block`).
fn map_keys(world: &World<'_>, map: OccId, out: &mut Vec<Refusal>) {
    let config = world.config;
    let (Some(scope), around) = (config.occ(map).opens(), config.occ(map).scope) else { return };
    let own: Vec<OccId> = config.own(scope).collect();
    // With wildcards the names stand in other hashes, in parts.
    if own.iter().any(|&l| &*config.name_text(l) == b"hostnames") {
        return;
    }
    let is_long = |l: &OccId| {
        let key = config.name_text(*l);
        let plain = key.strip_prefix(b"\\").unwrap_or(&key);
        plain.len() > 46 && key.first() != Some(&b'~') && config.args(*l).len() == 1
    };
    let Some(&longest) = own.iter().filter(|l| is_long(l)).max_by_key(|l| config.name_text(**l).len()) else { return };
    let bucket = size(world, around, "map_hash_bucket_size").unwrap_or(BUCKET);
    let key = config.name_text(longest);
    if bucket > 0 && !takes(bucket, key.strip_prefix(b"\\").unwrap_or(&key).len()) {
        let text = format!("could not build map_hash, you should increase map_hash_bucket_size: {bucket}");
        out.push(Refusal::new(longest, Kind::Value, text));
    }
}

/// The name of a request header or of a hidden header of the answer (`ngx_http_proxy_init_headers`,
/// `ngx_http_upstream_hide_headers_hash`).
pub(super) fn header(world: &World<'_>, line: OccId, out: &mut Vec<Refusal>) {
    let config = world.config;
    // A word is no longer as it is meant than as it is written.
    if config.args(line).get(0).is_none_or(|w| w.span().range().len() <= 46) {
        return;
    }
    let Some(header) = config.arg(line, 0).filter(|h| h.len() > 46) else { return };
    let scope = config.occ(line).scope;
    // What stands in `http` alone may be for nobody.
    if !matches!(config.scope(scope).kind, ScopeKind::Server | ScopeKind::Location) {
        return;
    }
    let bucket = config.outward(scope).find_map(|s| size(world, s, "proxy_headers_hash_bucket_size"));
    let bucket = bucket.unwrap_or(BUCKET);
    if bucket > 0 && !takes(bucket, header.len()) {
        let text =
            format!("could not build proxy_headers_hash, you should increase proxy_headers_hash_bucket_size: {bucket}");
        out.push(Refusal::new(line, Kind::Value, text).at(0));
    }
}

#[cfg(test)]
mod tests {
    use super::takes;

    #[test]
    fn a_bucket_takes_names_up_to_its_size() {
        assert!(takes(64, 46) && !takes(64, 47));
        assert!(takes(128, 110) && !takes(128, 111));
    }
}
