//! Entering and leaving states, until a strand waits for the outside or ends.

use crate::{
    effect::Outcome,
    failure::{Failure, error},
    machine::{
        End, Machine, SUCCESS,
        strand::{Phase, What},
        watch::Left,
    },
    program::{
        Kind, Next, Program, Seconds,
        choice::Choice,
        compile_duration as duration,
        place::Place,
        resolve::{Resolver, explain_missing, with_article},
    },
    value::{MAX_DEPTH, Value},
};

/// What comes after a state was entered.
pub(super) enum Move {
    /// The state is left; the strand goes on there.
    Leave(Next, Option<Value>),
    /// The strand waits for an effect or for its iterations.
    Wait,
    /// Another strand goes on in its place: the first iteration of a Map.
    Switch(usize),
    /// A Succeed state: the machine at hand ends here.
    Succeed(Option<String>),
    /// The attempt is over; the strand stands where it stood.
    TimeOut,
}

impl Machine {
    /// Runs `strand`, and whatever goes on in its place, until it waits or ends.
    pub(super) fn run(&mut self, program: &Program, strand: usize, outcome: Option<Outcome>) {
        let mut strand = strand;
        let mut moved = match outcome {
            Some(outcome) => self.settle(program, strand, outcome),
            None => self.enter(program, strand),
        };
        loop {
            let goes_on = match moved {
                Ok(Move::Wait) => None,
                Ok(Move::Switch(other)) => Some(other),
                Ok(Move::TimeOut) => {
                    self.time_out(strand);
                    None
                }
                Ok(Move::Leave(Next::State(at), result)) => {
                    let next = &program.states[at].name;
                    self.watch_leave(strand, Left::To { next: Some(next), result });
                    self.move_to(strand, at);
                    Some(strand)
                }
                Ok(Move::Leave(Next::End, result)) => {
                    self.watch_leave(strand, Left::To { next: None, result });
                    self.finish(program, strand, None)
                }
                Ok(Move::Succeed(message)) => {
                    self.watch_leave(strand, Left::To { next: None, result: None });
                    self.finish(program, strand, message)
                }
                Err(failure) => self.fail(program, strand, failure),
            };
            let Some(next) = goes_on else { return };
            strand = next;
            moved = if self.strands[strand].is_map_done() {
                self.collect(program, strand)
            } else {
                self.enter(program, strand)
            };
        }
    }

    pub(super) fn move_to(&mut self, strand: usize, at: usize) {
        let strand = &mut self.strands[strand];
        strand.at = at;
        strand.phase = Phase::Ready;
    }

    /// Enters the state at hand.
    fn enter(&mut self, program: &Program, strand: usize) -> Result<Move, Failure> {
        if let Some(failure) = self.count_transition(program, strand) {
            self.watch_enter(strand);
            self.give_up(program, strand, failure);
            return Ok(Move::Wait);
        }
        self.watch_enter(strand);
        let state = &program.states[self.strands[strand].at];
        if state.is_top {
            self.visited.clear();
        }
        match &state.kind {
            Kind::Choice(choice) => self.choose(program, strand, choice),
            Kind::Pass { result, place, next } => {
                if let Some(result) = result {
                    self.place(program, strand, place, result.clone())?;
                }
                Ok(Move::Leave(*next, result.clone()))
            }
            Kind::Succeed { message } => Ok(Move::Succeed(message.as_ref().map(|message| {
                let text = message.resolve_lenient(&self.resolver(program, strand));
                self.mask(&text)
            }))),
            Kind::Fail { error, cause } => {
                let resolver = self.resolver(program, strand);
                Err(Failure::new(&*error.resolve_lenient(&resolver), &*cause.resolve_lenient(&resolver)))
            }
            _ if self.now >= self.deadline => Ok(Move::TimeOut),
            Kind::Wait { seconds, next } => self.wait(program, strand, seconds, *next),
            Kind::Map(map) => self.begin_map(program, strand, map),
            Kind::Action(action) => self.act(program, strand, action),
        }
    }

    /// Takes the outcome of what the strand waits for.
    fn settle(&mut self, program: &Program, strand: usize, outcome: Outcome) -> Result<Move, Failure> {
        let Phase::Waiting(waiting) = self.strands[strand].phase else { return Ok(Move::Wait) };
        match (&program.states[self.strands[strand].at].kind, waiting.what) {
            (Kind::Wait { next, .. }, What::Timer { wanted }) => {
                if wanted > self.deadline && self.now >= self.deadline {
                    Ok(Move::TimeOut)
                } else if wanted > self.now {
                    // The deadline that cut the wait short has moved, or somebody's clock is fast.
                    self.ask_timer(program, strand, wanted);
                    Ok(Move::Wait)
                } else {
                    Ok(Move::Leave(*next, None))
                }
            }
            (Kind::Action(action), _) => self.acted(program, strand, action, outcome),
            _ => Ok(Move::Wait),
        }
    }

