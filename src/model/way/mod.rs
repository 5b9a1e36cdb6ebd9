//! The way of a request: the server and the location that answer it, the phases it goes through, what
//! the backend receives, and the verdict at its end.

pub mod arrival;
pub mod endpoint;
mod gate;
pub mod handshake;
pub mod hop;
pub mod judge;
mod jump;
pub mod phase;
mod program;
mod reach;
mod reading;
mod rewriting;
pub mod route;
pub mod server;
pub mod stream;
pub mod tls;
pub mod uri;
pub mod verdict;
pub mod walk;
pub mod world;
