//! Home: what is installed, what ran in the last hour, what failed and why, what waits.

use maud::{Markup, html};
use serde_json::{Value, json};
use zis_flow::Timestamp;

use crate::console::{
    api::{Api, Trouble},
    page::{Page, encode, page},
    part::{execution_link, status, text, time},
};

/// Bars of the chart, five minutes each.
const BARS: usize = 12;
const BAR_SECONDS: u64 = 300;

pub async fn show(api: Api) -> Result<Page, Trouble> {
    let integrations = api.list("/api/services/zis/registry/integrations", "integrations").await;
    let counts = api.get("/api/zis/v1/executions/counts").await.unwrap_or_default();
    let now = api.now();
    let hour = BARS as i64 * BAR_SECONDS as i64 * 1_000_000;
    let since = encode(&Timestamp(now.0 - hour).to_rfc3339());
    let answer = api.get(&format!("/api/zis/v1/executions?page[size]=100&since={since}")).await?;
    let recent = answer["executions"].as_array().cloned().unwrap_or_default();
    let more = answer["meta"]["has_more"] == json!(true);
    let failed = api.list("/api/zis/v1/executions?status=failed,timed_out&page[size]=5", "executions").await;
    let waiting = api.list("/api/zis/v1/executions?status=waiting,retrying&page[size]=5", "executions").await;
    Ok(page(
        &api,
        "Home",
        html! {
            h1 { "Home" }
            div id="home" data-live="executions" {
                div.cards {
                    (card(integrations.len(), "integrations", "/console/integrations"))
                    @for (name, label) in [("running", "running"), ("waiting", "waiting"), ("retrying", "retrying"), ("succeeded", "succeeded"), ("failed", "failed")] {
                        (card(counts["counts"][name].as_u64().unwrap_or(0) as usize, label, &format!("/console/executions?status={name}")))
                    }
                }
                h2 { "The last hour" }
                @if recent.is_empty() {
                    div.empty { "Nothing has run in the last hour. " a href="/console/try" { "Send an event" } ", or run " code { "zis demo" } "." }
                } @else { (chart(&recent, now, more)) }
                h2 { "Failed" }
                (short_list(&failed, "Nothing has failed."))
                h2 { "Waiting" }
                (short_list(&waiting, "Nothing waits."))
            }
        },
    ))
}

fn card(figure: usize, label: &str, path: &str) -> Markup {
    html! { div.card { a href=(path) { span.figure { (figure) } span.soft { (label) } } } }
}

fn short_list(executions: &[Value], none: &str) -> Markup {
    html! {
        @if executions.is_empty() { p.soft { (none) } } @else {
            div.table { table.stack {
                thead { tr { th { "Execution" } th { "Status" } th { "Flow" } th { "Why" } th { "Started" } } }
                tbody { @for execution in executions {
                    tr data-id=(text(execution, "id")) {
                        td { (execution_link(text(execution, "id"))) }
                        td { (status(text(execution, "status"))) }
                        td { (text(execution, "integration")) " / " (text(execution, "flow")) }
                        td { (execution["error"]["cause"].as_str().unwrap_or_default()) }
                        td { (time(text(execution, "started_at"))) }
                    }
                } }
            } }
        }
    }
}

/// A bar for each five minutes of the last hour, stacked by how they ended.
fn chart(executions: &[Value], now: Timestamp, more: bool) -> Markup {
    let at = |execution: &Value| Timestamp::parse_rfc3339(text(execution, "started_at"));
    let mut bars = [[0_usize; 3]; BARS];
    for execution in executions {
        let Some(age) = at(execution).map(|at| now.since(at).as_secs() / BAR_SECONDS) else { continue };
        let Some(bar) = usize::try_from(age).ok().and_then(|age| (BARS - 1).checked_sub(age)) else { continue };
        let kind = match text(execution, "status") {
            "succeeded" => 0,
            "failed" | "timed_out" => 1,
            _ => 2,
        };
        bars[bar][kind] += 1;
    }
    let most = bars.iter().map(|bar| bar.iter().sum()).max().unwrap_or(1).max(1);
    let scale = |count: usize| count as f64 * 76.0 / most as f64;
    html! {
        svg.chart viewBox="0 0 600 90" preserveAspectRatio="none" role="img" aria-label={ (executions.len()) " executions, by five minutes" } {
            @for (at, [good, bad, open]) in bars.iter().enumerate() {
                @let x = at as f64 * 50.0 + 6.0;
                @let (g, b, o) = (scale(*good), scale(*bad), scale(*open));
                rect.succeeded x=(x) y=(84.0 - g) width="38" height=(g) {}
                rect.failed x=(x) y=(84.0 - g - b) width="38" height=(b) {}
                rect.open x=(x) y=(84.0 - g - b - o) width="38" height=(o) {}
            }
            line.axis x1="0" x2="600" y1="85" y2="85" {}
        }
        p.soft.small { "Five minutes a bar; the tallest is " (most) ". " @if more { "Only the newest 100 executions are drawn." } }
    }
}
