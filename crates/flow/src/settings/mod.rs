//! The compatibility switches of the language: one struct, one member for each open point of the spec.

mod switches;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use switches::Switches;

/// How the interpreter rules where ZIS is silent; `docs/compat.md` lists each with its test for both positions.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// A whole attempt, Wait time included (spec 3.11).
    pub timeout: Duration,
    pub choice_missing_path: MissingPath,
    /// State transitions of a flow without nested Maps: the loop guard.
    pub max_transitions: u32,
    /// State transitions of a flow with nested Maps.
    pub max_transitions_nested: u32,
    pub max_map_items: usize,
    /// Iterations of a Map that may wait for the outside at once; 1 is ZIS's order.
    pub map_concurrency: usize,
    /// Bytes of `$` as JSON text.
    pub max_document_bytes: usize,
    /// What a placeholder makes of `null`.
    pub null_in_placeholder: NullText,
    /// Whether a 429 or 5xx retries the flow before a Catch sees it (spec 3.9).
    pub retry_before_catch: bool,
    pub jq_no_output: NoOutput,
    /// Whether LoadConfig's output stands under a `config` member.
    pub loadconfig_wrapped: bool,
    /// `$.zendeskHost` of definitions.
    pub zendesk_host: String,
    pub jq: crate::jq::Limits,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingPath {
    /// The state fails (JSON path resolution error).
    Error,
    /// The comparison is false.
    False,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NullText {
    Empty,
    Null,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoOutput {
    Null,
    Error,
}

/// Part of the journal's format: what an execution's pin does not name has the value from here, so that a changed default changes how old
/// journals replay.
impl Default for Settings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(100),
            choice_missing_path: MissingPath::Error,
            max_transitions: 1_000,
            max_transitions_nested: 250,
            max_map_items: 100,
            map_concurrency: 1,
            max_document_bytes: 1024 * 1024,
            null_in_placeholder: NullText::Empty,
            retry_before_catch: true,
            jq_no_output: NoOutput::Null,
            loadconfig_wrapped: false,
            zendesk_host: "zendesk.com".to_owned(),
            jq: crate::jq::Limits::default(),
        }
    }
}
