//! Findings to bytes: edits made concrete, checked again, shown as a diff or written.

mod diff;
mod lower;
mod patched;
mod plan;
mod write;

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;

use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::engine::{Checked, Options, Tally, Target, check};
use crate::i18n::Text;
use crate::source::{FileSystem, Overlay};
use crate::syntax::Files;
use crate::text;

pub use diff::unified;
#[cfg(feature = "internals")]
pub use lower::ByteEdit;
pub use lower::lower;
pub use patched::Patched;
pub use plan::plan;
#[cfg(feature = "internals")]
pub use write::WriteError;
pub use write::write;

/// Rounds of fixing and checking again; a fix that needs more does not converge.
const MAX_ROUNDS: usize = 8;

/// How often fixes are tried anew to find those that do well together. Where the time of a check is
/// the time of all of them, somebody could otherwise write a file that takes hours.
const MAX_ATTEMPTS: usize = 64;

/// The outcome of fixing.
#[derive(Debug, Default)]
pub struct Fixed {
    /// The changed files: path as reported, old bytes, new bytes.
    pub files: Vec<(PathBuf, Patched)>,
    /// How many findings were fixed, by the file where they stood, as reported, and their rule.
    pub fixed: BTreeMap<(PathBuf, &'static str), usize>,
    /// What is left.
    pub left: Checked,
    /// An internal error: a fix that did not do what it promises. Nothing of it is in `files`.
    pub failed: Option<String>,
    /// A fix that does harm or no good, and is not made.
    pub withheld: Option<Withheld>,
}

/// Why a fix is not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Withheld {
    /// It would leave this error, which was not there before: a rule and the message of a finding.
    LeavesError(String),
    /// This finding, named in the same way, stays in spite of its fix.
    DoesNotHelp(String),
    /// Handshakes that succeeded would fail.
    Closes,
}

impl Withheld {
    /// One sentence for people.
    pub fn text(&self) -> Text {
        match self {
            Withheld::LeavesError(error) => text!(
                "a fix is held back, because it would leave another error: {error}",
                "有一处修复没有给出：修复之后还会剩下另一个错误：{error}"
            ),
            Withheld::DoesNotHelp(finding) => text!(
                "a fix is held back, because it would not help: {finding}",
                "有一处修复没有给出：它不起作用：{finding}"
            ),
            Withheld::Closes => text!(
                "a fix is held back, because handshakes that succeed today would fail after it",
                "有一处修复没有给出：现在能成功的握手，修复之后反而会失败"
            ),
        }
    }
}

/// Which fixes count.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// Unsafe ones, too.
    pub unsafe_too: bool,
}

impl Wanted {
    /// Whether the fix of a finding is to be made. Advice is fixed only where its rule was asked for.
    pub fn takes(self, diagnostic: &Diagnostic, options: &Options) -> bool {
        let asked =
            diagnostic.severity > Severity::Advice || options.selection.names(diagnostic.rule, diagnostic.category);
        asked && diagnostic.fix.as_ref().is_some_and(|f| self.unsafe_too || f.applicability == Applicability::Safe)
    }
}

/// Fixes what can be fixed, in memory, until nothing is left to fix, and checks what it did.
///
/// `open` makes the targets anew for each round, because files have changed; `chosen` says whose fixes
/// are to be made, out of those that are wanted.
pub fn fix(
    base: &dyn FileSystem,
    open: &dyn Fn(&mut Files<'_>) -> Vec<Target>,
    options: &Options,
    wanted: Wanted,
    chosen: &dyn Fn(&Diagnostic) -> bool,
) -> Fixed {
    let run = Run { base, open, options, wanted, chosen, attempts: Cell::new(MAX_ATTEMPTS) };
    let mut out = run.pass(Changed::new());
    // A fix that was held back may do once others are made: what a second call would do is done now.
    for _ in 0..MAX_ROUNDS {
        if out.withheld.is_none() || out.failed.is_some() || out.files.is_empty() || run.attempts.get() == 0 {
            break;
        }
        let before = out.files.clone();
        let next = run.pass(before.iter().cloned().collect());
        let same =
            next.files.len() == before.len() && next.files.iter().zip(&before).all(|(a, b)| a.1.text() == b.1.text());
        if same || next.failed.is_some() {
            break;
        }
        let mut fixed = out.fixed;
        for (key, count) in &next.fixed {
            *fixed.entry(key.clone()).or_default() += count;
        }
        out = Fixed { fixed, ..next };
    }
    out
}

type Changed = BTreeMap<PathBuf, Patched>;

/// What stays the same over all rounds.
struct Run<'r> {
    base: &'r dyn FileSystem,
    open: &'r dyn Fn(&mut Files<'_>) -> Vec<Target>,
    options: &'r Options,
    wanted: Wanted,
    /// Which findings the caller wants mended.
    chosen: &'r dyn Fn(&Diagnostic) -> bool,
    /// How many attempts are left.
    attempts: Cell<usize>,
}

