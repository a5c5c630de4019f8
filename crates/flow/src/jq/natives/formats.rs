//! The `@` formats.

use std::fmt::Write;

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
        nullary!("@text", |value: Val| Ok(Val::text(text(&value)))),
        nullary!("@json", |value: Val| Ok(Val::text(value.to_json()))),
        nullary!("@html", |value: Val| Ok(Val::text(html(&text(&value))))),
        nullary!("@uri", |value: Val| Ok(Val::text(uri(&text(&value))))),
        nullary!("@csv", |value| row(value, ",", "csv", csv)),
        nullary!("@tsv", |value| row(value, "\t", "tsv", tsv)),
        nullary!("@sh", sh),
        nullary!("@base64", |value: Val| Ok(Val::text(encode(text(&value).as_bytes())))),
        nullary!("@base64d", base64d),
    ]
}

/// A string as it is, anything else as JSON.
fn text(value: &Val) -> String {
    match &value.0 {
        Value::String(text) => {
            meter::scanned(text.len());
            text.to_string()
        }
        _ => value.to_json(),
    }
}

fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\'' => out.push_str("&apos;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}

fn uri(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~!*'()".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn row(value: Val, separator: &str, name: &str, cell: fn(&Val) -> Option<String>) -> Result {
    let Some(items) = value.as_list() else {
        return Err(fault::unfit(&value, &format!("cannot be {name}-formatted, only array")));
    };
    let mut line = String::new();
    for (at, item) in items.iter().enumerate() {
        let item = Val(item.clone());
        if at > 0 {
            line.push_str(separator);
        }
        line.push_str(&cell(&item).ok_or_else(|| fault::unfit(&item, "is not valid in a csv row"))?);
        meter::nodes(1);
    }
    Ok(Val::text(line))
}

fn scalar(value: &Val) -> Option<String> {
    match &value.0 {
        Value::Null => Some(String::new()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_json()),
        _ => None,
    }
}

fn csv(value: &Val) -> Option<String> {
    match &value.0 {
        Value::String(text) => Some(format!("\"{}\"", text.replace('"', "\"\""))),
        _ => scalar(value),
    }
}

fn tsv(value: &Val) -> Option<String> {
    let Value::String(text) = &value.0 else { return scalar(value) };
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\n' => out.push_str("\\n"),
            '\\' => out.push_str("\\\\"),
            other => out.push(other),
        }
    }
    Some(out)
}

fn sh(value: Val) -> Result {
    let word = |item: &Value| match item {
        Value::String(text) => Ok(format!("'{}'", text.replace('\'', "'\\''"))),
        Value::Array(_) | Value::Object(_) => Err(fault::unfit(&Val(item.clone()), "can not be escaped for shell")),
        _ => Ok(Val(item.clone()).to_json()),
    };
    let items = value.as_list().unwrap_or(std::slice::from_ref(&value.0));
    meter::nodes(items.len());
    let words = items.iter().map(word).collect::<Result<Vec<_>>>()?;
    Ok(Val::text(words.join(" ")))
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().chain(&[0, 0]).take(3).fold(0_usize, |word, byte| word << 8 | usize::from(*byte));
        for at in 0..4 {
            let digit = ALPHABET[word >> (18 - 6 * at) & 63];
            out.push(if at <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

/// Lenient like jq: padding may be missing; bytes that are no UTF-8 become replacement characters.
fn base64d(value: Val) -> Result {
    let text = text(&value);
    let invalid = || fault::unfit(&value, "is not valid base64 data");
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut word, mut bits) = (0_u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let digit = ALPHABET.iter().position(|digit| *digit == byte).ok_or_else(invalid)?;
        word = word << 6 | u32::try_from(digit).unwrap_or(0);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((word >> bits & 255) as u8);
        }
    }
    if bytes.is_empty() && !text.is_empty() {
        return Err(invalid());
    }
    Ok(Val::text(String::from_utf8_lossy(&bytes).into_owned()))
}
