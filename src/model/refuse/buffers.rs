//! Sizes that have to fit each other (`ngx_http_proxy_merge_loc_conf`, http/modules/ngx_http_proxy_module.c).
//! They are recorded for 1.22.1 and pages of 4k; what newer versions do is not.

use std::collections::HashSet;

use super::{Refusal, RefusalKind as Kind};
use crate::catalog::{NameSet, Version};
use crate::model::config::scope::{OccId, ScopeId, ScopeKind};
use crate::model::way::world::World;
use crate::syntax::word;

/// A page, the default of `proxy_buffer_size`.
const PAGE: u64 = 4096;

const NAMES: [&str; 5] = [
    "proxy_buffer_size",
    "proxy_buffers",
    "proxy_busy_buffers_size",
    "proxy_temp_file_write_size",
    "proxy_max_temp_file_size",
];

pub(super) fn check(world: &World<'_>, out: &mut Vec<Refusal>) {
    let config = world.config;
    let mut levels: HashSet<ScopeId> = HashSet::new();
    let ours = NameSet::of(|n| NAMES.contains(&n));
    for (id, occ) in world.lines.rare.iter().map(|&id| (id, config.occ(id))).filter(|(_, o)| ours.has(o.name)) {
        let kind = config.scope(occ.scope).kind;
        if matches!(kind, ScopeKind::Server | ScopeKind::Location)
            && levels.insert(occ.scope)
            && let Some(text) = wrong(world, occ.scope)
        {
            out.push(Refusal::new(id, Kind::Value, text).before(Version(1, 29, 0)));
        }
    }
}

fn wrong(world: &World<'_>, level: ScopeId) -> Option<&'static str> {
    let config = world.config;
    let effective = |wanted: &str| -> Option<OccId> {
        config.outward(level).find_map(|s| config.own(s).filter(|&o| config.occ(o).name.as_str() == wanted).last())
    };
    let size = |occ: Option<OccId>, argument: usize| word::size(&config.arg(occ?, argument)?);
    let buffers = effective(NAMES[1]);
    let one = size(effective(NAMES[0]), 0).unwrap_or(PAGE);
    let (number, each) = (size(buffers, 0).unwrap_or(8), size(buffers, 1).unwrap_or(PAGE));
    let largest = one.max(each);
    let busy = size(effective(NAMES[2]), 0).unwrap_or(2 * largest);
    if busy < largest {
        return Some(
            "\"proxy_busy_buffers_size\" must be equal to or greater than the maximum of the value of \"proxy_buffer_size\" and one of the \"proxy_buffers\"",
        );
    }
    if busy > number.saturating_sub(1) * each {
        return Some(
            "\"proxy_busy_buffers_size\" must be less than the size of all \"proxy_buffers\" minus one buffer",
        );
    }
    if size(effective(NAMES[3]), 0).is_some_and(|written| written < largest) {
        return Some(
            "\"proxy_temp_file_write_size\" must be equal to or greater than the maximum of the value of \"proxy_buffer_size\" and one of the \"proxy_buffers\"",
        );
    }
    if size(effective(NAMES[4]), 0).is_some_and(|most| most != 0 && most < largest) {
        return Some(
            "\"proxy_max_temp_file_size\" must be equal to zero to disable temporary files usage or must be equal to or greater than the maximum of the value of \"proxy_buffer_size\" and one of the \"proxy_buffers\"",
        );
    }
    None
}
