//! The interpreter as a value: start, step, resume.

use std::sync::Arc;

use crate::{
    effect::{CallId, Effect, Outcome},
    failure::Failure,
    program::Program,
    time::Timestamp,
    trace::Visit,
    value::Value,
};

/// One attempt of one execution, between two effects. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Machine {
    _program: Arc<Program>,
}

/// How an attempt begins.
#[derive(Debug, Clone)]
pub struct Start {
    /// `$`: account_id, integration_key, subdomain, input.
    pub document: Value,
    /// `{"zendesk": {"access_token": "…"}}`: put at `$.connections`; never journaled. `null` for none.
    pub connections: Value,
    pub now: Timestamp,
    /// When the attempt times out.
    pub deadline: Timestamp,
    /// Whether another attempt may follow: only then does a retryable failure end the attempt with [`End::Retry`].
    pub may_retry: bool,
}

/// What the machine wants next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    Perform(Effect),
    /// Everything that can be asked has been asked; resume one of the outstanding effects.
    Blocked,
    End(End),
}

#[derive(Debug, Clone, PartialEq)]
pub enum End {
    Succeeded {
        message: String,
        document: Value,
    },
    Failed {
        failure: Failure,
        /// The state that failed at top level; the Map for a fault inside it.
        state: Option<String>,
        /// The nested place: `Redact[3]/One`.
        path: Option<String>,
    },
    /// The call `id` failed in a way that is tried again. The machine still stands before its outcome: from-failure retries
    /// call [`Machine::again`] and go on.
    Retry {
        id: CallId,
        path: String,
        failure: Failure,
    },
    TimedOut {
        state: Option<String>,
        path: Option<String>,
    },
}

impl Machine {
    pub fn start(program: Arc<Program>, start: Start) -> Self {
        let _ = (program, start);
        todo!()
    }

    /// Runs until something outside is wanted or the attempt ends. Call again after each effect to get the next one.
    pub fn step(&mut self) -> Step {
        todo!()
    }

    /// Gives the outcome of effect `id`. `now` becomes the machine's clock (jq's `now`, timeouts): the journaled time on replay.
    pub fn resume(&mut self, id: CallId, outcome: Outcome, now: Timestamp) {
        let _ = (id, outcome, now);
        todo!()
    }

    /// After [`End::Retry`] or a failed end: makes the failed call outstanding once more, with the same id and key and a new deadline.
    /// False when the attempt did not end at a call that can be repeated.
    pub fn again(&mut self, now: Timestamp, deadline: Timestamp, may_retry: bool) -> bool {
        let _ = (now, deadline, may_retry);
        todo!()
    }

    /// From here on every state that is entered and left is kept for [`Machine::take_trace`].
    pub fn record_trace(&mut self) {
        todo!()
    }

    pub fn take_trace(&mut self) -> Vec<Visit> {
        todo!()
    }
}
