//! A profile as a request describes it.

use zis_flow::Value;
use zis_store::zendesk::profile::Identifier;

use super::{
    MAX_IDENTIFIER_TYPE, MAX_IDENTIFIERS, MAX_NAME,
    identifier::{Query, normal},
};
use crate::{error::ZendeskError, read};

/// What a request says about a profile.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileIn {
    pub source: String,
    pub kind: String,
    /// `None`: not said.
    pub name: Option<String>,
    pub attributes: Option<Value>,
    pub identifiers: Vec<Identifier>,
    pub user_id: Option<i64>,
}

impl ProfileIn {
    /// Reads the `profile` object of a request. With a query, source, type and identifier may be missing: the query says them.
    pub fn read(body: &Value, query: Option<&Query>) -> Result<Self, ZendeskError> {
        if body.as_object().is_none() {
            return Err(missing("profile"));
        }
        let source = match query {
            Some(query) => query.source.clone(),
            None => name(body, "profile", "source", "InvalidProfileSourceLength", "Profile source")?,
        };
        let kind = match query {
            Some(query) => query.kind.clone(),
            None => name(body, "profile", "type", "InvalidProfileTypeLength", "Profile type")?,
        };
        let mut identifiers = identifiers(body)?;
        if let Some(query) = query
            && identifiers.is_empty()
        {
            identifiers.push(query.identifier.clone());
        }
        if identifiers.is_empty() {
            return Err(missing("profile.identifiers"));
        }
        Ok(Self {
            source,
            kind,
            name: optional_name(body)?,
            attributes: attributes(body)?,
            identifiers,
            user_id: user_id(body)?,
        })
    }
}

pub(super) fn optional_name(body: &Value) -> Result<Option<String>, ZendeskError> {
    match body.get("name") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.to_string()).filter(|text| !text.is_empty())),
        Some(other) => Err(wrong("profile.name", "a string", other)),
    }
}

pub(super) fn attributes(body: &Value) -> Result<Option<Value>, ZendeskError> {
    match body.get("attributes") {
        None | Some(Value::Null) => Ok(None),
        Some(value) if value.as_object().is_some() => Ok(Some(value.clone())),
        Some(other) => Err(wrong("profile.attributes", "an object", other)),
    }
}

fn user_id(body: &Value) -> Result<Option<i64>, ZendeskError> {
    match body.get("user_id") {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match read::integer(value) {
            Some(id) => Ok(Some(id)),
            None => Err(wrong("profile.user_id", "an integer", value)),
        },
    }
}

/// The identifiers, each with type and value, repetitions dropped.
pub(super) fn identifiers(body: &Value) -> Result<Vec<Identifier>, ZendeskError> {
    let items = match body.get("identifiers") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(value) => value.as_array().ok_or_else(|| wrong("profile.identifiers", "an array", value))?,
    };
    let mut all: Vec<Identifier> = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        let member = |key: &str| {
            let path = format!("profile.identifiers[{at}].{key}");
            match item.get(key) {
                Some(Value::String(text)) if !text.trim().is_empty() => Ok(text.to_string()),
                Some(value @ Value::Number(_)) if key == "value" => Ok(value.to_json()),
                Some(other) if !other.is_null() && other.as_str().is_none() => Err(wrong(&path, "a string", other)),
                _ => Err(missing(&path)),
            }
        };
        let (kind, value) = (member("type")?, member("value")?);
        if kind.chars().count() > MAX_IDENTIFIER_TYPE {
            let title = format!("Identifier type length > {MAX_IDENTIFIER_TYPE} chars");
            return Err(ZendeskError::client("InvalidIdentifierTypeLength", title));
        }
        let identifier = normal(&kind, &value);
        if !all.contains(&identifier) {
            all.push(identifier);
        }
    }
    if all.len() > MAX_IDENTIFIERS {
        return Err(too_many_identifiers());
    }
    Ok(all)
}

pub(super) fn too_many_identifiers() -> ZendeskError {
    ZendeskError::client("TooManyIdentifiers", format!("A profile can have at most {MAX_IDENTIFIERS} identifiers"))
}

/// A source or type: a text that is there, not too long, and not reserved.
pub(crate) fn name(
    body: &Value,
    parent: &str,
    key: &str,
    code: &'static str,
    what: &str,
) -> Result<String, ZendeskError> {
    let path = format!("{parent}.{key}");
    let text = match body.get(key) {
        Some(Value::String(text)) if !text.trim().is_empty() => text.to_string(),
        None | Some(Value::Null | Value::String(_)) => return Err(missing(&path)),
        Some(other) => return Err(wrong(&path, "a string", other)),
    };
    if text.chars().count() > MAX_NAME {
        return Err(ZendeskError::client(code, format!("{what} length > {MAX_NAME} chars")));
    }
    if key == "source" && text.eq_ignore_ascii_case("zendesk") {
        return Err(ZendeskError::client("ReservedSource", format!("{path} `{text}` is reserved")));
    }
    Ok(text)
}

pub(crate) fn missing(path: &str) -> ZendeskError {
    ZendeskError::client("MissingProperty", format!("{path} is required"))
}

pub(crate) fn wrong(path: &str, wanted: &str, found: &Value) -> ZendeskError {
    ZendeskError::client("InvalidProperty", format!("{path} must be {wanted}, not {}", article(found)))
}

fn article(value: &Value) -> String {
    let name = value.type_name();
    match name {
        "null" => name.to_owned(),
        "array" | "object" => format!("an {name}"),
        _ => format!("a {name}"),
    }
}
