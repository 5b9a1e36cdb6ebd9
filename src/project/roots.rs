//! Fragments, and the roots that reach them.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use crate::engine::Target;
use crate::model::config::include::expand;
use crate::model::config::lookup::Lookup;
use crate::source::{FileId, FileKind, normalise};
use crate::syntax::Files;

/// A directory with more files than this is no place where a main configuration hides.
const MANY: usize = 500;

/// The files that a target includes.
pub(super) fn reached(files: &mut Files<'_>, target: &Target) -> HashSet<FileId> {
    let expanded = expand(files, target.file, target.context, &target.lookup);
    expanded.files.into_iter().filter(|f| *f != target.file).collect()
}

/// Takes the fragments that a root reaches out of `fragments`: they are analysed inside it. `targets` gets
/// the roots among `candidates` that helped, and those that stand for a `sites-available`.
pub(super) fn adopt(
    files: &mut Files<'_>,
    targets: &mut Vec<Target>,
    fragments: &mut Vec<Target>,
    candidates: Vec<Target>,
) {
    let mut roots: Vec<Target> = targets.iter().filter(|t| t.is_root).cloned().collect();
    let asked: HashSet<FileId> = fragments.iter().map(|f| f.file).collect();
    for candidate in candidates {
        let reached = reached(files, &candidate);
        fragments.retain(|f| !reached.contains(&f.file));
        // A fragment may belong to several roots; it has to be right in each.
        if !reached.is_disjoint(&asked) {
            targets.push(candidate.clone());
        }
        roots.push(candidate);
    }
    // What stands in `sites-available` is linked into `sites-enabled` on the machine, which few
    // repositories show: each is analysed in the root that would include it there.
    fragments.retain(|fragment| {
        let Some(enabled) = available(files, fragment) else { return true };
        let around = |r: &&Target| enabled.0.starts_with(&r.lookup.root_dir) || r.lookup.root_dir == Path::new(".");
        for root in roots.iter().filter(around) {
            let lookup = Lookup { enabled: Some(enabled.clone()), ..root.lookup.clone() };
            let world = Target { lookup, reports: false, ..root.clone() };
            if reached(files, &world).contains(&fragment.file) {
                targets.push(world);
                return false;
            }
        }
        true
    });
}

/// The `sites-enabled` beside the `sites-available` that a fragment stands in, and the fragment's path.
fn available(files: &Files<'_>, fragment: &Target) -> Option<(PathBuf, PathBuf)> {
    let path = files.sources.get(fragment.file).path.clone();
    let folder = path.parent().filter(|p| p.file_name().is_some_and(|n| n == "sites-available"))?;
    Some((folder.with_file_name("sites-enabled"), path))
}

/// What may be main configurations in the directories of fragments and the ones around them, up to the
/// project's root; each directory is looked into once.
pub(super) fn around(files: &Files<'_>, fragments: &[Target]) -> Vec<PathBuf> {
    let mut folders: BTreeSet<PathBuf> = BTreeSet::new();
    for fragment in fragments {
        let own = files.sources.get(fragment.file).path.parent().map(Path::to_owned).unwrap_or_default();
        let real = |p: &Path| files.fs().canonicalize(if p.as_os_str().is_empty() { Path::new(".") } else { p });
        let (Ok(mut at), Ok(project)) = (real(&own), real(&fragment.lookup.project)) else { continue };
        let mut folder = own;
        while folders.insert(normalise(&folder)) && at != project && at.starts_with(&project) && at.pop() {
            folder.push("..");
        }
    }
    folders.iter().flat_map(|folder| main_files(files, folder)).collect()
}

fn main_files(files: &Files<'_>, folder: &Path) -> Vec<PathBuf> {
    let mut names = files.fs().list_dir(folder).unwrap_or_default();
    names.sort();
    let many = names.len() > MANY;
    let may_be = |name: &std::ffi::OsString| {
        let text = name.to_string_lossy();
        let main = text == "nginx.conf" || text.starts_with("nginx.conf.");
        let path = normalise(&folder.join(name));
        let is_file = || files.fs().kind(&path).is_ok_and(|k| k == FileKind::File);
        let has_events = || files.fs().read(&path).is_ok_and(|b| memchr::memmem::find(&b, b"events").is_some());
        ((main && is_file()) || (!many && text.ends_with(".conf") && is_file() && has_events())).then_some(path)
    };
    names.iter().filter_map(may_be).collect()
}
