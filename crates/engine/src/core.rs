//! What all parts of the engine share.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicI64, Ordering},
};

use tokio::sync::{broadcast, mpsc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use zis_flow::Timestamp;
use zis_store::{AccountId, EventId, ExecutionId, Store, StoreError, node::Owner};

use crate::{
    act::Actor,
    admission::Admission,
    catalog::Catalogs,
    error::EngineError,
    meters::Meters,
    open::Open,
    options::Options,
    pool::Pool,
    program::Programs,
    recover::Waking,
    signal::Signal,
    sync::lock,
    turns::{Turn, Turns},
    wake::Timer,
    world::Clock,
};

/// Signals a slow watcher may fall behind by before it misses some.
const SIGNALS: usize = 1024;

pub(crate) struct Core {
    pub(crate) store: Store,
    pub(crate) actor: Arc<dyn Actor>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) options: Options,
    /// This life of the node. A new one begins when others have declared it dead.
    owner: Mutex<Owner>,
    /// Held while a new life begins.
    pub(crate) rebirth: tokio::sync::Mutex<()>,
    pub(crate) catalogs: Catalogs,
    pub(crate) programs: Programs,
    pub(crate) admission: Admission,
    pub(crate) open: Arc<Open>,
    pub(crate) timer: Timer,
    pub(crate) pool: Pool,
    merges: Turns,
    pub(crate) meters: Meters,
    signals: broadcast::Sender<Signal>,
    /// Executions to be read from the store and driven on.
    pub(crate) waking: mpsc::UnboundedSender<Waking>,
    pub(crate) tasks: TaskTracker,
    /// Ends the loops of the engine: no new work from here on, what is under way may end.
    pub(crate) stopping: CancellationToken,
    /// The same for the hot path, where asking the token would mean a lock.
    is_stopping: AtomicBool,
    /// Everything stops where it stands.
    is_stopped: AtomicBool,
    /// An answer of the store was lost: it may say that an execution is this node's which the memory does not know.
    is_unsure: AtomicBool,
    /// When the heartbeat was last known to be written.
    beaten_at: AtomicI64,
    /// The last heartbeat could not be written.
    missed_beat: AtomicBool,
}

impl Core {
    pub(crate) fn new(
        store: Store,
        actor: Arc<dyn Actor>,
        clock: Arc<dyn Clock>,
        options: Options,
        owner: Owner,
        waking: mpsc::UnboundedSender<Waking>,
    ) -> Self {
        let (clock_now, meters) = (clock.now(), Meters::new());
        meters.beaten(clock_now);
        Self {
            store,
            actor,
            clock,
            owner: Mutex::new(owner),
            rebirth: tokio::sync::Mutex::default(),
            catalogs: Catalogs::default(),
            programs: Programs::new(options.flow.clone()),
            admission: Admission::new(options.max_running, options.max_running_per_account),
            open: Arc::default(),
            timer: Timer::default(),
            pool: Pool::new(options.evaluation_threads),
            merges: Turns::new(1),
            meters,
            signals: broadcast::channel(SIGNALS).0,
            waking,
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            is_stopping: AtomicBool::new(false),
            is_stopped: AtomicBool::new(false),
            is_unsure: AtomicBool::new(false),
            beaten_at: AtomicI64::new(clock_now.0),
            missed_beat: AtomicBool::new(false),
            options,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The turn to merge into the integration's `what`. Who holds it until the merge is kept finds nobody faster, but on other nodes.
    pub(crate) async fn merge_turn(&self, account: AccountId, integration: &str, what: &str) -> Turn {
        self.merges.wait(&format!("{}/{integration}/{what}", account.0)).await
    }

    pub(crate) fn owner(&self) -> Owner {
        lock(&self.owner).clone()
    }

    pub(crate) fn set_owner(&self, owner: Owner) {
        *lock(&self.owner) = owner;
    }

    pub(crate) fn new_execution(&self) -> ExecutionId {
        ExecutionId::from_uuid(self.clock.uuid())
    }

    pub(crate) fn new_event(&self) -> EventId {
        EventId::from_uuid(self.clock.uuid())
    }

    pub(crate) fn accepting(&self) -> Result<(), EngineError> {
        if self.is_stopping() { Err(EngineError::Draining) } else { Ok(()) }
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Relaxed)
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Relaxed)
    }

    /// The heartbeat was written at `at`.
    pub(crate) fn beaten(&self, at: Timestamp) {
        self.beaten_at.store(at.0, Ordering::Relaxed);
        self.missed_beat.store(false, Ordering::Relaxed);
        self.meters.beaten(at);
    }

    /// The heartbeat could not be written.
    pub(crate) fn missed_beat(&self) {
        self.missed_beat.store(true, Ordering::Relaxed);
        self.meters.missed_beats.increment(1);
    }

    /// Whether others may take this node for dead, because its heartbeat is late.
    pub(crate) fn may_be_dead(&self, now: Timestamp) -> bool {
        now.since(Timestamp(self.beaten_at.load(Ordering::Relaxed))) >= self.options.lease / 2
    }

    /// Whether heartbeats are written.
    pub(crate) fn is_alive(&self) -> bool {
        !self.missed_beat.load(Ordering::Relaxed) && !self.may_be_dead(self.now())
    }

    /// Have what the store holds compared with the memory.
    pub(crate) fn doubt(&self) {
        self.is_unsure.store(true, Ordering::Relaxed);
    }

    /// Whether there was a doubt; there is none from here on.
    pub(crate) fn is_unsure(&self) -> bool {
        self.is_unsure.swap(false, Ordering::Relaxed)
    }

    /// No new work from here on.
    pub(crate) fn stop_accepting(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
        self.stopping.cancel();
        self.tasks.close();
    }

    /// Whatever still runs stops where it stands.
    pub(crate) fn stop_all(&self) {
        self.is_stopped.store(true, Ordering::Relaxed);
        self.open.forget_all();
    }

    /// Runs `body` to its end even if whoever asked goes away: what becomes durable in it must be followed by what comes after it.
    pub(crate) async fn see_through<T: Send + 'static>(
        &self,
        body: impl Future<Output = Result<T, EngineError>> + Send + 'static,
    ) -> Result<T, EngineError> {
        // In a box the runtime moves a pointer, not the whole of it.
        let result = self.tasks.spawn(Box::pin(body)).await;
        result.unwrap_or_else(|error| Err(StoreError::Internal(format!("a task ended early: {error}")).into()))
    }

    /// Tells whoever watches; `signal` is not even made when nobody does.
    pub(crate) fn signal(&self, signal: impl FnOnce() -> Signal) {
        if self.signals.receiver_count() > 0 {
            let _ = self.signals.send(signal());
        }
    }

    pub(crate) fn watch(&self) -> broadcast::Receiver<Signal> {
        self.signals.subscribe()
    }

    /// Has the execution read from the store and driven on.
    pub(crate) fn wake(&self, account: AccountId, id: ExecutionId, cause: crate::recover::Cause) {
        // The receiver is gone only when the engine has stopped: then others take over.
        let _ = self.waking.send(Waking { account, id, cause });
    }
}
