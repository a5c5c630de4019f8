//! Expectations: what must hold of a run, and how it differs when it does not.

use serde::Deserialize;
use zis_flow::Value;

/// Everything optional: what is not said is not looked at.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// `succeeded`, `failed` or `timed_out`.
    #[serde(default)]
    pub status: Option<String>,
    /// The top-level states of the last attempt, in order.
    #[serde(default)]
    pub path: Option<Vec<String>>,
    /// The Succeed state's text.
    #[serde(default)]
    pub message: Option<String>,
    #[serde(default)]
    pub error: Option<String>,
    #[serde(default)]
    pub cause: Option<String>,
    #[serde(default)]
    pub attempts: Option<u32>,
    /// The requests made, in order and all of them; each is matched in part.
    #[serde(default)]
    pub requests: Option<Vec<ExpectRequest>>,
    /// A part of the final `$`.
    #[serde(default)]
    pub document: Option<Value>,
    /// Parts of configs as they stand at the end, by scope.
    #[serde(default)]
    pub configs: Option<Value>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectRequest {
    #[serde(default)]
    pub action: Option<String>,
    #[serde(default)]
    pub method: Option<String>,
    /// A part of the URL or path.
    #[serde(default)]
    pub url: Option<String>,
    #[serde(default)]
    pub headers: Option<Value>,
    /// A part of the body.
    #[serde(default)]
    pub body: Option<Value>,
    /// The whole body.
    #[serde(default)]
    pub exact_body: Option<Value>,
}

/// One difference: where, what was expected, what came.
#[derive(Debug, Clone, PartialEq)]
pub struct Mismatch {
    pub place: String,
    pub expected: String,
    pub found: String,
}

impl Mismatch {
    pub fn new(place: impl Into<String>, expected: impl std::fmt::Display, found: impl std::fmt::Display) -> Self {
        Self { place: place.into(), expected: expected.to_string(), found: found.to_string() }
    }
}

/// Notes a mismatch unless `expected` is absent or equals `found`.
pub fn equal<T: PartialEq + std::fmt::Debug>(
    place: &str,
    expected: Option<&T>,
    found: &T,
    mismatches: &mut Vec<Mismatch>,
) {
    if let Some(expected) = expected.filter(|expected| *expected != found) {
        mismatches.push(Mismatch::new(place, format!("{expected:?}"), format!("{found:?}")));
    }
}

/// Objects match in part: every expected member is there and matches. Everything else, arrays too, matches whole, item by item.
pub fn partial(place: &str, expected: &Value, found: &Value, mismatches: &mut Vec<Mismatch>) {
    match (expected, found) {
        (Value::Object(wanted), Value::Object(there)) => {
            for (key, value) in wanted.iter() {
                let place = format!("{place}.{key}");
                match there.get(key) {
                    Some(found) => partial(&place, value, found, mismatches),
                    None => mismatches.push(Mismatch::new(place, value, "nothing")),
                }
            }
        }
        (Value::Array(wanted), Value::Array(there)) if wanted.len() == there.len() => {
            for (at, (value, found)) in wanted.iter().zip(there.iter()).enumerate() {
                partial(&format!("{place}[{at}]"), value, found, mismatches);
            }
        }
        _ if expected == found => {}
        _ => mismatches.push(Mismatch::new(place, expected, found)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_match_in_part_and_arrays_whole() {
        let check = |expected: &str, found: &str| {
            let mut mismatches = Vec::new();
            let read = |text| Value::from_json(text).expect("the test's JSON");
            partial("body", &read(expected), &read(found), &mut mismatches);
            mismatches.into_iter().map(|mismatch| mismatch.place).collect::<Vec<_>>()
        };
        assert_eq!(check(r#"{"a":{"b":1}}"#, r#"{"a":{"b":1,"c":2},"d":3}"#), [""; 0]);
        assert_eq!(check(r#"{"a":{"b":1,"x":0}}"#, r#"{"a":{"b":2}}"#), ["body.a.b", "body.a.x"]);
        assert_eq!(check(r#"{"a":[1,2]}"#, r#"{"a":[1,2,3]}"#), ["body.a"]);
        assert_eq!(check(r#"{"a":[1,{"b":2}]}"#, r#"{"a":[1,{"b":3}]}"#), ["body.a[1].b"]);
    }
}
