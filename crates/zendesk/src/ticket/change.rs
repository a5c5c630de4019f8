//! What differs between two states of a ticket: as audit events and as support events (spec ZIS 5.2).

use zis_flow::Value;
use zis_store::zendesk::{comment::Comment, ticket::Ticket};

use crate::{handle::Zendesk, outbox::Happening};

/// A member whose change is an audit entry and an event: wire name, tag, title.
type Watched = (&'static str, &'static str, &'static str);

const WATCHED: &[Watched] = &[
    ("subject", "ticket.SubjectChanged", "Subject Changed"),
    ("status", "ticket.StatusChanged", "Status Changed"),
    ("priority", "ticket.PriorityChanged", "Priority Changed"),
    ("type", "ticket.TicketTypeChanged", "Ticket Type Changed"),
    ("requester_id", "ticket.RequesterChanged", "Requester Changed"),
    ("submitter_id", "ticket.SubmitterChanged", "Submitter Changed"),
    ("assignee_id", "ticket.AgentAssignmentChanged", "Agent Assignment Changed"),
    ("group_id", "ticket.GroupAssignmentChanged", "Group Assignment Changed"),
    ("organization_id", "ticket.OrganizationChanged", "Organization Changed"),
    ("external_id", "ticket.ExternalIdChanged", "External ID Changed"),
    ("brand_id", "ticket.BrandChanged", "Brand Changed"),
    ("ticket_form_id", "ticket.TicketFormChanged", "Form Changed"),
    ("problem_id", "ticket.ProblemLinkChanged", "Problem Link Changed"),
    ("due_at", "ticket.TaskDueAtChanged", "Task Due At Changed"),
    ("email_cc_ids", "ticket.CcsChanged", "Email CCs Changed"),
    ("follower_ids", "ticket.FollowersChanged", "Followers Changed"),
];

/// The member as the wire shows it.
pub(super) fn member(ticket: &Ticket, key: &str) -> Value {
    match key {
        "subject" => ticket.subject.as_deref().into(),
        "status" => ticket.status.as_str().into(),
        "priority" => ticket.priority.as_deref().into(),
        "type" => ticket.kind.as_deref().into(),
        "requester_id" => ticket.requester_id.into(),
        "submitter_id" => ticket.submitter_id.into(),
        "assignee_id" => ticket.assignee_id.into(),
        "group_id" => ticket.group_id.into(),
        "organization_id" => ticket.organization_id.into(),
        "external_id" => ticket.external_id.as_deref().into(),
        _ => ticket.fields.get(key).cloned().unwrap_or_default(),
    }
}

/// The ticket as events show it (spec ZIS 5.1): no subject, no description, no custom fields.
pub(super) fn snapshot(ticket: &Ticket) -> Value {
    Value::object([
        ("id", Value::from(ticket.id)),
        ("status", ticket.status.as_str().into()),
        ("priority", ticket.priority.as_deref().into()),
        ("type", ticket.kind.as_deref().into()),
        ("tags", Value::array(ticket.tags.iter().map(Value::string))),
        ("via", Value::object([("channel", Value::string(&ticket.channel))])),
        ("assignee_id", ticket.assignee_id.into()),
        ("group_id", ticket.group_id.into()),
        ("requester_id", ticket.requester_id.into()),
        ("submitter_id", ticket.submitter_id.into()),
        ("brand_id", member(ticket, "brand_id")),
        ("organization_id", ticket.organization_id.into()),
        ("form_id", member(ticket, "ticket_form_id")),
        ("external_id", ticket.external_id.as_deref().into()),
        ("created_at", ticket.created_at.into()),
        ("updated_at", ticket.updated_at.into()),
    ])
}

/// `tags_added` and `tags_removed`.
pub(crate) fn tag_changes(old: &[String], new: &[String]) -> Vec<(&'static str, Value)> {
    let missing_from = |from: &[String], these: &[String]| {
        Value::array(these.iter().filter(|tag| !from.contains(tag)).map(Value::string))
    };
    vec![("tags_added", missing_from(old, new)), ("tags_removed", missing_from(new, old))]
}

pub(super) fn custom_value(ticket: &Ticket, id: i64) -> Value {
    let fields = ticket.custom_fields.as_array().unwrap_or_default();
    let found = fields.iter().find(|field| field.get("id").and_then(Value::as_i64) == Some(id));
    found.and_then(|field| field.get("value")).cloned().unwrap_or_default()
}

pub(super) fn custom_ids(ticket: &Ticket) -> Vec<i64> {
    let fields = ticket.custom_fields.as_array().unwrap_or_default();
    fields.iter().filter_map(|field| field.get("id").and_then(Value::as_i64)).collect()
}

/// What happened from `old` to `new`, in the catalogue's words.
pub(super) fn happenings(old: &Ticket, new: &Ticket, comment: Option<&Comment>) -> Vec<Happening> {
    let mut all: Vec<Happening> = WATCHED
        .iter()
        .filter_map(|(key, kind, title)| {
            let (previous, current) = (member(old, key), member(new, key));
            (previous != current).then(|| Happening::changed(kind, title, previous, current))
        })
        .collect();
    if old.tags != new.tags {
        all.push(Happening::new("ticket.TagsChanged", "Tags Changed", tag_changes(&old.tags, &new.tags)));
    }
    for id in custom_ids(new) {
        let (previous, current) = (custom_value(old, id), custom_value(new, id));
        if previous != current {
            let field = ("custom_field", custom_field(id, if current.is_null() { &previous } else { &current }));
            let extra = vec![field, ("previous", previous), ("current", current)];
            all.push(Happening::new("ticket.CustomFieldChanged", "Custom Field Changed", extra));
        }
    }
    all.extend(comment.map(comment_added));
    all
}

/// The local Zendesk knows no field definitions: title and type are told from the value.
fn custom_field(id: i64, value: &Value) -> Value {
    let kind = match value {
        Value::Bool(_) => "checkbox",
        Value::Number(number) if number.as_i64().is_some() => "integer",
        Value::Number(_) => "decimal",
        Value::Array(_) => "multiselect",
        _ => "text",
    };
    Value::object([
        ("id", Value::from(id)),
        ("title", Value::from(format!("Custom field {id}"))),
        ("field_type", Value::from(kind)),
    ])
}

pub(super) fn comment_added(comment: &Comment) -> Happening {
    let shown = Value::object([
        ("id", Value::from(comment.id)),
        ("body", Value::string(&comment.body)),
        ("is_public", Value::from(comment.is_public)),
        ("author", Value::object([("id", Value::from(comment.author_id))])),
    ]);
    Happening::new("ticket.CommentAdded", "Comment Created", vec![("comment", shown)])
}

impl Zendesk {
    /// The audit's entry for a comment.
    pub(super) fn comment_entry(&self, comment: &Comment) -> Value {
        Value::object([
            ("id", Value::from(comment.id)),
            ("type", Value::from("Comment")),
            ("author_id", Value::from(comment.author_id)),
            ("body", Value::string(&comment.body)),
            ("html_body", Value::string(&comment.html_body)),
            ("plain_body", Value::string(&comment.body)),
            ("public", Value::from(comment.is_public)),
            ("attachments", Value::array([])),
            ("audit_id", Value::from(comment.audit_id)),
        ])
    }

    /// The audit's entries for a new ticket: all watched members, as texts or null.
    pub(super) fn create_entries(&self, ticket: &Ticket) -> Vec<Value> {
        let always =
            ["subject", "requester_id", "priority", "type", "status", "organization_id", "brand_id", "ticket_form_id"];
        let watched = WATCHED.iter().map(|(key, ..)| *key);
        let shown = watched.filter(|key| always.contains(key) || !member(ticket, key).is_null());
        let entry = |key: String, value: Value| {
            Value::object([
                ("id", Value::from(self.number())),
                ("type", Value::from("Create")),
                ("value", texts(value)),
                ("field_name", Value::from(key)),
            ])
        };
        let mut all: Vec<Value> = shown.map(|key| entry(key.to_owned(), member(ticket, key))).collect();
        if !ticket.tags.is_empty() {
            all.push(entry("tags".to_owned(), Value::array(ticket.tags.iter().map(Value::string))));
        }
        all.extend(custom_ids(ticket).into_iter().map(|id| entry(id.to_string(), custom_value(ticket, id))));
        all
    }

    /// The audit's entries for a change.
    pub(super) fn change_entries(&self, old: &Ticket, new: &Ticket) -> Vec<Value> {
        let mut all = Vec::new();
        let mut changed = |key: String, previous: Value, current: Value| {
            if previous != current {
                all.push(Value::object([
                    ("id", Value::from(self.number())),
                    ("type", Value::from("Change")),
                    ("value", texts(current)),
                    ("field_name", Value::from(key)),
                    ("previous_value", texts(previous)),
                ]));
            }
        };
        for (key, ..) in WATCHED {
            changed((*key).to_owned(), member(old, key), member(new, key));
        }
        let tags = |ticket: &Ticket| Value::array(ticket.tags.iter().map(Value::string));
        changed("tags".to_owned(), tags(old), tags(new));
        for id in custom_ids(new) {
            changed(id.to_string(), custom_value(old, id), custom_value(new, id));
        }
        all
    }
}

/// Audits write ids as texts.
fn texts(value: Value) -> Value {
    match value {
        Value::Number(_) => Value::from(value.to_json()),
        other => other,
    }
}
