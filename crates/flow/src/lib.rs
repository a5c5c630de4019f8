//! The flow interpreter: `(machine, input) → (machine, effects)`, with its values, paths, templates, jq and journal.
//!
//! Pure: no IO, no clock, no randomness. Time comes in as [`Timestamp`] arguments; what a flow wants done outside leaves as
//! an [`Effect`] and comes back through [`Machine::resume`]. The same machine serves the server, `zis run`, `zis test`,
//! the trace view, recovery and the fuzzer.

pub mod difference;
pub mod effect;
pub mod failure;
pub mod journal;
pub mod jq;
pub mod machine;
pub mod program;
pub mod replay;
pub mod response;
pub mod settings;
pub mod simulate;
pub mod time;
pub mod trace;
pub mod value;

pub use effect::{Call, CallId, Effect, Outcome, Work};
pub use failure::{Failure, Retry};
pub use machine::{End, Machine, Step};
pub use program::Program;
pub use settings::Settings;
pub use time::Timestamp;
pub use value::Value;
