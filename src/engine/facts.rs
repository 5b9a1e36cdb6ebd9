//! Endpoints apart from the analysis that found them: what reports show.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use super::templates::show_in_place;
use crate::catalog::name;
use crate::i18n::Text;
use crate::model::ScopeId;
use crate::model::analysis::Analysis;
use crate::model::config::inherit::{Found, Origin, default_connection, default_http_version};
use crate::model::evidence::Evidence;
use crate::model::way::endpoint::{Endpoint, server_words};
use crate::model::way::route::Matcher;
use crate::model::way::verdict::{Outcome, Verdict};
use crate::rules::words;
use crate::source::Place;
use crate::text;

/// One of the three settings of an endpoint, as nginx would use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectiveFact {
    /// The value as it stands; none if nothing is sent.
    pub value: Option<Cow<'static, str>>,
    /// Where it comes from.
    pub origin: &'static str,
    /// The directive.
    pub place: Option<Place>,
}

/// An endpoint, apart from the analysis that found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointFact {
    /// Its `proxy_pass`.
    pub place: Place,
    /// Why it is believed to carry WebSocket.
    pub evidence: Evidence,
    /// The verdict.
    pub verdict: Verdict,
    /// Why it is open whether a handshake succeeds, where somebody would want to know.
    pub undecided: Option<Box<Undecided>>,
    /// For reports that show more.
    words: Option<Box<EndpointWords>>,
}

/// How many endpoints there are of each verdict, each as often as a configuration leads to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub upgrades: usize,
    pub broken: usize,
    pub rejected: usize,
}

impl Tally {
    pub fn count(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Upgrades => self.upgrades += 1,
            Verdict::Broken => self.broken += 1,
            Verdict::Rejected => self.rejected += 1,
            Verdict::Unknown => {}
        }
    }

    pub fn add(&mut self, more: Tally) {
        self.upgrades += more.upgrades;
        self.broken += more.broken;
        self.rejected += more.rejected;
    }

    /// Whether handshakes fail that succeeded before. Where nginx did not start, nobody knows what they did.
    pub fn is_worse_than(&self, before: Tally) -> bool {
        before.rejected == 0 && self.upgrades < before.upgrades
    }
}

/// What a verdict hangs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecided {
    /// The location, as a person would name it.
    pub location: Box<str>,
    /// What decides, in one clause.
    pub text: Text,
    /// The directive that does.
    pub place: Option<Place>,
}

/// A server as its file names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerWords {
    /// Its `listen` directives, their arguments as they stand.
    pub listen: Vec<String>,
    /// Its names.
    pub names: Vec<String>,
}

/// An endpoint in words and values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointWords {
    /// Its server. What neighbours have in common is in memory once: there may be thousands.
    pub server: Arc<ServerWords>,
    /// The location, as its arguments stand.
    pub location: Box<str>,
    /// The target.
    pub proxy_pass: Arc<str>,
    /// HTTP version, `Upgrade` and `Connection`.
    pub effective: Arc<[EffectiveFact; 3]>,
    /// What an editor shows beside it, where that was asked for.
    pub beside: Option<Box<Beside>>,
}

/// What an editor shows beside an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside {
    /// Its location, or the block within one that its requests leave from.
    pub location: Place,
    /// Its server.
    pub server: Option<Place>,
    /// Why a handshake does not open there, or what that hangs on.
    pub reason: Option<Text>,
    /// A request for it: host and path, where both are plain.
    pub example: Option<String>,
}

impl EndpointFact {
    /// Its words; empty ones where only the verdicts are counted.
    pub fn words(&self) -> &EndpointWords {
        const NOTHING: EffectiveFact = EffectiveFact { value: None, origin: "unknown", place: None };
        static EMPTY: LazyLock<EndpointWords> = LazyLock::new(|| EndpointWords {
            server: Arc::default(),
            location: Box::default(),
            proxy_pass: Arc::default(),
            effective: Arc::new([NOTHING, NOTHING, NOTHING]),
            beside: None,
        });
        self.words.as_deref().unwrap_or(&EMPTY)
    }
}

