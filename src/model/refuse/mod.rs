//! What nginx refuses to start with, in nginx's terms, and for which versions.

mod absent;
mod buffers;
mod certificates;
mod entries;
mod hashes;
mod host;
mod number;
mod own;
mod servers;
mod structure;
mod twice;
mod types;
mod upstream;
mod values;
mod variables;
mod words;
mod zones;

use crate::catalog::{Version, name};
use crate::model::Config;
use crate::model::config::lines::Lines;
use crate::model::config::scope::{OccId, ScopeKind};
use crate::model::way::route::{Location, Matcher};
use crate::model::way::world::World;
use crate::source::{FileId, Place};
use crate::syntax::Template;
use crate::syntax::template::{is_capital, is_open, is_replaced, stands_for_another};

/// One reason for which nginx does not start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The directive, where nginx's complaint has one.
    pub occ: Option<OccId>,
    /// The argument that is wrong, if it is one.
    pub argument: Option<usize>,
    /// What kind of mistake.
    pub kind: RefusalKind,
    /// What nginx says, without file and line.
    pub text: String,
    /// Where the first of two is, or the block that stands in the way.
    pub other: Option<OccId>,
    /// The first version that refuses it, if not all do.
    pub since: Option<Version>,
    /// The first version that accepts it again, if any does.
    pub until: Option<Version>,
}

/// Kinds of refusals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// `unknown directive`; a near miss of this one, if it is one.
    UnknownDirective(Option<&'static str>),
    /// `unknown directive`, behind a `{` in a pattern without quotes: the pattern as it was meant.
    UnquotedBrace(String),
    /// `directive is not allowed here`
    NotAllowedHere,
    /// `invalid number of arguments`
    ArgumentCount,
    /// `directive is duplicate`
    Duplicate,
    /// `is not terminated by ";"` and `has no opening "{"`
    BlockStructure,
    /// `unknown "…" variable`
    UnknownVariable(String),
    /// `proxy_pass ws://…`
    WebSocketScheme,
    /// `proxy_http_version` with a value that nginx does not know.
    HttpVersion,
    /// Any other value.
    Value,
    /// `no "events" section in configuration`
    NoEvents,
}

impl Refusal {
    fn new(occ: OccId, kind: RefusalKind, text: impl Into<String>) -> Refusal {
        Refusal { occ: Some(occ), argument: None, kind, text: text.into(), other: None, since: None, until: None }
    }

    fn at(mut self, argument: usize) -> Refusal {
        self.argument = Some(argument);
        self
    }

    fn beside(mut self, other: OccId) -> Refusal {
        self.other = Some(other);
        self
    }

    fn before(mut self, version: Version) -> Refusal {
        self.until = Some(version);
        self
    }

    /// Whether this version refuses.
    pub fn applies_to(&self, version: Version) -> bool {
        self.since.is_none_or(|s| version >= s) && self.until.is_none_or(|u| version < u)
    }
}

/// Everything that nginx refuses in a configuration, in the order of its directives. nginx itself
/// stops at the first. And the tag of a template that decides whether it refuses something else.
pub fn refusals(world: &World<'_>, top_is_inferred: bool) -> (Vec<Refusal>, Option<Place>) {
    // What is right once is right wherever it stands; what is wrong is told of every place.
    let mut out = check(world, &world.lines, top_is_inferred);
    if !out.is_empty() {
        out = check(world, &Lines::all(world.config), top_is_inferred);
    }
    let left_out = absent::missing(world, top_is_inferred, &out);
    if world.is_root {
        let config = world.config;
        let has_events = config.blocks(config.top()).any(|o| config.occ(o).name == crate::catalog::name::EVENTS);
        let hidden = config.scope(config.top()).unresolved;
        if !has_events && !hidden {
            out.push(Refusal {
                occ: None,
                argument: None,
                kind: RefusalKind::NoEvents,
                text: "no \"events\" section in configuration".to_owned(),
                other: None,
                since: None,
                until: None,
            });
        }
    }
    let config = world.config;
    // What a template will be is for nginx to say once it is rendered.
    let hidden = !out.is_empty() && config.hides_lines();
    let (open, mut out): (Vec<_>, Vec<_>) = out.into_iter().partition(|r| depends_on_rendering(world, r, hidden));
    let doubt = open.iter().find_map(|r| refused_in_some_rendering(world, r, hidden)).or(left_out);
    // What follows a syntax error in its file is a consequence of it, as far as anybody can tell.
    let broken = |file: FileId| config.ast(file).errors.first().map(|e| e.opened.map_or(e.span.start, |o| o.start));
    out.retain(|r| match r.occ {
        // `proxy_pass ws://…` is one mistake, its missing `;` another.
        _ if r.kind == RefusalKind::WebSocketScheme => true,
        // Here the syntax error is the consequence.
        _ if matches!(r.kind, RefusalKind::UnquotedBrace(_)) => true,
        Some(occ) => broken(config.file(occ)).is_none_or(|at| config.head(occ).span.start < at),
        None => !config.occs().any(|(o, _)| broken(config.file(o)).is_some()),
    });
    out.sort_by_key(|r| r.occ);
    (out, doubt)
}

