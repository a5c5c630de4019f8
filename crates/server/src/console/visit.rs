//! The states of an execution: one entry a visit, with what it changed, what it sent, and why it went where it went.

use std::collections::BTreeMap;

use maud::{Markup, html};
use serde_json::{Value, json};
use zis_flow::Timestamp;

use crate::console::part::{json as pretty, millis, text};

/// The visits in order. Map iterations stand indented below their Map.
pub fn list(visits: &[Value]) -> Markup {
    let longest = visits.iter().map(micros).max().unwrap_or(0).max(1);
    html! {
        @if visits.is_empty() { div.empty { "No state was entered." } }
        ol.visits {
            @for (number, visit) in visits.iter().enumerate() { (entry(visit, number, longest)) }
        }
    }
}

fn micros(visit: &Value) -> u64 {
    let at = |key: &str| Timestamp::parse_rfc3339(text(visit, key));
    let took = at("started_at").zip(at("ended_at")).map(|(from, to)| to.since(from));
    took.and_then(|took| u64::try_from(took.as_micros()).ok()).unwrap_or(0)
}

fn entry(visit: &Value, number: usize, longest: u64) -> Markup {
    let path = text(visit, "path");
    let depth = path.matches('/').count().min(2);
    let failed = !visit["error"].is_null();
    let open = visit["ended_at"].is_null() && !failed;
    let took = micros(visit);
    html! {
        li id={ "state-" (path) } class={ "depth" (depth) } {
            details id={ "visit-" (number) } open[failed] {
                summary {
                    span class={ "tag " (if failed { "bad" } else if open { "run" } else { "good" }) } { (if failed { "failed" } else if open { "running" } else { "done" }) }
                    strong { (path) }
                    span.soft.small { (text(visit, "type")) }
                    @if let Some(next) = visit["next"].as_str() { span.soft.small { "→ " (next) } }
                    span.right.soft.small { (millis(took as f64 / 1e3)) }
                    span.bar aria-hidden="true" { svg viewBox="0 0 100 6" preserveAspectRatio="none" { rect width=(took * 100 / longest) height="6" {} } }
                }
                div.inside { (inside(visit, number)) }
            }
        }
    }
}

