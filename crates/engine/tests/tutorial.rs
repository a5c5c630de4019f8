//! The tutorial's flow through the engine, with a scripted outside.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Script, ended, event, only, options, refund, start, store_with, tutorial_world};
use zis_flow::journal::Status;

async fn check(amount: &str, profile: &str, calls: &[&str]) -> Vec<common::Seen> {
    let store = store_with(common::TUTORIAL).await;
    let script = Script::new(tutorial_world);
    let engine = start(&store, script.clone(), options()).await;
    let id = only(&engine.ingest(refund(amount, profile)).await.unwrap());
    let row = ended(&store, &id).await;
    assert_eq!((row.status, row.attempt, row.message.as_deref()), (Status::Succeeded, 1, Some("Execution Successful")));
    let seen = script.seen();
    assert_eq!(seen.iter().map(|seen| seen.action.as_str()).collect::<Vec<_>>(), calls);
    assert!(seen.iter().all(|seen| seen.key.is_empty() == (seen.method == "GET")), "{seen:?}");
    seen
}

#[tokio::test(start_paused = true)]
async fn a_small_refund_goes_straight_through() {
    let seen = check("100.00", "JOHND", &["InitiateRefund"]).await;
    assert_eq!(seen[0].body.to_json(), r#"{"order_id":"123","refund_amount":"100.00","user_profile_id":"JOHND"}"#);
}

#[tokio::test(start_paused = true)]
async fn a_premium_customer_is_looked_up_and_refunded() {
    check("200.00", "JENNIFR", &["GetUserProfile", "InitiateRefund"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_basic_customer_gets_a_ticket() {
    let seen = check("200.00", "JANED", &["GetUserProfile", "CreateZendeskTicket"]).await;
    assert_eq!(
        seen[1].body.to_json(),
        r#"{"ticket":{"subject":"Refund request for order 123","comment":{"body":"Hi,\n I'm requesting a $200.00 refund for order 123."},"requester_id":1003}}"#
    );
}

#[tokio::test(start_paused = true)]
async fn an_event_nobody_asked_for_is_accepted_and_runs_nothing() {
    let store = store_with(common::TUTORIAL).await;
    let script = Script::new(tutorial_world);
    let engine = start(&store, script.clone(), options()).await;
    let accepted = engine.ingest(event("support", "ticket.TicketCreated", "{}")).await.unwrap();
    assert!(accepted.executions.is_empty());
    assert!(zis_store::event::show(&store, common::ACCOUNT, &accepted.event).await.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_missing_connection_ends_the_flow_before_its_first_state() {
    let store = store_with(common::TUTORIAL).await;
    let script = Script::new(tutorial_world);
    *script.missing.lock().unwrap() = Some("zendesk".to_owned());
    let engine = start(&store, script.clone(), options()).await;
    let id = only(&engine.ingest(refund("100.00", "JOHND")).await.unwrap());
    let row = ended(&store, &id).await;
    assert_eq!(row.status, Status::Failed);
    let cause = "Cannot start flow because the connection named \"zendesk\" does not exist";
    assert_eq!(row.error.unwrap().cause, cause);
    assert!(script.seen().is_empty());
}
