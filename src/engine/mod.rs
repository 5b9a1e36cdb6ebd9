//! The pipeline: inputs to findings.

mod baseline;
mod facts;
mod memory;
mod pages;
mod select;
mod shared;
mod suppress;
mod templates;
mod url;

use std::path::PathBuf;

use crate::diagnostic::{Applicability, Diagnostic, Fix, Key, Severity};
use crate::model::analysis::{Analysis, Versions};
use crate::model::cause::diagnose::diagnose;
use crate::model::cause::misspelt::misspellings;
use crate::model::config::include::{Expanded, expand};
use crate::model::config::lookup::Lookup;
use crate::model::evidence::{Declarations, Evidence};
use crate::model::trace::{Trace, trace};
use crate::model::way::verdict::Verdict;
use crate::model::{ScopeKind, Url};
use crate::rules::{self, Context};
use crate::source::{FileId, Place};
use crate::syntax::Files;
use crate::text;

pub use baseline::{Baseline, Key as BaselineKey, key as baseline_key};
pub(crate) use facts::Tally;
#[cfg(feature = "internals")]
pub use facts::{Beside, EndpointWords, ServerWords, Undecided};
pub use facts::{EffectiveFact, EndpointFact, endpoint_beside, endpoint_fact};
pub(crate) use memory::Remembered;
use memory::{Forgetful, Memory};
pub use select::Selection;
#[cfg(feature = "internals")]
pub use select::SelectionError;
use shared::{everywhere, heed_the_faultless, heed_witnesses};
pub(crate) use templates::show_in_place;

/// What a file is analysed as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The file.
    pub file: FileId,
    /// nginx could be started with it.
    pub is_root: bool,
    /// The context of its outermost directives.
    pub context: ScopeKind,
    /// The context was guessed from the directives.
    pub inferred: bool,
    /// Where its includes are sought.
    pub lookup: Lookup,
    /// Findings are reported for its files; it is not only there to understand others.
    pub reports: bool,
    /// Nobody asked about it, but it includes what others include: no fix may harm it.
    pub witness: bool,
    /// Its files come from an `nginx -T` dump.
    pub dump: bool,
    /// Somebody named it, or a file in it; wslint did not just come upon it.
    pub named: bool,
    /// Whether it stands on a page, and as what.
    pub page: Page,
}

/// What a configuration is on the page of a document that shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Page {
    /// It stands in no document.
    #[default]
    None,
    /// An example.
    Alone,
    /// What is broken, shown before the mended form, in which this place is the same.
    Before(Place),
    /// The mended form itself.
    Answer,
}

/// What to check, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The nginx that will run it.
    pub versions: Versions,
    /// What the user says of paths.
    pub declared: Declarations,
    /// `--url`: only the endpoint that this URL reaches.
    pub url: Option<Url>,
    /// Which rules.
    pub selection: Selection,
    /// What rules need to know.
    pub rules: rules::Options,
    /// From which evidence on `upgrade-not-forwarded` is reported. By default from none on, in files that
    /// were named; in those that were found it is advice then.
    pub evidence: Option<Evidence>,
    /// The files that were asked about: where a target is only there to understand them, findings are
    /// for them alone.
    pub only: Vec<PathBuf>,
    /// Rules to which the project gives a severity of its own; none is off.
    pub severities: Vec<(String, Option<Severity>)>,
    /// Findings that are accepted.
    pub baseline: Baseline,
    /// Endpoints are described in words and values, for reports that show them; otherwise only their
    /// place, evidence and verdict are given.
    pub describe: bool,
    /// With that: where the location of an endpoint stands, and why it does not open, for editors.
    pub beside: bool,
    /// How many threads at most; the result is the same for any number.
    pub jobs: usize,
}

impl Default for Options {
    /// Every version, every rule of the default set, on one thread, with endpoints described.
    fn default() -> Options {
        Options {
            versions: Versions::ALL,
            declared: Declarations::default(),
            url: None,
            selection: Selection::default(),
            rules: rules::Options::default(),
            evidence: None,
            only: Vec::new(),
            severities: Vec::new(),
            baseline: Baseline::default(),
            describe: true,
            beside: false,
            jobs: 1,
        }
    }
}

/// How a file came into the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileRole {
    /// nginx could be started with it.
    Root,
    /// Included by another.
    Included,
    /// Given alone, without its root.
    Fragment,
    /// Part of an `nginx -T` dump.
    Dump,
}

