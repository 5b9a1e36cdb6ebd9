//! Sizes that have to fit each other (`ngx_http_proxy_merge_loc_conf`, http/modules/ngx_http_proxy_module.c,
//! and the same of FastCGI, uwsgi and SCGI).
//! They are recorded for 1.22.1 and pages of 4k; what newer versions do is not.

use std::collections::HashSet;

use super::{Refusal, RefusalKind as Kind};
use crate::catalog::{NameSet, Version};
use crate::model::config::scope::{OccId, ScopeId, ScopeKind};
use crate::model::way::world::World;
use crate::syntax::word;

/// A page, the default of `proxy_buffer_size`.
const PAGE: u64 = 4096;

/// Those of which these directives are known.
const FAMILIES: [&str; 4] = ["proxy", "fastcgi", "uwsgi", "scgi"];

/// Behind the prefix of the family.
const NAMES: [&str; 5] =
    ["_buffer_size", "_buffers", "_busy_buffers_size", "_temp_file_write_size", "_max_temp_file_size"];

fn family(name: &str) -> Option<&'static str> {
    FAMILIES.into_iter().find(|f| name.strip_prefix(f).is_some_and(|rest| NAMES.contains(&rest)))
}

pub(super) fn check(world: &World<'_>, out: &mut Vec<Refusal>) {
    let config = world.config;
    let mut levels: HashSet<(ScopeId, &str)> = HashSet::new();
    let ours = NameSet::of(|n| family(n).is_some());
    for (id, occ) in world.lines.rare.iter().map(|&id| (id, config.occ(id))).filter(|(_, o)| ours.has(o.name)) {
        let kind = config.scope(occ.scope).kind;
        let Some(family) = family(occ.name.as_str()) else { continue };
        let judged = match kind {
            ScopeKind::Server | ScopeKind::Location => true,
            ScopeKind::Http => a_server_inherits(world, occ.scope, family),
            _ => false,
        };
        if judged
            && levels.insert((occ.scope, family))
            && let Some(text) = wrong(world, occ.scope, family)
        {
            out.push(Refusal::new(id, Kind::Value, text).before(Version(1, 29, 0)));
        }
    }
}

/// What is set for all servers is looked at where one of them has no own setting.
fn a_server_inherits(world: &World<'_>, http: ScopeId, of: &str) -> bool {
    let config = world.config;
    let inherits = |s: ScopeId| {
        let own = config.own(s).any(|o| family(config.occ(o).name.as_str()) == Some(of));
        config.scope(s).kind == ScopeKind::Server && !own
    };
    config.blocks(http).filter_map(|o| config.occ(o).opens()).any(inherits)
}

fn wrong(world: &World<'_>, level: ScopeId, family: &str) -> Option<String> {
    let config = world.config;
    let effective = |at: usize| -> Option<OccId> {
        let is_it = |o: &OccId| config.occ(*o).name.as_str().strip_prefix(family) == Some(NAMES[at]);
        config.outward(level).find_map(|s| config.own(s).filter(is_it).last())
    };
    let size = |occ: Option<OccId>, argument: usize| word::size(&config.arg(occ?, argument)?);
    let buffers = effective(1);
    let one = size(effective(0), 0).unwrap_or(PAGE);
    let (number, each) = (size(buffers, 0).unwrap_or(8), size(buffers, 1).unwrap_or(PAGE));
    let largest = one.max(each);
    let busy = size(effective(2), 0).unwrap_or(2 * largest);
    let largest_is =
        format!("the maximum of the value of \"{family}_buffer_size\" and one of the \"{family}_buffers\"");
    let at_least = |name: &str| format!("\"{family}{name}\" must be equal to or greater than {largest_is}");
    if number < 2 {
        return Some(format!("there must be at least 2 \"{family}_buffers\""));
    }
    if busy < largest {
        return Some(at_least(NAMES[2]));
    }
    if busy > (number - 1) * each {
        let name = NAMES[2];
        return Some(format!(
            "\"{family}{name}\" must be less than the size of all \"{family}_buffers\" minus one buffer"
        ));
    }
    if size(effective(3), 0).is_some_and(|written| written < largest) {
        return Some(at_least(NAMES[3]));
    }
    if size(effective(4), 0).is_some_and(|most| most != 0 && most < largest) {
        let name = NAMES[4];
        return Some(format!(
            "\"{family}{name}\" must be equal to zero to disable temporary files usage or must be equal to or greater than {largest_is}"
        ));
    }
    None
}
