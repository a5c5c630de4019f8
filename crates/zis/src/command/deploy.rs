//! `zis deploy` and `zis diff`: a bundle to a server or a real account, step by step, with a look back at the end.

use std::{collections::BTreeMap, path::Path, process::ExitCode};

use anyhow::{Context, Result, bail, ensure};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use zis_bundle::document::{self, Options};
use zis_flow::difference::{Change, Kind, changes};
use zis_lint::render::{Color, Format, render};

use crate::{
    cli::{Deploy, Diff, Output, Target},
    client::{Client, encode},
    command::read_text,
    style::{self, paint},
};

/// Members that a server adds to what was uploaded.
const ADDED: &[&str] = &["uuid", "integration", "zendesk_account_id"];

/// What was done, for people as it happens and for machines at the end.
struct Log {
    format: Output,
    steps: Vec<Value>,
}

impl Log {
    fn step(&mut self, step: &str, outcome: &str, detail: impl std::fmt::Display) {
        self.steps.push(json!({"step": step, "outcome": outcome, "detail": detail.to_string()}));
        if self.format == Output::Json {
            return;
        }
        let mark = match outcome {
            "ok" => paint(style::GOOD, "✓"),
            "skipped" => paint(style::DIM, "·"),
            "warning" => paint(style::WARN, "!"),
            _ => paint(style::BAD, "✗"),
        };
        anstream::println!("{mark} {step}: {detail}");
    }

    fn end(&self, ok: bool) {
        if self.format == Output::Json {
            anstream::println!("{}", json!({"ok": ok, "steps": self.steps}));
        }
    }
}

