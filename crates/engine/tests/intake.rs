//! Events on their way in: keys, limits, what is installed, and whose action counts.
#![allow(clippy::unwrap_used)]

mod common;

use common::{
    ACCOUNT, INTEGRATION, Script, act, bundle, ended, fine, flow, go, install, only, options, start, store_with,
    tutorial_world,
};
use zis_engine::{EngineError, Options};
use zis_flow::{Value, journal::Status};
use zis_store::{
    params, registry,
    sql::{Expect, statement},
};

#[tokio::test(start_paused = true)]
async fn a_repeated_key_gives_the_first_answer_again() {
    let store = store_with(&flow("A", &act("A", "Post", "End"))).await;
    let script = Script::new(fine);
    let engine = start(&store, script.clone(), options()).await;
    let keyed = || zis_engine::Incoming { idempotency_key: Some("k".to_owned()), ..go() };
    let first = engine.ingest(keyed()).await.unwrap();
    ended(&store, &only(&first)).await;
    let second = engine.ingest(keyed()).await.unwrap();
    assert!(second.repeated && !first.repeated);
    assert_eq!((&second.event, &second.executions), (&first.event, &first.executions));
    let other = zis_engine::Incoming { payload: Value::from(1_i64), ..keyed() };
    let refused = engine.ingest(other).await;
    assert!(matches!(refused, Err(EngineError::KeyReused)), "{refused:?}");
    assert_eq!(script.count("Post"), 1);
    tokio::time::sleep(std::time::Duration::from_secs(24 * 3600)).await;
    let next_day = engine.ingest(keyed()).await.unwrap();
    assert!(!next_day.repeated && next_day.event != first.event);
    assert!(engine.ingest(keyed()).await.unwrap().repeated);
}

#[tokio::test(start_paused = true)]
async fn the_senders_statements_ride_along_or_nothing_is_kept() {
    let store = store_with(&flow("A", &act("A", "Post", "End"))).await;
    let engine = start(&store, Script::new(fine), options()).await;
    let never =
        statement("UPDATE event SET source = source WHERE id = $1", params!["nobody"]).expect(Expect::Exactly(1));
    let refused = engine.ingest(zis_engine::Incoming { also: vec![never], ..go() }).await;
    assert!(matches!(refused, Err(EngineError::Store(zis_store::StoreError::Expectation { .. }))), "{refused:?}");
    assert!(zis_store::event::list(&store, ACCOUNT, None, None, None, 10).await.unwrap().is_empty());
    assert_eq!(engine.running(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_sender_that_hangs_up_does_not_take_its_event_along() {
    let store = store_with(&flow("A", &act("A", "Post", "End"))).await;
    let script = Script::new(fine);
    let engine = start(&store, script.clone(), options()).await;
    for polls in 1..5 {
        let mut ingest = Box::pin(engine.ingest(go()));
        for _ in 0..polls {
            let _ = futures_util::poll!(&mut ingest);
        }
        drop(ingest);
    }
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let rows = zis_store::execution::list(&store, ACCOUNT, &Default::default(), None, 10).await.unwrap();
    assert!(rows.len() == 4 && rows.iter().all(|row| row.status == Status::Succeeded), "{rows:?}");
}

#[tokio::test(start_paused = true)]
async fn a_full_engine_accepts_nothing() {
    let store = store_with(&flow("A", &act("A", "Post", "End"))).await;
    let (script, gate) = Script::gated(fine);
    let engine = start(&store, script, Options { max_running: 1, ..options() }).await;
    let first = only(&engine.ingest(go()).await.unwrap());
    let refused = engine.ingest(go()).await;
    assert!(matches!(refused, Err(EngineError::Busy { limit: 1, .. })), "{refused:?}");
    assert_eq!(zis_store::event::list(&store, ACCOUNT, None, None, None, 10).await.unwrap().len(), 1);
    gate.add_permits(2);
    ended(&store, &first).await;
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    ended(&store, &only(&engine.ingest(go()).await.unwrap())).await;
}

#[tokio::test(start_paused = true)]
async fn what_another_node_installs_is_seen_at_once() {
    let store = store_with(&flow("A", &act("A", "Post", "End"))).await;
    let engine = start(&store, Script::new(fine), options()).await;
    assert_eq!(engine.ingest(go()).await.unwrap().executions.len(), 1);
    // Behind the engine's back, as another node would.
    common::install_in(&store, "other", &flow("A", &act("A", "Get", "End"))).await;
    assert_eq!(engine.ingest(go()).await.unwrap().executions.len(), 2);
    registry::uninstall(&store, ACCOUNT, INTEGRATION, "S").await.unwrap();
    assert_eq!(engine.dry_run(&go()).await.unwrap(), ["zis:other:job_spec:S"]);
    let mine = zis_engine::Incoming { integration: Some(INTEGRATION.to_owned()), ..go() };
    assert!(engine.ingest(mine).await.unwrap().executions.is_empty());
    assert_eq!(engine.ingest(go()).await.unwrap().executions.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn of_two_bundles_that_define_an_action_the_last_one_uploaded_counts_for_both() {
    let store = store_with(&bundle("one", "test", "go", "A", &act("A", "Post", "End"))).await;
    let second = bundle("two", "test", "other", "A", &act("A", "Get", "End"))
        .replace("https://x.test/Post", "https://y.test/Post")
        .replace(r#""name":"S""#, r#""name":"T""#)
        .replace(r#""name":"F""#, r#""name":"G""#)
        .replace("flow:F", "flow:G");
    install(&store, &second).await;
    let script = Script::new(fine);
    let engine = start(&store, script.clone(), options()).await;
    let id = only(&engine.ingest(go()).await.unwrap());
    ended(&store, &id).await;
    assert_eq!(script.seen()[0].target, "https://y.test/Post");
    // What runs is pinned: the journal says which definitions it ran.
    let pin = match &common::journal(&store, &id).await[0] {
        zis_flow::journal::Record::Started(started) => started.pin.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(pin.actions.len(), 1);
    engine.program(ACCOUNT, INTEGRATION, "F", &pin).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_flow_that_is_not_there_fails_with_a_word_about_it() {
    let store = store_with(&flow("A", &act("A", "Post", "End")).replace("flow:F", "flow:Gone")).await;
    let engine = start(&store, Script::new(tutorial_world), options()).await;
    let id = only(&engine.ingest(go()).await.unwrap());
    let row = ended(&store, &id).await;
    assert_eq!(row.status, Status::Failed);
    assert!(row.error.unwrap().cause.contains("no flow `Gone`"));
}
