//! What holds for every value: texts read back, lengths and depths are right, the order is one.

#![allow(clippy::unwrap_used)]

use std::cmp::Ordering;

use proptest::prelude::*;

use zis_flow::{
    Timestamp, Value,
    jq::{Filter, Limits},
    value::Number,
};

fn number() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        any::<i64>().prop_map(|int| int.to_string()),
        (-100_i64..100).prop_map(|int| int.to_string()),
        "-?[1-9][0-9]{17,30}",
        any::<f64>()
            .prop_filter("a float in text, too", |float| is_float_in_text(*float))
            .prop_map(|float| format!("{float:e}")),
        "-?(0|[1-9][0-9]{0,5})\\.[0-9]{1,6}",
        Just("-0".to_owned()),
    ];
    text.prop_map(|text| Value::Number(Number::parse(&text).unwrap()))
}

/// As jq prints, a large whole float has no exponent for a while: its text is an integer's, and reads back as that integer.
fn is_float_in_text(float: f64) -> bool {
    float.is_finite() && !(float.fract() == 0.0 && (9e15..1e33).contains(&float.abs()))
}

#[test]
fn a_large_float_reads_back_as_the_integer_it_is_printed_as() {
    let value = Value::from_json("-8.904742084085426e17").unwrap();
    assert_eq!(value.to_json(), "-890474208408542600");
    let back = Value::from_json(&value.to_json()).unwrap();
    assert_eq!((back.as_i64(), back.as_f64()), (Some(-890_474_208_408_542_600), value.as_f64()));
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number(),
        any::<String>().prop_map(Value::from),
        "[a-c\u{1}\"\\\\\n]{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::vec(("[a-e]{1,2}", inner), 0..8).prop_map(Value::object),
        ]
    })
}

fn depth(value: &Value) -> u32 {
    let inner = |depths: Option<u32>| depths.map_or(0, |depth| depth + 1);
    match value {
        Value::Array(items) => inner(items.iter().map(depth).max()),
        Value::Object(object) => inner(object.values().map(depth).max()),
        _ => 0,
    }
}

proptest! {
    #[test]
    fn texts_read_back(value in value()) {
        let text = value.to_json();
        prop_assert_eq!(&Value::from_json(&text).unwrap(), &value);
        prop_assert_eq!(Value::from_json(&text).unwrap().to_json(), text.clone());
        prop_assert_eq!(&Value::from_json(&value.to_json_pretty()).unwrap(), &value);
        prop_assert_eq!(value.json_len(usize::MAX), text.len());
    }

    #[test]
    fn serde_keeps_every_digit(value in value()) {
        let text = serde_json::to_string(&value).unwrap();
        prop_assert_eq!(text.clone(), value.to_json());
        prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap().to_json(), text.clone());
        let wrapped: Vec<Option<Value>> = serde_json::from_str(&format!("[null, {text}]")).unwrap();
        prop_assert_eq!(wrapped[1].clone().unwrap_or_default().to_json(), text);
    }

    #[test]
    fn the_depth_is_kept(value in value()) {
        // A member that was replaced still counts in the value it was replaced in.
        prop_assert!(value.depth() >= depth(&value));
        prop_assert_eq!(Value::from_json(&value.to_json()).unwrap().depth(), depth(&value));
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        if let Err(error) = Value::from_json(&text) {
            prop_assert!(error.line >= 1 && error.column >= 1 && !error.message.is_empty());
        }
    }

    #[test]
    fn numbers_have_one_order(a in number(), b in number(), c in number()) {
        let compare = |a: &Value, b: &Value| match (a, b) {
            (Value::Number(a), Value::Number(b)) => a.compare(b),
            _ => unreachable!(),
        };
        prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
        prop_assert_eq!(compare(&a, &a), Ordering::Equal);
        if compare(&a, &b) != Ordering::Greater && compare(&b, &c) != Ordering::Greater {
            prop_assert_ne!(compare(&a, &c), Ordering::Greater);
        }
        if let (Ok(exact_a), Ok(exact_b)) = (a.to_json().parse::<i128>(), b.to_json().parse::<i128>()) {
            prop_assert_eq!(compare(&a, &b), exact_a.cmp(&exact_b));
        }
    }

    #[test]
    fn jq_passes_values_on_unchanged(value in value()) {
        for program in [".", "[.][0]", "{a: .}.a", "tojson | fromjson", "[.] | map(.) | first", ". as $x | $x", "[[.]] | flatten(1) | .[0]"] {
            let filter = Filter::compile(program).unwrap();
            let output = filter.first(value.clone(), Timestamp(0), Limits::default()).unwrap().unwrap();
            prop_assert_eq!(output.to_json(), value.to_json(), "{}", program);
        }
    }

    #[test]
    fn jq_sorts_by_its_order(items in prop::collection::vec(value(), 0..12)) {
        let run = |program: &str| {
            let filter = Filter::compile(program).unwrap();
            filter.first(Value::from(items.clone()), Timestamp(0), Limits::default()).unwrap().unwrap()
        };
        prop_assert_eq!(run("sort as $s | [range(1; length)] | all($s[. - 1] <= $s[.])"), Value::Bool(true));
        prop_assert_eq!(run("sort | length"), Value::from(items.len() as i64));
        prop_assert_eq!(run("unique"), run("sort | reduce .[] as $x ([]; if .[-1:] == [$x] then . else . + [$x] end)"));
        prop_assert_eq!(run("group_by(.) | add // []"), run("sort"));
        prop_assert_eq!(run("[min, max]"), run("sort | [.[0], .[-1]]"));
    }
}
