//! `zis deploy` and `zis diff`: a bundle to a server or a real account, step by step, with a look back at the end.

use std::{collections::BTreeSet, process::ExitCode};

use anyhow::{Context, Result, bail, ensure};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use zis_bundle::document::{self, Options};
use zis_flow::difference::{Change, Kind, changes};
use zis_lint::render::{Color, Format, render};

use crate::{
    cli::{Deploy, Diff, Output, Target},
    client::{Client, encode},
    command::{check, tokens},
    files,
    style::{self, counted, paint},
};

/// Members that a server adds to what was uploaded.
const ADDED: &[&str] = &["uuid", "integration", "zendesk_account_id"];

/// What was done, for people as it happens and for machines at the end.
struct Log {
    format: Output,
    steps: Vec<Value>,
}

impl Target {
    fn text(&self) -> Result<String> {
        files::bundle(&self.file, self.values.as_deref())
    }
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
    let result = if args.rollback { rollback(&args, &mut log).await } else { deploy(&args, &mut log).await };
    if let Err(error) = &result {
        log.step("deploy", "failed", format!("{error:#}"));
    }
    log.end(result.is_ok());
    Ok(if result.is_ok() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

async fn deploy(args: &Deploy, log: &mut Log) -> Result<()> {
    let integration = &args.target.integration;
    let text = args.target.text()?;
    let bundle = preflight(&text, &args.target, log)?;
    // Nobody is asked to unlock a keyring for a bundle that can't be deployed.
    let client = &Client::from_env(&args.target.to, args.format).await?;
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

/// Lint errors stop the deployment before anything is sent.
fn preflight(text: &str, target: &Target, log: &mut Log) -> Result<Value> {
    let report = zis_lint::check(text, &target.file.display().to_string(), &check::settings(None)?);
    let reading =
        document::read(text, &Options { integration: Some(target.integration.clone()), ..Options::default() });
    let foreign = reading.findings.iter().find(|finding| finding.severity == zis_bundle::Severity::Error);
    if report.count(zis_bundle::Severity::Error) > 0 {
        bail!("the bundle has errors\n{}", render(&[report], Format::Concise, Color::On));
    }
    if let Some(finding) = foreign {
        let help = finding.help.as_deref().map(|help| format!("{help}, or ")).unwrap_or_default();
        bail!("{} ({}): {help}fill what is a placeholder from a file, --values", finding.message, finding.code);
    }
    match report.findings.len() {
        0 => log.step("check", "ok", "nothing found"),
        count => log.step("check", "warning", format!("{}; `zis check` shows them", counted(count, "finding"))),
    }
    files::json_of(text, &target.file)
}

/// Names connections that the bundle uses and the integration does not have.
async fn connections(client: &Client, integration: &str, text: &str, log: &mut Log) {
    let reading = document::read(text, &Options::default());
    let actions = reading.bundle.iter().flat_map(|bundle| &bundle.actions);
    let used = actions.filter_map(|action| action.definition.connection.as_ref());
    let mut missing: BTreeSet<String> = used.map(|name| name.value.clone()).collect();
    if missing.is_empty() {
        return log.step("connections", "ok", "none needed");
    }
    match existing(client, integration).await {
        Ok(names) => missing.retain(|name| !names.contains(name)),
        Err(error) => return log.step("connections", "skipped", format!("can't be listed: {error:#}")),
    }
    if missing.is_empty() {
        return log.step("connections", "ok", "all there");
    }
    let names = missing.into_iter().collect::<Vec<_>>().join(", ");
    log.step("connections", "warning", format!("missing: {names}; flows that need them will not start"));
}

/// The names of the integration's connections.
async fn existing(client: &Client, integration: &str) -> Result<Vec<String>> {
    if !exists(client, integration).await? {
        return Ok(Vec::new());
    }
    // Only the integration itself may list them; one page holds more than anybody has.
    let path = format!("/api/services/zis/integrations/{}/connections/all?page[size]=100", encode(integration));
    let answer = tokens::get_as(client, integration, &path).await?;
    let all = ["oauth", "api_key", "basic_auth", "bearer_token"].iter().filter_map(|kind| answer[kind].as_array());
    Ok(all.flatten().filter_map(|connection| connection["name"].as_str()).map(str::to_owned).collect())
}

async fn exists(client: &Client, integration: &str) -> Result<bool> {
    let path = format!("/api/services/zis/registry/{}/job_specs", encode(integration));
    let answer = client.send(Method::GET, &path, None).await?;
    match answer.status {
        StatusCode::UNAUTHORIZED => client.success(&Method::GET, &path, answer).map(|_| false),
        status => Ok(status.is_success()),
    }
}

async fn create(client: &Client, integration: &str, log: &mut Log) -> Result<()> {
    if exists(client, integration).await? {
        log.step("integration", "ok", format!("{integration} exists"));
        return Ok(());
    }
    let path = format!("/api/services/zis/registry/{}", encode(integration));
    let answer = client.send(Method::POST, &path, Some(&json!({"description": integration}))).await?;
    // 409: somebody made it in between.
    if answer.status != StatusCode::CONFLICT {
        client.success(&Method::POST, &path, answer)?;
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
        let answer = client.success(&Method::GET, &path, answer)?;
        let bundles = answer["bundles"].as_array().cloned().unwrap_or_default();
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
        match answer["meta"]["after"].as_str().filter(|_| answer["meta"]["has_more"] == json!(true)) {
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
async fn rollback(args: &Deploy, log: &mut Log) -> Result<()> {
    let integration = &args.target.integration;
    let bundle = files::json_of(&args.target.text()?, &args.target.file)?;
    let client = &Client::from_env(&args.target.to, args.format).await?;
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
    let bundle = files::json_of(&args.target.text()?, &args.target.file)?;
    let client = Client::from_env(&args.target.to, Output::Text).await?;
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
        Some(changes @ [first, ..]) => format!("{}, first {}", counted(changes.len(), "difference"), line(first)),
    }
}
