//! What a template leaves out in some rendering, and nginx needs: the definition of a variable, a zone, a certificate.

use super::{Refusal, check, is_open_in_its_words};
use crate::catalog::{Name, name};
use crate::model::config::render::without;
use crate::model::config::scope::OccId;
use crate::model::value::variable::names_variable;
use crate::model::way::world::World;
use crate::source::Place;

/// The tag that leaves out a line without which nginx refuses another; `known` are the refusals with every line there.
pub(super) fn missing(world: &World<'_>, top_is_inferred: bool, known: &[Refusal]) -> Option<Place> {
    let config = world.config;
    if !config.has_branches() || config.rendering.is_some() || config.hides_lines() {
        return None;
    }
    let gives: Vec<OccId> =
        config.occs().filter(|(o, occ)| gives(occ.name) && config.is_in_template_branch(*o)).map(|(o, _)| o).collect();
    let tag = gives.first().and_then(|o| config.branch_tag(*o))?;
    let is_new = |r: &Refusal| !known.iter().any(|k| k.occ == r.occ && k.text == r.text);
    without(config, gives.into_iter()).iter().find_map(|rendering| {
        let left = World::new(config.rendered(Some(rendering)), world.is_root);
        let counts = |r: &Refusal| {
            let by_version = r.since.is_some() || r.until.is_some();
            r.occ.is_some_and(|o| left.config.shows(o)) && !by_version && is_new(r)
        };
        let refused = check(&left, &left.lines, top_is_inferred);
        let is_certain = |r: &&Refusal| counts(r) && !is_open_in_its_words(&left, r, false);
        refused.iter().any(|r| is_certain(&r)).then_some(tag)
    })
}

/// Whether a line gives what others need.
fn gives(directive: Name) -> bool {
    let module = |n: &str| n.ends_with("_zone") || n.ends_with("_cache_path");
    names_variable(directive)
        || module(directive.as_str())
        || matches!(directive, name::SSL_CERTIFICATE | name::UPSTREAM)
        || matches!(directive.as_str(), "log_format" | "ssl_certificate_key")
}
