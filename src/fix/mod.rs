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
    let all = attempt(base, open, options, wanted, &|_| true);
    let well = |f: &Fixed| f.failed.is_none() && f.withheld.is_none();
    if well(&all) {
        return all;
    }
    // One of the fixes does not do: those that do well by themselves are kept.
    let mut good = Vec::new();
    for candidate in candidates(base, open, options, wanted) {
        let alone = |d: &Diagnostic| good.contains(&identity(d)) || identity(d) == candidate;
        if well(&attempt(base, open, options, wanted, &alone)) {
            good.push(candidate);
        }
    }
    let mut kept = attempt(base, open, options, wanted, &|d| good.contains(&identity(d)));
    kept.failed = kept.failed.or(all.failed);
    kept.withheld = kept.withheld.or(all.withheld);
    kept
}

/// What stays of a finding while the file changes around it.
fn identity(diagnostic: &Diagnostic) -> (String, String) {
    (diagnostic.rule.to_owned(), diagnostic.message.en.clone())
}

fn candidates(
    base: &dyn FileSystem,
    open: &dyn Fn(&mut Files<'_>) -> Vec<Target>,
    options: &Options,
    wanted: Wanted,
) -> Vec<(String, String)> {
    let mut files = Files::new(base);
    let targets = open(&mut files);
    let checked = check(&mut files, &targets, options);
    checked.diagnostics.iter().filter(|d| wanted.takes(d, options)).map(identity).collect()
}

fn attempt(
    base: &dyn FileSystem,
    open: &dyn Fn(&mut Files<'_>) -> Vec<Target>,
    options: &Options,
    wanted: Wanted,
    choose: &dyn Fn(&Diagnostic) -> bool,
) -> Fixed {
    let mut changed: BTreeMap<PathBuf, Patched> = BTreeMap::new();
    let mut out = Fixed::default();
    let mut before: Option<Vec<(String, String)>> = None;
    for _ in 0..MAX_ROUNDS {
        let overlay = Overlay::new(base, changed.iter().map(|(p, t)| (p.clone(), t.text())).collect());
        let mut files = Files::new(&overlay);
        let targets = open(&mut files);
        let checked = check(&mut files, &targets, options);
        let errors: Vec<(String, String)> =
            checked.diagnostics.iter().filter(|d| d.severity == Severity::Error).map(identity).collect();
        let first = before.get_or_insert_with(|| errors.clone());
        let takes: Vec<&Diagnostic> =
            checked.diagnostics.iter().filter(|d| wanted.takes(d, options) && choose(d)).collect();
        let planned = plan(&files.sources, &files.asts, &takes);
        if planned.edits.is_empty() {
            let new = errors.iter().find(|e| !first.contains(e));
            if let (Some((rule, message)), false) = (new, changed.is_empty()) {
                out.withheld = Some(format!("{rule}: {message}"));
                return out;
            }
            out.left = checked;
            out.files = changed.into_iter().filter(|(_, p)| p.is_changed()).collect();
            return out;
        }
        out.fixed += planned.fixes;
        for (file, edits) in planned.edits {
            let source = files.sources.get(file);
            let entry = changed.entry(source.path.clone()).or_insert_with(|| Patched::new(source.bytes.clone()));
            entry.apply(&edits);
        }
    }
    out.failed = Some("the fixes do not converge".to_owned());
    out
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