/// What a run found.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// Findings, by file, offset and rule; advice included.
    pub diagnostics: Vec<Diagnostic>,
    /// What is found in configurations that nobody asked about, which include what others include.
    pub(crate) witnessed: Vec<Diagnostic>,
    /// How many endpoints there are of each verdict, those of configurations that nobody asked about included.
    pub(crate) tally: Tally,
    /// In which main configurations there is what would be mended in a file that they include.
    pub(crate) found_in: Vec<(Key, FileId)>,
    /// The places of advice that is only counted.
    pub counted: Vec<Place>,
    /// The places of `proxy_pass` about which nothing says WebSocket, where that is only advice.
    pub bare: Vec<Place>,
    /// Includes that could not be read in configurations in which no endpoint was seen.
    pub unread: Vec<(Place, String)>,
    /// With `--url`: what becomes of it in each configuration.
    pub(crate) told: Vec<Told>,
    /// Endpoints, by file and offset.
    pub endpoints: Vec<EndpointFact>,
    /// The files of the run.
    pub files: Vec<(FileId, FileRole)>,
    /// How many findings comments suppress.
    pub suppressed: usize,
    /// How many findings the baseline accepts.
    pub baselined: usize,
}

/// What becomes of a URL in one configuration, and the finding that says so where no other does.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    has_server: bool,
    verdict: Verdict,
    finding: Diagnostic,
}

/// Checks all targets.
pub fn check(files: &mut Files<'_>, targets: &[Target], options: &Options) -> Checked {
    check_again(files, targets, options, &mut Forgetful)
}

/// Checks all targets; what `memory` knows of those whose files are as they were is not worked out anew.
pub(crate) fn check_again(
    files: &mut Files<'_>,
    targets: &[Target],
    options: &Options,
    memory: &mut dyn Memory,
) -> Checked {
    let expanded: Vec<Expanded> = targets.iter().map(|t| expand(files, t.file, t.context, &t.lookup)).collect();
    let mut out = Checked::default();
    // A comment or a baseline may take advice back, and does so by its rule and line.
    let may_go = !options.baseline.findings.is_empty() || files.sources.iter().any(|(_, f)| f.speaks_to_wslint());
    let rules = rules::Options { count_advice: options.rules.count_advice && !may_go, ..options.rules };
    let work: Vec<(&Target, &Expanded)> = targets.iter().zip(&expanded).collect();
    for mut part in memory.parts(files, &work, &mut |work| in_parallel(files, work, options, &rules)) {
        join(&mut out.diagnostics, &mut part.diagnostics);
        join(&mut out.witnessed, &mut part.witnessed);
        join(&mut out.found_in, &mut part.found_in);
        out.tally.add(part.tally);
        join(&mut out.counted, &mut part.counted);
        join(&mut out.bare, &mut part.bare);
        join(&mut out.unread, &mut part.unread);
        join(&mut out.told, &mut part.told);
        join(&mut out.endpoints, &mut part.endpoints);
        join(&mut out.files, &mut part.files);
    }
    heed_witnesses(&mut out);
    merge(files, &mut out);
    heed_the_faultless(targets, &expanded, &mut out);
    let asked = targets.iter().any(|t| !t.reports && !t.witness).then(|| asked(files, targets, &expanded, options));
    if let Some(asked) = &asked {
        narrow(asked, &mut out);
    }
    // A comment and a baseline hold at the finding's own place, whatever was asked about.
    let looked_at: Vec<FileId> = out.files.iter().map(|(f, _)| *f).collect();
    out.suppressed = suppress::suppress(files, &looked_at, &options.selection, &mut out.diagnostics);
    // A file that holds several configurations is one file.
    out.files.dedup_by_key(|(f, _)| files.sources.carrier(*f));
    out.diagnostics.retain_mut(|d| match options.severities.iter().find(|(rule, _)| rule == d.rule) {
        Some((_, Some(severity))) => {
            d.severity = *severity;
            true
        }
        Some((_, None)) => options.selection.names_rule(d.rule),
        None => true,
    });
    out.diagnostics.retain(|d| options.selection.selects(d.rule, d.category));
    sort(files, &mut out.diagnostics);
    out.baselined = options.baseline.apply(files, &mut out.diagnostics);
    if let Some(asked) = &asked {
        tell_here(asked, &mut out);
        sort(files, &mut out.diagnostics);
    }
    url::tell(&mut out);
    out
}

/// Each target by itself, spread over threads; the parts come back in the order of the targets.
fn in_parallel(
    files: &Files<'_>,
    work: &[(&Target, &Expanded)],
    options: &Options,
    rules: &rules::Options,
) -> Vec<Checked> {
    let check_all = |work: &[(&Target, &Expanded)]| {
        let mut out = Checked::default();
        for (target, expanded) in work {
            one(files, target, expanded, options, rules, &mut out);
        }
        out
    };
    // A thread is worth its start from a few targets on.
    let jobs = options.jobs.min(work.len() / 4).max(1);
    if jobs == 1 {
        return vec![check_all(work)];
    }
    let share = work.len().div_ceil(jobs);
    std::thread::scope(|scope| {
        let running: Vec<_> = work.chunks(share).map(|part| scope.spawn(move || check_all(part))).collect();
        // A panic in a thread is a panic of the whole.
        running.into_iter().map(|t| t.join().unwrap_or_else(|e| std::panic::resume_unwind(e))).collect()
    })
}

