//! Where ways through nginx end, and how to take all of them.

use super::handshake::Forwarded;
use super::hop::{Hop, Hopped};
use super::verdict::{Outcome, Reason, Why};
use crate::model::config::scope::{OccId, ScopeId};
use crate::model::value::request::Value;

/// Where a way ends.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// What becomes of the handshake.
    pub outcome: Outcome,
    /// The scope whose settings count and the `proxy_pass`, if the request gets that far.
    pub proxied: Option<(ScopeId, OccId)>,
    /// What the backend receives.
    pub forwarded: Option<Forwarded>,
    /// The request line's URI towards the backend.
    pub upstream_uri: Option<Value>,
    /// The locations on the way, with what led to each.
    pub locations: Vec<(ScopeId, Step)>,
    /// The `if` blocks whose conditions held.
    pub entered: Vec<ScopeId>,
    /// It ended at a URI that nobody knows, and may go on anywhere in the server.
    pub anywhere: bool,
    /// The request to another server of the same configuration, if `proxy_pass` leads to one.
    pub hop: Option<Box<Hop>>,
    /// The status that an `error_page` gives the answer.
    pub status: Option<u16>,
    /// What a server behind this one says of the request, where that is the end.
    pub beyond: Option<Reason>,
    /// What the next hop answers instead of upgrading may lead to an `error_page` here.
    pub rescued: bool,
    /// The hops that were followed, in order.
    pub hops: Vec<Hopped>,
}

impl Arrival {
    /// A way that ends without a request to a backend.
    pub fn without_backend(outcome: Outcome) -> Arrival {
        Arrival {
            outcome,
            proxied: None,
            forwarded: None,
            upstream_uri: None,
            locations: Vec::new(),
            entered: Vec::new(),
            anywhere: false,
            hop: None,
            status: None,
            beyond: None,
            rescued: false,
            hops: Vec::new(),
        }
    }
}

/// What led to a location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The search by path.
    Matched,
    /// A rewrite, `error_page` or `try_files`.
    Redirected(OccId),
}

/// Undecided conditions lead to at most this many ways; past it the verdict is unknown.
pub(super) const MAX_WAYS: usize = 64;

/// All ways that a request may take.
///
/// `walk` is called with one list of decisions after the other; each call says how many it used.
pub fn explore(mut walk: impl FnMut(&[bool]) -> (Arrival, usize)) -> Vec<Arrival> {
    let mut arrivals = Vec::new();
    let mut decisions: Vec<bool> = Vec::new();
    loop {
        let (arrival, used) = walk(&decisions);
        arrivals.push(arrival);
        decisions.resize(used, false);
        // The next way in the order of a binary counter, the last decision first.
        while decisions.last() == Some(&true) {
            decisions.pop();
        }
        match decisions.last_mut() {
            None => return arrivals,
            Some(_) if arrivals.len() >= MAX_WAYS => {
                arrivals.push(Arrival::without_backend(Outcome::Unknown(Why::Condition)));
                return arrivals;
            }
            Some(last) => *last = true,
        }
    }
}

/// What several ways have in common: one outcome if all agree, else unknown.
pub fn join(arrivals: Vec<Arrival>) -> Option<Arrival> {
    let mut arrivals = arrivals.into_iter();
    let mut first = arrivals.next()?;
    for other in arrivals {
        if other.outcome.verdict() != first.outcome.verdict() {
            first.outcome = Outcome::Unknown(Why::Condition);
        }
    }
    Some(first)
}
