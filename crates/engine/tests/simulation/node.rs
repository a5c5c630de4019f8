//! A node that can die: its store, its clock and its hands stop answering, which is all that others can see of a death.

use std::{
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::broadcast;
use zis_engine::{
    Clock, Engine, Options,
    act::{Actor, Caller, Done},
};
use zis_flow::{Call, Timestamp, Value};
use zis_store::{
    AccountId, Reply, Statement, Store, StoreError, Transaction,
    driver::{Driver, memory::Memory},
    sql::{Dialect, Rows},
};

use crate::{common, target::Target};

/// Numbers without pattern, from a seed (splitmix64).
pub struct Dice(Mutex<u64>);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
    }

    pub fn below(&self, limit: u64) -> u64 {
        let mut state = self.0.lock().unwrap();
        *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit.max(1)
    }

    /// True `of` times in a thousand.
    pub fn roll(&self, of: u64) -> bool {
        self.below(1000) < of
    }

    pub fn millis(&self, limit: u64) -> Duration {
        Duration::from_millis(self.below(limit))
    }
}

/// What all nodes live in.
pub struct World {
    pub dice: Dice,
    pub memory: Memory,
    pub target: Target,
    pub began: tokio::time::Instant,
    pub ids: AtomicU64,
    pub deaths: AtomicU64,
    pub jumps: AtomicU64,
    /// Whether nodes die, freeze or leave in this story; otherwise only the store, the network and the target fail.
    pub mortal: bool,
    /// Until then the store answers nobody: a database that starts again.
    away_until: Mutex<Option<tokio::time::Instant>>,
    /// Faults happen only while this is set.
    pub hostile: AtomicBool,
    /// Transactions whose answer was lost while they hold their locks: they are kept later, but before any other that wants the same rows.
    limbo: Mutex<Vec<Transaction>>,
    /// Answers that nobody will ever get: the senders live on so that the receivers wait.
    graveyard: Mutex<Vec<Reply>>,
}

impl World {
    pub fn new(seed: u64) -> Arc<Self> {
        let dice = Dice::new(seed);
        Arc::new(Self {
            mortal: dice.roll(700),
            dice,
            memory: Memory::open().unwrap(),
            target: Target::default(),
            began: tokio::time::Instant::now(),
            ids: AtomicU64::new(0),
            deaths: AtomicU64::new(0),
            jumps: AtomicU64::new(0),
            away_until: Mutex::default(),
            hostile: AtomicBool::new(true),
            limbo: Mutex::default(),
            graveyard: Mutex::default(),
        })
    }

    pub fn roll(&self, of: u64) -> bool {
        self.hostile.load(Ordering::Relaxed) && self.dice.roll(of)
    }

    /// Nobody reaches the store for a while, perhaps for longer than a lease.
    pub fn lose_store(&self) {
        *self.away_until.lock().unwrap() = Some(tokio::time::Instant::now() + self.dice.millis(25_000));
    }

    fn is_away(&self) -> bool {
        let until = *self.away_until.lock().unwrap();
        self.hostile.load(Ordering::Relaxed) && until.is_some_and(|until| tokio::time::Instant::now() < until)
    }

    /// Runs what nobody waits for.
    fn run_unheard(&self, transaction: Transaction) {
        let (reply, _answer) = tokio::sync::oneshot::channel();
        self.memory.submit(transaction, reply);
    }

    /// Keeps what is in limbo: all of it, or by chance.
    fn leave_limbo(&self, all: bool) {
        let waiting = std::mem::take(&mut *self.limbo.lock().unwrap());
        for transaction in waiting {
            if all || self.dice.roll(600) {
                self.run_unheard(transaction);
            } else {
                self.limbo.lock().unwrap().push(transaction);
            }
        }
    }

    /// The store without faults, for looking.
    pub fn store(self: &Arc<Self>) -> Store {
        Store::with_driver(Arc::new(Plain(self.clone())))
    }
}

struct Plain(Arc<World>);

/// One life of a node.
pub struct Life {
    world: Arc<World>,
    is_dead: AtomicBool,
    /// Microseconds by which its clock is ahead.
    skew: AtomicI64,
    /// Until then its store answers nothing and its clock does not wake it: a machine that was suspended, a disk that hung.
    frozen_until: Mutex<Option<tokio::time::Instant>>,
}

impl Life {
    pub fn is_dead(&self) -> bool {
        self.is_dead.load(Ordering::Relaxed)
    }

