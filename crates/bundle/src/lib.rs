//! The bundle document: JSON text with spans → a typed [`Bundle`] and [`Finding`]s.
//!
//! Reading never fails: [`read`] returns whatever could be understood, and a finding for everything that could not.
//! Pure: no IO, no clock, no other crate of ours.

pub mod action;
pub mod built_in;
pub mod code;
pub mod document;
pub mod finding;
pub mod flow;
pub mod job_spec;
pub mod json;
pub mod name;
pub mod path;
mod reader;
pub mod suggest;
pub mod template;
pub mod text;
pub mod walk;

pub use action::Action;
pub use document::{Bundle, Reading, read};
pub use finding::{Finding, Severity};
pub use flow::Flow;
pub use job_spec::JobSpec;
pub use json::Node;
pub use path::Path;
pub use template::Template;
pub use text::{LineIndex, Span};
