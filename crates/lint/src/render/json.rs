//! `{"findings": [{"code", "severity", "message", "span", "help", "fix"}]}`: for tools. Lines and columns count from 1.

use serde_json::{Value, json};
use zis_bundle::{Finding, Span};

use super::ends;
use crate::Report;

pub(super) fn render(reports: &[Report]) -> String {
    format!("{:#}\n", value(reports))
}

pub(super) fn value(reports: &[Report]) -> Value {
    let findings = reports.iter().flat_map(|report| report.findings.iter().map(|finding| one(report, finding)));
    json!({ "findings": findings.collect::<Vec<_>>() })
}

fn one(report: &Report, finding: &Finding) -> Value {
    let fix = finding.fix.as_ref().map(|fix| {
        let edits = fix.edits.iter().map(|(at, text)| json!({ "span": span(report, *at), "text": text }));
        json!({ "title": fix.title, "safe": fix.safe, "edits": edits.collect::<Vec<_>>() })
    });
    json!({
        "code": finding.code,
        "severity": finding.severity.name(),
        "message": finding.message,
        "span": span(report, finding.span),
        "help": finding.help,
        "fix": fix,
    })
}

fn span(report: &Report, span: Span) -> Value {
    let (start, end) = ends(report, span);
    json!({
        "file": report.file,
        "line": start.line,
        "column": start.column,
        "end_line": end.line,
        "end_column": end.column,
    })
}
