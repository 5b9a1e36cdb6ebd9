//! Places where requests leave for an HTTP upstream, with evidence and verdict.

use std::collections::HashSet;
use std::num::NonZeroU32;
use std::sync::Arc;

use foldhash::HashMap;

use super::arrival::{Arrival, explore};
use super::handshake::{Forwarded, forwarded};
use super::hop::follow;
use super::reach::{Jumps, agreed};
use super::route::Matcher;
use super::verdict::{Outcome, Reason, Verdict, Why};
use super::walk::Walk;
use super::world::World;
use crate::catalog::{PathEvidence, Version, name, path_evidence};
use crate::model::config::render::{Deciders, Rendering, Renderings, decider, renderings};
use crate::model::config::scope::{Config, OccId, ScopeId, ScopeKind};
use crate::model::value::eval::Scope as Variables;
use crate::model::value::request::{Browser, Request};
use crate::model::value::variable::{Definer, variables_in};
use crate::source::Place;
use crate::syntax::template::{is_open, stands_for_another};

/// Why wslint believes that an endpoint carries WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Evidence {
    /// It cannot, or is declared not to.
    Excluded,
    /// Nothing says so.
    None,
    /// The path, the upstream's name or a comment says so.
    Likely,
    /// Somebody tried.
    Configured,
    /// The user says so.
    Declared,
}

impl Evidence {
    /// The word in reports and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Evidence::Excluded => "excluded",
            Evidence::None => "none",
            Evidence::Likely => "likely",
            Evidence::Configured => "configured",
            Evidence::Declared => "declared",
        }
    }
}

/// One endpoint.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The `location`, `if` or `limit_except` whose requests leave.
    pub scope: ScopeId,
    /// The location around it, or itself.
    pub location: ScopeId,
    /// The server, if the file says which.
    pub server: Option<ScopeId>,
    /// The `proxy_pass`.
    pub pass: OccId,
    /// The `proxy_pass` is its own, not that of the location around it.
    pub own_pass: bool,
    /// Why it is believed to carry WebSocket.
    pub evidence: Evidence,
    /// What becomes of a handshake that arrives, as if nginx accepted the configuration.
    pub outcome: Outcome,
    /// No request gets here: something answers before.
    pub unreachable: bool,
    /// An `if` whose condition holds for no handshake, or a `limit_except` for other methods.
    pub not_entered: bool,
    /// Endpoints of the same number have the same lines around them, but for where their requests go.
    pub alike: Option<NonZeroU32>,
    /// The rendering of a template in which the outcome was found.
    pub rendering: Option<Arc<Rendering>>,
}

impl Endpoint {
    /// The verdict where nginx accepts the configuration.
    pub fn verdict(&self) -> Verdict {
        self.outcome.verdict()
    }

    /// What the backend receives for a handshake.
    pub fn forwarded(&self, world: &World<'_>, version: Version) -> Forwarded {
        // Firefox's `Connection` has the token of Chrome's and one more.
        let world = &world.rendered(self.rendering.as_deref());
        let mut vars = world.variables_at(self.scope, Browser::Firefox);
        forwarded(world.config, self.scope, &mut vars, version)
    }

    /// Endpoints with the same key send the same handshake, by the same lines; none where that is not certain.
    pub fn sent_alike(&self, world: &World<'_>) -> Option<(NonZeroU32, Option<ScopeId>, Option<OccId>)> {
        let config = world.config;
        // What another location has set may arrive with a jump.
        let kind = self.alike.filter(|_| self.server.is_some_and(|server| !world.may_jump(server)))?;
        let level = config.effective_list(self.scope, name::PROXY_SET_HEADER).0;
        Some((kind, level, config.effective(self.scope, name::PROXY_HTTP_VERSION).occ()))
    }

    /// What the backend receives for another request.
    pub fn forwarded_for(&self, world: &World<'_>, version: Version, request: Request) -> Forwarded {
        let world = &world.rendered(self.rendering.as_deref());
        let mut vars = world.variables_for(self.scope, request);
        forwarded(world.config, self.scope, &mut vars, version)
    }

    /// Whether the path itself says that only WebSocket comes here.
    pub fn path_says_websocket(&self, world: &World<'_>) -> bool {
        let Some(location) = world.location_of(self.location) else { return false };
        let regex = matches!(location.matcher, Matcher::Regex(_));
        path_evidence(&location.text(), regex) == PathEvidence::WebSocket
    }
}

