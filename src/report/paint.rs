//! Colours of reports for a terminal: those of its own sixteen that can be read on a light background as well as on a
//! dark one. Yellow and cyan cannot, least of all where bold makes them brighter.

use anstyle::{AnsiColor, Style};

use super::Look;

/// What is read first.
pub(crate) const STRONG: Style = Style::new().bold();
/// What is only said in passing.
#[cfg(feature = "probe")]
pub(crate) const FAINT: Style = Style::new().dimmed();
/// All is well.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// It fails.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// It may fail.
pub(crate) const DOUBTFUL: Style = AnsiColor::Magenta.on_default().bold();
/// It could be better; and the names of what a report says.
pub(crate) const HINT: Style = STRONG;

/// A text in a style, where there is colour.
pub(crate) fn paint(look: Look, style: Style, text: &str) -> String {
    if look.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
}
