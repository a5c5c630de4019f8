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
    part::{copyable, duration, execution_link, live, section, standing, text, time, value, why},
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
            p.crumbs { a href="/console/executions" { "Executions" } " › Event " (copyable(&id, "the event's id")) }
            div.title {
                h1 { (text(event, "source")) " / " (text(event, "type")) }
                (live())
                form.row method="post" action={ "/console/events/" (id) } { (csrf(&api)) button type="submit" { "Send it again" } }
            }
            dl.facts {
                div { dt { "Received" } dd { (time(text(event, "received_at"))) } }
                @if let Some(integration) = event["integration"].as_str() { div { dt { "Only for" } dd { (integration) } } }
            }
            (section("Executions", html! {}, html! { div id="of-event" data-live="executions" {
                @if executions.is_empty() {
                    div.empty { "No installed job spec named " code { (text(event, "source")) " / " (text(event, "type")) } " when it came. "
                        a href="/console/integrations" { "Look at the integrations" } " for job specs to install." }
                } @else {
                    div.table { table.stack {
                        thead { tr { th { "Flow" } th { "Status" } th { "Message" } th { "Took" } } }
                        tbody { @for execution in &executions { tr data-id=(text(execution, "id")) {
                            td { (execution_link(execution)) }
                            td { (standing(execution)) }
                            td.why { (why(execution)) }
                            td.n { (duration(text(execution, "started_at"), text(execution, "ended_at"))) }
                        } } }
                    } }
                }
            } }))
            (section("Payload", html! {}, value(&event["payload"])))
        },
    ))
}

pub async fn act(api: Api, Path(id): Path<String>, _form: Form) -> Result<Response, Trouble> {
    let answer =
        api.call(Method::POST, &format!("/api/zis/v1/events/{}/replay", encode(&id)), Some(&json!({}))).await?;
    let event = text(&answer, "event_id").to_owned();
    Ok(Redirect::to(&format!("/console/events/{}", encode(&event))).into_response())
}