/// Whether another line may stand in the place of one that nginx would refuse, or none.
fn depends_on_rendering(world: &World<'_>, refusal: &Refusal, hidden: bool) -> bool {
    // A file that is no template may be included behind a tag of one.
    let branched = refusal.occ.into_iter().chain(refusal.other).any(|o| world.config.is_in_template_branch(o));
    refusal.occ.is_some() && (branched || is_open_in_its_words(world, refusal, hidden))
}

/// Whether a placeholder may make something else of a line that nginx would refuse, or what nobody sees may hold what
/// it needs.
fn is_open_in_its_words(world: &World<'_>, refusal: &Refusal, hidden: bool) -> bool {
    let config = world.config;
    let outside = is_outside_in_any_rendering(config, refusal);
    let may_be_another = |occ: OccId| match config.ast(config.file(occ)).template {
        Template::No => false,
        Template::Words | Template::Control => !outside && is_open_to(world, refusal, occ),
        Template::Unread => true,
    };
    let Some(occ) = refusal.occ else { return false };
    if may_be_another(occ) || refusal.other.is_some_and(may_be_another) {
        return true;
    }
    // What is missing is certain only where every line is seen.
    if hidden && !is_by_its_lines(refusal) {
        return true;
    }
    match (&refusal.kind, refusal.argument) {
        (RefusalKind::UnknownDirective(_), _) => is_replaced(&config.name_text(occ)),
        (RefusalKind::UnknownVariable(name), _) => is_capital(name.as_bytes()),
        (_, Some(argument)) => config.arg(occ, argument).is_some_and(|word| is_replaced(&word)),
        // What stands in a location, or what it stands in, may have another path.
        (RefusalKind::Value, None) if config.occ(occ).name == name::LOCATION && !outside => {
            let open = |o: OccId| config.each(o).any(|word| stands_for_another(&word));
            open(occ) || refusal.other.is_some_and(open)
        }
        _ => false,
    }
}

/// Whether a location may not stand in the one around it, whatever its placeholders are: an exact or a named one holds
/// none, a named one stands in none, what is written before them differs, or the one around it is an expression as
/// which no path begins.
fn is_outside_in_any_rendering(config: Config<'_>, refusal: &Refusal) -> bool {
    let read = |occ: OccId| Location::read(config, occ);
    let (Some(inner), Some(outer)) = (refusal.occ.and_then(read), refusal.other.and_then(read)) else { return false };
    let written = |l: &Location| {
        let text = l.text().into_bytes();
        let open = text.iter().position(|b| is_open(&[*b]) || *b == b'$').unwrap_or(text.len());
        text[..open].to_vec()
    };
    let has_modifier = config.args(inner.occ).len() == 2
        && config.arg(inner.occ, 0).is_some_and(|modifier| !is_open(modifier.as_ref()));
    let (path, around) = (written(&inner), written(&outer));
    let holds_none = matches!(outer.matcher, Matcher::Exact(_) | Matcher::Named(_));
    if holds_none || matches!(inner.matcher, Matcher::Named(_)) {
        return true;
    }
    // Without a modifier a placeholder may write one.
    if !has_modifier && path.is_empty() {
        return false;
    }
    let differs = path.iter().zip(&around).any(|(a, b)| a != b);
    let is_expression = matches!(outer.matcher, Matcher::Regex(_));
    let outer_text = outer.text();
    // No path begins with the text of an expression that is more than a path.
    let no_path = !outer_text.starts_with('/') || outer_text.contains(['^', '$', '*', '+', '?', '(', '[', '\\', '|']);
    differs || (is_expression && path.is_empty() && !around.is_empty() && no_path)
}