/// All endpoints of a configuration, in the order of their locations; their evidence is found later.
pub fn endpoints(world: &World<'_>, version: Version) -> Vec<Endpoint> {
    let config = world.config;
    let mut out = Vec::new();
    let mut alike = Alike::default();
    let mut outcomes: HashMap<NonZeroU32, Outcome> = HashMap::default();
    let mut ends = Ends::of(world, version);
    let mut deciders = Deciders::default();
    for (scope, facts) in config.scopes() {
        let pass = match facts.kind {
            ScopeKind::Location => config.own_named(scope, name::PROXY_PASS).last(),
            ScopeKind::LocationIf | ScopeKind::LimitExcept => {
                let own = config.own_named(scope, name::PROXY_PASS).last();
                own.or_else(|| inherited_pass(world, scope))
            }
            _ => None,
        };
        let Some(pass) = pass else { continue };
        let Some(location) = config.enclosing(scope, ScopeKind::Location) else { continue };
        let kind = alike.number(world, scope, location);
        let mut rendering = None;
        let (mut outcome, unreachable, entered) = match kind.and_then(|k| outcomes.get(&k)) {
            _ if config.is_optional(scope) => (Outcome::Unknown(Why::Include), false, true),
            Some(outcome) => (outcome.clone(), false, true),
            None if config.has_branches() => {
                let opener = config.scope(scope).opened_by;
                let fixed: Vec<OccId> = opener.into_iter().chain([pass]).collect();
                let all = renderings(config, &mut deciders, &[scope], &fixed, false);
                let (found, in_this) = over_renderings(world, scope, location, pass, version, all);
                rendering = in_this;
                found
            }
            None => ends.verdict_at(scope, location, pass),
        };
        if let Outcome::Unknown(why @ (Why::Include | Why::Values)) = &mut outcome
            && let Some(place) = template_behind(config, scope)
        {
            *why = Why::Template(place);
        }
        // What is said without a place is so wherever the same lines stand.
        let everywhere = matches!(outcome, Outcome::Upgrades | Outcome::Broken(Reason::Refused(_)));
        if let (Some(kind), true, false, true) = (kind, everywhere, unreachable, entered) {
            outcomes.entry(kind).or_insert_with(|| outcome.clone());
        }
        out.push(Endpoint {
            scope,
            location,
            server: config.enclosing(scope, ScopeKind::Server),
            pass,
            own_pass: config.occ(pass).scope == scope,
            evidence: Evidence::None,
            outcome,
            unreachable,
            not_entered: scope != location && !entered,
            alike: kind.filter(|_| rendering.is_none()),
            rendering,
        });
    }
    out
}

/// An `if` or `limit_except` without a handler of its own passes requests on as its location does.
fn inherited_pass(world: &World<'_>, scope: ScopeId) -> Option<OccId> {
    let config = world.config;
    if config.own(scope).any(|o| super::phase::is_handler(config, o)) {
        return None;
    }
    let parent = config.scope(scope).parent.filter(|&p| config.scope(p).kind == ScopeKind::Location)?;
    config.own_named(parent, name::PROXY_PASS).last()
}

/// Everything that the verdict at a plain location depends on: the `http` block, and the numbers of the
/// texts of the server's and the location's own lines.
type Kind = (ScopeId, u32, u32);

/// Plain locations by what their lines say: thousands of virtual hosts have the same few, and one that
/// opens opens everywhere.
#[derive(Default)]
struct Alike {
    kinds: HashMap<Kind, NonZeroU32>,
    texts: HashMap<Vec<u8>, u32>,
    /// The server that was asked about last; none where more than its own plain lines matters.
    server: Option<(ScopeId, Option<u32>)>,
    /// By the first location with the same body and modifier.
    locations: HashMap<ScopeId, Option<u32>>,
}

impl Alike {
    fn number(&mut self, world: &World<'_>, scope: ScopeId, location: ScopeId) -> Option<NonZeroU32> {
        let kind = self.kind(world, scope, location)?;
        let next = NonZeroU32::MIN.saturating_add(self.kinds.len() as u32);
        Some(*self.kinds.entry(kind).or_insert(next))
    }

