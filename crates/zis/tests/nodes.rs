//! Three nodes on one PostgreSQL, one of them killed under load: what is installed on one is seen by all at once, nothing accepted is
//! lost, and what the dead node had begun is finished by the others.

mod support;

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use support::{Api, Sink, Zis, refund_event};

const EVENTS: usize = 300;
const SENDERS: usize = 12;
/// Accepted events at which the second node is killed.
const KILL_AT: usize = 100;
const TRIES: usize = 3_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_others_finish_what_a_killed_node_had_begun() {
    let Some(cluster) = zis_testkit::postgres::shared() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (database, key) = (cluster.database(), "5a".repeat(32));
    let env = [
        ("ZIS_DATABASE_URL", database.as_str()),
        ("ZIS_SECRET_KEY", key.as_str()),
        ("ZIS_NODE__LEASE", "2s"),
        ("ZIS_OUTBOUND__ALLOW_PRIVATE", "true"),
    ];
    let mut nodes: Vec<Zis> = (0..3).map(|_| Zis::start(folder.path(), Zis::free(), &env)).collect();
    let apis: Vec<Api> = nodes.iter().map(|node| Api::new(node.base())).collect();
    let sink = Sink::default();
    let target = sink.serve().await;
    apis[0].set_up_tutorial("nodes", &target).await;

    let accepted = Arc::new(AtomicUsize::new(0));
    let senders: Vec<_> = (0..SENDERS).map(|lane| tokio::spawn(send(apis.clone(), lane, accepted.clone()))).collect();
    while accepted.load(Ordering::SeqCst) < KILL_AT {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    nodes.remove(1).kill();
    for sender in senders {
        sender.await.expect("every event was accepted by some node");
    }

    let executions = apis[2].ended_executions(EVENTS).await;
    assert_eq!(executions.len(), EVENTS, "one execution for each event");
    let failed: Vec<&Value> = executions.iter().filter(|execution| execution["status"] != "succeeded").collect();
    assert!(failed.is_empty(), "{failed:?}");
    let seen = sink.seen();
    assert_eq!(seen.len(), EVENTS, "every order reached the sink");
    let keys: BTreeSet<&String> = seen.values().flatten().collect();
    assert_eq!(keys.len(), EVENTS, "one idempotency key for each order, however often it was sent");
    for node in nodes {
        assert_eq!(node.terminate(), Some(0), "SIGTERM drains and leaves with 0");
    }
}

/// Sends a lane's events to one node after the other, each until some node has accepted it, always with the same key.
async fn send(apis: Vec<Api>, lane: usize, accepted: Arc<AtomicUsize>) {
    for number in (lane..EVENTS).step_by(SENDERS) {
        let order = format!("order-{number}");
        let event = refund_event(&order, "50.00", "basic");
        let mut tries = number;
        loop {
            let api = &apis[tries % apis.len()];
            match api.send("POST", "/api/v2/user_profiles/events", &[("idempotency-key", &order)], &event).await {
                Ok((202, _)) => break,
                Ok((status, body)) => assert!(status == 503 || status == 429, "{status} {body}"),
                Err(_) => {}
            }
            tries += 1;
            assert!(tries < number + TRIES, "no node accepts {order}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        accepted.fetch_add(1, Ordering::SeqCst);
    }
}
