//! From a failed handshake to its root causes: what a person would have to mend.

use std::num::NonZeroU32;

use foldhash::HashMap;

use super::misspelt::{Misspelling, Misspellings, Part};
use crate::catalog::name;
use crate::catalog::near;
use crate::model::Browser;
use crate::model::analysis::Analysis;
use crate::model::config::scope::{OccId, ScopeId};
use crate::model::evidence::Evidence;
use crate::model::value::eval::Purpose;
use crate::model::value::variable::{Definer, variables_in};
use crate::model::way::endpoint::Endpoint;
use crate::model::way::handshake::{Forwarded, Refusal};
use crate::model::way::verdict::{Outcome, Reason, Verdict};
use crate::model::way::world::World;

/// A root cause at an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Nothing of the handshake is forwarded.
    NotForwarded,
    /// The headers are there, the HTTP version is below 1.1; the directive, if one says so.
    HttpVersion(Option<OccId>),
    /// `Connection` says upgrade, `Upgrade` is not sent.
    NoUpgrade,
    /// `Upgrade` is sent, `Connection` is left to nginx.
    NoConnection,
    /// `Upgrade` gets what is no WebSocket token.
    WrongUpgrade(OccId),
    /// `Connection` gets a value without the token.
    WrongConnection(OccId),
    /// The map behind `Connection` yields no `upgrade`: the header, the map.
    WrongMap(OccId, OccId),
    /// The headers of an outer level are dropped by the own ones of this level: the outer level.
    Shadowed(ScopeId),
    /// `proxy_http_version 2`.
    Http2(OccId),
    /// A header of the answer is hidden, or the client's own headers are not passed on.
    Hidden(OccId),
    /// Something answers before the request is proxied.
    Unreachable(Reason),
    /// A misspelling or an undefined variable, reported where it stands.
    Elsewhere,
    /// What an `if` makes of lines around it with which everything outside the `if` opens.
    Inside(Reason),
    /// Anything else.
    Other(Reason),
}

/// The causes at one endpoint.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Index into the endpoints of the analysis.
    pub endpoint: usize,
    /// Its causes; several only where several things have to be mended.
    pub causes: Vec<Cause>,
}

/// The causes at all endpoints that are worth a word: not excluded ones, and without evidence only
/// those in a server where nobody has chosen yet which locations carry WebSocket.
pub fn diagnose(analysis: &Analysis<'_>, misspellings: &Misspellings) -> Vec<Finding> {
    let mut out = Vec::new();
    let mut chosen: HashMap<Option<ScopeId>, bool> = HashMap::default();
    // Nothing that upgrades has a cause.
    if analysis.endpoints.iter().all(|e| e.outcome == Outcome::Upgrades) {
        return out;
    }
    for e in &analysis.endpoints {
        let better =
            e.evidence > Evidence::None || (e.verdict() == Verdict::Upgrades && e.evidence != Evidence::Excluded);
        *chosen.entry(e.server).or_default() |= better;
    }
    let mut known: HashMap<NonZeroU32, Vec<Cause>> = HashMap::default();
    let nothing_else = misspellings.is_empty() && analysis.refusals.is_empty();
    for (i, endpoint) in analysis.endpoints.iter().enumerate() {
        if endpoint.evidence == Evidence::Excluded
            || (endpoint.evidence == Evidence::None && chosen.get(&endpoint.server) == Some(&true))
        {
            continue;
        }
        // Where what a jump brings decides, the same lines open in one place and not in another.
        let alike = endpoint.alike.filter(|_| endpoint.verdict() == Verdict::Broken);
        let causes = match alike.and_then(|kind| known.get(&kind)) {
            Some(causes) => causes.clone(),
            None => match &endpoint.outcome {
                Outcome::Broken(reason)
                    if !endpoint.unreachable && opens_around(&analysis.endpoints[..i], endpoint) =>
                {
                    vec![Cause::Inside(reason.clone())]
                }
                _ => causes(analysis, endpoint, misspellings),
            },
        };
        // What is said without a place is so wherever the same lines stand.
        let everywhere = |c: &Cause| matches!(c, Cause::NotForwarded | Cause::NoUpgrade | Cause::NoConnection);
        if let (Some(kind), true, true) = (alike, nothing_else, causes.iter().all(everywhere)) {
            known.entry(kind).or_insert_with(|| causes.clone());
        }
        // An `if` has the settings of its location, and what is wrong with them is said there.
        let said = |f: &Finding| {
            let outer: &Endpoint = &analysis.endpoints[f.endpoint];
            outer.scope == endpoint.location && f.causes == causes
        };
        let repeats = endpoint.scope != endpoint.location && out.iter().any(said);
        if !causes.is_empty() && !repeats {
            out.push(Finding { endpoint: i, causes });
        }
    }
    out
}

