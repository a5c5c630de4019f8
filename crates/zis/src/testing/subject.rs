//! What is run: a bundle file, one of its flows compiled, and the `$` it begins with.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use anyhow::{Context, Result, bail};
use zis_bundle::{Bundle, document, name::ResourceName, suggest::did_you_mean};
use zis_flow::{Program, Settings, Value};
use zis_lint::render::{Color, Format, render};

use super::mock::Mocks;
use crate::files;

/// Account and subdomain of a run without a server; visible to the flow.
const ACCOUNT: i64 = 10_001;
const SUBDOMAIN: &str = "localhost";

/// A bundle that ZIS would take.
#[derive(Debug)]
pub struct Subject {
    pub bundle: Bundle,
    pub integration: String,
}

impl Subject {
    /// Reads `file`, with the placeholders of `values` filled in; a bundle with errors is refused with its findings.
    pub fn load(file: &Path, values: &BTreeMap<String, String>) -> Result<Self> {
        Self::of(&files::fill(&files::text(file)?, values), file)
    }

    /// The bundle that `text` is, once the placeholders of `file` are filled in.
    pub fn of(text: &str, file: &Path) -> Result<Self> {
        let reading = document::read(text, &document::Options::default());
        let Some(bundle) = reading.is_valid().then_some(reading.bundle).flatten() else {
            let report = zis_lint::check(text, &file.display().to_string(), &zis_lint::Settings::default());
            bail!("the bundle has errors:\n{}", render(&[report], Format::Concise, Color::Off));
        };
        let integration = integration(&bundle);
        Ok(Self { bundle, integration })
    }

    /// The flow `name`, or the only one.
    pub fn flow(&self, name: Option<&str>) -> Result<&zis_bundle::Flow> {
        let names = || self.bundle.flows.iter().map(|flow| flow.name.value.as_str()).collect::<Vec<_>>().join(", ");
        match (name, &self.bundle.flows[..]) {
            (Some(name), _) => {
                self.bundle.flow(name).with_context(|| format!("the bundle has no flow `{name}`, only {}", names()))
            }
            (None, [only]) => Ok(only),
            (None, []) => bail!("the bundle has no flow"),
            (None, _) => bail!("the bundle has several flows; choose one with --flow: {}", names()),
        }
    }

    /// The flow that a job spec runs for an event.
    pub fn flow_for(&self, source: &str, kind: &str) -> Result<&zis_bundle::Flow> {
        let spec = self
            .bundle
            .job_specs
            .iter()
            .find(|spec| spec.event_source.value == source && spec.event_type.value == kind);
        let spec = spec.with_context(|| format!("no job spec of the bundle is for {source} {kind}"))?;
        let name = ResourceName::parse(&spec.flow_name.value).map(|name| name.name);
        self.flow(Some(name.as_deref().unwrap_or(&spec.flow_name.value)))
    }

    /// Refuses mocks of actions that the bundle does not have: nothing would ever take them.
    pub fn knows(&self, mocks: &Mocks) -> Result<()> {
        known("action", mocks.keys(), self.bundle.actions.iter().map(|action| action.name.value.as_str()))
    }

    pub fn compile(&self, flow: &zis_bundle::Flow, settings: Settings) -> Result<Arc<Program>> {
        Ok(Program::compile(flow, |name| self.bundle.action(name), Arc::new(settings))?)
    }

    /// `$` at the start.
    pub fn document(&self, input: Value) -> Value {
        Value::object([
            ("account_id", Value::from(ACCOUNT)),
            ("integration_key", Value::string(&self.integration)),
            ("subdomain", Value::string(SUBDOMAIN)),
            ("input", input),
        ])
    }
}

/// Refuses names that nothing goes by, with the one that was probably meant.
pub fn known<'n>(
    kind: &str,
    names: impl IntoIterator<Item = &'n String>,
    known: impl Iterator<Item = &'n str> + Clone,
) -> Result<()> {
    for name in names {
        if !known.clone().any(|known| known == name) {
            let near = did_you_mean(name, known.clone()).map(|near| format!("; {near}"));
            let all = || format!("; there is {}", known.clone().collect::<Vec<_>>().join(", "));
            bail!("there is no {kind} `{name}`{}", near.unwrap_or_else(all));
        }
    }
    Ok(())
}

/// The integration that the bundle's names speak of.
fn integration(bundle: &Bundle) -> String {
    let names = bundle.job_specs.iter().map(|spec| spec.flow_name.value.as_str());
    let found = names.filter_map(ResourceName::parse).map(|name| name.integration).next();
    found.unwrap_or_else(|| "integration".to_owned())
}

/// Placeholder tokens for the connections that a flow reads: `$.connections.<name>.access_token`.
pub fn connections(program: &Program) -> Value {
    Value::object(
        program
            .exposed_connections
            .iter()
            .map(|name| (name.as_str(), Value::object([("access_token", Value::string(format!("{name}-token")))]))),
    )
}
