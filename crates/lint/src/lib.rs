//! The linter: a bundle to findings, rules with a manual page each, and renderers for people and machines.
//!
//! [`check`] reads a bundle (every check that ZIS makes at upload, crate `zis-bundle`) and applies the rules: what ZIS lets pass
//! and a flow regrets later. Pure: texts come in, values go out.

pub mod analysis;
pub mod errors;
mod explain;
pub mod fix;
pub mod graph;
pub mod render;
mod report;
pub mod rule;
pub mod rules;
pub mod schema;
mod settings;

pub use explain::explain;
pub use report::{Report, check};
pub use settings::{Level, Settings};
