//! The interpreter as a value: start, step, resume.

mod fail;
mod map;
mod perform;
mod run;
mod strand;
mod watch;

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use crate::{
    effect::{CallId, Effect, Outcome},
    failure::Failure,
    journal::Exchange,
    machine::{
        strand::{Phase, Strand, Waiting},
        watch::Recorder,
    },
    program::{Program, resolve::Implicit},
    time::Timestamp,
    trace::Visit,
    value::Value,
};

/// One attempt of one execution, between two effects. Cloning is cheap.
///
/// Everything in it follows from the program, the start, and the outcomes in the order they were given: a machine that is given the same
/// again asks for the same calls, with the same ids, paths and visits.
#[derive(Debug, Clone)]
pub struct Machine {
    program: Arc<Program>,
    /// The flow itself is the first; the others are iterations of Maps.
    strands: Vec<Strand>,
    /// Strands that can go on, and why.
    ready: VecDeque<Task>,
    /// Effects to be handed out before anything else runs.
    effects: VecDeque<Effect>,
    now: Timestamp,
    deadline: Timestamp,
    may_retry: bool,
    implicit: Implicit,
    /// Texts that are never shown: the access tokens at `$.connections`.
    secrets: Arc<[Arc<str>]>,
    next_call: u32,
    next_evaluation: u32,
    /// Waiting for a jq program: nothing else goes on before its result is there.
    is_evaluating: bool,
    /// jq programs run inside [`Machine::step`] since the last effect; too many in a row go outside, so that a step stays short.
    evaluated_inline: u32,
    transitions: u32,
    /// How often each place was entered before, for calls only.
    visits: HashMap<(Arc<str>, usize), u32>,
    /// The places entered since the flow's current state was entered: what a new try of that state takes back.
    visited: Vec<(Arc<str>, usize)>,
    end: Option<End>,
    /// Whether [`Machine::again`] can go on from the end.
    is_repeatable: bool,
    recorder: Option<Box<Recorder>>,
}

/// A strand that can go on, at the time the reason came in: with several outcomes given at once, each meets the clock it would have met
/// alone.
#[derive(Debug, Clone)]
struct Task {
    strand: usize,
    now: Timestamp,
    /// `None`: enter the state at hand.
    outcome: Option<Outcome>,
}

/// How an attempt begins.
#[derive(Debug, Clone)]
pub struct Start {
    /// `$`: account_id, integration_key, subdomain, input.
    pub document: Value,
    /// `{"zendesk": {"access_token": "…"}}`: put at `$.connections`; never journaled. `null` or `{}` for none.
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
        /// `$` at the end, access tokens masked.
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

pub(crate) use watch::MASK;

/// The message of a flow that succeeds without one of its own (spec 3.6).
pub const SUCCESS: &str = "Execution Successful";

impl Machine {
    /// A machine before the first state of `program`.
    pub fn start(program: Arc<Program>, start: Start) -> Self {
        let at = program.start;
        Self::start_at(program, start, at)
    }

    /// A machine that begins at the top-level state `name`, with the document of `start` as it is: to run a part of a flow. `None` when
    /// there is no such state.
    pub fn start_from(program: Arc<Program>, start: Start, name: &str) -> Option<Self> {
        let at = program.find_state(name)?;
        Some(Self::start_at(program, start, at))
    }

    fn start_at(program: Arc<Program>, start: Start, at: usize) -> Self {
        let implicit = Implicit {
            subdomain: start.document.get("subdomain").cloned().unwrap_or_default(),
            zendesk_host: program.zendesk_host.clone(),
        };
        let secrets = watch::secrets_of(&start.connections);
        let document = with_connections(start.document, start.connections);
        let size = document.json_len(program.settings.max_document_bytes.saturating_add(1));
        Self {
            strands: vec![Strand::new(at, document, size, None, Arc::default())],
            ready: VecDeque::from([Task { strand: 0, now: start.now, outcome: None }]),
            effects: VecDeque::new(),
            now: start.now,
            deadline: start.deadline,
            may_retry: start.may_retry,
            implicit,
            secrets,
            next_call: 1,
            next_evaluation: CallId::FIRST_EVALUATION,
            is_evaluating: false,
            evaluated_inline: 0,
            transitions: 0,
            visits: HashMap::new(),
            visited: Vec::new(),
            end: None,
            is_repeatable: false,
            recorder: None,
            program,
        }
    }

    /// Runs until something outside is wanted or the attempt ends. Call again after each effect to get the next one.
    pub fn step(&mut self) -> Step {
        loop {
            if let Some(effect) = self.effects.pop_front() {
                return Step::Perform(effect);
            }
            if let Some(end) = &self.end {
                return Step::End(end.clone());
            }
            if self.is_evaluating {
                return Step::Blocked;
            }
            let Some(task) = self.ready.pop_front() else { return Step::Blocked };
            self.now = self.now.max(task.now);
            let program = self.program.clone();
            self.run(&program, task.strand, task.outcome);
        }
    }

