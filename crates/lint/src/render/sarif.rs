//! SARIF 2.1.0: what code scanning services read.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use zis_bundle::{Finding, Severity, Span};

use super::ends;
use crate::{Report, explain, rules};

pub(super) fn render(reports: &[Report]) -> String {
    let codes: BTreeSet<&str> =
        reports.iter().flat_map(|report| report.findings.iter().map(|finding| finding.code)).collect();
    let codes: Vec<&str> = codes.into_iter().collect();
    let results =
        reports.iter().flat_map(|report| report.findings.iter().map(|finding| result(report, finding, &codes)));
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "zis",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": codes.iter().map(|code| rule(code)).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results.collect::<Vec<_>>(),
        }],
    });
    format!("{log:#}\n")
}

fn rule(code: &str) -> Value {
    let name = rules::names().find(|(known, _)| *known == code).map_or("", |(_, name)| name);
    json!({
        "id": code,
        "name": name,
        "shortDescription": { "text": name.replace('-', " ") },
        "help": { "text": explain(code).unwrap_or_default(), "markdown": explain(code).unwrap_or_default() },
    })
}

fn result(report: &Report, finding: &Finding, codes: &[&str]) -> Value {
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let text = match &finding.help {
        Some(help) => format!("{} ({help})", finding.message),
        None => finding.message.clone(),
    };
    let mut result = json!({
        "ruleId": finding.code,
        "ruleIndex": codes.binary_search(&finding.code).unwrap_or_default(),
        "level": level,
        "message": { "text": text },
        "locations": [location(report, finding.span)],
    });
    if !finding.related.is_empty() {
        let related = finding.related.iter().map(|(span, label)| {
            let mut location = location(report, *span);
            location["message"] = json!({ "text": label });
            location
        });
        result["relatedLocations"] = related.collect();
    }
    if let Some(fix) = &finding.fix {
        let replacements = fix
            .edits
            .iter()
            .map(|(span, text)| json!({ "deletedRegion": region(report, *span), "insertedContent": { "text": text } }));
        result["fixes"] = json!([{
            "description": { "text": fix.title },
            "artifactChanges": [{
                "artifactLocation": { "uri": report.file },
                "replacements": replacements.collect::<Vec<_>>(),
            }],
        }]);
    }
    result
}

fn location(report: &Report, span: Span) -> Value {
    json!({ "physicalLocation": { "artifactLocation": { "uri": report.file }, "region": region(report, span) } })
}

fn region(report: &Report, span: Span) -> Value {
    let (start, end) = ends(report, span);
    json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    })
}