    /// The kind of a plain location; `None` where more than these lines matters.
    fn kind(&mut self, world: &World<'_>, scope: ScopeId, location: ScopeId) -> Option<Kind> {
        let config = world.config;
        let server = config.scope(location).parent.filter(|&s| config.scope(s).kind == ScopeKind::Server)?;
        let http = config.scope(server).parent.filter(|&s| config.scope(s).kind == ScopeKind::Http)?;
        if scope != location || config.scope(location).unresolved {
            return None;
        }
        let server_text = match self.server {
            Some((last, text)) if last == server => text,
            _ => {
                let only_locations = config.blocks(server).all(|o| config.occ(o).name == name::LOCATION);
                let text = self.text(world, server).filter(|_| only_locations);
                self.server = Some((server, text));
                text
            }
        };
        let first = config.scope(location).repeats.unwrap_or(location);
        let location_text = match self.locations.get(&first) {
            Some(text) => *text,
            None => {
                let is_prefix = matches!(world.location_of(first).map(|l| l.matcher), Some(Matcher::Prefix(..)));
                let plain = is_prefix && config.blocks(first).next().is_none();
                let text = self.text(world, first).filter(|_| plain);
                self.locations.insert(first, text);
                text
            }
        };
        Some((http, server_text?, location_text?))
    }

    /// The number of what a level's own lines say, if all of them are plain.
    fn text(&mut self, world: &World<'_>, level: ScopeId) -> Option<u32> {
        let config = world.config;
        if config.scope(level).unresolved {
            return None;
        }
        let mut out = Vec::new();
        for occ in config.own(level) {
            let directive = config.occ(occ).name;
            if directive == name::LISTEN || directive == name::SERVER_NAME {
                continue;
            }
            let plain = matches!(
                directive,
                name::PROXY_SET_HEADER
                    | name::PROXY_HTTP_VERSION
                    | name::PROXY_READ_TIMEOUT
                    | name::PROXY_SEND_TIMEOUT
                    | name::PROXY_REQUEST_BUFFERING
                    | name::SSL_CERTIFICATE
                    | name::INCLUDE
            );
            // Where a request goes without variables in the address changes nothing.
            let target = directive == name::PROXY_PASS && config.arg(occ, 0).is_some_and(|a| !a.contains(&b'$'));
            if !plain && !target {
                return None;
            }
            // Nor do addresses, but for those that lead back into this configuration, or nowhere.
            if target && world.target_matters(occ) {
                return None;
            }
            if plain && directive != name::INCLUDE {
                // What `set` gives a value to may have one where a jump leads.
                let set = |n: &String| world.definitions.of(n).iter().any(|d| d.definer != Definer::Map);
                if config.each(occ).any(|word| variables_in(&word).iter().any(set)) {
                    return None;
                }
                out.extend_from_slice(&config.bytes(occ)[config.head(occ).span.range()]);
            }
            out.push(b';');
        }
        let next = self.texts.len() as u32;
        Some(*self.texts.entry(out).or_insert(next))
    }
}

/// What in a template keeps an endpoint undecided.
fn template_behind(config: Config<'_>, scope: ScopeId) -> Option<Place> {
    if let Some(place) = config.undecided_by(scope) {
        return Some(place);
    }
    let (level, _) = config.effective_list(scope, name::PROXY_SET_HEADER);
    let headers = level.into_iter().flat_map(|l| config.own_named(l, name::PROXY_SET_HEADER)).filter(|&o| {
        let header = config.arg_text(o, 0);
        ["upgrade", "connection"].iter().any(|h| header.eq_ignore_ascii_case(h)) || is_open(header.as_bytes())
    });
    let version = config.effective(scope, name::PROXY_HTTP_VERSION).occ();
    let open = version.into_iter().chain(headers).find(|&o| config.is_templated(o))?;
    let count = config.args(open).len();
    let word = (0..count).rev().find(|&i| config.arg(open, i).is_some_and(|a| is_open(&a)));
    Some(config.arg_place(open, word.unwrap_or(count)))
}

/// The outcome over all renderings of a template: one, if all agree; and where it was found.
fn over_renderings(
    world: &World<'_>,
    scope: ScopeId,
    location: ScopeId,
    pass: OccId,
    version: Version,
    all: Renderings,
) -> (Found, Option<Arc<Rendering>>) {
    let all = match all {
        Renderings::One => return (Ends::of(world, version).verdict_at(scope, location, pass), None),
        Renderings::TooMany(tag) => return ((Outcome::Unknown(Why::Template(tag)), false, true), None),
        Renderings::Some(all) => all,
    };
    let mut found: Vec<Found> =
        all.iter().map(|r| Ends::of(&world.rendered(Some(r)), version).verdict_at(scope, location, pass)).collect();
    let verdicts: Vec<Verdict> = found.iter().map(|f| f.0.verdict()).collect();
    if let Some(tag) = decider(world.config, &all, &verdicts) {
        let entered = found.iter().any(|f| f.2);
        // What rules look at is the rendering that is right, if one is.
        let at = verdicts.iter().position(|v| *v == Verdict::Upgrades).unwrap_or(0);
        let rendering = all.into_iter().nth(at).map(Arc::new);
        return ((Outcome::Unknown(Why::Template(tag)), false, entered), rendering);
    }
    let unreachable = found.iter().all(|f| f.1);
    let at = found.iter().position(|f| f.1 == unreachable).unwrap_or(0);
    (found.swap_remove(at), all.into_iter().nth(at).map(Arc::new))
}

