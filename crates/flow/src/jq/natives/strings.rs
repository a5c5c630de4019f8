//! Filters of strings.

use std::sync::Arc;

use crate::value::Value;

use super::{
    super::{
        fault::{self, Result},
        meter, ops, order,
        val::Val,
    },
    Table, nullary, unary,
};

pub(super) fn table() -> Table {
    vec![
        nullary!("utf8bytelength", utf8bytelength),
        nullary!("explode", explode),
        nullary!("implode", implode),
        nullary!("ascii_downcase", |value| map(value, "explode", str::to_ascii_lowercase)),
        nullary!("ascii_upcase", |value| map(value, "explode", str::to_ascii_uppercase)),
        nullary!("trim", |value| map(value, "trim", |text| text.trim().to_owned())),
        nullary!("ltrim", |value| map(value, "trim", |text| text.trim_start().to_owned())),
        nullary!("rtrim", |value| map(value, "trim", |text| text.trim_end().to_owned())),
        unary!("startswith", |value, part| affix(&value, &part, "startswith", |a, b| a.starts_with(b))),
        unary!("endswith", |value, part| affix(&value, &part, "endswith", |a, b| a.ends_with(b))),
        unary!("ltrimstr", |value, part| strip(value, &part, |a, b| a.strip_prefix(b))),
        unary!("rtrimstr", |value, part| strip(value, &part, |a, b| a.strip_suffix(b))),
        unary!("split", split),
        unary!("join", join),
        unary!("indices", |value, part| indices(&value, &part)),
        unary!("index", |value, part| Ok(end(indices(&value, &part)?, |found| found.first()))),
        unary!("rindex", |value, part| Ok(end(indices(&value, &part)?, |found| found.last()))),
    ]
}

fn utf8bytelength(value: Val) -> Result {
    match value.0.as_str() {
        Some(text) => Ok(Val::from(text.len())),
        None => Err(fault::unfit(&value, "only strings have UTF-8 byte length")),
    }
}

fn map(value: Val, name: &str, f: impl Fn(&str) -> String) -> Result {
    match value.0.as_str() {
        Some(text) => Ok(Val::text(f(text))),
        None => Err(fault::text(format!("{name} input must be a string"))),
    }
}

fn explode(value: Val) -> Result {
    match value.0.as_str() {
        Some(text) => Ok(Val::list(text.chars().map(|char| Value::from(u32::from(char))))),
        None => Err(fault::text("explode input must be a string")),
    }
}

fn implode(value: Val) -> Result {
    let items = value.as_list().ok_or_else(|| fault::text("implode input must be an array"))?;
    let mut text = String::new();
    for item in items {
        let code = item.as_i64().and_then(|code| u32::try_from(code).ok());
        let char = code.and_then(char::from_u32);
        let char = char.ok_or_else(|| fault::text("Unicode codepoint must be numeric and valid"))?;
        meter::bytes(char.len_utf8());
        text.push(char);
    }
    Ok(Val::text(text))
}

fn affix(value: &Val, part: &Val, name: &str, f: fn(&str, &str) -> bool) -> Result {
    match (value.0.as_str(), part.0.as_str()) {
        (Some(text), Some(part)) => Ok(Val::from(f(text, part))),
        _ => Err(fault::text(format!("{name}() requires string inputs"))),
    }
}

/// Leaves alone what does not fit.
fn strip(value: Val, part: &Val, f: for<'t> fn(&'t str, &str) -> Option<&'t str>) -> Result {
    let short = match (value.0.as_str(), part.0.as_str()) {
        (Some(text), Some(part)) => f(text, part).map(Val::text),
        _ => None,
    };
    Ok(short.unwrap_or(value))
}

fn split(value: Val, separator: Val) -> Result {
    match (value.0.as_str(), separator.0.as_str()) {
        (Some(text), Some(separator)) => Ok(ops::split(text, separator)),
        _ => Err(fault::text("split input and separator must be strings")),
    }
}

/// Null counts as empty; numbers and booleans are written as JSON. Errors are those of the sum that this stands for.
fn join(value: Val, separator: Val) -> Result {
    let values: Vec<&Value> = match &value.0 {
        Value::Array(items) => items.iter().collect(),
        Value::Object(object) => object.values().collect(),
        _ => return Err(fault::iterate(&value)),
    };
    let mut text = String::new();
    for (at, item) in values.into_iter().enumerate() {
        if at > 0 {
            match &separator.0 {
                Value::String(separator) => text.push_str(separator),
                Value::Null => {}
                _ => return Err(fault::pair(&Val::text(text), &separator, "cannot be added")),
            }
        }
        let from = text.len();
        match item {
            Value::Null => {}
            Value::String(part) => text.push_str(part),
            Value::Bool(_) | Value::Number(_) => text.push_str(&item.to_json()),
            _ => return Err(fault::pair(&Val::text(text), &Val(item.clone()), "cannot be added")),
        }
        meter::bytes(text.len() - from + 1);
    }
    Ok(Val::text(text))
}

/// Where `part` is: byte offsets in a string as in jq 1.6, places of an item or a run of items in an array.
pub(in crate::jq) fn indices(value: &Val, part: &Val) -> Result {
    match (&value.0, &part.0) {
        (Value::Null, _) => Ok(Val::NULL),
        (Value::String(text), Value::String(part)) => Ok(find_text(text, part)),
        (Value::Array(items), Value::Array(run)) => {
            let found = |at: &usize| {
                let same = items[*at..].iter().zip(run.iter()).all(|(a, b)| order::compare(a, b).is_eq());
                same && !run.is_empty()
            };
            let last = (items.len() + 1).saturating_sub(run.len());
            Ok(Val::list((0..last).filter(found).map(|at| Val::from(at).0)))
        }
        (Value::Array(items), _) => {
            let found = |at: &usize| order::compare(&items[*at], &part.0).is_eq();
            Ok(Val::list((0..items.len()).filter(found).map(|at| Val::from(at).0)))
        }
        _ => Err(fault::index(value, part)),
    }
}

/// One after the other: finds do not overlap.
fn find_text(text: &Arc<str>, part: &str) -> Val {
    if part.is_empty() {
        return Val::NULL;
    }
    meter::scanned(text.len());
    Val::list(text.match_indices(part).map(|(at, _)| Val::from(at).0))
}

fn end(found: Val, pick: fn(&[Value]) -> Option<&Value>) -> Val {
    Val(found.as_list().and_then(pick).cloned().unwrap_or_default())
}
