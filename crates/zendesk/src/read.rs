//! Reading members of request bodies the way Zendesk does: digits in strings count as numbers, a null is an absence.

use zis_flow::{Timestamp, Value};

use crate::error::{Fault, ZendeskError};

/// The members of an object; faults are gathered, so that a caller learns of all at once.
pub(crate) struct Reader<'a> {
    value: &'a Value,
    pub faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    pub fn new(value: &'a Value) -> Self {
        Self { value, faults: Vec::new() }
    }

    /// The member, unless it is absent; a null is there.
    pub fn raw(&self, key: &str) -> Option<&'a Value> {
        self.value.get(key)
    }

    /// The member, unless it is absent or null.
    pub fn present(&self, key: &str) -> Option<&'a Value> {
        self.value.get(key).filter(|value| !value.is_null())
    }

    /// A text; numbers and booleans are written out, as Rails does.
    pub fn text(&mut self, key: &str) -> Option<String> {
        let value = self.present(key)?;
        match value {
            Value::String(text) => Some(text.to_string()),
            Value::Number(_) | Value::Bool(_) => Some(value.to_json()),
            _ => self.bad(key, "must be a string"),
        }
    }

    pub fn id(&mut self, key: &str) -> Option<i64> {
        let value = self.present(key)?;
        if value.as_str() == Some("") {
            return None;
        }
        match integer(value) {
            Some(id) => Some(id),
            None => self.bad(key, "must be an integer"),
        }
    }

    pub fn boolean(&mut self, key: &str) -> Option<bool> {
        let value = self.present(key)?;
        match value.as_bool().or_else(|| value.as_str().and_then(|text| text.parse().ok())) {
            Some(value) => Some(value),
            None => self.bad(key, "must be true or false"),
        }
    }

    /// An array of texts, or one text of words.
    pub fn words(&mut self, key: &str) -> Option<Vec<String>> {
        match self.present(key)? {
            Value::String(text) => {
                Some(text.split([' ', ',']).filter(|word| !word.is_empty()).map(str::to_owned).collect())
            }
            Value::Array(items) => Some(items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()),
            _ => self.bad(key, "must be an array of strings"),
        }
    }

    /// One of the listed words.
    pub fn choice(&mut self, key: &str, allowed: &[&'static str]) -> Option<&'static str> {
        let value = self.present(key)?;
        let word = value.as_str().unwrap_or_default().to_lowercase();
        match allowed.iter().find(|one| **one == word) {
            Some(one) => Some(one),
            None if word.is_empty() && value.as_str().is_some() => None,
            None => self.bad(key, format!("{value} is not included in the list ({})", allowed.join(", "))),
        }
    }

    pub fn bad<T>(&mut self, key: &str, what: impl std::fmt::Display) -> Option<T> {
        self.faults.push(Fault::new(key, format!("{}: {what}", title(key)), Some("InvalidValue")));
        None
    }

    pub fn done(self) -> Result<(), ZendeskError> {
        if self.faults.is_empty() { Ok(()) } else { Err(ZendeskError::Invalid(self.faults)) }
    }
}

/// `requester_id` → `Requester`, `external_id` → `External`: how Zendesk's messages name members.
fn title(key: &str) -> String {
    let words = key.trim_end_matches("_id").replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A number, or digits in a string.
pub(crate) fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()))
}

/// A moment as RFC 3339 with any offset, or a plain date (midnight UTC).
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.len() == 10 {
        Timestamp::parse_rfc3339(&format!("{text}T00:00:00Z"))
    } else {
        Timestamp::parse_rfc3339(text)
    }
}

/// Members of `value` that are not in `known`: ignored, but reported.
pub(crate) fn unknown(value: &Value, known: &[&str]) -> Vec<String> {
    let keys = value.as_object().map(|object| object.keys().map(|key| key.to_string()).collect::<Vec<_>>());
    keys.unwrap_or_default().into_iter().filter(|key| !known.contains(&key.as_str())).collect()
}

/// The members of `value` named in `keys`, as an object.
pub(crate) fn pick(value: &Value, keys: &[&str]) -> Value {
    Value::object(keys.iter().filter_map(|key| value.get(key).map(|member| (*key, member.clone()))))
}

/// `base` with the members of `over` put in their places.
pub(crate) fn overlay(base: &Value, over: &Value) -> Value {
    let members = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let mut object = members(base);
    for (key, value) in members(over) {
        object.insert(key, value);
    }
    Value::Object(std::sync::Arc::new(object))
}
