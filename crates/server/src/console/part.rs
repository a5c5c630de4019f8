//! Small parts that many pages use.

use maud::{Markup, PreEscaped, html};
use serde_json::Value;
use zis_flow::Timestamp;

/// The text at `key`, empty when there is none.
pub fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

/// A status in its colour.
pub fn status(status: &str) -> Markup {
    let class = match status {
        "succeeded" | "info" => "good",
        "failed" | "timed_out" | "error" => "bad",
        "cancelled" | "debug" => "",
        "waiting" | "retrying" | "warning" => "warn",
        _ => "run",
    };
    html! { span class={ "tag " (class) } { (status.replace('_', " ")) } }
}

/// A time: short to read, exact for machines and in the title.
pub fn time(text: &str) -> Markup {
    let short = text.get(5..19).unwrap_or(text).replace('T', " ");
    html! { @if text.is_empty() { "" } @else { time datetime=(text) title=(text) { (short) } } }
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
    html! { @if more { p { a.button href={ (base) "?" (query.join("&")) } rel="next" { "Older" } } } }
}
