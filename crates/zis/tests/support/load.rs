//! Load: refund requests from several senders at once, each sent again until some server has accepted it; and what must be true after it.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::task::JoinHandle;

use super::{Api, Sink, refund_event};

/// How long a sender tries, and a test waits: far longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two tries, and between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Looks again and again until `done`.
pub async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let give_up = Instant::now() + PATIENCE;
    while !done().await {
        assert!(Instant::now() < give_up, "{what}: not after {PATIENCE:?}");
        tokio::time::sleep(PAUSE).await;
    }
}

/// Senders under way.
pub struct Load {
    counts: Arc<Counts>,
    senders: Vec<JoinHandle<()>>,
    events: usize,
}

#[derive(Default)]
struct Counts {
    accepted: AtomicUsize,
    /// Answers that were no acceptance.
    refused: AtomicUsize,
}

impl Load {
    /// Sends `events` orders in `lanes` lanes, each order to one server after the other until it is accepted.
    pub fn start(apis: &[Api], events: usize, lanes: usize) -> Self {
        let counts = Arc::new(Counts::default());
        let lane = |lane| tokio::spawn(send(apis.to_vec(), (lane..events).step_by(lanes), counts.clone()));
        Self { senders: (0..lanes).map(lane).collect(), counts, events }
    }

    pub fn accepted(&self) -> usize {
        self.counts.accepted.load(Ordering::SeqCst)
    }

    /// Returns when `count` events are accepted.
    pub async fn until_accepted(&self, count: usize) {
        until("accepted events", async || self.accepted() >= count).await;
    }

    /// Returns when `count` more requests were refused than now.
    pub async fn until_refused(&self, count: usize) {
        let refused = || self.counts.refused.load(Ordering::SeqCst);
        let before = refused();
        until("refused events", async || refused() >= before + count).await;
    }

    /// Returns when every event is accepted and what it started has ended well, once each; `api` is asked. Gives how many calls came to
    /// the sink more than once.
    pub async fn end(self, api: &Api, sink: &Sink) -> usize {
        for sender in self.senders {
            sender.await.expect("every event was accepted");
        }
        let executions = api.ended_executions(self.events).await;
        assert_eq!(executions.len(), self.events, "one execution for each event");
        let ids: BTreeSet<&str> = executions.iter().filter_map(|execution| execution["event_id"].as_str()).collect();
        assert_eq!(ids.len(), self.events, "each of another event");
        let failed: Vec<&Value> = executions.iter().filter(|execution| execution["status"] != "succeeded").collect();
        assert!(failed.is_empty(), "{failed:?}");
        repeats(sink, self.events)
    }
}

/// Each order came, always with the same key, and no two share one.
fn repeats(sink: &Sink, events: usize) -> usize {
    let seen = sink.seen();
    assert_eq!(seen.len(), events, "every order reached the sink");
    for (order, keys) in &seen {
        let distinct: BTreeSet<&String> = keys.iter().collect();
        assert_eq!(distinct.len(), 1, "{order} came with keys {distinct:?}");
        assert!(!keys[0].is_empty(), "{order} came without a key");
    }
    let keys: BTreeSet<&String> = seen.values().flatten().collect();
    assert_eq!(keys.len(), events, "no two orders share a key");
    seen.values().map(|keys| keys.len() - 1).sum()
}

/// Sends each order until it is accepted, always with the same key.
async fn send(apis: Vec<Api>, orders: impl Iterator<Item = usize>, counts: Arc<Counts>) {
    for number in orders {
        let order = format!("order-{number}");
        let event = refund_event(&order, "50.00", "basic");
        let give_up = Instant::now() + PATIENCE;
        for turn in number.. {
            let api = &apis[turn % apis.len()];
            match api.send("POST", "/api/v2/user_profiles/events", &[("idempotency-key", &order)], &event).await {
                Ok((202, _)) => break,
                Ok((status, body)) => {
                    assert!(status == 503 || status == 429, "{status} {body}");
                    counts.refused.fetch_add(1, Ordering::SeqCst);
                }
                Err(_) => {}
            }
            assert!(Instant::now() < give_up, "{order} was not accepted");
            tokio::time::sleep(PAUSE).await;
        }
        counts.accepted.fetch_add(1, Ordering::SeqCst);
    }
}
