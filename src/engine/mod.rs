//! The pipeline: inputs to findings.

mod baseline;
mod facts;
mod select;
mod suppress;
mod templates;

use std::path::PathBuf;

use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::model::analysis::{Analysis, Versions};
use crate::model::cause::diagnose::diagnose;
use crate::model::cause::misspelt::misspellings;
use crate::model::config::include::{Expanded, expand};
use crate::model::config::lookup::Lookup;
use crate::model::evidence::{Declarations, Evidence};
use crate::model::trace::{Trace, trace};
use crate::model::way::endpoint::Endpoint;
use crate::model::{ScopeKind, Url};
use crate::rules::{self, Context};
use crate::source::{FileId, Place};
use crate::syntax::Files;

pub use baseline::{Baseline, Key as BaselineKey, key as baseline_key};
pub use facts::{EffectiveFact, EndpointFact, EndpointWords, ServerWords, endpoint_fact};
pub use select::Selection;

/// What a file is analysed as.
#[derive(Clone, Debug)]
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
    /// Its files come from an `nginx -T` dump.
    pub dump: bool,
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
    /// From which evidence on `upgrade-not-forwarded` is reported.
    pub evidence: Evidence,
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
            evidence: Evidence::None,
            only: Vec::new(),
            severities: Vec::new(),
            baseline: Baseline::default(),
            describe: true,
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
#[derive(Debug, Default)]
pub struct Checked {
    /// Findings, by file, offset and rule; advice included.
    pub diagnostics: Vec<Diagnostic>,
    /// The places of advice that is only counted.
    pub counted: Vec<Place>,
    /// Endpoints, by file and offset.
    pub endpoints: Vec<EndpointFact>,
    /// The files of the run.
    pub files: Vec<(FileId, FileRole)>,
    /// How many findings comments suppress.
    pub suppressed: usize,
    /// How many findings the baseline accepts.
    pub baselined: usize,
}

/// Checks all targets.
pub fn check(files: &mut Files<'_>, targets: &[Target], options: &Options) -> Checked {
    let expanded: Vec<Expanded> = targets.iter().map(|t| expand(files, t.file, t.context, &t.lookup)).collect();
    let mut out = Checked::default();
    // A comment or a baseline may take advice back, and does so by its rule and line.
    let may_go = !options.baseline.findings.is_empty() || files.sources.iter().any(|(_, f)| f.speaks_to_wslint());
    let rules = rules::Options { count_advice: options.rules.count_advice && !may_go, ..options.rules };
    for mut part in in_parallel(files, targets, &expanded, options, &rules) {
        join(&mut out.diagnostics, &mut part.diagnostics);
        join(&mut out.counted, &mut part.counted);
        join(&mut out.endpoints, &mut part.endpoints);
        join(&mut out.files, &mut part.files);
    }
    merge(files, &mut out);
    if targets.iter().any(|t| !t.reports) {
        narrow(files, targets, &expanded, options, &mut out);
    }
    let looked_at: Vec<FileId> = out.files.iter().map(|(f, _)| *f).collect();
    out.suppressed = suppress::suppress(files, &looked_at, &options.selection, &mut out.diagnostics);
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
    out
}

/// Each target by itself, spread over threads; the parts come back in the order of the targets.
fn in_parallel(
    files: &Files<'_>,
    targets: &[Target],
    expanded: &[Expanded],
    options: &Options,
    rules: &rules::Options,
) -> Vec<Checked> {
    let work: Vec<(&Target, &Expanded)> = targets.iter().zip(expanded).collect();
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
        return vec![check_all(&work)];
    }
    let share = work.len().div_ceil(jobs);
    std::thread::scope(|scope| {
        let running: Vec<_> = work.chunks(share).map(|part| scope.spawn(move || check_all(part))).collect();
        // A panic in a thread is a panic of the whole.
        running.into_iter().map(|t| t.join().unwrap_or_else(|e| std::panic::resume_unwind(e))).collect()
    })
}

