//! Meaning: what nginx makes of the files. Each room knows only what stands before it.

pub mod config;
pub mod value;
pub mod way;

pub mod evidence;
pub mod refuse;

pub mod analysis;
pub mod versions;

pub mod cause;
pub mod trace;

pub use config::scope::{Config, OccId, ScopeId, ScopeKind};
#[cfg(feature = "internals")]
pub use config::scope::{Occ, Scope};
pub use value::request::{Browser, Url, Value};
#[cfg(feature = "internals")]
pub use way::arrival::Arrival;
pub use way::arrival::Step;
