//! Motion: ingest, lease, drive, act, retry, wake. The only crate that spawns tasks and the only one that talks to the outside.
//!
//! [`Engine`] is the handle that the server holds. An event goes in through [`Engine::ingest`]; an execution lives in the memory of
//! the node that accepted it; the journal is the only truth.

pub mod act;
pub mod connection;
pub mod dead_letter;
pub mod engine;
pub mod error;
pub mod options;
pub mod outbound;
pub mod signal;
pub mod world;

mod admission;
mod by_hand;
mod catalog;
mod core;
mod finish;
mod ingest;
mod key;
mod ledger;
mod logbook;
mod meters;
mod node;
mod open;
mod pool;
mod program;
mod recover;
mod run;
mod sync;
mod turns;
mod wake;
mod watch;

pub use engine::{Accepted, BundleChoice, Engine, Incoming};
pub use error::EngineError;
pub use options::Options;
pub use signal::Signal;
pub use world::Clock;
