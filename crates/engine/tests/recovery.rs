//! From any prefix of a journal to the same end: cut, recover, finish, compare (D2, D3).
#![allow(clippy::unwrap_used)]

mod common;

use std::{sync::Arc, time::Duration};

use common::{
    ACCOUNT, Script, act, ended, fine, flow, go, journal, only, options, refund, start, status, store_with,
    tutorial_world, until, wait,
};
use zis_engine::{BundleChoice, Incoming, Options};
use zis_flow::{
    Outcome, Retry, Settings,
    journal::{self, Record, RetryFrom, Status},
    settings::MissingPath,
};
use zis_store::{
    ExecutionId, Store, event,
    execution::{self, Execution},
    node,
};

type World = fn(&common::Seen, usize) -> Outcome;

/// What an execution came to: its end, and the unsafe calls it made, by key, in order.
#[derive(Debug, PartialEq)]
struct Result {
    status: Status,
    message: Option<String>,
    cause: Option<String>,
    attempt: u32,
    calls: Vec<(String, String)>,
}

async fn result(store: &Store, id: &ExecutionId, script: &Script) -> Result {
    let row = ended(store, id).await;
    let calls = unsafe_calls(script);
    let cause = row.error.map(|error| error.cause);
    Result { status: row.status, message: row.message, cause, attempt: row.attempt, calls }
}

fn unsafe_calls(script: &Script) -> Vec<(String, String)> {
    let seen = script.seen().into_iter().filter(|seen| !seen.key.is_empty());
    seen.map(|seen| (seen.key, seen.body.to_json())).collect()
}

/// A store in which the execution stands as it stood after the first `kept` records, owned by an earlier life.
async fn cut(bundle: &str, row: &Execution, event_: &event::Event, records: &[Record]) -> Store {
    let store = store_with(bundle).await;
    let owner = node::register(&store, "node", common::EPOCH).await.unwrap();
    let mut status = None;
    for record in records {
        status = Some(journal::advance(status, record).unwrap());
    }
    let mut row = row.clone();
    row.owner = owner;
    row.status = status.unwrap();
    (row.ended_at, row.message, row.error) = (None, None, None);
    row.wake_at = records.iter().rev().find_map(|record| match record {
        Record::WaitStarted { until, .. } if row.status == Status::Waiting => Some(*until),
        Record::AttemptFailed { retry_at, .. } if row.status == Status::Retrying => Some(*retry_at),
        _ => None,
    });
    row.attempt = records.iter().filter(|record| matches!(record, Record::AttemptStarted { .. })).count().max(1) as u32;
    row.seq = 1;
    let version = zis_store::catalog::version(&store, ACCOUNT).await.unwrap();
    execution::accept(&store, event_, &[(row, records.to_vec())], version, Vec::new()).await.unwrap();
    store
}

/// Runs `incoming` without a cut, and then once for each prefix of its journal: the end is the same, and at most one unsafe call is
/// made again, the last one before the cut, with the same key.
async fn check(bundle: &str, incoming: Incoming, world: World) -> usize {
    let store = store_with(bundle).await;
    let script = Script::new(world);
    let engine = start(&store, script.clone(), options()).await;
    let accepted = engine.ingest(incoming).await.unwrap();
    let id = only(&accepted);
    let whole = result(&store, &id, &script).await;
    let records = journal(&store, &id).await;
    let row = common::show(&store, &id).await;
    let event = event::show(&store, ACCOUNT, &accepted.event).await.unwrap().unwrap();
    for kept in 1..records.len() {
        let store = cut(bundle, &row, &event, &records[..kept]).await;
        let again = Script::new(world);
        // What was answered before the cut was answered: the script goes on counting there.
        let answered = records[..kept].iter().filter(|record| matches!(record, Record::CallDone { .. })).count();
        again.seen.lock().unwrap().extend(script.seen().into_iter().take(answered));
        let _engine = start(&store, again.clone(), options()).await;
        let recovered = result(&store, &id, &again).await;
        assert_eq!(recovered, whole, "cut after {kept} of {:?}", records.iter().map(Record::tag).collect::<Vec<_>>());
        let tail: Vec<_> = journal(&store, &id).await;
        assert_eq!(tail[..kept], records[..kept]);
    }
    records.len()
}

