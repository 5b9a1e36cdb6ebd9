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

pub use config::scope::{Config, Occ, OccId, Scope, ScopeId, ScopeKind};
pub use value::request::{Browser, Url, Value};
pub use way::arrival::{Arrival, Step};
