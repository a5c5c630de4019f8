//! The handle: start, ingest, act by hand, drain.

use std::{sync::Arc, time::Duration};

use tokio::sync::mpsc;
use zis_flow::{Program, Value, journal::Pin, journal::RetryFrom};
use zis_store::{
    AccountId, EventId, ExecutionId, Statement, Store, StoreError,
    config::{self, Config},
    node,
};

use crate::{
    act::Actor,
    by_hand,
    core::Core,
    error::EngineError,
    ingest::{self, Origin},
    options::Options,
    recover,
    signal::Signal,
    turns, wake,
    world::Clock,
};

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
    core: Arc<Core>,
}

impl Engine {
    /// Registers the node, adopts what earlier lives left open, and starts the loops. Adoption goes on after this returns.
    ///
    /// A recorder of the `metrics` crate must be installed before, and before the store is opened: both ask for their handles once.
    pub async fn start(
        store: Store,
        actor: Arc<dyn Actor>,
        clock: Arc<dyn Clock>,
        options: Options,
    ) -> Result<Self, EngineError> {
        let owner = node::register(&store, &options.node, clock.now()).await?;
        let (waking, wakings) = mpsc::unbounded_channel();
        let core = Arc::new(Core::new(store, actor, clock, options, owner, waking));
        core.tasks.spawn(recover::serve(core.clone(), wakings));
        core.tasks.spawn(wake::serve(core.clone()));
        core.tasks.spawn(crate::node::serve(core.clone()));
        Ok(Self { core })
    }

    /// Accepts an event: one execution for each installed job spec that matches, in one transaction, durable when this returns.
    pub async fn ingest(&self, incoming: Incoming) -> Result<Accepted, EngineError> {
        ingest::ingest(&self.core, incoming, Origin::Sender).await
    }

    /// The job specs that an event would run, as resource names: nothing is accepted.
    pub async fn dry_run(&self, incoming: &Incoming) -> Result<Vec<String>, EngineError> {
        let catalog = self.core.catalogs.fresh(&self.core, incoming.account).await?;
        let routes = catalog.matching(&incoming.source, &incoming.kind, incoming.integration.as_deref());
        Ok(routes.iter().map(|route| route.resource_name()).collect())
    }

    /// Merges `patch` into the config of `scope`, in turn with the flows that do so; `None` when there is no such scope.
    pub async fn patch_config(
        &self,
        account: AccountId,
        integration: &str,
        scope: &str,
        patch: &Value,
    ) -> Result<Option<Config>, StoreError> {
        let _turn = self.core.merge_turn(account, integration, &turns::config(scope)).await;
        config::patch(&self.core.store, account, integration, scope, patch, self.core.now()).await
    }

    /// Runs an ended execution, or one that waits for its next attempt, again. `by` is who asked, for the journal.
    pub async fn retry(
        &self,
        account: AccountId,
        id: &ExecutionId,
        from: RetryFrom,
        bundle: BundleChoice,
        by: &str,
    ) -> Result<(), EngineError> {
        let (core, id, by) = (self.core.clone(), id.clone(), by.to_owned());
        let retry = async move { by_hand::retry(&core, account, &id, from, bundle, &by).await };
        self.core.see_through(retry).await
    }

    /// Ends an open execution. What its call in flight did outside stays done.
    pub async fn cancel(&self, account: AccountId, id: &ExecutionId, by: &str) -> Result<(), EngineError> {
        by_hand::cancel(&self.core, account, id, by).await
    }

    /// Ingests a stored event once more as a new event. `by` is who asked, for the journals of what it starts.
    pub async fn replay(&self, account: AccountId, id: &EventId, by: &str) -> Result<Accepted, EngineError> {
        by_hand::replay(&self.core, account, id, by).await
    }

    /// Everything that happens from here on; a watcher that falls behind misses some.
    pub fn watch(&self) -> tokio::sync::broadcast::Receiver<Signal> {
        self.core.watch()
    }

    /// The compiled flow of a pin, from the cache or the store: for the trace view.
    pub async fn program(
        &self,
        account: AccountId,
        integration: &str,
        flow: &str,
        pin: &Pin,
    ) -> Result<Arc<Program>, EngineError> {
        Ok(self.core.programs.get(&self.core.store, account, integration, flow, pin).await?)
    }

    /// Whether the store took this node's heartbeat lately: an event would be accepted.
    pub fn is_alive(&self) -> bool {
        self.core.is_alive()
    }

    /// Executions in this node's memory now.
    pub fn running(&self) -> usize {
        self.core.admission.open()
    }

    /// Stops accepting, lets calls that are under way end (at most `at_most`), writes everything down and says goodbye, so that other nodes,
    /// or the next life of this one, go on at once.
    pub async fn drain(&self, at_most: Duration) {
        self.core.stop_accepting();
        tokio::select! {
            biased;
            () = self.core.tasks.wait() => {}
            () = self.core.clock.sleep(at_most) => self.core.stop_all(),
        }
        if let Err(error) = node::leave(&self.core.store, &self.core.owner()).await {
            tracing::warn!(%error, "the node could not say goodbye; its executions go on when its lease has ended");
        }
    }
}
