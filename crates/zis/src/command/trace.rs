//! A trace on the terminal: a tree of states, and for each what it did to `$`.

use serde_json::Value;
use zis_flow::difference::{Change, Kind, of_state};

use crate::style::{self, paint};

/// Characters of a value in one line.
const VALUE_WIDTH: usize = 100;

/// The lines of a trace, as the API gives it.
pub fn lines(trace: &[Value]) -> Vec<String> {
    let mut lines = Vec::new();
    let attempts = trace.iter().filter_map(|visit| visit["attempt"].as_u64()).max().unwrap_or(1);
    let mut attempt = 0;
    for (at, visit) in trace.iter().enumerate() {
        let this = visit["attempt"].as_u64().unwrap_or(1);
        if attempts > 1 && this != attempt {
            lines.push(paint(style::STRONG, format!("attempt {this}")));
        }
        attempt = this;
        let last = at + 1 == trace.len();
        visit_lines(visit, last, &mut lines);
    }
    lines
}

fn visit_lines(visit: &Value, last: bool, lines: &mut Vec<String>) {
    let text = |key: &str| visit[key].as_str().unwrap_or_default();
    let depth = text("path").matches('/').count();
    let indent = "│  ".repeat(depth);
    let (branch, rail) = if last { ("└─", "  ") } else { ("├─", "│ ") };
    let mark = if visit["error"].is_null() { paint(style::GOOD, "✓") } else { paint(style::BAD, "✗") };
    let place = if depth > 0 { text("path").rsplit_once('/').map_or("", |(_, name)| name) } else { text("state") };
    let took = duration(visit).map(|took| paint(style::DIM, format!("  {took}"))).unwrap_or_default();
    let next = visit["next"].as_str().map(|next| paint(style::DIM, format!("  → {next}"))).unwrap_or_default();
    lines.push(format!("{indent}{branch} {mark} {}  {}{took}{next}", paint(style::NAME, place), text("type")));
    let mut detail = |line: String| lines.push(format!("{indent}{rail}     {line}"));
    for reason in visit["reasons"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        detail(paint(style::DIM, reason));
    }
    if let Some(http) = visit.get("http").filter(|http| !http.is_null()) {
        detail(exchange(http, &visit["request"]["body"]));
    }
    if let Some(error) = visit.get("error").filter(|error| !error.is_null()) {
        detail(paint(style::BAD, error["cause"].as_str().unwrap_or("failed")));
        if let Some(why) = error["detail"].as_str() {
            detail(why.to_owned());
        }
    }
    if !visit["output"].is_null() {
        of_state(&visit["input"], &visit["output"]).iter().for_each(|change| detail(describe(change)));
    }
}

/// `POST http://… → 201  {…}`.
fn exchange(http: &Value, body: &Value) -> String {
    let status = http["status"].as_u64();
    let outcome = status.map_or_else(
        || paint(style::BAD, "no answer"),
        |status| paint(if status < 300 { style::GOOD } else { style::BAD }, status),
    );
    let method = http["method"].as_str().unwrap_or_default();
    let url = http["url"].as_str().unwrap_or_default();
    let body = if body.is_null() { String::new() } else { format!("  {}", short(body)) };
    format!("{method} {url} → {outcome}{body}")
}

fn describe(change: &Change<'_>) -> String {
    let (path, new) = (&change.path, change.new.map_or_else(String::new, short));
    match change.kind() {
        Kind::Added => format!("{} {path} = {new}", paint(style::GOOD, "+")),
        Kind::Removed => format!("{} {path}", paint(style::BAD, "-")),
        Kind::Changed => format!("{} {path} = {new}", paint(style::WARN, "~")),
    }
}

/// The JSON text, cut to a line.
fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= VALUE_WIDTH {
        return text;
    }
    text.chars().take(VALUE_WIDTH).chain(['…']).collect()
}

/// From the two times of a visit.
fn duration(visit: &Value) -> Option<String> {
    let at = |key: &str| zis_flow::Timestamp::parse_rfc3339(visit[key].as_str()?);
    let took = at("ended_at")?.since(at("started_at")?);
    (took.as_micros() > 0).then(|| format!("{:.1} ms", took.as_secs_f64() * 1e3))
}
