//! Fixes in templates: right in every rendering, and written as the template writes its variables.

use foldhash::HashMap;

use crate::catalog::name;
use crate::diagnostic::{Diagnostic, Edit, Fix, Line};
use crate::i18n::Text;
use crate::model::analysis::Analysis;
use crate::model::{Config, ScopeId};
use crate::source::{FileId, Place};
use crate::syntax::Template;
use crate::syntax::template::is_open;

/// Takes back the fixes that some rendering would not bear; the others learn how a `$` is written.
pub(super) fn suit_templates(analysis: &Analysis<'_>, diagnostics: &mut [Diagnostic]) {
    let config = analysis.config();
    let is_template = |file: FileId| config.ast(file).template != Template::No || config.ast(file).dollar.is_some();
    if !analysis.files.iter().any(|f| is_template(*f)) {
        return;
    }
    let mut blocks = None;
    for diagnostic in diagnostics {
        show_as_written(config, diagnostic);
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

/// The byte of a mask: nobody is ever shown one, and none is written into a file.
fn is_mask(byte: u8) -> bool {
    matches!(byte, 1..=3)
}

fn is_masked(text: &str) -> bool {
    text.bytes().any(is_mask)
}

/// What is said of words with placeholders is said of what stands in the file.
fn show_as_written(config: Config<'_>, found: &mut Diagnostic) {
    let about = found.primary.place;
    let show = |text: &mut Text| show_in_place(config, about, text);
    [&mut found.message, &mut found.primary.text, &mut found.why, &mut found.help].into_iter().for_each(show);
    // A word of the line that is at fault may be said beside another.
    found.labels.iter_mut().for_each(|label| show(&mut label.text));
    let Some(fix) = &mut found.fix else { return };
    show(&mut fix.title);
    fix.note.iter_mut().for_each(show);
    let holds_mask = |edit: &Edit| match edit {
        Edit::Replace(_, text) => is_masked(text),
        Edit::Delete(_) => false,
        Edit::InsertAfter(_, lines) | Edit::StartOfBlock(_, lines) => lines.iter().any(|line| is_masked(line)),
    };
    if fix.edits.iter().any(holds_mask) {
        found.fix = None;
    }
}

/// The same of a text about a place.
pub fn show_in_place(config: Config<'_>, about: Place, text: &mut Text) {
    for text in [&mut text.en, &mut text.zh].into_iter().filter(|text| is_masked(text)) {
        *text = as_written(config, about, text).into();
    }
}

/// A text with each run of a mask's bytes as its file has it: the run of that length which is the nearest to a place.
fn as_written(config: Config<'_>, about: Place, text: &str) -> String {
    let raw = &config.sources.get(about.file).bytes;
    let read = config.ast(about.file).text(raw);
    let (mut out, mut rest, mut used) = (String::with_capacity(text.len()), text, Vec::new());
    while let Some(at) = rest.bytes().position(is_mask) {
        let length = rest[at..].bytes().take_while(|b| is_mask(*b)).count();
        out.push_str(&rest[..at]);
        match nearest(read, about, length, &used) {
            None => out.push('…'),
            Some(start) => {
                used.push(start);
                // The last byte of a hole stands for `;`.
                let hole = read.get(start + length) == Some(&b';') && raw[start + length] != b';';
                out.push_str(&String::from_utf8_lossy(&raw[start..start + length + usize::from(hole)]));
            }
        }
        rest = &rest[at + length..];
    }
    out.push_str(rest);
    out
}

/// Where the nearest run of a mask's bytes of this length begins, those first that are not shown yet.
fn nearest(read: &[u8], about: Place, length: usize, used: &[usize]) -> Option<usize> {
    let (mut found, mut at): (Option<(bool, usize, usize)>, usize) = (None, 0);
    while let Some(start) = read[at..].iter().position(|b| is_mask(*b)).map(|n| at + n) {
        let run = read[start..].iter().take_while(|b| is_mask(**b)).count();
        at = start + run;
        let (from, to) = (about.span.start as usize, about.span.end as usize);
        let distance = from.saturating_sub(start) + start.saturating_sub(to);
        let next = (used.contains(&start), distance, start);
        if run == length && found.is_none_or(|best| next < best) {
            found = Some(next);
        }
    }
    found.map(|(_, _, start)| start)
}

/// The blocks of directives, by where they begin, and which of them have lines in branches.
struct Blocks {
    around: HashMap<(FileId, u32), ScopeId>,
    divided: Vec<bool>,
    /// The same of `proxy_set_header`, which inner blocks inherit.
    headers: Vec<bool>,
}

impl Blocks {
    fn of(config: Config<'_>) -> Blocks {
        let mut around = HashMap::default();
        let mut divided = vec![false; config.scopes().len()];
        let mut headers = divided.clone();
        for (id, occ) in config.occs() {
            let file = config.file(id);
            let proxied = matches!(occ.name, name::PROXY_HTTP_VERSION | name::PROXY_SET_HEADER | name::MAP);
            divided[occ.scope.0 as usize] |= proxied && config.is_branched(id);
            headers[occ.scope.0 as usize] |= occ.name == name::PROXY_SET_HEADER && config.is_branched(id);
            if config.ast(file).template != Template::Control {
                continue;
            }
            around.insert((file, config.head(id).span.start), occ.scope);
            if let (Some(inner), Some(body)) = (occ.opens(), config.directive(id).body()) {
                around.insert((file, body.start), inner);
            }
        }
        Blocks { around, divided, headers }
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
    // What is added may be there already, and what makes up for a line that goes may not be.
    let counts = !matches!(edit, Edit::Replace(..));
    let scope = blocks.around.get(&(file, span.start));
    // What the block inherits is repeated in it, also where it is not there.
    let inherits_some = |s: ScopeId| {
        let own = |l: &ScopeId| config.has(*l, name::PROXY_SET_HEADER) && !blocks.headers[l.0 as usize];
        config.outward(s).take_while(|l| !own(l)).any(|l| blocks.headers[l.0 as usize])
    };
    outside && !(counts && scope.is_some_and(|s| blocks.divided[s.0 as usize] || inherits_some(*s)))
}

fn write_dollars(config: Config<'_>, fix: &mut Fix) {
    for edit in &mut fix.edits {
        let file = edit.file();
        let Some(written) = config.ast(file).dollar.as_deref() else { continue };
        let suit = |text: &mut String| *text = with_dollars(text, written, &|word| is_replaced(config, file, word));
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

/// A text with each `$` of nginx's as its file writes it. Lines that were copied from there have it so, and have
/// what the file replaces, too.
fn with_dollars(text: &str, written: &str, is_replaced: &dyn Fn(&str) -> bool) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(at) = rest.find(['$', '\\', '\'']) {
        let (before, behind) = rest.split_at(at);
        out.push_str(before);
        let name = |t: &str| t.len() - t.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').len();
        let length = match behind.strip_prefix('$') {
            _ if behind.starts_with(written) => written.len(),
            None => 1,
            Some(word) if word.starts_with('{') => behind.find('}').map_or(behind.len(), |end| end + 1),
            Some(word) => 1 + name(word),
        };
        let (piece, next) = behind.split_at(length);
        if piece.starts_with('$') && piece != written && !is_replaced(piece) {
            out.push_str(written);
            out.push_str(&piece[1..]);
        } else {
            out.push_str(piece);
        }
        rest = next;
    }
    out.push_str(rest);
    out
}

/// Whether a file has this word, such as `$DOMAIN`, as one that is replaced before nginx reads it.
fn is_replaced(config: Config<'_>, file: FileId, word: &str) -> bool {
    // Nobody has others of these names, also where one stands behind too few backslashes.
    if matches!(word, "$http_upgrade" | "$http_connection" | "$connection_upgrade") {
        return false;
    }
    let raw = &config.sources.get(file).bytes;
    let read = config.ast(file).text(raw);
    memchr::memmem::find_iter(raw, word.as_bytes()).any(|at| is_open(&read[at..at + word.len()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dollar_is_written_as_its_file_does() {
        let written = |text, how| with_dollars(text, how, &|word| word == "$DOMAIN" || word == "${x}");
        assert_eq!(written("a $http_upgrade;", "\\$"), "a \\$http_upgrade;");
        assert_eq!(written("a \\$host:$DOMAIN;", "\\$"), "a \\$host:$DOMAIN;");
        assert_eq!(written("'$host'${x}\"", "$$"), "'$$host'${x}\"");
        assert_eq!(written("a $$host $host;", "$$"), "a $$host $$host;");
        assert_eq!(written("$host", "${DOLLAR}"), "${DOLLAR}host");
        assert_eq!(written("${DOLLAR}host", "${DOLLAR}"), "${DOLLAR}host");
    }
}
