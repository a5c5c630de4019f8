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
    part::{execution_link, json as pretty, section, status, text, time},
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
            p.crumbs { "Event › " span.mono { (id) } }
            div.title {
                h1 { (text(event, "source")) " / " (text(event, "type")) }
                form.row method="post" action={ "/console/events/" (id) } { (csrf(&api)) button type="submit" { "Send it again" } }
            }
            dl.facts {
                div { dt { "Received" } dd { (time(text(event, "received_at"))) } }
                @if let Some(integration) = event["integration"].as_str() { div { dt { "Only for" } dd { (integration) } } }
            }
            (section("Executions", html! {}, html! {
                @if executions.is_empty() { div.empty { "No installed job spec matched this event." } } @else {
                    div.table { table.stack {
                        thead { tr { th { "Execution" } th { "Status" } th { "Flow" } th { "Message" } } }
                        tbody { @for execution in &executions { tr {
                            td.id { (execution_link(text(execution, "id"))) }
                            td { (status(text(execution, "status"))) }
                            td { (text(execution, "integration")) " / " (text(execution, "flow")) }
                            td.why { (execution["message"].as_str().or(execution["error"]["cause"].as_str()).unwrap_or_default()) }
                        } } }
                    } }
                }
            }))
            (section("Payload", html! {}, html! { pre tabindex="0" { (pretty(&event["payload"])) } }))
        },
    ))
}

pub async fn act(api: Api, Path(id): Path<String>, _form: Form) -> Result<Response, Trouble> {
    let answer =
        api.call(Method::POST, &format!("/api/zis/v1/events/{}/replay", encode(&id)), Some(&json!({}))).await?;
    let event = text(&answer, "event_id").to_owned();
    Ok(Redirect::to(&format!("/console/events/{}", encode(&event))).into_response())
}