/// Where requests that arrive at the locations of a configuration end.
struct Ends<'m, 'a> {
    world: &'m World<'a>,
    version: Version,
    /// Of the location that was asked about last: for both browsers, every way; and whether browsers differ.
    direct: Option<(ScopeId, Vec<Arrival>, bool)>,
    jumps: HashMap<ScopeId, Jumps>,
}

/// What becomes of a handshake, whether something answers before, and whether the block is entered at all.
type Found = (Outcome, bool, bool);

impl<'m, 'a> Ends<'m, 'a> {
    fn of(world: &'m World<'a>, version: Version) -> Ends<'m, 'a> {
        Ends { world, version, direct: None, jumps: HashMap::default() }
    }

    /// The outcome over both browsers and every way that arrives at the endpoint.
    fn verdict_at(&mut self, scope: ScopeId, location: ScopeId, pass: OccId) -> Found {
        let world = self.world;
        if let Some(occ) = self.never_matches(location) {
            return (Outcome::Broken(Reason::NoSuchPath(occ)), true, true);
        }
        let found = self.direct(scope, location, pass);
        let hidden = world.is_hidden(location);
        if !hidden && found.0.verdict() != Verdict::Broken {
            return found;
        }
        let server = world.config.enclosing(location, ScopeKind::Server);
        let Some(server) = server.filter(|&s| world.may_jump(s)) else { return found };
        let version = self.version;
        let jumps = self.jumps.entry(server).or_insert_with(|| world.jumps(server, version));
        let jumped: Vec<&Arrival> = jumps.arrivals.iter().filter(|a| a.proxied == Some((scope, pass))).collect();
        // The locations that jump here decide, where no client's request arrives by itself.
        if (hidden || found.1)
            && let Some(outcome) = agreed(&jumped)
            && !(jumps.anywhere && found.0.verdict() != outcome.verdict())
        {
            return (outcome, false, true);
        }
        let upgrades = |a: &&Arrival| a.outcome.verdict() == Verdict::Upgrades;
        if jumped.iter().any(upgrades) || (hidden && !jumped.is_empty()) {
            return (Outcome::Unknown(Why::Condition), false, true);
        }
        // What a location that jumps here has set may mend it.
        let may_come = !hidden && !found.1 && (jumps.anywhere || jumps.to.contains(&location));
        if may_come && let Some(foreign) = world.foreign(location) {
            let (ways, asked) = self.ways(location, Some(foreign));
            let (outcome, ..) = arrived(&ways, asked, scope, location, pass);
            if outcome.verdict() != Verdict::Broken {
                return (Outcome::Unknown(Why::Values), false, true);
            }
        }
        found
    }

    /// A `location` whose prefix is that of no path, in a server in which nothing but a client asks for a path.
    fn never_matches(&self, location: ScopeId) -> Option<OccId> {
        let world = self.world;
        let server = world.config.enclosing(location, ScopeKind::Server)?;
        let read = world.location_of(location)?;
        let (Matcher::Exact(path) | Matcher::Prefix(path, _)) = &read.matcher else { return None };
        let outside = path.first().is_some_and(|b| *b != b'/') && !is_open(path) && !stands_for_another(path);
        (outside && !world.may_jump(server) && !world.is_hidden(location)).then_some(read.occ)
    }

    /// The outcome of requests that arrive by themselves.
    fn direct(&mut self, scope: ScopeId, location: ScopeId, pass: OccId) -> Found {
        if self.direct.as_ref().is_none_or(|(last, ..)| *last != location) {
            let foreign = self.world.foreign(location).filter(|_| self.world.is_hidden(location));
            let (ways, asked) = self.ways(location, foreign);
            self.direct = Some((location, ways, asked));
        }
        let found = match &self.direct {
            Some((_, ways, asked)) => arrived(ways, *asked, scope, location, pass),
            None => (Outcome::Unknown(Why::Condition), false, true),
        };
        // What answers before may send the handshake to a location where it opens: `return 418` with an `error_page`.
        if found.1 && matches!(found.0, Outcome::Broken(_)) && self.opens_elsewhere(location) {
            return (Outcome::Upgrades, false, true);
        }
        found
    }

