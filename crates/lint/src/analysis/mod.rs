//! What the rules look at: each machine as a graph, what `$` may hold at every state, and who reads what.

mod document;
pub mod events;
mod jq;
mod lost;
mod machine;
pub mod shape;
mod uses;

pub use document::{Document, Loss};
pub use jq::leading_paths;
pub use lost::{LostReading, lost_readings};
pub use machine::{Edge, Machine, Via};
pub use shape::{Found, Shape};
pub use uses::{Use, in_definition, in_state};
