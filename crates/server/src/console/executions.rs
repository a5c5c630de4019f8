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
    part::{colour, duration, execution_link, next_page, status, text, time},
};

const STATUSES: &[&str] =
    &["queued", "running", "waiting", "retrying", "succeeded", "failed", "cancelled", "timed_out"];

/// Integrations that a box offers to choose from: with more, the name is typed.
const MAX_CHOICES: usize = 100;

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
    // To count what holds a text, every execution would have to be read.
    let counts = if filter.q.is_empty() {
        api.get(&format!("/api/zis/v1/executions/counts?{}", of_any.query())).await?
    } else {
        Value::Null
    };
    let integrations = api.list("/api/services/zis/registry/integrations", "integrations").await;
    let live = filter.after.is_empty().then_some("executions");
    Ok(page(
        &api,
        "Executions",
        html! {
            div.title { h1 { "Executions" } }
            @if !filter.done.is_empty() { div.notice.good role="status" { (filter.done) } }
            (filters(&filter, &integrations))
            form method="post" action={ "/console/executions?" (filter.query()) } {
                (csrf(&api))
                div id="list" data-live=[live] {
                    (tallies(&of_any, &filter.status, &counts["counts"]))
                    @if !executions.is_empty() { (table(&executions)) }
                    @else if !filter.q.is_empty() && answer["meta"]["has_more"] == json!(true) { div.empty { "None among the newest that were looked through." } }
                    @else { div.empty { "No executions match. " a href="/console/try" { "Send an event" } "." } }
                    (next_page(&uri.to_string(), &answer["meta"]))
                }
                @if !executions.is_empty() {
                    div.row.below {
                        button type="submit" name="do" value="retry" { "Retry the selected" }
                        button type="submit" name="do" value="retry-all" { "Retry all that failed and match" }
                    }
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
        html! { a href={ "/console/executions?" (query) } aria-current=[(current == name).then_some("true")] {
            @if !name.is_empty() { span class={ "dot " (colour(name)) } {} }
            (shown) @if !counts.is_null() { " " strong { (count) } }
        } }
    };
    html! {
        nav.tallies aria-label="By status" {
            (tally("", total))
            @for name in STATUSES.iter().filter(|name| counts.is_null() || found(name) > 0 || current == **name) { (tally(name, found(name))) }
        }
    }
}

fn filters(filter: &Filter, integrations: &[Value]) -> Markup {
    let rare = [&filter.flow, &filter.event_id, &filter.since, &filter.until].iter().any(|value| !value.is_empty());
    let input = |name: &str, label: &str, value: &str| {
        html! { div.field { label for=(name) { (label) } input id=(name) name=(name) value=(value); } }
    };
    let names = integrations.iter().map(|integration| text(integration, "name"));
    let unknown =
        Some(filter.integration.as_str()).filter(|name| !name.is_empty() && !names.clone().any(|known| known == *name));
    html! {
        form.filters method="get" action="/console/executions" role="search" {
            div.bar {
                div.field.wide { label for="q" { "Text in the event, message or cause" } input id="q" name="q" value=(filter.q); }
                @if integrations.len() > MAX_CHOICES { (input("integration", "Integration", &filter.integration)) }
                @else { div.field { label for="integration" { "Integration" } select id="integration" name="integration" data-submit {
                    option value="" { "any" }
                    @for name in names.chain(unknown) { option value=(name) selected[filter.integration == name] { (name) } }
                } } }
                div.field { label for="status" { "Status" } select id="status" name="status" data-submit {
                    option value="" { "any" }
                    @for name in STATUSES { option value=(name) selected[filter.status == *name] { (name.replace('_', " ")) } }
                } }
                button type="submit" { "Filter" }
            }
            details id="more-filters" open[rare] { summary.small { "More filters" }
                div.row {
                    (input("flow", "Flow", &filter.flow))
                    (input("event_id", "Event", &filter.event_id))
                    @for (name, label, value) in [("since", "Since (UTC)", &filter.since), ("until", "Until (UTC)", &filter.until)] {
                        div.field.when { label for=(name) { (label) } input id=(name) name=(name) type="datetime-local" value=(value.get(..16).unwrap_or(value)); }
                    }
                }
            }
        }
    }
}

fn table(executions: &[Value]) -> Markup {
    html! {
        div.table { table.stack {
            thead { tr { th.tick { span.unseen { "Selected" } } th { "Execution" } th { "Status" } th { "Flow" } th { "Attempt" } th { "Started" } th { "Took" } th { "Message" } } }
            tbody { @for execution in executions {
                @let id = text(execution, "id");
                tr data-id=(id) {
                    td.tick { input type="checkbox" name="id" value=(id) aria-label={ "Select " (id) }; }
                    td.id { (execution_link(id)) }
                    td { (status(text(execution, "status"))) }
                    td { (text(execution, "integration")) " / " (text(execution, "flow")) }
                    td.n title="attempt" { (execution["attempt"].to_string()) " of " (execution["max_attempts"].to_string()) }
                    td.n { (time(text(execution, "started_at"))) }
                    td.n { (duration(text(execution, "started_at"), text(execution, "ended_at"))) }
                    td.why { (execution["message"].as_str().or(execution["error"]["cause"].as_str()).unwrap_or_default()) }
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
        let more = if answer["has_more"] == json!(true) { " There are more: press it once more." } else { "" };
        format!("{}{more}", running(count))
    } else {
        for id in form.all("id") {
            api.call(Method::POST, &format!("/api/zis/v1/executions/{}/retry", encode(id)), Some(&body)).await?;
        }
        running(form.all("id").len())
    };
    Ok(Redirect::to(&format!("/console/executions?{}&done={}", filter.query(), encode(&done))).into_response())
}

fn running(count: usize) -> String {
    if count == 1 {
        "One execution is running again.".to_owned()
    } else {
        format!("{count} executions are running again.")
    }
}
