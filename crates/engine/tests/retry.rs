//! Retries by themselves and by hand, waits, and the letter that tells of a failure (spec 3.10).
#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use common::{
    ACCOUNT, Script, act, ended, fine, flow, go, only, options, start, status, store_with, tags, until, wait,
};
use zis_engine::{BundleChoice, EngineError, Options};
use zis_flow::{
    Retry,
    journal::{Record, Replayed, RetryFrom, Status},
};
use zis_store::{Store, log};

fn ms(span: u64) -> Duration {
    Duration::from_millis(span)
}

/// Lines of the log as `level description`, oldest first.
async fn lines(store: &Store) -> Vec<String> {
    let filter = log::Filter::default();
    let lines = log::list(store, ACCOUNT, &filter, log::Order::OldestFirst, None, 100).await.unwrap();
    lines.into_iter().map(|(_, line)| format!("{} {}", line.level.as_str(), line.description)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_server_error_runs_the_flow_again_from_the_start_at_most_four_times() {
    let store = store_with(&flow("A", &[act("A", "Post", "B"), act("B", "Get", "End")].join(","))).await;
    let script = Script::new(|seen, _| if seen.action == "Get" { status(500, Retry::Backoff) } else { fine(seen, 0) });
    let options = Options { retry_delays: vec![ms(100), ms(200), ms(400)], ..options() };
    let began = tokio::time::Instant::now();
    let engine = start(&store, script.clone(), options).await;
    let id = only(&engine.ingest(go()).await.unwrap());
    let row = ended(&store, &id).await;
    assert_eq!((row.status, row.attempt), (Status::Failed, 4));
    assert_eq!(row.error.unwrap().cause, "external action failed due to status code: 500");
    assert_eq!((script.count("Post"), script.count("Get")), (4, 4));
    let keys: std::collections::HashSet<_> = script.seen().into_iter().map(|seen| seen.key).collect();
    assert_eq!(keys.len(), 2, "one key for the POST in all attempts, none for the GET");
    let took = began.elapsed();
    assert!(took >= ms(700) && took < ms(800), "{took:?}");
    let lines = lines(&store).await;
    assert_eq!(lines.len(), 4);
    assert!(lines[..3].iter().all(|line| line.starts_with("warning Attempt ")), "{lines:?}");
    assert_eq!(lines[3], "error external action failed due to status code: 500 (in state B)");
}

#[tokio::test(start_paused = true)]
async fn a_retry_from_the_failure_keeps_what_was_done() {
    let store = store_with(&flow("A", &[act("A", "Post", "B"), act("B", "Get", "End")].join(","))).await;
    let script = Script::new(|seen, before| match (seen.action.as_str(), before) {
        ("Get", 0) => status(503, Retry::After(Duration::from_secs(7))),
        _ => fine(seen, before),
    });
    let options = Options { retry_from: RetryFrom::Failure, retry_delays: vec![ms(1)], ..options() };
    let began = tokio::time::Instant::now();
    let engine = start(&store, script.clone(), options).await;
    let id = only(&engine.ingest(go()).await.unwrap());
    let row = ended(&store, &id).await;
    assert_eq!((row.status, row.attempt), (Status::Succeeded, 2));
    assert_eq!((script.count("Post"), script.count("Get")), (1, 2));
    assert!(began.elapsed() >= Duration::from_secs(7), "Retry-After is never replaced");
    assert_eq!(tags(&store, &id).await, "started attempt done done attempt_failed attempt done finished");
}

#[tokio::test(start_paused = true)]
async fn a_client_error_is_final() {
    let store = store_with(&flow("A", &act("A", "Post", "End"))).await;
    let script = Script::new(|_, _| status(404, Retry::Never));
    let engine = start(&store, script.clone(), options()).await;
    let id = only(&engine.ingest(go()).await.unwrap());
    let row = ended(&store, &id).await;
    assert_eq!((row.status, row.attempt, script.seen().len()), (Status::Failed, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_wait_leaves_the_memory_and_comes_back() {
    let store =
        store_with(&flow("A", &[act("A", "Post", "W"), wait("W", "10", "B"), act("B", "Post", "End")].join(","))).await;
    let script = Script::new(fine);
    let engine = start(&store, script.clone(), options()).await;
    let id = only(&engine.ingest(go()).await.unwrap());
    let row = until(&store, &id, |row| row.status == Status::Waiting).await;
    assert!(row.wake_at.is_some());
    tokio::time::sleep(ms(10)).await;
    assert_eq!(engine.running(), 0);
    let row = ended(&store, &id).await;
    assert_eq!((row.status, row.wake_at), (Status::Succeeded, None));
    assert!(row.ended_at.unwrap().since(row.started_at) >= Duration::from_secs(10));
    assert_eq!(script.count("Post"), 2);
    assert_eq!(tags(&store, &id).await, "started attempt done wait fired done finished");
}

#[tokio::test(start_paused = true)]
async fn a_short_wait_stays_in_memory() {
    let store = store_with(&flow("W", &[wait("W", "0.02", "B"), act("B", "Post", "End")].join(","))).await;
    let engine = start(&store, Script::new(fine), options()).await;
    let id = only(&engine.ingest(go()).await.unwrap());
    until(&store, &id, |row| row.status == Status::Waiting).await;
    assert_eq!(engine.running(), 1);
    assert_eq!(ended(&store, &id).await.status, Status::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn a_flow_that_waits_longer_than_its_timeout_times_out() {
    let store = store_with(&flow("W", &[wait("W", "500", "B"), act("B", "Post", "End")].join(","))).await;
    let script = Script::new(fine);
    let engine = start(&store, script.clone(), options()).await;
    let id = only(&engine.ingest(go()).await.unwrap());
    let row = ended(&store, &id).await;
    assert_eq!((row.status, row.attempt, script.seen().len()), (Status::TimedOut, 1, 0));
    let took = row.ended_at.unwrap().since(row.started_at).as_secs();
    assert!((100..102).contains(&took), "{took}");
}

#[tokio::test(start_paused = true)]
async fn a_failed_execution_is_retried_by_hand_from_its_failure() {
    let store = store_with(&flow("A", &[act("A", "Post", "B"), act("B", "Get", "End")].join(","))).await;
    let script = Script::new(|seen, before| match (seen.action.as_str(), before) {
        ("Get", 0) => status(404, Retry::Never),
        _ => fine(seen, before),
    });
    let engine = start(&store, script.clone(), options()).await;
    let id = only(&engine.ingest(go()).await.unwrap());
    assert_eq!(ended(&store, &id).await.status, Status::Failed);
    engine.retry(ACCOUNT, &id, RetryFrom::Failure, BundleChoice::Pinned, "ann@example.com").await.unwrap();
    let row = ended(&store, &id).await;
    assert_eq!((row.status, row.attempt, row.error), (Status::Succeeded, 2, None));
    assert_eq!((script.count("Post"), script.count("Get")), (1, 2));
    engine.retry(ACCOUNT, &id, RetryFrom::Start, BundleChoice::Pinned, "ann@example.com").await.unwrap();
    until(&store, &id, |row| row.attempt == 3 && row.status == Status::Succeeded).await;
    assert_eq!((script.count("Post"), script.count("Get")), (2, 3));
}

#[tokio::test(start_paused = true)]
async fn a_retry_with_the_current_bundle_runs_the_corrected_flow() {
    let store = store_with(&flow("A", &act("A", "Get", "End"))).await;
    let script = Script::new(|seen, _| if seen.action == "Get" { status(404, Retry::Never) } else { fine(seen, 0) });
    let engine = start(&store, script.clone(), options()).await;
    let id = only(&engine.ingest(go()).await.unwrap());
    assert_eq!(ended(&store, &id).await.status, Status::Failed);
    common::install(&store, &flow("A", &act("A", "Post", "End"))).await;
    engine.retry(ACCOUNT, &id, RetryFrom::Start, BundleChoice::Pinned, "ann").await.unwrap();
    assert_eq!(until(&store, &id, |row| row.attempt == 2 && row.status.is_ended()).await.status, Status::Failed);
    engine.retry(ACCOUNT, &id, RetryFrom::Start, BundleChoice::Current, "ann").await.unwrap();
    let row = until(&store, &id, |row| row.attempt == 3 && row.status.is_ended()).await;
    assert_eq!(row.status, Status::Succeeded);
    let last = only(&engine.ingest(go()).await.unwrap());
    assert_eq!(row.bundle_digest, ended(&store, &last).await.bundle_digest);
}

#[tokio::test(start_paused = true)]
async fn an_execution_that_waits_for_its_next_attempt_can_be_retried_at_once_or_cancelled() {
    let store = store_with(&flow("A", &act("A", "Post", "End"))).await;
    let script = Script::new(|_, _| status(500, Retry::Backoff));
    let engine = start(&store, script.clone(), options()).await;
    let began = tokio::time::Instant::now();
    let id = only(&engine.ingest(go()).await.unwrap());
    until(&store, &id, |row| row.status == Status::Retrying).await;
    engine.retry(ACCOUNT, &id, RetryFrom::Start, BundleChoice::Pinned, "ann").await.unwrap();
    let row = until(&store, &id, |row| row.attempt == 2 && row.status == Status::Retrying).await;
    assert!(began.elapsed() < Duration::from_secs(1));
    assert_eq!(row.max_attempts, 4);
    engine.cancel(ACCOUNT, &id, "ann").await.unwrap();
    let row = common::show(&store, &id).await;
    assert_eq!((row.status, row.wake_at), (Status::Cancelled, None));
    tokio::time::sleep(Duration::from_secs(300)).await;
    assert_eq!(script.count("Post"), 2, "what is cancelled stays so");
    let again = engine.cancel(ACCOUNT, &id, "ann").await;
    assert!(matches!(again, Err(EngineError::Illegal { status: "cancelled", .. })), "{again:?}");
}

#[tokio::test(start_paused = true)]
async fn a_running_execution_is_cancelled_in_the_middle_of_its_call() {
    let store = store_with(&flow("A", &act("A", "Post", "End"))).await;
    let (script, _gate) = Script::gated(fine);
    let engine = start(&store, script.clone(), options()).await;
    let id = only(&engine.ingest(go()).await.unwrap());
    let busy = engine.retry(ACCOUNT, &id, RetryFrom::Start, BundleChoice::Pinned, "ann").await;
    assert!(matches!(busy, Err(EngineError::Illegal { status: "running", .. })), "{busy:?}");
    engine.cancel(ACCOUNT, &id, "ann").await.unwrap();
    assert_eq!(common::show(&store, &id).await.status, Status::Cancelled);
    assert_eq!(tags(&store, &id).await, "started attempt cancelled");
    tokio::time::sleep(ms(5)).await;
    assert_eq!(engine.running(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_failure_for_good_is_an_event_itself_and_its_own_failures_are_not() {
    let store = store_with(&flow("A", &act("A", "Post", "End"))).await;
    common::install(
        &store,
        &common::bundle("letters", "zis", "execution.Failed", "B", &act("B", "Get", "End"))
            .replace("\"S\"", "\"L\"")
            .replace("\"F\"", "\"G\"")
            .replace("flow:F", "flow:G")
            .replace("\"Post\"", "\"Post2\""),
    )
    .await;
    let script = Script::new(|_, _| status(404, Retry::Never));
    let engine = start(&store, script.clone(), options()).await;
    let id = only(&engine.ingest(go()).await.unwrap());
    ended(&store, &id).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!((script.count("Post"), script.count("Get")), (1, 1));
    let events = zis_store::event::list(&store, ACCOUNT, Some("zis"), None, None, 10).await.unwrap();
    assert_eq!(events.len(), 1);
    let told = events[0].payload.get("execution_event").unwrap();
    assert_eq!(told.get("execution").unwrap().get("id").unwrap().as_str(), Some(id.as_str()));
    assert_eq!(told.get("error").unwrap().get("state").unwrap().as_str(), Some("A"));
}

#[tokio::test(start_paused = true)]
async fn a_replayed_event_is_a_new_event() {
    let store = store_with(&flow("A", &act("A", "Post", "End"))).await;
    let engine = start(&store, Script::new(fine), options()).await;
    let first = engine.ingest(go()).await.unwrap();
    let second = engine.replay(ACCOUNT, &first.event, "ann").await.unwrap();
    assert_ne!(first.event, second.event);
    assert_ne!(only(&first), only(&second));
    let marks = async |id| match &common::journal(&store, &id).await[0] {
        Record::Started(started) => started.replayed.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(marks(only(&first)).await, None);
    let mark = Replayed { of: first.event.to_string(), by: "ann".to_owned() };
    assert_eq!(marks(only(&second)).await, Some(mark), "the journal says who asked");
    let unknown = zis_store::EventId::from_uuid(uuid::Uuid::nil());
    assert!(matches!(engine.replay(ACCOUNT, &unknown, "ann").await, Err(EngineError::NotFound { what: "event", .. })));
}
