//! Failures: a retry of the flow, a Catch, or the end (spec 3.9, 3.10).

use crate::{
    effect::CallId,
    failure::{Failure, error},
    machine::{
        End, Machine,
        strand::{Phase, What},
        watch::Left,
    },
    program::Program,
    value::Value,
};

impl Machine {
    /// The state at hand of `strand` failed. Gives the strand that goes on, after a Catch.
    pub(super) fn fail(&mut self, program: &Program, strand: usize, failure: Failure) -> Option<usize> {
        let failure = self.mask_failure(failure);
        let call = self.call_of(strand);
        if call.is_some() && self.now >= self.deadline {
            self.time_out(strand);
            return None;
        }
        let retry = call.filter(|_| self.may_retry && !failure.retry.is_never());
        let catcher = self.catcher(program, strand);
        match (retry, catcher) {
            (Some(id), None) => self.end_for_retry(program, strand, id, failure),
            (Some(id), Some(_)) if program.settings.retry_before_catch => {
                self.end_for_retry(program, strand, id, failure);
            }
            (_, Some(catcher)) => return self.catch(program, strand, catcher, failure),
            (None, None) => self.end_failed(program, strand, failure, call.is_some()),
        }
        None
    }

    /// The call that `strand` waits for, when it is at one.
    fn call_of(&self, strand: usize) -> Option<CallId> {
        match &self.strands[strand].phase {
            Phase::Waiting(waiting) if matches!(waiting.what, What::Call { .. }) => Some(waiting.id),
            _ => None,
        }
    }

    /// The strand, this one or one around it, whose state has a Catch.
    fn catcher(&self, program: &Program, strand: usize) -> Option<usize> {
        let mut strand = strand;
        loop {
            if program.states[self.strands[strand].at].kind.catch().is_some() {
                return Some(strand);
            }
            strand = self.strands[strand].parent?.strand;
        }
    }

    /// Goes on at the Catch of `catcher` (which is `strand`, or a Map around it), the error's output in its place.
    fn catch(&mut self, program: &Program, strand: usize, catcher: usize, failure: Failure) -> Option<usize> {
        let state = &program.states[self.strands[catcher].at];
        let catch = state.kind.catch()?;
        let next = &program.states[catch.next].name;
        let mut inner = strand;
        while inner != catcher {
            self.watch_leave(inner, Left::Failed { failure: &failure, next: None });
            inner = self.strands[inner].parent?.strand;
        }
        self.drop_iterations(catcher);
        let error = [("Error", Value::string(&failure.error)), ("Cause", Value::string(&failure.cause))];
        match self.place(program, catcher, &catch.place, Value::object(error)) {
            Ok(()) => {
                self.watch_leave(catcher, Left::Failed { failure: &failure, next: Some(next) });
                self.move_to(catcher, catch.next);
                Some(catcher)
            }
            Err(blocked) => {
                // The Catch itself has nowhere to put the error: what is around it may catch that.
                self.watch_leave(catcher, Left::Failed { failure: &blocked, next: None });
                self.strands[catcher].phase = Phase::Ready;
                let outer = self.strands[catcher].parent.map(|parent| parent.strand);
                match outer.and_then(|outer| self.catcher(program, outer)) {
                    Some(outer) => self.catch(program, catcher, outer, blocked),
                    None => {
                        self.end_failed(program, catcher, blocked, false);
                        None
                    }
                }
            }
        }
    }

    fn end_for_retry(&mut self, program: &Program, strand: usize, id: CallId, failure: Failure) {
        self.watch_leave_all(strand, &failure);
        let path = self.path_of(program, strand);
        self.end_with(End::Retry { id, path, failure }, true);
    }

    fn end_failed(&mut self, program: &Program, strand: usize, failure: Failure, is_repeatable: bool) {
        self.watch_leave_all(strand, &failure);
        let state = Some(program.states[self.strands[0].at].name.to_string());
        let path = Some(self.path_of(program, strand));
        self.end_with(End::Failed { failure, state, path }, is_repeatable);
    }

    /// Ends the attempt with a failure that no Catch sees.
    pub(super) fn give_up(&mut self, program: &Program, strand: usize, failure: Failure) {
        self.end_failed(program, strand, failure, false);
    }

    /// The attempt's time is over. Every strand stands where it stood.
    pub(super) fn time_out(&mut self, strand: usize) {
        let failure = Failure::new(error::TIMEOUT, "the flow took longer than it may");
        self.watch_leave_all(strand, &failure);
        let program = self.program.clone();
        let state = Some(program.states[self.strands[0].at].name.to_string());
        let path = Some(self.path_of(&program, strand));
        self.end_with(End::TimedOut { state, path }, true);
    }

    /// Notes the failure at `strand` and at the Maps around it.
    fn watch_leave_all(&mut self, strand: usize, failure: &Failure) {
        let mut at = Some(strand);
        while let Some(strand) = at {
            self.watch_leave(strand, Left::Failed { failure, next: None });
            at = self.strands[strand].parent.map(|parent| parent.strand);
        }
    }
}