impl Run<'_> {
    /// All fixes together; where that does harm, those that do well.
    fn pass(&self, start: Changed) -> Fixed {
        let all = self.attempt(&start, &|_| true);
        if all.failed.is_none() && all.withheld.is_none() {
            return all;
        }
        let mut outcome = self.attempt(&start, &|_| false);
        let mut do_well = |chosen: &[Identity]| {
            let Some(left) = self.attempts.get().checked_sub(1) else { return false };
            self.attempts.set(left);
            let chosen: HashSet<&Identity> = chosen.iter().collect();
            let tried = self.attempt(&start, &|d| chosen.contains(&identity(d)));
            let well = tried.failed.is_none() && tried.withheld.is_none();
            if well {
                outcome = tried;
            }
            well
        };
        choose(&self.candidates(&start), &mut Vec::new(), &mut do_well);
        Fixed { failed: all.failed, withheld: all.withheld, ..outcome }
    }

    fn takes(&self, found: &Diagnostic) -> bool {
        self.wanted.takes(found, self.options) && (self.chosen)(found)
    }

    fn check(&self, changed: &Changed, then: &mut dyn FnMut(Files<'_>, Checked)) {
        let overlay = Overlay::new(self.base, changed.iter().map(|(p, t)| (p.clone(), t)).collect());
        let mut files = Files::new(&overlay);
        let targets = (self.open)(&mut files);
        let checked = check(&mut files, &targets, self.options);
        then(files, checked);
    }

    /// The findings with a fix, each once.
    fn candidates(&self, changed: &Changed) -> Vec<Identity> {
        let mut out = Vec::new();
        self.check(changed, &mut |_, checked| {
            let mut seen = HashSet::new();
            let taken = checked.diagnostics.iter().filter(|d| self.takes(d)).map(identity);
            out = taken.filter(|i| seen.insert(i.clone())).collect();
        });
        out
    }

    /// The chosen fixes, until nothing is left to fix.
    fn attempt(&self, start: &Changed, choose: &dyn Fn(&Diagnostic) -> bool) -> Fixed {
        let mut changed = start.clone();
        let mut out = Fixed::default();
        let mut progress = Progress::default();
        for _ in 0..MAX_ROUNDS {
            let mut edits = Vec::new();
            self.check(&changed, &mut |files, checked| {
                let takes: Vec<&Diagnostic> =
                    checked.diagnostics.iter().filter(|d| self.takes(d) && choose(d)).collect();
                let planned = plan(&files.sources, &files.asts, &takes);
                let size = files.sources.iter().map(|(_, file)| file.bytes.len()).sum();
                out.withheld = progress.round(&checked, &takes, &planned.made, size);
                for found in planned.made.iter().map(|&i| takes[i]) {
                    let path = files.sources.get(found.primary.place.file).path.clone();
                    *out.fixed.entry((path, found.rule)).or_default() += 1;
                }
                if planned.edits.is_empty() || out.withheld.is_some() {
                    out.left = checked;
                    return;
                }
                // The files change, and everything that was found goes.
                drop(checked);
                let mut sources = files.sources;
                edits.extend(planned.edits.into_iter().map(|(file, edits)| (sources.take(file), edits)));
            });
            if edits.is_empty() {
                out.files = changed.into_iter().filter(|(_, p)| p.is_changed()).collect();
                return out;
            }
            for (file, edits) in edits {
                changed.entry(file.path).or_insert_with(|| Patched::new(file.bytes)).apply(&edits);
            }
        }
        out.failed = Some("the fixes do not converge".to_owned());
        out
    }
}

/// What is remembered from one round of an attempt to the next.
#[derive(Default)]
struct Progress {
    /// How many endpoints there were of each verdict before anything was fixed.
    tally: Option<Tally>,
    /// The errors before anything was fixed.
    errors: Option<HashSet<Identity>>,
    /// How many errors configurations had that nobody asked about, by identity, before anything was fixed.
    elsewhere: Option<HashMap<Identity, usize>>,
    /// How many findings there were, by identity, when one of them was fixed last, and how many bytes.
    fixed: HashMap<Identity, (usize, usize)>,
}

impl Progress {
    /// What speaks against a round in which these findings are open in files of this size, and those with
    /// these numbers are about to be fixed.
    fn round(&mut self, checked: &Checked, open: &[&Diagnostic], made: &[usize], size: usize) -> Option<Withheld> {
        let errors = || checked.diagnostics.iter().filter(|d| d.severity == Severity::Error).map(identity);
        let before = self.errors.get_or_insert_with(|| errors().collect());
        let tally = *self.tally.get_or_insert(checked.tally);
        let mut elsewhere: HashMap<Identity, usize> = HashMap::new();
        let grave = checked.witnessed.iter().filter(|d| d.severity == Severity::Error);
        grave.for_each(|d| *elsewhere.entry(identity(d)).or_default() += 1);
        let elsewhere_before = self.elsewhere.get_or_insert_with(|| elsewhere.clone());
        let told = |(rule, message): Identity| format!("{rule}: {message}");
        let mut count: HashMap<Identity, usize> = HashMap::new();
        open.iter().for_each(|d| *count.entry(identity(d)).or_default() += 1);
        // A finding that came back after its fix would come back for ever, unless something is removed
        // each time.
        let stays = |i: &Identity| self.fixed.get(i).is_some_and(|&(n, before)| count[i] >= n && size >= before);
        let back = open.iter().map(|d| identity(d)).find(stays);
        if let Some(back) = back {
            return Some(Withheld::DoesNotHelp(told(back)));
        }
        if made.is_empty() && !self.fixed.is_empty() {
            let more = |(e, n): &(Identity, usize)| *n > elsewhere_before.get(e).copied().unwrap_or(0);
            let there = elsewhere.into_iter().filter(more).map(|(e, _)| e).min();
            let error = errors().find(|e| !before.contains(e)).or(there).map(|e| Withheld::LeavesError(told(e)));
            return error.or(checked.tally.is_worse_than(tally).then_some(Withheld::Closes));
        }
        let made = made.iter().map(|&i| identity(open[i]));
        self.fixed.extend(made.map(|i| (i.clone(), (count[&i], size))));
        None
    }
}

