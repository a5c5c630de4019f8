//! One seed's story: nodes, events, faults, then peace, and what must be true in the end.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use zis_engine::{EngineError, Incoming, Options};
use zis_flow::{
    Settings, Value,
    journal::{Pin, Record, RetryFrom},
    replay,
};
use zis_store::{EventId, ExecutionId, event, execution};

use crate::{
    common::{self, ACCOUNT, act, bundle, wait},
    node::{Node, World},
    target::Got,
};

/// How long the world is hostile, and how long everything may take after that.
const WAR: Duration = Duration::from_secs(120);
const PEACE: Duration = Duration::from_secs(4 * 3600);

pub struct Story {
    seed: u64,
}

/// What happened.
#[derive(Debug, Default)]
pub struct Report {
    pub events: usize,
    pub executions: usize,
    pub deaths: u64,
    /// Clocks that were set.
    pub jumps: u64,
    /// Unsafe calls that were sent more than once.
    pub repeats: usize,
    pub attempts: u32,
    /// Stands for everything that happened.
    pub digest: String,
}

impl Report {
    pub fn add(&mut self, other: &Report) {
        self.events += other.events;
        self.executions += other.executions;
        self.deaths += other.deaths;
        self.jumps += other.jumps;
        self.repeats += other.repeats;
        self.attempts += other.attempts;
    }
}

impl Story {
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    pub fn tell(&self) -> Report {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(self.run())
    }

    async fn run(&self) -> Report {
        let world = World::new(self.seed);
        let store = world.store();
        common::install_in(&store, "one", &bundle("b", "test", "go", "A", &states(world.dice.below(5)))).await;
        common::install_in(&store, "two", &bundle("b", "test", "go", "A", &states(world.dice.below(5)))).await;
        let from = if world.dice.roll(500) { RetryFrom::Start } else { RetryFrom::Failure };
        let map_concurrency = if world.dice.roll(300) { 3 } else { 1 };
        let settings = Arc::new(Settings { map_concurrency, ..Settings::default() });
        let mut cluster = Cluster::new(&world, from, &settings);
        let mut senders = Vec::new();
        let (doors, door) = tokio::sync::watch::channel(Vec::new());
        for number in 0..3 + world.dice.below(6) {
            senders.push(tokio::spawn(send(world.clone(), door.clone(), number)));
        }
        while world.began.elapsed() < WAR {
            cluster.change().await;
            if world.dice.roll(if world.mortal { 10 } else { 40 }) {
                world.lose_store();
            }
            let _ = doors.send(cluster.alive());
            tokio::time::sleep(world.dice.millis(4_000)).await;
        }
        world.hostile.store(false, Ordering::Relaxed);
        cluster.heal().await;
        let _ = doors.send(cluster.alive());
        let mut accepted = Vec::new();
        for sender in senders {
            accepted.push(sender.await.unwrap());
        }
        self.check(&world, &settings, accepted).await
    }

    async fn check(
        &self,
        world: &Arc<World>,
        settings: &Arc<Settings>,
        accepted: Vec<(EventId, Vec<ExecutionId>)>,
    ) -> Report {
        let store = world.store();
        let events = event::list(&store, ACCOUNT, None, None, None, 1_000).await.unwrap();
        assert_eq!(events.len(), accepted.len(), "one event for each key");
        let mut report = Report {
            events: events.len(),
            deaths: world.deaths.load(Ordering::Relaxed),
            jumps: world.jumps.load(Ordering::Relaxed),
            ..Report::default()
        };
        let got = world.target.got();
        check_keys(&got);
        for (event, executions) in accepted {
            let filter = execution::Filter { event_id: Some(event), ..Default::default() };
            let rows = execution::list(&store, ACCOUNT, &filter, None, 100).await.unwrap();
            let integrations: HashSet<_> = rows.iter().map(|row| row.integration.as_str()).collect();
            assert_eq!((rows.len(), integrations.len()), (2, 2), "each spec once");
            assert!(executions.iter().all(|id| rows.iter().any(|row| row.id == *id)));
            for row in rows {
                let row = self.end(world, &row.id).await;
                self.check_execution(world, settings, &row, &got, &mut report).await;
            }
        }
        report.digest = format!("{:?} {got:?} {:?}", report, world.began.elapsed());
        report
    }

