//! One execution in memory: its row, what it has to write, and the loop step → perform → record → resume (D1, D3).

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use zis_flow::{
    Call, CallId, Effect, Failure, Machine, Outcome, Timestamp,
    failure::error,
    journal::{Record, Status},
    machine::{End, Step},
    replay::Outstanding,
};
use zis_store::{execution::Execution, log};

use crate::{
    act::{Caller, Done},
    admission::Slot,
    core::Core,
    error::EngineError,
    key,
    ledger::{Ledger, Lost},
    node,
    open::{Entry, Order},
    turns,
};

/// Waits shorter than this stay in memory: writing them down and reading them back would take as long.
const SHORT_WAIT: Duration = Duration::from_millis(50);
/// How often a built-in whose rows changed under it is done again before its state fails.
const MOST_REFUSALS: u32 = 16;

/// An execution in the memory of this node.
pub(crate) struct Run {
    pub(crate) core: Arc<Core>,
    pub(crate) row: Execution,
    pub(crate) ledger: Ledger,
    pub(crate) subdomain: String,
    pub(crate) entry: Entry,
    /// Held for as long as the execution is in memory.
    pub(crate) _slot: Slot,
}

/// What is under way.
#[derive(Default)]
struct Flight {
    calls: FuturesUnordered<BoxFuture<'static, Landed>>,
    waits: Vec<(CallId, Timestamp)>,
    refusals: u32,
}

/// What came back.
enum Landed {
    /// The turn is held until what was done is kept.
    Call {
        call: Box<Call>,
        done: Box<Done>,
        began: Timestamp,
        turn: turns::Turn,
    },
    Evaluated {
        id: CallId,
        outcome: Outcome,
        at: Timestamp,
    },
}

/// What the machine is told, or how the stay in memory ends.
enum Turn {
    Resume(CallId, Outcome, Timestamp),
    Again,
    Park(Timestamp),
    Cancelled,
}

impl Run {
    /// Drives the attempt until it ends, waits, or must be left to others.
    pub(crate) async fn drive(mut self, mut machine: Machine, outstanding: Vec<Outstanding>) {
        let result = self.attempt(&mut machine, outstanding).await;
        // A machine can be large: it goes before the last commit is waited for.
        drop(machine);
        self.leave(result).await;
    }

    /// The attempt is over already and only its end is to be written.
    pub(crate) async fn conclude(mut self, end: End) {
        let result = self.end(end).await;
        self.leave(result).await;
    }

    pub(crate) async fn leave(mut self, result: Result<(), Lost>) {
        let id = &self.row.id;
        match result {
            Ok(()) => {}
            Err(Lost::Fenced) => {
                self.core.meters.fenced.increment(1);
                tracing::info!(execution = %id, "another node has taken the execution over");
            }
            Err(Lost::Stopped) if !self.core.is_stopped() => {
                self.ledger.submit(&self.core, &mut self.row, Vec::new());
                let _ = self.ledger.settle(&self.core, &mut self.row).await;
            }
            Err(Lost::Stopped) => {}
            Err(Lost::Refused) => tracing::error!(execution = %id, "a record was refused that carried nothing else"),
            Err(Lost::Broken(error)) => tracing::error!(execution = %id, %error, "the store cannot keep the execution"),
        }
    }

    async fn attempt(&mut self, machine: &mut Machine, outstanding: Vec<Outstanding>) -> Result<(), Lost> {
        let mut flight = Flight::default();
        for Outstanding { effect, recorded } in outstanding {
            self.perform(&mut flight, effect, recorded).await?;
        }
        loop {
            match machine.step() {
                Step::Perform(effect) => self.perform(&mut flight, effect, false).await?,
                Step::End(end) => return self.end(end).await,
                Step::Blocked => match self.turn(machine, &mut flight).await? {
                    Turn::Resume(id, outcome, at) => {
                        machine.resume(id, outcome, at);
                    }
                    Turn::Again => {}
                    Turn::Park(wake_at) => return self.park(wake_at).await,
                    Turn::Cancelled => return Ok(()),
                },
            }
        }
    }

