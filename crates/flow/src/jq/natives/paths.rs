//! Filters that work on paths.

use jaq_core::native::Fun;

use crate::value::{Array, Value};

use super::{
    super::{
        Kind,
        fault::{self, Result},
        meter, order, slice,
        update::{own_array, own_object, owned_items},
        val::Val,
    },
    Table, run, unary,
};

pub(super) fn table() -> impl Iterator<Item = Fun<Kind>> {
    let plain: Table = vec![unary!("delpaths", delpaths)];
    plain.into_iter().map(run::<Kind>)
}

/// Deletes all paths at once: the last ones first, so that the others keep their meaning.
fn delpaths(value: Val, paths: Val) -> Result {
    let Value::Array(paths) = paths.0 else {
        return Err(fault::text("Paths must be specified as an array"));
    };
    let mut paths = owned_items(paths);
    meter::nodes(paths.len());
    paths.sort_by(order::compare);
    paths.into_iter().rev().try_fold(value, |value, path| match &path {
        Value::Array(path) => delete(value.0, path).map(Val),
        other => Err(fault::text(format!("Path must be specified as array, not {}", other.type_name()))),
    })
}

fn delete(value: Value, path: &[Value]) -> Result<Value> {
    meter::step();
    match (value, path) {
        (_, []) | (Value::Null, _) => Ok(Value::Null),
        (value, [key]) => delete_key(value, key),
        (Value::Object(mut object), [Value::String(key), rest @ ..]) => {
            if object.contains_key(key) {
                let members = own_object(&mut object);
                let inner = members.take(key).unwrap_or_default();
                members.insert(key.clone(), delete(inner, rest)?);
            }
            Ok(Value::Object(object))
        }
        (Value::Array(mut items), [Value::Number(at), rest @ ..]) => {
            if let Some(at) = slice::position(at, items.len()).filter(|at| *at < items.len()) {
                let list = own_array(&mut items);
                let inner = list.replace(at, Value::Null).unwrap_or_default();
                list.replace(at, delete(inner, rest)?);
            }
            Ok(Value::Array(items))
        }
        (Value::Array(items), [Value::Object(bounds), rest @ ..]) => {
            let range = slice::of(bounds, items.len())?;
            let part = Value::array(items[range.clone()].iter().cloned());
            let Value::Array(part) = delete(part, rest)? else { return Ok(Value::Array(items)) };
            meter::bytes(items.len() * super::super::val::ITEM);
            let all = items[..range.start].iter().chain(part.iter()).chain(&items[range.end..]);
            Ok(Value::array(all.cloned()))
        }
        (value, [key, ..]) => Err(fault::index(&Val(value), &Val(key.clone()))),
    }
}

fn delete_key(value: Value, key: &Value) -> Result<Value> {
    match (value, key) {
        (Value::Object(mut object), Value::String(key)) => {
            if object.contains_key(key) {
                meter::nodes(object.len());
                own_object(&mut object).remove(key);
            }
            Ok(Value::Object(object))
        }
        (Value::Array(mut items), Value::Number(at)) => {
            if let Some(at) = slice::position(at, items.len()).filter(|at| *at < items.len()) {
                meter::nodes(items.len() / 8);
                own_array(&mut items).remove(at);
            }
            Ok(Value::Array(items))
        }
        (Value::Array(items), Value::Object(bounds)) => {
            let range = slice::of(bounds, items.len())?;
            meter::bytes(items.len() * super::super::val::ITEM);
            let rest = items[..range.start].iter().chain(&items[range.end..]);
            Ok(Value::Array(rest.cloned().collect::<Array>().into()))
        }
        (value @ Value::Object(_), key) => {
            Err(fault::text(format!("Cannot delete field at {} index of {}", key.type_name(), value.type_name())))
        }
        (value, key) => Err(fault::index(&Val(value), &Val(key.clone()))),
    }
}