    async fn end(&self, world: &Arc<World>, id: &ExecutionId) -> execution::Execution {
        let store = world.store();
        loop {
            let row = common::show(&store, id).await;
            if row.status.is_ended() {
                return row;
            }
            assert!(world.began.elapsed() < PEACE, "{id} never ended: {row:?} {:?}", common::journal(&store, id).await);
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn check_execution(
        &self,
        world: &Arc<World>,
        settings: &Arc<Settings>,
        row: &execution::Execution,
        got: &[Got],
        report: &mut Report,
    ) {
        let store = world.store();
        let records = common::journal(&store, &row.id).await;
        let mut programs: HashMap<String, Option<Arc<zis_flow::Program>>> = HashMap::new();
        let mut program = |pin: &Pin| {
            programs.entry(pin.digest.clone()).or_insert_with(|| compile(&store, settings, row, pin)).clone()
        };
        let restored = replay::restore(&records, &mut program, &mut |_| Value::Null);
        let restored = restored.unwrap_or_else(|error| panic!("{error}: {records:?}"));
        assert_eq!((restored.status, restored.attempt), (row.status, row.attempt), "{records:?}");
        report.executions += 1;
        report.attempts += row.attempt;
        let mine: Vec<_> = got.iter().filter(|got| got.execution == row.id && !got.is_safe).collect();
        let distinct: HashSet<_> = mine.iter().map(|got| &got.key).collect();
        report.repeats += mine.len() - distinct.len();
        // Iterations side by side have several calls under way, and all of them may be sent again.
        let is_sequential = settings.map_concurrency == 1;
        let is_one_attempt = records.iter().all(|record| !matches!(record, Record::AttemptFailed { .. }));
        if is_one_attempt && !world.mortal {
            assert_eq!(mine.len(), distinct.len(), "nobody died, so no call is sent again: {mine:?} {records:?}");
        }
        if is_one_attempt && is_sequential {
            let mut order: Vec<_> = mine.iter().map(|got| got.key.as_str()).collect();
            order.dedup();
            assert_eq!(order.len(), distinct.len(), "only the last unsafe call may be sent again: {mine:?}");
        }
    }
}

fn compile(
    store: &zis_store::Store,
    settings: &Arc<Settings>,
    row: &execution::Execution,
    pin: &Pin,
) -> Option<Arc<zis_flow::Program>> {
    use futures_util::FutureExt;
    let text = zis_store::registry::document(store, row.account, &pin.digest).now_or_never()?.ok()??;
    let bundle = zis_bundle::read(&text, &zis_bundle::document::Options::default()).bundle?;
    let flow = bundle.flow(&row.flow)?;
    zis_flow::Program::compile(flow, |name| bundle.action(name), settings.clone()).ok()
}

/// The same call has the same key, another call another one.
fn check_keys(got: &[Got]) {
    let mut keys: HashMap<_, &str> = HashMap::new();
    for got in got.iter().filter(|got| !got.is_safe) {
        let call = (&got.execution, &got.path, got.visit);
        assert_eq!(*keys.entry(call).or_insert(&got.key), got.key, "one key for {call:?}");
    }
    let distinct: HashSet<_> = keys.values().collect();
    assert_eq!(distinct.len(), keys.len(), "no two calls share a key");
}

/// The nodes that should be there, some of them dead.
struct Cluster {
    world: Arc<World>,
    nodes: Vec<Option<Node>>,
    from: RetryFrom,
    settings: Arc<Settings>,
}

type Door = Vec<zis_engine::Engine>;

impl Cluster {
    fn new(world: &Arc<World>, from: RetryFrom, settings: &Arc<Settings>) -> Self {
        let nodes = (0..=world.dice.below(3)).map(|_| None).collect();
        Self { world: world.clone(), nodes, from, settings: settings.clone() }
    }

    fn options(&self, number: usize) -> Options {
        Options {
            node: format!("node{number}"),
            retry_delays: vec![Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(20)],
            retry_from: self.from,
            flow: self.settings.clone(),
            ..common::options()
        }
    }

    /// Buries the dead, starts some, kills or drains some.
    async fn change(&mut self) {
        for number in 0..self.nodes.len() {
            if self.nodes[number].as_ref().is_some_and(|node| node.life.is_dead()) {
                self.nodes[number] = None;
            }
            match &self.nodes[number] {
                None if self.world.dice.roll(700) => {
                    self.nodes[number] = Node::start(&self.world, self.options(number)).await;
                }
                Some(node) if self.world.dice.roll(20) => node.life.jump(),
                Some(_) if !self.world.mortal => {}
                Some(node) if self.world.dice.roll(60) => node.life.die(),
                Some(node) if self.world.dice.roll(50) => node.life.freeze(),
                Some(node) if self.world.dice.roll(30) => {
                    let engine = node.engine.clone();
                    let drain = engine.drain(Duration::from_secs(3));
                    let _ = tokio::time::timeout(Duration::from_secs(10), drain).await;
                    node.life.die();
                }
                _ => {}
            }
        }
    }

    /// Everybody lives from here on.
    async fn heal(&mut self) {
        for number in 0..self.nodes.len() {
            let is_dead = self.nodes[number].as_ref().is_none_or(|node| node.life.is_dead());
            if is_dead {
                self.nodes[number] = Node::start(&self.world, self.options(number)).await;
                assert!(self.nodes[number].is_some(), "nothing breaks any more");
            }
        }
    }

    fn alive(&self) -> Door {
        let alive = self.nodes.iter().flatten().filter(|node| !node.life.is_dead());
        alive.map(|node| node.engine.clone()).collect()
    }
}

/// Sends one event, to whoever listens, until it is accepted.
async fn send(world: Arc<World>, door: tokio::sync::watch::Receiver<Door>, number: u64) -> (EventId, Vec<ExecutionId>) {
    tokio::time::sleep(world.dice.millis(90_000)).await;
    loop {
        let nodes = door.borrow().clone();
        let chosen = usize::try_from(world.dice.below(nodes.len() as u64)).unwrap();
        if let Some(engine) = nodes.get(chosen) {
            let incoming = Incoming { idempotency_key: Some(format!("key {number}")), ..common::go() };
            match tokio::time::timeout(Duration::from_secs(5), engine.ingest(incoming)).await {
                Ok(Ok(accepted)) => return (accepted.event, accepted.executions),
                Ok(Err(EngineError::Store(_) | EngineError::Draining | EngineError::Busy { .. })) | Err(_) => {}
                Ok(Err(error)) => panic!("event {number} was refused: {error}"),
            }
        }
        tokio::time::sleep(world.dice.millis(2_000)).await;
    }
}

/// Flows that use what can go wrong.
fn states(kind: u64) -> String {
    let caught = |state: &str, then: &str| {
        act(state, "Post", then).replace(
            r#""ResultPath""#,
            r#""Catch":[{"ErrorEquals":["States.ALL"],"ResultPath":"$.err","Next":"Z"}],"ResultPath""#,
        )
    };
    let map = |then: &str| {
        format!(
            r#""M":{{"Type":"Map","ItemsPath":"$.items","Iterator":{{"StartAt":"I","States":{{{},{}}}}},"ResultPath":"$.out","Next":"{then}"}}"#,
            act("I", "Post", "J"),
            wait("J", "0.3", "End")
        )
    };
    let items =
        r#""A":{"Type":"Pass","Result":[{"n":1},{"n":2},{"n":3}],"ResultPath":"$.items","Next":"M"}"#.to_owned();
    let all = match kind {
        0 => vec![act("A", "Get", "B"), act("B", "Post", "End")],
        1 => vec![act("A", "Post", "B"), act("B", "Post", "C"), act("C", "Get", "D"), act("D", "Post", "End")],
        2 => vec![
            act("A", "Post", "W"),
            wait("W", "5", "B"),
            act("B", "Post", "V"),
            wait("V", "0.02", "C"),
            act("C", "Post", "End"),
        ],
        3 => vec![caught("A", "B"), caught("B", "Z"), act("Z", "Post", "End")],
        _ => vec![items, map("B"), act("B", "Post", "End")],
    };
    all.join(",")
}
