//! What is said of configurations inside other files: less than of those that nginx is known to read.

use super::{Page, Target};
use crate::diagnostic::{Category, Diagnostic, Label, Severity};
use crate::syntax::Files;
use crate::text;

/// Takes back what cannot be known of a block.
pub(super) fn suit_carriers(files: &Files<'_>, target: &Target, diagnostics: &mut Vec<Diagnostic>) {
    if files.block(target.file).is_none() {
        return;
    }
    // What else the machine has that will hold the block, its file does not say.
    diagnostics.retain(|d| d.rule != "unresolved-include");
    if target.page == Page::None {
        return;
    }
    // nginx never reads a page, and an example leaves out what does not matter to it.
    diagnostics.retain(|d| d.category == Category::Handshake);
    for found in diagnostics {
        if target.page != Page::Answer {
            found.severity = found.severity.min(Severity::Warning);
        }
        if let Page::Before(place) = target.page {
            let text = text!("the page shows it mended here", "文中在这里给出了改好的写法");
            found.labels.push(Label { place, text });
        }
    }
}
