//! The refund tutorial's flow, from the example's own files, with every journal cut at every prefix.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod common;

use std::{fs, path::Path, sync::Arc};

use common::{envelope, recovery};
use zis_bundle::document::{Options, read};
use zis_flow::{
    Outcome, Program, Settings, Value,
    effect::{Body, Call, Request, Target, Work},
    machine::End,
    simulate::{Reply, Simulation},
};

fn example(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/refund-router");
    fs::read_to_string(folder.join(file)).unwrap()
}

fn program() -> Arc<Program> {
    let text = example("bundle.json")
        .replace("INTEGRATION", "acme")
        .replace("EXTERNAL_TARGET_URL", "https://refunds.test/start");
    let reading = read(&text, &Options { integration: Some("acme".to_owned()), ..Options::default() });
    assert!(reading.findings.is_empty(), "{:#?}", reading.findings);
    let bundle = reading.bundle.unwrap();
    let flow = bundle.flow("RefundRequestFlow").unwrap();
    Program::compile(flow, |name| bundle.action(name), Arc::new(Settings::default())).unwrap()
}

/// Runs the flow on one input; gives the states it went through and the requests it made.
fn run(input: &str, membership: &str) -> (Vec<String>, Vec<Request>) {
    let program = program();
    assert_eq!(program.connections, ["zendesk"]);
    let simulation = Simulation::new(program, envelope(Value::from_json(input).unwrap()));
    let mut requests = Vec::new();
    let report = simulation.run(&mut |call: &Call, _| {
        let Work::Http(request) = &call.work else { panic!("{call:?}") };
        requests.push(request.clone());
        let profile = format!(r#"{{"profile": {{"attributes": {{"membership": "{membership}"}}}}}}"#);
        Reply::new(Outcome::Done(Value::from_json(&profile).unwrap()))
    });
    assert!(
        matches!(&report.end, End::Succeeded { message, .. } if message == "Execution Successful"),
        "{:?}",
        report.end
    );
    recovery::check(&simulation, &report);
    (report.visits.into_iter().map(|visit| visit.state).collect(), requests)
}

const START: [&str; 3] = ["CheckEventSourceAndType", "ConvertRefundAmountToNum", "CheckRefundAmount"];
const LOOK: [&str; 2] = ["GetUserProfile", "CheckForPremiumMembership"];

fn body(request: &Request) -> String {
    let Some(Body::Json(body)) = &request.body else { panic!("{request:?}") };
    body.to_json()
}

#[test]
fn a_small_refund_is_started() {
    let (states, requests) = run(&example("inputs/100-basic.json"), "basic");
    assert_eq!(states, [&START[..], &["InitiateRefund", "Finish"]].concat());
    assert_eq!(requests[0].target, Target::Url("https://refunds.test/start".to_owned()));
    let body = body(&requests[0]);
    assert!(body.starts_with(r#"{"order_id":"789","refund_amount":"100.00","user_profile_id":""#), "{body}");
}

#[test]
fn a_large_refund_of_a_premium_member_is_started() {
    let (states, requests) = run(&example("inputs/200-premium.json"), "premium");
    assert_eq!(states, [&START[..], &LOOK[..], &["InitiateRefund", "Finish"]].concat());
    assert_eq!(requests[0].connection.as_deref(), Some("zendesk"));
    assert!(matches!(&requests[0].target, Target::Path(path) if path.starts_with("/api/v2/user_profiles/")));
}

#[test]
fn a_large_refund_of_anybody_else_becomes_a_ticket() {
    let (states, requests) = run(&example("inputs/200-basic.json"), "basic");
    assert_eq!(states, [&START[..], &LOOK[..], &["CreateZendeskTicket", "Finish"]].concat());
    assert_eq!(requests[1].target, Target::Path("/api/v2/tickets.json".to_owned()));
    assert_eq!(
        body(&requests[1]),
        r#"{"ticket":{"subject":"Refund request for order 123","comment":{"body":"Hi,\n I'm requesting a $200.00 refund for order 123."},"requester_id":1003}}"#
    );
}

#[test]
fn any_other_activity_ends_at_once() {
    let (states, requests) = run(r#"{"activity_event": {"user_activity": {"type": "page_view"}}}"#, "basic");
    assert_eq!(states, ["CheckEventSourceAndType", "Finish"]);
    assert!(requests.is_empty());
}
