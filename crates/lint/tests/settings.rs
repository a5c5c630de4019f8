//! Rules can be switched, fixes are applied, graphs are drawn, and a large bundle is checked in time.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::{fmt::Write, time::Instant};

use zis_bundle::Severity;
use zis_lint::{
    Level, Settings, check,
    fix::fix,
    graph::{Graph, dot, mermaid},
};

const REFUND: &str = include_str!("../../../examples/refund-router/bundle.json");
const BROKEN: &str = include_str!("../../../examples/broken/syntax.json");
const LOOPS: &str = include_str!("../../../examples/broken/loops.json");

#[test]
fn the_tutorial_is_clean() {
    let report = check(REFUND, "bundle.json", &Settings::default());
    assert_eq!(report.findings, []);
}

#[test]
fn another_integration_is_an_error() {
    let settings = Settings { integration: Some("other".into()), ..Settings::default() };
    let report = check(REFUND, "bundle.json", &settings);
    assert!(report.findings.iter().all(|finding| finding.code == "ZIS1031"));
    assert_eq!(report.count(Severity::Error), 4);
}

#[test]
fn rules_can_be_switched() {
    let level = |key: &str, level| Settings { rules: [(key.to_owned(), level)].into(), ..Settings::default() };
    let count = |settings: &Settings| {
        let report = check(LOOPS, "loops.json", settings);
        [Severity::Error, Severity::Warning, Severity::Note].map(|severity| report.count(severity))
    };
    assert_eq!(count(&Settings::default()), [0, 4, 0]);
    assert_eq!(count(&level("unreachable-state", Level::Off)), [0, 3, 0]);
    assert_eq!(count(&level("ZIS2016", Level::Error)), [1, 3, 0]);
    assert_eq!(count(&level("unknown-event", Level::Note)), [0, 3, 1]);
    assert_eq!(
        level("unreachable-stat", Level::Off).unknown_rules(),
        [("unreachable-stat".to_owned(), Some("unreachable-state"))]
    );
    // What ZIS refuses can't be switched off.
    let off = level("trailing-comma", Level::Off);
    assert!(check(BROKEN, "x", &off).findings.iter().any(|finding| finding.code == "ZIS0003"));
}

#[test]
fn safe_fixes_make_json_of_it() {
    let (fixed, count) = fix(BROKEN, &Settings::default());
    assert_eq!(count, 6);
    assert!(check(&fixed, "x", &Settings::default()).is_clean(), "{fixed}");
    serde_json::from_str::<serde_json::Value>(&fixed).unwrap();
    assert_eq!(fix(&fixed, &Settings::default()), (fixed, 0));
}

#[test]
fn graphs() {
    let report = check(REFUND, "bundle.json", &Settings::default());
    let bundle = report.reading.bundle.as_ref().unwrap();
    let graph = Graph::new(&bundle.flows[0]);
    assert_eq!((graph.nodes.len(), graph.edges.len()), (8, 10));
    insta::assert_snapshot!("mermaid", mermaid(&graph));
    insta::assert_snapshot!("dot", dot(&graph));
}

#[test]
fn the_schema_refers_to_what_it_defines() {
    let schema = zis_lint::schema::schema();
    let text = schema.to_string();
    for reference in text.split("\"$ref\":\"#/$defs/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schema["$defs"].get(name).is_some(), "{name}");
    }
    assert_eq!(schema["$defs"]["condition"]["oneOf"].as_array().unwrap().len(), 28);
}

/// A bundle of `count` states: actions that store, jq programs, choices and waits, in one chain with jumps back.
fn large_bundle(count: usize) -> String {
    let mut states = String::new();
    for at in 0..count {
        let next = format!("s{}", at + 1);
        let state = match at % 4 {
            0 => format!(
                r#"{{"Type": "Action", "ActionName": "zis:common:transform:Jq", "Parameters": {{"expr": ".ticket_event.ticket.id + {at}", "data.$": "$.input"}}, "ResultPath": "$.r{at}", "Next": "{next}"}}"#
            ),
            1 => format!(
                r#"{{"Type": "Choice", "Choices": [{{"Variable": "$.r{}", "NumericGreaterThan": 5, "Next": "{next}"}}], "Default": "s{}"}}"#,
                at - 1,
                at.saturating_sub(400)
            ),
            2 => format!(
                r#"{{"Type": "Action", "ActionName": "zis:acme:action:send", "Parameters": {{"id.$": "$.input.ticket_event.ticket.id"}}, "ResultPath": "$.a{at}", "Next": "{next}"}}"#
            ),
            _ => format!(r#"{{"Type": "Wait", "Seconds": 1, "Next": "{next}"}}"#),
        };
        write!(states, "\"s{at}\": {state},\n            ").unwrap();
    }
    format!(
        r#"{{"name": "large", "zis_template_version": "2019-10-14", "resources": {{
            "send": {{"type": "ZIS::Action::Http", "properties": {{"name": "send", "definition": {{"method": "PUT", "path": "/x", "requestBody": {{"id.$": "$.id"}}}}}}}},
            "job": {{"type": "ZIS::JobSpec", "properties": {{"name": "job", "event_source": "support", "event_type": "ticket.TicketCreated", "flow_name": "zis:acme:flow:main"}}}},
            "main": {{"type": "ZIS::Flow", "properties": {{"name": "main", "definition": {{"StartAt": "s0", "States": {{
            {states}"s{count}": {{"Type": "Succeed"}}}}}}}}}}}}}}"#
    )
}

#[test]
fn ten_thousand_states_are_checked_in_time() {
    // Without optimisation a tenth is enough to show that the work grows with the bundle and not with its square.
    let count = if cfg!(debug_assertions) { 1_000 } else { 10_000 };
    let text = large_bundle(count);
    let start = Instant::now();
    let report = check(&text, "large.json", &Settings::default());
    let took = start.elapsed();
    assert!(report.is_clean(), "{:?}", report.findings.first());
    assert_eq!(report.reading.bundle.unwrap().flows[0].definition.states.len(), count + 1);
    println!("checked {count} states, {} KB, in {took:?}", text.len() / 1024);
}