    fn choose(&mut self, program: &Program, strand: usize, choice: &Choice) -> Result<Move, Failure> {
        let missing = program.settings.choice_missing_path;
        let name = &program.states[self.strands[strand].at].name;
        for (at, rule) in choice.rules.iter().enumerate() {
            let document = &self.strands[strand].document;
            let holds = rule.condition.holds(document, missing).map_err(|path| {
                Failure::new(error::PATH, format!("JSON path resolution error: {path}")).detail(format!(
                    "state `{name}`: Choices[{at}] reads {path}, but {}",
                    explain_missing(document, path)
                ))
            });
            if self.is_watched() {
                let reason = rule.condition.explain(&self.strands[strand].document);
                self.watch(strand, |visit| visit.reasons.push(reason));
            }
            if holds? {
                return Ok(Move::Leave(Next::State(rule.next), None));
            }
        }
        match choice.default {
            Some(at) => Ok(Move::Leave(Next::State(at), None)),
            None => Err(Failure::new(error::NO_CHOICE, "no rule of the Choice matched, and it has no Default")
                .detail(format!("state `{name}`: none of its {} rules is true", choice.rules.len()))),
        }
    }

    fn wait(&mut self, program: &Program, strand: usize, seconds: &Seconds, next: Next) -> Result<Move, Failure> {
        let span = match seconds {
            Seconds::Fixed(span) => *span,
            Seconds::Path(path) => {
                let document = &self.strands[strand].document;
                let name = &program.states[self.strands[strand].at].name;
                let Some(value) = document.at(path) else {
                    return Err(Failure::new(error::PATH, format!("JSON path resolution error: {path}")).detail(
                        format!("state `{name}`: SecondsPath reads {path}, but {}", explain_missing(document, path)),
                    ));
                };
                let Some(seconds) = value.as_f64() else {
                    let cause = format!("SecondsPath {path} must name a number; it is {}", with_article(value));
                    return Err(Failure::new(error::RUNTIME, cause).detail(format!("state `{name}`")));
                };
                duration(seconds)
            }
        };
        let wanted = self.now.saturating_add(span);
        if wanted <= self.now {
            return Ok(Move::Leave(next, None));
        }
        self.ask_timer(program, strand, wanted);
        Ok(Move::Wait)
    }

    /// Puts a state's output where its `ResultPath` says. On failure the document is as it was.
    pub(super) fn place(
        &mut self,
        program: &Program,
        strand: usize,
        place: &Place,
        output: Value,
    ) -> Result<(), Failure> {
        let most = program.settings.max_document_bytes;
        let too_large = || Failure::new(error::RUNTIME, format!("the document is larger than {most} bytes"));
        if matches!(place, Place::Discard) {
            return Ok(());
        }
        let added = output.json_len(most + 1);
        if added > most {
            return Err(too_large());
        }
        let strand = &mut self.strands[strand];
        let depth = match place {
            Place::At(at) => at.depth_with(output.depth()),
            _ => output.depth(),
        };
        if depth > MAX_DEPTH {
            return Err(Failure::new(error::RUNTIME, format!("the document is nested deeper than {MAX_DEPTH}")));
        }
        let Place::At(at) = place else {
            strand.document = output;
            strand.size = added;
            return Ok(());
        };
        let mut size = strand.size.saturating_add(added).saturating_add(at.cost);
        if size <= most {
            // The usual case: the document is ours alone, and the output goes in without a copy.
            at.put(&mut strand.document, output)?;
        } else {
            let before = strand.document.clone();
            at.put(&mut strand.document, output)?;
            size = strand.document.json_len(most + 1);
            if size > most {
                strand.document = before;
                return Err(too_large());
            }
        }
        strand.size = size;
        Ok(())
    }

    /// A machine ended: the flow, or one iteration of a Map. Gives the strand that goes on.
    fn finish(&mut self, program: &Program, strand: usize, message: Option<String>) -> Option<usize> {
        if self.strands[strand].parent.is_some() {
            return self.iteration_ended(program, strand);
        }
        let document = self.mask_value(&self.strands[strand].document);
        self.end_with(End::Succeeded { message: message.unwrap_or_else(|| SUCCESS.to_owned()), document }, false);
        None
    }

    pub(super) fn end_with(&mut self, end: End, is_repeatable: bool) {
        for strand in 0..self.strands.len() {
            if !matches!(self.strands[strand].phase, Phase::Free) {
                self.watch_dropped(strand);
            }
        }
        self.end = Some(end);
        self.is_repeatable = is_repeatable;
        self.ready.clear();
        self.effects.clear();
    }

    /// The loop guard (spec 3.11).
    fn count_transition(&mut self, program: &Program, strand: usize) -> Option<Failure> {
        self.transitions += 1;
        let strand = &mut self.strands[strand];
        strand.transitions += 1;
        let limit = if strand.transitions > program.most_transitions_each {
            program.most_transitions_each
        } else if self.transitions > program.most_transitions {
            program.most_transitions
        } else {
            return None;
        };
        let cause = format!("the flow made more than {limit} state transitions");
        Some(Failure::new(error::RUNTIME, cause).detail("a loop without a way out, or too much work for one run"))
    }

    pub(super) fn resolver<'m>(&'m self, program: &'m Program, strand: usize) -> Resolver<'m> {
        Resolver { root: &self.strands[strand].document, implicit: None, settings: &program.settings }
    }
}
