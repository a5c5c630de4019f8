//! Any valid flow on any input ends, never panics, and is the same after a recovery at any point.

#![allow(clippy::unwrap_used)]

mod common;

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use common::{envelope, program, recovery};
use proptest::{collection::vec, prelude::*, sample::select};
use zis_flow::{
    Outcome, Settings, Value,
    effect::Call,
    failure::Failure,
    journal::RetryFrom,
    response,
    simulate::{Reply, Simulation},
    time::Timestamp,
};

/// Members of documents: few, so that paths often find something.
const KEYS: [&str; 4] = ["a", "b", "items", "input"];
const NAMES: [&str; 5] = ["S0", "S1", "S2", "S3", "S4"];

fn path() -> impl Strategy<Value = String> {
    let step = select(vec![".a", ".b", ".items", ".input", "[0]", "['a']", ".connections"]);
    vec(step, 0..2).prop_map(|steps| format!("${}", steps.concat()))
}

fn result_path() -> impl Strategy<Value = String> {
    let at = vec(select(KEYS.to_vec()), 1..3).prop_map(|keys| format!(r#""ResultPath": "$.{}","#, keys.join(".")));
    prop_oneof![Just(String::new()), Just(r#""ResultPath": null,"#.to_owned()), at.clone(), at]
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3_i64..200).prop_map(Value::from),
        select(vec!["", "a", "100.00", "2026-01-01T00:00:00Z", "{\"a\": 1}"]).prop_map(Value::from),
    ]
}

fn document() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::array),
            vec((select(KEYS.to_vec()), inner.clone()), 0..4).prop_map(Value::object),
            vec(vec((select(KEYS.to_vec()), inner), 0..3).prop_map(Value::object), 0..4).prop_map(Value::array),
        ]
    })
}

/// The text of a `.$` value.
fn dynamic() -> impl Strategy<Value = String> {
    prop_oneof![path(), path().prop_map(|path| format!("<{{{{{path}}}}}>")), Just("plain".to_owned())]
}

