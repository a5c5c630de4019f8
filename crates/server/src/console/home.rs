//! Home: what is installed, what ran in the last hour, what failed and why, what waits.

use maud::{Markup, html};
use serde_json::Value;

use crate::console::{
    api::{Api, Trouble},
    chart,
    page::{Page, page},
    part::{colour, execution_link, section, status, text, time},
};

/// What the figures show beside the number of integrations.
const FIGURES: [&str; 5] = ["running", "waiting", "retrying", "succeeded", "failed"];

pub async fn show(api: Api) -> Result<Page, Trouble> {
    let integrations = api.list("/api/services/zis/registry/integrations", "integrations").await;
    let counts = api.get("/api/zis/v1/executions/counts").await?;
    let histogram = api.get("/api/zis/v1/executions/histogram").await?;
    let bars = histogram["bars"].as_array().map(Vec::as_slice).unwrap_or_default();
    let failed = api.list("/api/zis/v1/executions?status=failed,timed_out&page[size]=5", "executions").await;
    let waiting = api.list("/api/zis/v1/executions?status=waiting,retrying&page[size]=5", "executions").await;
    Ok(page(
        &api,
        "Home",
        html! {
            div.title { h1 { "Home" } }
            div id="home" data-live="executions" {
                div.figures {
                    (figure(integrations.len() as u64, "integrations", "", "/console/integrations"))
                    @for name in FIGURES {
                        (figure(counts["counts"][name].as_u64().unwrap_or(0), name, colour(name), &format!("/console/executions?status={name}")))
                    }
                }
                (section("The last hour", chart::legend(bars), chart::chart(bars)))
                (section("Failed", more(&failed, "failed"), list(&failed, "Why", "Nothing has failed.")))
                (section("Waiting", more(&waiting, "retrying"), list(&waiting, "Goes on", "Nothing waits.")))
            }
        },
    ))
}

fn figure(figure: u64, label: &str, colour: &str, path: &str) -> Markup {
    html! { a href=(path) {
        span.label { @if !colour.is_empty() { span class={ "dot " (colour) } {} } (label) }
        span.figure { (figure) }
    } }
}

fn more(executions: &[Value], status: &str) -> Markup {
    html! { @if !executions.is_empty() { a.small href={ "/console/executions?status=" (status) } { "All of them" } } }
}

fn list(executions: &[Value], last: &str, none: &str) -> Markup {
    html! {
        @if executions.is_empty() { div.empty { (none) } } @else {
            div.table { table.stack {
                thead { tr { th { "Execution" } th { "Status" } th { "Flow" } th { "Started" } th { (last) } } }
                tbody { @for execution in executions {
                    tr data-id=(text(execution, "id")) {
                        td.id { (execution_link(text(execution, "id"))) }
                        td { (status(text(execution, "status"))) }
                        td { (text(execution, "integration")) " / " (text(execution, "flow")) }
                        td.n { (time(text(execution, "started_at"))) }
                        td.why {
                            @if let Some(cause) = execution["error"]["cause"].as_str() { (cause) }
                            @else { (time(text(execution, "wake_at"))) }
                        }
                    }
                } }
            } }
        }
    }
}
