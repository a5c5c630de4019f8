//! Home: what is installed, what ran in the last hour, what failed and why, what waits.

use maud::{Markup, html};
use serde_json::Value;

use crate::console::{
    api::{Api, Trouble},
    chart,
    page::{Page, csrf, encode, page},
    part::{colour, execution_link, live, section, standing, text, time, why},
};

/// What the figures show beside the number of integrations: those that are open now, and what has ended since the first day.
const FIGURES: [(&str, &str); 5] = [
    ("running", "running"),
    ("waiting", "waiting"),
    ("retrying", "retrying"),
    ("succeeded", "succeeded in all"),
    ("failed", "failed in all"),
];
/// Failures that are looked through, the newest first, and causes that are shown.
const LOOKED_AT: usize = 100;
const CAUSES: usize = 5;

pub async fn show(api: Api) -> Result<Page, Trouble> {
    let integrations = api.get("/api/zis/v1/integrations?page[size]=100").await?;
    let counts = api.get("/api/zis/v1/executions/counts").await?;
    let histogram = api.get("/api/zis/v1/executions/histogram").await?;
    let bars = histogram["bars"].as_array().map(Vec::as_slice).unwrap_or_default();
    let failed = format!("/api/zis/v1/executions?status=failed,timed_out&page[size]={LOOKED_AT}");
    let failed = api.list(&failed, "executions").await;
    let waiting = api.list("/api/zis/v1/executions?status=waiting,retrying&page[size]=5", "executions").await;
    let is_new = integrations["integrations"].as_array().is_none_or(Vec::is_empty);
    Ok(page(
        &api,
        "Home",
        html! {
            div.title { h1 { "Home" } (live()) }
            @if is_new { (first_steps(&api)) }
            div id="home" data-live="executions" {
                div.figures {
                    (figure(&installed(&integrations), "integrations", "", "/console/integrations"))
                    @for (name, label) in FIGURES {
                        @let count = counts["counts"][name].as_u64().unwrap_or(0).to_string();
                        (figure(&count, label, colour(name), &format!("/console/executions?status={name}")))
                    }
                }
                @if !is_new {
                    (section("The last hour", chart::legend(bars), chart::chart(bars)))
                    (section("Failed", more(&failed, "failed,timed_out"), failures(&failed)))
                    (section("Waiting", more(&waiting, "waiting,retrying"), list(&waiting)))
                }
            }
        },
    ))
}

/// What somebody sees whose server is empty.
fn first_steps(api: &Api) -> Markup {
    html! {
        div.panel.start {
            h2 { "Start here" }
            p { "zis runs the flows of Zendesk Integration Services on this machine, beside a Zendesk of its own, and shows what each state saw and did." }
            div.row {
                form method="post" action="/console/integrations" {
                    (csrf(api))
                    button.primary type="submit" name="do" value="tutorial" { "Set up the refund tutorial" }
                }
                a.button href="/console/integrations" { "Create an integration of your own" }
            }
            p.soft.small { "The tutorial's bundle approves small refunds and makes a ticket of large ones; its refund API is a request bin of this server." }
        }
    }
}

/// How many integrations there are, as far as one page tells.
fn installed(answer: &Value) -> String {
    let count = answer["integrations"].as_array().map_or(0, Vec::len);
    if answer["meta"]["has_more"] == true { format!("{count}+") } else { count.to_string() }
}

fn figure(figure: &str, label: &str, colour: &str, path: &str) -> Markup {
    html! { a href=(path) {
        span.label { @if !colour.is_empty() { span class={ "dot " (colour) } {} } (label) }
        span.figure { (figure) }
    } }
}

fn more(executions: &[Value], status: &str) -> Markup {
    html! { @if !executions.is_empty() { a.small href={ "/console/executions?status=" (status) } { "All of them" } } }
}

/// What failed, those of one flow and cause together, by the newest of each.
fn failures(executions: &[Value]) -> Markup {
    let kind = |execution: &Value| {
        let texts = [&execution["integration"], &execution["flow"], &execution["error"]["cause"]];
        texts.map(|text| text.as_str().unwrap_or_default().to_owned())
    };
    let mut kinds: Vec<([String; 3], &Value, usize)> = Vec::new();
    for execution in executions {
        let of = kind(execution);
        match kinds.iter_mut().find(|(known, ..)| *known == of) {
            Some((.., count)) => *count += 1,
            None => kinds.push((of, execution, 1)),
        }
    }
    html! {
        @if kinds.is_empty() { div.empty { "Nothing has failed." } } @else {
            div.table { table.stack {
                thead { tr { th { "Flow" } th { "How often" } th { "Why" } th { "Last" } } }
                tbody { @for ([integration, flow, _], newest, count) in kinds.iter().take(CAUSES) {
                    tr data-id=(text(newest, "id")) {
                        td { (execution_link(newest)) }
                        td.n { @if *count > 1 {
                            a href={ "/console/executions?status=failed&integration=" (encode(integration)) "&flow=" (encode(flow)) } { (count) " times" }
                        } @else { "once" } }
                        td.why { (why(newest)) }
                        td.n { (time(text(newest, "ended_at"))) }
                    }
                } }
            } }
            @if executions.len() == LOOKED_AT { p.soft.small.below { "Of the newest " (LOOKED_AT) " that failed." } }
        }
    }
}

fn list(executions: &[Value]) -> Markup {
    html! {
        @if executions.is_empty() { div.empty { "Nothing waits." } } @else {
            div.table { table.stack {
                thead { tr { th { "Flow" } th { "Status" } th { "Why" } th { "Started" } } }
                tbody { @for execution in executions {
                    tr data-id=(text(execution, "id")) {
                        td { (execution_link(execution)) }
                        td { (standing(execution)) }
                        td.why { (why(execution)) }
                        td.n { (time(text(execution, "started_at"))) }
                    }
                } }
            } }
        }
    }
}
