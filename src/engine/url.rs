//! `--url`: only what one URL reaches, and a finding wherever its handshake does not open.

use super::Checked;
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::analysis::Analysis;
use crate::model::trace::Trace;
use crate::model::way::endpoint::Endpoint;
use crate::model::way::verdict::Verdict;
use crate::source::Place;

/// Whether a finding has to do with the way of a URL.
pub(super) fn concerns(analysis: &Analysis<'_>, traced: &Trace, found: &Diagnostic) -> bool {
    let config = analysis.config();
    let reached = traced.location();
    let at = |e: &&Endpoint| reached == Some(e.location);
    let mut places = analysis.endpoints.iter().filter(at).flat_map(|e| related(analysis, e)).collect::<Vec<_>>();
    if let Some(occ) = reached.and_then(|location| config.scope(location).opened_by) {
        places.push(config.place(occ, config.directive(occ).span()));
    }
    let primary = found.primary.place;
    places.iter().any(|p| p.file == primary.file && covers(*p, primary)) || concerns_map(analysis, found)
}

/// A URL leads to one server: the first configuration that has it counts. `--url` ends well only where the
/// handshake opens; where nothing else says why it does not, this does.
pub(super) fn tell(out: &mut Checked) {
    let told = std::mem::take(&mut out.told);
    let first = told.iter().position(|t| t.has_server).unwrap_or(0);
    let Some(reached) = told.into_iter().nth(first) else { return };
    let is_told = out.diagnostics.iter().any(|d| d.severity > Severity::Advice);
    if reached.verdict != Verdict::Upgrades && !is_told {
        out.diagnostics.push(reached.finding);
    }
}

/// The blocks that have to do with an endpoint: its location, its server's own settings, `http`'s.
fn related(analysis: &Analysis<'_>, endpoint: &Endpoint) -> Vec<Place> {
    let config = analysis.config();
    let mut out = vec![config.head(endpoint.pass)];
    if let Some(occ) = config.scope(endpoint.location).opened_by {
        out.push(config.place(occ, config.directive(occ).span()));
    }
    for scope in config.outward(endpoint.scope) {
        out.extend(config.own(scope).map(|o| config.place(o, config.directive(o).span())));
    }
    out
}

fn covers(outer: Place, inner: Place) -> bool {
    outer.span.start <= inner.span.start && inner.span.end <= outer.span.end
}

/// Maps stand apart from the endpoints that use them.
fn concerns_map(analysis: &Analysis<'_>, diagnostic: &Diagnostic) -> bool {
    let config = analysis.config();
    analysis.world.definitions.maps().iter().any(|m| {
        let place = config.place(m.occ, config.directive(m.occ).span());
        place.file == diagnostic.primary.place.file && covers(place, diagnostic.primary.place)
    })
}
