//! The value that jq programs see: our [`Value`] as it is, behind the traits that jaq's interpreter asks for.
//!
//! Semantics and error texts are those of jq 1.6; every operation that walks or makes something charges the [`meter`].

use std::{borrow::Cow, cmp::Ordering, fmt, sync::Arc};

use jaq_core::{Exn, ValX, box_iter::BoxIter, path::Opt, val::Range};

use crate::value::{Array, Number, Object, Value};

use super::{
    fault::{self, Error, Result},
    meter, slice, update,
};

/// A value inside a running program; its numbers may be NaN or infinite.
#[derive(Clone)]
pub(super) struct Val(pub(super) Value);

impl Val {
    pub(super) const NULL: Val = Val(Value::Null);

    pub(super) fn number(float: f64) -> Self {
        if !float.is_finite() {
            meter::made_odd_number();
        }
        Val(Value::Number(Number::unchecked(float)))
    }

    /// A new string; charges its bytes.
    pub(super) fn text<'t>(text: impl Into<Cow<'t, str>>) -> Self {
        let text = text.into();
        meter::bytes(text.len() + 16);
        Val(Value::String(Arc::from(&*text)))
    }

    /// A new array; charges its items.
    pub(super) fn list(items: impl IntoIterator<Item = Value>) -> Self {
        let mut list = Array::new();
        for item in items {
            meter::bytes(ITEM);
            list.push(item);
        }
        Self::array(list)
    }

    /// An array whose items are paid for.
    pub(super) fn array(items: Array) -> Self {
        let value = Value::Array(Arc::new(items));
        meter::depth(value.depth());
        meter::bytes(ITEM);
        Val(value)
    }

    /// An object whose members are paid for.
    pub(super) fn object(object: Object) -> Self {
        let value = Value::Object(Arc::new(object));
        meter::depth(value.depth());
        Val(value)
    }

    pub(super) fn as_list(&self) -> Option<&[Value]> {
        self.0.as_array()
    }

    /// The beginning of the JSON text: as much as is needed for `most` bytes.
    pub(super) fn to_json_start(&self, most: usize) -> String {
        let mut out = String::new();
        super::text::write(&self.0, &mut out, most);
        out
    }

    /// The JSON text, charged by node and byte.
    pub(super) fn to_json(&self) -> String {
        let mut out = String::new();
        super::text::write(&self.0, &mut out, usize::MAX);
        out
    }
}

/// Bytes charged for a place in an array, and for one in an object besides its new key.
pub(super) const ITEM: usize = 24;
pub(super) const MEMBER: usize = 40;

impl fmt::Display for Val {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_json())
    }
}

impl fmt::Debug for Val {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<bool> for Val {
    fn from(value: bool) -> Self {
        Val(Value::Bool(value))
    }
}

impl From<isize> for Val {
    fn from(value: isize) -> Self {
        Val(Value::from(value as i64))
    }
}

impl From<usize> for Val {
    fn from(value: usize) -> Self {
        i64::try_from(value).map_or_else(|_| Val::number(value as f64), |int| Val(Value::from(int)))
    }
}

impl From<f64> for Val {
    fn from(value: f64) -> Self {
        Val::number(value)
    }
}

impl From<String> for Val {
    fn from(value: String) -> Self {
        Val::text(value)
    }
}

/// A slice as a path shows it: `{"start":1,"end":null}`.
impl From<Range<Val>> for Val {
    fn from(range: Range<Val>) -> Self {
        let bound = |bound: Option<Val>| bound.map_or(Value::Null, |value| value.0);
        meter::bytes(2 * MEMBER);
        Val(Value::object([("start", bound(range.start)), ("end", bound(range.end))]))
    }
}

impl FromIterator<Val> for Val {
    fn from_iter<I: IntoIterator<Item = Val>>(items: I) -> Self {
        Val::list(items.into_iter().map(|item| item.0))
    }
}

impl PartialEq for Val {
    fn eq(&self, other: &Self) -> bool {
        super::order::equal(&self.0, &other.0)
    }
}

impl Eq for Val {}

/// As `<` sees it: NaN is less than everything, itself included.
#[allow(clippy::non_canonical_partial_ord_impl)]
impl PartialOrd for Val {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        if is_nan(self) && matches!(other.0, Value::Number(_)) {
            return Some(Ordering::Less);
        }
        Some(super::order::compare(&self.0, &other.0))
    }
}

/// As `sort` sees it.
impl Ord for Val {
    fn cmp(&self, other: &Self) -> Ordering {
        super::order::compare(&self.0, &other.0)
    }
}

fn is_nan(value: &Val) -> bool {
    matches!(&value.0, Value::Number(number) if number.is_nan())
}

