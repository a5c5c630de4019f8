//! Histories that a simulation does not write: retries by hand, other bundles, cancelled and running executions, take-overs.

#![allow(clippy::unwrap_used)]

mod common;

use std::{sync::Arc, time::Duration};

use common::{envelope, program};
use zis_flow::{
    CallId, Effect, Failure, Outcome, Program, Settings, Step, Timestamp, Value,
    journal::{Finish, Pin, Record, Recorded, RetryFrom, Started, Status},
    machine::End,
    replay::{Begin, RestoreError, Restored, restore},
    trace::{self, Visit},
};

const FLOW: &str = r#"{"StartAt": "A", "States": {
    "A": {"Type": "Action", "ActionName": "zis:acme:action:call", "ResultPath": "$.a", "Next": "J"},
    "J": {"Type": "Action", "ActionName": "zis:common:transform:Jq", "Parameters": {"expr": ".a.n + 1", "data.$": "$"}, "ResultPath": "$.j", "Next": "M"},
    "M": {"Type": "Map", "ItemsPath": "$.input.items", "Iterator": {"StartAt": "One", "States": {
        "One": {"Type": "Action", "ActionName": "zis:acme:action:call", "Parameters": {"n.$": "$.n"}, "End": true}}}, "ResultPath": "$.m", "Next": "W"},
    "W": {"Type": "Wait", "Seconds": 30, "Next": "E"},
    "E": {"Type": "Succeed", "Message": "{{$.j}}"}}}"#;

fn at(seconds: i64) -> Timestamp {
    Timestamp(seconds * 1_000_000)
}