/// Whether an endpoint is an `if` or `limit_except` of a location whose other handshakes open: nothing is wrong
/// with the location's lines then. The endpoints before it, its location's among them.
fn opens_around(before: &[Endpoint], endpoint: &Endpoint) -> bool {
    let outer = before.iter().rfind(|e| e.scope == endpoint.location);
    endpoint.scope != endpoint.location && outer.is_some_and(|e| e.verdict() == Verdict::Upgrades)
}

/// Wrong values at levels whose headers no endpoint is seen to use: snippets.
pub fn unused_levels(analysis: &Analysis<'_>, misspellings: &Misspellings) -> Vec<Cause> {
    let config = analysis.config();
    let mut used = vec![false; config.scopes().len()];
    for endpoint in &analysis.endpoints {
        if let Some(level) = config.effective_list(endpoint.scope, name::PROXY_SET_HEADER).0 {
            used[level.0 as usize] = true;
        }
    }
    let mut out = Vec::new();
    let unused = |s: ScopeId| config.has(s, name::PROXY_SET_HEADER) && !used[s.0 as usize];
    for (scope, _) in config.scopes().filter(|(s, _)| unused(*s)) {
        let mut vars = analysis.world.variables_at(scope, crate::model::Browser::Chrome);
        let sent = crate::model::way::handshake::forwarded(config, scope, &mut vars, analysis.version);
        if sent.uncertain {
            continue;
        }
        let unsure = |header: &str| sent.tokens(header).1;
        let upgrade = Aspect::of(analysis, scope, &sent, "Upgrade", "websocket", misspellings);
        let connection = Aspect::of(analysis, scope, &sent, "Connection", "upgrade", misspellings);
        match upgrade {
            Aspect::Missing => continue,
            Aspect::Wrong(occ) if !unsure("Upgrade") => out.push(Cause::WrongUpgrade(occ)),
            _ => {}
        }
        match connection {
            Aspect::Wrong(occ) if !unsure("Connection") => out.push(Cause::WrongConnection(occ)),
            Aspect::WrongMap(header, map) if !unsure("Connection") => out.push(Cause::WrongMap(header, map)),
            _ => {}
        }
    }
    out
}

fn causes(analysis: &Analysis<'_>, endpoint: &Endpoint, misspellings: &Misspellings) -> Vec<Cause> {
    let reason = match &endpoint.outcome {
        Outcome::Upgrades => return Vec::new(),
        Outcome::Unknown(_) => return definite(analysis, endpoint, misspellings),
        Outcome::Broken(reason) => reason,
    };
    if endpoint.unreachable {
        return vec![Cause::Unreachable(reason.clone())];
    }
    // Everything that has to be mended, so that mending one thing does not only bring up the next.
    let world = analysis.world_of(endpoint);
    let mut vars = world.variables_at(endpoint.scope, crate::model::Browser::Firefox);
    let mut reasons =
        crate::model::way::judge::reasons(&world, endpoint.scope, endpoint.pass, &mut vars, analysis.version);
    if !reasons.contains(reason) {
        reasons.insert(0, reason.clone());
    }
    let mut out: Vec<Cause> = Vec::new();
    for reason in reasons {
        let found = match &reason {
            Reason::Http2Upstream(occ) => vec![Cause::Http2(*occ)],
            Reason::HiddenResponse(occ, _) => vec![Cause::Hidden(*occ)],
            Reason::Refused(Refusal::Key | Refusal::SecVersion) => match hides_client_headers(analysis, endpoint) {
                Some(occ) => vec![Cause::Hidden(occ)],
                None => vec![Cause::Other(reason.clone())],
            },
            Reason::Refused(Refusal::Upgrade(_) | Refusal::Connection(_) | Refusal::HttpVersion(_)) => {
                header_causes(analysis, endpoint, misspellings)
            }
            Reason::Refused(Refusal::HeaderName(name))
                if is_misspelt_header(analysis, endpoint, misspellings, name) =>
            {
                vec![Cause::Elsewhere]
            }
            _ => vec![Cause::Other(reason.clone())],
        };
        out.extend(found.into_iter().filter(|c| !out.contains(c)).collect::<Vec<_>>());
    }
    if out.is_empty() { vec![Cause::Other(reason.clone())] } else { out }
}