fn inside(visit: &Value, number: usize) -> Markup {
    let reasons: Vec<&str> = visit["reasons"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let error = &visit["error"];
    html! {
        @if !error.is_null() {
            div.notice.bad {
                (error["cause"].as_str().or(error["Cause"].as_str()).unwrap_or("failed"))
                @if let Some(detail) = error["detail"].as_str() { br; (detail) }
            }
        }
        @if !reasons.is_empty() { h3 { "Why" } ul { @for reason in reasons { li { (reason) } } } }
        @if !visit["http"].is_null() { (exchange(visit, number)) }
        @if !visit["output"].is_null() { (changed(visit)) }
        details { summary { "Input" } pre { (pretty(&visit["input"])) } }
        @if !visit["output"].is_null() { details { summary { "Output" } pre { (pretty(&visit["output"])) } } }
    }
}

fn exchange(visit: &Value, number: usize) -> Markup {
    let http = &visit["http"];
    let status = http["status"].as_u64();
    let class = if status.is_some_and(|status| status < 300) { "good" } else { "bad" };
    let id = format!("curl-{number}");
    html! {
        h3 { "Request" }
        p { strong { (text(http, "method")) } " " span.mono { (text(http, "url")) } " "
            span class={ "tag " (class) } { (status.map_or_else(|| "no answer".to_owned(), |status| status.to_string())) } }
        @if let Some(headers) = headers(&http["request_headers"]) { details { summary { "Headers sent" } pre { (headers) } } }
        @if !visit["request"]["body"].is_null() { pre { (pretty(&visit["request"]["body"])) } }
        @if let Some(headers) = headers(&http["response_headers"]) { details { summary { "Headers answered" } pre { (headers) } } }
        @if !http["response_body"].is_null() { h3 { "Answer" } pre { (http["response_body"].as_str().map_or_else(|| pretty(&http["response_body"]), str::to_owned)) } }
        details { summary { "As a curl command" } pre id=(id) { (curl(http, &visit["request"]["body"])) } button type="button" data-copy=(id) hidden { "Copy" } }
    }
}

/// Pairs `[[name, value]]` or an object, a line each.
fn headers(headers: &Value) -> Option<String> {
    let line = |name: &str, value: &Value| {
        format!("{name}: {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    };
    let lines: Vec<String> = match headers {
        Value::Array(pairs) => pairs.iter().map(|pair| line(pair[0].as_str().unwrap_or_default(), &pair[1])).collect(),
        Value::Object(pairs) => pairs.iter().map(|(name, value)| line(name, value)).collect(),
        _ => Vec::new(),
    };
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn curl(http: &Value, body: &Value) -> String {
    let quote = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
    let mut command = format!("curl -X {} {}", text(http, "method"), quote(text(http, "url")));
    for header in headers(&http["request_headers"]).unwrap_or_default().lines() {
        command.push_str(&format!(" \\\n  -H {}", quote(header)));
    }
    if !body.is_null() {
        command.push_str(&format!(" \\\n  -d {}", quote(&body.to_string())));
    }
    command
}

/// The difference that the state made to `$`.
fn changed(visit: &Value) -> Markup {
    let mut lines = Vec::new();
    differences("$", &visit["input"], &visit["output"], &mut lines);
    html! {
        @if lines.is_empty() { p.soft.small { "$ stayed as it was." } } @else {
            h3 { "Changed" }
            ul.changes { @for (class, line) in lines { li class=(class) { (line) } } }
        }
    }
}

fn differences(path: &str, old: &Value, new: &Value, lines: &mut Vec<(&'static str, String)>) {
    match (old, new) {
        (Value::Object(before), Value::Object(after)) => {
            for (key, value) in after {
                match before.get(key) {
                    Some(old) => differences(&format!("{path}.{key}"), old, value, lines),
                    None => lines.push(("added", format!("+ {path}.{key} = {value}"))),
                }
            }
            lines.extend(
                before.keys().filter(|key| !after.contains_key(*key)).map(|key| ("removed", format!("− {path}.{key}"))),
            );
        }
        _ if old == new => {}
        _ => lines.push(("changed", format!("~ {path} = {new}"))),
    }
}

/// A test file for this execution. JSON is YAML, so every value is written as JSON.
pub fn zistest(execution: &Value) -> String {
    let visits = execution["trace"].as_array().cloned().unwrap_or_default();
    let last = visits.iter().filter_map(|visit| visit["attempt"].as_u64()).max().unwrap_or(1);
    let mut mocks: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for visit in visits.iter().filter(|visit| !visit["http"].is_null()) {
        let action = visit["request"]["action"].as_str().unwrap_or(text(visit, "state"));
        mocks.entry(action.to_owned()).or_default().push(mock(visit));
    }
    let path: Vec<&str> = visits
        .iter()
        .filter(|visit| visit["attempt"].as_u64() == Some(last) && visit["path"] == visit["state"])
        .map(|visit| text(visit, "state"))
        .collect();
    let mut expect = json!({"status": execution["status"], "path": path, "attempts": execution["attempt"]});
    for (key, value) in [("message", &execution["message"]), ("cause", &execution["error"]["cause"])] {
        if !value.is_null() {
            expect[key] = value.clone();
        }
    }
    format!(
        "# From execution {}. Save it beside the bundle and run: zis test\nbundle: bundle.json\ncases:\n  - name: {}\n    flow: {}\n    input: {}\n    mocks: {}\n    expect: {}\n",
        text(execution, "id"),
        json!(format!("{} as it ran on {}", text(execution, "flow"), text(execution, "started_at"))),
        execution["flow"],
        execution["event"]["payload"],
        json!(mocks),
        expect,
    )
}

fn mock(visit: &Value) -> Value {
    let http = &visit["http"];
    let Some(status) = http["status"].as_u64() else {
        return json!({"error": visit["error"]["cause"].as_str().unwrap_or("no answer")});
    };
    let mut mock = json!({"status": status});
    if !visit["result"].is_null() {
        mock["body"] = visit["result"].clone();
    } else if !http["response_body"].is_null() {
        mock["body"] = http["response_body"].clone();
    }
    mock
}
