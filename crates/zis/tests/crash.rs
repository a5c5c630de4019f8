//! `kill -9` under load: every accepted event has one execution that ended, and the sink saw each order once by idempotency key.

mod support;

use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use support::{Api, Sink, Zis, refund_event};

const EVENTS: usize = 1_000;
const SENDERS: usize = 32;
/// Accepted events at which the server is killed.
const KILLS: [usize; 3] = [150, 450, 800];
/// How often a sender tries again while the server is away; with the pause, a minute.
const TRIES: usize = 3_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_accepted_is_lost_and_nothing_runs_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    let sink = Sink::default();
    let target = sink.serve().await;
    let env = [("ZIS_OUTBOUND__ALLOW_PRIVATE", "true")];
    let mut zis = Zis::start(folder.path(), Zis::free(), &env);
    let address = zis.address;
    let api = Api::new(zis.base());
    api.set_up_tutorial("crash", &target).await;

    let accepted = Arc::new(AtomicUsize::new(0));
    let senders: Vec<_> = (0..SENDERS).map(|lane| tokio::spawn(send(api.clone(), lane, accepted.clone()))).collect();
    for kill_at in KILLS {
        while accepted.load(Ordering::SeqCst) < kill_at {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        zis.kill();
        zis = Zis::start(folder.path(), address, &env);
    }
    for sender in senders {
        sender.await.expect("every event was accepted");
    }

    let executions = api.ended_executions(EVENTS).await;
    assert_eq!(executions.len(), EVENTS, "one execution for each event");
    let ids: BTreeSet<&str> = executions.iter().filter_map(|execution| execution["event_id"].as_str()).collect();
    assert_eq!(ids.len(), EVENTS, "each of another event");
    let failed: Vec<&Value> = executions.iter().filter(|execution| execution["status"] != "succeeded").collect();
    assert!(failed.is_empty(), "{failed:?}");
    check_sink(&sink.seen());
}

/// Sends every event of a lane until it is accepted, always with the same key.
async fn send(api: Api, lane: usize, accepted: Arc<AtomicUsize>) {
    for number in (lane..EVENTS).step_by(SENDERS) {
        let order = format!("order-{number}");
        let event = refund_event(&order, "50.00", "basic");
        let mut tries = 0;
        loop {
            let answer = api.send("POST", "/api/v2/user_profiles/events", &[("idempotency-key", &order)], &event).await;
            match answer {
                Ok((202, _)) => break,
                Ok((status, body)) => assert!(status == 503 || status == 429, "{status} {body}"),
                Err(_) => {}
            }
            tries += 1;
            assert!(tries < TRIES, "the server did not come back");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        accepted.fetch_add(1, Ordering::SeqCst);
    }
}

/// Each order came, always with the same key, and repeats are few: only calls under way at a kill.
fn check_sink(seen: &HashMap<String, Vec<String>>) {
    assert_eq!(seen.len(), EVENTS, "every order reached the sink");
    for (order, keys) in seen {
        let distinct: BTreeSet<&String> = keys.iter().collect();
        assert_eq!(distinct.len(), 1, "{order} came with keys {distinct:?}");
        assert!(!keys[0].is_empty(), "{order} came without a key");
    }
    let keys: BTreeSet<&String> = seen.values().flatten().collect();
    assert_eq!(keys.len(), EVENTS, "no two orders share a key");
    let repeats: usize = seen.values().map(|keys| keys.len() - 1).sum();
    println!("{repeats} repeated calls after {} kills", KILLS.len());
}
