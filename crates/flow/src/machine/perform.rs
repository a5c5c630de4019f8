//! Action and Wait states: asking for effects and taking their outcomes.

use std::sync::Arc;

use crate::{
    effect::{Call, CallId, Effect, Outcome, Work},
    failure::{Failure, error},
    jq::{Filter, Job, JqError, Limits},
    machine::{
        Machine,
        run::Move,
        strand::{Phase, Waiting, What},
    },
    program::{
        ActionState, Kind, Program,
        action::{Action, Expr, Jq},
        builtin::Builtin,
        payload::Payload,
        resolve::Resolver,
    },
    settings::NoOutput,
    time::Timestamp,
    value::Value,
};

/// jq programs that one step runs by itself before it hands the next one out.
const INLINE_EVALUATIONS: u32 = 64;

impl Machine {
    pub(super) fn act(&mut self, program: &Program, strand: usize, state: &ActionState) -> Result<Move, Failure> {
        if let Action::Jq(jq) = &state.action {
            return self.evaluate(program, strand, state, jq);
        }
        let work = self.work(program, strand, state)?;
        let id = CallId(self.next_call);
        self.next_call += 1;
        let place = (self.strands[strand].prefix.clone(), self.strands[strand].at);
        self.visited.push(place.clone());
        let count = self.visits.entry(place).or_insert(0);
        let visit = *count;
        *count += 1;
        self.ask(program, strand, state, id, visit, work);
        Ok(Move::Wait)
    }

    fn ask(&mut self, program: &Program, strand: usize, state: &ActionState, id: CallId, visit: u32, work: Work) {
        if self.is_watched() {
            let request = self.mask_value(&self.request_shown(program, strand, state, &work));
            self.watch(strand, |visit| visit.request = Some(request));
        }
        let deadline = state.timeout.map_or(self.deadline, |span| self.now.saturating_add(span).min(self.deadline));
        let path = self.path_of(program, strand);
        self.strands[strand].phase = Phase::Waiting(Waiting { id, is_answered: false, what: What::Call { visit } });
        self.evaluated_inline = 0;
        self.effects.push_back(Effect::Call(Call { id, path, visit, deadline, work }));
    }

    /// What the state calls, all its parameters filled in.
    fn work(&self, program: &Program, strand: usize, state: &ActionState) -> Result<Work, Failure> {
        let name = &program.states[self.strands[strand].at].name;
        if let Action::Unknown(action) = &state.action {
            let cause = format!("action \"{action}\" does not exist");
            return Err(Failure::new(error::RUNTIME, cause)
                .detail(format!("state `{name}`: no bundle of the integration defines it")));
        }
        let parameters = self.parameters(program, strand, &state.parameters)?;
        match &state.action {
            Action::Builtin(builtin) => {
                let most = program.settings.max_document_bytes;
                if parameters.json_len(most + 1) > most {
                    let cause = format!("{}: the parameters are larger than {most} bytes", builtin.name());
                    return Err(Failure::new(error::RUNTIME, cause));
                }
                builtin.work(&parameters)
            }
            Action::Http(http) => {
                let resolver =
                    Resolver { root: &parameters, implicit: Some(&self.implicit), settings: &program.settings };
                http.request(name, &resolver)
            }
            Action::Jq(_) | Action::Unknown(_) => Err(Failure::new(error::RUNTIME, "not an action with work")),
        }
    }

    fn parameters(&self, program: &Program, strand: usize, parameters: &Payload) -> Result<Value, Failure> {
        let resolver = self.resolver(program, strand);
        parameters.resolve(&resolver).map_err(|fault| {
            let name = &program.states[self.strands[strand].at].name;
            fault.within("Parameters").failure(name, &resolver)
        })
    }

    fn request_shown(&self, program: &Program, strand: usize, state: &ActionState, work: &Work) -> Value {
        match work {
            Work::Http(request) => request.to_value(),
            _ => self.parameters(program, strand, &state.parameters).unwrap_or_default(),
        }
    }

    fn evaluate(&mut self, program: &Program, strand: usize, state: &ActionState, jq: &Jq) -> Result<Move, Failure> {
        let (filter, text, input) = {
            let resolver = self.resolver(program, strand);
            let name = &program.states[self.strands[strand].at].name;
            let (filter, text) = filter_of(program, name, jq, &resolver)?;
            let input = jq.input(&resolver).map_err(|fault| fault.failure(name, &resolver))?;
            let missing = || Failure::new(error::TASK_FAILED, "Jq: parameter \"data\" is missing");
            (filter, text, input.ok_or_else(missing)?)
        };
        if self.is_watched() {
            let request = self.mask_value(&Value::object([("expr", Value::String(text)), ("data", input.clone())]));
            self.watch(strand, |visit| visit.request = Some(request));
        }
        let filter = filter.map_err(jq_failure)?;
        let quick = smaller(Limits::QUICK, program.settings.jq);
        if self.evaluated_inline < INLINE_EVALUATIONS {
            self.evaluated_inline += 1;
            match filter.first(input.clone(), self.now, quick) {
                Err(JqError::Exhausted(_)) if quick != program.settings.jq => {}
                result => return self.acted(program, strand, state, Outcome::of_jq(result)),
            }
        }
        let id = CallId(self.next_evaluation);
        self.next_evaluation += 1;
        self.evaluated_inline = 0;
        self.is_evaluating = true;
        self.strands[strand].phase = Phase::Waiting(Waiting { id, is_answered: false, what: What::Jq });
        let job = Job { filter, input, now: self.now, limits: program.settings.jq };
        self.effects.push_back(Effect::Evaluate { id, job });
        Ok(Move::Wait)
    }

