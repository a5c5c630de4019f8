//! The states of an execution: one entry a visit, with what it changed, what it sent, and why it went where it went.

use std::collections::{BTreeMap, HashMap, HashSet};

use maud::{Markup, html};
use serde_json::Value;
use zis_flow::{
    Timestamp,
    difference::{self, Change, Kind},
};

use crate::console::{
    page::encode,
    part::{Budget, code, millis, shortened, text, value, verbatim},
};

/// Visits on a page.
const ROWS: usize = 50;
/// Iterations that a strip shows at once.
const STRIP: usize = 100;
/// Changes of one visit, and bytes of each, that are shown.
const CHANGES: usize = 40;
const MOST_LINE: usize = 300;
/// Bytes of a curl command that is offered: half of one is of no use.
const MOST_CURL: usize = 6_000;

/// Which visits are shown in full, by the page's address.
#[derive(Default)]
pub struct Focus<'v> {
    /// The page's address with its attempt, without what follows.
    pub page: String,
    /// A place in a Map's iteration: `Lines[2]`.
    pub at: &'v str,
    /// The visit to open, by its number in the attempt.
    pub visit: Option<usize>,
}

impl Focus<'_> {
    fn link(&self, visit: usize) -> String {
        format!("{}&visit={visit}#visit-{visit}", self.page)
    }
}

/// The visits in order, of each Map one iteration: the one in focus, or the first that failed, or the first. Of many, those around the one
/// that most wants to be seen.
pub fn list(visits: &[Value], focus: &Focus<'_>, budget: &mut Budget) -> Markup {
    let span = Span::of(visits);
    let at = focus.visit.and_then(|number| visits.get(number)).map_or(focus.at, |visit| text(visit, "path"));
    let mut chosen = Chosen { visits, at, known: HashMap::new() };
    let shown: Vec<(usize, &Value)> =
        visits.iter().enumerate().filter(|(_, visit)| chosen.holds(text(visit, "path"))).collect();
    let first = window(&shown, focus.visit);
    let rows = &shown[first..shown.len().min(first + ROWS)];
    // Places on this page; of several visits, the first is where a link to the state leads.
    let mut places = HashSet::new();
    let heads: Vec<Markup> = rows.iter().map(|(number, visit)| head(visit, *number, &span)).collect();
    let focused = focus.visit.and_then(|number| visits.get(number).map(|visit| inside(visit, number).0.len()));
    let kept: usize = heads.iter().map(|head| head.0.len() + 150).sum();
    budget.0 = budget.0.saturating_sub(kept + focused.unwrap_or(0));
    html! {
        @if visits.is_empty() { div.empty { "No state has been entered." } }
        @else { ol.visits {
            (pager(&shown, first, focus))
            @for ((number, visit), head) in rows.iter().zip(heads) {
                @let path = text(visit, "path");
                li id=[places.insert(path).then(|| format!("state-{path}"))] class={ "depth" (path.matches('/').count().min(2)) } {
                    details id={ "visit-" (number) } open[outcome(visit).0 == "bad" || focus.visit == Some(*number)] {
                        (head)
                        div.inside { (body(visit, *number, focus, budget)) }
                    }
                }
                @if visit["type"] == "Map" { (strip(path, &mut chosen, focus)) }
            }
        } }
    }
}

/// Where the rows of the page begin: they hold the visit in focus, or the first that failed, or the one that runs, or the first.
fn window(shown: &[(usize, &Value)], focus: Option<usize>) -> usize {
    let find = |class: &str| shown.iter().position(|(_, visit)| outcome(visit).0 == class);
    let focused = focus.and_then(|focus| shown.iter().position(|(number, _)| *number == focus));
    let wanted = focused.or_else(|| find("bad")).or_else(|| find("run")).unwrap_or(0);
    wanted / ROWS * ROWS
}

/// The way to the visits before and after those on the page.
fn pager(shown: &[(usize, &Value)], first: usize, focus: &Focus<'_>) -> Markup {
    let after = first + ROWS;
    html! { @if shown.len() > ROWS {
        li.pager {
            span.soft.small { "Visits " (first + 1) " to " (after.min(shown.len())) " of " (shown.len()) }
            @if first > 0 { a href=(focus.link(shown[first - ROWS].0)) { "Earlier" } }
            @if let Some((next, _)) = shown.get(after) { a href=(focus.link(*next)) { "Later" } }
        }
    } }
}

/// The number after `map[` in `path`.
fn iteration(path: &str, map: &str) -> Option<usize> {
    path.strip_prefix(map)?.strip_prefix('[')?.split(']').next()?.parse().ok()
}

/// Of each Map the iteration that is shown, looked for once.
struct Chosen<'v> {
    visits: &'v [Value],
    at: &'v str,
    known: HashMap<String, Option<usize>>,
}

