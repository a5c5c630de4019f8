//! Small parts that many pages use.

use maud::{Markup, PreEscaped, html};
use serde_json::Value;
use zis_flow::Timestamp;

/// The text at `key`, empty when there is none.
pub fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

/// The colour of a status.
pub fn colour(status: &str) -> &'static str {
    match status {
        "succeeded" | "info" => "good",
        "failed" | "timed_out" | "error" => "bad",
        "cancelled" | "debug" => "",
        "waiting" | "retrying" | "warning" => "warn",
        _ => "run",
    }
}

/// A status in its colour.
pub fn status(status: &str) -> Markup {
    html! { span class={ "tag " (colour(status)) } { (status.replace('_', " ")) } }
}

/// A time: short to read, exact for machines and in the title.
pub fn time(text: &str) -> Markup {
    html! { @if !text.is_empty() { time.n datetime=(text) title=(text) { (short_time(text).as_deref().unwrap_or(text)) } } }
}

/// `2026-11-24T08:41:29Z`: `24 Nov 08:41:29`.
fn short_time(text: &str) -> Option<String> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = MONTHS.get(text.get(5..7)?.parse::<usize>().ok()?.checked_sub(1)?)?;
    Some(format!("{} {month} {}", text.get(8..10)?.trim_start_matches('0'), text.get(11..19)?))
}

/// A part of a page with its heading, and what can be done beside it.
pub fn section(title: &str, beside: Markup, content: Markup) -> Markup {
    html! { section { div.head { h2 { (title) } (beside) } (content) } }
}

/// A button that opens a form.
pub fn opener(id: &str, title: &str, open: bool, form: Markup) -> Markup {
    html! { details.open id=(id) open[open] { summary { (title) } div.panel { (form) } } }
}

/// A field of a form with its label.
pub fn field(id: &str, name: &str, label: &str, kind: &str, required: bool) -> Markup {
    html! { div.field { label for=(id) { (label) } input id=(id) name=(name) type=(kind) required[required] autocomplete="off"; } }
}

/// From one time to another, `12 ms`, `3.4 s`.
pub fn duration(from: &str, to: &str) -> String {
    let (Some(from), Some(to)) = (Timestamp::parse_rfc3339(from), Timestamp::parse_rfc3339(to)) else {
        return String::new();
    };
    millis(to.since(from).as_secs_f64() * 1e3)
}

pub fn millis(millis: f64) -> String {
    match millis {
        ms if ms < 0.1 => "< 0.1 ms".to_owned(),
        ms if ms < 10.0 => format!("{ms:.1} ms"),
        ms if ms < 1_000.0 => format!("{ms:.0} ms"),
        ms if ms < 60_000.0 => format!("{:.1} s", ms / 1e3),
        ms => format!("{:.1} min", ms / 60_000.0),
    }
}

/// JSON over several lines; a text that is JSON too.
pub fn json(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// A flow's picture in its frame.
pub fn picture(svg: PreEscaped<String>) -> Markup {
    html! { div.picture tabindex="0" role="group" aria-label="Flow; drag to move, Ctrl and wheel to zoom" { (svg) } }
}

/// The link to an execution.
pub fn execution_link(id: &str) -> Markup {
    html! { a.mono.n href={ "/console/executions/" (id) } { (id.get(..16).unwrap_or(id)) "…" (id.get(id.len().saturating_sub(4)..).unwrap_or_default()) } }
}

/// A link to the next page of a list, when there is one.
pub fn next_page(path: &str, meta: &Value) -> Markup {
    let cursor = meta["after_cursor"].as_str().or(meta["after"].as_str()).unwrap_or_default();
    let more = meta["has_more"].as_bool().unwrap_or(false) && !cursor.is_empty();
    let (base, query) = path.split_once('?').unwrap_or((path, ""));
    let others = query.split('&').filter(|part| !part.is_empty() && !part.starts_with("page"));
    let after = format!("page%5Bafter%5D={}", super::page::encode(cursor));
    let query: Vec<&str> = others.chain([after.as_str()]).collect();
    html! { @if more { p.below { a.button href={ (base) "?" (query.join("&")) } rel="next" { "Older" } } } }
}
