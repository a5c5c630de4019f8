//! Filters that work on paths.

use jaq_core::{Bind, Exn, Native, ValX, ValXs, box_iter::box_once, native::Fun, path::Opt};

use crate::value::{Array, Value};

use super::{
    super::{
        Kind,
        fault::{self, Result},
        meter, order,
        rewrite::LAST,
        slice,
        update::{own_array, own_object, owned_items},
        val::{Val, raise},
    },
    Cv, Table, filter_argument, run, unary,
};

pub(super) fn table() -> impl Iterator<Item = Fun<Kind>> {
    let plain: Table = vec![unary!("delpaths", delpaths)];
    plain.into_iter().map(run::<Kind>).chain(choosing())
}

/// Filters that pass some outputs of another on, and so can stand on the left of an assignment.
fn choosing() -> [Fun<Kind>; 4] {
    let first = Native::new(|mut cv| {
        let (f, context) = cv.0.pop_fun();
        Box::new(f.run((context, cv.1)).next().into_iter())
    })
    .with_paths(|mut cv| {
        let (f, context) = cv.0.pop_fun();
        Box::new(f.paths((context, cv.1)).next().into_iter())
    })
    .with_update(|mut cv: Cv<'_>, update| {
        let (f, context) = cv.0.pop_fun();
        let found = f.paths((context, (cv.1.clone(), Default::default()))).next();
        box_once(update_at(cv.1, found.map(|found| found.map(|(_, path)| path.iter().cloned().collect())), update))
    });
    let limit = Native::new(|mut cv| {
        let ((f, context), most) = (cv.0.pop_fun(), cv.0.pop_var());
        Box::new(f.run((context, cv.1)).take(count(&most)))
    })
    .with_paths(|mut cv| {
        let ((f, context), most) = (cv.0.pop_fun(), cv.0.pop_var());
        Box::new(f.paths((context, cv.1)).take(count(&most)))
    })
    .with_update(|mut cv: Cv<'_>, update| {
        let ((f, context), most) = (cv.0.pop_fun(), cv.0.pop_var());
        let found = f.paths((context, (cv.1.clone(), Default::default()))).take(count(&most));
        let found = found.map(|found| found.map(|(_, path)| path.iter().cloned().collect()));
        box_once(found.map(Some).try_fold(cv.1, |value, path| update_at(value, path, update.clone())))
    });
    [
        ("first", filter_argument(), first),
        ("last", filter_argument(), last()),
        (LAST, filter_argument(), last()),
        ("limit", Box::new([Bind::Var(()), Bind::Fun(())]), limit),
    ]
}

/// The last output; null when there is none.
fn last() -> Native<Kind> {
    Native::new(|mut cv| {
        let (f, context) = cv.0.pop_fun();
        box_once(last_of(f.run((context, cv.1))).unwrap_or(Ok(Val::NULL)))
    })
    .with_paths(|mut cv| {
        let (f, context) = cv.0.pop_fun();
        Box::new(last_of(f.paths((context, cv.1))).into_iter())
    })
    .with_update(|mut cv: Cv<'_>, update| {
        let (f, context) = cv.0.pop_fun();
        let found = last_of(f.paths((context, (cv.1.clone(), Default::default()))));
        box_once(update_at(cv.1, found.map(|found| found.map(|(_, path)| path.iter().cloned().collect())), update))
    })
}

fn last_of<T, E>(mut outputs: impl Iterator<Item = std::result::Result<T, E>>) -> Option<std::result::Result<T, E>> {
    outputs.try_fold(None, |_, output| output.map(Some)).transpose()
}

/// Rounded up; no limit when negative, as in jq 1.6.
fn count(most: &Val) -> usize {
    match most.0.as_f64() {
        Some(most) if most >= 0.0 => most.ceil() as usize,
        _ => usize::MAX,
    }
}

/// A path as the interpreter keeps it: the last key first.
type Backwards = Vec<Val>;

/// Applies `update` to what stands at the path, if there is one.
fn update_at<'a>(
    value: Val,
    path: Option<std::result::Result<Backwards, Exn<'a, Val>>>,
    update: impl Fn(Val) -> ValXs<'a, Val> + Clone,
) -> ValX<'a, Val> {
    match path {
        None => Ok(value),
        Some(path) => {
            descend(value, &path?, &update)?.ok_or_else(|| raise(fault::text("Cannot delete the whole value")))
        }
    }
}

fn descend<'a>(
    value: Val,
    path: &[Val],
    update: &impl Fn(Val) -> ValXs<'a, Val>,
) -> std::result::Result<Option<Val>, Exn<'a, Val>> {
    match path.split_last() {
        None => update(value).next().transpose(),
        Some((key, rest)) => {
            let inner = |value| descend(value, rest, update).transpose().into_iter();
            super::super::update::index(value, key, Opt::Essential, inner).map(Some)
        }
    }
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
