//! Try it: any event from a form with an editable payload; the result opens live.

use axum::response::{IntoResponse, Redirect, Response};
use http::Method;
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::console::{
    api::{Api, Trouble},
    form::Form,
    page::{Page, csrf, encode, page},
};

/// `(id, title, source, type, payload)`: samples to begin with; every field can be changed.
const SAMPLES: &[(&str, &str, &str, &str, &str)] = &[
    (
        "activity",
        "User activity created",
        "sunshine",
        "activity.UserActivityCreated",
        include_str!("assets/sample_activity.json"),
    ),
    ("ticket", "Ticket created", "support", "ticket.TicketCreated", include_str!("assets/sample_ticket.json")),
    ("status", "Ticket status changed", "support", "ticket.StatusChanged", include_str!("assets/sample_status.json")),
    ("comment", "Comment added", "support", "ticket.CommentAdded", include_str!("assets/sample_comment.json")),
    ("user", "User created", "support", "user.UserCreated", include_str!("assets/sample_user.json")),
];

pub async fn form(api: Api) -> Page {
    let (_, _, source, kind, payload) = SAMPLES[0];
    content(&api, source, kind, "", payload, None)
}

fn content(api: &Api, source: &str, kind: &str, integration: &str, payload: &str, fault: Option<&str>) -> Page {
    let field = |name: &str, label: &str, value: &str, required: bool| -> Markup {
        html! { div.field { label for=(name) { (label) } input id=(name) name=(name) value=(value) required[required]; } }
    };
    page(
        api,
        "Try it",
        html! {
            h1 { "Send an event" }
            @if let Some(fault) = fault { div.notice.bad role="alert" { (fault) } }
            form method="post" action="/console/try" {
                (csrf(api))
                div.field {
                    label for="sample" { "Begin with a sample" }
                    select id="sample" data-sample="payload" { @for (id, title, ..) in SAMPLES { option value=(id) { (title) } } }
                }
                (field("source", "Source", source, true))
                (field("type", "Event type", kind, true))
                (field("integration", "Only for this integration (inbound webhook events)", integration, false))
                div.field { label for="payload" { "Payload: what stands at $.input" } textarea id="payload" name="payload" spellcheck="false" { (payload) } }
                button.primary type="submit" { "Send" }
            }
            div hidden { @for (id, _, _, _, payload) in SAMPLES { pre id={ "sample-" (id) } { (payload) } } }
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
