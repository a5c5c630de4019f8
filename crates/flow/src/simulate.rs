//! A driver without a world: runs a program with given replies and a simulated clock.

use std::{sync::Arc, time::Duration};

use crate::{
    effect::{Call, Outcome},
    failure::Retry,
    journal::{Exchange, Record, RetryFrom},
    machine::End,
    program::Program,
    time::Timestamp,
    value::Value,
};

/// One execution to be simulated. Build with [`Simulation::new`] and set what differs from the defaults.
#[derive(Debug, Clone)]
pub struct Simulation {
    pub program: Arc<Program>,
    /// `$` at the start, without `connections`.
    pub document: Value,
    pub connections: Value,
    /// When the clock starts; it moves only by waits, retry delays and what replies take.
    pub now: Timestamp,
    pub max_attempts: u32,
    pub delays: Vec<Duration>,
    pub retry_from: RetryFrom,
}

/// What a call meets.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    pub outcome: Outcome,
    pub exchange: Option<Exchange>,
    /// How long it takes on the simulated clock; past the call's deadline it becomes a timeout.
    pub takes: Duration,
}

/// How a simulated execution went.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The whole journal; `trace::replay` gives the visits.
    pub records: Vec<Record>,
    /// The end of the last attempt.
    pub end: End,
    pub attempts: u32,
    pub now: Timestamp,
}

impl Simulation {
    /// At most four attempts from the start with ZIS's delays, no connections, the clock at 2026-01-01T00:00:00Z.
    pub fn new(program: Arc<Program>, document: Value) -> Self {
        Self {
            program,
            document,
            connections: Value::Null,
            now: Timestamp(1_767_225_600_000_000),
            max_attempts: 4,
            delays: Retry::DELAYS.to_vec(),
            retry_from: RetryFrom::Start,
        }
    }

    /// Runs to the end. `reply` is asked for each call in the order the flow makes them, with the number of the attempt.
    pub fn run(&self, reply: &mut dyn FnMut(&Call, u32) -> Reply) -> Report {
        let _ = reply;
        todo!()
    }
}

impl Reply {
    /// A reply that takes no time and has no exchange to show.
    pub fn new(outcome: Outcome) -> Self {
        Self { outcome, exchange: None, takes: Duration::ZERO }
    }
}
