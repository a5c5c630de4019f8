//! The states of an execution: one entry a visit, with what it changed, what it sent, and why it went where it went.

use std::collections::{BTreeMap, HashMap};

use maud::{Markup, html};
use serde_json::Value;
use zis_flow::{
    Timestamp,
    difference::{self, Change, Kind},
};

use crate::console::{
    page::encode,
    part::{json as pretty, millis, text},
};

/// Bytes of HTML that the insides of all visits may have together: beyond, a visit is opened by a link.
const BUDGET: usize = 60_000;
/// Characters of one value that are shown.
const MOST: usize = 8_000;
/// Iterations that a strip shows, beside the failed ones.
const STRIP: usize = 100;

/// Which visits are shown in full, by the page's address.
#[derive(Default)]
pub struct Focus<'v> {
    /// The page's address with its attempt, without what follows.
    pub page: String,
    /// The place of a visit to open, or of an iteration: `Lines[2]`.
    pub at: &'v str,
}

/// The visits in order, of each Map one iteration: the one in focus, or the first that failed, or the first.
pub fn list(visits: &[Value], focus: &Focus<'_>) -> Markup {
    let span = Span::of(visits);
    let mut chosen = Chosen { visits, focus, known: HashMap::new() };
    let shown: Vec<&Value> = visits.iter().filter(|visit| chosen.holds(text(visit, "path"))).collect();
    let mut left = BUDGET;
    html! {
        @if visits.is_empty() { div.empty { "No state was entered." } }
        ol.visits {
            @for (number, visit) in shown.iter().enumerate() {
                (entry(visit, number, &span, focus, &mut left))
                @if visit["type"] == "Map" { (strip(text(visit, "path"), &mut chosen)) }
            }
        }
    }
}

/// The number after `map[` in `path`.
fn iteration(path: &str, map: &str) -> Option<usize> {
    path.strip_prefix(map)?.strip_prefix('[')?.split(']').next()?.parse().ok()
}

/// Of each Map the iteration that is shown, looked for once.
struct Chosen<'v> {
    visits: &'v [Value],
    focus: &'v Focus<'v>,
    known: HashMap<String, Option<usize>>,
}

impl Chosen<'_> {
    /// The iteration of the Map at `map`.
    fn of(&mut self, map: &str) -> Option<usize> {
        if let Some(known) = self.known.get(map) {
            return *known;
        }
        let mut failed = self.visits.iter().filter(|visit| !visit["error"].is_null());
        let found = iteration(self.focus.at, map)
            .or_else(|| failed.find_map(|visit| iteration(text(visit, "path"), map)))
            .or_else(|| self.visits.iter().find_map(|visit| iteration(text(visit, "path"), map)));
        self.known.insert(map.to_owned(), found);
        found
    }

    /// Whether the visit at `path` is within the iterations that are shown.
    fn holds(&mut self, path: &str) -> bool {
        path.match_indices('[').all(|(at, _)| iteration(path, &path[..at]) == self.of(&path[..at]))
    }
}

/// The iterations of a Map, to choose from.
fn strip(map: &str, chosen: &mut Chosen<'_>) -> Markup {
    let mut iterations: BTreeMap<usize, bool> = BTreeMap::new();
    for visit in chosen.visits {
        if let Some(number) = iteration(text(visit, "path"), map) {
            *iterations.entry(number).or_default() |= !visit["error"].is_null();
        }
    }
    let current = chosen.of(map);
    let shown = iterations
        .iter()
        .enumerate()
        .filter(|(place, (number, failed))| *place < STRIP || **failed || Some(**number) == current);
    html! {
        li.strip {
            nav aria-label={ "Iterations of " (map) } {
                span.soft.small { (iterations.len()) " iterations" }
                @for (_, (number, failed)) in shown.take(2 * STRIP) {
                    @let place = format!("{map}[{number}]");
                    a class=(if *failed { "bad" } else { "good" }) aria-current=[(Some(*number) == current).then_some("true")]
                        href={ (chosen.focus.page) "&at=" (encode(&place)) "#state-" (map) } { (number) }
                }
            }
        }
    }
}

/// The time of all visits together, in which each has its place.
struct Span {
    from: i64,
    to: i64,
}

impl Span {
    fn of(visits: &[Value]) -> Self {
        let times = || visits.iter().filter_map(times);
        let (from, to) = (times().map(|(from, _)| from).min(), times().map(|(_, to)| to).max());
        Self { from: from.unwrap_or(0), to: to.unwrap_or(0) }
    }

    /// Where a visit begins and how long it is, in hundredths; one that took no time is still seen.
    fn place(&self, visit: &Value) -> (f64, f64) {
        let Some((from, to)) = times(visit) else { return (0.0, 0.0) };
        let whole = (self.to - self.from).max(1) as f64;
        let width = ((to - from) as f64 * 100.0 / whole).max(3.0);
        (((from - self.from) as f64 * 100.0 / whole).min(100.0 - width), width)
    }
}

