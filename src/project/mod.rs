//! The desk between the engine and its doors: everything from paths, text or a dump to what is checked,
//! mended and traced. Plain data goes in and comes out; no arguments, no terminal, no process-wide state.

mod carried;
mod inputs;
mod problem;
mod roots;
mod session;
mod sight;
mod standing;
mod story;
mod subject;

pub use inputs::{Asked, Input};
pub use problem::Problem;
pub use session::{Session, SettingsFrom};
#[cfg(any(feature = "server", feature = "internals"))]
pub use sight::{Block, Goal, Outline, Sight, VariableSight};
pub use standing::Standing;
pub use story::Story;
pub use subject::Subject;
