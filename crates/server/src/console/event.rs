//! One event: its payload, and the executions that it started.

use axum::{
    extract::Path,
    response::{IntoResponse, Redirect, Response},
};
use http::Method;
use maud::html;
use serde_json::json;

use crate::console::{
    api::{Api, Trouble},
    form::Form,
    page::{Page, csrf, encode, page},
    part::{execution_link, json as pretty, status, text, time},
};

pub async fn show(api: Api, Path(id): Path<String>) -> Result<Page, Trouble> {
    let answer = api.get(&format!("/api/zis/v1/events/{}", encode(&id))).await?;
    let event = &answer["event"];
    let executions =
        api.list(&format!("/api/zis/v1/executions?event_id={}&page[size]=100", encode(&id)), "executions").await;
    Ok(page(
        &api,
        "Event",
        html! {
            h1 { (text(event, "source")) " " (text(event, "type")) }
            dl.facts {
                dt { "Event" } dd.mono { (id) }
                dt { "Received" } dd { (time(text(event, "received_at"))) }
                @if let Some(integration) = event["integration"].as_str() { dt { "Only for" } dd { (integration) } }
            }
            form method="post" action={ "/console/events/" (id) } { (csrf(&api)) button type="submit" { "Send it again" } }
            h2 { "Executions" }
            @if executions.is_empty() { div.empty { "No installed job spec matched this event." } }
            @for execution in &executions {
                p { (execution_link(text(execution, "id"))) " " (status(text(execution, "status"))) " " (text(execution, "integration")) " / " (text(execution, "flow")) }
            }
            h2 { "Payload" }
            pre { (pretty(&event["payload"])) }
        },
    ))
}

pub async fn act(api: Api, Path(id): Path<String>, _form: Form) -> Result<Response, Trouble> {
    let answer =
        api.call(Method::POST, &format!("/api/zis/v1/events/{}/replay", encode(&id)), Some(&json!({}))).await?;
    let event = text(&answer, "event_id").to_owned();
    Ok(Redirect::to(&format!("/console/events/{}", encode(&event))).into_response())
}
