//! Try it: any event from a form with an editable payload; the result opens live.

use axum::response::{IntoResponse, Redirect, Response};
use http::Method;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};
use zis_lint::analysis::{
    events,
    shape::{ARRAY, BOOLEAN, NULL, NUMBER, OBJECT, STRING, Shape},
};

use crate::console::{
    api::{Api, Asked, Trouble},
    form::Form,
    page::{Page, csrf, encode, page},
    part::json as pretty,
};

/// `(source, type, payload)`: whole samples; those of the other types are made from what the catalogue knows about them.
const SAMPLES: &[(&str, &str, &str)] = &[
    ("sunshine", "activity.UserActivityCreated", include_str!("assets/sample_activity.json")),
    ("support", "ticket.TicketCreated", include_str!("assets/sample_ticket.json")),
    ("support", "ticket.StatusChanged", include_str!("assets/sample_status.json")),
    ("support", "ticket.CommentAdded", include_str!("assets/sample_comment.json")),
    ("support", "user.UserCreated", include_str!("assets/sample_user.json")),
];
/// A time that a made-up payload names.
const WHEN: &str = "2026-11-24T05:30:00Z";

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Choice {
    /// `source type` of the sample to begin with.
    sample: String,
    integration: String,
}

pub async fn form(api: Api, Asked(Choice { sample, integration }): Asked<Choice>) -> Page {
    let (source, kind) = sample.split_once(' ').unwrap_or((SAMPLES[0].0, SAMPLES[0].1));
    content(&api, source, kind, &integration, &payload(source, kind), None)
}

/// A payload to begin with; `{}` for a type that the catalogue does not know.
fn payload(source: &str, kind: &str) -> String {
    let whole = SAMPLES.iter().find(|(known, name, _)| *known == source && *name == kind);
    if let Some((.., text)) = whole {
        return (*text).to_owned();
    }
    let mut made = events::payload(source, kind).map_or_else(|| json!({}), |shape| example("", &shape));
    for event in made.as_object_mut().into_iter().flat_map(|members| members.values_mut()) {
        event["type"] = title(kind).into();
        for (entity, text) in [("ticket", SAMPLES[1].2), ("user", SAMPLES[4].2)] {
            let whole: Value = serde_json::from_str(text).unwrap_or_default();
            let body = &whole[format!("{entity}_event")];
            if event.get(entity).is_some() {
                event[entity] = body[entity].clone();
                event["meta"] = body["meta"].clone();
            }
        }
    }
    pretty(&made)
}

/// `ticket.TagsChanged`: `Tags Changed`.
fn title(kind: &str) -> String {
    let mut title = String::new();
    for letter in kind.rsplit('.').next().unwrap_or(kind).chars() {
        if letter.is_uppercase() && !title.is_empty() {
            title.push(' ');
        }
        title.push(letter);
    }
    title
}

/// Some value of this shape.
fn example(name: &str, shape: &Shape) -> Value {
    if let Some(fields) = shape.fields() {
        return fields.members.iter().map(|(name, field)| (name.to_string(), example(name, &field.shape))).collect();
    }
    match name {
        _ if name.ends_with("_at") => WHEN.into(),
        "previous" => Value::Null,
        "current" => "new".into(),
        _ if shape.may_be(NULL) => Value::Null,
        _ if shape.may_be(STRING) => name.into(),
        _ if shape.may_be(NUMBER) => 1.into(),
        _ if shape.may_be(BOOLEAN) => false.into(),
        _ if shape.may_be(ARRAY) => json!([]),
        _ if shape.may_be(OBJECT) => json!({}),
        _ => Value::Null,
    }
}

fn content(api: &Api, source: &str, kind: &str, integration: &str, payload: &str, fault: Option<&str>) -> Page {
    let field = |name: &str, label: &str, value: &str, required: bool| -> Markup {
        html! { div.field { label for=(name) { (label) } input id=(name) name=(name) value=(value) required[required]; } }
    };
    page(
        api,
        "Try it",
        html! {
            div.title { h1 { "Send an event" } }
            p.lead { "It runs the flows of every installed job spec that names this source and type, as if it had come from outside." }
            @if let Some(fault) = fault { div.notice.bad role="alert" { (fault) } }
            form.filters method="get" action="/console/try" { div.row {
                div.field.wide {
                    label for="sample" { "Begin with a sample" }
                    select id="sample" name="sample" data-submit {
                        @for known in ["sunshine", "support"] {
                            optgroup label=(known) { @for name in events::types_of(known).unwrap_or_default() {
                                option value={ (known) " " (name) } selected[known == source && name == kind] { (name) }
                            } }
                        }
                    }
                }
                button type="submit" { "Use" }
            } }
            form method="post" action="/console/try" {
                (csrf(api))
                div.fields {
                    (field("source", "Source", source, true))
                    (field("type", "Event type", kind, true))
                    (field("integration", "Only for this integration", integration, false))
                }
                div.field { label for="payload" { "Payload: what stands at $.input" } textarea id="payload" name="payload" rows="22" spellcheck="false" { (payload) } }
                button.primary type="submit" { "Send" }
            }
        },
    )
}

pub async fn submit(api: Api, form: Form) -> Result<Response, Trouble> {
    let (source, kind, integration) = (form.text("source"), form.text("type"), form.text("integration"));
    let again =
        |fault: &str| content(&api, source, kind, integration, form.text("payload"), Some(fault)).into_response();
    let payload: Value = match serde_json::from_str(form.text("payload")) {
        Ok(payload) => payload,
        Err(error) => return Ok(again(&format!("The payload is no JSON: {error}"))),
    };
    let mut body = json!({"source": source, "type": kind, "payload": payload});
    if !integration.is_empty() {
        body["integration"] = Value::from(integration);
    }
    let answer = api.ask(Method::POST, "/api/zis/v1/events", Some(&body)).await;
    if !answer.status.is_success() {
        return Ok(again(&super::api::reason(&answer.body)));
    }
    let answer = answer.body;
    let executions = answer["executions"].as_array().cloned().unwrap_or_default();
    let event = answer["event_id"].as_str().unwrap_or_default();
    Ok(match &executions[..] {
        [only] => Redirect::to(&format!("/console/executions/{}", encode(only.as_str().unwrap_or_default()))),
        _ => Redirect::to(&format!("/console/events/{}", encode(event))),
    }
    .into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_of_the_catalogue_has_a_payload_of_its_shape() {
        for source in ["support", "sunshine"] {
            for kind in events::types_of(source).unwrap() {
                let payload: Value = serde_json::from_str(&payload(source, kind)).unwrap();
                let shape = events::payload(source, kind).unwrap();
                for (event, field) in &shape.fields().unwrap().members {
                    let members = &field.shape.fields().unwrap().members;
                    let missing: Vec<_> =
                        members.keys().filter(|name| payload[&**event].get(&***name).is_none()).collect();
                    assert!(missing.is_empty(), "{source} {kind}: {missing:?} of {event} are missing in {payload}");
                }
            }
        }
        assert_eq!(title("ticket.TagsChanged"), "Tags Changed");
    }
}