/// Whether a header's name has its own finding.
fn is_misspelt_header(analysis: &Analysis<'_>, endpoint: &Endpoint, misspellings: &Misspellings, name: &str) -> bool {
    let here = |m: &Misspelling| m.part == Part::Header && m.written == name;
    misspellings.around(analysis.config(), endpoint.scope).any(|(_, m)| here(m))
}

/// An undecided endpoint may still hold a mistake that is certain: the unknown can only add to it.
fn definite(analysis: &Analysis<'_>, endpoint: &Endpoint, misspellings: &Misspellings) -> Vec<Cause> {
    let sent = endpoint.forwarded(&analysis.world, analysis.version);
    if sent.uncertain {
        return Vec::new();
    }
    header_causes(analysis, endpoint, misspellings)
        .into_iter()
        .filter(|c| matches!(c, Cause::WrongUpgrade(_) | Cause::WrongConnection(_) | Cause::WrongMap(..)))
        .collect()
}

/// `proxy_pass_request_headers off`, or a `Sec-WebSocket-*` header that is blanked.
fn hides_client_headers(analysis: &Analysis<'_>, endpoint: &Endpoint) -> Option<OccId> {
    let world = analysis.world_of(endpoint);
    let config = world.config;
    if config.flag(endpoint.scope, name::PROXY_PASS_REQUEST_HEADERS) == Some(false) {
        return config.effective(endpoint.scope, name::PROXY_PASS_REQUEST_HEADERS).occ();
    }
    let level = config.effective_list(endpoint.scope, name::PROXY_SET_HEADER).0?;
    let own = |header: &str| config.headers(level, header).next();
    own("Sec-WebSocket-Key").into_iter().chain(own("Sec-WebSocket-Version")).min()
}

fn header_causes(analysis: &Analysis<'_>, endpoint: &Endpoint, misspellings: &Misspellings) -> Vec<Cause> {
    let sent = endpoint.forwarded(&analysis.world, analysis.version);
    let upgrade = Aspect::of(analysis, endpoint.scope, &sent, "Upgrade", "websocket", misspellings);
    let connection = Aspect::of(analysis, endpoint.scope, &sent, "Connection", "upgrade", misspellings);
    // A value that nginx refuses has its own finding.
    let version_is = |values: &[&[u8]]| sent.http_version.known().is_some_and(|v| values.contains(&v));
    let version_is_low = version_is(&[b"1.0"]);
    let version_is_refused = sent.http_version.known().is_some() && !version_is(&[b"1.0", b"1.1", b"2"]);
    let version_elsewhere = misspellings
        .around(analysis.config(), endpoint.scope)
        .any(|(_, m)| m.concerns_version(analysis, endpoint.scope));
    let shadowing = shadowed(analysis, endpoint);
    let mut out = Vec::new();
    match (&upgrade, &connection) {
        (Aspect::Right, Aspect::Right) => {}
        (Aspect::Elsewhere, _) | (_, Aspect::Elsewhere) => out.push(Cause::Elsewhere),
        (Aspect::Missing | Aspect::Right, Aspect::Missing | Aspect::Right) if shadowing.is_some() => {
            out.extend(shadowing.map(Cause::Shadowed))
        }
        (Aspect::Missing, Aspect::Missing) => out.push(Cause::NotForwarded),
        // A `Connection` that keeps backend connections alive is no attempt at WebSocket.
        (Aspect::Missing, Aspect::Wrong(_)) if shadowing.is_some() => out.extend(shadowing.map(Cause::Shadowed)),
        (Aspect::Missing, Aspect::Wrong(_) | Aspect::WrongMap(..)) => out.push(Cause::NotForwarded),
        (Aspect::Missing, Aspect::Right) => out.push(Cause::NoUpgrade),
        (Aspect::Right, Aspect::Missing) => out.push(Cause::NoConnection),
        _ => {}
    }
    if let Aspect::Wrong(occ) = upgrade {
        out.push(Cause::WrongUpgrade(occ));
    }
    let speaks_of_upgrade = !matches!(upgrade, Aspect::Missing);
    match connection {
        Aspect::Wrong(occ) if speaks_of_upgrade => out.push(Cause::WrongConnection(occ)),
        Aspect::WrongMap(header, map) if speaks_of_upgrade => out.push(Cause::WrongMap(header, map)),
        Aspect::Missing if matches!(upgrade, Aspect::Wrong(_)) => out.push(Cause::NoConnection),
        _ => {}
    }
    let complete = matches!((&upgrade, &connection), (Aspect::Right, Aspect::Right));
    if complete && (version_is_low || version_is_refused) {
        out.push(if version_elsewhere || version_is_refused {
            Cause::Elsewhere
        } else {
            Cause::HttpVersion(sent.http_version_origin.occ())
        });
    }
    out
}

