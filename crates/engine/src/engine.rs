//! The handle: start, ingest, act by hand, drain.

use std::{sync::Arc, time::Duration};

use zis_flow::{Settings, Value, journal::RetryFrom};
use zis_store::{AccountId, EventId, ExecutionId, Statement, Store};

use crate::{act::Actor, error::EngineError, signal::Signal, world::Clock};

/// How the engine behaves; from the server's configuration.
#[derive(Debug, Clone)]
pub struct Options {
    /// Name of this node; distinct on one store. Its executions are adopted by others when its lease ends.
    pub node: String,
    /// A node whose heartbeat is older is dead.
    pub lease: Duration,
    pub flow: Arc<Settings>,
    /// Delays before attempts 2, 3, 4 (spec 3.10); never replaces a `Retry-After`.
    pub retry_delays: Vec<Duration>,
    pub max_attempts: u32,
    pub retry_from: RetryFrom,
    /// Open executions in this node's memory; more are refused before they are accepted.
    pub max_running: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            node: "node".to_owned(),
            lease: Duration::from_secs(10),
            flow: Arc::new(Settings::default()),
            retry_delays: [30, 60, 120].map(Duration::from_secs).to_vec(),
            max_attempts: 4,
            retry_from: RetryFrom::Start,
            max_running: 100_000,
        }
    }
}

/// An event on its way in.
#[derive(Debug, Clone)]
pub struct Incoming {
    pub account: AccountId,
    pub source: String,
    pub kind: String,
    /// Only this integration's job specs see it (inbound webhooks).
    pub integration: Option<String>,
    /// What will stand at `$.input`.
    pub payload: Value,
    pub idempotency_key: Option<String>,
    /// Statements of the sender's that become durable with the event, in the same transaction, or not at all (the local Zendesk's
    /// activity, its outbox). When the key was seen before, they are not run.
    pub also: Vec<Statement>,
}

/// A durably accepted event.
#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    pub event: EventId,
    pub executions: Vec<ExecutionId>,
    /// The idempotency key was seen before: this is the first answer again.
    pub repeated: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BundleChoice {
    Pinned,
    Current,
}

/// The engine; clones share it.
#[derive(Clone)]
pub struct Engine {
    _inner: Arc<()>,
}

impl Engine {
    /// Registers the node, adopts what earlier lives left open, and starts the loops.
    pub async fn start(
        store: Store,
        actor: Arc<dyn Actor>,
        clock: Arc<dyn Clock>,
        options: Options,
    ) -> Result<Self, EngineError> {
        let _ = (store, actor, clock, options);
        todo!()
    }

    /// Accepts an event: one execution for each installed job spec that matches, in one transaction, durable when this returns.
    pub async fn ingest(&self, incoming: Incoming) -> Result<Accepted, EngineError> {
        let _ = incoming;
        todo!()
    }

    /// The job specs that an event would run, as resource names: nothing is accepted.
    pub async fn dry_run(&self, incoming: &Incoming) -> Result<Vec<String>, EngineError> {
        let _ = incoming;
        todo!()
    }

    /// Runs an ended or waiting execution again. `by` is who asked, for the journal.
    pub async fn retry(
        &self,
        account: AccountId,
        id: &ExecutionId,
        from: RetryFrom,
        bundle: BundleChoice,
        by: &str,
    ) -> Result<(), EngineError> {
        let _ = (account, id, from, bundle, by);
        todo!()
    }

    pub async fn cancel(&self, account: AccountId, id: &ExecutionId, by: &str) -> Result<(), EngineError> {
        let _ = (account, id, by);
        todo!()
    }

    /// Ingests a stored event once more as a new event.
    pub async fn replay(&self, account: AccountId, id: &EventId) -> Result<Accepted, EngineError> {
        let _ = (account, id);
        todo!()
    }

    pub fn watch(&self) -> tokio::sync::broadcast::Receiver<Signal> {
        todo!()
    }

    /// The compiled flow of a pin, from the cache or the store: for the trace view.
    pub async fn program(
        &self,
        account: AccountId,
        integration: &str,
        flow: &str,
        pin: &zis_flow::journal::Pin,
    ) -> Result<Arc<zis_flow::Program>, EngineError> {
        let _ = (account, integration, flow, pin);
        todo!()
    }

    /// Stops accepting, hands open executions over, returns when everything is durable.
    pub async fn drain(&self, at_most: Duration) {
        let _ = at_most;
        todo!()
    }
}