/// The files that were asked about, sorted, where other configurations were read to understand them.
fn asked(files: &Files<'_>, targets: &[Target], expanded: &[Expanded], options: &Options) -> Vec<FileId> {
    let reporting = targets.iter().zip(expanded).filter(|(t, _)| t.reports);
    let mut asked: Vec<FileId> = reporting.flat_map(|(_, e)| e.files.iter().copied()).collect();
    asked.extend(options.only.iter().filter_map(|p| files.find(p)));
    asked.sort_unstable();
    asked
}

/// Leaves only what concerns the files that were asked about.
fn narrow(asked: &[FileId], out: &mut Checked) {
    let is_asked = |place: Place| asked.binary_search(&place.file).is_ok();
    out.diagnostics.retain(|d| std::iter::once(&d.primary).chain(&d.labels).any(|l| is_asked(l.place)));
    out.counted.retain(|place| is_asked(*place));
    out.bare.retain(|place| is_asked(*place));
    out.unread.retain(|(place, _)| is_asked(*place));
    out.endpoints.retain(|e| is_asked(e.place));
}

/// A cause that lies elsewhere is told at the place that it concerns here.
fn tell_here(asked: &[FileId], out: &mut Checked) {
    let is_asked = |place: Place| asked.binary_search(&place.file).is_ok();
    for found in &mut out.diagnostics {
        if !is_asked(found.primary.place)
            && let Some(at) = found.labels.iter().position(|l| is_asked(l.place))
        {
            std::mem::swap(&mut found.primary, &mut found.labels[at]);
        }
    }
    // A comment that does nothing is told only where it was asked about.
    out.diagnostics.retain(|d| is_asked(d.primary.place));
    out.files.retain(|(file, _)| asked.binary_search(file).is_ok());
}

/// The analysis of one target, for those who ask the model themselves.
pub fn analyse<'a>(files: &'a Files<'_>, target: &Target, expanded: &'a Expanded, options: &Options) -> Analysis<'a> {
    Analysis::new(
        &files.sources,
        &files.asts,
        expanded,
        target.is_root,
        target.inferred,
        options.versions,
        &options.declared,
    )
}

fn one(
    files: &Files<'_>,
    target: &Target,
    expanded: &Expanded,
    options: &Options,
    rule_options: &rules::Options,
    out: &mut Checked,
) {
    let mut analysis = analyse(files, target, expanded, options);
    let traced = options.url.as_ref().map(|url| trace(&analysis, url));
    let reached = traced.as_ref().map(Trace::location);
    for endpoint in analysis.endpoints.iter_mut().filter(|e| reached == Some(Some(e.location))) {
        endpoint.evidence = Evidence::Declared;
    }
    let rule_options =
        &rules::Options { bare_is_advice: options.evidence.is_none() && !target.named, ..rule_options.clone() };
    let found = misspellings(&analysis);
    let mut findings = diagnose(&analysis, &found);
    if let Some(location) = reached {
        // Only what this URL reaches, and what keeps nginx from starting.
        findings.retain(|f| Some(analysis.endpoints[f.endpoint].location) == location);
    }
    let read_only = |file: FileId| files.read_only(file);
    let context = Context::new(&analysis, &findings, &found, rule_options, traced.as_ref(), &read_only);
    let mut diagnostics = Vec::new();
    for rule in rules::ALL.iter().filter(|r| options.selection.selects(r.name, r.category)) {
        (rule.check)(&context, &mut diagnostics);
    }
    templates::suit_templates(&analysis, &mut diagnostics);
    pages::suit_carriers(files, target, &mut diagnostics);
    analysis.endpoints.iter().for_each(|e| out.tally.count(analysis.verdict(e)));
    if target.is_root {
        let elsewhere = |d: &&Diagnostic| d.fix.iter().flat_map(|f| &f.edits).any(|e| e.file() != target.file);
        out.found_in.extend(diagnostics.iter().filter(elsewhere).map(|d| (d.key(), target.file)));
    }
    if target.witness {
        return join(&mut out.witnessed, &mut diagnostics);
    }
    if let Some(traced) = &traced {
        diagnostics.retain(|d| analysis.is_rejected() || url::concerns(&analysis, traced, d));
        let told = Told {
            has_server: traced.server.is_some(),
            verdict: traced.verdict,
            finding: rules::url_finding(&context, traced, target.file),
        };
        out.told.push(told);
    }
    if let Some(least) = options.evidence.filter(|e| *e > Evidence::None) {
        let weak: Vec<Place> =
            analysis.endpoints.iter().filter(|e| e.evidence < least).map(|e| analysis.config().head(e.pass)).collect();
        diagnostics.retain(|d| d.rule != "upgrade-not-forwarded" || !weak.contains(&d.primary.place));
    }
    if !target.is_root {
        diagnostics.iter_mut().filter_map(|d| d.fix.as_mut()).for_each(|fix| others_may_include(fix, target.file));
    }
    join(&mut out.diagnostics, &mut diagnostics);
    let (mut counted, mut bare) = context.into_counted();
    join(&mut out.counted, &mut counted);
    join(&mut out.bare, &mut bare);
    // Descriptions of all endpoints need their place.
    drop((findings, found));
    if options.describe {
        out.endpoints.extend(facts::endpoint_facts(&analysis, options.beside));
    } else {
        out.endpoints.extend(analysis.endpoints.iter().map(|e| facts::brief_fact(&analysis, e)));
    }
    if analysis.endpoints.is_empty() {
        let config = analysis.config();
        let unread = analysis.broken_includes.iter().map(|b| (config.head(b.occ), config.arg_shown(b.occ, 0)));
        out.unread.extend(unread);
    }
    for &file in analysis.files {
        let role = match (file == target.file, target.is_root) {
            _ if target.dump => FileRole::Dump,
            (true, true) => FileRole::Root,
            (true, false) => FileRole::Fragment,
            _ => FileRole::Included,
        };
        if !files.is_shipped(file) {
            out.files.push((file, role));
        }
    }
}

