//! The way of a request: the server and the location that answer it, the phases it goes through, what
//! the backend receives, and the verdict at its end.

pub mod arrival;
pub mod endpoint;
pub mod handshake;
pub mod judge;
pub mod phase;
pub mod route;
pub mod uri;
pub mod verdict;
pub mod walk;
pub mod world;
