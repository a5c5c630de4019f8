//! Checking a bundle before it is stored: every finding becomes a detail that names its JSON pointer, line and column (spec 2.3).

use std::collections::HashSet;

use zis_bundle::{Bundle, Finding, Reading, Severity, document, json::Kind, json::Node};
use zis_store::registry::{self, SpecIn, Upload, Uploaded};

use super::integration;
use crate::{
    App,
    errors::{Code, Detail, Refusal},
};

/// Most findings that an answer holds: nobody reads more, and a hostile bundle could make it far longer than itself.
const MAX_TOLD: usize = 100;

/// What becomes of job specs that were installed before an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Specs {
    /// `registry.reinstall_on_upload`: as on ZIS they must be installed again, unless it is set.
    AsConfigured,
    StayInstalled,
}

/// Reads and checks `text` as a bundle of `integration` and makes it the current one of its name.
pub(crate) async fn upload(app: &App, name: &str, text: String, specs: Specs) -> Result<Uploaded, Refusal> {
    integration::exists(app, name).await?;
    let bundle = check(app, name, &text).await?;
    let upload = Upload {
        account: app.account,
        integration: name.to_owned(),
        name: bundle.name.value.clone(),
        description: bundle.description.clone(),
        template_version: bundle.template_version.value.clone(),
        job_specs: bundle.job_specs.iter().map(spec).collect(),
        document: text,
        uploaded_at: app.clock.now(),
        reinstall: specs == Specs::StayInstalled || app.config.registry.reinstall_on_upload,
    };
    Ok(registry::upload(&app.store, &upload).await?)
}

fn spec(spec: &zis_bundle::JobSpec) -> SpecIn {
    SpecIn {
        name: spec.name.value.clone(),
        description: spec.description.clone(),
        event_source: spec.event_source.value.clone(),
        event_type: spec.event_type.value.clone(),
        flow: spec.flow_name.value.clone(),
    }
}

/// The bundle, when ZIS would take it (and, with `registry.strict_upload`, when we would too).
async fn check(app: &App, name: &str, text: &str) -> Result<Bundle, Refusal> {
    let settings = &app.config.registry;
    let (strict, lenient_asl) = (settings.strict_upload, settings.lenient_asl);
    let (source, integration) = (text.to_owned(), Some(name.to_owned()));
    let read = move || {
        if strict {
            let lint = zis_lint::Settings { integration, lenient_asl, ..zis_lint::Settings::default() };
            let report = zis_lint::check(&source, "bundle.json", &lint);
            Reading { findings: report.findings, ..report.reading }
        } else {
            document::read(&source, &document::Options { integration, lenient_asl })
        }
    };
    // A large bundle takes a while, and events do not wait for it.
    let reading = tokio::task::spawn_blocking(read).await.map_err(Refusal::internal)?;
    refuse_faults(text, &reading)?;
    let bundle = reading.bundle.ok_or_else(|| Refusal::new(Code::BundleRefused, "the body is no JSON object"))?;
    if strict {
        refuse_taken_actions(app, name, &bundle).await?;
    }
    Ok(bundle)
}

fn refuse_faults(text: &str, reading: &Reading) -> Result<(), Refusal> {
    let faults: Vec<&Finding> = reading.findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
    let Some(first) = faults.first() else { return Ok(()) };
    let details: Vec<Detail> = faults.iter().take(MAX_TOLD).map(|finding| detail(text, reading, finding)).collect();
    let syntax = first.code.starts_with("ZIS0");
    let code = if syntax { Code::InvalidJson } else { Code::BundleRefused };
    let one = details.first().map_or_else(String::new, |one| one.detail.clone());
    let message = if faults.len() > 1 { format!("{one} (and {} more)", faults.len() - 1) } else { one };
    Err(Refusal::new(code, message).details(details))
}

fn detail(text: &str, reading: &Reading, finding: &Finding) -> Detail {
    let place = reading.lines.position(text, finding.span.start);
    let at = format!("line {} column {}", place.line, place.column);
    let detail = if finding.pointer.is_empty() {
        format!("{} at {at}", finding.message)
    } else {
        format!("{}: {} ({at})", finding.pointer, finding.message)
    };
    Detail {
        rule: Some(finding.code),
        detail,
        pointer: Some(finding.pointer.clone()).filter(|pointer| !pointer.is_empty()),
        position: Some((place.line, place.column)),
    }
}

/// An action that another bundle of the integration defines already: the last upload would win for the flows of both (spec 1.4).
async fn refuse_taken_actions(app: &App, name: &str, bundle: &Bundle) -> Result<(), Refusal> {
    let mut details = Vec::new();
    let mine: HashSet<&str> = bundle.actions.iter().map(|action| action.name.value.as_str()).collect();
    for other in registry::latest_bundles(&app.store, app.account, name).await? {
        if other.name == bundle.name.value {
            continue;
        }
        let Some(text) = registry::document(&app.store, app.account, &other.digest).await? else { continue };
        let reading = document::read(&text, &document::Options::default());
        for action in reading.bundle.iter().flat_map(|bundle| &bundle.actions) {
            if mine.contains(action.name.value.as_str()) {
                let detail = format!("action `{}` is defined by bundle `{}` already", action.name.value, other.name);
                details.push(Detail { detail, ..Detail::default() });
            }
        }
    }
    match details.first() {
        None => Ok(()),
        Some(first) => Err(Refusal::new(Code::BundleRefused, first.detail.clone()).details(details)),
    }
}

/// A stored document with what the registry knows about it put on top (spec 1.4: shown unwrapped).
pub(crate) fn shown(bundle: &registry::Bundle, text: &str) -> serde_json::Value {
    let (root, _) = zis_bundle::json::parse(text);
    let mut shown = serde_json::Map::new();
    shown.insert("uuid".to_owned(), bundle.uuid.clone().into());
    shown.insert("integration".to_owned(), bundle.integration.clone().into());
    shown.insert("zendesk_account_id".to_owned(), bundle.account.0.into());
    for member in root.members() {
        shown.entry(member.key.to_string()).or_insert_with(|| value(&member.value));
    }
    shown.into()
}

fn value(node: &Node) -> serde_json::Value {
    match &node.kind {
        Kind::Null => serde_json::Value::Null,
        Kind::Bool(truth) => (*truth).into(),
        Kind::Number(text) => serde_json::from_str(text).unwrap_or_default(),
        Kind::String(text) => text.to_string().into(),
        Kind::Array(items) => items.iter().map(value).collect(),
        Kind::Object(members) => members.iter().map(|member| (member.key.to_string(), value(&member.value))).collect(),
    }
}