/// Without a root nobody knows who else includes a snippet: what is right for one site may be wrong for others.
fn others_may_include(fix: &mut Fix, file: FileId) {
    if fix.edits.iter().any(|e| e.file() != file) {
        fix.applicability = Applicability::Unsafe;
        fix.note.get_or_insert_with(|| {
            text!("other sites may include this file as well", "其他站点可能也 include 了这个文件")
        });
    }
}

/// Appends; most runs have one part, which is not copied.
fn join<T>(all: &mut Vec<T>, more: &mut Vec<T>) {
    if all.is_empty() {
        std::mem::swap(all, more);
    } else {
        all.append(more);
    }
}

/// One finding for one place, however many includes lead to it; everything in order.
fn merge(files: &Files<'_>, out: &mut Checked) {
    let path = |file: FileId| &files.sources.get(file).path;
    sort(files, &mut out.diagnostics);
    out.counted.sort_unstable();
    out.counted.dedup();
    out.bare.sort_unstable();
    out.bare.dedup();
    out.unread.sort_unstable();
    out.unread.dedup();
    let key = |d: &Diagnostic| {
        let (file, start, end, rule) = d.key();
        (files.sources.carrier(file), start, end, rule)
    };
    out.diagnostics.dedup_by(|found, kept| {
        let same = key(kept) == key(found);
        if same {
            let file = |d: &Diagnostic| d.primary.place.file;
            if file(kept) == file(found) {
                kept.fix = everywhere(file(kept), kept.fix.take(), found.fix.take());
            } else if files.block(file(kept)).is_none() {
                // What stands in a block is mended there, also where nginx reads the file around it.
                std::mem::swap(kept, found);
            }
            kept.severity = kept.severity.max(found.severity);
            for label in found.labels.drain(..) {
                if kept.labels.len() < 4 && !kept.labels.iter().any(|l| l.place == label.place) {
                    kept.labels.push(label);
                }
            }
        }
        same
    });
    let rank = ranks(files);
    let key = |e: &EndpointFact| (rank[e.place.file.0 as usize], e.place.span.start);
    if !out.endpoints.is_sorted_by_key(key) {
        out.endpoints.sort_by_key(key);
    }
    out.endpoints.dedup();
    out.files.sort_by_key(|(f, role)| (path(*f), *role as u8));
    out.files.dedup_by_key(|(f, _)| *f);
}

/// The place of each file in the order of their paths; all that is in one file on the disk has one.
fn ranks(files: &Files<'_>) -> Vec<u32> {
    let mut order: Vec<FileId> = files.sources.iter().map(|(id, _)| id).collect();
    order.sort_by_key(|id| &files.sources.get(*id).path);
    let mut rank = vec![0u32; order.len()];
    for (at, id) in order.iter().enumerate() {
        rank[id.0 as usize] = at as u32;
    }
    files.sources.iter().map(|(id, _)| rank[files.sources.carrier(id).0 as usize]).collect()
}

/// By file, offset and rule: the order of every report.
fn sort(files: &Files<'_>, diagnostics: &mut [Diagnostic]) {
    let rank = ranks(files);
    let key = |d: &Diagnostic| {
        let place = d.primary.place;
        (rank[place.file.0 as usize], place.span.start, place.span.end, d.rule)
    };
    if !diagnostics.is_sorted_by_key(key) {
        diagnostics.sort_by_cached_key(key);
    }
}
