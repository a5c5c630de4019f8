//! `zis secrets rotate`.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;

use crate::{
    cli::{Output, Secrets},
    client::Client,
};

pub async fn run(Secrets::Rotate(server): Secrets) -> Result<ExitCode> {
    let answer =
        Client::from_env(&server.url, Output::Text).await?.post("/api/zis/v1/secrets/rotate", &json!({})).await?;
    let count = |kind: &str| answer[kind].as_u64().unwrap_or(0);
    let (connections, clients) = (count("connections"), count("oauth_clients"));
    let webhooks = count("webhooks") + count("zendesk_webhooks");
    anstream::println!(
        "sealed anew: {connections} connections, {clients} OAuth clients, {webhooks} webhooks; the old key can go"
    );
    Ok(ExitCode::SUCCESS)
}
