//! What the linter finds in a bundle, and the source with the lines marked.

use std::collections::BTreeMap;

use maud::{Markup, html};
use zis_bundle::{Finding, Severity};
use zis_lint::Report;

use crate::console::part::{Budget, code, prose, shortened};

/// Bytes of a source that is shown whole; of a longer one, the lines around the findings.
const WHOLE: usize = 32_000;
/// Lines before and after a marked one.
const AROUND: usize = 4;
/// Lines of a longer source that are shown from the one that was asked for.
const PART: usize = 400;
/// Bytes of HTML for the findings and for the source.
const FINDINGS: usize = 25_000;
const SOURCE: usize = 45_000;
/// Bytes of a line, a message and a help.
const MOST_LINE: usize = 300;
const MOST_TEXT: usize = 600;

/// The lines with findings: whether one of them is an error.
type Marks = BTreeMap<usize, bool>;

/// The findings, and the source: from `line` on when one is given. `address` is that of the page, to which `line=` is added.
pub(super) fn findings(source: &str, report: &Report, line: Option<usize>, address: &str) -> Markup {
    let line_of = |finding: &Finding| report.reading.lines.position(source, finding.span.start).line;
    let mut marks = Marks::new();
    for finding in &report.findings {
        *marks.entry(line_of(finding)).or_default() |= is_error(finding);
    }
    let mut budget = Budget(FINDINGS);
    let rows = report.findings.iter().map(|finding| row(finding, line_of(finding), source, address));
    let rows: Vec<Markup> = rows.map_while(|row| budget.take(row)).collect();
    let more = report.findings.len() - rows.len();
    html! {
        @if report.findings.is_empty() { div.empty { "No findings: ZIS takes it, and there is nothing to regret." } }
        @else { ol.findings { @for row in rows { (row) } } }
        @if more > 0 { p.soft.below { (more) " more: " code { "zis check" } " shows all." } }
        details.below id="source" open[line.is_some() || !marks.is_empty()] { summary { "Source" } (excerpt(source, &marks, line, address)) }
    }
}

fn row(finding: &Finding, line: usize, source: &str, address: &str) -> Markup {
    let class = match finding.severity {
        Severity::Error => "bad",
        Severity::Warning => "warn",
        Severity::Note => "",
    };
    // A long source is not whole on the page: the link asks for the lines from there.
    let there = if source.len() <= WHOLE { format!("#L{line}") } else { format!("{address}line={line}#L{line}") };
    html! {
        li {
            span class={ "tag " (class) } { (finding.severity.name()) }
            div { (prose(&shortened(&finding.message, MOST_TEXT))) " " (code(finding.code))
                @if let Some(help) = &finding.help { span.under { (prose(&shortened(help, MOST_TEXT))) } } }
            a.n href=(there) { "line " (line) }
        }
    }
}

fn is_error(finding: &Finding) -> bool {
    finding.severity == Severity::Error
}

/// The source as numbered lines: all, or those from `line` on, or those near a mark; as many as there is room for. What is left out is a link.
fn excerpt(source: &str, marks: &Marks, line: Option<usize>, address: &str) -> Markup {
    let count = source.lines().count();
    let from = line.map(|line| line.saturating_sub(AROUND).max(1));
    let wanted = |number: usize| match from {
        _ if source.len() <= WHOLE => true,
        Some(from) => (from..from + PART).contains(&number),
        None if marks.is_empty() => number <= PART,
        None => marks.range(number.saturating_sub(AROUND)..=number + AROUND).next().is_some(),
    };
    let mut budget = Budget(SOURCE);
    let all = source.lines().enumerate().map(|(index, line)| (index + 1, line));
    let shown: Vec<(usize, Markup)> = all
        .filter(|(number, _)| wanted(*number))
        .map_while(|(number, line)| budget.take(numbered(number, line, marks)).map(|line| (number, line)))
        .collect();
    // The number after which the lines before line `index` ended.
    let before = |index: usize| if index == 0 { 0 } else { shown[index - 1].0 };
    let last = shown.last().map_or(0, |(number, _)| *number);
    html! {
        pre.source tabindex="0" {
            @for (index, (number, line)) in shown.iter().enumerate() {
                @if before(index) + 1 < *number { (gap(before(index) + 1, number - 1, address)) }
                (line)
            }
            @if last < count { (gap(last + 1, count, address)) }
        }
    }
}

/// The way to lines that are left out.
fn gap(from: usize, to: usize, address: &str) -> Markup {
    html! { a.gap href={ (address) "line=" (from) "#L" (from) } { "⋮ lines " (from) " to " (to) } "\n" }
}

fn numbered(number: usize, line: &str, marks: &Marks) -> Markup {
    let class = match marks.get(&number) {
        Some(true) => "line wrong",
        Some(false) => "line marked",
        None => "line",
    };
    html! { span class=(class) id={ "L" (number) } data-line=(number) { (shortened(line, MOST_LINE)) "\n" } }
}
