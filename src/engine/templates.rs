//! Fixes in templates: right in every rendering, and written as the template writes its variables.

use foldhash::HashMap;

use crate::catalog::name;
use crate::diagnostic::{Diagnostic, Edit, Fix, Line};
use crate::model::analysis::Analysis;
use crate::model::{Config, ScopeId};
use crate::source::{FileId, Place};
use crate::syntax::Template;

/// Takes back the fixes that some rendering would not bear; the others learn how a `$` is written.
pub(super) fn suit_templates(analysis: &Analysis<'_>, diagnostics: &mut [Diagnostic]) {
    let config = analysis.config();
    let is_template = |file: FileId| config.ast(file).template != Template::No;
    if !analysis.files.iter().any(|f| is_template(*f)) {
        return;
    }
    let mut blocks = None;
    for diagnostic in diagnostics {
        let Some(fix) = &mut diagnostic.fix else { continue };
        let decided = |edit: &Edit| {
            config.ast(edit.file()).template == Template::Control
                && !holds_everywhere(config, edit, blocks.get_or_insert_with(|| Blocks::of(config)))
        };
        if fix.edits.iter().any(decided) {
            diagnostic.fix = None;
            continue;
        }
        write_dollars(config, fix);
    }
}

/// The blocks of directives, by where they begin, and which of them have lines in branches.
struct Blocks {
    around: HashMap<(FileId, u32), ScopeId>,
    divided: Vec<bool>,
}

impl Blocks {
    fn of(config: Config<'_>) -> Blocks {
        let mut around = HashMap::default();
        let mut divided = vec![false; config.scopes().len()];
        for (id, occ) in config.occs() {
            let file = config.file(id);
            if config.ast(file).template != Template::Control {
                continue;
            }
            around.insert((file, config.head(id).span.start), occ.scope);
            if let (Some(inner), Some(body)) = (occ.opens(), config.directive(id).body()) {
                around.insert((file, body.start), inner);
            }
            let proxied = matches!(occ.name, name::PROXY_HTTP_VERSION | name::PROXY_SET_HEADER | name::MAP);
            divided[occ.scope.0 as usize] |= proxied && config.is_branched(id);
        }
        Blocks { around, divided }
    }
}

fn place(edit: &Edit) -> Place {
    match edit {
        Edit::Replace(p, _) | Edit::Delete(p) | Edit::InsertAfter(p, _) | Edit::StartOfBlock(p, _) => *p,
    }
}

/// Whether an edit lies outside loops and branches, and in no block in which one of them may do the same.
fn holds_everywhere(config: Config<'_>, edit: &Edit, blocks: &Blocks) -> bool {
    let Place { file, span } = place(edit);
    let branches = &config.ast(file).branches;
    let outside = branches.at(span.start) == 0 && branches.at(span.end) == 0;
    let adds = !matches!(edit, Edit::Replace(..) | Edit::Delete(_));
    let scope = blocks.around.get(&(file, span.start));
    outside && !(adds && scope.is_some_and(|s| blocks.divided[s.0 as usize]))
}

fn write_dollars(config: Config<'_>, fix: &mut Fix) {
    for edit in &mut fix.edits {
        let Some(written) = config.ast(edit.file()).dollar.as_deref() else { continue };
        let suit = |text: &mut String| *text = text.replace('$', written);
        match edit {
            Edit::Replace(_, text) => suit(text),
            Edit::Delete(_) => {}
            Edit::InsertAfter(_, lines) | Edit::StartOfBlock(_, lines) => {
                for line in lines.iter_mut().filter(|l: &&mut Line| l.contains('$')) {
                    suit(line.to_mut());
                }
            }
        }
    }
}
