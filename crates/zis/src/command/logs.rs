//! `zis logs`: the integration log, once or as it comes.

use std::{io::Write, ops::ControlFlow, process::ExitCode};

use anyhow::Result;
use serde_json::{Value, json};

use crate::{
    cli::{Logs, Output},
    client::{Client, encode},
    style::{self, paint},
};

pub async fn run(args: Logs) -> Result<ExitCode> {
    let client = Client::from_env(&args.server.url, Output::Text).await?;
    let filters = [("integration", &args.integration), ("level", &args.level)];
    let query: Vec<String> =
        filters.iter().filter_map(|(name, value)| Some(format!("{name}={}", encode(value.as_deref()?)))).collect();
    let answer = client.get(&format!("/api/zis/v1/logs?{}", query.join("&"))).await?;
    // Newest first on the wire, newest last on a terminal.
    if answer["logs"] == json!([]) {
        anstream::eprintln!("nothing is logged; `zis send` sends an event");
    }
    let printed = answer["logs"].as_array().into_iter().flatten().rev().try_for_each(print);
    if args.follow && printed.is_continue() {
        client.stream(&format!("/api/zis/v1/logs/stream?{}", query.join("&")), |entry| print(&entry)).await?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Breaks when nobody reads any more (`zis logs -f | head`).
fn print(entry: &Value) -> ControlFlow<()> {
    let text = |key: &str| entry[key].as_str().unwrap_or_default();
    let level = match text("level") {
        "error" => style::BAD,
        "warning" => style::WARN,
        "debug" => style::DIM,
        _ => style::GOOD,
    };
    let line = format!(
        "{}  {}  {} {}  {}",
        paint(style::DIM, text("timestamp")),
        paint(level, format!("{:<7}", text("level"))),
        text("integration"),
        paint(style::NAME, text("flow")),
        text("description"),
    );
    match writeln!(anstream::stdout(), "{line}") {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    }
}
