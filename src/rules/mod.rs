//! One file, one rule: its documentation, its check, its fix. A rule asks the model; it never walks
//! the tree itself.

/// Declares a rule from its documentation and its metadata.
macro_rules! rule {
    ($(#[doc = $doc:literal])* $name:literal { category: $category:ident, severity: $severity:ident, fix: $fix:ident, en: $en:literal, zh: $zh:literal, zh_page: [$($prose:literal),* $(,)?], check: $check:path $(,)? }) => {
        $(#[doc = $doc])*
        pub(super) static RULE: $crate::rules::Rule = $crate::rules::Rule {
            name: $name,
            category: $crate::diagnostic::Category::$category,
            severity: $crate::diagnostic::Severity::$severity,
            fix: $crate::rules::FixKind::$fix,
            title: $crate::i18n::StaticText { en: $en, zh: $zh },
            docs: concat!($($doc, "\n"),*),
            prose_zh: &[$($prose),*],
            check: $check,
        };
    };
}

mod cached_handshake;
mod connection;
mod directive_not_allowed;
mod duplicate_host_header;
mod duplicate_upgrade_header;
mod h2c_upgrade;
mod handshake_fails;
mod headers_without_proxy;
mod hidden_upgrade_response;
mod include_cycle;
mod incompatible_http_version;
mod keepalive_never_used;
mod missing_connection_header;
mod missing_proxy_http_version;
mod missing_upgrade_header;
mod misspelled_websocket_setting;
mod no_session_affinity;
mod origin_host_lost;
mod page;
mod path_mismatch;
mod plaintext_http2;
mod refusal_help;
mod rejected_by_nginx;
mod remedy;
mod shadowed_websocket_headers;
mod short_read_timeout;
mod slips;
mod ssi_holds_back_upgrade;
mod subrequest_upgrade;
mod syntax_error;
mod unconditional_upgrade;
mod undefined_variable;
mod unreachable_endpoint;
mod unresolved_include;
mod unused_ignore;
mod upgrade_not_forwarded;
mod websocket_scheme;
pub mod words;
mod wrong_connection_value;
mod wrong_upgrade_map;
mod wrong_upgrade_value;

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::rc::Rc;

use foldhash::{HashMap, HashSet};

use crate::catalog::name;
use crate::diagnostic::{Category, Diagnostic, Edit, Fix, Label, Severity};
use crate::i18n::{Lang, StaticText, Text};
use crate::model::analysis::Analysis;
use crate::model::cause::diagnose::{Cause, Finding, unused_levels};
use crate::model::cause::misspelt::Misspellings;
use crate::model::evidence::Evidence;
use crate::model::trace::Trace;
use crate::model::way::endpoint::Endpoint;
use crate::model::way::handshake::Forwarded;
use crate::model::{Config, OccId, ScopeId};
use crate::source::{FileId, Place};
use crate::syntax::template::stands_for_another;
use crate::text;

pub use connection::ConnectionMode;

/// Whether a rule comes with edits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FixKind {
    /// In words only.
    None,
    /// Where it is certain.
    Sometimes,
    /// Always, in a file that can be changed.
    Always,
}

impl FixKind {
    /// The word for a person.
    pub fn word(self, lang: Lang) -> &'static str {
        match (lang, self) {
            (Lang::En, FixKind::None) => "in words",
            (Lang::En, FixKind::Sometimes) => "sometimes",
            (Lang::En, FixKind::Always) => "always",
            (Lang::Zh, FixKind::None) => "文字说明",
            (Lang::Zh, FixKind::Sometimes) => "部分情况",
            (Lang::Zh, FixKind::Always) => "总是",
        }
    }
}

/// A rule.
pub struct Rule {
    /// Kebab-case; says what is wrong.
    pub name: &'static str,
    /// Its group.
    pub category: Category,
    /// The severity of its findings, unless evidence lowers it.
    pub severity: Severity,
    /// Whether it comes with edits.
    pub fix: FixKind,
    /// One line.
    pub title: StaticText,
    /// The documentation, Markdown.
    pub docs: &'static str,
    /// The paragraphs of the documentation in Chinese, in their order; headings, examples and sources are
    /// those of `docs`.
    pub prose_zh: &'static [&'static str],
    /// The check.
    pub check: fn(&Context<'_>, &mut Vec<Diagnostic>),
}

