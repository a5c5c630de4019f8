//! Recovery: from a journal, or any prefix of one, to a machine that goes on where it stood.

use std::sync::Arc;

use crate::{
    effect::Effect,
    journal::{Illegal, Pin, Record, RetryFrom, Started, Status},
    machine::{End, Machine},
    program::Program,
    time::Timestamp,
    value::Value,
};

/// Where an execution stands, with everything needed to go on.
///
/// By `status`:
/// * `Queued`, `Retrying`: no attempt is under way; begin the next one with [`Restored::begin`] at `next.at`.
/// * `Running`, `Waiting`: perform every `outstanding` effect (again) and resume `machine` with the outcomes; when `end` is set, the
///   attempt is over and only the record that says so is missing: write `Finished`, or `AttemptFailed` for [`End::Retry`].
/// * all others: ended; `machine` is where it ended, for a retry from the failure.
#[derive(Debug, Clone)]
pub struct Restored {
    pub status: Status,
    /// Attempts begun so far, 0 before the first.
    pub attempt: u32,
    pub started: Started,
    /// The definitions the last attempt ran, or the next one will run.
    pub pin: Pin,
    /// The machine of the last attempt; `None` before the first one.
    pub machine: Option<Machine>,
    /// What was asked for and has no outcome yet, in the order it was asked.
    pub outstanding: Vec<Outstanding>,
    /// How the attempt ended, when the journal does not say it yet.
    pub end: Option<End>,
    /// The attempt that is due, when the status is `Queued` or `Retrying`.
    pub next: Option<Next>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Outstanding {
    pub effect: Effect,
    /// The journal holds the `WaitStarted` of this wait already; write none for it.
    pub recorded: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    pub at: Timestamp,
    pub from: RetryFrom,
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RestoreError {
    #[error("the journal is empty")]
    Empty,
    #[error(transparent)]
    Illegal(#[from] Illegal),
    #[error("the definitions {digest} of flow `{flow}` are not there")]
    NoProgram { flow: String, digest: String },
    /// The definitions, the settings or a connection's token changed in a way that sent the flow elsewhere.
    #[error("the journal does not fit the flow: record {index} (`{record}`) answers nothing that the flow asked for")]
    Diverged { index: usize, record: &'static str },
}

/// Folds `records` (a whole journal or any prefix of one) into where the execution stands.
///
/// `program` gives the compiled flow for a pin, `connections` the value for `$.connections` of a program. jq programs that outgrow the
/// quick budget are evaluated here, on a thread with a large stack.
pub fn restore(
    records: &[Record],
    program: &mut dyn FnMut(&Pin) -> Option<Arc<Program>>,
    connections: &mut dyn FnMut(&Program) -> Value,
) -> Result<Restored, RestoreError> {
    let _ = (records, program, connections);
    todo!()
}

impl Restored {
    /// Begins the next attempt: from the start, or from the failure where that is possible (with a program that is not the one that
    /// failed, at the state of the same name). Gives the record to write; then step `machine`.
    pub fn begin(&mut self, program: Arc<Program>, connections: Value, begin: Begin) -> Record {
        let _ = (program, connections, begin);
        todo!()
    }
}

/// When an attempt begins and how long it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begin {
    pub now: Timestamp,
    pub deadline: Timestamp,
    pub may_retry: bool,
}
