//! `zis send`: an event to a server, or what it would run there.

use std::process::ExitCode;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::{
    cli::{Output, Send},
    client::Client,
    command::read_text,
};

pub async fn run(args: Send) -> Result<ExitCode> {
    let text = read_text(&args.file)?;
    let event: Value = serde_json::from_str(&text).with_context(|| format!("{} is no JSON", args.file.display()))?;
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
    Ok(ExitCode::SUCCESS)
}
