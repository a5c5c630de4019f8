//! A local Zendesk on a temporary store, with a sink that keeps what it gets and a clock that the test moves.

#![allow(dead_code, clippy::unwrap_used, reason = "each test binary uses its own part; a failed step ends the test")]

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use zis_flow::{Timestamp, Value};
use zis_store::{AccountId, Store, StoreError};
use zis_zendesk::{
    Zendesk,
    auth::{Credentials, Principal},
    sink::{EventSink, SinkError, ZendeskEvent},
    world::World,
};

pub const ADMIN: &str = "admin@example.com";
pub const PASSWORD: &str = "correct horse";

/// Commits what comes with an event, then keeps the event.
pub struct Kept {
    store: Store,
    pub events: Mutex<Vec<ZendeskEvent>>,
    /// Answers that are given instead, last first.
    pub failures: Mutex<Vec<SinkError>>,
}

#[async_trait::async_trait]
impl EventSink for Kept {
    async fn accept(&self, event: ZendeskEvent) -> Result<(), SinkError> {
        if let Some(failure) = self.failures.lock().unwrap().pop() {
            return Err(failure);
        }
        match self.store.write(event.also.clone()).await {
            Ok(_) => {}
            Err(StoreError::Duplicate { .. } | StoreError::Expectation { .. }) => return Err(SinkError::Conflict),
            Err(error) => return Err(SinkError::Unavailable(error.to_string())),
        }
        self.events.lock().unwrap().push(event);
        Ok(())
    }
}

pub struct TestWorld {
    now: AtomicI64,
    seed: AtomicU64,
}

impl World for TestWorld {
    fn now(&self) -> Timestamp {
        Timestamp(self.now.load(Ordering::SeqCst))
    }

    fn random(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let seed = self.seed.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::SeqCst);
            let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            *byte = (mixed >> 32).to_le_bytes()[0];
        }
    }
}

pub struct Fixture {
    pub zendesk: Zendesk,
    pub sink: Arc<Kept>,
    pub world: Arc<TestWorld>,
    pub store: Store,
    _folder: tempfile::TempDir,
}

impl Fixture {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = zis_testkit::postgres::chosen(|url| async move { Store::connect_postgres(&url).await.unwrap() })
            .unwrap_or_else(|| Store::open_sqlite(folder.path()).unwrap());
        let start = Timestamp::parse_rfc3339("2026-05-04T03:02:01Z").unwrap();
        let world = Arc::new(TestWorld { now: AtomicI64::new(start.0), seed: AtomicU64::new(1) });
        let sink = Arc::new(Kept { store: store.clone(), events: Mutex::default(), failures: Mutex::default() });
        let zendesk = Zendesk::new(store.clone(), AccountId(1), sink.clone(), world.clone());
        zendesk.first_start(Some(ADMIN), Some(PASSWORD)).await.unwrap();
        Self { zendesk, sink, world, store, _folder: folder }
    }

    /// Another node on the same store.
    pub fn other_node(&self) -> Zendesk {
        Zendesk::new(self.store.clone(), AccountId(1), self.sink.clone(), self.world.clone())
    }

    pub async fn admin(&self) -> Principal {
        let header = basic(ADMIN, PASSWORD);
        self.zendesk.authenticate(Credentials::Header(&header), None).await.unwrap()
    }

    /// Moves the clock.
    pub fn pass(&self, seconds: i64) {
        self.world.now.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    /// The tags of the events so far.
    pub fn kinds(&self) -> Vec<String> {
        self.sink.events.lock().unwrap().iter().map(|event| event.kind.to_string()).collect()
    }

    pub fn take_events(&self) -> Vec<ZendeskEvent> {
        std::mem::take(&mut *self.sink.events.lock().unwrap())
    }
}

pub fn basic(name: &str, secret: &str) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    format!("Basic {}", STANDARD.encode(format!("{name}:{secret}")))
}

pub fn json(text: &str) -> Value {
    Value::from_json(text).unwrap()
}
