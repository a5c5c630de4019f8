//! Checking one text: reading, rules, and what the settings say about them.

use zis_bundle::{
    Finding, LineIndex, Severity, Span,
    document::{Options, Reading, read},
};

use crate::{
    rule::{Context, Found},
    rules,
    settings::Settings,
};

/// The code of the rule whose findings point at secrets; renderers mask those places.
const SECRET: &str = "ZIS2028";

/// Everything found in one text.
#[derive(Debug, Clone)]
pub struct Report {
    /// The name of the file, for people.
    pub file: String,
    pub text: String,
    pub reading: Reading,
    /// Mistakes of the JSON text first, then by place.
    pub findings: Vec<Finding>,
}

/// Checks a bundle. `file` is only a name; nothing is opened.
pub fn check(text: &str, file: &str, settings: &Settings) -> Report {
    let options = Options { integration: settings.integration.clone(), lenient_asl: settings.lenient_asl };
    let reading = read(text, &options);
    let mut findings = reading.findings.clone();
    if let Some(bundle) = &reading.bundle {
        let context = Context::new(text, &reading, bundle);
        for rule in rules::ALL {
            if settings.severity(rule.code, rule.name, rule.severity).is_some() {
                let mut found = Found::new(*rule);
                (rule.check)(&context, &mut found);
                findings.append(&mut found.findings);
            }
        }
    }
    findings.retain_mut(|finding| match settings.severity(finding.code, name(finding.code), finding.severity) {
        Some(severity) => {
            finding.severity = severity;
            true
        }
        None => false,
    });
    findings.sort_by_key(|finding| (!finding.code.starts_with("ZIS0"), finding.span.start, finding.code));
    Report { file: file.into(), text: text.into(), reading, findings }
}

/// The name of a code.
fn name(code: &str) -> &'static str {
    let rule = rules::ALL.iter().find(|rule| rule.code == code).map(|rule| rule.name);
    rule.or_else(|| zis_bundle::code::entry(code).map(|entry| entry.name)).unwrap_or_default()
}

impl Report {
    pub fn lines(&self) -> &LineIndex {
        &self.reading.lines
    }

    /// How many findings are of this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// No errors and no warnings; notes are welcome.
    pub fn is_clean(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity == Severity::Note)
    }

    /// Places that must not be printed.
    pub fn secrets(&self) -> Vec<Span> {
        self.findings.iter().filter(|finding| finding.code == SECRET).map(|finding| finding.span).collect()
    }
}
