//! `zis executions list | show | retry | cancel`.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::{Value, json};

use crate::{
    cli::{Executions, List, Output, Show},
    client::{Client, encode, query},
    command::{by_hand, trace},
    style::{self, paint},
};

const BASE: &str = "/api/zis/v1/executions";

pub async fn run(command: Executions) -> Result<ExitCode> {
    match command {
        Executions::List(args) => list(&args).await?,
        Executions::Show(args) => show(&args).await?,
        Executions::Retry(args) => by_hand::retry(&args).await?,
        Executions::Cancel(args) => by_hand::cancel(&args).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(args: &List) -> Result<()> {
    let client = Client::from_env(&args.server.url, args.format).await?;
    let size = Some(args.size.to_string());
    let filters =
        [("page[size]", &size), ("integration", &args.integration), ("flow", &args.flow), ("status", &args.status)];
    let answer = client.get(&format!("{BASE}?{}", query(&filters))).await?;
    if args.format == Output::Json {
        anstream::println!("{answer}");
        return Ok(());
    }
    let executions = answer["executions"].as_array().map(Vec::as_slice).unwrap_or_default();
    if executions.is_empty() {
        anstream::println!("no executions; `zis send` sends an event");
    }
    executions.iter().for_each(|execution| anstream::println!("{}", row(execution)));
    if answer["meta"]["has_more"] == json!(true) {
        anstream::println!(
            "{}",
            paint(style::DIM, "there are more; narrow with --integration, --flow, --status, or raise --size")
        );
    }
    Ok(())
}

/// `exe_…  succeeded  1/4  2026-…  acme RefundRequestFlow  Execution Successful`.
fn row(execution: &Value) -> String {
    let text = |key: &str| execution[key].as_str().unwrap_or_default();
    let status = text("status");
    let end = execution["message"].as_str().or(execution["error"]["cause"].as_str()).unwrap_or_default();
    format!(
        "{}  {}  {}/{}  {}  {} {}  {end}",
        text("id"),
        paint(style::status(status), format!("{status:<9}")),
        execution["attempt"],
        execution["max_attempts"],
        text("started_at"),
        text("integration"),
        paint(style::NAME, text("flow")),
    )
}

async fn show(args: &Show) -> Result<()> {
    let client = Client::from_env(&args.server.url, args.format).await?;
    let answer = client.get(&format!("{BASE}/{}", encode(&args.id))).await?;
    if args.format == Output::Json {
        anstream::println!("{answer}");
    } else {
        describe(&answer["execution"]).iter().for_each(|line| anstream::println!("{line}"));
    }
    Ok(())
}

/// The execution, its trace as a tree, and how it ended.
pub fn describe(execution: &Value) -> Vec<String> {
    let mut lines = vec![row(execution)];
    let trace = execution["trace"].as_array().map(Vec::as_slice).unwrap_or_default();
    lines.extend(trace::lines(trace));
    if let Some(error) = execution.get("error").filter(|error| !error.is_null()) {
        let text = |key: &str| error[key].as_str().unwrap_or_default();
        let place = error["path"].as_str().or(error["state"].as_str()).unwrap_or("the start");
        lines.push(format!(
            "{} at {place}: {} (`zis explain {}`)",
            paint(style::BAD, "failed"),
            text("cause"),
            text("code")
        ));
    }
    lines
}
