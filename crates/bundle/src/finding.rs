//! What is wrong with a text, as a value: renderers live elsewhere.

use crate::text::Span;

/// How bad a finding is. `Error`: ZIS refuses the bundle; `Warning`: it runs, and surprises; `Note`: worth knowing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Error,
    Warning,
    Note,
}

impl Severity {
    /// `error`, `warning` or `note`.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

/// One fault, with its place and what to do about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Stable code such as `ZIS1004`; append-only, one page each under `docs/rules/`.
    pub code: &'static str,
    pub severity: Severity,
    /// One sentence that can be read alone.
    pub message: String,
    pub span: Span,
    /// JSON pointer to the offending member (`/resources/Flow/properties/definition/States/A/Next`), empty for the whole text.
    pub pointer: String,
    /// Other places that matter, each with a label.
    pub related: Vec<(Span, String)>,
    /// What to do next.
    pub help: Option<String>,
    pub fix: Option<Fix>,
}

/// A change of the text that removes the finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Fix {
    pub title: String,
    /// Replacements that don't overlap.
    pub edits: Vec<(Span, String)>,
    /// Safe: the meaning of a bundle that works today does not change.
    pub safe: bool,
}

impl Finding {
    pub fn new(code: &'static str, severity: Severity, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            severity,
            message: message.into(),
            span,
            pointer: String::new(),
            related: Vec::new(),
            help: None,
            fix: None,
        }
    }

    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = pointer.into();
        self
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    #[must_use]
    pub fn related(mut self, span: Span, label: impl Into<String>) -> Self {
        self.related.push((span, label.into()));
        self
    }

    #[must_use]
    pub fn fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }
}