    /// What an action gave.
    pub(super) fn acted(
        &mut self,
        program: &Program,
        strand: usize,
        state: &ActionState,
        outcome: Outcome,
    ) -> Result<Move, Failure> {
        let output = match outcome {
            Outcome::Failed(failure) => return Err(failure),
            Outcome::Done(value) => Some(value),
            Outcome::Nothing => None,
        };
        let output = match (&state.action, output) {
            (Action::Builtin(Builtin::LoadConfig), Some(config)) if program.settings.loadconfig_wrapped => {
                Some(Value::object([("config", config)]))
            }
            (Action::Jq(_), None) => match program.settings.jq_no_output {
                NoOutput::Null => Some(Value::Null),
                NoOutput::Error => {
                    return Err(Failure::new(error::TASK_FAILED, "jq: the program has no output"));
                }
            },
            (_, output) => output,
        };
        if let Some(output) = &output {
            // Without output `$` stays as it is, whatever ResultPath says (spec 3.1 rule 6).
            self.place(program, strand, &state.place, output.clone())?;
        }
        Ok(Move::Leave(state.next, output))
    }

    pub(super) fn ask_timer(&mut self, program: &Program, strand: usize, wanted: Timestamp) {
        let id = CallId(self.next_call);
        self.next_call += 1;
        self.ask_timer_as(program, strand, wanted, id);
    }

    fn ask_timer_as(&mut self, program: &Program, strand: usize, wanted: Timestamp, id: CallId) {
        self.strands[strand].phase = Phase::Waiting(Waiting { id, is_answered: false, what: What::Timer { wanted } });
        self.evaluated_inline = 0;
        let path = self.path_of(program, strand);
        self.effects.push_back(Effect::Wait { id, path, until: wanted.min(self.deadline) });
    }

    /// Asks once more for everything that strands wait for, and lets go on those that stood before a state.
    pub(super) fn repeat(&mut self, program: &Program) {
        for strand in 0..self.strands.len() {
            match self.strands[strand].phase {
                Phase::Free => continue,
                Phase::Ready => self.ready.push_back(super::Task { strand, now: self.now, outcome: None }),
                Phase::Waiting(Waiting { what: What::Jq, .. }) => {
                    self.strands[strand].phase = Phase::Ready;
                    self.ready.push_back(super::Task { strand, now: self.now, outcome: None });
                }
                Phase::Mapping(_) => self.watch_enter(strand),
                Phase::Waiting(waiting) => {
                    self.watch_enter(strand);
                    self.repeat_one(program, strand, waiting);
                }
            }
        }
    }

    fn repeat_one(&mut self, program: &Program, strand: usize, waiting: Waiting) {
        match (&program.states[self.strands[strand].at].kind, waiting.what) {
            (Kind::Action(state), What::Call { visit }) => {
                // The document is the one the call was made from, so this cannot fail now.
                if let Ok(work) = self.work(program, strand, state) {
                    self.ask(program, strand, state, waiting.id, visit, work);
                }
            }
            (_, What::Timer { wanted }) => self.ask_timer_as(program, strand, wanted, waiting.id),
            _ => {}
        }
    }

    pub(super) fn path_of(&self, program: &Program, strand: usize) -> String {
        let strand = &self.strands[strand];
        format!("{}{}", strand.prefix, program.states[strand.at].name)
    }
}

/// The program to run and its text. The inner result is a program that does not compile.
type Found = (Result<Filter, JqError>, Arc<str>);

fn filter_of(program: &Program, state: &str, jq: &Jq, resolver: &Resolver) -> Result<Found, Failure> {
    match &jq.expr {
        None => Err(Failure::new(error::TASK_FAILED, "Jq: parameter \"expr\" is missing")),
        Some(Expr::Static { text, filter }) => Ok((filter.get_or_init(|| Filter::compile(text)).clone(), text.clone())),
        Some(Expr::Dynamic(expr)) => {
            let value = expr
                .resolve(resolver)
                .map_err(|fault| fault.within("expr.$").within("Parameters").failure(state, resolver))?;
            let Value::String(text) = value else {
                return Err(Failure::new(error::TASK_FAILED, "Jq: parameter \"expr\" must be a string"));
            };
            Ok((program.pasted_filter(&text), text))
        }
    }
}

fn jq_failure(fault: JqError) -> Failure {
    Failure::new(error::TASK_FAILED, fault.to_string())
}

fn smaller(a: Limits, b: Limits) -> Limits {
    Limits { fuel: a.fuel.min(b.fuel), bytes: a.bytes.min(b.bytes), depth: a.depth.min(b.depth) }
}