/// Only what was asked about, where other configurations were read to understand it.
fn narrow(files: &Files<'_>, targets: &[Target], expanded: &[Expanded], options: &Options, out: &mut Checked) {
    let reporting = targets.iter().zip(expanded).filter(|(t, _)| t.reports);
    let mut asked: Vec<FileId> = reporting.flat_map(|(_, e)| e.files.iter().copied()).collect();
    asked.extend(options.only.iter().filter_map(|p| files.find(p)));
    asked.sort_unstable();
    let is_asked = |file: FileId| asked.binary_search(&file).is_ok();
    // A cause that lies elsewhere is told at the place that it concerns here.
    for found in &mut out.diagnostics {
        if !is_asked(found.primary.place.file)
            && let Some(at) = found.labels.iter().position(|l| is_asked(l.place.file))
        {
            std::mem::swap(&mut found.primary, &mut found.labels[at]);
        }
    }
    out.diagnostics.retain(|d| is_asked(d.primary.place.file));
    out.counted.retain(|place| is_asked(place.file));
    out.endpoints.retain(|e| is_asked(e.place.file));
    out.files.retain(|(file, _)| is_asked(*file));
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
    if reached.is_some() {
        let at = |e: &&Endpoint| reached == Some(Some(e.location));
        let mut places: Vec<Place> = analysis.endpoints.iter().filter(at).flat_map(|e| related(&analysis, e)).collect();
        let config = analysis.config();
        if let Some(occ) = reached.flatten().and_then(|location| config.scope(location).opened_by) {
            places.push(config.place(occ, config.directive(occ).span()));
        }
        diagnostics.retain(|d| {
            analysis.is_rejected()
                || places.iter().any(|p| p.file == d.primary.place.file && covers(*p, d.primary.place))
                || concerns_map(&analysis, d)
        });
    }
    if options.evidence > Evidence::None {
        let weak: Vec<Place> = analysis
            .endpoints
            .iter()
            .filter(|e| e.evidence < options.evidence)
            .map(|e| analysis.config().head(e.pass))
            .collect();
        diagnostics.retain(|d| d.rule != "upgrade-not-forwarded" || !weak.contains(&d.primary.place));
    }
    join(&mut out.diagnostics, &mut diagnostics);
    join(&mut out.counted, &mut context.into_counted());
    // Descriptions of all endpoints need their place.
    drop((findings, found));
    if options.describe {
        out.endpoints.extend(facts::endpoint_facts(&analysis));
    } else {
        out.endpoints.extend(analysis.endpoints.iter().map(|e| facts::brief_fact(&analysis, e)));
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

/// Appends; most runs have one part, which is not copied.
fn join<T>(all: &mut Vec<T>, more: &mut Vec<T>) {
    if all.is_empty() {
        std::mem::swap(all, more);
    } else {
        all.append(more);
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

/// One finding for one place, however many includes lead to it; everything in order.
fn merge(files: &Files<'_>, out: &mut Checked) {
    let path = |file: FileId| &files.sources.get(file).path;
    sort(files, &mut out.diagnostics);
    out.counted.sort_unstable();
    out.counted.dedup();
    out.diagnostics.dedup_by(|found, kept| {
        let same = kept.key() == found.key();
        if same {
            kept.severity = kept.severity.max(found.severity);
            kept.fix = everywhere(kept.fix.take(), found.fix.take());
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

/// A finding in a file that is included in several places is mended in all of them or in none.
fn everywhere(kept: Option<Fix>, other: Option<Fix>) -> Option<Fix> {
    let (mut kept, other) = (kept?, other?);
    if kept.edits != other.edits {
        let known: std::collections::HashSet<Edit> = kept.edits.iter().cloned().collect();
        kept.edits.extend(other.edits.into_iter().filter(|e| !known.contains(e)));
        kept.applicability = kept.applicability.max(other.applicability);
        kept.note = kept.note.or(other.note);
    }
    Some(kept)
}

/// The place of each file in the order of their paths.
fn ranks(files: &Files<'_>) -> Vec<u32> {
    let mut order: Vec<FileId> = files.sources.iter().map(|(id, _)| id).collect();
    order.sort_by_key(|id| &files.sources.get(*id).path);
    let mut rank = vec![0u32; order.len()];
    for (at, id) in order.iter().enumerate() {
        rank[id.0 as usize] = at as u32;
    }
    rank
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
