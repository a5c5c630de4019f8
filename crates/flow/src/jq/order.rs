//! The order of jq: null < false < true < numbers < strings < arrays < objects.

use std::{cmp::Ordering, sync::Arc};

use crate::value::{Object, Value};

use super::meter;

/// Compares two values; a total order, charged by node. NaN is the least number and equal to itself.
pub(super) fn compare(a: &Value, b: &Value) -> Ordering {
    meter::nodes(1);
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.compare(b),
        (Value::String(a), Value::String(b)) => {
            meter::copied(a.len().min(b.len()));
            a.cmp(b)
        }
        // What is shared is equal: programs share a lot, and a shared tree can be exponentially large.
        (Value::Array(a), Value::Array(b)) if Arc::ptr_eq(a, b) => Ordering::Equal,
        (Value::Object(a), Value::Object(b)) if Arc::ptr_eq(a, b) => Ordering::Equal,
        (Value::Array(a), Value::Array(b)) => {
            let pairs = a.iter().zip(b.iter());
            pairs.map(|(a, b)| compare(a, b)).find(|order| order.is_ne()).unwrap_or_else(|| a.len().cmp(&b.len()))
        }
        (Value::Object(a), Value::Object(b)) => compare_objects(a, b),
        _ => rank(a).cmp(&rank(b)),
    }
}

/// As `==` sees it: NaN is not equal to itself, however deep.
pub(super) fn equal(a: &Value, b: &Value) -> bool {
    compare(a, b).is_eq() && !holds_nan(a)
}

fn holds_nan(value: &Value) -> bool {
    if !meter::odd_numbers() {
        return false;
    }
    meter::nodes(1);
    match value {
        Value::Number(number) => number.is_nan(),
        Value::Array(items) => items.iter().any(holds_nan),
        Value::Object(object) => object.values().any(holds_nan),
        _ => false,
    }
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(false) => 1,
        Value::Bool(true) => 2,
        Value::Number(_) => 3,
        Value::String(_) => 4,
        Value::Array(_) => 5,
        Value::Object(_) => 6,
    }
}

/// First the sorted keys, then the values in the order of the keys.
fn compare_objects(a: &Object, b: &Object) -> Ordering {
    let (a, b) = (sorted(a), sorted(b));
    let keys = a.iter().map(|entry| entry.0).cmp(b.iter().map(|entry| entry.0));
    keys.then_with(|| {
        let pairs = a.iter().zip(&b);
        pairs.map(|(a, b)| compare(a.1, b.1)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    })
}

fn sorted(object: &Object) -> Vec<(&Arc<str>, &Value)> {
    meter::nodes(object.len());
    let mut entries: Vec<_> = object.iter().collect();
    entries.sort_unstable_by_key(|entry| entry.0);
    entries
}