impl jaq_core::ValT for Val {
    fn from_num(text: &str) -> Result {
        let float = || text.parse::<f64>().unwrap_or(f64::NAN);
        Ok(Number::parse(text)
            .map_or_else(|| Val::number(float().clamp(f64::MIN, f64::MAX)), |number| Val(Value::Number(number))))
    }

    fn from_map<I: IntoIterator<Item = (Self, Self)>>(pairs: I) -> Result {
        let mut object = Object::new();
        for (key, value) in pairs {
            let Value::String(key) = key.0 else {
                let key = fault::unfit(&key, "as object key").into_val();
                return Err(fault::text(format!("Cannot use {}", key.0.as_str().unwrap_or_default())));
            };
            meter::bytes(MEMBER);
            object.insert(key, value.0);
        }
        Ok(Val::object(object))
    }

    fn key_values(self) -> BoxIter<'static, std::result::Result<(Val, Val), Error>> {
        match self.0 {
            Value::Array(items) => Box::new((0..items.len()).map(move |at| {
                meter::item();
                Ok((Val::from(at), Val(items[at].clone())))
            })),
            Value::Object(object) => Box::new((0..object.len()).map(move |at| {
                meter::item();
                let (key, value) = object.entry(at).expect("the index is below the length");
                Ok((Val(Value::String(key.clone())), Val(value.clone())))
            })),
            _ => Box::new(std::iter::once(Err(fault::iterate(&self)))),
        }
    }

    fn values(self) -> Box<dyn Iterator<Item = Result>> {
        meter::step();
        match self.0 {
            Value::Array(items) => Box::new((0..items.len()).map(move |at| {
                meter::item();
                Ok(Val(items[at].clone()))
            })),
            Value::Object(object) => Box::new((0..object.len()).map(move |at| {
                meter::item();
                Ok(Val(object.entry(at).expect("the index is below the length").1.clone()))
            })),
            _ => Box::new(std::iter::once(Err(fault::iterate(&self)))),
        }
    }

    fn index(self, index: &Self) -> Result {
        meter::nodes(1);
        match (&self.0, &index.0) {
            (Value::Object(object), Value::String(key)) => Ok(Val(object.get(key).cloned().unwrap_or_default())),
            (Value::Array(items), Value::Number(number)) => {
                Ok(Val(slice::position(number, items.len()).and_then(|at| items.get(at)).cloned().unwrap_or_default()))
            }
            (Value::Null, Value::String(_) | Value::Number(_) | Value::Null) => Ok(Val::NULL),
            (Value::Array(_), Value::Array(_)) => super::natives::strings::indices(&self, index),
            (Value::Array(_) | Value::Null, Value::Object(bounds)) => {
                let [start, end] = slice::from_path(bounds)?;
                slice::get(self, Some(&start)..Some(&end))
            }
            _ => Err(fault::index(&self, index)),
        }
    }

    fn range(self, range: Range<&Self>) -> Result {
        slice::get(self, range)
    }

    fn map_values<'a, I: Iterator<Item = ValX<'a, Self>>>(self, opt: Opt, f: impl Fn(Self) -> I) -> ValX<'a, Self> {
        update::values(self, opt, f)
    }

    fn map_index<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        index: &Self,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        update::index(self, index, opt, f)
    }

    fn map_range<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        range: Range<&Self>,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        update::range(self, range, opt, f)
    }

    fn as_bool(&self) -> bool {
        !matches!(self.0, Value::Null | Value::Bool(false))
    }

    fn into_string(self) -> Self {
        if let Value::String(_) = self.0 { self } else { Val(Value::from(self.to_json())) }
    }
}

/// What jaq's library of mathematical functions asks for.
impl jaq_std::ValT for Val {
    fn into_seq<S: FromIterator<Self>>(self) -> std::result::Result<S, Self> {
        match self.0 {
            Value::Array(items) => Ok(items.iter().cloned().map(Val).collect()),
            other => Err(Val(other)),
        }
    }

    fn is_int(&self) -> bool {
        self.as_isize().is_some()
    }

    fn as_isize(&self) -> Option<isize> {
        self.0.as_i64().and_then(|int| isize::try_from(int).ok())
    }

    fn as_f64(&self) -> Option<f64> {
        self.0.as_f64()
    }

    fn is_utf8_str(&self) -> bool {
        self.0.as_str().is_some()
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        self.0.as_str().map(str::as_bytes)
    }

    fn as_sub_str(&self, sub: &[u8]) -> Self {
        Val::text(String::from_utf8_lossy(sub))
    }

    fn from_utf8_bytes(bytes: impl AsRef<[u8]> + Send + 'static) -> Self {
        Val::text(String::from_utf8_lossy(bytes.as_ref()))
    }
}

/// The error as an exception of the interpreter.
pub(super) fn raise<'a>(error: Error) -> Exn<'a, Val> {
    Exn::from(error)
}
