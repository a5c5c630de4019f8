//! The trace: every state's input and output, recomputed from the journal.

use std::sync::Arc;

use crate::{
    failure::{Failure, error},
    journal::{Exchange, Finish, Pin, Record},
    machine::MASK,
    program::Program,
    replay::Restored,
    time::Timestamp,
    value::Value,
};

/// One visit of one state.
#[derive(Debug, Clone, PartialEq)]
pub struct Visit {
    pub state: String,
    /// `Action`, `Choice`, …
    pub kind: &'static str,
    /// The attempt, from 1; 0 in what [`crate::Machine::trace`] gives, because a machine does not know it.
    pub attempt: u32,
    /// Where: equals `state` at top level, `Redact[3]/One` inside a Map.
    pub path: String,
    /// `$` when the state was entered.
    pub input: Value,
    /// What the state produced (an action's output, a Pass's result), before `ResultPath`.
    pub result: Option<Value>,
    /// `$` when the state was left; `None` while it runs or when it failed without a Catch.
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

/// Recomputes all visits of all attempts from the journal, in the order they began. `program` gives the compiled flow for a pin (a manual
/// retry may use a newer bundle). Connections' secrets show as `*****`.
///
/// Never fails: where the journal does not fit the flow any more, or a flow is gone, the trace ends.
pub fn replay(records: &[Record], program: &mut dyn FnMut(&Pin) -> Option<Arc<Program>>) -> Vec<Visit> {
    let Some((first, rest)) = records.split_first() else { return Vec::new() };
    let Ok(mut restored) = Restored::new(first) else { return Vec::new() };
    restored.is_watched = true;
    let mut visits = Vec::new();
    for record in rest {
        if let Record::AttemptStarted { .. } = record
            && restored.next.is_some()
        {
            collect(&mut restored, &mut visits);
        }
        let fits = restored.apply(record, program, &mut masked_connections);
        match record {
            Record::Cancelled { at, .. } => {
                collect(&mut restored, &mut visits);
                end_open(&mut visits, *at, "the execution was cancelled");
            }
            Record::Finished { at, result, .. } => {
                collect(&mut restored, &mut visits);
                let cause = match result {
                    Finish::TimedOut { .. } => "the flow took longer than it may",
                    _ => "the flow ended before this did",
                };
                end_open(&mut visits, *at, cause);
            }
            Record::AttemptFailed { at, .. } => {
                collect(&mut restored, &mut visits);
                end_open(&mut visits, *at, "the attempt ended before this did");
            }
            _ => {}
        }
        if !matches!(fits, Ok(true)) {
            break;
        }
    }
    collect(&mut restored, &mut visits);
    visits
}

/// Takes what the current attempt's machine recorded.
fn collect(restored: &mut Restored, visits: &mut Vec<Visit>) {
    let attempt = restored.attempt;
    let Some(machine) = &mut restored.machine else { return };
    visits.extend(machine.take_trace().into_iter().map(|visit| Visit { attempt, ..visit }));
}

/// The visits that nothing ended, ended by the end of their attempt.
fn end_open(visits: &mut [Visit], at: Timestamp, cause: &str) {
    for visit in visits.iter_mut().filter(|visit| visit.ended_at.is_none()) {
        visit.ended_at = Some(at);
        visit.error = Some(Failure::new(error::TIMEOUT, cause));
    }
}

/// `$.connections` as the trace shows it.
fn masked_connections(program: &Program) -> Value {
    if program.exposed_connections.is_empty() {
        return Value::Null;
    }
    let masked = || Value::object([("access_token", Value::from(MASK))]);
    Value::object(program.exposed_connections.iter().map(|name| (name.as_str(), masked())))
}
