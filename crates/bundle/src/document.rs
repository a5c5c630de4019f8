//! The whole document: `name`, `zis_template_version`, `resources` (spec 2.1), and its reader.

use crate::{
    action::Action,
    finding::Finding,
    flow::Flow,
    job_spec::JobSpec,
    json::Node,
    text::{LineIndex, Span, Spanned},
};

/// The only template version that the documentation allows.
pub const TEMPLATE_VERSION: &str = "2019-10-14";

#[derive(Debug, Clone, PartialEq)]
pub struct Bundle {
    pub name: Spanned<String>,
    pub description: Option<String>,
    pub template_version: Spanned<String>,
    pub resources_span: Span,
    pub flows: Vec<Flow>,
    pub actions: Vec<Action>,
    pub job_specs: Vec<JobSpec>,
}

impl Bundle {
    pub fn flow(&self, name: &str) -> Option<&Flow> {
        self.flows.iter().find(|flow| flow.name.value == name)
    }

    pub fn action(&self, name: &str) -> Option<&Action> {
        self.actions.iter().find(|action| action.name.value == name)
    }

    pub fn job_spec(&self, name: &str) -> Option<&JobSpec> {
        self.job_specs.iter().find(|spec| spec.name.value == name)
    }
}

/// What reading gave: always a tree and findings; a bundle with all resources that could be understood.
#[derive(Debug, Clone)]
pub struct Reading {
    pub root: Node,
    pub lines: LineIndex,
    /// `None` only when the text is no JSON object. States and resources with faults are left out of it.
    pub bundle: Option<Bundle>,
    pub findings: Vec<Finding>,
}

impl Reading {
    /// Whether ZIS would take this bundle: no finding is an error.
    pub fn is_valid(&self) -> bool {
        !self.findings.iter().any(|finding| finding.severity == crate::finding::Severity::Error)
    }
}

/// How strictly to read. Every member is a compatibility switch with its ruling in `docs/compat.md`.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The integration the bundle is for; `None` accepts any one that is the same throughout.
    pub integration: Option<String>,
    /// Accept `Retry`, `InputPath` and `OutputPath` (ASL) without a finding.
    pub lenient_asl: bool,
}

/// Reads a bundle and applies every check that ZIS makes at upload (spec 2.3). Findings in the text's JSON come first,
/// then those of the bundle in the order of their places.
pub fn read(text: &str, options: &Options) -> Reading {
    crate::reader::read(text, options)
}
