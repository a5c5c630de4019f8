//! A driver without a world: runs a program with given replies and a simulated clock.

use std::{sync::Arc, time::Duration};

use crate::{
    effect::{Call, CallId, Effect, Outcome},
    failure::{Failure, Retry, error},
    journal::{Exchange, Finish, Pin, Record, RetryFrom, Started},
    machine::{End, Machine, Start, Step},
    program::Program,
    replay::evaluate,
    response,
    time::Timestamp,
    trace::Visit,
    value::Value,
};

/// One execution to be simulated. Build with [`Simulation::new`] and set what differs from the defaults.
#[derive(Debug, Clone)]
pub struct Simulation {
    pub program: Arc<Program>,
    /// `$` at the start, without `connections`.
    pub document: Value,
    /// `{"zendesk": {"access_token": "…"}}`, for flows that read them; `null` for none.
    pub connections: Value,
    /// When the clock starts; it moves only by waits, retry delays and what replies take.
    pub now: Timestamp,
    pub max_attempts: u32,
    pub delays: Vec<Duration>,
    pub retry_from: RetryFrom,
    /// Begin at this state of the flow, with `document` as `$`, instead of at StartAt.
    pub from_state: Option<String>,
}

/// What a call meets.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    pub outcome: Outcome,
    pub exchange: Option<Exchange>,
    /// How long it takes on the simulated clock; past the call's deadline it becomes a timeout.
    pub takes: Duration,
}

impl Reply {
    /// A reply that takes no time and has no exchange to show.
    pub fn new(outcome: Outcome) -> Self {
        Self { outcome, exchange: None, takes: Duration::ZERO }
    }
}

/// How a simulated execution went.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The whole journal, as a server would have written it.
    pub records: Vec<Record>,
    /// Every state of every attempt; the same that `trace::replay` makes of the records.
    pub visits: Vec<Visit>,
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
            from_state: None,
        }
    }

    /// Runs to the end. `reply` is asked for each call in the order the flow makes them, with the number of the attempt.
    pub fn run(&self, reply: &mut dyn FnMut(&Call, u32) -> Reply) -> Report {
        self.run_watched(reply, &mut |_| {})
    }

    /// Like [`Simulation::run`], and tells `watch` of each visit as soon as it has ended.
    pub fn run_watched(&self, reply: &mut dyn FnMut(&Call, u32) -> Reply, watch: &mut dyn FnMut(&Visit)) -> Report {
        let pin = Pin { digest: "simulated".to_owned(), actions: Vec::new(), switches: None };
        let (flow, document) = (self.program.name.clone(), self.document.clone());
        let started = Record::Started(Started { at: self.now, flow, pin, document, replayed: None });
        let mut run = Run { now: self.now, attempt: 0, records: vec![started], visits: Vec::new(), reply, watch };
        let mut machine: Option<Machine> = None;
        loop {
            run.attempt += 1;
            let may_retry = run.attempt < self.max_attempts;
            let mut current = self.begin(machine.take(), &mut run, may_retry);
            let end = run.drive(&mut current);
            let delay = match &end {
                End::Retry { failure, .. } => failure.retry.delay(run.attempt, &self.delays),
                _ => None,
            };
            let (End::Retry { path, failure, .. }, Some(delay)) = (&end, delay) else {
                run.records.push(Record::Finished { at: run.now, attempt: run.attempt, result: finish(&end) });
                let Run { now, attempt, records, visits, .. } = run;
                return Report { records, visits, end, attempts: attempt, now };
            };
            let retry_at = run.now.saturating_add(delay);
            run.records.push(Record::AttemptFailed {
                attempt: run.attempt,
                at: run.now,
                path: path.clone(),
                failure: failure.clone(),
                retry_at,
                from: self.retry_from,
            });
            run.now = retry_at;
            machine = Some(current);
        }
    }

    fn begin(&self, failed: Option<Machine>, run: &mut Run, may_retry: bool) -> Machine {
        let now = run.now;
        let deadline = now.saturating_add(self.program.settings.timeout);
        run.records.push(Record::AttemptStarted { attempt: run.attempt, at: now, deadline, may_retry });
        if let Some(mut failed) = failed
            && self.retry_from == RetryFrom::Failure
            && failed.again(now, deadline, may_retry)
        {
            return failed;
        }
        let (document, connections) = (self.document.clone(), self.connections.clone());
        let start = Start { document, connections, now, deadline, may_retry };
        let from = self.from_state.as_deref();
        let machine = from.and_then(|state| Machine::start_from(self.program.clone(), start.clone(), state));
        let mut machine = machine.unwrap_or_else(|| Machine::start(self.program.clone(), start));
        machine.record_trace();
        machine
    }
}