    pub fn die(&self) {
        if !self.is_dead.swap(true, Ordering::Relaxed) {
            self.world.deaths.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Nothing of this life moves for a while, perhaps for longer than its lease.
    pub fn freeze(&self) {
        let thaws = tokio::time::Instant::now() + self.world.dice.millis(40_000);
        *self.frozen_until.lock().unwrap() = Some(thaws);
    }

    /// Somebody sets the clock.
    pub fn jump(&self) {
        let span = i64::try_from(self.world.dice.below(1_200)).unwrap() - 600;
        self.skew.fetch_add(span * 1_000_000, Ordering::Relaxed);
        self.world.jumps.fetch_add(1, Ordering::Relaxed);
    }

    async fn thaw(&self) {
        let until = *self.frozen_until.lock().unwrap();
        if let Some(until) = until {
            tokio::time::sleep_until(until).await;
        }
    }

    fn maybe_die(&self, of: u64) -> bool {
        if self.world.mortal && self.world.roll(of) {
            self.die();
        }
        self.is_dead()
    }
}

pub struct Node {
    pub engine: Engine,
    pub life: Arc<Life>,
}

impl Node {
    /// `None` when it died while it started.
    pub async fn start(world: &Arc<World>, options: Options) -> Option<Self> {
        // Most clocks agree to a second; some are an hour off.
        let most = if world.dice.roll(200) { 3_600_000_000 } else { 1_000_000 };
        let skew = i64::try_from(world.dice.below(2 * most)).unwrap() - i64::try_from(most).unwrap();
        let life = Arc::new(Life {
            world: world.clone(),
            is_dead: AtomicBool::new(false),
            skew: AtomicI64::new(skew),
            frozen_until: Mutex::default(),
        });
        let store = Store::with_driver(Arc::new(Faulty::new(&life)));
        let start = Engine::start(store, life.clone(), life.clone(), options);
        let engine = tokio::time::timeout(Duration::from_secs(5), start).await.ok()?.ok()?;
        Some(Self { engine, life })
    }
}

#[async_trait::async_trait]
impl Clock for Life {
    fn now(&self) -> Timestamp {
        let since = common::EPOCH.saturating_add(tokio::time::Instant::now() - self.world.began);
        Timestamp(since.0 + self.skew.load(Ordering::Relaxed))
    }

    async fn sleep(&self, span: Duration) {
        tokio::time::sleep(span).await;
        self.thaw().await;
        if self.is_dead() {
            pending::<()>().await;
        }
    }

    fn uuid(&self) -> uuid::Uuid {
        uuid::Uuid::from_u128(u128::from(self.world.ids.fetch_add(1, Ordering::Relaxed) + 1))
    }
}

#[async_trait::async_trait]
impl Actor for Life {
    async fn perform(&self, caller: &Caller, call: &Call, now: Timestamp) -> Done {
        if self.maybe_die(5) {
            pending::<()>().await;
        }
        let (takes, outcome) = self.world.target.receive(&self.world.dice, caller, call);
        let left = call.deadline.since(now);
        tokio::time::sleep(takes.min(left)).await;
        if self.maybe_die(10) {
            pending::<()>().await;
        }
        let outcome = if takes >= left { zis_flow::response::request_timeout() } else { outcome };
        Done { outcome, exchange: None, statements: Vec::new() }
    }

    async fn missing_connection(&self, _: AccountId, _: &str, _: &[String]) -> Option<String> {
        None
    }

    async fn exposed(&self, _: AccountId, _: &str, _: &[String]) -> Value {
        Value::Null
    }
}

/// A dying node's way to the store: a queue, served in order, slowly, and sometimes not for a long while.
struct Faulty {
    life: Arc<Life>,
    queue: tokio::sync::mpsc::UnboundedSender<(Transaction, Reply)>,
}

impl Faulty {
    fn new(life: &Arc<Life>) -> Self {
        let (queue, mut jobs) = tokio::sync::mpsc::unbounded_channel::<(Transaction, Reply)>();
        let served = life.clone();
        tokio::spawn(async move {
            while let Some((transaction, reply)) = jobs.recv().await {
                tokio::time::sleep(served.world.dice.millis(5)).await;
                served.thaw().await;
                serve(&served, transaction, reply);
            }
        });
        Self { life: life.clone(), queue }
    }
}

fn serve(life: &Arc<Life>, transaction: Transaction, reply: Reply) {
    let world = &life.world;
    let bury = |reply| world.graveyard.lock().unwrap().push(reply);
    world.leave_limbo(false);
    if life.maybe_die(4) {
        return bury(reply);
    }
    if world.mortal && world.roll(4) {
        world.run_unheard(transaction);
        life.die();
        return bury(reply);
    }
    if world.is_away() || world.roll(10) {
        let _ = reply.send(Err(StoreError::Unavailable("simulated".to_owned())));
    } else if world.roll(10) {
        world.run_unheard(transaction);
        let _ = reply.send(Err(StoreError::Unknown("simulated, kept".to_owned())));
    } else if world.roll(10) {
        let _ = reply.send(Err(StoreError::Unknown("simulated, lost".to_owned())));
    } else if world.roll(10) {
        world.limbo.lock().unwrap().push(transaction);
        let world = world.clone();
        tokio::spawn(async move {
            tokio::time::sleep(world.dice.millis(3_000)).await;
            world.leave_limbo(true);
        });
        let _ = reply.send(Err(StoreError::Unknown("simulated, kept later".to_owned())));
    } else {
        world.memory.submit(transaction, reply);
    }
}

#[async_trait::async_trait]
impl Driver for Faulty {
    fn submit(&self, transaction: Transaction, reply: Reply) {
        let _ = self.queue.send((transaction, reply));
    }

    fn notify(&self, topic: &str) {
        self.life.world.memory.notify(topic);
    }

    fn notified(&self) -> broadcast::Receiver<Arc<str>> {
        self.life.world.memory.notified()
    }

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn read(&self, statement: Statement) -> Result<Rows, StoreError> {
        tokio::time::sleep(self.life.world.dice.millis(3)).await;
        self.life.thaw().await;
        if self.life.is_dead() {
            pending::<()>().await;
        }
        if self.life.world.is_away() || self.life.world.roll(5) {
            return Err(StoreError::Unavailable("simulated".to_owned()));
        }
        self.life.world.memory.read(statement).await
    }
}

#[async_trait::async_trait]
impl Driver for Plain {
    fn submit(&self, transaction: Transaction, reply: Reply) {
        self.0.memory.submit(transaction, reply);
    }

    fn notify(&self, topic: &str) {
        self.0.memory.notify(topic);
    }

    fn notified(&self) -> broadcast::Receiver<Arc<str>> {
        self.0.memory.notified()
    }

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn read(&self, statement: Statement) -> Result<Rows, StoreError> {
        self.0.memory.read(statement).await
    }
}
