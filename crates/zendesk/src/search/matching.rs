//! Does a record match? Each property is looked up in the record; one that its kind does not have matches nothing.

use std::cmp::Ordering;

use zis_flow::{Timestamp, Value};
use zis_store::zendesk::{comment::Comment, ticket::Ticket, user::User};

use super::{
    parse::Op,
    plan::{Clause, Wanted},
    words::words,
};
use crate::{
    read,
    ticket::{PRIORITIES, STATUSES},
};

/// What a property of a record is.
enum Found {
    /// Words: matched by words.
    Words(String),
    /// Texts: one of them must be equal.
    Exact(Vec<String>),
    /// A place in an order.
    Ranked(Option<String>, &'static [&'static str]),
    People(Vec<i64>),
    When(Option<Timestamp>),
    Flag(bool),
    /// This kind of record has no such property.
    Nowhere,
}

/// A ticket with its comments, when they are needed.
pub fn ticket_matches(clauses: &[Clause], ticket: &Ticket, comments: &[Comment]) -> bool {
    let text = || {
        let mut all = words(ticket.subject.as_deref().unwrap_or_default());
        all.extend(words(&ticket.description));
        for comment in comments {
            all.extend(words(&comment.body));
        }
        all
    };
    matches(clauses, Some(ticket.id), text, |name| ticket_property(ticket, comments, name))
}

pub fn user_matches(clauses: &[Clause], user: &User) -> bool {
    let field = |key: &str| user.fields.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let text = || {
        let mut all = words(&user.name);
        for text in [user.email.clone(), user.phone.clone(), user.external_id.clone()].into_iter().flatten() {
            all.extend(words(&text));
        }
        all.extend(words(&field("notes")));
        all.extend(words(&field("details")));
        all
    };
    matches(clauses, None, text, |name| user_property(user, name))
}

fn matches(
    clauses: &[Clause],
    id: Option<i64>,
    text: impl Fn() -> Vec<String>,
    property: impl Fn(&str) -> Found,
) -> bool {
    let needs_text = clauses.iter().any(|clause| matches!(clause, Clause::Text { .. }));
    let text = if needs_text { text() } else { Vec::new() };
    clauses.iter().all(|clause| match clause {
        Clause::Text { pattern, id: wanted, negated } => {
            let by_id = wanted.is_some() && *wanted == id;
            (by_id || pattern.matches(&text)) != *negated
        }
        Clause::Property { name, wanted, negated } => match property(name) {
            Found::Nowhere => false,
            found => wanted.iter().any(|one| satisfies(&found, one)) != *negated,
        },
    })
}

fn satisfies(found: &Found, wanted: &Wanted) -> bool {
    match (found, wanted) {
        (Found::Words(text), Wanted::Nothing) => text.is_empty(),
        (Found::Words(text), Wanted::Text { pattern, .. }) => pattern.matches(&words(text)),
        (Found::Exact(texts), Wanted::Nothing) => texts.is_empty(),
        (Found::Exact(texts), Wanted::Text { text, op, .. }) => texts.iter().any(|one| compared(one, text, *op)),
        (Found::Exact(texts), Wanted::When(span)) => {
            texts.iter().filter_map(|one| read::moment(one)).any(|at| span.holds(at))
        }
        (Found::Ranked(have, _), Wanted::Nothing) => have.is_none(),
        (Found::Ranked(have, order), Wanted::Text { text, op, .. }) => ranked(have.as_deref(), text, *op, order),
        (Found::People(ids), Wanted::Nothing) => ids.is_empty(),
        (Found::People(ids), Wanted::People(some)) => ids.iter().any(|id| some.contains(id)),
        (Found::When(at), Wanted::Nothing) => at.is_none(),
        (Found::When(Some(at)), Wanted::When(span)) => span.holds(*at),
        (Found::Flag(flag), Wanted::Text { text, .. }) => text.parse() == Ok(*flag),
        _ => false,
    }
}

fn compared(have: &str, wanted: &str, op: Op) -> bool {
    let have = have.to_lowercase();
    if op == Op::Is {
        return match wanted.strip_suffix('*') {
            Some(prefix) => have.starts_with(prefix),
            None => have == wanted,
        };
    }
    let order = match (have.parse::<f64>(), wanted.parse::<f64>()) {
        (Ok(have), Ok(wanted)) => have.partial_cmp(&wanted).unwrap_or(Ordering::Equal),
        _ => have.as_str().cmp(wanted),
    };
    holds(order, op)
}

fn ranked(have: Option<&str>, wanted: &str, op: Op, order: &[&str]) -> bool {
    let rank = |word: &str| order.iter().position(|one| *one == word);
    match (have.and_then(rank), rank(wanted)) {
        (Some(have), Some(wanted)) => holds(have.cmp(&wanted), op),
        _ => false,
    }
}

