//! Findings with the line they are about, carets under the place, and what to do next.

use std::{fmt::Write, ops::Range};

use zis_bundle::{Finding, Severity, Span};

use super::{Color, ends, summary};
use crate::Report;

/// Longer lines are cut around the place; a bundle may well be one line.
const WIDTH: usize = 110;

pub(super) fn render(reports: &[Report], color: Color) -> String {
    let mut out = String::new();
    for report in reports {
        for finding in &report.findings {
            one(report, finding, color, &mut out);
        }
    }
    let _ = writeln!(out, "{}", summary(reports));
    out
}

fn one(report: &Report, finding: &Finding, color: Color, out: &mut String) {
    let head = format!("{}[{}]", finding.severity.name(), finding.code);
    let _ = writeln!(out, "{}: {}", paint(finding.severity, &head, color), bold(&finding.message, color));
    let (start, _) = ends(report, finding.span);
    let related = finding.related.iter().map(|(span, _)| ends(report, *span).0.line);
    let width = related.chain([start.line]).max().unwrap_or(1).to_string().len();
    let arrow = blue("-->", color);
    let _ = writeln!(out, "{:width$}{arrow} {}:{}:{}", "", report.file, start.line, start.column);
    let _ = writeln!(out, "{:width$} {}", "", blue("|", color));
    let primary = Mark { span: finding.span, mark: '^', label: "", severity: finding.severity };
    excerpt(report, &primary, width, color, out);
    for (span, label) in &finding.related {
        let mark = Mark { span: *span, mark: '-', label, severity: Severity::Note };
        excerpt(report, &mark, width, color, out);
    }
    let _ = writeln!(out, "{:width$} {}", "", blue("|", color));
    if let Some(help) = &finding.help {
        let _ = writeln!(out, "{:width$} {} help: {help}", "", blue("=", color));
    }
    if let Some(fix) = &finding.fix {
        let how = if fix.safe { "`--fix` can" } else { "by hand" };
        let _ = writeln!(out, "{:width$} {} fix: {} ({how})", "", blue("=", color), fix.title);
    }
    out.push('\n');
}

/// What is drawn under a source line.
struct Mark<'l> {
    span: Span,
    mark: char,
    label: &'l str,
    severity: Severity,
}

/// One source line with a mark under the span; line numbers are `width` wide.
fn excerpt(report: &Report, marked: &Mark, width: usize, color: Color, out: &mut String) {
    let Mark { span, mark, label, severity } = *marked;
    let (start, end) = ends(report, span);
    let line = report.lines().line(&report.text, start.line);
    let begin = report.lines().start(start.line);
    let within = |at: usize| line.floor_char_boundary(at.saturating_sub(begin));
    let from = within(span.start);
    let to = if end.line == start.line { within(span.end).max(from) } else { line.len() };
    let window = window(line, from, to);
    let (left, right) = (if window.start > 0 { "…" } else { "" }, if window.end < line.len() { "…" } else { "" });
    let number = blue(&format!("{:>width$} |", start.line), color);
    let _ = writeln!(out, "{number} {left}{}{right}", shown(report, begin, window.clone()));
    let indent = line[window.start..from].chars().count() + left.chars().count();
    let marks: String = std::iter::repeat_n(mark, line[from..to.min(window.end)].chars().count().max(1)).collect();
    let space = if label.is_empty() { "" } else { " " };
    let marks = paint(severity, &format!("{marks}{space}{label}"), color);
    let _ = writeln!(out, "{:width$} {} {:indent$}{marks}", "", blue("|", color), "");
}

/// The bytes of a line that are shown: all of it, or what surrounds the marked part. Looks at no more of the line than that.
fn window(line: &str, from: usize, to: usize) -> Range<usize> {
    let back = |at: usize, chars: usize| match chars {
        0 => at,
        chars => line[..at].char_indices().rev().nth(chars - 1).map_or(0, |(at, _)| at),
    };
    let on = |at: usize, chars: usize| line[at..].char_indices().nth(chars).map_or(line.len(), |(by, _)| at + by);
    let marked = line[from..to].chars().take(WIDTH / 2).count();
    let first = back(from, (WIDTH - marked) / 2);
    let last = on(first, WIDTH);
    back(last, WIDTH).min(first)..last
}

/// The bytes `part` of the line that begins at `begin`, with tabs as spaces, other control characters as `�`, and secrets masked.
fn shown(report: &Report, begin: usize, part: Range<usize>) -> String {
    let start = begin + part.start;
    let secrets = report.secrets();
    let letter = |(at, found): (usize, char)| {
        let at = start + at;
        let secret = secrets.iter().any(|span| span.start < at && at + 1 < span.end);
        match found {
            _ if secret => '*',
            '\t' => ' ',
            other if other.is_control() => char::REPLACEMENT_CHARACTER,
            other => other,
        }
    };
    report.text[start..begin + part.end].char_indices().map(letter).collect()
}

/// `text` in the colour of its severity.
pub(super) fn paint(severity: Severity, text: &str, color: Color) -> String {
    let code = match severity {
        Severity::Error => "1;31",
        Severity::Warning => "1;33",
        Severity::Note => "1;36",
    };
    styled(code, text, color)
}

fn bold(text: &str, color: Color) -> String {
    styled("1", text, color)
}

fn blue(text: &str, color: Color) -> String {
    styled("1;34", text, color)
}

fn styled(code: &str, text: &str, color: Color) -> String {
    match color {
        Color::On => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        Color::Off => text.into(),
    }
}
