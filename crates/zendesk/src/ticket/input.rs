//! A ticket as a request describes it.

use zis_flow::Value;

use super::{PRIORITIES, STATUSES, TYPES};
use crate::{
    error::ZendeskError,
    read::{self, Reader},
};

/// Writable members that are kept as they come, with their defaults in the wire's hands.
pub(super) const KEPT: &[&str] = &[
    "allow_channelback",
    "brand_id",
    "custom_status_id",
    "due_at",
    "email_cc_ids",
    "email_ccs",
    "follower_ids",
    "followers",
    "collaborator_ids",
    "collaborators",
    "problem_id",
    "recipient",
    "ticket_form_id",
    "via_followup_source_id",
];

/// Everything that a request may say.
pub(super) const KNOWN: &[&str] = &[
    "additional_tags",
    "allow_channelback",
    "assignee_email",
    "assignee_id",
    "brand_id",
    "collaborator_ids",
    "collaborators",
    "comment",
    "custom_fields",
    "custom_status_id",
    "description",
    "due_at",
    "email_cc_ids",
    "email_ccs",
    "external_id",
    "fields",
    "follower_ids",
    "followers",
    "group_id",
    "macro_ids",
    "metadata",
    "organization_id",
    "priority",
    "problem_id",
    "recipient",
    "remove_tags",
    "requester",
    "requester_id",
    "safe_update",
    "status",
    "subject",
    "submitter_id",
    "tags",
    "ticket_form_id",
    "type",
    "updated_stamp",
    "via",
    "via_followup_source_id",
];

/// Who asks, as a request says it.
#[derive(Debug, Clone, PartialEq)]
pub enum RequesterIn {
    Id(i64),
    Email(String),
    Described { name: Option<String>, email: Option<String> },
}

/// A comment as a request describes it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CommentIn {
    pub body: Option<String>,
    pub html_body: Option<String>,
    pub public: Option<bool>,
    pub author_id: Option<i64>,
}

impl CommentIn {
    pub fn is_blank(&self) -> bool {
        let blank = |text: &Option<String>| text.as_deref().is_none_or(|text| text.trim().is_empty());
        blank(&self.body) && blank(&self.html_body)
    }
}

/// What a request says about a ticket. The outer `Option` is "not said", the inner one null.
#[derive(Debug, Clone, PartialEq)]
pub struct TicketIn {
    pub subject: Option<Option<String>>,
    pub comment: Option<CommentIn>,
    pub description: Option<String>,
    pub status: Option<&'static str>,
    pub priority: Option<Option<&'static str>>,
    pub kind: Option<Option<&'static str>>,
    pub requester: Option<RequesterIn>,
    pub submitter_id: Option<i64>,
    pub assignee_id: Option<Option<i64>>,
    pub assignee_email: Option<String>,
    pub group_id: Option<Option<i64>>,
    pub organization_id: Option<Option<i64>>,
    pub external_id: Option<Option<String>>,
    pub tags: Option<Vec<String>>,
    pub add_tags: Vec<String>,
    pub remove_tags: Vec<String>,
    /// Pairs of id and value.
    pub custom_fields: Vec<(i64, Value)>,
    pub fields: Value,
    pub metadata: Option<Value>,
    pub channel: Option<String>,
    /// The change is made only if the ticket was last changed then.
    pub safe_stamp: Option<zis_flow::Timestamp>,
}

/// Bytes of `metadata` at most.
const MAX_METADATA: usize = 1024;

impl TicketIn {
    /// Reads the `ticket` object of a request.
    pub fn read(body: &Value) -> Result<Self, ZendeskError> {
        let mut reader = Reader::new(body);
        let r = &mut reader;
        let said = |r: &Reader<'_>, key: &str| r.raw(key).is_some();
        let input = Self {
            subject: {
                let text = r.text("subject");
                said(r, "subject").then_some(text)
            },
            comment: comment(r),
            description: r.text("description"),
            status: r.choice("status", STATUSES),
            priority: {
                let word = r.choice("priority", PRIORITIES);
                said(r, "priority").then_some(word)
            },
            kind: {
                let word = r.choice("type", TYPES);
                said(r, "type").then_some(word)
            },
            requester: requester(r),
            submitter_id: r.id("submitter_id"),
            assignee_id: {
                let id = r.id("assignee_id");
                said(r, "assignee_id").then_some(id)
            },
            assignee_email: r.text("assignee_email"),
            group_id: {
                let id = r.id("group_id");
                said(r, "group_id").then_some(id)
            },
            organization_id: {
                let id = r.id("organization_id");
                said(r, "organization_id").then_some(id)
            },
            external_id: {
                let text = r.text("external_id");
                said(r, "external_id").then_some(text)
            },
            tags: if said(r, "tags") { Some(tags(r.words("tags").unwrap_or_default())) } else { None },
            add_tags: tags(r.words("additional_tags").unwrap_or_default()),
            remove_tags: tags(r.words("remove_tags").unwrap_or_default()),
            custom_fields: custom_fields(r),
            fields: kept(r, body),
            metadata: metadata(r),
            channel: r.present("via").and_then(|via| via.get("channel")).and_then(Value::as_str).map(str::to_owned),
            safe_stamp: safe_stamp(r),
        };
        reader.done()?;
        Ok(input)
    }
}