/// All rules, in the order in which they may speak: where two could name one cause, the first does.
pub static ALL: &[&Rule] = &[
    &syntax_error::RULE,
    &include_cycle::RULE,
    &unresolved_include::RULE,
    &misspelled_websocket_setting::RULE,
    &undefined_variable::RULE,
    &wrong_upgrade_value::RULE,
    &wrong_connection_value::RULE,
    &wrong_upgrade_map::RULE,
    &missing_proxy_http_version::RULE,
    &missing_upgrade_header::RULE,
    &missing_connection_header::RULE,
    &shadowed_websocket_headers::RULE,
    &upgrade_not_forwarded::RULE,
    &websocket_scheme::RULE,
    &incompatible_http_version::RULE,
    &hidden_upgrade_response::RULE,
    &unreachable_endpoint::RULE,
    &duplicate_upgrade_header::RULE,
    &duplicate_host_header::RULE,
    &headers_without_proxy::RULE,
    &path_mismatch::RULE,
    &subrequest_upgrade::RULE,
    &cached_handshake::RULE,
    &plaintext_http2::RULE,
    &origin_host_lost::RULE,
    &handshake_fails::RULE,
    &no_session_affinity::RULE,
    &unconditional_upgrade::RULE,
    &short_read_timeout::RULE,
    &keepalive_never_used::RULE,
    &ssi_holds_back_upgrade::RULE,
    &h2c_upgrade::RULE,
    &directive_not_allowed::RULE,
    &rejected_by_nginx::RULE,
    &unused_ignore::RULE,
];

pub use unused_ignore::Problem as IgnoreProblem;

/// The finding for an ignore comment that does nothing.
pub fn ignore_finding(place: Place, problem: &IgnoreProblem) -> Diagnostic {
    unused_ignore::finding(place, problem)
}

/// Whether a finding is one more include without which nobody knows whether WebSocket opens at one and the same place.
pub fn is_told_with(first: &Diagnostic, next: &Diagnostic) -> bool {
    unresolved_include::is_told_with(first, next)
}

/// Such findings as one.
pub fn told_together(first: &Diagnostic, others: &[&Diagnostic]) -> Diagnostic {
    unresolved_include::told_together(first, others)
}

/// The finding for a URL whose handshake does not open, in the configuration that begins with this file.
pub fn url_finding(cx: &Context<'_>, traced: &Trace, file: FileId) -> Diagnostic {
    handshake_fails::for_url(cx, traced, file)
}

/// The rule with this name.
pub fn find(name: &str) -> Option<&'static Rule> {
    ALL.iter().copied().find(|r| r.name == name)
}

/// What the user asked for, as far as rules care.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What fixes write as `Connection`.
    pub connection: ConnectionMode,
    /// Advice is only counted: it needs no words and no fix, and nothing can take it back.
    pub count_advice: bool,
    /// A location about which nothing says WebSocket is worth advice at most.
    pub bare_is_advice: bool,
}

/// What a rule sees.
pub struct Context<'a> {
    /// The configuration.
    pub analysis: &'a Analysis<'a>,
    /// Root causes at the endpoints.
    pub findings: &'a [Finding],
    /// Near misses.
    pub misspellings: &'a Misspellings,
    /// The user's wishes.
    pub options: &'a Options,
    /// The way of the URL that the user asked about.
    pub traced: Option<&'a Trace>,
    /// The places of advice that is only counted.
    counted: RefCell<Vec<Place>>,
    /// The places of locations about which nothing says WebSocket, where that is only advice.
    bare: RefCell<Vec<Place>>,
    read_only: &'a dyn Fn(FileId) -> bool,
    map_names: RefCell<BTreeMap<String, String>>,
    subrequests: OnceCell<(Vec<ScopeId>, bool)>,
    unused: OnceCell<Vec<Cause>>,
    always_asked: OnceCell<bool>,
    version_asked: OnceCell<bool>,
    sent: RefCell<Option<(SentAlike, Rc<Forwarded>)>>,
}

/// What endpoints that send the same have in common ([`Endpoint::sent_alike`]).
type SentAlike = (NonZeroU32, Option<ScopeId>, Option<OccId>);