fn holds(order: Ordering, op: Op) -> bool {
    match op {
        Op::Is => order == Ordering::Equal,
        Op::Less => order == Ordering::Less,
        Op::Greater => order == Ordering::Greater,
        Op::LessOrEqual => order != Ordering::Greater,
        Op::GreaterOrEqual => order != Ordering::Less,
    }
}

fn ids(value: Option<&Value>) -> Vec<i64> {
    value.and_then(Value::as_array).unwrap_or_default().iter().filter_map(read::integer).collect()
}

fn optional(value: Option<i64>) -> Found {
    Found::Exact(value.map(|id| id.to_string()).into_iter().collect())
}

/// Scalars and the items of arrays, as texts.
fn texts(value: Option<&Value>) -> Found {
    let text = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text.to_string()),
        other => Some(other.to_json()),
    };
    Found::Exact(match value {
        Some(Value::Array(items)) => items.iter().filter_map(text).collect(),
        Some(value) => text(value).into_iter().collect(),
        None => Vec::new(),
    })
}

fn ticket_property(ticket: &Ticket, comments: &[Comment], name: &str) -> Found {
    let field = |key: &str| ticket.fields.get(key);
    match name {
        "id" | "ticket_id" => Found::Exact(vec![ticket.id.to_string()]),
        "subject" => Found::Words(ticket.subject.clone().unwrap_or_default()),
        "description" => Found::Words(ticket.description.clone()),
        "comment" => Found::Words(comments.iter().map(|comment| comment.body.as_str()).collect::<Vec<_>>().join("\n")),
        "status" => Found::Ranked(Some(ticket.status.clone()), STATUSES),
        "priority" => Found::Ranked(ticket.priority.clone(), PRIORITIES),
        "ticket_type" => Found::Exact(ticket.kind.clone().into_iter().collect()),
        "requester" => Found::People(vec![ticket.requester_id]),
        "submitter" => Found::People(vec![ticket.submitter_id]),
        "assignee" => Found::People(ticket.assignee_id.into_iter().collect()),
        "commenter" => Found::People(comments.iter().map(|comment| comment.author_id).collect()),
        "cc" => Found::People([ids(field("email_cc_ids")), ids(field("collaborator_ids"))].concat()),
        "group" => optional(ticket.group_id),
        "organization" => optional(ticket.organization_id),
        "tags" => Found::Exact(ticket.tags.clone()),
        "via" => Found::Exact(vec![ticket.channel.clone()]),
        "external_id" => Found::Exact(ticket.external_id.clone().into_iter().collect()),
        "brand" => texts(field("brand_id")),
        "form" => texts(field("ticket_form_id")),
        "recipient" => texts(field("recipient")),
        "custom_status_id" => texts(field("custom_status_id")),
        "has_attachment" => Found::Flag(false),
        "created" => Found::When(Some(ticket.created_at)),
        "updated" => Found::When(Some(ticket.updated_at)),
        "solved" => Found::When(ticket.solved_at),
        "due_date" => Found::When(field("due_at").and_then(Value::as_str).and_then(read::moment)),
        "fieldvalue" => {
            let fields = ticket.custom_fields.as_array().unwrap_or_default();
            texts(Some(&Value::array(fields.iter().filter_map(|field| field.get("value").cloned()))))
        }
        _ => match name.strip_prefix("custom_field_").and_then(|id| id.parse::<i64>().ok()) {
            Some(id) => {
                let fields = ticket.custom_fields.as_array().unwrap_or_default();
                let own = |field: &&Value| field.get("id").and_then(Value::as_i64) == Some(id);
                texts(fields.iter().find(own).and_then(|field| field.get("value")))
            }
            None => Found::Nowhere,
        },
    }
}

fn user_property(user: &User, name: &str) -> Found {
    let field = |key: &str| user.fields.get(key);
    let words_of = |key: &str| Found::Words(field(key).and_then(Value::as_str).unwrap_or_default().to_owned());
    match name {
        "id" | "user_id" => Found::Exact(vec![user.id.to_string()]),
        "name" | "user" => Found::Words(user.name.clone()),
        "email" => Found::Exact(user.email.clone().into_iter().collect()),
        "role" => Found::Exact(vec![user.role.as_str().to_owned()]),
        "phone" => Found::Exact(user.phone.clone().into_iter().collect()),
        "external_id" => Found::Exact(user.external_id.clone().into_iter().collect()),
        "tags" => Found::Exact(user.tags.clone()),
        "notes" => words_of("notes"),
        "details" => words_of("details"),
        "organization" => texts(field("organization_id")),
        "group" => texts(field("default_group_id")),
        "is_verified" => Found::Flag(user.verified),
        "is_suspended" => Found::Flag(user.suspended),
        "created" => Found::When(Some(user.created_at)),
        "updated" => Found::When(Some(user.updated_at)),
        other => match field("user_fields").and_then(|fields| fields.get(other)) {
            Some(value) => texts(Some(value)),
            None => Found::Nowhere,
        },
    }
}
