//! The list of executions: filters, live, bulk retry.

use axum::{
    extract::{OriginalUri, Query},
    response::{IntoResponse, Redirect, Response},
};
use http::Method;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::console::{
    api::{Api, Trouble},
    form::Form,
    page::{Page, csrf, encode, page},
    part::{duration, execution_link, next_page, status, text, time},
};

const STATUSES: &[&str] =
    &["queued", "running", "waiting", "retrying", "succeeded", "failed", "cancelled", "timed_out"];

#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub struct Filter {
    integration: String,
    flow: String,
    status: String,
    event_id: String,
    since: String,
    until: String,
    q: String,
    #[serde(rename = "page[after]")]
    after: String,
    done: String,
}

impl Filter {
    /// The query that the API takes; also the address of this list.
    fn query(&self) -> String {
        let parts = [
            ("integration", &self.integration),
            ("flow", &self.flow),
            ("status", &self.status),
            ("event_id", &self.event_id),
            ("since", &minute(&self.since)),
            ("until", &minute(&self.until)),
            ("q", &self.q),
        ];
        let parts = parts.into_iter().filter(|(_, value)| !value.is_empty());
        let parts: Vec<String> = parts.map(|(name, value)| format!("{name}={}", encode(value))).collect();
        parts.join("&")
    }
}

/// What a browser's date field gives, `2026-11-24T06:50`, as RFC 3339; anything else as it is.
fn minute(text: &str) -> String {
    if text.len() == "2026-11-24T06:50".len() { format!("{text}:00Z") } else { text.to_owned() }
}

pub async fn list(api: Api, Query(filter): Query<Filter>, OriginalUri(uri): OriginalUri) -> Result<Page, Trouble> {
    let after = if filter.after.is_empty() { String::new() } else { format!("&page[after]={}", encode(&filter.after)) };
    let answer = api.get(&format!("/api/zis/v1/executions?page[size]=50&{}{after}", filter.query())).await?;
    let executions = answer["executions"].as_array().cloned().unwrap_or_default();
    let of_any = Filter { status: String::new(), ..filter.clone() };
    let counts = api.get(&format!("/api/zis/v1/executions/counts?{}", of_any.query())).await?;
    let live = filter.after.is_empty().then_some("executions");
    Ok(page(
        &api,
        "Executions",
        html! {
            h1 { "Executions" }
            @if !filter.done.is_empty() { div.notice.good role="status" { (filter.done) } }
            (filters(&filter))
            form method="post" action={ "/console/executions?" (filter.query()) } {
                (csrf(&api))
                div id="list" data-live=[live] {
                    (tallies(&of_any, &filter.status, &counts["counts"]))
                    @if executions.is_empty() { div.empty { "No executions match. " a href="/console/try" { "Send an event" } "." } }
                    @else { (table(&executions)) (next_page(&uri.to_string(), &answer["meta"])) }
                }
                div.row.below {
                    button type="submit" name="do" value="retry" { "Retry the selected" }
                    button type="submit" name="do" value="retry-all" { "Retry all that failed and match" }
                }
            }
        },
    ))
}

/// How many there are of each status, as links.
fn tallies(of_any: &Filter, current: &str, counts: &Value) -> Markup {
    let found = |name: &str| counts[name].as_u64().unwrap_or(0);
    let total: u64 = STATUSES.iter().map(|name| found(name)).sum();
    let tally = |name: &str, count: u64| {
        let query = Filter { status: name.to_owned(), ..of_any.clone() }.query();
        let shown = if name.is_empty() { "all".to_owned() } else { name.replace('_', " ") };
        html! { a href={ "/console/executions?" (query) } aria-current=[(current == name).then_some("true")] { (shown) " " strong { (count) } } }
    };
    html! {
        nav.tallies aria-label="By status" {
            (tally("", total))
            @for name in STATUSES.iter().filter(|name| found(name) > 0 || current == **name) { (tally(name, found(name))) }
        }
    }
}

fn filters(filter: &Filter) -> Markup {
    let field = |name: &str, label: &str, value: &str| {
        html! { div.field { label for=(name) { (label) } input id=(name) name=(name) value=(value); } }
    };
    html! {
        form.filters method="get" action="/console/executions" role="search" {
            (field("integration", "Integration", &filter.integration))
            (field("flow", "Flow", &filter.flow))
            div.field {
                label for="status" { "Status" }
                select id="status" name="status" data-submit {
                    option value="" { "any" }
                    @for name in STATUSES { option value=(name) selected[filter.status == *name] { (name.replace('_', " ")) } }
                }
            }
            (field("event_id", "Event", &filter.event_id))
            @for (name, label, value) in [("since", "Since (UTC)", &filter.since), ("until", "Until (UTC)", &filter.until)] {
                div.field { label for=(name) { (label) } input id=(name) name=(name) type="datetime-local" value=(value.get(..16).unwrap_or(value)); }
            }
            (field("q", "Text in the event, message or cause", &filter.q))
            button type="submit" { "Filter" }
        }
    }
}

fn table(executions: &[Value]) -> Markup {
    html! {
        div.table { table.stack {
            thead { tr { th { "" } th { "Execution" } th { "Status" } th { "Flow" } th { "Attempt" } th { "Started" } th { "Took" } th { "Message" } } }
            tbody { @for execution in executions {
                @let id = text(execution, "id");
                tr data-id=(id) {
                    td { input type="checkbox" name="id" value=(id) aria-label={ "Select " (id) }; }
                    td { (execution_link(id)) }
                    td { (status(text(execution, "status"))) }
                    td { (text(execution, "integration")) " / " (text(execution, "flow")) }
                    td.n title="attempt" { (execution["attempt"].to_string()) "/" (execution["max_attempts"].to_string()) }
                    td.n { (time(text(execution, "started_at"))) }
                    td.n { (duration(text(execution, "started_at"), text(execution, "ended_at"))) }
                    td { (execution["message"].as_str().or(execution["error"]["cause"].as_str()).unwrap_or_default()) }
                }
            } }
        } }
    }
}

/// Retries what was selected, or everything that failed and matches.
pub async fn act(api: Api, Query(filter): Query<Filter>, form: Form) -> Result<Response, Trouble> {
    let body = json!({"from": "failure", "bundle": "pinned"});
    let done = if form.text("do") == "retry-all" {
        // What the list shows, but only what failed.
        let failed = Filter { status: "failed".to_owned(), ..filter.clone() };
        let answer =
            api.call(Method::POST, &format!("/api/zis/v1/executions/retry?{}", failed.query()), Some(&body)).await?;
        let count = answer["retried"].as_array().map_or(0, Vec::len);
        format!(
            "{count} executions are running again{}.",
            if answer["has_more"] == json!(true) { "; there are more" } else { "" }
        )
    } else {
        for id in form.all("id") {
            api.call(Method::POST, &format!("/api/zis/v1/executions/{}/retry", encode(id)), Some(&body)).await?;
        }
        format!("{} executions are running again.", form.all("id").len())
    };
    Ok(Redirect::to(&format!("/console/executions?{}&done={}", filter.query(), encode(&done))).into_response())
}
