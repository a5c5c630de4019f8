//! Recovery: from a journal, or any prefix of one, to a machine that goes on where it stood.

use std::sync::Arc;

use crate::{
    effect::{CallId, Effect, Outcome},
    failure::Failure,
    journal::{self, Exchange, Illegal, Pin, Record, RetryFrom, Started, Status},
    jq,
    machine::{End, Machine, Start, Step},
    program::Program,
    time::Timestamp,
    value::Value,
};

/// Where an execution stands, with everything needed to go on.
///
/// By `status`:
/// * `Queued`, `Retrying`: no attempt is under way; begin the next one with [`Restored::begin`] at `next.at`.
/// * `Running`, `Waiting`: perform every `outstanding` effect (again) and resume `machine` with the outcomes; when `end` is set, the
///   attempt is over and only the record that says so is missing: write `Finished`, or `AttemptFailed` for [`End::Retry`]. After a long
///   stop, move the deadline first: [`Restored::take_over`].
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
    /// Machines record their visits.
    pub(crate) is_watched: bool,
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

/// When an attempt begins and how long it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begin {
    pub now: Timestamp,
    pub deadline: Timestamp,
    pub may_retry: bool,
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
    let (first, rest) = records.split_first().ok_or(RestoreError::Empty)?;
    let mut restored = Restored::new(first)?;
    for (index, record) in rest.iter().enumerate() {
        let diverged = RestoreError::Diverged { index: index + 1, record: record.tag() };
        if !restored.apply(record, program, connections)? {
            return Err(diverged);
        }
    }
    Ok(restored)
}

impl Restored {
    /// The execution after its first record.
    pub(crate) fn new(first: &Record) -> Result<Self, RestoreError> {
        let status = journal::advance(None, first)?;
        let Record::Started(started) = first else { return Err(RestoreError::Empty) };
        Ok(Self {
            status,
            attempt: 0,
            started: started.clone(),
            pin: started.pin.clone(),
            machine: None,
            outstanding: Vec::new(),
            end: None,
            next: Some(Next { at: started.at, from: RetryFrom::Start }),
            is_watched: false,
        })
    }

    /// Begins the next attempt: from the start, or from the failure where that is possible (with a program that is not the one that
    /// failed, at the state of the same name). Gives the record to write; then step `machine`.
    pub fn begin(&mut self, program: Arc<Program>, connections: Value, begin: Begin) -> Record {
        self.attempt += 1;
        self.status = Status::Running;
        self.begin_machine(program, connections, begin);
        self.outstanding.clear();
        self.record_of(begin)
    }

    /// Goes on with the running attempt after a crash, with a new deadline. Gives the record to write before anything is performed. The
    /// outstanding calls stay what they are, with their deadlines moved by as much; a wait that the old deadline cut short fires then,
    /// and the machine asks for the rest of it.
    pub fn take_over(&mut self, begin: Begin) -> Record {
        if let Some(machine) = &mut self.machine {
            let moved = begin.deadline.since(machine.deadline());
            machine.extend(begin.deadline, begin.may_retry);
            for outstanding in &mut self.outstanding {
                if let Effect::Call(call) = &mut outstanding.effect {
                    call.deadline = call.deadline.saturating_add(moved);
                }
            }
        }
        self.record_of(begin)
    }

    fn record_of(&self, begin: Begin) -> Record {
        let Begin { now, deadline, may_retry } = begin;
        Record::AttemptStarted { attempt: self.attempt, at: now, deadline, may_retry }
    }

    fn begin_machine(&mut self, program: Arc<Program>, connections: Value, begin: Begin) {
        let from = self.next.take().map_or(RetryFrom::Start, |next| next.from);
        self.end = None;
        let Begin { now, deadline, may_retry } = begin;
        let document = self.started.document.clone();
        let start = Start { document, connections, now, deadline, may_retry };
        let failed = self.machine.take().filter(|_| from == RetryFrom::Failure);
        let resumed = failed.and_then(|mut failed| {
            if Arc::ptr_eq(failed.program(), &program) && failed.again(now, deadline, may_retry) {
                return Some(failed);
            }
            failed.enter_again(program.clone(), start.clone())
        });
        let mut machine = resumed.unwrap_or_else(|| Machine::start(program, start));
        if self.is_watched {
            machine.record_trace();
        }
        self.machine = Some(machine);
    }