    async fn perform(&mut self, flight: &mut Flight, effect: Effect, recorded: bool) -> Result<(), Lost> {
        if self.core.is_stopping() {
            return Err(Lost::Stopped);
        }
        match effect {
            Effect::Call(call) => self.call(flight, Box::new(call)).await?,
            Effect::Wait { id, path, until } => {
                if !recorded {
                    let (attempt, at) = (self.row.attempt, self.core.now());
                    self.ledger.record(Record::WaitStarted { attempt, id, path, at, until });
                    self.row.status = Status::Waiting;
                }
                flight.waits.push((id, until));
            }
            Effect::Evaluate { id, job } => {
                let core = self.core.clone();
                let at = job.now;
                let evaluate = async move {
                    let result = core.pool.run(move || job.run()).await;
                    let outcome = result.map_or_else(crashed, Outcome::of_jq);
                    Landed::Evaluated { id, outcome, at }
                };
                flight.calls.push(evaluate.boxed());
            }
        }
        Ok(())
    }

    async fn call(&mut self, flight: &mut Flight, call: Box<Call>) -> Result<(), Lost> {
        let mut idempotency_key = String::new();
        if !call.work.is_safe() {
            // D3: what was done before is durable before the next thing is done that can't be taken back.
            self.ledger.submit(&self.core, &mut self.row, Vec::new());
            self.ledger.settle(&self.core, &mut self.row).await?;
            if self.core.may_be_dead(self.core.now()) && !node::beat(&self.core).await {
                // Somebody else may be further on by now.
                return Err(Lost::Fenced);
            }
            idempotency_key = key::idempotency(&self.row.id, &call.path, call.visit);
        }
        let caller = Caller {
            account: self.row.account,
            integration: self.row.integration.clone(),
            subdomain: self.subdomain.clone(),
            execution: self.row.id.clone(),
            idempotency_key,
        };
        let core = self.core.clone();
        let began = self.core.now();
        let act = async move {
            let turn = turn(&core, &caller, &call, began).await;
            let done = Box::new(core.actor.perform(&caller, &call, began).await);
            Landed::Call { call, done, began, turn }
        };
        flight.calls.push(act.boxed());
        Ok(())
    }

    /// Waits for whatever comes first.
    async fn turn(&mut self, machine: &Machine, flight: &mut Flight) -> Result<Turn, Lost> {
        // A Map that failed has dropped what its other iterations waited for.
        flight.waits.retain(|(id, _)| machine.is_waiting_for(*id));
        let now = self.core.now();
        if let Some(at) = flight.waits.iter().position(|(_, until)| *until <= now) {
            let (id, _) = flight.waits.swap_remove(at);
            self.ledger.record(Record::WaitFired { attempt: self.row.attempt, id, at: now });
            self.row.status = if flight.waits.is_empty() { Status::Running } else { Status::Waiting };
            return Ok(Turn::Resume(id, Outcome::Nothing, now));
        }
        let wake_at = flight.waits.iter().map(|(_, until)| *until).min();
        self.row.wake_at = wake_at;
        self.ledger.submit(&self.core, &mut self.row, Vec::new());
        let pause = wake_at.map(|at| at.since(now));
        if flight.calls.is_empty() {
            match (wake_at, pause) {
                (Some(at), Some(pause)) if pause > SHORT_WAIT => return Ok(Turn::Park(at)),
                (Some(_), _) => {}
                (None, _) => unreachable!("a machine that is blocked has asked for something"),
            }
        }
        let sleep = async {
            match pause {
                Some(pause) => self.core.clock.sleep(pause).await,
                None => std::future::pending().await,
            }
        };
        let landed = tokio::select! {
            biased;
            order = self.entry.control.order() => return self.obey(order).await,
            Some(landed) = flight.calls.next() => landed,
            () = sleep => return Ok(Turn::Again),
        };
        match landed {
            Landed::Evaluated { id, outcome, at } => Ok(Turn::Resume(id, outcome, at)),
            Landed::Call { call, done, began, turn: _held } => self.landed(flight, call, *done, began).await,
        }
    }

