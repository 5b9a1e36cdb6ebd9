//! What is said of configurations inside other files: less than of those that nginx is known to read.

use super::{Page, Target};
use crate::diagnostic::{Category, Diagnostic, Label, Severity};
use crate::syntax::Files;
use crate::text;

/// Takes back what cannot be known of a block.
pub(super) fn suit_carriers(files: &Files<'_>, target: &Target, diagnostics: &mut Vec<Diagnostic>) {
    let Some(block) = files.block(target.file) else { return };
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