/// Tags are lower-case words, each once, in order.
fn tags(words: Vec<String>) -> Vec<String> {
    let mut all: Vec<String> = words.iter().flat_map(|word| word.split_whitespace()).map(str::to_lowercase).collect();
    all.sort();
    all.dedup();
    all
}

fn comment(reader: &mut Reader<'_>) -> Option<CommentIn> {
    let value = reader.present("comment")?;
    if let Some(text) = value.as_str() {
        return Some(CommentIn { body: Some(text.to_owned()), ..CommentIn::default() });
    }
    if value.as_object().is_none() {
        return reader.bad("comment", "must be an object with a body");
    }
    let mut inner = Reader::new(value);
    let comment = CommentIn {
        body: inner.text("body").or_else(|| inner.text("value")),
        html_body: inner.text("html_body"),
        public: inner.boolean("public"),
        author_id: inner.id("author_id"),
    };
    reader.faults.append(&mut inner.faults);
    Some(comment)
}

fn requester(reader: &mut Reader<'_>) -> Option<RequesterIn> {
    if let Some(id) = reader.id("requester_id") {
        return Some(RequesterIn::Id(id));
    }
    let value = reader.present("requester")?;
    match value {
        Value::Number(_) => read::integer(value).map(RequesterIn::Id),
        Value::String(text) => {
            Some(text.parse().map_or_else(|_| RequesterIn::Email(text.to_string()), RequesterIn::Id))
        }
        Value::Object(_) => {
            let mut inner = Reader::new(value);
            let found = match inner.id("id") {
                Some(id) => RequesterIn::Id(id),
                None => RequesterIn::Described { name: inner.text("name"), email: inner.text("email") },
            };
            reader.faults.append(&mut inner.faults);
            Some(found)
        }
        _ => reader.bad("requester", "must be an e-mail address, an id, or an object"),
    }
}

/// `custom_fields` or its twin `fields`: `[{"id", "value"}]`, or an object of ids and values.
fn custom_fields(reader: &mut Reader<'_>) -> Vec<(i64, Value)> {
    let mut all = Vec::new();
    for key in ["fields", "custom_fields"] {
        match reader.present(key) {
            None => {}
            Some(Value::Array(items)) => {
                for item in items.iter() {
                    match item.get("id").and_then(read::integer) {
                        Some(id) => all.push((id, item.get("value").cloned().unwrap_or_default())),
                        None => {
                            reader.bad::<()>(key, "each needs an integer id");
                        }
                    }
                }
            }
            Some(Value::Object(pairs)) => {
                all.extend(pairs.iter().filter_map(|(id, value)| Some((id.parse().ok()?, value.clone()))));
            }
            Some(_) => {
                reader.bad::<()>(key, "must be an array of objects with id and value");
            }
        }
    }
    all
}

fn kept(reader: &mut Reader<'_>, body: &Value) -> Value {
    for key in ["brand_id", "custom_status_id", "problem_id", "ticket_form_id", "via_followup_source_id"] {
        reader.id(key);
    }
    if let Some(due) = reader.present("due_at")
        && due.as_str().and_then(read::moment).is_none()
    {
        reader.bad::<()>("due_at", "must be an ISO 8601 time");
    }
    reader.boolean("allow_channelback");
    reader.text("recipient");
    for key in ["collaborator_ids", "collaborators", "email_cc_ids", "email_ccs", "follower_ids", "followers"] {
        if reader.present(key).is_some_and(|value| value.as_array().is_none()) {
            reader.bad::<()>(key, "must be an array");
        }
    }
    read::pick(body, KEPT)
}

fn metadata(reader: &mut Reader<'_>) -> Option<Value> {
    let value = reader.present("metadata")?;
    if value.as_object().is_none() {
        return reader.bad("metadata", "must be an object");
    }
    if value.json_len(MAX_METADATA + 1) > MAX_METADATA {
        return reader.bad("metadata", format!("must have at most {MAX_METADATA} bytes"));
    }
    Some(value.clone())
}

fn safe_stamp(reader: &mut Reader<'_>) -> Option<zis_flow::Timestamp> {
    let safe = reader.boolean("safe_update").unwrap_or(false);
    let stamp = reader.text("updated_stamp").and_then(|text| read::moment(&text));
    if safe && stamp.is_none() {
        return reader.bad("updated_stamp", "is needed for a safe update");
    }
    stamp.filter(|_| safe)
}