    /// Takes one record in. False when it answers nothing that was asked.
    pub(crate) fn apply(
        &mut self,
        record: &Record,
        program: &mut dyn FnMut(&Pin) -> Option<Arc<Program>>,
        connections: &mut dyn FnMut(&Program) -> Value,
    ) -> Result<bool, RestoreError> {
        let status = journal::advance(Some(self.status), record)?;
        let fits = match record {
            Record::Started(_) => true,
            Record::AttemptStarted { attempt, at, deadline, may_retry } => {
                let begin = Begin { now: *at, deadline: *deadline, may_retry: *may_retry };
                if matches!(self.status, Status::Running | Status::Waiting) {
                    self.take_over(begin);
                } else {
                    let missing =
                        || RestoreError::NoProgram { flow: self.started.flow.clone(), digest: self.pin.digest.clone() };
                    let program = program(&self.pin).ok_or_else(missing)?;
                    let connections = connections(&program);
                    self.begin_machine(program, connections, begin);
                    self.attempt = *attempt;
                    self.outstanding.clear();
                    self.settle();
                }
                true
            }
            Record::CallDone { id, outcome, at, http, .. } => {
                self.answer(*id, outcome.clone().into(), *at, http.as_ref())
            }
            Record::WaitStarted { id, .. } => {
                let wait = self.outstanding.iter_mut().find(|outstanding| outstanding.effect.id() == *id);
                wait.map(|wait| wait.recorded = true).is_some() || self.was_asked(*id)
            }
            Record::WaitFired { id, at, .. } => self.answer(*id, Outcome::Nothing, *at, None),
            Record::AttemptFailed { path, failure, at, retry_at, from, .. } => {
                self.fail_attempt(path, failure, *at);
                self.close(Some(Next { at: *retry_at, from: *from }));
                true
            }
            Record::Retried { at, from, bundle, .. } => {
                if let Some(pin) = bundle {
                    self.pin = pin.clone();
                }
                self.close(Some(Next { at: *at, from: *from }));
                true
            }
            Record::Cancelled { .. } | Record::Finished { .. } => {
                self.close(None);
                true
            }
        };
        self.status = status;
        Ok(fits)
    }

    fn close(&mut self, next: Option<Next>) {
        self.outstanding.clear();
        self.end = None;
        self.next = next;
    }

    /// A journal may tell of the failure only in `AttemptFailed`: then the call of that path is the one that failed.
    fn fail_attempt(&mut self, path: &str, failure: &Failure, at: Timestamp) {
        if self.end.is_some() {
            return;
        }
        let call = self.outstanding.iter().find_map(|outstanding| match &outstanding.effect {
            Effect::Call(call) if call.path == path => Some(call.id),
            _ => None,
        });
        if let Some(id) = call {
            self.answer(id, Outcome::Failed(failure.clone()), at, None);
        }
    }

    /// Resumes the machine and runs it as far as it goes.
    fn answer(&mut self, id: CallId, outcome: Outcome, at: Timestamp, http: Option<&Exchange>) -> bool {
        let Some(machine) = &mut self.machine else { return false };
        if let Some(http) = http {
            machine.note_exchange(id, http);
        }
        let known = self.outstanding.iter().position(|outstanding| outstanding.effect.id() == id);
        let Some(known) = known else { return self.was_asked(id) };
        self.outstanding.remove(known);
        machine.resume(id, outcome, at);
        self.settle();
        true
    }

    /// Whether the machine asked for `id` once: then a record of it that nobody waits for is one that came when the attempt had ended, or
    /// a Map had dropped the iteration.
    fn was_asked(&self, id: CallId) -> bool {
        self.machine.as_ref().is_some_and(|machine| id.0 < machine.next_call_id().0)
    }

    /// Steps until the machine wants something that is not in the journal, or ends.
    fn settle(&mut self) {
        let Some(machine) = &mut self.machine else { return };
        loop {
            match machine.step() {
                Step::Perform(Effect::Evaluate { id, job }) => {
                    let outcome = Outcome::of_jq(evaluate(job));
                    // The clock stands still: an evaluation has no time of its own.
                    machine.resume(id, outcome, Timestamp(i64::MIN));
                }
                Step::Perform(effect) => self.outstanding.push(Outstanding { effect, recorded: false }),
                Step::Blocked => break,
                Step::End(end) => {
                    self.end = Some(end);
                    break;
                }
            }
        }
        // What a Map's failure dropped is wanted no more.
        self.outstanding.retain(|outstanding| machine.is_waiting_for(outstanding.effect.id()));
    }
}

/// Runs a jq program that outgrew the quick budget. On a thread of its own, because it may need a deep stack.
pub(crate) fn evaluate(job: jq::Job) -> Result<Option<Value>, jq::JqError> {
    let deep = std::thread::Builder::new().stack_size(jq::STACK_BYTES).spawn(move || job.run());
    match deep.map(std::thread::JoinHandle::join) {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(jq::JqError::Raised("the program could not be run".to_owned())),
        Err(_) => Err(jq::JqError::Exhausted("threads")),
    }
}
