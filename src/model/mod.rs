//! Meaning: what nginx makes of the files.

pub mod analysis;
pub mod arrival;
pub mod context;
pub mod diagnose;
pub mod endpoint;
pub mod eval;
pub mod evidence;
pub mod handshake;
pub mod include;
pub mod inherit;
pub mod judge;
pub mod lines;
pub mod misspelt;
pub mod near;
pub mod pattern;
pub mod phase;
pub mod refuse;
pub mod request;
pub mod rewrite;
pub mod route;
pub mod scope;
pub mod trace;
pub mod uri;
pub mod variable;
pub mod verdict;
pub mod walk;
pub mod world;

pub use arrival::{Arrival, Step};
pub use request::{Browser, Url, Value};
pub use scope::{Config, Occ, OccId, Scope, ScopeId, ScopeKind};
