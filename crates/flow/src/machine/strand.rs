//! A strand: one line of control, the flow itself or one iteration of a Map.

use std::sync::Arc;

use crate::{
    effect::CallId,
    machine::watch::VisitRef,
    time::Timestamp,
    value::{Array, Value},
};

#[derive(Debug, Clone)]
pub(super) struct Strand {
    /// The state at hand.
    pub at: usize,
    /// `$` as the state at hand was entered with.
    pub document: Value,
    /// At least the bytes of `document` as JSON text, so that most states need not count them.
    pub size: usize,
    pub transitions: u32,
    pub parent: Option<Parent>,
    /// What stands before the state's name in its path: nothing, or `Redact[3]/`.
    pub prefix: Arc<str>,
    pub phase: Phase,
    pub visit: VisitRef,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Parent {
    pub strand: usize,
    pub item: usize,
}

#[derive(Debug, Clone)]
pub(super) enum Phase {
    /// A place in the list that the next iteration may take.
    Free,
    /// To enter the state at hand.
    Ready,
    Waiting(Waiting),
    Mapping(Box<Mapping>),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Waiting {
    pub id: CallId,
    pub is_answered: bool,
    pub what: What,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum What {
    Call {
        visit: u32,
    },
    Jq,
    /// Until when the flow wants to wait; the effect says less when the attempt's deadline comes first.
    Timer {
        wanted: Timestamp,
    },
}

#[derive(Debug, Clone)]
pub(super) struct Mapping {
    pub items: Arc<Array>,
    /// The next item to begin.
    pub next: usize,
    pub done: usize,
    pub results: Vec<Value>,
}

impl Strand {
    pub fn new(at: usize, document: Value, size: usize, parent: Option<Parent>, prefix: Arc<str>) -> Self {
        let phase = Phase::Ready;
        Self { at, document, size, transitions: 0, parent, prefix, phase, visit: VisitRef::default() }
    }
}