/// One of the two headers.
enum Aspect {
    Right,
    /// Not sent, or with nginx's default value.
    Missing,
    /// Sent with a value that does not do.
    Wrong(OccId),
    /// Sent with a value that a map gets wrong: the header, the map.
    WrongMap(OccId, OccId),
    /// A misspelling or an undefined variable has its own finding.
    Elsewhere,
}

impl Aspect {
    fn of(
        analysis: &Analysis<'_>,
        scope: ScopeId,
        sent: &Forwarded,
        header: &str,
        token: &str,
        misspellings: &Misspellings,
    ) -> Aspect {
        let world = &analysis.world;
        let config = world.config;
        let (tokens, unsure) = sent.tokens(header);
        // A value that is not known is given the benefit of the doubt.
        if unsure || tokens.iter().any(|t| t == token) {
            return Aspect::Right;
        }
        if misspellings.around(config, scope).any(|(_, m)| m.concerns_header(analysis, scope, header)) {
            return Aspect::Elsewhere;
        }
        // A header whose value is empty is not sent, but somebody wrote it.
        let level = config.effective_list(scope, name::PROXY_SET_HEADER).0;
        // What will have another name is not what sets this one.
        let renamed = |o: &OccId| misspellings.renames(*o);
        let lines = || level.into_iter().flat_map(|l| config.headers(l, header));
        let set = lines().filter(|o| !renamed(o)).last().or_else(|| lines().last());
        // A forgotten `;` swallows the next line: that is what has to be mended.
        if level.is_some_and(|l| analysis.swallowing.contains(&l)) {
            return Aspect::Elsewhere;
        }
        let Some(occ) = set else { return Aspect::Missing };
        let value = config.arg(occ, 1).unwrap_or_default();
        let of_connection = header.eq_ignore_ascii_case("Connection");
        for variable in variables_in(&value) {
            if analysis.unknown_variables.contains(&variable) {
                return Aspect::Elsewhere;
            }
            if let Some(map) = world.definitions.map_of(&variable).filter(|_| of_connection) {
                let assigned = world.definitions.of(&variable).iter().any(|d| d.definer == Definer::Set);
                // Where the map yields what it should, the value around it is what is wrong.
                if !assigned && !yields(world, scope, &variable, token) {
                    return Aspect::WrongMap(occ, map.occ);
                }
            }
        }
        Aspect::Wrong(occ)
    }
}

/// Whether a variable is a list with this token in a handshake.
fn yields(world: &World<'_>, scope: ScopeId, variable: &str, token: &str) -> bool {
    let value = world.variables_at(scope, Browser::Firefox).variable(variable, Purpose::Header).display();
    value.is_some_and(|v| near::has_token(&v, token))
}

/// The outer level that sets the handshake headers, if this level's own headers drop them.
fn shadowed(analysis: &Analysis<'_>, endpoint: &Endpoint) -> Option<ScopeId> {
    let config = analysis.config();
    config.shadowed_header_levels(endpoint.scope).into_iter().find(|&level| {
        config.headers(level, "Upgrade").any(|o| crate::model::evidence::header_tries(&analysis.world, o))
    })
}