fn flow(text: &str) -> Arc<Program> {
    let actions = Value::from_json(r#"{"call": {"method": "POST", "path": "/x"}}"#).unwrap();
    program(text, &actions, Settings::default())
}

/// Pins are their texts' first letter here: `1` is the flow above, `2` the one with another jq program.
fn programs() -> impl FnMut(&Pin) -> Option<Arc<Program>> {
    let (first, second) = (flow(FLOW), flow(&FLOW.replace(".a.n + 1", "\\\"repaired\\\"")));
    move |pin| match pin.digest.as_str() {
        "1" => Some(first.clone()),
        "2" => Some(second.clone()),
        _ => None,
    }
}

fn pin(digest: &str) -> Pin {
    Pin { digest: digest.to_owned(), actions: Vec::new(), switches: None }
}

fn started() -> Record {
    let input = Value::from_json(r#"{"items": [{"n": 1}, {"n": 2}]}"#).unwrap();
    Record::Started(Started {
        at: at(0),
        flow: "Test".to_owned(),
        pin: pin("1"),
        document: envelope(input),
        replayed: None,
    })
}

fn attempt(attempt: u32, from: i64) -> Record {
    Record::AttemptStarted { attempt, at: at(from), deadline: at(from + 100), may_retry: true }
}

fn done(attempt: u32, id: u32, path: &str, when: i64, outcome: Outcome) -> Record {
    Record::CallDone {
        attempt,
        id: CallId(id),
        path: path.to_owned(),
        at: at(when),
        outcome: Recorded::from(outcome),
        http: None,
    }
}

fn n(n: i64) -> Outcome {
    Outcome::Done(Value::object([("n", Value::from(n))]))
}

fn not_found() -> Outcome {
    zis_flow::response::outcome(404, None, b"", at(0))
}

fn restored(records: &[Record]) -> Restored {
    restore(records, &mut programs(), &mut |_| Value::Null).unwrap()
}

fn lines(visits: &[Visit]) -> Vec<String> {
    let line = |visit: &Visit| {
        let end = match (&visit.error, visit.ended_at) {
            (Some(error), _) => format!("!! {}", error.cause),
            (None, Some(_)) => format!("-> {}", visit.next.as_deref().unwrap_or("end")),
            (None, None) => "…".to_owned(),
        };
        format!("{} {} {end}", visit.attempt, visit.path)
    };
    visits.iter().map(line).collect()
}

fn asked(restored: &Restored) -> Vec<String> {
    let show = |effect: &Effect| match effect {
        Effect::Call(call) => format!("{} {} visit {}", call.id.0, call.path, call.visit),
        Effect::Wait { id, path, until } => format!("{} {path} until {}", id.0, until.0 / 1_000_000),
        Effect::Evaluate { .. } => "jq".to_owned(),
    };
    restored.outstanding.iter().map(|asked| show(&asked.effect)).collect()
}

#[test]
fn a_running_execution_shows_what_is_open() {
    let records = [started(), attempt(1, 0), done(1, 1, "A", 1, n(5))];
    let visits = trace::replay(&records, &mut programs());
    assert_eq!(lines(&visits), ["1 A -> J", "1 J -> M", "1 M …", "1 M[0]/One …"]);
    assert_eq!(visits[3].started_at, at(1));
    let restored = restored(&records);
    assert_eq!((restored.status, restored.attempt), (Status::Running, 1));
    assert_eq!(asked(&restored), ["2 M[0]/One visit 0"]);
}

#[test]
fn a_waiting_execution_knows_its_wait() {
    let mut records = vec![
        started(),
        attempt(1, 0),
        done(1, 1, "A", 1, n(5)),
        done(1, 2, "M[0]/One", 2, n(0)),
        done(1, 3, "M[1]/One", 3, n(0)),
    ];
    let unrecorded = restored(&records);
    assert_eq!(asked(&unrecorded), ["4 W until 33"]);
    assert!(!unrecorded.outstanding[0].recorded);
    records.push(Record::WaitStarted { attempt: 1, id: CallId(4), path: "W".to_owned(), at: at(3), until: at(33) });
    let waiting = restored(&records);
    assert_eq!((waiting.status, waiting.outstanding[0].recorded), (Status::Waiting, true));
    records.push(Record::WaitFired { attempt: 1, id: CallId(4), at: at(34) });
    let ended = restored(&records);
    assert!(matches!(&ended.end, Some(End::Succeeded { message, .. }) if message == "6"), "{:?}", ended.end);
}

#[test]
fn a_cancelled_execution_ends_where_it_was() {
    let records =
        [started(), attempt(1, 0), done(1, 1, "A", 1, n(5)), Record::Cancelled { at: at(9), by: "me".to_owned() }];
    let visits = trace::replay(&records, &mut programs());
    assert_eq!(
        lines(&visits),
        ["1 A -> J", "1 J -> M", "1 M !! the execution was cancelled", "1 M[0]/One !! the execution was cancelled"]
    );
    assert_eq!(visits[3].ended_at, Some(at(9)));
}

#[test]
fn a_cancelled_execution_can_go_on_where_it_was() {
    let mut records = vec![
        started(),
        attempt(1, 0),
        done(1, 1, "A", 1, n(5)),
        Record::Cancelled { at: at(9), by: "me".to_owned() },
        Record::Retried { at: at(20), from: RetryFrom::Failure, bundle: None, by: "me".to_owned() },
    ];
    assert_eq!(restored(&records).next.unwrap().from, RetryFrom::Failure);
    records.push(attempt(2, 21));
    assert_eq!(asked(&restored(&records)), ["2 M[0]/One visit 0"]);
}

#[test]
fn a_failed_call_is_made_again_with_the_same_key() {
    let mut records = vec![
        started(),
        attempt(1, 0),
        done(1, 1, "A", 1, n(5)),
        done(1, 2, "M[0]/One", 2, n(0)),
        done(1, 3, "M[1]/One", 3, not_found()),
    ];
    let failed = restored(&records);
    let Some(End::Failed { failure, state, path }) = failed.end else { panic!("{:?}", failed.end) };
    records.push(Record::Finished { at: at(3), attempt: 1, result: Finish::Failed { failure, state, path } });
    records.push(Record::Retried { at: at(50), from: RetryFrom::Failure, bundle: None, by: "me".to_owned() });
    records.push(attempt(2, 51));
    assert_eq!(asked(&restored(&records)), ["3 M[1]/One visit 0"]);
    records.push(done(2, 3, "M[1]/One", 52, n(1)));
    assert_eq!(asked(&restored(&records)), ["4 W until 82"]);
    let visits = trace::replay(&records, &mut programs());
    assert_eq!(
        lines(&visits),
        [
            "1 A -> J",
            "1 J -> M",
            "1 M !! external action failed due to status code: 404",
            "1 M[0]/One -> end",
            "1 M[1]/One !! external action failed due to status code: 404",
            "2 M -> W",
            "2 M[1]/One -> end",
            "2 W …",
        ]
    );
}

#[test]
fn a_repaired_bundle_goes_on_at_the_failed_state() {
    let bad = Outcome::Done(Value::object([("n", Value::from("text"))]));
    let mut records = vec![started(), attempt(1, 0), done(1, 1, "A", 1, bad)];
    let failed = restored(&records);
    assert!(matches!(&failed.end, Some(End::Failed { state: Some(state), .. }) if state == "J"), "{:?}", failed.end);
    records.push(Record::Finished {
        at: at(1),
        attempt: 1,
        result: Finish::Failed { failure: Failure::new("", ""), state: None, path: None },
    });
    records.push(Record::Retried { at: at(50), from: RetryFrom::Failure, bundle: Some(pin("2")), by: "me".to_owned() });
    records.push(attempt(2, 51));
    let restored = restored(&records);
    assert_eq!(restored.pin, pin("2"));
    assert_eq!(asked(&restored), ["1 M[0]/One visit 0"]);
    let visits = trace::replay(&records, &mut programs());
    assert_eq!(lines(&visits)[2..], ["2 J -> M", "2 M …", "2 M[0]/One …"]);
    assert_eq!(visits[2].result, Some(Value::from("repaired")));
}

#[test]
fn a_failed_map_under_another_bundle_starts_over_with_the_same_keys() {
    let records = [
        started(),
        attempt(1, 0),
        done(1, 1, "A", 1, n(5)),
        done(1, 2, "M[0]/One", 2, n(0)),
        done(1, 3, "M[1]/One", 3, not_found()),
        Record::Finished {
            at: at(3),
            attempt: 1,
            result: Finish::Failed { failure: Failure::new("", ""), state: None, path: None },
        },
        Record::Retried { at: at(50), from: RetryFrom::Failure, bundle: Some(pin("2")), by: "me".to_owned() },
        attempt(2, 51),
    ];
    assert_eq!(asked(&restored(&records)), ["1 M[0]/One visit 0"]);
}

#[test]
fn a_retry_from_the_start_begins_anew() {
    let records = [
        started(),
        attempt(1, 0),
        done(1, 1, "A", 1, not_found()),
        Record::Finished {
            at: at(3),
            attempt: 1,
            result: Finish::Failed { failure: Failure::new("", ""), state: None, path: None },
        },
        Record::Retried { at: at(50), from: RetryFrom::Start, bundle: Some(pin("2")), by: "me".to_owned() },
        attempt(2, 51),
    ];
    let restored = restored(&records);
    assert_eq!(asked(&restored), ["1 A visit 0"]);
    assert_eq!(restored.attempt, 2);
}

#[test]
fn an_attempt_that_failed_without_its_call_on_record() {
    let failure = Failure::new("States.TaskFailed", "external action failed: the node was lost");
    let records = [
        started(),
        attempt(1, 0),
        Record::AttemptFailed {
            attempt: 1,
            at: at(5),
            path: "A".to_owned(),
            failure,
            retry_at: at(35),
            from: RetryFrom::Failure,
        },
        attempt(2, 35),
    ];
    assert_eq!(asked(&restored(&records)), ["1 A visit 0"]);
}

#[test]
fn a_take_over_moves_the_deadlines() {
    let records = [started(), attempt(1, 0)];
    let mut taken = restored(&records);
    let record = taken.take_over(Begin { now: at(500), deadline: at(600), may_retry: true });
    assert_eq!(record, Record::AttemptStarted { attempt: 1, at: at(500), deadline: at(600), may_retry: true });
    let Effect::Call(call) = &taken.outstanding[0].effect else { panic!() };
    assert_eq!(call.deadline, at(600));
    let machine = taken.machine.as_mut().unwrap();
    machine.resume(CallId(1), n(1), at(501));
    assert!(
        matches!(machine.step(), Step::Perform(Effect::Call(call)) if call.path == "M[0]/One" && call.deadline == at(600))
    );
    let again = restored(&[started(), attempt(1, 0), record, done(1, 1, "A", 501, n(1))]);
    assert_eq!((again.attempt, asked(&again)), (1, vec!["2 M[0]/One visit 0".to_owned()]));
}

#[test]
fn a_wait_cut_short_by_a_deadline_that_moved_goes_on() {
    let wait = flow(
        r#"{"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 150, "Next": "E"}, "E": {"Type": "Succeed"}}}"#,
    );
    let records = [
        started(),
        attempt(1, 0),
        Record::WaitStarted { attempt: 1, id: CallId(1), path: "W".to_owned(), at: at(0), until: at(100) },
    ];
    let mut taken = restore(&records, &mut |_| Some(wait.clone()), &mut |_| Value::Null).unwrap();
    taken.take_over(Begin { now: at(90), deadline: at(300), may_retry: true });
    let machine = taken.machine.as_mut().unwrap();
    machine.resume(CallId(1), Outcome::Nothing, at(100));
    let Step::Perform(Effect::Wait { id, until, .. }) = machine.step() else { panic!() };
    assert_eq!((id, until), (CallId(2), at(150)));
    machine.resume(id, Outcome::Nothing, at(150));
    assert!(matches!(machine.step(), Step::End(End::Succeeded { .. })));
}

#[test]
fn journals_that_cannot_be_restored_say_why() {
    let none = restore(&[], &mut programs(), &mut |_| Value::Null);
    assert_eq!(none.unwrap_err(), RestoreError::Empty);
    let illegal = restore(&[started(), done(1, 1, "A", 1, n(1))], &mut programs(), &mut |_| Value::Null);
    assert_eq!(illegal.unwrap_err().to_string(), "journal record `done` cannot follow status `queued`");
    let gone = restore(&[started(), attempt(1, 0)], &mut |_| None, &mut |_| Value::Null);
    assert_eq!(gone.unwrap_err().to_string(), "the definitions 1 of flow `Test` are not there");
    let other = restore(&[started(), attempt(1, 0), done(1, 7, "X", 1, n(1))], &mut programs(), &mut |_| Value::Null);
    assert_eq!(other.unwrap_err(), RestoreError::Diverged { index: 2, record: "done" });
    // The trace shows what it can.
    let visits = trace::replay(&[started(), attempt(1, 0), done(1, 7, "X", 1, n(1))], &mut programs());
    assert_eq!(lines(&visits), ["1 A …"]);
    assert!(trace::replay(&[], &mut programs()).is_empty());
}

#[test]
fn outcomes_given_together_are_the_same_as_one_by_one() {
    let text = r#"{"StartAt": "M", "States": {"M": {"Type": "Map", "ItemsPath": "$.input.items", "Iterator": {"StartAt": "One", "States": {
        "One": {"Type": "Action", "ActionName": "zis:acme:action:call", "ResultPath": "$.r", "Next": "Two"},
        "Two": {"Type": "Action", "ActionName": "zis:acme:action:call", "ResultPath": "$.s", "End": true}}}, "End": true}}}"#;
    let actions = Value::from_json(r#"{"call": {"method": "POST", "path": "/x"}}"#).unwrap();
    let program = program(text, &actions, Settings { map_concurrency: 2, ..Settings::default() });
    let input = Value::from_json(r#"{"items": [{"n": 1}, {"n": 2}, {"n": 3}]}"#).unwrap();
    let start = zis_flow::machine::Start {
        document: envelope(input),
        connections: Value::Null,
        now: at(0),
        deadline: at(100),
        may_retry: false,
    };
    let run = |together: bool| {
        let mut machine = zis_flow::Machine::start(program.clone(), start.clone());
        machine.record_trace();
        let mut asked = Vec::new();
        let mut open: Vec<CallId> = Vec::new();
        let mut now = 0;
        loop {
            match machine.step() {
                Step::Perform(Effect::Call(call)) => {
                    asked.push(format!("{} {} {}", call.id.0, call.path, call.deadline.0));
                    open.push(call.id);
                }
                Step::Blocked => {
                    // The latest first, so that iterations end out of order.
                    for _ in 0..if together { open.len() } else { 1 } {
                        now += 1;
                        machine.resume(open.pop().unwrap(), n(now), at(now));
                    }
                }
                Step::End(end) => return (asked, machine.take_trace(), end),
                other => panic!("{other:?}"),
            }
        }
    };
    // One by one each outcome is followed by the next question; the order of questions stays that of the outcomes.
    let (asked, visits, _) = run(true);
    assert_eq!(
        asked[..4],
        ["1 M[0]/One 100000000", "2 M[1]/One 100000000", "3 M[1]/Two 100000000", "4 M[0]/Two 100000000"]
    );
    assert_eq!(visits.iter().filter(|visit| visit.path.ends_with("Two")).count(), 3);
    assert!(matches!(run(false).2, End::Succeeded { .. }));
}

#[test]
fn delays_follow_the_attempts() {
    use zis_flow::Retry;
    let delays = [Duration::from_millis(100), Duration::from_millis(200)];
    assert_eq!(Retry::Backoff.delay(1, &delays), Some(delays[0]));
    assert_eq!(Retry::Backoff.delay(2, &delays), Some(delays[1]));
    assert_eq!(Retry::Backoff.delay(3, &delays), Some(delays[1]));
    assert_eq!(Retry::After(Duration::from_secs(7)).delay(1, &delays), Some(Duration::from_secs(7)));
    assert_eq!(Retry::After(Duration::from_secs(700)).delay(1, &delays), Some(Retry::LONGEST));
    assert_eq!(Retry::Never.delay(1, &delays), None);
}

#[test]
fn the_start_check_names_connections_in_order() {
    let text = r#"{"StartAt": "C", "States": {
        "C": {"Type": "Choice", "Choices": [{"Variable": "$.connections.choice.x", "IsPresent": true, "Next": "A"}], "Default": "A"},
        "A": {"Type": "Action", "ActionName": "zis:acme:action:one", "Parameters": {"t.$": "Bearer {{$.connections.old.access_token}}"}, "Next": "M"},
        "M": {"Type": "Map", "ItemsPath": "$.input.items", "Iterator": {"StartAt": "I", "States": {
            "I": {"Type": "Action", "ActionName": "zis:acme:action:two", "End": true}}}, "Next": "J"},
        "J": {"Type": "Action", "ActionName": "zis:common:transform:Jq", "Parameters": {"expr": ".connections.jq.access_token", "data.$": "$"}, "Next": "K"},
        "K": {"Type": "Action", "ActionName": "zis:common:transform:Jq", "Parameters": {"expr": ".connections.other", "data.$": "$.input"}, "Next": "E"},
        "E": {"Type": "Succeed", "Message": "{{$.connections.old.access_token}}"}}}"#;
    let actions = Value::from_json(
        r#"{"one": {"method": "GET", "path": "/", "connectionName": "zendesk"}, "two": {"method": "GET", "path": "/", "connectionName": "crm"},
            "unused": {"method": "GET", "path": "/", "connectionName": "never"}}"#,
    );
    let program = program(text, &actions.unwrap(), Settings::default());
    assert_eq!(program.connections, ["zendesk", "crm", "choice", "old", "jq"]);
    assert_eq!(program.exposed_connections, ["choice", "old", "jq"]);
    assert_eq!(program.missing_connection(|_| true), None);
    let missing = program.missing_connection(|name| name == "zendesk").unwrap();
    assert_eq!(missing.cause, "Cannot start flow because the connection named \"crm\" does not exist");
}