#[tokio::test(start_paused = true)]
async fn the_tutorials_executions_recover_at_every_prefix() {
    for (amount, profile, most) in [("100.00", "JOHND", 4), ("200.00", "JENNIFR", 5), ("200.00", "JANED", 5)] {
        assert_eq!(check(common::TUTORIAL, refund(amount, profile), tutorial_world).await, most);
    }
}

#[tokio::test(start_paused = true)]
async fn waits_and_retries_recover_at_every_prefix() {
    let states = [act("A", "Post", "W"), wait("W", "10", "B"), act("B", "Get", "C"), act("C", "Post", "End")].join(",");
    let world: World = |seen, before| match (seen.action.as_str(), before) {
        ("Get", 0) => status(500, Retry::Backoff),
        _ => fine(seen, before),
    };
    assert!(check(&flow("A", &states), go(), world).await > 12);
}

#[tokio::test(start_paused = true)]
async fn a_map_recovers_at_every_prefix() {
    let states = format!(
        r#""P":{{"Type":"Pass","Result":[{{"n":1}},{{"n":2}},{{"n":3}}],"ResultPath":"$.items","Next":"M"}},
        "M":{{"Type":"Map","ItemsPath":"$.items","Iterator":{{"StartAt":"A","States":{{{}}}}},"ResultPath":"$.out","Next":"B"}},{}"#,
        act("A", "Post", "End"),
        act("B", "Post", "End")
    );
    assert_eq!(check(&flow("P", &states), go(), fine).await, 7);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_comes_back_goes_on_at_once_and_its_downtime_does_not_count() {
    let bundle = flow("A", &[act("A", "Post", "B"), act("B", "Post", "End")].join(","));
    let store = store_with(&bundle).await;
    let (script, _gate) = Script::gated(fine);
    let clock = Arc::new(common::SimClock::default());
    let first = common::start_at(&store, script.clone(), clock.clone(), options()).await;
    let id = only(&first.ingest(go()).await.unwrap());
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(script.count("Post"), 1);
    // The first life hangs in its call for ever; ten minutes later the second one begins.
    tokio::time::sleep(Duration::from_secs(600)).await;
    let script = Script::new(fine);
    let _second = common::start_at(&store, script.clone(), clock, options()).await;
    let row = ended(&store, &id).await;
    assert_eq!((row.status, row.attempt, script.count("Post")), (Status::Succeeded, 1, 2));
    assert_eq!(row.owner.epoch, 2);
}

#[tokio::test(start_paused = true)]
async fn draining_hands_over_at_a_point_between_two_calls() {
    let bundle = flow("A", &[act("A", "Post", "B"), act("B", "Post", "End")].join(","));
    let store = store_with(&bundle).await;
    let (script, gate) = Script::gated(fine);
    let clock = Arc::new(common::SimClock::default());
    let first = common::start_at(&store, script.clone(), clock.clone(), options()).await;
    let id = only(&first.ingest(go()).await.unwrap());
    tokio::time::sleep(Duration::from_millis(10)).await;
    let draining = tokio::spawn({
        let first = first.clone();
        async move { first.drain(Duration::from_secs(5)).await }
    });
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert!(matches!(first.ingest(go()).await, Err(zis_engine::EngineError::Draining)));
    gate.add_permits(1);
    draining.await.unwrap();
    assert_eq!(common::tags(&store, &id).await, "started attempt done");
    // Another node takes it up without waiting for a lease.
    let began = tokio::time::Instant::now();
    let next = Script::new(fine);
    let other = zis_engine::Options { node: "other".to_owned(), ..options() };
    let _second = common::start_at(&store, next.clone(), clock, other).await;
    until(&store, &id, |row| row.status == Status::Succeeded).await;
    assert_eq!(next.count("Post"), 1);
    assert!(began.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_node_that_was_taken_for_dead_is_fenced_and_begins_anew() {
    let bundle = flow("A", &[act("A", "Post", "B"), act("B", "Post", "End")].join(","));
    let store = store_with(&bundle).await;
    let (script, gate) = Script::gated(fine);
    let clock = Arc::new(common::SimClock::default());
    let first = common::start_at(&store, script.clone(), clock.clone(), options()).await;
    let id = only(&first.ingest(go()).await.unwrap());
    tokio::time::sleep(Duration::from_millis(10)).await;
    // Another node takes it for dead.
    for life in node::lives(&store).await.unwrap() {
        node::bury(&store, &life).await.unwrap();
    }
    let owner = node::register(&store, "other", common::EPOCH).await.unwrap();
    let adopted = execution::adopt(&store, &owner, 10).await.unwrap();
    assert_eq!(adopted.len(), 1);
    gate.add_permits(1);
    tokio::time::sleep(Duration::from_secs(10)).await;
    let row = common::show(&store, &id).await;
    assert_eq!((row.owner.node.as_str(), row.seq), ("other", 1), "the fenced append was not kept");
    assert_eq!(script.count("Post"), 1, "and nothing more was sent");
    // The first node lives again and works.
    gate.add_permits(10);
    let id = only(&first.ingest(go()).await.unwrap());
    assert_eq!(ended(&store, &id).await.owner.epoch, 2);
}

/// A switch that is turned between two lives of a node must not change what an execution under way does, or how its journal replays.
#[tokio::test(start_paused = true)]
async fn an_execution_keeps_the_settings_it_was_started_with() {
    let choice =
        r#""C":{"Type":"Choice","Choices":[{"Variable":"$.nothing","StringEquals":"x","Next":"A"}],"Default":"B"}"#;
    let states = [
        choice.to_owned(),
        act("A", "Get", "End"),
        act("B", "Post", "W"),
        wait("W", "30", "D"),
        act("D", "Post", "End"),
    ];
    let store = store_with(&flow("C", &states.join(","))).await;
    let lenient = Settings { choice_missing_path: MissingPath::False, ..Settings::default() };
    let options = |settings: Settings| Options { flow: Arc::new(settings), ..options() };

    let (script, clock) = (Script::new(fine), Arc::new(common::SimClock::default()));
    let first = common::start_at(&store, script.clone(), clock.clone(), options(lenient)).await;
    let id = only(&first.ingest(go()).await.unwrap());
    until(&store, &id, |row| row.status == Status::Waiting).await;
    first.drain(Duration::from_secs(1)).await;

    // By the strict rule the Choice would have failed, and the journal would say something that cannot have happened.
    let second = common::start_at(&store, script.clone(), clock, options(Settings::default())).await;
    assert_eq!(ended(&store, &id).await.status, Status::Succeeded);
    assert_eq!(script.count("Post"), 2);
    // What starts now follows the settings of now.
    let strict = only(&second.ingest(go()).await.unwrap());
    assert_eq!(ended(&store, &strict).await.status, Status::Failed);
    // By hand: the pinned definitions with the settings they had, the current ones with those of now.
    second.retry(ACCOUNT, &id, RetryFrom::Start, BundleChoice::Pinned, "ann").await.unwrap();
    until(&store, &id, |row| row.attempt == 2 && row.status == Status::Succeeded).await;
    second.retry(ACCOUNT, &id, RetryFrom::Start, BundleChoice::Current, "ann").await.unwrap();
    until(&store, &id, |row| row.attempt == 3 && row.status == Status::Failed).await;
}

#[tokio::test(start_paused = true)]
async fn a_node_that_leaves_hands_over_at_once() {
    let store = store_with(&flow("W", &[wait("W", "3600", "A"), act("A", "Post", "End")].join(","))).await;
    let node = |name: &str| Options { node: name.to_owned(), lease: Duration::from_secs(600), ..options() };
    let clock = Arc::new(common::SimClock::default());
    let (goes, stays) = (
        common::start_at(&store, Script::new(fine), clock.clone(), node("goes")).await,
        common::start_at(&store, Script::new(fine), clock, node("stays")).await,
    );
    let id = only(&goes.ingest(go()).await.unwrap());
    until(&store, &id, |row| row.status == Status::Waiting).await;
    let began = tokio::time::Instant::now();
    goes.drain(Duration::from_secs(1)).await;
    until(&store, &id, |row| row.owner.node == "stays").await;
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "neither its lease was waited for nor the next look: {:?}",
        began.elapsed()
    );
    assert_eq!(stays.running(), 0, "it waits in the store");
}
