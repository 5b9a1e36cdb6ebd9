//! What may stand once, although its line may stand several times: the same zone, module, pool or method.

use std::sync::OnceLock;

use foldhash::HashMap;

use super::{Refusal, RefusalKind as Kind};
use crate::catalog::NameSet;
use crate::model::config::scope::{OccId, ScopeId};
use crate::model::way::world::World;

/// Directives with what nginx says of the second of two that name the same.
const ONCE: &[&str] = &["limit_conn", "limit_req", "load_module", "thread_pool", "use"];

pub(super) fn check(world: &World<'_>, out: &mut Vec<Refusal>) {
    static NAMES: OnceLock<NameSet> = OnceLock::new();
    let names = NAMES.get_or_init(|| NameSet::of(|n| ONCE.contains(&n)));
    let config = world.config;
    let refused = super::refused(out);
    let mut seen: HashMap<(ScopeId, &str, String), OccId> = HashMap::default();
    for &id in world.lines.rare.iter().filter(|&&o| names.has(config.occ(o).name) && !refused.contains(&o)) {
        let occ = config.occ(id);
        let directive = occ.name.as_str();
        let which = match directive {
            "use" => String::new(),
            "limit_req" => match config.texts(id).iter().find_map(|t| Some(t.strip_prefix("zone=")?.to_owned())) {
                Some(zone) => zone,
                None => continue,
            },
            _ => config.arg_text(id, 0),
        };
        let Some(&first) = seen.get(&(occ.scope, directive, which.clone())) else {
            seen.insert((occ.scope, directive, which), id);
            continue;
        };
        let (kind, text) = match directive {
            "load_module" => {
                let module = which.rsplit('/').next().unwrap_or(&which).trim_end_matches(".so");
                (Kind::Value, format!("module \"{module}\" is already loaded"))
            }
            "thread_pool" => (Kind::Value, format!("duplicate thread pool \"{which}\"")),
            _ => (Kind::Duplicate, format!("\"{directive}\" directive is duplicate")),
        };
        out.push(Refusal::new(id, kind, text).beside(first));
    }
}
