//! The trace: every state's input and output, recomputed from the journal.

use std::sync::Arc;

use crate::{
    failure::Failure,
    journal::{Exchange, Record},
    program::Program,
    time::Timestamp,
    value::Value,
};

/// One visit of one state.
#[derive(Debug, Clone, PartialEq)]
pub struct Visit {
    pub state: String,
    /// `Action`, `Choice`, …
    pub kind: &'static str,
    pub attempt: u32,
    /// Where: equals `state` at top level, `Redact[3]/One` inside a Map.
    pub path: String,
    /// `$` when the state was entered.
    pub input: Value,
    /// What the state produced (an action's output, a Pass's result), before `ResultPath`.
    pub result: Option<Value>,
    /// `$` when the state was left; `None` while it runs or when it failed.
    pub output: Option<Value>,
    pub error: Option<Failure>,
    /// The state that follows; for a caught error the Catch's `Next`.
    pub next: Option<String>,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// The resolved request of an HTTP action or the parameters of a built-in, as JSON.
    pub request: Option<Value>,
    pub http: Option<Exchange>,
    /// Why a Choice went where it went: one sentence for each rule tried, `$.refund_amount_num is 200, not <= 100`.
    pub reasons: Vec<String>,
}

/// Recomputes all visits of all attempts from the journal. `program` gives the compiled flow for a pin (a manual retry may use a
/// newer bundle). Connections' secrets show as `*****`.
pub fn replay(records: &[Record], program: &mut dyn FnMut(&crate::journal::Pin) -> Option<Arc<Program>>) -> Vec<Visit> {
    let _ = (records, program);
    todo!()
}