impl<'a> Context<'a> {
    /// What rules see of an analysis. `read_only` says of a file that fixes must leave it alone.
    pub fn new(
        analysis: &'a Analysis<'a>,
        findings: &'a [Finding],
        misspellings: &'a Misspellings,
        options: &'a Options,
        traced: Option<&'a Trace>,
        read_only: &'a dyn Fn(FileId) -> bool,
    ) -> Context<'a> {
        Context {
            analysis,
            findings,
            misspellings,
            options,
            traced,
            counted: RefCell::default(),
            bare: RefCell::default(),
            read_only,
            map_names: RefCell::default(),
            subrequests: OnceCell::new(),
            unused: OnceCell::new(),
            always_asked: OnceCell::new(),
            version_asked: OnceCell::new(),
            sent: RefCell::default(),
        }
    }

    /// What the backend of an endpoint receives for a handshake. Neighbours mostly send the same.
    fn sent(&self, endpoint: &Endpoint) -> Rc<Forwarded> {
        let sent = || Rc::new(endpoint.forwarded(&self.analysis.world, self.analysis.version));
        let Some(key) = endpoint.sent_alike(&self.analysis.world) else { return sent() };
        let mut known = self.sent.borrow_mut();
        match &*known {
            Some((last, sent)) if *last == key => Rc::clone(sent),
            _ => Rc::clone(&known.insert((key, sent())).1),
        }
    }

    /// The configuration.
    pub fn config(&self) -> Config<'a> {
        self.analysis.config()
    }

    /// Whether fixes may change a file. As long as it has slips, these come first.
    pub fn writable(&self, file: FileId) -> bool {
        self.may_change(file) && self.config().ast(file).slips.is_empty()
    }

    /// Whether slips in a file may be put right.
    fn may_change(&self, file: FileId) -> bool {
        !(self.read_only)(file) && self.config().ast(file).errors.is_empty()
    }

    /// The endpoints that have a cause.
    fn endpoints_with(&self, wanted: impl Fn(&Cause) -> bool) -> impl Iterator<Item = (&'a Endpoint, &'a Cause)> {
        self.findings
            .iter()
            .flat_map(|f| f.causes.iter().map(|c| (&self.analysis.endpoints[f.endpoint], c)))
            .filter(move |(_, c)| wanted(c))
    }

    /// A name for the map that yields `ordinary` for ordinary requests: one that nothing else uses,
    /// the same for all endpoints that need the same map.
    fn map_name(&self, ordinary: &str) -> String {
        let mut names = self.map_names.borrow_mut();
        if let Some(name) = names.get(ordinary) {
            return name.clone();
        }
        let suffix = match ordinary {
            "" => "_pooled",
            "keep-alive" => "_keep_alive",
            _ => "_close",
        };
        // What is used and not defined gets a map of its own, for what is sent there.
        let used = |n: &str| self.analysis.unknown_variables.iter().any(|v| v.eq_ignore_ascii_case(n));
        let taken = |n: &str| self.analysis.world.definitions.knows(n) || used(n) || names.values().any(|v| v == n);
        // In what could not be read, `$connection_upgrade` may well be defined.
        let usual = (!self.analysis.world.is_open()).then(|| "connection_upgrade".to_owned());
        let candidates =
            usual.into_iter().chain([format!("connection_upgrade{suffix}"), format!("websocket_connection{suffix}")]);
        let name = candidates
            .chain((2..).map(|n| format!("websocket_connection{suffix}_{n}")))
            .find(|n| !taken(n))
            .unwrap_or_default();
        names.insert(ordinary.to_owned(), name.clone());
        name
    }

    /// The locations that `auth_request` and `mirror` lead to, and whether all of them are known.
    fn subrequest_targets(&self) -> &(Vec<ScopeId>, bool) {
        self.subrequests.get_or_init(|| {
            let config = self.config();
            let mut targets = Vec::new();
            let mut all_known = true;
            for id in self.analysis.world.lines.named(config, &[name::AUTH_REQUEST, name::MIRROR]) {
                let occ = config.occ(id);
                let uri = config.arg_text(id, 0);
                if uri == "off" {
                    continue;
                }
                match self.analysis.world.subrequest_target(occ.scope, &uri) {
                    Some(target) => targets.push(target),
                    None => all_known = false,
                }
            }
            targets.sort_unstable();
            targets.dedup();
            (targets, all_known)
        })
    }

    /// Causes with the endpoints that have them; wrong values also without one, in snippets.
    fn causes(&self, wanted: impl Fn(&Cause) -> bool + Copy) -> Vec<(Cause, Vec<&'a Endpoint>)> {
        let mut out: Vec<(Cause, Vec<&'a Endpoint>)> = Vec::new();
        let mut known: HashMap<&Cause, usize> = HashMap::default();
        for (endpoint, cause) in self.endpoints_with(wanted) {
            match known.get(cause) {
                Some(&at) => out[at].1.push(endpoint),
                None => {
                    known.insert(cause, out.len());
                    out.push((cause.clone(), vec![endpoint]));
                }
            }
        }
        let unused = self.unused.get_or_init(|| unused_levels(self.analysis, self.misspellings));
        out.extend(unused.iter().filter(|c| wanted(c)).map(|c| (c.clone(), Vec::new())));
        out
    }

    /// How to name the location of an endpoint: `location /ws`.
    fn location_words(&self, scope: ScopeId) -> String {
        let config = self.config();
        let Some(occ) = config.scope(scope).opened_by else { return "this level".to_owned() };
        format!("{} {}", config.occ(occ).name.as_str(), config.shown(occ)).trim_end().to_owned()
    }

    /// The first of these endpoints in each server, with how many more of the server share its fate:
    /// what is only advice is said once where a person would act once.
    fn once_in_each_server(
        &self,
        endpoints: impl Iterator<Item = &'a Endpoint>,
    ) -> Vec<(&'a Endpoint, Vec<&'a Endpoint>)> {
        let mut out: Vec<(&Endpoint, Vec<&Endpoint>)> = Vec::new();
        for endpoint in endpoints {
            match out.last_mut().filter(|(first, _)| first.server.is_some() && first.server == endpoint.server) {
                Some((_, more)) => more.push(endpoint),
                None => out.push((endpoint, Vec::new())),
            }
        }
        out
    }

    /// `error*`: an error where something says that the endpoint carries WebSocket; else a warning in what
    /// somebody named, and advice in what wslint came upon.
    fn by_evidence(&self, endpoint: &Endpoint) -> Severity {
        match (endpoint.evidence, self.options.bare_is_advice) {
            (Evidence::None, true) => Severity::Advice,
            (Evidence::None, false) => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// Notes an endpoint about which nothing says WebSocket, where that is only advice; whether there is
    /// nothing more to be said of it.
    fn only_counts(&self, endpoint: &Endpoint) -> bool {
        if self.by_evidence(endpoint) > Severity::Advice {
            return false;
        }
        let place = self.config().head(endpoint.pass);
        self.bare.borrow_mut().push(place);
        self.options.count_advice
    }

    /// The places of advice that is only counted, and of locations about which nothing says WebSocket.
    pub fn into_counted(self) -> (Vec<Place>, Vec<Place>) {
        (self.counted.into_inner(), self.bare.into_inner())
    }

    /// Where it hurts: labels on the first three locations, and how many more there are.
    fn places(&self, endpoints: &[&Endpoint]) -> Vec<Label> {
        const SHOWN: usize = 3;
        let mut labels: Vec<Label> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        for endpoint in endpoints.iter().filter(|e| seen.insert(e.location)) {
            if labels.len() < SHOWN {
                labels.extend(self.location_label(endpoint, arrives_here()));
            }
        }
        let more = seen.len().saturating_sub(SHOWN);
        if let Some(last) = labels.last_mut().filter(|_| more > 0) {
            last.text = text!("… and the same in {more} more places", "……另有 {more} 处相同");
        }
        labels
    }

    /// Labels on comments around an endpoint that hold the directive that is missing: it was commented out, or
    /// a line break in front of it was lost.
    fn commented_out(&self, endpoint: &Endpoint, wanted: &[&str]) -> Vec<Label> {
        let config = self.config();
        let Some(occ) = config.scope(endpoint.location).opened_by else { return Vec::new() };
        let (file, block) = (config.file(occ), config.directive(occ).span());
        let source = config.sources.get(file);
        let comments = &config.ast(file).comments;
        let inside = &comments[comments.partition_point(|c| c.start < block.start)..];
        let holds = |text: &[u8]| {
            let words: Vec<&[u8]> =
                text.split(|b| b.is_ascii_whitespace() || *b == b'#').filter(|w| !w.is_empty()).collect();
            words.windows(wanted.len()).any(|w| w.iter().zip(wanted).all(|(a, b)| a.eq_ignore_ascii_case(b.as_bytes())))
        };
        let here = inside.iter().take_while(|c| c.end <= block.end).filter(|c| holds(source.text(**c)));
        let text = || {
            text!(
                "it stands here, behind `#`: everything up to the end of the line is a comment",
                "它写在这里的 `#` 后面：直到行尾都是注释"
            )
        };
        here.take(1).map(|c| Label { place: Place { file, span: *c }, text: text() }).collect()
    }

    /// Whether a map may hold any key beside those that are written: one is a placeholder, or in what was not read.
    /// A second line for a key keeps nginx from starting.
    fn may_have_key(&self, map: ScopeId) -> bool {
        let config = self.config();
        config.scope(map).unresolved || config.own(map).any(|line| stands_for_another(&config.name_text(line)))
    }

    /// Whether a server of this configuration sends `Upgrade` to another one with ordinary requests, too: what that
    /// one passes on, it passes on with those.
    fn is_always_asked(&self) -> bool {
        *self.always_asked.get_or_init(|| {
            let config = self.config();
            let constant = |level| {
                let mut lines = config.headers(level, "Upgrade");
                lines.any(|o| unconditional_upgrade::asks_always(self, o))
            };
            self.analysis.endpoints.iter().any(|e| {
                config.effective_list(e.scope, name::PROXY_SET_HEADER).0.is_some_and(constant)
                    && self.analysis.world.target_matters(e.pass)
            })
        })
    }

    /// Whether a condition or a map asks for the version of HTTP that a request came in with.
    fn asks_for_version(&self) -> bool {
        *self.version_asked.get_or_init(|| {
            let config = self.config();
            let mut lines = self.analysis.world.lines.named(config, &[name::IF, name::MAP, name::SET]);
            lines.any(|o| config.each(o).any(|w| memchr::memmem::find(&w, b"server_protocol").is_some()))
        })
    }

    /// A label on the location of an endpoint.
    fn location_label(&self, endpoint: &Endpoint, text: Text) -> Option<Label> {
        let occ = self.config().scope(endpoint.location).opened_by?;
        Some(Label { place: self.config().head(occ), text })
    }
}

/// Blocks whose own lines gave a rule nothing to say: those that repeat them need not be asked.
#[derive(Default)]
struct Quiet(HashSet<ScopeId>);

impl Quiet {
    fn covers(&self, config: Config<'_>, block: ScopeId) -> bool {
        config.scope(block).repeats.is_some_and(|first| self.0.contains(&first))
    }

    fn add(&mut self, config: Config<'_>, block: ScopeId) {
        self.0.insert(config.scope(block).repeats.unwrap_or(block));
    }
}

/// Answers that are the same for all endpoints of a kind: what depends on nothing but the lines of the location
/// and of what stands around it, where it leads to and what the server listens on aside.
#[derive(Default)]
struct ByKind(HashMap<NonZeroU32, bool>);

impl ByKind {
    fn ask(&mut self, endpoint: &Endpoint, question: impl FnOnce() -> bool) -> bool {
        match endpoint.alike {
            Some(kind) => *self.0.entry(kind).or_insert_with(question),
            None => question(),
        }
    }
}

impl Rule {
    /// What it means and what to do, Markdown.
    pub fn about(&self, lang: Lang) -> String {
        let line = |l: &'static str| {
            let l = l.strip_prefix(' ').unwrap_or(l);
            // The kinds of examples are for the tests; a reader wants the colours of nginx.
            if l.starts_with("```nginx ") { "```nginx" } else { l }
        };
        let page = self.docs.lines().map(line).collect::<Vec<_>>().join("\n");
        match lang {
            Lang::En => page,
            Lang::Zh => page::translated(&page, self.prose_zh),
        }
    }

    /// All that is to be said of it, Markdown.
    pub fn page(&self, lang: Lang) -> String {
        format!("# {}\n\n{}\n\n{}\n\n", self.name, self.title.get(lang), self.about(lang))
    }

    /// A finding of this rule, to be filled in.
    fn at(&self, place: Place, label: Text, message: Text) -> Diagnostic {
        Diagnostic {
            rule: self.name,
            category: self.category,
            severity: self.severity,
            message,
            primary: Label { place, text: label },
            // Nearly all findings have one.
            labels: Vec::with_capacity(1),
            why: Text::default(),
            help: Text::default(),
            fix: None,
        }
    }
}

/// The label that most findings need: where it hurts.
fn arrives_here() -> Text {
    text!("every WebSocket handshake that arrives here fails", "这里的 WebSocket 握手都会失败")
}

/// A fix that replaces one argument.
fn replace(config: Config<'_>, occ: OccId, argument: usize, value: &str) -> Edit {
    Edit::Replace(config.arg_place(occ, argument), value.to_owned())
}

/// A safe fix.
fn safe(title: Text, edits: Vec<Edit>) -> Fix {
    Fix { title, applicability: crate::diagnostic::Applicability::Safe, note: None, edits }
}

#[cfg(test)]
mod tests {
    use crate::symptoms::SYMPTOMS;

    #[test]
    fn symptoms_name_rules_that_exist() {
        for name in SYMPTOMS.iter().flat_map(|s| s.causes).filter_map(|c| c.rule) {
            assert!(super::find(name).is_some(), "{name}");
        }
    }
}
