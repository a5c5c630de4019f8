//! JSON text made inside a program: charged by node and byte, because shared values can be exponentially larger as text.

use std::fmt::Write;

use crate::value::{self, Value};

use super::meter;

/// Appends the compact JSON text of `value`; stops when `out` has `most` bytes.
pub(super) fn write(value: &Value, out: &mut String, most: usize) {
    if out.len() >= most {
        return;
    }
    meter::step();
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => {
            let _ = write!(out, "{number}");
        }
        Value::String(text) => write_string(text, out, most),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(item, out, most);
            }
            out.push(']');
        }
        Value::Object(object) => {
            out.push('{');
            for (at, (key, value)) in object.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_string(key, out, most);
                out.push(':');
                write(value, out, most);
            }
            out.push('}');
        }
    }
}

fn write_string(text: &str, out: &mut String, most: usize) {
    // Every character of the text is at least one byte of the result.
    let text = match text.char_indices().nth(most) {
        Some((end, _)) if most < text.len() => &text[..end],
        _ => text,
    };
    meter::bytes(value::string_len(text));
    value::write_string(text, out);
}
