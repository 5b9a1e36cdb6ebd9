//! Findings to bytes: edits made concrete, checked again, shown as a diff or written.

mod diff;
mod lower;
mod overlay;
mod patched;
mod plan;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::engine::{Checked, Options, Target, check};
use crate::model::include::Files;
use crate::source::{FileSystem, normalise};

pub use diff::unified;
pub use lower::{ByteEdit, lower};
pub use overlay::Overlay;
pub use patched::Patched;
pub use plan::plan;

/// Rounds of fixing and checking again; a fix that needs more does not converge.
const MAX_ROUNDS: usize = 8;

/// The outcome of fixing.
#[derive(Debug, Default)]
pub struct Fixed {
    /// The changed files: path as reported, old bytes, new bytes.
    pub files: Vec<(PathBuf, Patched)>,
    /// How many findings were fixed.
    pub fixed: usize,
    /// What is left.
    pub left: Checked,
    /// An internal error: a fix that did not do what it promises. Nothing of it is in `files`.
    pub failed: Option<String>,
    /// A fix that would have created a new error, and is not offered.
    pub withheld: Option<String>,
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
/// `open` makes the targets anew for each round, because files have changed.
pub fn fix(
    base: &dyn FileSystem,
    open: &dyn Fn(&mut Files<'_>) -> Vec<Target>,
    options: &Options,
    wanted: Wanted,
) -> Fixed {
    let run = Run { base, open, options, wanted };
    let mut out = run.pass(Changed::new());
    // A fix that was held back may do once others are made: what a second call would do is done now.
    for _ in 0..MAX_ROUNDS {
        if out.withheld.is_none() || out.failed.is_some() || out.files.is_empty() {
            break;
        }
        let before = out.files.clone();
        let next = run.pass(before.iter().cloned().collect());
        let same =
            next.files.len() == before.len() && next.files.iter().zip(&before).all(|(a, b)| a.1.text() == b.1.text());
        if same || next.failed.is_some() {
            break;
        }
        out = Fixed { fixed: out.fixed + next.fixed, ..next };
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
}

impl Run<'_> {
    /// All fixes together; where that leaves a new error, those that do well by themselves.
    fn pass(&self, start: Changed) -> Fixed {
        let well = |f: &Fixed| f.failed.is_none() && f.withheld.is_none();
        let all = self.attempt(start.clone(), &|_| true);
        if well(&all) {
            return all;
        }
        let mut good = Vec::new();
        for candidate in self.candidates(&start) {
            let alone = |d: &Diagnostic| good.contains(&identity(d)) || identity(d) == candidate;
            if well(&self.attempt(start.clone(), &alone)) {
                good.push(candidate);
            }
        }
        let mut kept = self.attempt(start, &|d| good.contains(&identity(d)));
        kept.failed = kept.failed.or(all.failed);
        kept.withheld = kept.withheld.or(all.withheld);
        kept
    }

    fn check(&self, changed: &Changed, then: &mut dyn FnMut(&Files<'_>, Checked)) {
        let overlay = Overlay::new(self.base, changed.iter().map(|(p, t)| (p.clone(), t.text())).collect());
        let mut files = Files::new(&overlay);
        let targets = (self.open)(&mut files);
        let checked = check(&mut files, &targets, self.options);
        then(&files, checked);
    }

    fn candidates(&self, changed: &Changed) -> Vec<(String, String)> {
        let mut out = Vec::new();
        self.check(changed, &mut |_, checked| {
            out = checked.diagnostics.iter().filter(|d| self.wanted.takes(d, self.options)).map(identity).collect();
        });
        out
    }

    fn attempt(&self, mut changed: Changed, choose: &dyn Fn(&Diagnostic) -> bool) -> Fixed {
        let mut out = Fixed::default();
        let mut first: Option<Vec<(String, String)>> = None;
        let mut done = false;
        for _ in 0..MAX_ROUNDS {
            let mut edits = BTreeMap::new();
            self.check(&changed, &mut |files, checked| {
                let errors: Vec<(String, String)> =
                    checked.diagnostics.iter().filter(|d| d.severity == Severity::Error).map(identity).collect();
                let first = first.get_or_insert_with(|| errors.clone());
                let takes: Vec<&Diagnostic> =
                    checked.diagnostics.iter().filter(|d| self.wanted.takes(d, self.options) && choose(d)).collect();
                let planned = plan(&files.sources, &files.asts, &takes);
                out.fixed += planned.fixes;
                if planned.edits.is_empty() {
                    let new = errors.iter().find(|e| !first.contains(e)).filter(|_| out.fixed > 0);
                    out.withheld = new.map(|(rule, message)| format!("{rule}: {message}"));
                    done = true;
                    out.left = checked;
                    return;
                }
                for (file, planned) in planned.edits {
                    let source = files.sources.get(file);
                    edits.insert(source.path.clone(), (source.bytes.clone(), planned));
                }
            });
            if done {
                out.files = changed.into_iter().filter(|(_, p)| p.is_changed()).collect();
                return out;
            }
            for (path, (bytes, planned)) in edits {
                changed.entry(path).or_insert_with(|| Patched::new(bytes)).apply(&planned);
            }
        }
        out.failed = Some("the fixes do not converge".to_owned());
        out
    }
}

/// What stays of a finding while the file changes around it.
fn identity(diagnostic: &Diagnostic) -> (String, String) {
    (diagnostic.rule.to_owned(), diagnostic.message.en.clone().into_owned())
}

/// Writes the changed files. Each is replaced as a whole; one that changed on disk since it was read
/// stops everything that is not written yet.
///
/// # Errors
/// Which files could not be written, and which were.
pub fn write(fs: &dyn FileSystem, files: &[(PathBuf, Patched)]) -> Result<(), String> {
    for (path, patched) in files {
        match fs.read(path) {
            Ok(now) if now == patched.old() => {}
            Ok(_) => {
                return Err(format!(
                    "{}: the file changed while wslint was looking at it; nothing was written",
                    path.display()
                ));
            }
            Err(e) => return Err(format!("{}: {e}; nothing was written", path.display())),
        }
    }
    let mut written: Vec<&Path> = Vec::new();
    for (path, patched) in files {
        if let Err(e) = fs.replace(path, &patched.text()) {
            // All or none: what was written is put back.
            let mut stuck = Vec::new();
            for (done, old) in files.iter().take(written.len()) {
                if fs.replace(done, old.old()).is_err() {
                    stuck.push(normalise(done).display().to_string());
                }
            }
            let rest = if stuck.is_empty() {
                "nothing was changed".to_owned()
            } else {
                format!("these files stay changed: {}", stuck.join(", "))
            };
            return Err(format!("{}: {e}; {rest}", path.display()));
        }
        written.push(path);
    }
    Ok(())
}
