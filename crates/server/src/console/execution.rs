//! One execution: the flow as a picture with the path taken, every state with what it did, and what can be done about it.

use std::collections::{HashMap, HashSet};

use axum::{
    extract::Path,
    response::{IntoResponse, Redirect, Response},
};
use http::{Method, header};
use maud::{Markup, PreEscaped, html};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    console::{
        api::{Api, Asked, Trouble},
        form::Form,
        page::{Page, csrf, encode, page},
        part::{
            Budget, code, copyable, duration, live, picture as picture_part, section, shortened, status, text, time,
            value,
        },
        visit, zistest,
    },
    graph::{Mark, Overlay},
};

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct View {
    /// Which attempt; the last one when not said.
    attempt: Option<u64>,
    /// The Map's iteration to show: `Lines[2]`.
    at: String,
    /// The visit to show, by its number in the attempt.
    visit: Option<usize>,
}

/// Bytes of HTML for what is shown of an execution; the frame and the facts come on top.
const BUDGET: usize = 85_000;
/// The code of a flow that did not start for want of a connection.
const MISSING_CONNECTION: &str = "ZIS3008";

pub async fn show(api: Api, Path(id): Path<String>, Asked(view): Asked<View>) -> Result<Page, Trouble> {
    let mut answer = api.get(&format!("/api/zis/v1/executions/{}", encode(&id))).await?;
    let trace = match answer["execution"]["trace"].take() {
        Value::Array(trace) => trace,
        _ => Vec::new(),
    };
    let execution = &answer["execution"];
    let of = |visit: &Value| visit["attempt"].as_u64().unwrap_or(1);
    let last = trace.iter().map(of).max().unwrap_or(1);
    let attempt = view.attempt.unwrap_or(last);
    let visits: Vec<Value> = trace.into_iter().filter(|visit| of(visit) == attempt).collect();
    let mut budget = Budget(BUDGET);
    let drawn = picture(&api, execution, &visits).await;
    let drawn = drawn.and_then(|svg| budget.take(picture_part(PreEscaped(svg))));
    let focus =
        visit::Focus { page: format!("/console/executions/{id}?attempt={attempt}"), at: &view.at, visit: view.visit };
    let states = visit::list(&visits, &focus, &mut budget);
    let event = format!("/console/events/{}", text(execution, "event_id"));
    let whole = |address: &str| html! { p { "It is too long to show here: " a href=(address) { "open it" } "." } };
    let title = format!("{} / {}", text(execution, "integration"), text(execution, "flow"));
    let ended = !execution["ended_at"].is_null();
    Ok(page(
        &api,
        &title,
        html! {
            p.crumbs { a href="/console/executions" { "Executions" } " › " (copyable(&id, "the execution's id")) }
            div id="execution" data-live=[(!ended).then_some(id.as_str())] {
                div.title { h1 { (title) " " (status(text(execution, "status"))) } @if !ended { (live()) } }
                (ending(execution))
                (facts(execution))
                (actions(&api, execution, ended))
                @if last > 1 { (tabs(&id, last, attempt)) }
                div.split {
                    section aria-label="Flow" {
                        div.head { h2 { "Flow" } }
                        @match drawn {
                            Some(drawn) => (drawn),
                            None => div.empty { "The flow is gone, or too large to be drawn here." },
                        }
                    }
                    section aria-label="States" {
                        div.head { h2 { "States" } }
                        (states)
                    }
                }
                (section("Event", html! {}, html! {
                    p { (text(&execution["event"], "source")) " / " (text(&execution["event"], "type")) " " a.mono href=(event) { (text(execution, "event_id")) } }
                    details id="payload" { summary { "Payload" } (budget.take_or(value(&execution["event"]["payload"]), whole(&event))) }
                    details id="journal" { summary { "Journal: the records that all of this is made from" }
                        (budget.take_or(value(&execution["journal"]), whole(&format!("/api/zis/v1/executions/{id}")))) }
                }))
            }
        },
    ))
}

fn ending(execution: &Value) -> Markup {
    let error = &execution["error"];
    html! {
        @if let Some(message) = execution["message"].as_str() { p.lead { (shortened(message, 1_000)) } }
        @if !error.is_null() {
            div.notice.bad role="alert" {
                strong { (shortened(error["cause"].as_str().unwrap_or("failed"), 1_000)) }
                @if let Some(place) = error["path"].as_str().or(error["state"].as_str()) { " at " a href={ "#state-" (place) } { (place) } }
                " " (code(text(error, "code")))
                @if text(error, "code") == MISSING_CONNECTION {
                    br; a href={ "/console/integrations/" (text(execution, "integration")) "#connections" } { "Make the connection" } ", then retry."
                }
            }
        }
    }
}

fn facts(execution: &Value) -> Markup {
    html! {
        dl.facts {
            div { dt { "Started" } dd { (time(text(execution, "started_at"))) } }
            @if execution["ended_at"].is_string() { div { dt { "Took" } dd { (duration(text(execution, "started_at"), text(execution, "ended_at"))) } } }
            @if let Some(wake_at) = execution["wake_at"].as_str() { div { dt { "Goes on" } dd { (time(wake_at)) } } }
            div { dt { "Attempt" } dd { (execution["attempt"].to_string()) " of " (execution["max_attempts"].to_string()) } }
            div { dt { "Integration" } dd { a href={ "/console/integrations/" (text(execution, "integration")) } { (text(execution, "integration")) } } }
            div { dt { "Job spec" } dd { (text(execution, "job_spec")) } }
            div { dt { "Bundle" } dd {
                a.mono href={ "/console/integrations/" (text(execution, "integration")) "/bundles/" (text(execution, "bundle_uuid")) } {
                    (text(execution, "bundle_digest").get(..12).unwrap_or_default())
                }
            } }
        }
    }
}

