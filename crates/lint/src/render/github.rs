//! Workflow commands: GitHub shows them as annotations on the changed lines.

use std::fmt::Write;

use zis_bundle::Severity;

use super::ends;
use crate::Report;

pub(super) fn render(reports: &[Report]) -> String {
    let mut out = String::new();
    for report in reports {
        for finding in &report.findings {
            let command = match finding.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "notice",
            };
            let (start, end) = ends(report, finding.span);
            let mut message = finding.message.clone();
            if let Some(help) = &finding.help {
                message = format!("{message}\n{help}");
            }
            let _ = writeln!(
                out,
                "::{command} file={},line={},endLine={},col={},endColumn={},title={}::{}",
                property(&report.file),
                start.line,
                end.line,
                start.column,
                end.column,
                finding.code,
                data(&message)
            );
        }
    }
    out
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
