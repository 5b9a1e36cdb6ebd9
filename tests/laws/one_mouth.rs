//! What a check, a trace, `--url` and the summary say of one configuration never contradicts itself.

use wslint::diagnostic::{Category, Diagnostic, Severity};
use wslint::engine::{Checked, EndpointFact, Options, check};
use wslint::i18n::Lang;
use wslint::model::Url;
use wslint::model::evidence::Evidence;
use wslint::model::way::verdict::Verdict;
use wslint::source::{Place, Span};
use wslint::syntax::Files;

use crate::common::{self, Tree};

/// What contradicts itself in a file of a tree, in one line each; nothing where all is well. `--url` is asked for
/// these URLs, and for one of each endpoint.
pub(crate) fn contradictions(tree: &Tree, name: &str, urls: &[String]) -> Vec<String> {
    // Who silences a finding wants it to be silent.
    if tree.values().any(|text| memchr::memmem::find(text, b"wslint:").is_some()) {
        return Vec::new();
    }
    let mut out = Vec::new();
    let told = asked(tree, name, &Options { beside: true, ..common::options(None, None) }, |files, checked| {
        let examples: Vec<String> = checked.endpoints.iter().filter_map(example).collect();
        for endpoint in &checked.endpoints {
            let seat = Seat::of(files, endpoint);
            let say = |what: &str| format!("{name}:{}: {what}", line(files, endpoint.place));
            let at = |d: &&Diagnostic| seat.holds(d.primary.place);
            let errors = || checked.diagnostics.iter().filter(|d| d.severity == Severity::Error);
            let handshake = errors().filter(|d| d.category == Category::Handshake).find(at);
            if let (Verdict::Upgrades, Some(found)) = (endpoint.verdict, handshake) {
                out.push(say(&format!("opens, and is a {} at line {}", found.rule, line(files, found.primary.place))));
            }
            let carries = endpoint.evidence >= Evidence::Likely;
            let concerns = |d: &&Diagnostic| {
                let mut places = std::iter::once(&d.primary).chain(&d.labels).map(|l| l.place);
                d.severity > Severity::Advice && places.any(|p| seat.may_decide(p))
            };
            if endpoint.verdict == Verdict::Broken && carries && !checked.diagnostics.iter().any(|d| concerns(&d)) {
                out.push(say("is broken, and nothing but advice says so"));
            }
            if endpoint.verdict == Verdict::Unknown && carries {
                match &endpoint.undecided {
                    Some(why) if !why.text.get(Lang::En).is_empty() => {}
                    _ => out.push(say("is undecided, and nothing says what decides")),
                }
            }
        }
        let undecided = |e: &&EndpointFact| e.verdict == Verdict::Unknown && e.evidence >= Evidence::Likely;
        let last = last_line(files, checked);
        for endpoint in checked.endpoints.iter().filter(undecided) {
            if !last.contains("undecided") {
                out.push(format!(
                    "{name}:{}: is undecided, and the last line does not say so",
                    line(files, endpoint.place)
                ));
            }
        }
        examples
    });
    for url in told.iter().chain(urls) {
        let options = common::options(None, Some(url));
        let ends_well = asked(tree, name, &options, |_, checked| {
            !checked.diagnostics.iter().any(|d| d.severity > Severity::Advice)
        });
        let traced = common::told_of(tree, name, url);
        if ends_well && !traced.starts_with("upgrades") {
            out.push(format!("{name}: --url {url} ends with 0, and the trace says {traced}"));
        }
    }
    out
}

fn asked<T>(tree: &Tree, name: &str, options: &Options, then: impl FnOnce(&Files<'_>, &Checked) -> T) -> T {
    let fs = common::mem(tree);
    let mut files = Files::new(&fs);
    let target = common::target_called(&mut files, name);
    let checked = check(&mut files, &[target], options);
    then(&files, &checked)
}

fn last_line(files: &Files<'_>, checked: &Checked) -> String {
    let report = wslint::report::Report {
        sources: &files.sources,
        checked,
        lang: Lang::En,
        advice: false,
        wanted: wslint::fix::Wanted { unsafe_too: false },
        nginx_version: None,
    };
    let next = wslint::report::Next { command: None, option: "--fix" };
    wslint::report::summary(&report, &next).get(Lang::En).to_owned()
}

fn line(files: &Files<'_>, place: Place) -> usize {
    files.sources.get(place.file).lines().line(place.span.start) + 1
}

fn example(endpoint: &EndpointFact) -> Option<String> {
    let example = endpoint.words().beside.as_ref()?.example.as_ref()?;
    let url = format!("ws://{example}");
    Url::parse(&url).is_ok().then_some(url)
}

/// The block that an endpoint's requests leave from, and the blocks of its file that are not around it.
struct Seat {
    own: Option<Place>,
    inner: Vec<Place>,
    elsewhere: Vec<Place>,
}

impl Seat {
    fn of(files: &Files<'_>, endpoint: &EndpointFact) -> Seat {
        let Some(beside) = &endpoint.words().beside else {
            return Seat { own: None, inner: Vec::new(), elsewhere: Vec::new() };
        };
        let file = beside.location.file;
        let at = |span: Span| Place { file, span };
        let blocks = || files.asts[file.0 as usize].all().filter(|d| d.body().is_some());
        let own = blocks().find(|d| d.head() == beside.location.span).map(|d| at(d.span()));
        let Some(own) = own else { return Seat { own: None, inner: Vec::new(), elsewhere: Vec::new() } };
        let text = &files.sources.get(file).bytes;
        let named = |names: &'static [&'static [u8]]| {
            blocks().filter(|d| names.contains(&&text[d.name().span().range()])).map(|d| at(d.span()))
        };
        let locations: Vec<Place> = named(&[b"location"]).collect();
        // An `if` of the server concerns all its locations.
        let within = |p: &Place| locations.iter().any(|l| covers(*l, *p));
        let blocks_of_locations = named(&[b"if", b"limit_except"]).filter(within);
        let others: Vec<Place> = locations.iter().copied().chain(blocks_of_locations).filter(|p| *p != own).collect();
        let (inner, outer): (Vec<Place>, Vec<Place>) = others.into_iter().partition(|p| covers(own, *p));
        let elsewhere = outer.into_iter().filter(|p| !covers(*p, own)).collect();
        Seat { own: Some(own), inner, elsewhere }
    }

    /// Whether a place belongs to this block, and to none within it.
    fn holds(&self, place: Place) -> bool {
        self.own.is_some_and(|own| covers(own, place)) && !self.inner.iter().any(|b| covers(*b, place))
    }

    /// Whether what is said at a place may be said of this block: not where it stands in another one.
    fn may_decide(&self, place: Place) -> bool {
        !self.elsewhere.iter().any(|b| covers(*b, place))
    }
}

fn covers(outer: Place, inner: Place) -> bool {
    outer.file == inner.file && outer.span.start <= inner.span.start && inner.span.end <= outer.span.end
}