fn actions(api: &Api, execution: &Value, ended: bool) -> Markup {
    let id = text(execution, "id");
    html! {
        form.row method="post" action={ "/console/executions/" (id) } {
            (csrf(api))
            @if ended {
                @if text(execution, "status") != "succeeded" {
                    button.primary type="submit" name="do" value="failure" title="Keeps what went well, and goes on with the state that failed" { "Retry from the failure" }
                }
                button type="submit" name="do" value="start" title="All states again, with the bundle that it began with" { "Retry from the start" }
                button type="submit" name="do" value="current" title="All states again, with the bundle as it is now" { "Retry with the current bundle" }
            } @else { button.danger type="submit" name="do" value="cancel" { "Cancel" } }
            button type="submit" name="do" value="replay" title="As if it came anew: starts every job spec that is installed for it" { "Send the event again" }
            a.button href={ "/console/executions/" (id) "/zistest" } title="A .zistest.yaml for `zis test`, with the replies that came as mocks" { "Save as a test case" }
            a.button href={ "/console/logs?execution=" (id) } { "Log" }
        }
    }
}

fn tabs(id: &str, last: u64, attempt: u64) -> Markup {
    html! {
        nav.tabs aria-label="Attempts" {
            @for number in 1..=last {
                a href={ "/console/executions/" (id) "?attempt=" (number) } aria-current=[(number == attempt).then_some("page")] { "Attempt " (number) }
            }
        }
    }
}

/// The flow of the pinned bundle, coloured by the visits.
async fn picture(api: &Api, execution: &Value, visits: &[Value]) -> Option<String> {
    let (digest, flow) = (text(execution, "bundle_digest"), text(execution, "flow"));
    let bundle = async {
        let integration = encode(text(execution, "integration"));
        let (uuid, version) = (encode(text(execution, "bundle_uuid")), encode(digest));
        let path = format!("/api/zis/v1/integrations/{integration}/bundles/{uuid}/versions/{version}");
        Some(api.get(&path).await.ok()?.to_string())
    };
    let drawing = api.kept().drawing(digest, flow, bundle).await?;
    Some(drawing.on_page(&overlay(visits)))
}

/// `Redact[3]/One` is drawn at `Redact/One`.
fn place(path: &str) -> String {
    let mut inside = false;
    path.chars()
        .filter(|letter| {
            inside |= *letter == '[';
            let keep = !inside;
            inside &= *letter != ']';
            keep
        })
        .collect()
}

fn overlay(visits: &[Value]) -> Overlay {
    let mut states = HashMap::new();
    let mut taken = HashSet::new();
    for visit in visits {
        let here = place(text(visit, "path"));
        let mark = match visit::outcome(visit).0 {
            "bad" => Mark::Failed,
            "warn" => Mark::Caught,
            "run" => Mark::Running,
            _ => Mark::Done,
        };
        if let Some(next) = visit["next"].as_str() {
            let base = here.rsplit_once('/').map(|(base, _)| format!("{base}/")).unwrap_or_default();
            taken.insert((here.clone(), format!("{base}{next}")));
        }
        // Of several visits, the one that most wants to be seen.
        let seen = states.entry(here).or_insert(mark);
        *seen = (*seen).max(mark);
    }
    Overlay { states, taken }
}

/// Retry, cancel, replay.
pub async fn act(api: Api, Path(id): Path<String>, form: Form) -> Result<Response, Trouble> {
    let base = format!("/api/zis/v1/executions/{}", encode(&id));
    let retry = |from: &str, bundle: &str| json!({"from": from, "bundle": bundle});
    match form.text("do") {
        "cancel" => api.call(Method::POST, &format!("{base}/cancel"), Some(&json!({}))).await?,
        "replay" => {
            let execution = api.get(&base).await?;
            let event = encode(text(&execution["execution"], "event_id"));
            let answer =
                api.call(Method::POST, &format!("/api/zis/v1/events/{event}/replay"), Some(&json!({}))).await?;
            let event = text(&answer, "event_id").to_owned();
            return Ok(Redirect::to(&format!("/console/executions?event_id={}", encode(&event))).into_response());
        }
        "start" => api.call(Method::POST, &format!("{base}/retry"), Some(&retry("start", "pinned"))).await?,
        "current" => api.call(Method::POST, &format!("{base}/retry"), Some(&retry("start", "current"))).await?,
        _ => api.call(Method::POST, &format!("{base}/retry"), Some(&retry("failure", "pinned"))).await?,
    };
    Ok(Redirect::to(&format!("/console/executions/{id}")).into_response())
}

/// The execution as a `zis test` case.
pub async fn test_case(api: Api, Path(id): Path<String>) -> Result<Response, Trouble> {
    let answer = api.get(&format!("/api/zis/v1/executions/{}", encode(&id))).await?;
    let text = zistest::write(&answer["execution"]);
    let name = format!("attachment; filename=\"{id}.zistest.yaml\"");
    Ok((
        [(header::CONTENT_TYPE, "application/yaml; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)],
        text,
    )
        .into_response())
}