pub async fn run(args: Deploy) -> Result<ExitCode> {
    let mut log = Log { format: args.format, steps: Vec::new() };
    let result = steps(&args, &mut log).await;
    if let Err(error) = &result {
        log.step("deploy", "failed", format!("{error:#}"));
    }
    log.end(result.is_ok());
    Ok(if result.is_ok() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

async fn steps(args: &Deploy, log: &mut Log) -> Result<()> {
    let client = Client::from_env(&args.target.to, args.format).await?;
    if args.rollback { rollback(&client, args, log).await } else { deploy(&client, args, log).await }
}

async fn deploy(client: &Client, args: &Deploy, log: &mut Log) -> Result<()> {
    let integration = &args.target.integration;
    let text = filled(&args.target)?;
    let bundle = preflight(&text, &args.target, log)?;
    connections(client, integration, &text, log).await;
    if args.dry_run {
        let found = remote(client, integration, name(&bundle)).await?;
        log.step("dry run", "skipped", summary(found.as_ref().map(|(_, old)| changes(old, &bundle)).as_deref()));
        return Ok(());
    }
    create(client, integration, log).await?;
    client.post(&format!("/api/services/zis/registry/{}/bundles", encode(integration)), &bundle).await?;
    log.step("upload", "ok", format!("bundle \"{}\"", name(&bundle)));
    let specs = spec_names(&bundle);
    install(client, integration, &specs, log).await?;
    read_back(client, integration, &bundle, log).await?;
    stale(client, args, &specs, log).await
}

async fn install(client: &Client, integration: &str, specs: &[String], log: &mut Log) -> Result<()> {
    for spec in specs {
        let full = encode(&format!("zis:{integration}:job_spec:{spec}"));
        client
            .call(Method::POST, &format!("/api/services/zis/registry/job_specs/install?job_spec_name={full}"), None)
            .await?;
        log.step("install", "ok", spec);
    }
    Ok(())
}

/// The file with its placeholders replaced.
fn filled(target: &Target) -> Result<String> {
    let mut text = read_text(&target.file)?;
    let Some(file) = &target.values else { return Ok(text) };
    let values = values(file)?;
    for (placeholder, value) in &values {
        ensure!(
            text.contains(placeholder.as_str()),
            "{}: `{placeholder}` does not stand in {}",
            file.display(),
            target.file.display()
        );
        // A value that breaks out of its string would change the bundle's structure.
        ensure!(
            !value.contains(['"', '\\']) && !value.chars().any(char::is_control),
            "{}: the value of `{placeholder}` holds a quote, a backslash or a control character and would inject JSON",
            file.display()
        );
        ensure!(
            !value.contains("{{") && !value.starts_with("$."),
            "{}: the value of `{placeholder}` would be read as a path",
            file.display()
        );
        text = text.replace(placeholder, value);
    }
    Ok(text)
}

fn values(file: &Path) -> Result<BTreeMap<String, String>> {
    let text = read_text(file)?;
    serde_saphyr::from_str(&text)
        .with_context(|| format!("{}: a values file maps placeholders to texts", file.display()))
}

/// Lint errors stop the deployment before anything is sent.
fn preflight(text: &str, target: &Target, log: &mut Log) -> Result<Value> {
    let report = zis_lint::check(text, &target.file.display().to_string(), &zis_lint::Settings::default());
    let reading =
        document::read(text, &Options { integration: Some(target.integration.clone()), ..Options::default() });
    let foreign = reading.findings.iter().find(|finding| finding.severity == zis_bundle::Severity::Error);
    if report.count(zis_bundle::Severity::Error) > 0 {
        bail!("the bundle has errors\n{}", render(&[report], Format::Concise, Color::On));
    }
    if let Some(finding) = foreign {
        bail!(
            "{} ({}): {}",
            finding.message,
            finding.code,
            finding.help.as_deref().unwrap_or("is a placeholder left to be filled?")
        );
    }
    let warnings = report.findings.len();
    log.step(
        "check",
        if warnings == 0 { "ok" } else { "warning" },
        format!("{warnings} findings; `zis check` shows them"),
    );
    serde_json::from_str(text).with_context(|| format!("{} is no JSON", target.file.display()))
}

/// Names connections that the bundle uses and the integration does not have.
async fn connections(client: &Client, integration: &str, text: &str, log: &mut Log) {
    let path = format!("/api/services/zis/integrations/{}/connections/all", encode(integration));
    let answer = match client.send(Method::GET, &path, None).await {
        Ok(answer) if answer.status.is_success() => answer.body,
        Ok(answer) => return log.step("connections", "skipped", format!("could not be listed ({})", answer.status)),
        Err(error) => return log.step("connections", "skipped", error),
    };
    let there: Vec<&str> = ["oauth", "api_key", "basic_auth", "bearer_token"]
        .iter()
        .flat_map(|kind| answer[kind].as_array().into_iter().flatten())
        .filter_map(|connection| connection["name"].as_str())
        .collect();
    let reading = document::read(text, &Options::default());
    let actions = reading.bundle.iter().flat_map(|bundle| &bundle.actions);
    let mut missing: Vec<&str> = actions
        .filter_map(|action| action.definition.connection.as_ref())
        .map(|name| name.value.as_str())
        .filter(|name| !there.contains(name))
        .collect();
    missing.sort_unstable();
    missing.dedup();
    if missing.is_empty() {
        log.step("connections", "ok", "all there");
    } else {
        log.step(
            "connections",
            "warning",
            format!("missing: {}; flows that need them will not start", missing.join(", ")),
        );
    }
}

async fn create(client: &Client, integration: &str, log: &mut Log) -> Result<()> {
    let path = format!("/api/services/zis/registry/{}", encode(integration));
    let existing = client.send(Method::GET, &format!("{path}/job_specs"), None).await?;
    if existing.status.is_success() {
        log.step("integration", "ok", format!("{integration} exists"));
        return Ok(());
    }
    let answer = client.send(Method::POST, &path, Some(&json!({"description": integration}))).await?;
    // 409: somebody made it in between.
    if !answer.status.is_success() && answer.status != StatusCode::CONFLICT {
        client.post(&path, &json!({"description": integration})).await?;
    }
    log.step("integration", "ok", format!("{integration} created"));
    Ok(())
}

fn name(bundle: &Value) -> &str {
    bundle["name"].as_str().unwrap_or_default()
}

fn spec_names(bundle: &Value) -> Vec<String> {
    let resources = bundle["resources"].as_object().into_iter().flat_map(|resources| resources.values());
    let specs = resources.filter(|resource| resource["type"] == "ZIS::JobSpec");
    specs.filter_map(|spec| spec["properties"]["name"].as_str()).map(str::to_owned).collect()
}

/// `(uuid, document)` of the bundle of this name, without what the server added.
async fn remote(client: &Client, integration: &str, name: &str) -> Result<Option<(String, Value)>> {
    let path = format!("/api/services/zis/registry/{}/bundles", encode(integration));
    let mut after = String::new();
    loop {
        let answer = client.send(Method::GET, &format!("{path}?page[size]=100{after}"), None).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        ensure!(answer.status.is_success(), "the bundles of {integration} can't be listed: {}", answer.status);
        let bundles = answer.body["bundles"].as_array().cloned().unwrap_or_default();
        if let Some(bundle) = bundles.iter().find(|bundle| bundle["name"] == name) {
            let uuid = bundle["uuid"].as_str().context("a bundle has a uuid")?;
            let mut document = client.get(&format!("{path}/{}", encode(uuid))).await?;
            if let Some(members) = document.as_object_mut() {
                ADDED.iter().for_each(|key| {
                    members.remove(*key);
                });
            }
            return Ok(Some((uuid.to_owned(), document)));
        }
        match answer.body["meta"]["after"].as_str().filter(|_| answer.body["meta"]["has_more"] == json!(true)) {
            Some(cursor) => after = format!("&page[after]={}", encode(cursor)),
            None => return Ok(None),
        }
    }
}

async fn read_back(client: &Client, integration: &str, bundle: &Value, log: &mut Log) -> Result<()> {
    let (uuid, found) =
        remote(client, integration, name(bundle)).await?.context("the uploaded bundle is not listed")?;
    let different = changes(bundle, &found);
    ensure!(different.is_empty(), "the server holds something else: {}", summary(Some(&different)));
    log.step("read back", "ok", format!("the same as the file ({uuid})"));
    Ok(())
}

/// Specs that fire although the bundle no longer holds them.
async fn stale(client: &Client, args: &Deploy, specs: &[String], log: &mut Log) -> Result<()> {
    let integration = &args.target.integration;
    let answer =
        client.get(&format!("/api/services/zis/registry/{}/job_specs?page[size]=100", encode(integration))).await?;
    let installed =
        answer["job_specs"].as_array().into_iter().flatten().filter(|spec| spec["installed"] == json!(true));
    let names = installed.filter_map(|spec| spec["name"].as_str());
    for name in names.filter(|name| !specs.iter().any(|spec| spec == name)) {
        if !args.uninstall_stale {
            log.step(
                "stale job spec",
                "warning",
                format!("{name} is installed but not in this bundle and still fires; --uninstall-stale removes it"),
            );
            continue;
        }
        let full = encode(&format!("zis:{integration}:job_spec:{name}"));
        client
            .call(Method::DELETE, &format!("/api/services/zis/registry/job_specs/install?job_spec_name={full}"), None)
            .await?;
        log.step("uninstall", "ok", name);
    }
    Ok(())
}

/// Back to the version before and its job specs (only on a zis server: a Zendesk account keeps none).
async fn rollback(client: &Client, args: &Deploy, log: &mut Log) -> Result<()> {
    let integration = &args.target.integration;
    let bundle: Value = serde_json::from_str(&filled(&args.target)?)?;
    let (uuid, _) =
        remote(client, integration, name(&bundle)).await?.context("there is no such bundle to roll back")?;
    let path = format!("/api/zis/v1/integrations/{}/bundles/{}/rollback", encode(integration), encode(&uuid));
    let answer = client.post(&path, &json!({})).await?;
    log.step("rollback", "ok", format!("to version {}", answer["digest"].as_str().unwrap_or("before")));
    let (_, old) = remote(client, integration, name(&bundle)).await?.context("the bundle is not listed any more")?;
    let specs = spec_names(&old);
    install(client, integration, &specs, log).await?;
    stale(client, args, &specs, log).await
}

pub async fn diff(args: Diff) -> Result<ExitCode> {
    let client = Client::from_env(&args.target.to, Output::Text).await?;
    let bundle: Value = serde_json::from_str(&filled(&args.target)?)
        .with_context(|| format!("{} is no JSON", args.target.file.display()))?;
    let Some((_, old)) = remote(&client, &args.target.integration, name(&bundle)).await? else {
        anstream::println!("a new bundle: \"{}\"", name(&bundle));
        return Ok(ExitCode::from(1));
    };
    let different = changes(&old, &bundle);
    for change in &different {
        anstream::println!("{}", line(change));
    }
    if different.is_empty() {
        anstream::println!("no difference");
    }
    Ok(if different.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn line(change: &Change<'_>) -> String {
    let text = |value: Option<&Value>| value.map_or_else(String::new, Value::to_string);
    let (path, old, new) = (&change.path, text(change.old), text(change.new));
    match change.kind() {
        Kind::Added => format!("{} {path} = {new}", paint(style::GOOD, "+")),
        Kind::Removed => format!("{} {path}", paint(style::BAD, "-")),
        Kind::Changed => format!("{} {path}: {old} → {new}", paint(style::WARN, "~")),
    }
}

fn summary(different: Option<&[Change<'_>]>) -> String {
    match different {
        None => "a new bundle".to_owned(),
        Some([]) => "no difference".to_owned(),
        Some(changes @ [first, ..]) => format!("{} differences, first {}", changes.len(), line(first)),
    }
}
