//! Filters of any value: its length, keys, type and text, and what it contains.

use std::sync::Arc;

use crate::value::{Array, Value};

use super::{
    super::{
        fault::{self, Result},
        meter, order,
        update::owned_items,
        val::{ITEM, MEMBER, Val},
    },
    Table, nullary, unary,
};

pub(super) fn table() -> Table {
    vec![
        nullary!("length", length),
        nullary!("keys", keys),
        nullary!("keys_unsorted", keys_unsorted),
        nullary!("to_entries", to_entries),
        nullary!("type", |value: Val| Ok(Val::text(value.0.type_name()))),
        nullary!("tojson", |value: Val| Ok(Val(Value::from(value.to_json())))),
        nullary!("fromjson", fromjson),
        nullary!("tonumber", tonumber),
        nullary!("add", add),
        nullary!("now", |_| Ok(Val::number(meter::now()))),
        unary!("has", has),
        unary!("contains", |value: Val, part: Val| contains(&value.0, &part.0).map(Val::from)),
        unary!("flatten_to", flatten),
    ]
}

fn length(value: Val) -> Result {
    match &value.0 {
        Value::Null => Ok(Val::from(0_usize)),
        Value::Number(number) => Ok(if number.as_f64() < 0.0 { (-value)? } else { value }),
        Value::String(text) => {
            meter::scanned(text.len());
            Ok(Val::from(text.chars().count()))
        }
        Value::Array(items) => Ok(Val::from(items.len())),
        Value::Object(object) => Ok(Val::from(object.len())),
        Value::Bool(_) => Err(fault::unfit(&value, "has no length")),
    }
}

fn keys_unsorted(value: Val) -> Result {
    match &value.0 {
        Value::Array(items) => Ok(Val::list((0..items.len()).map(|at| Val::from(at).0))),
        Value::Object(object) => Ok(Val::list(object.keys().cloned().map(Value::String))),
        _ => Err(fault::unfit(&value, "has no keys")),
    }
}

fn keys(value: Val) -> Result {
    let keys = keys_unsorted(value)?;
    let Value::Array(items) = keys.0 else { return Ok(keys) };
    let mut items = owned_items(items);
    items.sort_by(order::compare);
    Ok(Val::array(items.into()))
}

fn to_entries(value: Val) -> Result {
    let entry = |key: Value, value: &Value| {
        meter::bytes(2 * MEMBER);
        let entry = Value::object([("key", key), ("value", value.clone())]);
        meter::depth(entry.depth());
        entry
    };
    match &value.0 {
        Value::Object(object) => {
            Ok(Val::list(object.iter().map(|(key, value)| entry(Value::String(key.clone()), value))))
        }
        Value::Array(items) => Ok(Val::list(items.iter().enumerate().map(|(at, value)| entry(Val::from(at).0, value)))),
        _ => Err(fault::unfit(&value, "has no keys")),
    }
}

fn fromjson(value: Val) -> Result {
    let Value::String(text) = &value.0 else {
        return Err(fault::unfit(&value, "only strings can be parsed"));
    };
    // Every value but the first follows one of these; the strings are no longer than the text.
    let values = 1 + text.bytes().filter(|byte| b",[{:".contains(byte)).count();
    meter::bytes(text.len().saturating_add(values.saturating_mul(MEMBER)));
    match text.trim() {
        "nan" => Ok(Val::number(f64::NAN)),
        trimmed => Value::from_json(trimmed).map(Val).map_err(|error| {
            fault::text(format!(
                "{} at line {}, column {} (while parsing '{text}')",
                error.message, error.line, error.column
            ))
        }),
    }
}

fn tonumber(value: Val) -> Result {
    match &value.0 {
        Value::Number(_) => Ok(value),
        Value::String(text) => super::numbers::parse(text).ok_or_else(|| {
            let problem = match text.len() {
                0 => "Expected JSON value".to_owned(),
                columns => format!("Invalid numeric literal at EOF at line 1, column {columns}"),
            };
            fault::text(format!("{problem} (while parsing '{text}')"))
        }),
        _ => Err(fault::unfit(&value, "cannot be parsed as a number")),
    }
}

fn add(value: Val) -> Result {
    match value.0 {
        Value::Array(items) if items.iter().all(|item| matches!(item, Value::String(_))) && items.len() > 1 => {
            Ok(join_texts(&items))
        }
        Value::Array(items) => owned_items(items).into_iter().map(Val).try_fold(Val::NULL, |sum, item| sum + item),
        Value::Object(object) => object.values().cloned().map(Val).try_fold(Val::NULL, |sum, item| sum + item),
        other => Err(fault::iterate(&Val(other))),
    }
}

/// The sum of strings in one go.
fn join_texts(items: &Array) -> Val {
    let mut text = String::new();
    for item in items.iter().filter_map(Value::as_str) {
        meter::bytes(item.len() + 1);
        text.push_str(item);
    }
    Val(Value::String(Arc::from(text)))
}

fn has(value: Val, key: Val) -> Result {
    match (&value.0, &key.0) {
        (Value::Object(object), Value::String(key)) => Ok(Val::from(object.contains_key(key))),
        (Value::Array(items), Value::Number(at)) => {
            let at = at.as_i64().and_then(|at| usize::try_from(at).ok());
            Ok(Val::from(at.is_some_and(|at| at < items.len())))
        }
        _ => Err(fault::text(format!("Cannot check whether {} has a {} key", value.0.type_name(), key.0.type_name()))),
    }
}

/// Objects and arrays contain parts of their members and items, strings their substrings, everything else itself.
fn contains(value: &Value, part: &Value) -> Result<bool> {
    meter::step();
    match (value, part) {
        (Value::Object(a), Value::Object(b)) => {
            for (key, part) in b.iter() {
                match a.get(key) {
                    Some(value) if contains(value, part)? => {}
                    _ => return Ok(false),
                }
            }
            Ok(true)
        }
        (Value::Array(a), Value::Array(b)) => {
            for part in b.iter() {
                let mut found = false;
                for value in a.iter() {
                    if same_kind(value, part) && contains(value, part)? {
                        found = true;
                        break;
                    }
                }
                if !found {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Value::String(a), Value::String(b)) => {
            meter::scanned(a.len());
            Ok(a.contains(&**b))
        }
        (a, b) if same_kind(a, b) => Ok(order::compare(a, b).is_eq()),
        (a, b) => Err(fault::pair(&Val(a.clone()), &Val(b.clone()), "cannot have their containment checked")),
    }
}

/// jq takes true and false for two types here.
fn same_kind(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a == b,
        _ => a.type_name() == b.type_name(),
    }
}

fn flatten(value: Val, levels: Val) -> Result {
    let levels = levels.0.as_f64().ok_or_else(|| fault::text("flatten depth must not be negative"))?;
    if levels < 0.0 {
        return Err(fault::text("flatten depth must not be negative"));
    }
    let mut list = Array::new();
    match &value.0 {
        Value::Array(items) => items.iter().for_each(|item| spread(item, levels, &mut list)),
        Value::Object(object) => object.values().for_each(|item| spread(item, levels, &mut list)),
        _ => return Err(fault::iterate(&value)),
    }
    Ok(Val::array(list))
}

fn spread(item: &Value, levels: f64, list: &mut Array) {
    meter::step();
    match item {
        Value::Array(items) if levels >= 1.0 => items.iter().for_each(|item| spread(item, levels - 1.0, list)),
        _ => {
            meter::bytes(ITEM);
            list.push(item.clone());
        }
    }
}
