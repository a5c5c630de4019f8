//! Reports as text, one renderer per format.

mod concise;
mod full;
mod github;
mod json;
mod sarif;

use zis_bundle::{Span, text::Position};

use crate::Report;

/// The formats of `zis check --format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Source excerpts with carets.
    #[default]
    Full,
    /// One line per finding.
    Concise,
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Workflow commands that become annotations on GitHub.
    Github,
}

/// Whether terminals get colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Color {
    On,
    #[default]
    Off,
}

impl Format {
    pub const NAMES: [&str; 5] = ["full", "concise", "json", "sarif", "github"];

    /// The format of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "full" => Self::Full,
            "concise" => Self::Concise,
            "json" => Self::Json,
            "sarif" => Self::Sarif,
            "github" => Self::Github,
            _ => return None,
        })
    }
}

/// The reports in one text, with a line break at its end. `color` matters to [`Format::Full`] and [`Format::Concise`].
pub fn render(reports: &[Report], format: Format, color: Color) -> String {
    match format {
        Format::Full => full::render(reports, color),
        Format::Concise => concise::render(reports, color),
        Format::Json => json::render(reports),
        Format::Sarif => sarif::render(reports),
        Format::Github => github::render(reports),
    }
}

/// The findings of one report as a JSON value: `{"findings": […]}`.
pub fn to_json(report: &Report) -> serde_json::Value {
    json::value(std::slice::from_ref(report))
}

/// Start and end of a span, lines and columns from 1; the end is the place after the last character.
fn ends(report: &Report, span: Span) -> (Position, Position) {
    let position = |offset| report.lines().position(&report.text, offset);
    (position(span.start), position(span.end.max(span.start)))
}

/// `2 errors, 1 warning`: what was found, in words.
pub fn summary(reports: &[Report]) -> String {
    use zis_bundle::Severity;
    let count = |severity| reports.iter().map(|report| report.count(severity)).sum::<usize>();
    let named = |severity: Severity| match count(severity) {
        0 => None,
        1 => Some(format!("1 {}", severity.name())),
        many => Some(format!("{many} {}s", severity.name())),
    };
    let parts: Vec<_> = [Severity::Error, Severity::Warning, Severity::Note].into_iter().filter_map(named).collect();
    if parts.is_empty() { "nothing found".into() } else { parts.join(", ") }
}
