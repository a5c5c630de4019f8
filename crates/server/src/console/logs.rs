//! The integration log, live, with filters.

use axum::extract::OriginalUri;
use maud::html;
use serde::Deserialize;

use crate::console::{
    api::{Api, Asked, Trouble},
    page::{Page, encode, page},
    part::{live, next_page, short_id, shortened, status, text, time},
};

/// Bytes of an entry that are shown.
const MOST_TEXT: usize = 800;

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Filter {
    integration: String,
    level: String,
    execution: String,
    q: String,
    #[serde(rename = "page[after]")]
    after: String,
}

pub async fn list(api: Api, Asked(filter): Asked<Filter>, OriginalUri(uri): OriginalUri) -> Result<Page, Trouble> {
    let parts = [
        ("integration", &filter.integration),
        ("level", &filter.level),
        ("execution", &filter.execution),
        ("q", &filter.q),
        ("page[after]", &filter.after),
    ];
    let query: Vec<String> = parts
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    let answer = api.get(&format!("/api/zis/v1/logs?{}", query.join("&"))).await?;
    let logs = answer["logs"].as_array().cloned().unwrap_or_default();
    Ok(page(
        &api,
        "Logs",
        html! {
            div.title { h1 { "Integration log" } @if filter.after.is_empty() { (live()) } }
            form.filters method="get" role="search" { div.row {
                div.field.wide { label for="q" { "Text" } input id="q" name="q" value=(filter.q); }
                div.field { label for="integration" { "Integration" } input id="integration" name="integration" value=(filter.integration); }
                div.field { label for="level" { "Level" }
                    select id="level" name="level" data-submit {
                        option value="" { "any" }
                        @for level in ["debug", "info", "warning", "error"] { option value=(level) selected[filter.level == level] { (level) } }
                    }
                }
                @if !filter.execution.is_empty() { input type="hidden" name="execution" value=(filter.execution); }
                button type="submit" { "Filter" }
                @if !query.is_empty() { a.button.quiet href="/console/logs" { "Clear" } }
            } }
            @if !filter.execution.is_empty() {
                p { "Of the execution " a.mono href={ "/console/executions/" (encode(&filter.execution)) } { (filter.execution) } " only. " a href="/console/logs" { "Show all" } }
            }
            div id="log" data-live=[filter.after.is_empty().then_some("logs")] {
                @if logs.is_empty() { div.empty { @if query.is_empty() { "The log is empty: it tells what executions did." } @else { "Nothing in the log fits." } } } @else {
                    div.table { table.stack {
                        thead { tr { th { "When" } th { "Level" } th { "What" } th { "Flow" } th { "Execution" } } }
                        tbody { @for entry in &logs {
                            tr data-id=(entry["id"].to_string()) {
                                td.n { (time(text(entry, "timestamp"))) }
                                td { (status(text(entry, "level"))) }
                                td.why { (shortened(text(entry, "description"), MOST_TEXT)) }
                                td { (text(entry, "flow")) span.under { (text(entry, "integration")) } }
                                td.id { @if let Some(id) = entry["execution"].as_str() { a.mono href={ "/console/executions/" (id) } title=(id) { (short_id(id)) } } }
                            }
                        } }
                    } }
                    (next_page(&uri.to_string(), &answer["meta"], "Older"))
                }
            }
        },
    ))
}
