//! `file:line:column: error[CODE] message`, one line per finding.

use std::fmt::Write;

use super::{Color, ends, full::paint};
use crate::Report;

pub(super) fn render(reports: &[Report], color: Color) -> String {
    let mut out = String::new();
    for report in reports {
        for finding in &report.findings {
            let (start, _) = ends(report, finding.span);
            let severity = paint(finding.severity, finding.severity.name(), color);
            let (file, message) = (&report.file, &finding.message);
            let _ = writeln!(out, "{file}:{}:{}: {severity}[{}] {message}", start.line, start.column, finding.code);
        }
    }
    out
}