impl Chosen<'_> {
    /// The iteration of the Map at `map`.
    fn of(&mut self, map: &str) -> Option<usize> {
        if let Some(known) = self.known.get(map) {
            return *known;
        }
        let mut failed = self.visits.iter().filter(|visit| !visit["error"].is_null());
        let found = iteration(self.at, map)
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

/// The iterations of a Map, to choose from: those around the one that is shown, and the way to all others.
fn strip(map: &str, chosen: &mut Chosen<'_>, focus: &Focus<'_>) -> Markup {
    let mut iterations: BTreeMap<usize, bool> = BTreeMap::new();
    for visit in chosen.visits {
        if let Some(number) = iteration(text(visit, "path"), map) {
            *iterations.entry(number).or_default() |= !visit["error"].is_null();
        }
    }
    let current = chosen.of(map);
    let numbers: Vec<(usize, bool)> = iterations.into_iter().collect();
    let place = numbers.iter().position(|(number, _)| Some(*number) == current).unwrap_or(0);
    let parts: Vec<&[(usize, bool)]> = numbers.chunks(STRIP).collect();
    let link = |number: usize| format!("{}&at={}#state-{map}", focus.page, encode(&format!("{map}[{number}]")));
    let is_failed = |part: &[(usize, bool)]| part.iter().any(|(_, failed)| *failed);
    html! {
        li.strip {
            nav aria-label={ "Iterations of " (map) } {
                span.soft.small { (numbers.len()) " iterations" }
                @if parts.len() > 1 { @for (index, part) in parts.iter().enumerate().take(STRIP) {
                    @let at = part.iter().find(|(_, failed)| *failed).unwrap_or(&part[0]).0;
                    a.part class=(if is_failed(part) { "bad" } else { "good" }) aria-current=[(index == place / STRIP).then_some("true")]
                        href=(link(at)) { (part[0].0) "–" (part[part.len() - 1].0) }
                } }
            }
            nav aria-label={ "One iteration of " (map) } {
                @for (number, failed) in parts.get(place / STRIP).copied().unwrap_or_default() {
                    a class=(if *failed { "bad" } else { "good" }) aria-current=[(Some(*number) == current).then_some("true")]
                        href=(link(*number)) { (number) }
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

/// What is seen of a visit at first: how it went, its name, and how long it took.
fn head(visit: &Value, number: usize, span: &Span) -> Markup {
    let (class, word) = outcome(visit);
    let took = times(visit).map(|(from, to)| millis((to - from) as f64 / 1e3));
    let (x, width) = span.place(visit);
    html! {
        summary {
            span class={ "tag " (class) } { (word) }
            span.name {
                strong { (text(visit, "path")) }
                span.soft { (text(visit, "type")) @if let Some(next) = visit["next"].as_str() { " → " (next) } }
            }
            span.soft.small.n title={ "Visit " (number + 1) } { (took.unwrap_or_default()) }
            svg.lane viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" {
                rect.track width="100" height="2" y="3" {}
                rect class=(if class == "good" { "run" } else { class }) x=(format!("{x:.1}")) width=(format!("{width:.1}")) height="8" rx="1" {}
            }
        }
    }
}

/// What a visit did, when there is room for it; for the one in focus there is.
fn body(visit: &Value, number: usize, focus: &Focus<'_>, budget: &mut Budget) -> Markup {
    let content = inside(visit, number);
    if focus.visit == Some(number) {
        return content;
    }
    budget.take_or(content, html! { p { a href=(focus.link(number)) { "Show what it did" } } })
}

fn inside(visit: &Value, number: usize) -> Markup {
    let reasons: Vec<&str> = visit["reasons"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let error = &visit["error"];
    html! {
        @if !error.is_null() {
            div class={ "notice " (outcome(visit).0) } {
                (shortened(error["cause"].as_str().or(error["Cause"].as_str()).unwrap_or("failed"), 1_000))
                @if let Some(detail) = error["detail"].as_str() { br; (shortened(detail, 1_000)) }
                " " (code(text(error, "code")))
            }
        }
        @if !reasons.is_empty() { h3 { "Why" } ul { @for reason in reasons.iter().take(CHANGES) { li { (shortened(reason, MOST_LINE)) } } } }
        @if !visit["http"].is_null() { (exchange(visit, number)) }
        @if !visit["output"].is_null() { (changed(visit)) }
        @let same = visit["input"] == visit["output"];
        details { summary { @if same { "Input and output" } @else { "Input" } } (value(&visit["input"])) }
        @if !same && !visit["output"].is_null() { details { summary { "Output" } (value(&visit["output"])) } }
    }
}

fn exchange(visit: &Value, number: usize) -> Markup {
    let http = &visit["http"];
    let status = http["status"].as_u64();
    let class = if status.is_some_and(|status| status < 300) { "good" } else { "bad" };
    let id = format!("curl-{number}");
    let curl = curl(http, &visit["request"]["body"]);
    html! {
        h3 { "Request" }
        p { strong { (text(http, "method")) } " " span.mono { (text(http, "url")) } " "
            span class={ "tag " (class) } { (status.map_or_else(|| "no answer".to_owned(), |status| status.to_string())) } }
        @if let Some(headers) = headers(&http["request_headers"]) { details { summary { "Headers sent" } (verbatim(&headers)) } }
        @if !visit["request"]["body"].is_null() { (value(&visit["request"]["body"])) }
        @if let Some(headers) = headers(&http["response_headers"]) { details { summary { "Headers answered" } (verbatim(&headers)) } }
        @if !http["response_body"].is_null() { h3 { "Answer" } (value(&http["response_body"])) }
        @if curl.len() <= MOST_CURL { details { summary { "As a curl command" } pre id=(id) tabindex="0" { (curl) } button type="button" data-copy=(id) hidden { "Copy" } } }
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
            ul.changes { @for change in changes.iter().take(CHANGES) { li class=(change.kind().as_str()) { (line(change)) } } }
            @if changes.len() > CHANGES { p.soft.small { (changes.len() - CHANGES) " more changes: the output holds all." } }
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
    let line = format!("{sign} {}{value}", change.path);
    shortened(&line, MOST_LINE)
}