    /// Gives the outcome of effect `id`. `now` becomes the machine's clock (jq's `now`, timeouts): the journaled time on replay. An
    /// evaluation takes no time on that clock, because a replay could not know how long it took. False, and nothing happens, when nobody
    /// waits for `id` any more (a Map that failed drops what its other iterations had asked for).
    pub fn resume(&mut self, id: CallId, outcome: Outcome, now: Timestamp) -> bool {
        let Some(strand) = self.waiting_strand(id) else { return false };
        if self.end.is_some() {
            return false;
        }
        if let Phase::Waiting(waiting) = &mut self.strands[strand].phase {
            waiting.is_answered = true;
        }
        if id.is_evaluation() {
            self.is_evaluating = false;
            self.ready.push_front(Task { strand, now: self.now, outcome: Some(outcome) });
        } else {
            self.ready.push_back(Task { strand, now, outcome: Some(outcome) });
        }
        true
    }

    /// The strand that waits for `id` and has not been answered.
    fn waiting_strand(&self, id: CallId) -> Option<usize> {
        self.strands.iter().position(
            |strand| matches!(&strand.phase, Phase::Waiting(Waiting { id: own, is_answered: false, .. }) if *own == id),
        )
    }

    /// After [`End::Retry`], a timeout, a failed end, or being stopped from outside: makes the failed call outstanding once more, with the same id and visit (so the
    /// same idempotency key) and a new deadline; what else was outstanding is asked for again, too. False when the attempt did not end at
    /// something that can be repeated: then [`Machine::enter_again`], or from the start.
    pub fn again(&mut self, now: Timestamp, deadline: Timestamp, may_retry: bool) -> bool {
        if self.end.is_some() && !self.is_repeatable {
            return false;
        }
        self.end = None;
        self.is_repeatable = false;
        self.is_evaluating = false;
        self.effects.clear();
        self.now = self.now.max(now);
        self.deadline = deadline;
        self.may_retry = may_retry;
        self.ready.clear();
        let program = self.program.clone();
        self.repeat(&program);
        true
    }

    /// A new machine that enters the top-level state at which this one failed, with the document that the state was entered with, under
    /// `program`, which may be another one. `None` when it did not fail, or `program` has no state of that name.
    pub fn enter_again(&self, program: Arc<Program>, mut start: Start) -> Option<Machine> {
        let failed = matches!(self.end, Some(End::Failed { .. } | End::Retry { .. } | End::TimedOut { .. }));
        let name = &self.program.states[self.strands[0].at].name;
        let at = program.find_state(name).filter(|_| failed)?;
        let subdomain = self.implicit.subdomain.clone();
        start.document = self.strands[0].document.clone();
        if start.document.get("connections").is_none() {
            // A state before overwrote `$`: the connections were gone.
            start.connections = Value::Null;
        }
        let mut machine = Machine::start_at(program.clone(), start, at);
        machine.implicit.subdomain = subdomain;
        machine.visits = self.visits.clone();
        for place in &self.visited {
            if let Some(count) = machine.visits.get_mut(place) {
                *count -= 1;
            }
        }
        Some(machine)
    }

    /// Moves the deadline of the running attempt, when somebody takes it over after a crash.
    pub fn extend(&mut self, deadline: Timestamp, may_retry: bool) {
        self.deadline = deadline;
        self.may_retry = may_retry;
    }

    /// From here on every state that is entered and left is kept for [`Machine::take_trace`].
    pub fn record_trace(&mut self) {
        self.recorder.get_or_insert_default();
    }

    /// The visits recorded so far, in the order they began; those not taken yet.
    pub fn trace(&self) -> &[Visit] {
        self.recorder.as_ref().map_or(&[], |recorder| recorder.visits())
    }

    /// Takes all visits, unended ones as they stand; how those end is not recorded then.
    pub fn take_trace(&mut self) -> Vec<Visit> {
        self.recorder.as_mut().map(|recorder| recorder.take()).unwrap_or_default()
    }

    /// Attaches what an HTTP call did to the visit that waits for it.
    pub(crate) fn note_exchange(&mut self, id: CallId, exchange: &Exchange) {
        if let Some(strand) = self.waiting_strand(id)
            && let Some(recorder) = &mut self.recorder
            && let Some(visit) = recorder.get_mut(self.strands[strand].visit)
        {
            visit.http = Some(exchange.clone());
        }
    }

    /// Whether the effect `id` was asked for and its outcome is still wanted.
    pub fn is_waiting_for(&self, id: CallId) -> bool {
        self.end.is_none() && self.waiting_strand(id).is_some()
    }

    /// The id that the next call will have.
    pub(crate) fn next_call_id(&self) -> CallId {
        CallId(self.next_call)
    }

    /// When the attempt times out.
    pub fn deadline(&self) -> Timestamp {
        self.deadline
    }

    /// State transitions made so far.
    pub fn transitions(&self) -> u32 {
        self.transitions
    }

    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }
}

/// `document` with `connections` at its place, when there are any.
fn with_connections(document: Value, connections: Value) -> Value {
    let any = connections.as_object().is_some_and(|all| !all.is_empty());
    match document {
        Value::Object(mut object) if any => {
            Arc::make_mut(&mut object).insert(Arc::from("connections"), connections);
            Value::Object(object)
        }
        document => document,
    }
}
