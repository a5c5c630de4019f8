//! Executions over time as bars, stacked by how they ended.

use maud::{Markup, html};
use serde_json::Value;

use crate::console::part::text;

/// Of the picture, in its own units: it is stretched to the page's width.
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 96.0;
/// The part of a bar's place that it fills.
const FILL: f64 = 0.72;
/// So that one execution beside a thousand is still seen.
const LEAST: f64 = 2.0;

/// Class, word, statuses.
const KINDS: [(&str, &str, &[&str]); 4] = [
    ("good", "succeeded", &["succeeded"]),
    ("bad", "failed", &["failed", "timed_out"]),
    ("", "cancelled", &["cancelled"]),
    ("run", "open", &["queued", "running", "waiting", "retrying"]),
];

fn of_kind(bar: &Value, statuses: &[&str]) -> u64 {
    statuses.iter().filter_map(|status| bar["counts"][status].as_u64()).sum()
}

/// How many of each kind all bars have.
pub fn legend(bars: &[Value]) -> Markup {
    html! {
        div.legend {
            @for (class, word, statuses) in KINDS {
                @let count: u64 = bars.iter().map(|bar| of_kind(bar, statuses)).sum();
                @if count > 0 { span { span class={ "dot " (class) } {} (word) " " (count) } }
            }
        }
    }
}

/// The bars of `executionHistogram`, with the time below and a title on each.
pub fn chart(bars: &[Value]) -> Markup {
    let total = |bar: &Value| KINDS.iter().map(|(.., statuses)| of_kind(bar, statuses)).sum::<u64>();
    let all: u64 = bars.iter().map(total).sum();
    if all == 0 {
        return html! { div.empty { "Nothing has run in the last hour. " a href="/console/try" { "Send an event" } " to see it here." } };
    }
    let most = bars.iter().map(total).max().unwrap_or(1).max(1) as f64;
    let place = WIDTH / bars.len().max(1) as f64;
    html! {
        div.chart {
            svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none" role="img" aria-label={ (all) " executions in the last hour" } {
                @for (at, bar) in bars.iter().enumerate() {
                    @let x = format!("{:.1}", place * (at as f64 + (1.0 - FILL) / 2.0));
                    @let width = format!("{:.1}", place * FILL);
                    g {
                        title { (clock(text(bar, "since"))) "–" (clock(text(bar, "until"))) ": " (spelt(bar)) }
                        rect.none x=(x) y=(HEIGHT - 1.0) width=(width) height="1" {}
                        @for (class, y, height) in stack(bar, most) {
                            rect class=(class) x=(x) y=(format!("{y:.1}")) width=(width) height=(format!("{height:.1}")) {}
                        }
                    }
                }
            }
            div.scale aria-hidden="true" {
                @for bar in bars.iter().step_by((bars.len() / 4).max(1)) { span { (clock(text(bar, "since"))) } }
                span { (bars.last().map_or("", |bar| clock(text(bar, "until")))) }
            }
        }
    }
}

/// `12 succeeded, 1 failed`.
fn spelt(bar: &Value) -> String {
    let counts = KINDS.iter().map(|(_, word, statuses)| (of_kind(bar, statuses), word));
    let some: Vec<String> =
        counts.filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    if some.is_empty() { "none".to_owned() } else { some.join(", ") }
}

/// Class, top and height of the parts of a bar, from below.
fn stack(bar: &Value, most: f64) -> Vec<(&'static str, f64, f64)> {
    let mut top = HEIGHT - 1.0;
    let mut parts = Vec::new();
    for (class, _, statuses) in KINDS {
        let count = of_kind(bar, statuses);
        if count > 0 {
            let height = (count as f64 * (HEIGHT - 8.0) / most).max(LEAST);
            top -= height;
            parts.push((class, top, height));
        }
    }
    parts
}

/// `2026-11-24T08:41:29Z`: `08:41`.
fn clock(time: &str) -> &str {
    time.get(11..16).unwrap_or_default()
}
