//! Motion: ingest, lease, drive, act, retry, wake. The only crate that spawns tasks and the only one that talks to the outside.
//!
//! [`Engine`] is the handle that the server holds. An event goes in through [`Engine::ingest`]; an execution lives in the memory of
//! the node that accepted it; the journal is the only truth.

pub mod act;
pub mod connection;
pub mod engine;
pub mod error;
pub mod outbound;
pub mod signal;
pub mod world;

pub use engine::{Accepted, Engine, Incoming, Options};
pub use error::EngineError;
pub use signal::Signal;
pub use world::Clock;