    /// Whether every handshake that arrives at a location opens where it is sent from there.
    fn opens_elsewhere(&self, location: ScopeId) -> bool {
        let (world, version) = (self.world, self.version);
        let server = world.config.enclosing(location, ScopeKind::Server);
        if !server.is_some_and(|server| world.may_jump(server)) {
            return false;
        }
        [Browser::Chrome, Browser::Firefox].into_iter().all(|browser| {
            let ways = explore(|decisions| {
                let walk = Walk::new(world, version, start(world, location, browser), decisions);
                let (arrival, used, _) = walk.beyond_location(location);
                (follow(world, version, arrival), used)
            });
            !ways.is_empty() && ways.iter().all(|a| a.outcome.verdict() == Verdict::Upgrades)
        })
    }

    fn ways(&self, location: ScopeId, foreign: Option<Arc<HashSet<String>>>) -> (Vec<Arrival>, bool) {
        let (world, version) = (self.world, self.version);
        let mut ways = Vec::new();
        let mut asked = false;
        for browser in [Browser::Chrome, Browser::Firefox] {
            // Browsers differ only where their own `Connection` is used.
            if browser == Browser::Firefox && !asked {
                break;
            }
            ways.extend(explore(|decisions| {
                let mut vars = start(world, location, browser);
                vars.foreign.clone_from(&foreign);
                let walk = Walk::new(world, version, vars, decisions);
                let (arrival, used, saw) = walk.from_location(location);
                asked |= saw;
                (follow(world, version, arrival), used)
            }));
        }
        (ways, asked)
    }
}

/// What the ways from a location on say of one of its endpoints.
fn arrived(ways: &[Arrival], asked: bool, scope: ScopeId, location: ScopeId, pass: OccId) -> Found {
    let here = |a: &&Arrival| a.proxied == Some((scope, pass));
    // Where every handshake enters an `if`, the location's own settings are for other requests.
    let inner = |a: &&Arrival| scope == location && a.proxied.is_some_and(|(_, by)| by == pass);
    let open = |a: &&Arrival| matches!(a.outcome, Outcome::Unknown(_));
    let mut arrived: Vec<&Arrival> = ways.iter().filter(|a| here(a) || (a.proxied.is_none() && open(a))).collect();
    let mut entered = !arrived.is_empty() || ways.iter().any(|a| a.entered.contains(&scope));
    if !ways.iter().any(|a| here(&a)) {
        arrived.extend(ways.iter().filter(inner));
        entered |= !arrived.is_empty();
    }
    let Some(first) = arrived.first() else {
        let reason = ways.first().map_or(Outcome::Unknown(Why::Condition), |a| match a.proxied {
            None => a.outcome.clone(),
            Some(_) => Outcome::Unknown(Why::Condition),
        });
        return (reason, true, entered);
    };
    let broken = arrived.iter().find(|a| a.outcome.verdict() == Verdict::Broken);
    let same = arrived.iter().all(|a| a.outcome.verdict() == first.outcome.verdict());
    let outcome = match (same, broken) {
        (true, _) => first.outcome.clone(),
        // One browser fails: the endpoint is broken, if nothing else is open.
        (false, Some(broken)) if asked && !arrived.iter().any(|a| a.outcome.verdict() == Verdict::Unknown) => {
            broken.outcome.clone()
        }
        _ => Outcome::Unknown(Why::Condition),
    };
    (outcome, false, entered)
}

/// The variables of a request that arrives at a location, or at a server.
pub(super) fn start<'m>(world: &'m World<'_>, location: ScopeId, browser: Browser) -> Variables<'m> {
    let mut vars = Variables::new(&world.definitions, world.is_open(), Request::anywhere(browser));
    vars.scripted = world.is_scripted(location);
    world.capture_name(location, &mut vars);
    if let Some(read) = world.location_of(location) {
        vars.uri = world.path_at(&read);
    }
    vars
}

/// What a server listens on and is called, as reports show it.
pub fn server_words(world: &World<'_>, server: ScopeId) -> (Vec<String>, Vec<String>) {
    let config = world.config;
    let listens = config.own_named(server, name::LISTEN).map(|o| config.shown(o)).collect();
    let names = config
        .own_named(server, name::SERVER_NAME)
        .flat_map(|o| (0..config.args(o).len()).map(move |i| config.arg_shown(o, i)))
        .collect();
    (listens, names)
}