/// The record of an end that is final.
fn finish(end: &End) -> Finish {
    match end.clone() {
        End::Succeeded { message, .. } => Finish::Succeeded { message },
        End::Failed { failure, state, path } => Finish::Failed { failure, state, path },
        End::Retry { path, failure, .. } => Finish::Failed { failure, state: None, path: Some(path) },
        End::TimedOut { state, path } => Finish::TimedOut { state, path },
    }
}

struct Run<'r> {
    now: Timestamp,
    attempt: u32,
    records: Vec<Record>,
    visits: Vec<Visit>,
    reply: &'r mut dyn FnMut(&Call, u32) -> Reply,
    watch: &'r mut dyn FnMut(&Visit),
}

/// Something that will have happened at `due`.
struct Pending {
    due: Timestamp,
    id: CallId,
    /// The path of a call; a wait has none.
    call: Option<String>,
    outcome: Outcome,
    exchange: Option<Exchange>,
}

impl Run<'_> {
    /// Runs one attempt.
    fn drive(&mut self, machine: &mut Machine) -> End {
        let mut pending: Vec<Pending> = Vec::new();
        let mut told = Told::default();
        let end = loop {
            let step = machine.step();
            told.tell(machine, self.watch);
            match step {
                Step::Perform(Effect::Call(call)) => pending.push(self.call(&call)),
                Step::Perform(Effect::Wait { id, path, until }) => {
                    self.records.push(Record::WaitStarted { attempt: self.attempt, id, path, at: self.now, until });
                    let due = until.max(self.now);
                    pending.push(Pending { due, id, call: None, outcome: Outcome::Nothing, exchange: None });
                }
                Step::Perform(Effect::Evaluate { id, job }) => {
                    machine.resume(id, Outcome::of_jq(evaluate(job)), self.now);
                }
                Step::Blocked => {
                    pending.retain(|pending| machine.is_waiting_for(pending.id));
                    // The earliest; of several at the same time, the one asked for first.
                    let Some(at) = (0..pending.len()).min_by_key(|at| pending[*at].due) else {
                        break blocked();
                    };
                    self.happen(machine, pending.remove(at));
                }
                Step::End(end) => break end,
            }
        };
        let attempt = self.attempt;
        self.visits.extend(machine.take_trace().into_iter().map(|visit| Visit { attempt, ..visit }));
        end
    }

    fn call(&mut self, call: &Call) -> Pending {
        let Reply { outcome, exchange, takes } = (self.reply)(call, self.attempt);
        let due = self.now.saturating_add(takes);
        let (due, outcome) =
            if due > call.deadline { (call.deadline.max(self.now), response::state_timeout()) } else { (due, outcome) };
        Pending { due, id: call.id, call: Some(call.path.clone()), outcome, exchange }
    }

    fn happen(&mut self, machine: &mut Machine, pending: Pending) {
        let Pending { due, id, call, outcome, exchange } = pending;
        self.now = self.now.max(due);
        let (attempt, at) = (self.attempt, self.now);
        if let Some(exchange) = &exchange {
            machine.note_exchange(id, exchange);
        }
        self.records.push(match call {
            Some(path) => Record::CallDone { attempt, id, path, at, outcome: outcome.clone().into(), http: exchange },
            None => Record::WaitFired { attempt, id, at },
        });
        machine.resume(id, outcome, at);
    }
}

fn blocked() -> End {
    let failure = Failure::new(error::RUNTIME, "the flow waits for nothing");
    End::Failed { failure, state: None, path: None }
}

/// Which visits of a machine were told of already.
#[derive(Default)]
struct Told {
    /// All before this one were.
    before: usize,
    /// And these after it: a Map's visit ends after those of its iterations.
    after: Vec<usize>,
}

impl Told {
    fn tell(&mut self, machine: &Machine, watch: &mut dyn FnMut(&Visit)) {
        let visits = machine.trace();
        for (at, visit) in visits.iter().enumerate().skip(self.before) {
            if visit.ended_at.is_some() && !self.after.contains(&at) {
                watch(visit);
                self.after.push(at);
            }
        }
        while let Some(known) = self.after.iter().position(|at| *at == self.before) {
            self.after.swap_remove(known);
            self.before += 1;
        }
    }
}