/// Begin and end in microseconds; a visit that has not ended has none.
fn times(visit: &Value) -> Option<(i64, i64)> {
    let at = |key: &str| Timestamp::parse_rfc3339(text(visit, key)).map(|at| at.0);
    at("started_at").zip(at("ended_at"))
}

/// Class and word for how a visit went.
pub fn outcome(visit: &Value) -> (&'static str, &'static str) {
    match (visit["error"].is_null(), visit["next"].is_null(), visit["ended_at"].is_null()) {
        (false, true, _) => ("bad", "failed"),
        (false, false, _) => ("warn", "caught"),
        (true, _, true) => ("run", "running"),
        (true, _, false) => ("good", "done"),
    }
}

fn entry(visit: &Value, number: usize, span: &Span, focus: &Focus<'_>, left: &mut usize) -> Markup {
    let path = text(visit, "path");
    let depth = path.matches('/').count().min(2);
    let (class, word) = outcome(visit);
    let took = times(visit).map(|(from, to)| millis((to - from) as f64 / 1e3));
    let (x, width) = span.place(visit);
    let in_focus = focus.at == path;
    let content = inside(visit, number);
    // A visit in focus is always shown.
    let fits = in_focus || content.0.len() <= *left;
    if fits {
        *left = left.saturating_sub(content.0.len());
    }
    html! {
        li id={ "state-" (path) } class={ "depth" (depth) } {
            details id={ "visit-" (number) } open[class == "bad" || in_focus] {
                summary {
                    span class={ "tag " (class) } { (word) }
                    span.name {
                        strong { (path) }
                        span.soft { (text(visit, "type")) @if let Some(next) = visit["next"].as_str() { " → " (next) } }
                    }
                    span.soft.small.n { (took.unwrap_or_default()) }
                    svg.lane viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" {
                        rect.track width="100" height="2" y="3" {}
                        rect class=(if class == "good" { "run" } else { class }) x=(format!("{x:.1}")) width=(format!("{width:.1}")) height="8" rx="1" {}
                    }
                }
                div.inside {
                    @if fits { (content) }
                    @else { p { a href={ (focus.page) "&at=" (encode(path)) "#state-" (path) } { "Show what it did" } } }
                }
            }
        }
    }
}

/// A value over several lines, cut when it is long.
pub fn value(value: &Value) -> Markup {
    let text = value.as_str().map_or_else(|| pretty(value), str::to_owned);
    let cut = text.char_indices().nth(MOST).map(|(at, _)| at);
    html! { pre tabindex="0" { (text.get(..cut.unwrap_or(text.len())).unwrap_or_default()) @if let Some(cut) = cut { "…\n(" (text.len() - cut) " more bytes: the API gives the whole)" } } }
}

fn inside(visit: &Value, number: usize) -> Markup {
    let reasons: Vec<&str> = visit["reasons"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let error = &visit["error"];
    html! {
        @if !error.is_null() {
            div class={ "notice " (outcome(visit).0) } {
                (error["cause"].as_str().or(error["Cause"].as_str()).unwrap_or("failed"))
                @if let Some(detail) = error["detail"].as_str() { br; (detail) }
            }
        }
        @if !reasons.is_empty() { h3 { "Why" } ul { @for reason in reasons { li { (reason) } } } }
        @if !visit["http"].is_null() { (exchange(visit, number)) }
        @if !visit["output"].is_null() { (changed(visit)) }
        details { summary { "Input" } (value(&visit["input"])) }
        @if !visit["output"].is_null() { details { summary { "Output" } (value(&visit["output"])) } }
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
        @if !visit["request"]["body"].is_null() { (value(&visit["request"]["body"])) }
        @if let Some(headers) = headers(&http["response_headers"]) { details { summary { "Headers answered" } pre { (headers) } } }
        @if !http["response_body"].is_null() { h3 { "Answer" } (value(&http["response_body"])) }
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
    let changes = difference::of_state(&visit["input"], &visit["output"]);
    html! {
        @if changes.is_empty() { p.soft.small { "$ stayed as it was." } } @else {
            h3 { "Changed" }
            ul.changes { @for change in changes.iter().take(100) { li class=(change.kind().as_str()) { (line(change)) } } }
        }
    }
}

/// `+ $.amount = 100`, cut when it is long.
fn line(change: &Change<'_>) -> String {
    let sign = match change.kind() {
        Kind::Added => '+',
        Kind::Removed => '−',
        Kind::Changed => '~',
    };
    let value = change.new.map_or_else(String::new, |new| format!(" = {new}"));
    format!("{sign} {}{value}", change.path).chars().take(500).collect()
}
