//! Filters of arrays: sorting, grouping, extremes.

use std::cmp::Ordering;

use jaq_core::{Exn, ValX, box_iter::box_once};

use crate::value::Value;

use super::{
    super::{
        fault::{self, Result},
        meter, order,
        update::owned_items,
        val::{Val, raise},
    },
    Cv, Table, filter_argument, nullary,
};

pub(super) fn table() -> Table {
    vec![
        nullary!("sort", sort),
        nullary!("reverse", reverse),
        nullary!("min", |value| extreme(value, Ordering::Less)),
        nullary!("max", |value| extreme(value, Ordering::Greater)),
        ("sort_by", filter_argument(), |cv| box_once(sort_by(cv))),
        ("group_by", filter_argument(), |cv| box_once(group_by(cv))),
        ("unique_by", filter_argument(), |cv| box_once(unique_by(cv))),
        ("min_by", filter_argument(), |cv| box_once(extreme_by(cv, Ordering::Less))),
        ("max_by", filter_argument(), |cv| box_once(extreme_by(cv, Ordering::Greater))),
    ]
}

fn items_to_sort(value: Val) -> Result<Vec<Value>> {
    match value.0 {
        Value::Array(items) => {
            meter::nodes(items.len());
            Ok(owned_items(items))
        }
        other => Err(fault::unfit(&Val(other), "cannot be sorted, as it is not an array")),
    }
}

fn sort(value: Val) -> Result {
    let mut items = items_to_sort(value)?;
    items.sort_by(order::compare);
    Ok(Val::list(items))
}

fn reverse(value: Val) -> Result {
    match value.0 {
        Value::Array(items) => Ok(Val::list(owned_items(items).into_iter().rev())),
        Value::Null => Ok(Val::list([])),
        Value::String(text) if text.is_empty() => Ok(Val::list([])),
        Value::Object(object) if object.is_empty() => Ok(Val::list([])),
        other => Err(fault::index(&Val(other), &Val::from(0_usize))),
    }
}

/// The items of the input array, each with its outputs of the filter.
fn keyed<'a>(mut cv: Cv<'a>) -> std::result::Result<Vec<(Val, Value)>, Exn<'a, Val>> {
    let (filter, context) = cv.0.pop_fun();
    let Value::Array(items) = cv.1.0 else {
        let problem = "cannot be sorted, as they are not both arrays";
        // jq maps the filter over the input first, which fails unless it is an object.
        return Err(raise(match &cv.1.0 {
            Value::Object(_) => fault::pair(&cv.1, &Val::list([]), problem),
            _ => fault::iterate(&cv.1),
        }));
    };
    let key = |item: Value| {
        meter::step();
        let outputs = filter.run((context.clone(), Val(item.clone())));
        Ok((outputs.collect::<std::result::Result<Val, _>>()?, item))
    };
    owned_items(items).into_iter().map(key).collect()
}

/// Stable, by the keys.
fn sorted<'a>(cv: Cv<'a>) -> std::result::Result<Vec<(Val, Value)>, Exn<'a, Val>> {
    let mut pairs = keyed(cv)?;
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(pairs)
}

fn sort_by<'a>(cv: Cv<'a>) -> ValX<'a, Val> {
    Ok(Val::list(sorted(cv)?.into_iter().map(|(_, item)| item)))
}

fn group_by<'a>(cv: Cv<'a>) -> ValX<'a, Val> {
    let pairs = sorted(cv)?;
    let groups = pairs.chunk_by(|a, b| a.0.cmp(&b.0).is_eq());
    Ok(Val::list(groups.map(|group| Val::list(group.iter().map(|(_, item)| item.clone())).0)))
}

fn unique_by<'a>(cv: Cv<'a>) -> ValX<'a, Val> {
    let mut pairs = sorted(cv)?;
    pairs.dedup_by(|a, b| a.0.cmp(&b.0).is_eq());
    Ok(Val::list(pairs.into_iter().map(|(_, item)| item)))
}

/// The first of the least, or the last of the greatest.
fn best<T>(items: Vec<T>, wanted: Ordering, compare: impl Fn(&T, &T) -> Ordering) -> Option<T> {
    items.into_iter().reduce(|best, item| match compare(&item, &best) {
        order if order == wanted => item,
        Ordering::Equal if wanted == Ordering::Greater => item,
        _ => best,
    })
}

fn extreme(value: Val, wanted: Ordering) -> Result {
    let Value::Array(items) = value.0 else {
        return Err(fault::pair(&value, &value, "cannot be iterated over"));
    };
    meter::nodes(items.len());
    Ok(Val(best(owned_items(items), wanted, order::compare).unwrap_or_default()))
}

fn extreme_by<'a>(cv: Cv<'a>, wanted: Ordering) -> ValX<'a, Val> {
    let pairs = keyed(cv)?;
    Ok(Val(best(pairs, wanted, |a, b| a.0.cmp(&b.0)).map(|(_, item)| item).unwrap_or_default()))
}
