//! JSON text: writing without a detour, and the bridge to serde.

use std::{borrow::Cow, sync::Arc};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor},
    ser::{SerializeMap, SerializeSeq},
};

use super::{Number, Object, Value};

/// Why a text is no JSON, with line and column from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} at line {line} column {column}")]
pub struct ParseError {
    pub message: String,
    pub line: usize,
    pub column: usize,
}

pub(super) fn write(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => {
            use std::fmt::Write;
            let _ = write!(out, "{number}");
        }
        Value::String(text) => write_string(text, out),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(object) => {
            out.push('{');
            for (at, (key, value)) in object.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_string(key, out);
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
    }
}

/// How a byte must be written in a string, when not as itself; the empty text stands for `\u00..`.
const fn escape(byte: u8) -> Option<&'static str> {
    Some(match byte {
        b'"' => "\\\"",
        b'\\' => "\\\\",
        b'\n' => "\\n",
        b'\r' => "\\r",
        b'\t' => "\\t",
        0x08 => "\\b",
        0x0c => "\\f",
        0x00..=0x1f | 0x7f => "",
        _ => return None,
    })
}

/// Bytes that each byte of a string needs beside itself, so that most texts are passed over without a branch for each byte.
const EXTRA: [u8; 256] = {
    let mut extra = [0; 256];
    let mut byte = 0;
    while byte < extra.len() {
        extra[byte] = match escape(byte as u8) {
            None => 0,
            Some(escape) if escape.is_empty() => 5,
            Some(_) => 1,
        };
        byte += 1;
    }
    extra
};

pub(crate) fn write_string(text: &str, out: &mut String) {
    out.reserve(text.len() + 2);
    out.push('"');
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        if EXTRA[usize::from(byte)] == 0 {
            continue;
        }
        out.push_str(&text[from..at]);
        match escape(byte) {
            Some("") => {
                use std::fmt::Write;
                let _ = write!(out, "\\u{byte:04x}");
            }
            escape => out.push_str(escape.unwrap_or_default()),
        }
        from = at + 1;
    }
    out.push_str(&text[from..]);
    out.push('"');
}

/// Bytes of a string with its quotes and escapes.
pub(crate) fn string_len(text: &str) -> usize {
    2 + text.len() + text.bytes().map(|byte| usize::from(EXTRA[usize::from(byte)])).sum::<usize>()
}

pub(super) fn length(value: &Value, most: usize) -> usize {
    fn add(value: &Value, sum: &mut usize, most: usize) {
        if *sum >= most {
            return;
        }
        *sum += match value {
            Value::Null => 4,
            Value::Bool(value) => 5 - usize::from(*value),
            Value::Number(number) => number.text_len(),
            Value::String(text) => string_len(text),
            Value::Array(items) => 2 + items.len().saturating_sub(1),
            Value::Object(object) => {
                2 + object.len().saturating_sub(1) + object.keys().map(|key| string_len(key) + 1).sum::<usize>()
            }
        };
        match value {
            Value::Array(items) => items.iter().for_each(|item| add(item, sum, most)),
            Value::Object(object) => object.values().for_each(|item| add(item, sum, most)),
            _ => {}
        }
    }
    let mut sum = 0;
    add(value, &mut sum, most);
    sum
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Number(number) => number.serialize(serializer),
            Value::String(text) => serializer.serialize_str(text),
            Value::Array(items) => {
                let mut seq = serializer.serialize_seq(Some(items.len()))?;
                for item in items.iter() {
                    seq.serialize_element(item)?;
                }
                seq.end()
            }
            Value::Object(object) => {
                let mut map = serializer.serialize_map(Some(object.len()))?;
                for (key, value) in object.iter() {
                    map.serialize_entry(&**key, value)?;
                }
                map.end()
            }
        }
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.as_int() {
            Some(int) => serializer.serialize_i64(int),
            None => match serde_json::value::RawValue::from_string(self.to_string()) {
                Ok(raw) => raw.serialize(serializer),
                Err(_) => serializer.serialize_f64(self.as_f64()),
            },
        }
    }
}

/// The name under which serde_json hands out a value's text. Should it change, values are still read, by way of [`Any`]; integers
/// beyond 64 bits would become floats then.
const RAW: &str = "$serde_json::private::RawValue";

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(RAW, Raw)
    }
}

/// Takes the text of the value and reads it with our own reader.
struct Raw;

impl<'de> Visitor<'de> for Raw {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(Any)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        match map.next_entry::<Cow<'de, str>, Cow<'de, str>>()? {
            Some((_, text)) => Value::from_json(&text).map_err(A::Error::custom),
            None => Err(A::Error::custom("a JSON value is missing")),
        }
    }
}

/// Builds the value from whatever the format holds.
struct Any;

impl<'de> DeserializeSeed<'de> for Any {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Any {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(i64::try_from(value)
            .map_or_else(|_| Number::parse(&value.to_string()).map_or(Value::Null, Value::Number), Value::from))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::string(text))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(Any)? {
            items.push(item);
        }
        Ok(Value::array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Object::new();
        while let Some(key) = map.next_key::<String>()? {
            object.insert(Arc::from(key), map.next_value_seed(Any)?);
        }
        Ok(Value::Object(Arc::new(object)))
    }
}
