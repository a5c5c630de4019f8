//! A delivery's members in ZIS's shape: numbers for ids, lower-case words, the documented snapshot and nothing more.

use zis_flow::{Value, value::Object};

use super::{DeliveryError, catalog::Entry};

/// The most digits that certainly fit an id.
const MAX_DIGITS: usize = 18;

/// What the members beside the snapshot need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Members {
    /// Ids within become numbers.
    AsTheyAre,
    /// `previous` and `current` are ids.
    Ids,
    /// `previous` and `current` are words such as `OPEN`.
    Words,
    CustomField,
    Attachment,
}

/// `{"ticket_event": {"meta", "type", …, "ticket"}}`.
pub(super) fn envelope(entry: &Entry, body: &Value) -> Result<Value, DeliveryError> {
    let detail = body.get("detail").filter(|detail| detail.as_object().is_some());
    let detail = detail.ok_or(DeliveryError::Missing("detail"))?;
    let event = body.get("event").cloned().unwrap_or_default();
    let entity = entry.kind.split('.').next().unwrap_or_default();
    let mut members = Object::new();
    members.insert("meta".into(), meta(body, detail, &event));
    members.insert("type".into(), Value::from(entry.title));
    for (key, value) in extra(entry.members, &event) {
        members.insert(key.into(), value);
    }
    members.insert(entity.into(), snapshot(entity, detail));
    Ok(Value::object([(format!("{entity}_event"), Value::Object(members.into()))]))
}

fn meta(body: &Value, detail: &Value, event: &Value) -> Value {
    let copy = |key: &str| body.get(key).cloned().unwrap_or_default();
    let sequence = event.get("meta").and_then(|meta| meta.get("sequence"));
    let mut members = vec![("version", Value::from("1.0")), ("occurred_at", copy("time")), ("ref", copy("id"))];
    members.extend(sequence.map(|sequence| ("sequence", sequence.clone())));
    members.extend(detail.get("actor_id").map(|actor| ("actor_id", id(actor))));
    Value::object(members)
}

/// What ZIS tells of a ticket, a user or an organization (spec ZIS 5.1); a flow fetches the rest.
fn snapshot(entity: &str, detail: &Value) -> Value {
    let copied = |key: &'static str| (key, detail.get(key).cloned().unwrap_or_default());
    let an_id = |key: &'static str| (key, detail.get(key).map(id).unwrap_or_default());
    let word = |key: &'static str| (key, detail.get(key).map(word).unwrap_or_default());
    let external_id =
        ("external_id", detail.get("external_id").filter(|id| !is_empty(id)).cloned().unwrap_or_default());
    match entity {
        "ticket" => Value::object([
            an_id("id"),
            word("status"),
            word("priority"),
            word("type"),
            ("tags", detail.get("tags").map(tags).unwrap_or_default()),
            copied("via"),
            an_id("assignee_id"),
            an_id("group_id"),
            an_id("requester_id"),
            an_id("submitter_id"),
            an_id("brand_id"),
            an_id("organization_id"),
            an_id("form_id"),
            external_id,
            copied("created_at"),
            copied("updated_at"),
        ]),
        "user" => Value::object([
            an_id("id"),
            copied("email"),
            external_id,
            copied("role"),
            an_id("organization_id"),
            an_id("default_group_id"),
            copied("created_at"),
            copied("updated_at"),
        ]),
        _ => Value::object([
            an_id("id"),
            copied("name"),
            external_id,
            an_id("group_id"),
            copied("shared_comments"),
            copied("shared_tickets"),
            copied("created_at"),
            copied("updated_at"),
        ]),
    }
}

/// The members beside `meta`, `type` and the snapshot.
fn extra(members: Members, event: &Value) -> Vec<(String, Value)> {
    let all = event.as_object().into_iter().flat_map(Object::iter).filter(|(key, _)| key.as_ref() != "meta");
    let all = all.map(|(key, value)| (key.to_string(), value.clone()));
    let is_change = |key: &str| matches!(key, "previous" | "current");
    match members {
        Members::AsTheyAre => all.map(|(key, value)| named(&key, &value)).collect(),
        Members::Ids => {
            all.map(|(key, value)| if is_change(&key) { (key, id(&value)) } else { named(&key, &value) }).collect()
        }
        Members::Words => {
            all.map(|(key, value)| if is_change(&key) { (key, word(&value)) } else { (key, value) }).collect()
        }
        Members::CustomField => {
            all.map(|(key, value)| if is_change(&key) { (key, bare(&value)) } else { field(&key, &value) }).collect()
        }
        Members::Attachment => attachment(event),
    }
}

/// A member with the ids in it as numbers.
fn named(key: &str, value: &Value) -> (String, Value) {
    let is_id = key == "id" || (key.ends_with("_id") && key != "external_id");
    let are_ids = matches!(key, "users_added" | "users_removed");
    let value = match value {
        Value::Object(members) => Value::object(members.iter().map(|(key, value)| named(key, value))),
        Value::Array(items) if are_ids => Value::array(items.iter().map(id)),
        Value::Array(items) => Value::array(items.iter().map(|item| named("", item).1)),
        value if is_id => id(value),
        value => value.clone(),
    };
    (key.to_owned(), value)
}

/// `custom_field` has `field_type` where webhooks write `type`.
fn field(key: &str, value: &Value) -> (String, Value) {
    let (key, value) = named(key, value);
    let Some(members) = value.as_object().filter(|_| key == "custom_field") else { return (key, value) };
    let renamed = members.iter().map(|(key, value)| {
        let key = if key.as_ref() == "type" { "field_type" } else { key.as_ref() };
        (key.to_owned(), value.clone())
    });
    (key, Value::object(renamed))
}

/// The value of a custom field, which webhooks wrap in an object.
fn bare(value: &Value) -> Value {
    value.get("value").unwrap_or(value).clone()
}

/// The attachment stands by itself and names its comment.
fn attachment(event: &Value) -> Vec<(String, Value)> {
    let comment = event.get("comment").cloned().unwrap_or_default();
    let found = comment.get("attachment").or(event.get("attachment"));
    let Some(Value::Object(members)) = found.map(|found| named("", found).1) else { return Vec::new() };
    let mut members = Object::clone(&members);
    if let Some(comment) = comment.get("id") {
        members.insert("comment_id".into(), id(comment));
    }
    vec![("attachment".to_owned(), Value::Object(members.into()))]
}

/// An id as a number; `null` for "none", which webhooks write as an empty text or a zero.
fn id(value: &Value) -> Value {
    let Some(text) = value.as_str() else {
        return if value.as_i64() == Some(0) { Value::Null } else { value.clone() };
    };
    // The system itself is -1.
    let digits = text.strip_prefix('-').unwrap_or(text);
    let digits = (1..=MAX_DIGITS).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<i64>() {
        Ok(0) => Value::Null,
        Ok(number) if digits => Value::from(number),
        _ if text.is_empty() => Value::Null,
        _ => value.clone(),
    }
}

fn word(value: &Value) -> Value {
    value.as_str().map_or_else(|| value.clone(), |text| Value::from(text.to_lowercase()))
}

/// A list, or the words of a text.
fn tags(value: &Value) -> Value {
    value.as_str().map_or_else(|| value.clone(), |text| Value::array(text.split_whitespace().map(Value::string)))
}

fn is_empty(value: &Value) -> bool {
    value.as_str() == Some("")
}