fn parameters() -> impl Strategy<Value = String> {
    (dynamic(), dynamic(), leaf()).prop_map(|(id, more, fixed)| {
        let (id, more) = (Value::from(id), Value::from(more));
        format!(r#"{{"id.$": {id}, "n": {{"more.$": {more}, "fixed": {fixed}}}}}"#)
    })
}

/// An action with its parameters: HTTP, jq or a built-in.
fn action() -> impl Strategy<Value = String> {
    let jq = select(vec![
        ".",
        ".a",
        ".a.b + 1",
        ".[]",
        "empty",
        "[.[]?] | length",
        "error(\"x\")",
        ".items // []",
        "{a: ., b: 1}",
    ]);
    let built_in = select(vec!["LoadConfig", "PatchConfig", "LoadLinks", "CreateLink", "DeleteLink"]);
    prop_oneof![
        4 => parameters().prop_map(|text| format!(r#""ActionName": "zis:acme:action:call", "Parameters": {text}"#)),
        1 => Just(r#""ActionName": "zis:acme:action:unknown""#.to_owned()),
        3 => (jq, dynamic()).prop_map(|(expr, data)| {
            let (expr, data) = (Value::from(expr), Value::from(data));
            format!(r#""ActionName": "zis:common:transform:Jq", "Parameters": {{"expr": {expr}, "data.$": {data}}}"#)
        }),
        1 => (built_in, dynamic()).prop_map(|(name, scope)| {
            let scope = Value::from(scope);
            format!(
                r#""ActionName": "zis:common:action:{name}", "Parameters": {{"scope.$": {scope}, "config": {{"a": 1}}, "link_type": "t",
                "left_object_name": "l", "right_object_name": "r", "left_object": {{"name.$": {scope}}}, "right_object": {{"name": "r"}}}}"#
            )
        }),
    ]
}

fn condition() -> impl Strategy<Value = String> {
    let test = (path(), path(), leaf(), 0..9_usize).prop_map(|(variable, other, leaf, operator)| {
        let (variable, other) = (Value::from(variable), Value::from(other));
        let comparison = match operator {
            0 => format!(r#""IsPresent": {}"#, !leaf.is_null()),
            1 => format!(r#""IsNull": {}"#, leaf.is_null()),
            2 => r#""StringEquals": "a""#.to_owned(),
            3 => format!(r#""StringEqualsPath": {other}"#),
            4 => r#""NumericLessThan": 50"#.to_owned(),
            5 => format!(r#""NumericGreaterThanPath": {other}"#),
            6 => r#""BooleanEquals": true"#.to_owned(),
            7 => format!(r#""BooleanEqualsPath": {other}"#),
            _ => r#""TimestampLessThan": "2026-06-01T00:00:00Z""#.to_owned(),
        };
        format!(r#""Variable": {variable}, {comparison}"#)
    });
    test.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            vec(inner.clone(), 1..3).prop_map(|all| format!(r#""And": [{{{}}}]"#, all.join("},{"))),
            vec(inner.clone(), 1..3).prop_map(|all| format!(r#""Or": [{{{}}}]"#, all.join("},{"))),
            inner.prop_map(|inner| format!(r#""Not": {{{inner}}}"#)),
        ]
    })
}

fn next() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => select(NAMES.to_vec()).prop_map(|name| format!(r#""Next": "{name}""#)),
        1 => Just(r#""End": true"#.to_owned()),
    ]
}

fn catch() -> impl Strategy<Value = String> {
    let caught = (result_path(), select(NAMES.to_vec())).prop_map(|(place, name)| {
        format!(r#""Catch": [{{"ErrorEquals": ["States.ALL"], {place} "Next": "{name}"}}],"#)
    });
    prop_oneof![Just(String::new()), caught]
}

fn state(depth: u32) -> BoxedStrategy<String> {
    let timeout = select(vec!["", r#""TimeoutSeconds": 3,"#]);
    let action =
        (action(), result_path(), catch(), timeout, next()).prop_map(|(action, place, catch, timeout, next)| {
            format!(r#"{{"Type": "Action", {action}, {timeout} {place} {catch} {next}}}"#)
        });
    let default = prop_oneof![1 => Just(String::new()), 3 => select(NAMES.to_vec()).prop_map(|name| format!(r#", "Default": "{name}""#))];
    let choice = (vec((condition(), select(NAMES.to_vec())), 1..3), default).prop_map(|(rules, default)| {
        let rules: Vec<_> = rules.iter().map(|(rule, next)| format!(r#"{{{rule}, "Next": "{next}"}}"#)).collect();
        format!(r#"{{"Type": "Choice", "Choices": [{}]{default}}}"#, rules.join(","))
    });
    let pass = (proptest::option::of(document()), result_path(), next()).prop_map(|(result, place, next)| {
        let result = result.map(|result| format!(r#""Result": {result},"#)).unwrap_or_default();
        format!(r#"{{"Type": "Pass", {result} {place} {next}}}"#)
    });
    let seconds = prop_oneof![
        select(vec!["0.5", "2", "30"]).prop_map(|seconds| format!(r#""Seconds": {seconds}"#)),
        path().prop_map(|path| format!(r#""SecondsPath": {}"#, Value::from(path))),
    ];
    let wait = (seconds, next()).prop_map(|(seconds, next)| format!(r#"{{"Type": "Wait", {seconds}, {next}}}"#));
    let succeed = dynamic().prop_map(|text| format!(r#"{{"Type": "Succeed", "Message": {}}}"#, Value::from(text)));
    let fail =
        dynamic().prop_map(|text| format!(r#"{{"Type": "Fail", "Error": "E", "Cause": {}}}"#, Value::from(text)));
    if depth == 0 {
        return prop_oneof![4 => action, 3 => choice, 2 => pass, 1 => wait, 1 => succeed, 1 => fail].boxed();
    }
    prop_oneof![4 => action, 2 => choice, 2 => pass, 1 => wait, 1 => succeed, 1 => fail, 3 => map(depth)].boxed()
}

fn map(depth: u32) -> BoxedStrategy<String> {
    let usual = if depth == 2 { "$.input.items" } else { "$.items" };
    let items = prop_oneof![4 => Just(usual.to_owned()), 1 => path()];
    let parts = (items, machine(depth - 1), result_path(), catch(), next());
    parts
        .prop_map(|(items, inner, place, catch, next)| {
            let items = Value::from(items);
            format!(r#"{{"Type": "Map", "ItemsPath": {items}, "Iterator": {inner}, {place} {catch} {next}}}"#)
        })
        .boxed()
}

/// Items that a Map takes, with items of their own.
fn items() -> impl Strategy<Value = Value> {
    let inner = vec(vec((select(KEYS.to_vec()), leaf()), 1..3).prop_map(Value::object), 1..4).prop_map(Value::array);
    let item = (leaf(), inner).prop_map(|(a, items)| Value::object([("a", a), ("items", items)]));
    vec(item, 1..4).prop_map(Value::array)
}

fn input() -> impl Strategy<Value = Value> {
    prop_oneof![1 => document(), 3 => items().prop_map(|items| Value::object([("a", Value::from(7_i64)), ("items", items)]))]
}

fn machine(depth: u32) -> BoxedStrategy<String> {
    let first = if depth == 0 { state(0) } else { prop_oneof![map(depth), map(depth), state(depth)].boxed() };
    (first, vec(state(depth), NAMES.len() - 1))
        .prop_map(|(first, others)| {
            let states = std::iter::once(first).chain(others);
            let states: Vec<_> =
                NAMES.iter().zip(states).map(|(name, state)| format!(r#""{name}": {state}"#)).collect();
            format!(r#"{{"StartAt": "S0", "States": {{{}}}}}"#, states.join(","))
        })
        .boxed()
}

fn settings() -> impl Strategy<Value = Settings> {
    (1..4_usize, any::<bool>(), select(vec![1_u64, 20, 100]), select(vec![300_usize, 100_000])).prop_map(
        |(map_concurrency, retry_before_catch, timeout, max_document_bytes)| Settings {
            map_concurrency,
            retry_before_catch,
            max_document_bytes,
            timeout: Duration::from_secs(timeout),
            max_transitions: 40,
            max_transitions_nested: 60,
            max_map_items: 3,
            ..Settings::default()
        },
    )
}

/// What a call meets depends on nothing but the call, the attempt and the seed.
fn reply(call: &Call, attempt: u32, seed: u64) -> Reply {
    let mut hasher = DefaultHasher::new();
    (&call.path, call.visit, attempt, seed).hash(&mut hasher);
    let chance = hasher.finish();
    let outcome = match chance % 16 {
        0 => response::outcome(404, None, b"", Timestamp(0)),
        1 | 8 | 9 => response::outcome(500, None, b"", Timestamp(0)),
        2 => response::outcome(429, Some("1"), b"", Timestamp(0)),
        3 => response::no_answer("refused"),
        4 => Outcome::Nothing,
        5 => Outcome::Done(Value::Null),
        6 => Outcome::Failed(Failure::new("States.TaskFailed", "made up")),
        7 | 10 | 11 => Outcome::Done(Value::array([
            Value::object([("a", Value::from(1_i64))]),
            Value::object([("b", Value::from("b"))]),
        ])),
        _ => Outcome::Done(Value::object([("items", Value::array([Value::object([("a", Value::from(true))])]))])),
    };
    Reply { takes: Duration::from_millis(chance % 5000), ..Reply::new(outcome) }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, max_shrink_iters: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn ends_and_recovers(
        flow in machine(2),
        input in input(),
        settings in settings(),
        seed in any::<u64>(),
        from_failure in any::<bool>(),
    ) {
        let actions = Value::from_json(r#"{"call": {"method": "POST", "path": "/{{$.subdomain}}", "requestBody": {"id.$": "$.id"}}}"#).unwrap();
        let program = program(&flow, &actions, settings);
        let mut simulation = Simulation::new(program, envelope(input));
        if from_failure {
            simulation.retry_from = RetryFrom::Failure;
        }
        // The tokens that a trace shows, so that the trace of the journal can be compared.
        let shown = Value::object([("access_token", Value::from("*****"))]);
        simulation.connections =
            Value::object(simulation.program.exposed_connections.iter().map(|name| (name.as_str(), shown.clone())));
        let report = simulation.run(&mut |call, attempt| reply(call, attempt, seed));
        prop_assert!(report.attempts <= 4);
        recovery::check(&simulation, &report);
    }
}
