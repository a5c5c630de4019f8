//! The operators `+ - * / %` of jq 1.6, on integers exactly and otherwise on floats.

use std::{
    ops::{Add, Div, Mul, Neg, Rem, Sub},
    sync::Arc,
};

use crate::value::{Array, Number, Object, Value};

use super::{
    fault::{self, Result},
    meter, order,
    update::{own_array, own_object, owned_items},
    val::{ITEM, MEMBER, Val},
};

fn number(number: Number) -> Result {
    if !number.as_f64().is_finite() {
        meter::made_odd_number();
    }
    Ok(Val(Value::Number(number)))
}

impl Add for Val {
    type Output = Result;

    fn add(self, other: Self) -> Result {
        meter::nodes(1);
        match (self.0, other.0) {
            (Value::Null, value) | (value, Value::Null) => Ok(Val(value)),
            (Value::Number(a), Value::Number(b)) => number(a.combine(&b, i64::checked_add, |a, b| a + b)),
            (Value::String(a), Value::String(b)) => Ok(Val(Value::String(concat(a, b)))),
            (Value::Array(a), Value::Array(b)) => Ok(append(a, b)),
            (Value::Object(a), Value::Object(b)) => Ok(merge(a, b)),
            (a, b) => Err(fault::pair(&Val(a), &Val(b), "cannot be added")),
        }
    }
}

/// Charges what is new: both texts while the left one stays in use elsewhere, the right one alone otherwise.
fn concat(left: Arc<str>, right: Arc<str>) -> Arc<str> {
    if left.is_empty() {
        return right;
    }
    if right.is_empty() {
        return left;
    }
    let kept = if Arc::strong_count(&left) > 1 { left.len() + 16 } else { 0 };
    meter::bytes(kept + right.len());
    meter::copied(left.len());
    let mut text = String::with_capacity(left.len() + right.len());
    text.push_str(&left);
    text.push_str(&right);
    Arc::from(text)
}

fn append(mut left: Arc<Array>, right: Arc<Array>) -> Val {
    if left.is_empty() {
        return Val(Value::Array(right));
    }
    if right.is_empty() {
        return Val(Value::Array(left));
    }
    meter::bytes(right.len() * ITEM);
    own_array(&mut left).extend(owned_items(right));
    Val(Value::Array(left))
}

fn merge(mut left: Arc<Object>, right: Arc<Object>) -> Val {
    if left.is_empty() {
        return Val(Value::Object(right));
    }
    meter::bytes(right.len() * MEMBER);
    let members = own_object(&mut left);
    match Arc::try_unwrap(right) {
        Ok(right) => right.into_iter().for_each(|(key, value)| members.insert(key, value)),
        Err(right) => right.iter().for_each(|(key, value)| members.insert(key.clone(), value.clone())),
    }
    Val(Value::Object(left))
}

impl Sub for Val {
    type Output = Result;

    fn sub(self, other: Self) -> Result {
        meter::nodes(1);
        match (self.0, other.0) {
            (Value::Number(a), Value::Number(b)) => number(a.combine(&b, i64::checked_sub, |a, b| a - b)),
            (Value::Array(a), Value::Array(b)) => {
                let gone = |item: &Value| b.iter().any(|other| order::compare(item, other).is_eq());
                Ok(Val::list(owned_items(a).into_iter().filter(|item| !gone(item))))
            }
            (a, b) => Err(fault::pair(&Val(a), &Val(b), "cannot be subtracted")),
        }
    }
}

impl Mul for Val {
    type Output = Result;

    fn mul(self, other: Self) -> Result {
        meter::nodes(1);
        match (self.0, other.0) {
            (Value::Number(a), Value::Number(b)) => number(a.combine(&b, i64::checked_mul, |a, b| a * b)),
            (Value::String(text), Value::Number(times)) | (Value::Number(times), Value::String(text)) => {
                Ok(repeat(&text, times.as_f64()))
            }
            (Value::Object(a), Value::Object(b)) => Ok(Val(deep_merge(a, &b))),
            (a, b) => Err(fault::pair(&Val(a), &Val(b), "cannot be multiplied")),
        }
    }
}

/// `text * times`: null for nothing, and at least once for a fraction.
fn repeat(text: &str, times: f64) -> Val {
    if times.is_nan() || times <= 0.0 {
        return Val::NULL;
    }
    let times = times.max(1.0) as usize;
    // Charged before it is made.
    meter::bytes(text.len().saturating_mul(times));
    Val(Value::String(Arc::from(text.repeat(times))))
}

/// Objects in both are merged, everything else is taken from the right.
fn deep_merge(mut left: Arc<Object>, right: &Object) -> Value {
    meter::step();
    let members = own_object(&mut left);
    for (key, new) in right.iter() {
        meter::bytes(MEMBER);
        let new = match (members.take(key), new) {
            (Some(Value::Object(old)), Value::Object(new)) => deep_merge(old, new),
            _ => new.clone(),
        };
        members.insert(key.clone(), new);
    }
    Value::Object(left)
}

impl Div for Val {
    type Output = Result;

    fn div(self, other: Self) -> Result {
        meter::nodes(1);
        match (&self.0, &other.0) {
            (Value::Number(a), Value::Number(b)) => {
                if b.as_f64() == 0.0 {
                    return Err(fault::pair(&self, &other, "cannot be divided because the divisor is zero"));
                }
                let exact = |a: i64, b: i64| (a.checked_rem(b) == Some(0)).then(|| a / b);
                number(a.combine(b, exact, |a, b| a / b))
            }
            (Value::String(text), Value::String(separator)) => Ok(split(text, separator)),
            _ => Err(fault::pair(&self, &other, "cannot be divided")),
        }
    }
}

/// The parts of `text` between the `separator`s; its characters when there is none.
pub(super) fn split(text: &str, separator: &str) -> Val {
    meter::scanned(text.len());
    let part = |part: &str| Val::text(part).0;
    if text.is_empty() {
        Val::list([])
    } else if separator.is_empty() {
        Val::list(text.chars().map(|char| part(char.encode_utf8(&mut [0; 4]))))
    } else {
        Val::list(text.split(separator).map(part))
    }
}

impl Rem for Val {
    type Output = Result;

    fn rem(self, other: Self) -> Result {
        meter::nodes(1);
        let (Value::Number(a), Value::Number(b)) = (&self.0, &other.0) else {
            return Err(fault::pair(&self, &other, "cannot be divided (remainder)"));
        };
        let whole = |number: &Number| number.as_i64().unwrap_or(number.as_f64() as i64);
        match whole(b) {
            0 => Err(fault::pair(&self, &other, "cannot be divided (remainder) because the divisor is zero")),
            divisor => Ok(Val(Value::from(whole(a).wrapping_rem(divisor)))),
        }
    }
}

impl Neg for Val {
    type Output = Result;

    fn neg(self) -> Result {
        match &self.0 {
            Value::Number(value) => {
                let zero = Number::unchecked(0.0);
                number(zero.combine(value, |_, int| if int == 0 { None } else { int.checked_neg() }, |_, float| -float))
            }
            _ => Err(fault::unfit(&self, "cannot be negated")),
        }
    }
}
