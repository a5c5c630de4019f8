//! The one JSON value: documents, templates, jq and the journal share it (D16).
//!
//! Immutable and `Arc`'d: a clone costs a reference count. Objects keep the order of their keys. Integers stay exact at any
//! length; a float that is a whole number prints without a fraction, as jq prints it.

mod array;
mod number;
mod object;
mod read;
mod text;

use std::sync::Arc;

pub use array::Array;
pub use number::Number;
pub use object::Object;
pub use text::ParseError;
pub(crate) use text::{string_len, write_string};

use crate::time::Timestamp;
use zis_bundle::{
    json::{Kind, Node},
    path::{Path, Segment},
};

/// The deepest nesting that a JSON text or the result of a jq program may have. Whoever nests values otherwise (a template in a
/// loop) checks [`Value::depth`] against it: reading, writing and comparing recurse.
pub const MAX_DEPTH: u32 = 512;

/// Deeper values are taken apart by a loop when they are dropped, so that no nesting can exhaust a stack.
const DROP_BY_RECURSION: u32 = 64;

/// A JSON value.
#[derive(Clone, Default, PartialEq)]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    Number(Number),
    String(Arc<str>),
    Array(Arc<Array>),
    Object(Arc<Object>),
}

impl Value {
    /// Reads one JSON text; trailing text, `NaN` and more than [`MAX_DEPTH`] levels are errors with line and column, half of a surrogate
    /// pair is U+FFFD.
    pub fn from_json(text: &str) -> Result<Self, ParseError> {
        read::parse(text)
    }

    /// Compact JSON text.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        text::write(self, &mut out);
        out
    }

    /// JSON text over several lines, indented by two spaces.
    pub fn to_json_pretty(&self) -> String {
        serde_json::to_string_pretty(self).expect("a value is always JSON")
    }

    /// An object from pairs; a repeated key keeps its first place and its last value.
    pub fn object<K: Into<Arc<str>>>(pairs: impl IntoIterator<Item = (K, Value)>) -> Self {
        Value::Object(Arc::new(pairs.into_iter().map(|(key, value)| (key.into(), value)).collect()))
    }

    pub fn array(items: impl IntoIterator<Item = Value>) -> Self {
        Value::Array(Arc::new(items.into_iter().collect()))
    }

    pub fn string(text: impl AsRef<str>) -> Self {
        Value::String(Arc::from(text.as_ref()))
    }

    /// The member `key`, when this is an object that has it.
    pub fn get(&self, key: &str) -> Option<&Value> {
        if let Value::Object(object) = self { object.get(key) } else { None }
    }

    /// The item `index`, when this is an array that is long enough.
    pub fn item(&self, index: usize) -> Option<&Value> {
        if let Value::Array(items) = self { items.get(index) } else { None }
    }

    /// The node that `path` names.
    pub fn at(&self, path: &Path) -> Option<&Value> {
        path.segments.iter().try_fold(self, |value, segment| match segment {
            Segment::Key(key) => value.get(key),
            Segment::Index(index) => value.item(*index),
        })
    }

    /// This document with `new` at `path`; missing objects are made on the way (spec 3.1 rule 4). The error is the prefix of the
    /// path at which something stands that is no object.
    pub fn with(&self, path: &Path, new: Value) -> Result<Value, Path> {
        fn put(value: &Value, rest: &[Segment], new: Value) -> Result<Value, usize> {
            let Some((first, rest)) = rest.split_first() else { return Ok(new) };
            match (value, first) {
                (Value::Object(object), Segment::Key(key)) => {
                    let inner = put(object.get(key).unwrap_or(&Value::Null), rest, new)?;
                    let mut object = Object::clone(object);
                    object.insert(Arc::from(&**key), inner);
                    Ok(Value::Object(Arc::new(object)))
                }
                (Value::Null, Segment::Key(key)) => Ok(Value::object([(&**key, put(&Value::Null, rest, new)?)])),
                _ => Err(rest.len() + 1),
            }
        }
        put(self, &path.segments, new)
            .map_err(|left| Path { segments: path.segments[..path.segments.len() - left].to_vec() })
    }

    /// How deep the value is nested: 0 for a scalar or an empty array, 1 for `[0]`. Costs nothing; may be too high for a value from
    /// which something was taken.
    pub fn depth(&self) -> u32 {
        match self {
            Value::Array(items) if !items.is_empty() => items.inner_depth() + 1,
            Value::Object(object) if !object.is_empty() => object.inner_depth() + 1,
            _ => 0,
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        if let Value::String(text) = self { Some(text) } else { None }
    }

    pub fn as_bool(&self) -> Option<bool> {
        if let Value::Bool(value) = self { Some(*value) } else { None }
    }

    pub fn as_i64(&self) -> Option<i64> {
        if let Value::Number(number) = self { number.as_i64() } else { None }
    }

    pub fn as_f64(&self) -> Option<f64> {
        if let Value::Number(number) = self { Some(number.as_f64()) } else { None }
    }

    pub fn as_array(&self) -> Option<&[Value]> {
        if let Value::Array(items) = self { Some(items) } else { None }
    }

    pub fn as_object(&self) -> Option<&Object> {
        if let Value::Object(object) = self { Some(object) } else { None }
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// `null`, `boolean`, `number`, `string`, `array` or `object`.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        }
    }

    /// Bytes of the compact JSON text, counted without writing it; stops counting at `most`.
    pub fn json_len(&self, most: usize) -> usize {
        text::length(self, most)
    }
}

/// Drops `values` and all they alone hold, without recursion.
fn dismantle(mut values: Vec<Value>) {
    while let Some(value) = values.pop() {
        if value.depth() > DROP_BY_RECURSION {
            values.append(&mut array::children(value));
        }
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.to_json())
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.to_json())
    }
}

impl From<&Node> for Value {
    fn from(node: &Node) -> Self {
        match &node.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Number(text) => Value::Number(Number::parse(text).unwrap_or(Number::from(0_i64))),
            Kind::String(text) => Value::String(Arc::from(&**text)),
            Kind::Array(items) => Value::array(items.iter().map(Value::from)),
            Kind::Object(members) => {
                Value::object(members.iter().map(|member| (Arc::<str>::from(&*member.key), Value::from(&member.value))))
            }
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Number(Number::from(value))
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Value::Number(Number::from(i64::from(value)))
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Value::Number(Number::from(value))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::string(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::String(Arc::from(text))
    }
}

impl From<Timestamp> for Value {
    fn from(at: Timestamp) -> Self {
        Value::from(at.to_rfc3339_seconds())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Self {
        Value::array(items.into_iter().map(Into::into))
    }
}
