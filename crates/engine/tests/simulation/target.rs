//! What the flows call: it answers well, slowly, badly or not at all, and remembers what it got.

use std::{sync::Mutex, time::Duration};

use zis_engine::act::Caller;
use zis_flow::{Call, Outcome, Retry, Value, response};
use zis_store::ExecutionId;

use crate::{common, node::Dice};

/// One request as the target saw it.
#[derive(Debug, Clone, PartialEq)]
pub struct Got {
    pub execution: ExecutionId,
    pub path: String,
    pub visit: u32,
    pub is_safe: bool,
    pub key: String,
}

#[derive(Default)]
pub struct Target {
    got: Mutex<Vec<Got>>,
}

impl Target {
    /// Takes the request; how long the answer takes, and what it is.
    pub fn receive(&self, dice: &Dice, caller: &Caller, call: &Call) -> (Duration, Outcome) {
        let got = Got {
            execution: caller.execution.clone(),
            path: call.path.clone(),
            visit: call.visit,
            is_safe: call.work.is_safe(),
            key: caller.idempotency_key.clone(),
        };
        self.got.lock().unwrap().push(got);
        let takes = if dice.roll(30) { dice.millis(30_000) } else { dice.millis(50) };
        let outcome = match dice.below(100) {
            0..=84 => Outcome::Done(Value::object([("n", Value::from(i64::try_from(dice.below(3)).unwrap()))])),
            85..=88 => common::status(500, Retry::Backoff),
            89..=90 => common::status(429, Retry::After(dice.millis(3_000))),
            91..=93 => common::status(404, Retry::Never),
            94..=96 => response::no_answer("connection refused"),
            _ => Outcome::Done(Value::Null),
        };
        (takes, outcome)
    }

    pub fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }
}
