//! A compiled flow: states by index, paths and templates parsed, jq programs compiled on first use. Immutable and shared.

pub(crate) mod action;
pub(crate) mod builtin;
pub(crate) mod choice;
mod compile;
pub(crate) mod connections;
pub(crate) mod payload;
pub(crate) mod place;
pub(crate) mod resolve;

pub(crate) use compile::duration as compile_duration;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use zis_bundle::{Action, Flow, path::Path};

use crate::{
    failure::{Failure, error},
    jq::{Filter, JqError},
    program::{choice::Choice, payload::Payload, payload::Text, place::Place},
    settings::Settings,
    value::Value,
};

/// One flow, ready to run. Compiled once per bundle digest and shared by all its executions.
#[derive(Debug)]
pub struct Program {
    pub name: String,
    /// Connections the flow needs, in the order the start check names them (spec 2.4.6): `connectionName`s of its actions,
    /// then every `$.connections.<name>`.
    pub connections: Vec<String>,
    /// The subset that the flow reads as `$.connections.<name>`.
    pub exposed_connections: Vec<String>,
    pub settings: Arc<Settings>,
    /// The states of the flow and of its Iterators, each knowing the others by index.
    pub(crate) states: Vec<State>,
    pub(crate) start: usize,
    /// `$.zendeskHost` of definitions.
    pub(crate) zendesk_host: Value,
    /// State transitions one run may make in all, and within one machine (the flow, or one iteration of a Map).
    pub(crate) most_transitions: u32,
    pub(crate) most_transitions_each: u32,
    pasted: Mutex<HashMap<Arc<str>, Filter>>,
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CompileError {
    #[error("state `{state}` points at `{target}`, which is no state of its machine")]
    UnknownState { state: String, target: String },
    #[error("state `{state}`: {message}")]
    BadTemplate { state: String, message: String },
}

#[derive(Debug)]
pub(crate) struct State {
    pub name: Arc<str>,
    /// Whether it belongs to the flow itself and not to an Iterator.
    pub is_top: bool,
    pub kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Action(ActionState),
    Choice(Choice),
    Map(MapState),
    Wait { seconds: Seconds, next: Next },
    Pass { result: Option<Value>, place: Place, next: Next },
    Succeed { message: Option<Text> },
    Fail { error: Text, cause: Text },
}

impl Kind {
    pub fn type_name(&self) -> &'static str {
        match self {
            Kind::Action(_) => "Action",
            Kind::Choice(_) => "Choice",
            Kind::Map(_) => "Map",
            Kind::Wait { .. } => "Wait",
            Kind::Pass { .. } => "Pass",
            Kind::Succeed { .. } => "Succeed",
            Kind::Fail { .. } => "Fail",
        }
    }

    pub fn catch(&self) -> Option<&Catch> {
        match self {
            Kind::Action(state) => state.catch.as_ref(),
            Kind::Map(state) => state.catch.as_ref(),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    State(usize),
    End,
}

#[derive(Debug)]
pub(crate) struct ActionState {
    pub action: action::Action,
    /// Empty for jq, which keeps its parameters itself.
    pub parameters: Payload,
    pub timeout: Option<Duration>,
    pub place: Place,
    pub catch: Option<Catch>,
    pub next: Next,
}

/// The first fallback: every one catches everything, so no other is ever used (spec 3.9).
#[derive(Debug)]
pub(crate) struct Catch {
    pub place: Place,
    pub next: usize,
}

#[derive(Debug)]
pub(crate) struct MapState {
    pub items: Path,
    pub start: usize,
    pub place: Place,
    pub catch: Option<Catch>,
    pub next: Next,
}

#[derive(Debug)]
pub(crate) enum Seconds {
    Fixed(Duration),
    Path(Path),
}

impl Program {
    /// Compiles `flow`. `action` finds a custom action by its `properties.name`. An unknown action is no error here: the state
    /// fails when it is reached (spec 3.3). A flow that came from a bundle without findings always compiles.
    pub fn compile<'b>(
        flow: &Flow,
        action: impl Fn(&str) -> Option<&'b Action>,
        settings: Arc<Settings>,
    ) -> Result<Arc<Program>, CompileError> {
        compile::compile(flow, &action, settings).map(Arc::new)
    }

    /// The state at top level with this name.
    pub(crate) fn find_state(&self, name: &str) -> Option<usize> {
        self.states.iter().position(|state| state.is_top && &*state.name == name)
    }

    /// The failure of a flow that may not start because a connection it needs does not exist: the first missing one, in ZIS's words, and
    /// no Catch sees it (spec 2.4.6).
    pub fn missing_connection(&self, exists: impl Fn(&str) -> bool) -> Option<Failure> {
        let name = self.connections.iter().find(|name| !exists(name))?;
        let cause = format!("Cannot start flow because the connection named \"{name}\" does not exist");
        Some(Failure::new(error::RUNTIME, cause))
    }

    /// The compiled form of a jq program whose text was made at run time. The cache is bounded; when it is full it starts anew, because
    /// texts with data pasted into them seldom come twice.
    pub(crate) fn pasted_filter(&self, text: &Arc<str>) -> Result<Filter, JqError> {
        const MOST: usize = 64;
        if let Some(filter) = self.lock().get(text) {
            return Ok(filter.clone());
        }
        let filter = Filter::compile(text)?;
        let mut cache = self.lock();
        if cache.len() >= MOST {
            cache.clear();
        }
        cache.insert(text.clone(), filter.clone());
        Ok(filter)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Arc<str>, Filter>> {
        self.pasted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
