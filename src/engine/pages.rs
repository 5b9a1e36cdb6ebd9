//! What is said of configurations inside other files: less than of those that nginx is known to read.

use super::{Page, Target};
use crate::diagnostic::{Category, Diagnostic, Edit, Label, Severity};
use crate::syntax::Files;
use crate::syntax::carrier::Hand;
use crate::text;

/// Takes back what cannot be known of a block.
pub(super) fn suit_carriers(files: &Files<'_>, target: &Target, diagnostics: &mut Vec<Diagnostic>) {
    let Some(block) = files.block(target.file) else { return };
    for edit in diagnostics.iter_mut().filter_map(|d| d.fix.as_mut()).flat_map(|fix| &mut fix.edits) {
        if files.block(edit.file()).is_some_and(|block| block.hand == Hand::Nix) {
            write_quotes(edit);
        }
    }
    // What else the machine has that will hold the block, its file does not say.
    diagnostics.retain(|d| d.rule != "unresolved-include");
    if block.is_material && !target.named {
        diagnostics.retain(|d| d.category != Category::Validity);
    }
    if target.page == Page::None {
        return;
    }
    // nginx never reads a page, and an example leaves out what does not matter to it.
    diagnostics.retain(|d| d.category == Category::Handshake && d.rule != "headers-without-proxy");
    for found in diagnostics {
        if target.page != Page::Answer {
            found.severity = found.severity.min(Severity::Warning);
        }
        if let Page::Before(place) = target.page {
            let text = text!("further down, the page writes it like this", "文中随后在这里给出了另一种写法");
            found.labels.push(Label { place, text });
        }
    }
}

/// Two quotes end a string of Nix: it is told of them with three. Lines that were copied have them so.
fn write_quotes(edit: &mut Edit) {
    let suit = |text: &mut String| {
        let mut rest = std::mem::take(text);
        while let Some(at) = rest.find("''") {
            let length = rest.len() - at - rest[at..].trim_start_matches('\'').len();
            let behind = rest.split_off(at + length);
            let escapes = length > 2 || behind.starts_with(['$', '\\']);
            text.push_str(&rest);
            text.push_str(if escapes { "" } else { "'" });
            rest = behind;
        }
        text.push_str(&rest);
    };
    match edit {
        Edit::Replace(_, text) => suit(text),
        Edit::Delete(_) => {}
        Edit::InsertAfter(_, lines) | Edit::StartOfBlock(_, lines) => {
            lines.iter_mut().filter(|line| line.contains("''")).for_each(|line| suit(line.to_mut()));
        }
    }
}
