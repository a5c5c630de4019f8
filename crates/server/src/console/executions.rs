//! The list of executions: filters, live, bulk retry.

use axum::{
    extract::OriginalUri,
    response::{IntoResponse, Redirect, Response},
};
use http::Method;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::console::{
    api::{Api, Asked, Trouble},
    form::Form,
    page::{Page, csrf, encode, page},
    part::{colour, duration, execution_link, live, next_page, short_id, standing, text, time, why},
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

pub async fn list(api: Api, Asked(filter): Asked<Filter>, OriginalUri(uri): OriginalUri) -> Result<Page, Trouble> {
    let after = if filter.after.is_empty() { String::new() } else { format!("&page[after]={}", encode(&filter.after)) };
    let answer = api.get(&format!("/api/zis/v1/executions?page[size]=50&{}{after}", filter.query())).await?;
    let executions = answer["executions"].as_array().cloned().unwrap_or_default();
    let of_any = Filter { status: String::new(), ..filter.clone() };
    let counts = api.get(&format!("/api/zis/v1/executions/counts?{}", of_any.query())).await?;
    let integrations = api.get("/api/zis/v1/integrations?page[size]=100").await?;
    let topic = filter.after.is_empty().then_some("executions");
    let can_retry = ["failed", "timed_out"].iter().any(|name| counts["counts"][name].as_u64() > Some(0));
    Ok(page(
        &api,
        "Executions",
        html! {
            div.title { h1 { "Executions" } @if topic.is_some() { (live()) } }
            @if !filter.done.is_empty() { div.notice.good role="status" { (filter.done) } }
            (filters(&filter, &integrations))
            form method="post" action={ "/console/executions?" (filter.query()) } {
                (csrf(&api))
                div id="list" data-live=[topic] {
                    (tallies(&of_any, &filter.status, &counts))
                    @if !executions.is_empty() { (table(&executions)) }
                    @else if !filter.q.is_empty() && answer["meta"]["has_more"] == json!(true) { div.empty { "None among the newest that were looked through." } }
                    @else if filter.query().is_empty() { div.empty { "Nothing has run yet. " a href="/console/try" { "Send an event" } " to see it here." } }
                    @else { div.empty { "No execution matches. " a href="/console/executions" { "Show all" } "." } }
                    (next_page(&uri.to_string(), &answer["meta"], "Older"))
                }
                @if !executions.is_empty() {
                    div.row.bulk {
                        button type="submit" name="do" value="retry" { "Retry the selected" }
                        @if can_retry { button type="submit" name="do" value="retry-all" { "Retry all that failed and match" } }
                    }
                }
            }
        },
    ))
}

/// How many there are of each status, as links.
fn tallies(of_any: &Filter, current: &str, counted: &Value) -> Markup {
    let found = |name: &str| counted["counts"][name].as_u64().unwrap_or(0);
    let total: u64 = STATUSES.iter().map(|name| found(name)).sum();
    let tally = |name: &str, count: u64| {
        let query = Filter { status: name.to_owned(), ..of_any.clone() }.query();
        let shown = if name.is_empty() { "all".to_owned() } else { name.replace('_', " ") };
        html! { a href={ "/console/executions?" (query) } aria-current=[(current == name).then_some("true")] {
            @if !name.is_empty() { span class={ "dot " (colour(name)) } {} }
            (shown) " " strong { (count) }
        } }
    };
    html! {
        nav.tallies aria-label="By status" {
            (tally("", total))
            @for name in STATUSES.iter().filter(|name| found(name) > 0 || current == **name) { (tally(name, found(name))) }
            @if counted["complete"] == json!(false) { span.soft.small { "counted among the newest 2,000 executions" } }
        }
    }
}

/// With more integrations than a box should offer, the name is typed.
fn filters(filter: &Filter, answer: &Value) -> Markup {
    let integrations = answer["integrations"].as_array().map(Vec::as_slice).unwrap_or_default();
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
                @if answer["meta"]["has_more"] == json!(true) { (input("integration", "Integration", &filter.integration)) }
                @else { div.field { label for="integration" { "Integration" } select id="integration" name="integration" data-submit {
                    option value="" { "any" }
                    @for name in names.chain(unknown) { option value=(name) selected[filter.integration == name] { (name) } }
                } } }
                div.field { label for="status" { "Status" } select id="status" name="status" data-submit {
                    option value="" { "any" }
                    @for name in STATUSES { option value=(name) selected[filter.status == *name] { (name.replace('_', " ")) } }
                } }
                button type="submit" { "Filter" }
                @if !filter.query().is_empty() { a.button.quiet href="/console/executions" { "Clear" } }
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
            thead { tr {
                th.tick { span.unseen { "Selected" } input type="checkbox" data-all aria-label="Select all on this page" hidden; }
                th { "Flow" } th { "Status" } th { "Message" } th { "Started" } th { "Took" } th { "Id" }
            } }
            tbody { @for execution in executions {
                @let id = text(execution, "id");
                tr data-id=(id) {
                    td.tick { input type="checkbox" name="id" value=(id) aria-label={ "Select " (id) }; }
                    td { (execution_link(execution)) }
                    td { (standing(execution)) }
                    td.why { (why(execution)) }
                    td.n { (time(text(execution, "started_at"))) }
                    td.n { (duration(text(execution, "started_at"), text(execution, "ended_at"))) }
                    td.id.mono.soft title=(id) { (short_id(id)) }
                }
            } }
        } }
    }
}

/// Retries what was selected, or everything that failed and matches.
pub async fn act(api: Api, Asked(filter): Asked<Filter>, form: Form) -> Result<Response, Trouble> {
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
