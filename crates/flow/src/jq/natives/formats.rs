//! The `@` formats.

use std::{borrow::Cow, fmt::Write};

use crate::value::Value;

use super::{
    super::{
        fault::{self, Result},
        meter,
        val::Val,
    },
    Table, nullary,
};

pub(super) fn table() -> Table {
    vec![
        nullary!("@text", |value: Val| Ok(jaq_core::ValT::into_string(value))),
        nullary!("@json", |value: Val| Ok(made(value.to_json()))),
        nullary!("@html", |value: Val| Ok(escaped(&text(&value), html))),
        nullary!("@uri", |value: Val| Ok(uri(&text(&value)))),
        nullary!("@csv", |value| row(&value, ",", "csv", csv)),
        nullary!("@tsv", |value| row(&value, "\t", "tsv", tsv)),
        nullary!("@sh", sh),
        nullary!("@base64", |value: Val| Ok(base64(text(&value).as_bytes()))),
        nullary!("@base64d", base64d),
    ]
}

/// A string as it is, anything else as JSON.
fn text(value: &Val) -> Cow<'_, str> {
    match &value.0 {
        Value::String(text) => {
            meter::scanned(text.len());
            Cow::Borrowed(text)
        }
        _ => Cow::Owned(value.to_json()),
    }
}

/// A string whose bytes are charged.
fn made(text: String) -> Val {
    Val(Value::from(text))
}

/// Appends `text` with some characters replaced; charged before it is made.
fn escape(text: &str, out: &mut String, replacement: fn(char) -> Option<&'static str>) {
    let size = text.chars().map(|char| replacement(char).map_or(char.len_utf8(), str::len)).sum();
    meter::bytes(size);
    for char in text.chars() {
        match replacement(char) {
            Some(replacement) => out.push_str(replacement),
            None => out.push(char),
        }
    }
}

fn escaped(text: &str, replacement: fn(char) -> Option<&'static str>) -> Val {
    let mut out = String::new();
    escape(text, &mut out, replacement);
    made(out)
}

fn html(char: char) -> Option<&'static str> {
    Some(match char {
        '<' => "&lt;",
        '>' => "&gt;",
        '&' => "&amp;",
        '\'' => "&apos;",
        '"' => "&quot;",
        _ => return None,
    })
}

fn uri(text: &str) -> Val {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~!*'()".contains(byte);
    meter::bytes(text.bytes().map(|byte| if plain(&byte) { 1 } else { 3 }).sum());
    let mut out = String::new();
    for byte in text.bytes() {
        if plain(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    made(out)
}

/// One line of cells; `cell` appends one and is false for what cannot be one.
fn row(value: &Val, separator: &str, name: &str, cell: fn(&Value, &mut String) -> bool) -> Result {
    let Some(items) = value.as_list() else {
        return Err(fault::unfit(value, &format!("cannot be {name}-formatted, only array")));
    };
    let mut line = String::new();
    for (at, item) in items.iter().enumerate() {
        meter::bytes(1);
        if at > 0 {
            line.push_str(separator);
        }
        if !cell(item, &mut line) {
            return Err(fault::unfit(&Val(item.clone()), "is not valid in a csv row"));
        }
    }
    Ok(made(line))
}

fn scalar(value: &Value, line: &mut String) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(_) | Value::Number(_) => {
            let text = value.to_json();
            meter::bytes(text.len());
            line.push_str(&text);
            true
        }
        _ => false,
    }
}

fn csv(value: &Value, line: &mut String) -> bool {
    let Value::String(text) = value else { return scalar(value, line) };
    line.push('"');
    escape(text, line, |char| (char == '"').then_some("\"\""));
    line.push('"');
    true
}

fn tsv(value: &Value, line: &mut String) -> bool {
    let Value::String(text) = value else { return scalar(value, line) };
    escape(text, line, |char| {
        Some(match char {
            '\t' => "\\t",
            '\r' => "\\r",
            '\n' => "\\n",
            '\\' => "\\\\",
            _ => return None,
        })
    });
    true
}

fn sh(value: Val) -> Result {
    let items = value.as_list().unwrap_or(std::slice::from_ref(&value.0));
    let mut line = String::new();
    for (at, item) in items.iter().enumerate() {
        meter::bytes(3);
        if at > 0 {
            line.push(' ');
        }
        match item {
            Value::String(text) => {
                line.push('\'');
                escape(text, &mut line, |char| (char == '\'').then_some("'\\''"));
                line.push('\'');
            }
            Value::Null => line.push_str("null"),
            item if scalar(item, &mut line) => {}
            item => return Err(fault::unfit(&Val(item.clone()), "can not be escaped for shell")),
        }
    }
    Ok(made(line))
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base64(bytes: &[u8]) -> Val {
    let size = bytes.len().div_ceil(3) * 4;
    meter::bytes(size);
    let mut out = String::with_capacity(size);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().chain(&[0, 0]).take(3).fold(0_usize, |word, byte| word << 8 | usize::from(*byte));
        for at in 0..4 {
            let digit = ALPHABET[word >> (18 - 6 * at) & 63];
            out.push(if at <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    made(out)
}

/// Lenient like jq: padding may be missing; bytes that are no UTF-8 become replacement characters.
fn base64d(value: Val) -> Result {
    let text = text(&value);
    let invalid = || fault::unfit(&value, "is not valid base64 data");
    // Replacement characters have three bytes.
    meter::bytes(text.len() * 9 / 4);
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut word, mut bits) = (0_u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return Err(invalid()),
        };
        word = word << 6 | u32::from(digit);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((word >> bits & 255) as u8);
        }
    }
    if bytes.is_empty() && !text.is_empty() {
        return Err(invalid());
    }
    Ok(made(String::from_utf8_lossy(&bytes).into_owned()))
}
