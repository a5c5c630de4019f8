//! What the linter finds in a bundle, and the source with the lines marked.

use std::collections::BTreeMap;

use maud::{Markup, html};
use zis_bundle::{Finding, Severity};
use zis_lint::Report;

/// Bytes of a source that is shown whole; of a longer one, the lines around the findings.
const WHOLE: usize = 32_000;
/// Lines before and after a marked one.
const AROUND: usize = 4;
/// Findings that are listed, and lines that are shown of a long source.
const MOST: usize = 100;
/// Characters of a line.
const MOST_LINE: usize = 300;

/// The lines with findings: whether one of them is an error.
type Marks = BTreeMap<usize, bool>;

pub(super) fn findings(source: &str, report: &Report) -> Markup {
    let line_of = |finding: &Finding| report.reading.lines.position(source, finding.span.start).line;
    let mut marks = Marks::new();
    for finding in &report.findings {
        *marks.entry(line_of(finding)).or_default() |= is_error(finding);
    }
    html! {
        @if report.findings.is_empty() { p { span.tag.good { "no findings" } } }
        @for finding in report.findings.iter().take(MOST) {
            @let line = line_of(finding);
            div class={ "notice " (if is_error(finding) { "bad" } else { "warn" }) } {
                a href={ "#L" (line) } { "line " (line) } " "
                strong { (finding.message) } " " span.mono { (finding.code) }
                @if let Some(help) = &finding.help { br; (help) }
            }
        }
        @if report.findings.len() > MOST { p.soft { (report.findings.len() - MOST) " more: " code { "zis check" } " shows all." } }
        @if source.len() <= WHOLE || !marks.is_empty() {
            details id="source" open[!marks.is_empty()] { summary { "Source" } (lines(source, &marks)) }
        } @else { p.soft { "The source is too long to show here: download it." } }
    }
}

fn is_error(finding: &Finding) -> bool {
    finding.severity == Severity::Error
}

/// The source as numbered lines, without those that are far from every mark when it is long.
fn lines(source: &str, marks: &Marks) -> Markup {
    let near = |number: usize| marks.range(number.saturating_sub(AROUND)..=number + AROUND).next().is_some();
    let all = source.lines().enumerate().map(|(index, line)| (index + 1, line));
    let shown: Vec<(usize, &str)> = if source.len() <= WHOLE {
        all.collect()
    } else {
        all.filter(|(number, _)| near(*number)).take(MOST * AROUND).collect()
    };
    let follows = |index: usize| index == 0 || shown[index - 1].0 + 1 == shown[index].0;
    html! {
        pre.source tabindex="0" { @for (index, (number, line)) in shown.iter().enumerate() {
            @let class = match marks.get(number) { Some(true) => "line wrong", Some(false) => "line marked", None => "line" };
            @if !follows(index) { span.gap { "⋮\n" } }
            span class=(class) id={ "L" (number) } data-line=(number) { (cut(line)) "\n" }
        } }
    }
}

fn cut(line: &str) -> &str {
    line.char_indices().nth(MOST_LINE).map_or(line, |(at, _)| &line[..at])
}
