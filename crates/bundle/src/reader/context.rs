//! What reading carries along: the options, the findings, and the shape checks that everything uses.

use std::collections::HashMap;

use super::{place::Place, reference::Reference};
use crate::{
    code,
    document::Options,
    finding::{Finding, Severity},
    json::Kind,
    path::Path,
    text::{Span, Spanned},
};

/// Mistakes of the JSON text after which nothing is lost.
const HARMLESS: &[&str] = &[
    code::TRAILING_COMMA,
    code::SINGLE_QUOTES,
    code::COMMENT,
    code::CONTROL_CHARACTER,
    code::BAD_ESCAPE,
    code::BAD_NUMBER,
    code::DUPLICATE_KEY,
    code::EXTRA_COMMA,
];

pub(super) struct Context<'o> {
    pub options: &'o Options,
    pub findings: Vec<Finding>,
    pub references: Vec<Reference>,
    /// Names of all actions and flows, faulty ones included, and where they stand.
    pub action_names: HashMap<String, Span>,
    pub flow_names: HashMap<String, Span>,
    pub job_spec_names: HashMap<String, Span>,
    /// Whether the type of every resource is known.
    pub understood: bool,
    /// Places where the JSON reader had to guess; what is missing around them was reported already.
    broken: Vec<usize>,
}

impl<'o> Context<'o> {
    pub fn new(options: &'o Options, syntax: &[Finding]) -> Self {
        let broken = syntax.iter().filter(|finding| !HARMLESS.contains(&finding.code));
        Self {
            options,
            findings: Vec::new(),
            references: Vec::new(),
            action_names: HashMap::new(),
            flow_names: HashMap::new(),
            job_spec_names: HashMap::new(),
            understood: true,
            broken: broken.map(|finding| finding.span.start).collect(),
        }
    }

    pub fn error(&self, code: &'static str, span: Span, message: impl Into<String>) -> Finding {
        let severity = code::entry(code).map_or(Severity::Error, |entry| entry.severity);
        Finding::new(code, severity, span, message)
    }

    /// Adds a finding; one without help of its own gets the page of its code.
    pub fn add(&mut self, mut finding: Finding) {
        finding.help = finding.help.take().or_else(|| code::entry(finding.code).map(|entry| entry.page.to_owned()));
        self.findings.push(finding);
    }

    /// A finding about the whole value at `place`.
    pub fn report(&mut self, code: &'static str, place: &Place, message: impl Into<String>, help: impl Into<String>) {
        let finding = self.error(code, place.headline(), message).at(&*place.pointer).help(help);
        self.add(finding);
    }

    pub fn report_unless_broken(&mut self, code: &'static str, place: &Place, message: impl Into<String>) {
        if !self.is_broken(place) {
            let finding = self.error(code, place.headline(), message).at(&*place.pointer);
            self.add(finding);
        }
    }

    /// Whether the JSON reader had to guess inside of this value.
    pub fn is_broken(&self, place: &Place) -> bool {
        let Span { start, end } = place.node.span;
        let first = self.broken.partition_point(|at| *at < start);
        self.broken.get(first).is_some_and(|at| *at <= end)
    }

    pub fn missing(&mut self, parent: &Place, key: &str, help: &str) {
        if !self.is_broken(parent) {
            let message = format!("`{key}` is missing");
            let finding = self.error(code::MISSING, parent.opening(), message).at(parent.pointer_to(key)).help(help);
            self.add(finding);
        }
    }

    pub fn wrong_type(&mut self, place: &Place, key: &str, wanted: &str) {
        let message = format!("`{key}` must be {wanted}, this is {}", place.described());
        self.report_unless_broken(code::WRONG_TYPE, place, message);
    }

    /// A member that has to be there.
    pub fn required<'n>(&mut self, parent: &Place<'n>, key: &str, help: &str) -> Option<Place<'n>> {
        let place = parent.get(key);
        if place.is_none() {
            self.missing(parent, key, help);
        }
        place
    }

    /// A required object.
    pub fn object<'n>(&mut self, parent: &Place<'n>, key: &str, help: &str) -> Option<Place<'n>> {
        let place = self.required(parent, key, help)?;
        if matches!(place.node.kind, Kind::Object(_)) {
            return Some(place);
        }
        self.wrong_type(&place, key, "an object");
        None
    }

    /// A required text that isn't empty.
    pub fn text(&mut self, parent: &Place, key: &str, help: &str) -> Option<Spanned<String>> {
        let place = self.required(parent, key, help)?;
        self.text_of(&place, key)
    }

    pub fn text_of(&mut self, place: &Place, key: &str) -> Option<Spanned<String>> {
        match place.node.as_str() {
            Some("") => self.report_unless_broken(code::WRONG_TYPE, place, format!("`{key}` must not be empty")),
            Some(text) => return Some(place.spanned(text.to_owned())),
            None => self.wrong_type(place, key, "a string"),
        }
        None
    }

    /// A text that may be missing or null.
    pub fn optional_text(&mut self, parent: &Place, key: &str) -> Option<Spanned<String>> {
        let place = parent.get(key).filter(|place| place.node.kind != Kind::Null)?;
        match place.node.as_str() {
            Some(text) => Some(place.spanned(text.to_owned())),
            None => {
                self.wrong_type(&place, key, "a string");
                None
            }
        }
    }

    /// A reference path.
    pub fn path(&mut self, place: &Place, key: &str) -> Option<Spanned<Path>> {
        let text = self.text_of(place, key)?;
        match Path::parse(&text.value) {
            Ok(path) => Some(Spanned { value: path, span: text.span }),
            Err(error) => {
                let message = format!("`{}` is no reference path: {}", text.value, error.message);
                self.report(code::BAD_PATH, place, message, "a path looks like `$.input.ticket_event.ticket.id`");
                None
            }
        }
    }
}
