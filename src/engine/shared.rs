//! Files that several configurations include: what is right for one of them may be wrong for the others.

use std::collections::{HashMap, HashSet};

use super::{Checked, Target};
use crate::diagnostic::{Applicability, Diagnostic, Edit, Fix, Key};
use crate::model::config::include::Expanded;
use crate::source::FileId;
use crate::text;

/// What is to be mended here is mended where others include it, too, or nowhere.
pub(super) fn heed_witnesses(out: &mut Checked) {
    if out.witnessed.is_empty() {
        return;
    }
    let mut there: HashMap<_, Vec<&Diagnostic>> = HashMap::new();
    for witnessed in &out.witnessed {
        there.entry(witnessed.key()).or_default().push(witnessed);
    }
    for found in out.diagnostics.iter_mut().filter(|d| d.fix.is_some()) {
        let same = there.get(&found.key()).into_iter().flatten();
        found.fix = same.fold(found.fix.take(), |fix, w| everywhere(w.primary.place.file, fix, w.fix.clone()));
    }
}

/// What one main configuration needs may be wrong for another that includes the same file and is right as it is: it
/// would lose what it inherits.
pub(super) fn heed_the_faultless(targets: &[Target], expanded: &[Expanded], out: &mut Checked) {
    let faulty: HashSet<(Key, FileId)> = out.found_in.drain(..).collect();
    let mut roots: HashMap<FileId, Vec<FileId>> = HashMap::new();
    for (target, expanded) in targets.iter().zip(expanded).filter(|(t, _)| t.is_root && !faulty.is_empty()) {
        for file in expanded.files.iter().filter(|f| **f != target.file) {
            roots.entry(*file).or_default().push(target.file);
        }
    }
    for found in &mut out.diagnostics {
        let key = found.key();
        let Some(fix) = &mut found.fix else { continue };
        let mut including = fix.edits.iter().filter_map(|e| roots.get(&e.file())).flatten();
        if including.any(|root| !faulty.contains(&(key, *root))) {
            fix.applicability = Applicability::Unsafe;
            fix.note.get_or_insert_with(|| {
                text!(
                    "another configuration includes this file, and has no such fault",
                    "另一份配置也 include 了这个文件，它没有这个问题"
                )
            });
        }
    }
}

/// A finding in a file that is included in several places is mended in all of them or in none.
pub(super) fn everywhere(shared: FileId, kept: Option<Fix>, other: Option<Fix>) -> Option<Fix> {
    let (mut kept, other) = (kept?, other?);
    if kept.edits != other.edits {
        // What is right for one of them is wrong for the other: another map, other headers to repeat.
        let within = |fix: &Fix| fix.edits.iter().filter(|e| e.file() == shared).cloned().collect::<Vec<Edit>>();
        if within(&kept) != within(&other) {
            return None;
        }
        let known: HashSet<Edit> = kept.edits.iter().cloned().collect();
        kept.edits.extend(other.edits.into_iter().filter(|e| !known.contains(e)));
    }
    // The same edits may be safe for one configuration and not for the other.
    if other.applicability > kept.applicability {
        kept.note = other.note.or(kept.note);
    } else {
        kept.note = kept.note.or(other.note);
    }
    kept.applicability = kept.applicability.max(other.applicability);
    Some(kept)
}
