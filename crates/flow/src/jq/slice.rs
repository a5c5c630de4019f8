//! Slices of arrays and strings, and positions in them.

use jaq_core::val::Range;

use crate::value::{Number, Object, Value};

use super::{
    fault::{self, Result},
    meter,
    val::{ITEM, Val},
};

/// The place that `number` names in a list of `len` items: from the end when negative, none when fractional or before the start.
/// It may lie past the end.
pub(super) fn position(number: &Number, len: usize) -> Option<usize> {
    let at = number.as_i64()?;
    let from_end = || i64::try_from(len).ok()?.checked_add(at);
    usize::try_from(if at < 0 { from_end()? } else { at }).ok()
}

/// As [`position`], with a fraction dropped: what is updated.
pub(super) fn whole_position(number: &Number, len: usize) -> Option<usize> {
    position(&Number::unchecked(number.as_f64().trunc()), len)
}

/// Start and end of a slice of `len` items, with `start <= end <= len`: the start rounded down, the end up.
pub(super) fn bounds(range: Range<&Val>, len: usize) -> Result<std::ops::Range<usize>> {
    let bound = |value: Option<&Val>, absent: usize, round: fn(f64) -> f64| match value.map(|value| &value.0) {
        None | Some(Value::Null) => Ok(absent),
        Some(Value::Number(number)) => {
            let at = number.as_f64();
            let at = if at < 0.0 { at + len as f64 } else { at };
            Ok(round(at).clamp(0.0, len as f64) as usize)
        }
        Some(_) => Err(fault::text("Start and end indices of an array slice must be numbers")),
    };
    let start = bound(range.start, 0, f64::floor)?;
    let end = bound(range.end, len, f64::ceil)?;
    Ok(start..end.max(start))
}

/// `.[from:upto]`
pub(super) fn get(value: Val, range: Range<&Val>) -> Result {
    match &value.0 {
        Value::Null => bounds(range, 0).map(|_| Val::NULL),
        Value::Array(items) => {
            let range = bounds(range, items.len())?;
            if range.len() == items.len() {
                return Ok(value);
            }
            meter::bytes(range.len() * ITEM);
            Ok(Val::array(items[range].iter().cloned().collect()))
        }
        Value::String(text) => Ok(Val::text(chars(text, range)?)),
        _ => Err(fault::index(&value, &Val(Value::object([("start", Value::Null)])))),
    }
}

/// The part of `text` between two code points.
fn chars<'t>(text: &'t str, range: Range<&Val>) -> Result<&'t str> {
    meter::scanned(text.len());
    if text.is_ascii() {
        return Ok(&text[bounds(range, text.len())?]);
    }
    let range = bounds(range, text.chars().count())?;
    let byte = |count: usize| text.char_indices().nth(count).map_or(text.len(), |(at, _)| at);
    Ok(&text[byte(range.start)..byte(range.end)])
}

/// The bounds that a path writes as `{"start": …, "end": …}`.
pub(super) fn from_path(object: &Object) -> Result<[Val; 2]> {
    match (object.get("start"), object.get("end")) {
        (Some(start), Some(end)) => Ok([Val(start.clone()), Val(end.clone())]),
        _ => Err(fault::text("Start and end indices of an array slice must be numbers")),
    }
}

/// The slice of a list of `len` items that a path writes so.
pub(super) fn of(object: &Object, len: usize) -> Result<std::ops::Range<usize>> {
    let [start, end] = from_path(object)?;
    bounds(Some(&start)..Some(&end), len)
}
