//! `zis orphans`: job specs that fire although no bundle holds them any more.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::Value;

use crate::{
    cli::{Output, Server},
    client::Client,
    style::{self, paint},
};

pub async fn run(server: Server) -> Result<ExitCode> {
    let answer = Client::from_env(&server.url, Output::Text).await?.get("/api/zis/v1/orphans").await?;
    let specs = answer["job_specs"].as_array().map(Vec::as_slice).unwrap_or_default();
    if specs.is_empty() {
        anstream::println!("no orphans: every installed job spec is in a bundle");
    }
    specs.iter().for_each(|spec| anstream::println!("{}", row(spec)));
    Ok(ExitCode::SUCCESS)
}

fn row(spec: &Value) -> String {
    let text = |key: &str| spec[key].as_str().unwrap_or_default();
    let event = format!("{} {}", text("event_source"), text("event_type"));
    format!("{}  {event}  → {}", paint(style::NAME, text("name")), text("flow_name"))
}
