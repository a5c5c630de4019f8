//! What is seen of a run from outside: the trace, and what must not be seen, the secrets.

use std::sync::Arc;

use crate::{
    failure::{Failure, error},
    machine::Machine,
    trace::Visit,
    value::Value,
};

/// The visits of one machine, in the order they began.
#[derive(Debug, Clone, Default)]
pub(super) struct Recorder {
    visits: Vec<Visit>,
    /// How many were taken before the first of `visits`.
    taken: usize,
}

/// A visit by its number among all of the machine's, from 1; 0 for none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct VisitRef(usize);

impl Recorder {
    pub fn visits(&self) -> &[Visit] {
        &self.visits
    }

    pub fn take(&mut self) -> Vec<Visit> {
        self.taken += self.visits.len();
        std::mem::take(&mut self.visits)
    }

    pub fn get_mut(&mut self, visit: VisitRef) -> Option<&mut Visit> {
        visit.0.checked_sub(self.taken + 1).and_then(|at| self.visits.get_mut(at))
    }

    fn push(&mut self, visit: Visit) -> VisitRef {
        self.visits.push(visit);
        VisitRef(self.taken + self.visits.len())
    }
}

/// How a visit ends.
pub(super) enum Left<'l> {
    To { next: Option<&'l str>, result: Option<Value> },
    Failed { failure: &'l Failure, next: Option<&'l str> },
}

impl Machine {
    /// Notes that `strand` enters the state at hand.
    pub(super) fn watch_enter(&mut self, strand: usize) {
        if self.recorder.is_none() {
            return;
        }
        let input = self.mask_value(&self.strands[strand].document);
        let Some(recorder) = &mut self.recorder else { return };
        let strand = &mut self.strands[strand];
        let state = &self.program.states[strand.at];
        strand.visit = recorder.push(Visit {
            state: state.name.to_string(),
            kind: state.kind.type_name(),
            attempt: 0,
            path: format!("{}{}", strand.prefix, state.name),
            input,
            result: None,
            output: None,
            error: None,
            next: None,
            started_at: self.now,
            ended_at: None,
            request: None,
            http: None,
            reasons: Vec::new(),
        });
    }

    /// Notes that `strand` leaves its state; its document is the state's output already.
    pub(super) fn watch_leave(&mut self, strand: usize, left: Left) {
        if self.recorder.is_none() {
            return;
        }
        let now = self.now;
        let (next, result, error) = match left {
            Left::To { next, result } => (next, result.map(|result| self.mask_value(&result)), None),
            Left::Failed { failure, next } => (next, None, Some(failure.clone())),
        };
        // A failure without a Catch has no output; that of a Catch is the document with the error in it.
        let has_output = error.is_none() || next.is_some();
        let output = has_output.then(|| self.mask_value(&self.strands[strand].document));
        self.watch(strand, |visit| {
            visit.ended_at = Some(now);
            visit.next = next.map(str::to_owned);
            visit.result = result;
            visit.output = output;
            visit.error = error;
        });
    }

    /// Notes that nobody waits for `strand` any more.
    pub(super) fn watch_dropped(&mut self, strand: usize) {
        let now = self.now;
        self.watch(strand, |visit| {
            if visit.ended_at.is_none() {
                visit.ended_at = Some(now);
                visit.error =
                    Some(Failure::new(error::RUNTIME, "stopped, because another iteration of the Map failed"));
            }
        });
    }

    /// Adds to the visit of `strand`, when visits are recorded.
    pub(super) fn watch(&mut self, strand: usize, note: impl FnOnce(&mut Visit)) {
        let Some(recorder) = &mut self.recorder else { return };
        if let Some(visit) = recorder.get_mut(self.strands[strand].visit) {
            note(visit);
        }
    }

    pub(super) fn is_watched(&self) -> bool {
        self.recorder.is_some()
    }

    /// `text` without the access tokens of the execution's connections.
    pub(super) fn mask(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| {
            if text.contains(&**secret) { text.replace(&**secret, MASK) } else { text }
        })
    }

    pub(super) fn mask_failure(&self, mut failure: Failure) -> Failure {
        if !self.secrets.is_empty() {
            failure.error = self.mask(&failure.error);
            failure.cause = self.mask(&failure.cause);
            failure.detail = failure.detail.map(|detail| self.mask(&detail));
        }
        failure
    }

    /// `value` with every access token in its strings masked.
    pub(super) fn mask_value(&self, value: &Value) -> Value {
        if self.secrets.is_empty() {
            return value.clone();
        }
        match value {
            Value::String(text) => Value::from(self.mask(text)),
            Value::Array(items) => Value::array(items.iter().map(|item| self.mask_value(item))),
            Value::Object(object) => {
                Value::object(object.iter().map(|(key, value)| (key.clone(), self.mask_value(value))))
            }
            other => other.clone(),
        }
    }
}

/// What stands in the place of a secret.
pub(crate) const MASK: &str = "*****";

/// The strings of `connections` that are long enough to be secrets.
pub(super) fn secrets_of(connections: &Value) -> Arc<[Arc<str>]> {
    if connections.is_null() {
        return Arc::default();
    }
    let tokens = connections.as_object().into_iter().flat_map(|object| object.values());
    tokens
        .filter_map(|connection| match connection.get("access_token") {
            Some(Value::String(token)) if !token.is_empty() && &**token != MASK => Some(token.clone()),
            _ => None,
        })
        .collect()
}