/// Whether a placeholder may make something else of a line that nginx would refuse: of two lines of one name, or
/// of one key in a `map`, only these count.
fn is_open_to(world: &World<'_>, refusal: &Refusal, occ: OccId) -> bool {
    let config = world.config;
    let twice = || refusal.other.is_some() && config.scope(config.occ(occ).scope).kind == ScopeKind::Entries;
    let name_is_open = || is_open(&config.name_text(occ));
    let in_mail = || matches!(config.scope(config.occ(occ).scope).kind, ScopeKind::Mail | ScopeKind::MailServer);
    match (&refusal.kind, refusal.argument) {
        (RefusalKind::Duplicate, _) => name_is_open(),
        // What a build of its own takes in `mail`, its templates say.
        (RefusalKind::NotAllowedHere, _) if !in_mail() => name_is_open(),
        // The name of a variable ends where it does, whatever else stands in its line.
        (RefusalKind::UnknownVariable(name), Some(at)) => config.arg(occ, at).is_none_or(|word| {
            let text = word.to_ascii_lowercase();
            let ends_open = |begin: &str| {
                let name = [begin.as_bytes(), name.to_ascii_lowercase().as_bytes()].concat();
                memchr::memmem::find(&text, &name)
                    .is_some_and(|i| text.get(i + name.len()).is_some_and(|b| is_open(&[*b])))
            };
            ends_open("$") || ends_open("${")
        }),
        (RefusalKind::Value, None) if twice() => name_is_open(),
        (RefusalKind::Value, Some(at)) if refusal.other.is_none() => {
            name_is_open() || config.arg(occ, at).is_some_and(|word| is_open(&word))
        }
        _ => config.is_templated(occ),
    }
}

/// Whether the lines that are told of are all that nginx objects to.
fn is_by_its_lines(refusal: &Refusal) -> bool {
    let by_itself = matches!(
        refusal.kind,
        RefusalKind::UnknownDirective(_)
            | RefusalKind::NotAllowedHere
            | RefusalKind::ArgumentCount
            | RefusalKind::WebSocketScheme
            | RefusalKind::HttpVersion
    );
    by_itself || refusal.other.is_some() || (refusal.kind == RefusalKind::Value && refusal.argument.is_some())
}

/// The tag that decides whether lines are there which nginx refuses wherever they are.
fn refused_in_some_rendering(world: &World<'_>, refusal: &Refusal, hidden: bool) -> Option<Place> {
    let config = world.config;
    let occ = refusal.occ?;
    let all: Vec<OccId> = [occ].into_iter().chain(refusal.other).collect();
    let read = |o: &OccId| !is_open_to(world, refusal, *o) && config.ast(config.file(*o)).template != Template::Unread;
    let by_version = refusal.since.is_some() || refusal.until.is_some();
    let certain = (!hidden || is_by_its_lines(refusal)) && !by_version && all.iter().all(read);
    let together = refusal.other.is_none_or(|other| config.may_stand_together(occ, other));
    (certain && together).then(|| all.iter().find_map(|o| config.branch_tag(*o))).flatten()
}

fn check(world: &World<'_>, lines: &Lines, top_is_inferred: bool) -> Vec<Refusal> {
    let mut out = Vec::new();
    structure::check(world, lines, top_is_inferred, &mut out);
    types::check(world, lines, top_is_inferred, &mut out);
    values::check(world, lines, &mut out);
    words::check(world, lines, &mut out);
    entries::check(world, &mut out);
    upstream::check(world, lines, &mut out);
    zones::check(world, lines, &mut out);
    twice::check(world, &mut out);
    servers::check(world, &mut out);
    hashes::check(world, &mut out);
    buffers::check(world, &mut out);
    certificates::check(world, &mut out);
    variables::check(world, lines, &mut out);
    out
}

/// The lines that every version refuses: nginx has said its word of them. What only some refuse may be
/// wrong in another way for the others.
fn refused(out: &[Refusal]) -> foldhash::HashSet<OccId> {
    out.iter().filter(|r| r.since.is_none() && r.until.is_none()).filter_map(|r| r.occ).collect()
}

/// Blocks whose entries are no directives, or whose directives belong to a module that wslint does
/// not know.
fn is_opaque(kind: ScopeKind) -> bool {
    matches!(kind, ScopeKind::Entries | ScopeKind::Foreign)
}