/// Adds to `chosen` those of `some` that do well together with them: all at once, or each half by
/// itself, so that few bad ones among many are found in few attempts.
fn choose<T: Clone>(some: &[T], chosen: &mut Vec<T>, do_well: &mut dyn FnMut(&[T]) -> bool) {
    let before = chosen.len();
    chosen.extend_from_slice(some);
    if some.is_empty() || do_well(chosen) {
        return;
    }
    chosen.truncate(before);
    if some.len() > 1 {
        let (first, second) = some.split_at(some.len() / 2);
        choose(first, chosen, do_well);
        choose(second, chosen, do_well);
    }
}

/// A rule and a message.
type Identity = (&'static str, String);

/// What stays of a finding while the file changes around it.
fn identity(diagnostic: &Diagnostic) -> Identity {
    (diagnostic.rule, diagnostic.message.en.clone().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Category, Label};
    use crate::source::{FileId, Place, Span};

    #[test]
    fn few_bad_fixes_among_many_are_found_in_few_attempts() {
        let some: Vec<u32> = (0..10_000).collect();
        let (mut chosen, mut attempts) = (Vec::new(), 0);
        choose(&some, &mut chosen, &mut |tried| {
            attempts += 1;
            // One is bad by itself, and two together.
            !(tried.contains(&77) || (tried.contains(&5) && tried.contains(&9000)))
        });
        let good: Vec<u32> = some.into_iter().filter(|n| ![77, 9000].contains(n)).collect();
        assert_eq!(chosen, good);
        assert!(attempts < MAX_ATTEMPTS, "{attempts} attempts");
    }

    #[test]
    fn a_round_is_refused_where_a_fix_does_not_help_or_harms() {
        let finding = |message: &'static str| Diagnostic {
            rule: "a-rule",
            category: Category::Handshake,
            severity: Severity::Error,
            message: Text { en: message.into(), zh: message.into() },
            primary: Label { place: Place { file: FileId(0), span: Span::new(0, 0) }, text: Text::default() },
            labels: Vec::new(),
            why: Text::default(),
            help: Text::default(),
            fix: None,
        };
        let checked = |messages: &[&'static str]| Checked {
            diagnostics: messages.iter().copied().map(finding).collect(),
            ..Checked::default()
        };
        let start = checked(&["a", "a", "b"]);
        let round = |checked: &Checked, made: &[usize], size: usize, progress: &mut Progress| {
            let open: Vec<&Diagnostic> = checked.diagnostics.iter().collect();
            progress.round(checked, &open, made, size)
        };
        let after = |messages: &[&'static str], made: &[usize], size: usize| {
            let mut progress = Progress::default();
            assert_eq!(round(&start, &[0, 2], 100, &mut progress), None);
            round(&checked(messages), made, size, &mut progress)
        };
        // The other `a` had to wait for the first one.
        assert_eq!(after(&["a"], &[0], 110), None);
        assert_eq!(after(&[], &[], 110), None);
        assert_eq!(after(&["a", "b"], &[0, 1], 110), Some(Withheld::DoesNotHelp("a-rule: b".to_owned())));
        assert_eq!(after(&["a", "a"], &[0, 1], 100), Some(Withheld::DoesNotHelp("a-rule: a".to_owned())));
        // One of several lines went.
        assert_eq!(after(&["a", "a"], &[0, 1], 90), None);
        assert_eq!(after(&["c"], &[], 110), Some(Withheld::LeavesError("a-rule: c".to_owned())));
        let closed = |made: &[usize]| {
            let tally = |upgrades, broken| Tally { upgrades, broken, rejected: 0 };
            let mut progress = Progress::default();
            let before = Checked { tally: tally(2, 1), ..start.clone() };
            assert_eq!(round(&before, &[0, 2], 100, &mut progress), None);
            let after = Checked { tally: tally(1, 2), ..checked(&["a"]) };
            round(&after, made, 110, &mut progress)
        };
        assert_eq!(closed(&[]), Some(Withheld::Closes));
        // The next round may open it again.
        assert_eq!(closed(&[0]), None);
        // It may have a fix of its own.
        assert_eq!(after(&["c"], &[0], 110), None);
    }
}