/// An endpoint as a summary counts it.
pub(super) fn brief_fact(analysis: &Analysis<'_>, endpoint: &Endpoint) -> EndpointFact {
    EndpointFact {
        place: analysis.config().head(endpoint.pass),
        evidence: endpoint.evidence,
        verdict: analysis.verdict(endpoint),
        undecided: undecided(analysis, endpoint),
        words: None,
    }
}

/// `unknown` is told where something says WebSocket.
fn undecided(analysis: &Analysis<'_>, endpoint: &Endpoint) -> Option<Box<Undecided>> {
    let Outcome::Unknown(why) = &endpoint.outcome else { return None };
    if analysis.is_rejected() || endpoint.evidence < Evidence::Likely {
        return None;
    }
    let config = analysis.config();
    let (mut text, place) = words::hangs_on(analysis, endpoint.scope, why);
    show_in_place(config, place.unwrap_or_else(|| config.head(endpoint.pass)), &mut text);
    let location = config.scope(endpoint.location).opened_by.map(|o| config.shown(o)).unwrap_or_default();
    Some(Box::new(Undecided { location: location.into(), text, place }))
}

/// Endpoints as reports show them.
pub(super) fn endpoint_facts(analysis: &Analysis<'_>, with_beside: bool) -> impl Iterator<Item = EndpointFact> {
    let mut before = None;
    analysis.endpoints.iter().map(move |endpoint| {
        let mut fact = described(analysis, endpoint, &mut before);
        if let Some(words) = fact.words.as_mut().filter(|_| with_beside) {
            words.beside = Some(Box::new(beside(analysis, endpoint)));
        }
        fact
    })
}

/// An endpoint as reports show it, with what an editor shows beside it.
pub fn endpoint_beside(analysis: &Analysis<'_>, endpoint: &Endpoint) -> EndpointFact {
    let mut fact = described(analysis, endpoint, &mut None);
    if let Some(words) = &mut fact.words {
        words.beside = Some(Box::new(beside(analysis, endpoint)));
    }
    fact
}

fn beside(analysis: &Analysis<'_>, endpoint: &Endpoint) -> Beside {
    let config = analysis.config();
    let head = |scope: ScopeId| config.scope(scope).opened_by.map(|o| config.head(o));
    let mut reason = match (analysis.rejection().filter(|_| analysis.is_rejected()), &endpoint.outcome) {
        (Some((why, _)), _) => Some(text!("nginx refuses to start: {why}", "nginx 拒绝启动：{why}")),
        (None, Outcome::Upgrades) => None,
        (None, Outcome::Broken(reason)) => Some(words::reason(config, reason)),
        (None, Outcome::Unknown(why)) => Some(words::hangs_on(analysis, endpoint.scope, why).0),
    };
    reason.iter_mut().for_each(|text| show_in_place(config, config.head(endpoint.pass), text));
    Beside {
        location: head(endpoint.scope).unwrap_or_else(|| config.head(endpoint.pass)),
        server: endpoint.server.and_then(head),
        reason,
        example: example(analysis, endpoint),
    }
}

/// A URL without its scheme that reaches an endpoint, where names and path are plain.
fn example(analysis: &Analysis<'_>, endpoint: &Endpoint) -> Option<String> {
    let plain = |text: &str| !text.is_empty() && !text.contains(['*', '$', '~', '{', '@', '_', ' ']);
    let (_, names) = server_words(&analysis.world, endpoint.server?);
    let path = match analysis.world.location_of(endpoint.location)?.matcher {
        Matcher::Exact(path) | Matcher::Prefix(path, _) => String::from_utf8(path).ok()?,
        Matcher::Regex(_) | Matcher::Named(_) => return None,
    };
    let host = names.into_iter().find(|n| plain(n))?;
    path.starts_with('/').then(|| format!("{host}{path}"))
}

