//! `zis send`: an event to a server, or what it would run there.

use std::process::ExitCode;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use zis_bundle::suggest::did_you_mean;
use zis_lint::analysis::events::types_of;

use crate::{
    cli::{Output, Send},
    client::Client,
    files,
    style::{self, paint},
};

pub async fn run(args: Send) -> Result<ExitCode> {
    let event = files::json(&args.file)?;
    let whole = event.get("payload").is_some() && event.get("type").is_some();
    let part =
        |flag: &Option<String>, key: &str| flag.clone().map(Value::from).or_else(|| whole.then(|| event[key].clone()));
    let mut body = json!({
        "source": part(&args.source, "source").context("say --source, or give a file with `source`, `type` and `payload`")?,
        "type": part(&args.kind, "type").context("say --type, or give a file with `source`, `type` and `payload`")?,
        "payload": if whole { event["payload"].clone() } else { event.clone() },
    });
    if let Some(integration) = part(&args.integration, "integration").filter(|integration| !integration.is_null()) {
        body["integration"] = integration;
    }
    let path = if args.dry_run { "/api/zis/v1/events/dry-run" } else { "/api/zis/v1/events" };
    let answer = Client::from_env(&args.server.url, Output::Text).await?.post(path, &body).await?;
    anstream::println!("{}", serde_json::to_string_pretty(&answer)?);
    if [&answer["executions"], &answer["job_specs"]].into_iter().any(|started| *started == json!([])) {
        anstream::eprintln!("{}: {}", paint(style::WARN, "nothing runs"), nobody(&body));
    }
    Ok(ExitCode::SUCCESS)
}

/// Why an event starts nothing.
fn nobody(event: &Value) -> String {
    let text = |key: &str| event[key].as_str().unwrap_or_default();
    let (source, kind) = (text("source"), text("type"));
    let near = types_of(source).filter(|types| !types.contains(&kind)).and_then(|types| did_you_mean(kind, types));
    let way = near.unwrap_or_else(|| "`zis deploy` and `zis dev` install a bundle's job specs".to_owned());
    format!("no installed job spec is for `{kind}` of `{source}`; {way}")
}