    /// Records what a call gave, before the machine hears of it.
    async fn landed(
        &mut self,
        flight: &mut Flight,
        call: Box<Call>,
        done: Done,
        began: Timestamp,
    ) -> Result<Turn, Lost> {
        let at = self.core.now();
        self.core.meters.acted(at.since(began));
        let Done { mut outcome, exchange, statements } = done;
        if !statements.is_empty() {
            self.ledger.submit(&self.core, &mut self.row, Vec::new());
        }
        let record = |outcome: &Outcome, attempt| Record::CallDone {
            attempt,
            id: call.id,
            path: call.path.clone(),
            at,
            outcome: outcome.clone().into(),
            http: exchange,
        };
        if statements.is_empty() {
            self.ledger.record(record(&outcome, self.row.attempt));
            return Ok(Turn::Resume(call.id, outcome, at));
        }
        self.ledger.record(record(&outcome, self.row.attempt));
        self.ledger.submit(&self.core, &mut self.row, statements);
        match self.ledger.settle(&self.core, &mut self.row).await {
            Ok(()) => flight.refusals = 0,
            Err(Lost::Refused) if flight.refusals < MOST_REFUSALS => {
                flight.refusals += 1;
                self.call(flight, call).await?;
                return Ok(Turn::Again);
            }
            Err(Lost::Refused) => {
                let cause = "the rows of the action were changed by somebody else again and again";
                outcome = Outcome::Failed(Failure::new(error::TASK_FAILED, cause));
                let (attempt, path) = (self.row.attempt, call.path.clone());
                let outcome = outcome.clone().into();
                self.ledger.record(Record::CallDone { attempt, id: call.id, path, at, outcome, http: None });
            }
            Err(lost) => return Err(lost),
        }
        Ok(Turn::Resume(call.id, outcome, at))
    }

    async fn obey(&mut self, order: Order) -> Result<Turn, Lost> {
        let (by, reply) = match order {
            Order::Forget if self.core.is_stopped() => return Err(Lost::Stopped),
            Order::Forget => return Err(Lost::Fenced),
            Order::Cancel { by, reply } => (by, reply),
        };
        let at = self.core.now();
        self.ledger.record(Record::Cancelled { at, by: by.clone() });
        self.line(at, log::Level::Info, format!("Cancelled by {by}"));
        let result = self.close(Status::Cancelled, at).await;
        let answer = match &result {
            Ok(()) => Ok(()),
            Err(Lost::Broken(error)) => Err(EngineError::Store(error.clone())),
            // Whoever asked looks again, and finds the new owner.
            Err(_) => return result.map(|()| Turn::Cancelled),
        };
        let _ = reply.send(answer);
        result.map(|()| Turn::Cancelled)
    }

    /// Leaves the memory until `wake_at`, which the row says already.
    pub(crate) async fn park(&mut self, wake_at: Timestamp) -> Result<(), Lost> {
        self.ledger.settle(&self.core, &mut self.row).await?;
        self.core.timer.add(&self.core, wake_at, self.row.account, self.row.id.clone());
        Ok(())
    }

    pub(crate) fn line(&mut self, at: Timestamp, level: log::Level, description: String) {
        self.ledger.line(crate::logbook::line(&self.row, at, level, description));
    }
}

/// Flows that merge into one config or link do so one after the other: else all but one of them would be refused. Who has waited for as
/// long as the call may take goes on without.
async fn turn(core: &Core, caller: &Caller, call: &Call, began: Timestamp) -> turns::Turn {
    let what = turns::merged(&call.work)?;
    let turn = core.merge_turn(caller.account, &caller.integration, &what);
    tokio::time::timeout(call.deadline.since(began), turn).await.ok().flatten()
}

fn crashed() -> Outcome {
    Outcome::Failed(Failure::new(error::RUNTIME, "jq: the evaluation crashed"))
}