/// An endpoint as reports show it.
pub fn endpoint_fact(analysis: &Analysis<'_>, endpoint: &Endpoint) -> EndpointFact {
    described(analysis, endpoint, &mut None)
}

/// What an endpoint may have in common with the one before it.
struct Common {
    server_of: Option<ScopeId>,
    server: Arc<ServerWords>,
    proxy_pass: Arc<str>,
    effective: Arc<[EffectiveFact; 3]>,
}

fn described(analysis: &Analysis<'_>, endpoint: &Endpoint, before: &mut Option<Common>) -> EndpointFact {
    let config = analysis.config();
    let location = config.scope(endpoint.location).opened_by.map(|o| config.shown(o)).unwrap_or_default();
    let (proxy_pass, effective) = (config.arg_shown(endpoint.pass, 0), effective(analysis, endpoint));
    let known = before.as_ref();
    let server = known.filter(|b| b.server_of == endpoint.server).map(|b| Arc::clone(&b.server));
    let target = known.filter(|b| *b.proxy_pass == *proxy_pass).map(|b| Arc::clone(&b.proxy_pass));
    let same = known.filter(|b| *b.effective == effective).map(|b| Arc::clone(&b.effective));
    let common = before.insert(Common {
        server_of: endpoint.server,
        server: server.unwrap_or_else(|| Arc::new(words_of_server(analysis, endpoint))),
        proxy_pass: target.unwrap_or_else(|| proxy_pass.into()),
        effective: same.unwrap_or_else(|| Arc::new(effective)),
    });
    let words = EndpointWords {
        server: Arc::clone(&common.server),
        location: location.into_boxed_str(),
        proxy_pass: Arc::clone(&common.proxy_pass),
        effective: Arc::clone(&common.effective),
        beside: None,
    };
    EndpointFact { words: Some(Box::new(words)), ..brief_fact(analysis, endpoint) }
}

fn words_of_server(analysis: &Analysis<'_>, endpoint: &Endpoint) -> ServerWords {
    let (listen, names) = endpoint.server.map(|s| server_words(&analysis.world, s)).unwrap_or_default();
    ServerWords { listen, names }
}

fn effective(analysis: &Analysis<'_>, endpoint: &Endpoint) -> [EffectiveFact; 3] {
    let config = analysis.config();
    let from = |value: Option<Cow<'static, str>>, origin: Origin| {
        let word = match origin {
            Origin::Own(_) => "own",
            Origin::Inherited(_) => "inherited",
            Origin::Default => "default",
            Origin::Absent => "absent",
            Origin::Unknown => "unknown",
        };
        EffectiveFact { value, origin: word, place: origin.occ().map(|o| config.head(o)) }
    };
    let version = match config.effective(endpoint.scope, name::PROXY_HTTP_VERSION) {
        Found::At(occ, own) => {
            from(Some(config.arg_shown(occ, 0).into()), if own { Origin::Own(occ) } else { Origin::Inherited(occ) })
        }
        Found::Nowhere => from(Some(default_http_version(analysis.version).into()), Origin::Default),
        Found::Unknown => from(None, Origin::Unknown),
    };
    let (level, uncertain) = config.effective_list(endpoint.scope, name::PROXY_SET_HEADER);
    let header = |wanted: &str, default: Option<&'static str>| {
        let set = level.and_then(|l| config.header(l, wanted));
        match (set, default) {
            (Some(occ), _) => from(
                Some(config.arg_shown(occ, 1).into()),
                if level == Some(endpoint.scope) { Origin::Own(occ) } else { Origin::Inherited(occ) },
            ),
            (None, _) if uncertain => from(None, Origin::Unknown),
            (None, Some(default)) => from(Some(default.into()), Origin::Default),
            (None, None) => from(None, Origin::Absent),
        }
    };
    [version, header("Upgrade", None), header("Connection", default_connection(analysis.version))]
}
