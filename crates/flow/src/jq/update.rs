//! `|=` on the parts of a value: the first output of the filter takes the place of the part, none deletes it.

use std::sync::Arc;

use jaq_core::{ValX, path::Opt, val::Range};

use crate::value::{Array, Object, Value};

use super::{
    fault::{self, Error},
    meter, slice,
    val::{ITEM, MEMBER, Val, raise},
};

/// `.[] |= f`
pub(super) fn values<'a, I: Iterator<Item = ValX<'a, Val>>>(
    value: Val,
    opt: Opt,
    f: impl Fn(Val) -> I,
) -> ValX<'a, Val> {
    meter::step();
    match value.0 {
        Value::Array(items) => {
            let mut list = Array::new();
            for item in owned_items(items) {
                if let Some(item) = f(Val(item)).next().transpose()? {
                    meter::bytes(ITEM);
                    list.push(item.0);
                }
            }
            Ok(Val::array(list))
        }
        Value::Object(object) => {
            let mut new = Object::new();
            for (key, value) in owned_members(object) {
                if let Some(value) = f(Val(value)).next().transpose()? {
                    meter::bytes(MEMBER);
                    new.insert(key, value.0);
                }
            }
            Ok(Val::object(new))
        }
        other => opt.fail(Val(other), |value| raise(fault::iterate(&value))),
    }
}

/// `.[index] |= f`
pub(super) fn index<'a, I: Iterator<Item = ValX<'a, Val>>>(
    value: Val,
    index: &Val,
    opt: Opt,
    f: impl Fn(Val) -> I,
) -> ValX<'a, Val> {
    meter::step();
    match (value.0, &index.0) {
        (Value::Null, Value::String(key)) => put_member(Arc::default(), key, f),
        (Value::Object(object), Value::String(key)) => put_member(object, key, f),
        (Value::Null, Value::Number(number)) => put_item(Arc::default(), slice::whole_position(number, 0), opt, f),
        (Value::Array(items), Value::Number(number)) => {
            let at = slice::whole_position(number, items.len());
            put_item(items, at, opt, f)
        }
        (value @ (Value::Null | Value::Array(_)), Value::Object(bounds)) => {
            let [start, end] = slice::from_path(bounds).map_err(raise)?;
            range(Val(value), Some(&start)..Some(&end), opt, f)
        }
        (value, _) => opt.fail(Val(value), |value| raise(fault::index(&value, index))),
    }
}

/// `.[from:upto] |= f`
pub(super) fn range<'a, I: Iterator<Item = ValX<'a, Val>>>(
    value: Val,
    range: Range<&Val>,
    opt: Opt,
    f: impl Fn(Val) -> I,
) -> ValX<'a, Val> {
    meter::step();
    let items = match value.0 {
        Value::Null => Arc::default(),
        Value::Array(items) => items,
        Value::String(_) => {
            return opt.fail(value, |_| raise(fault::text("Cannot update field at object index of string")));
        }
        other => {
            let key = Val(Value::object([("start", Value::Null)]));
            return opt.fail(Val(other), |value| raise(fault::index(&value, &key)));
        }
    };
    let range = slice::bounds(range, items.len()).map_err(raise)?;
    let part = Val(Value::array(items[range.clone()].iter().cloned()));
    meter::bytes(items.len() * ITEM);
    let new = match f(part).next().transpose()? {
        None => Arc::default(),
        Some(Val(Value::Array(new))) => new,
        Some(_) => {
            return Err(raise(fault::text("A slice of an array can only be assigned another array")));
        }
    };
    meter::bytes(new.len() * ITEM);
    let all = items[..range.start].iter().chain(new.iter()).chain(&items[range.end..]);
    Ok(Val::array(all.cloned().collect()))
}

fn put_member<'a, I: Iterator<Item = ValX<'a, Val>>>(
    mut object: Arc<Object>,
    key: &Arc<str>,
    f: impl Fn(Val) -> I,
) -> ValX<'a, Val> {
    let members = own_object(&mut object);
    // Taken out, so that the filter can change it in place.
    let old = members.take(key);
    match f(Val(old.unwrap_or_default())).next().transpose()? {
        Some(value) => {
            if !members.contains_key(key) {
                meter::bytes(MEMBER);
            }
            members.insert(key.clone(), value.0);
        }
        None => {
            meter::nodes(members.len());
            members.remove(key);
        }
    }
    let value = Value::Object(object);
    meter::depth(value.depth());
    Ok(Val(value))
}

fn put_item<'a, I: Iterator<Item = ValX<'a, Val>>>(
    mut items: Arc<Array>,
    at: Option<usize>,
    opt: Opt,
    f: impl Fn(Val) -> I,
) -> ValX<'a, Val> {
    let Some(at) = at else {
        let error = || -> Error { fault::text("Out of bounds negative array index") };
        return opt.fail(Val(Value::Array(items)), |_| raise(error()));
    };
    let list = own_array(&mut items);
    let old = list.replace(at, Value::Null).unwrap_or_default();
    match f(Val(old)).next().transpose()? {
        Some(value) => {
            meter::bytes((at + 1).saturating_sub(list.len()).saturating_mul(ITEM));
            while list.len() <= at {
                list.push(Value::Null);
            }
            list.replace(at, value.0);
        }
        None => {
            meter::nodes(list.len());
            list.remove(at);
        }
    }
    let value = Value::Array(items);
    meter::depth(value.depth());
    Ok(Val(value))
}

/// The object to change in place: a charged copy when somebody else holds it too.
pub(super) fn own_object(object: &mut Arc<Object>) -> &mut Object {
    if Arc::get_mut(object).is_none() {
        meter::bytes(object.len() * MEMBER);
    }
    Arc::make_mut(object)
}

/// The array to change in place: a charged copy when somebody else holds it too.
pub(super) fn own_array(items: &mut Arc<Array>) -> &mut Array {
    if Arc::get_mut(items).is_none() {
        meter::bytes(items.len() * ITEM);
    }
    Arc::make_mut(items)
}

pub(super) fn owned_items(items: Arc<Array>) -> Vec<Value> {
    Arc::try_unwrap(items).map_or_else(|shared| shared.to_vec(), Array::into_vec)
}

fn owned_members(object: Arc<Object>) -> impl Iterator<Item = (Arc<str>, Value)> {
    Arc::try_unwrap(object).unwrap_or_else(|shared| Object::clone(&shared)).into_iter()
}
