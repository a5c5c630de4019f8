//! What people do to one execution or event, or to all that fit: `zis executions retry | cancel`, `zis events replay`.

use std::{
    io::{BufRead, IsTerminal, Write},
    process::ExitCode,
};

use anyhow::{Result, bail};
use http::Method;
use serde_json::{Value, json};

use crate::{
    cli::{Cancel, Events, From, Output, Replay, Retry, Sure, Version, Which},
    client::{Client, encode, query},
};

const EXECUTIONS: &str = "/api/zis/v1/executions";
const EVENTS: &str = "/api/zis/v1/events";

pub async fn events(command: Events) -> Result<ExitCode> {
    let Events::Replay(args) = command;
    replay(&args).await?;
    Ok(ExitCode::SUCCESS)
}

pub async fn retry(args: &Retry) -> Result<()> {
    let client = Client::from_env(&args.server.url, Output::Text).await?;
    let body = json!({
        "from": if args.from == From::Start { "start" } else { "failure" },
        "bundle": if args.bundle == Version::Pinned { "pinned" } else { "current" },
    });
    if let Some(id) = &args.which.id {
        client.post(&format!("{EXECUTIONS}/{}/retry", encode(id)), &body).await?;
        anstream::println!("retried {id}; `zis executions show {id}` shows how it goes");
        return Ok(());
    }
    let query = args.which.query("failed,timed_out")?;
    let count = executions(&client, &query).await?;
    if args.which.sure.go_on(&format!("run {count} executions again"), count)? {
        all(&client, &format!("{EXECUTIONS}/retry?{query}"), &body, "retried").await?;
    }
    Ok(())
}

pub async fn cancel(args: &Cancel) -> Result<()> {
    let client = Client::from_env(&args.server.url, Output::Text).await?;
    if let Some(id) = &args.which.id {
        client.call(Method::POST, &format!("{EXECUTIONS}/{}/cancel", encode(id)), None).await?;
        anstream::println!("cancelled {id}");
        return Ok(());
    }
    let query = args.which.query("queued,running,waiting,retrying")?;
    let count = executions(&client, &query).await?;
    if args.which.sure.go_on(&format!("cancel {count} executions"), count)? {
        all(&client, &format!("{EXECUTIONS}/cancel?{query}"), &json!({}), "cancelled").await?;
    }
    Ok(())
}

async fn replay(args: &Replay) -> Result<()> {
    let client = Client::from_env(&args.server.url, Output::Text).await?;
    if let Some(id) = &args.id {
        let accepted = client.post(&format!("{EVENTS}/{}/replay", encode(id)), &json!({})).await?;
        anstream::println!("replayed {id} as {}", accepted["event_id"].as_str().unwrap_or_default());
        return Ok(());
    }
    // Said again with every page: the copies are received after it.
    let until = args.until.clone().unwrap_or_else(now);
    let filters = [("since", &args.since), ("until", &Some(until)), ("source", &args.source), ("type", &args.kind)];
    let query = query(&filters);
    let count = client.get(&format!("{EVENTS}/counts?{query}")).await?["count"].as_u64().unwrap_or_default();
    if args.sure.go_on(&format!("send {count} events again"), count)? {
        all(&client, &format!("{EVENTS}/replay?{query}"), &json!({}), "replayed").await?;
    }
    Ok(())
}

/// How many executions fit.
async fn executions(client: &Client, query: &str) -> Result<u64> {
    let counts = client.get(&format!("{EXECUTIONS}/counts?{query}")).await?;
    let counts = counts["counts"].as_object().into_iter().flatten();
    Ok(counts.filter_map(|(_, count)| count.as_u64()).sum())
}

/// Asks page by page until nothing is left; `done` names what the answer lists.
async fn all(client: &Client, path: &str, body: &Value, done: &str) -> Result<()> {
    let (mut count, mut after) = (0, String::new());
    loop {
        let answer = client.post(&format!("{path}{after}"), body).await?;
        count += answer[done].as_array().map_or(0, Vec::len);
        for refused in answer["refused"].as_array().into_iter().flatten() {
            let text = |key: &str| refused[key].as_str().unwrap_or_default();
            anstream::eprintln!("not {done}: {}: {}", text("id"), text("message"));
        }
        let meta = if answer["meta"].is_null() { &answer } else { &answer["meta"] };
        match meta["after_cursor"].as_str().filter(|_| meta["has_more"] == json!(true)) {
            Some(cursor) => after = format!("&page[after]={cursor}"),
            None => break,
        }
    }
    anstream::println!("{done} {count}");
    Ok(())
}

impl Which {
    /// The filters as a query; `statuses` when no status is said. Without any filter it is refused: that would be all there is.
    fn query(&self, statuses: &str) -> Result<String> {
        let filters = [
            ("integration", &self.integration),
            ("flow", &self.flow),
            ("status", &self.status),
            ("since", &self.since),
            ("until", &self.until),
            ("q", &self.text),
        ];
        if filters.iter().all(|(_, value)| value.is_none()) {
            bail!("name an execution, or say which: --integration, --flow, --status, --since, --until, --text");
        }
        let usual = if self.status.is_none() { format!("&status={statuses}") } else { String::new() };
        Ok(query(&filters) + &usual)
    }
}

/// RFC 3339, to the microsecond.
fn now() -> String {
    use zis_engine::Clock;
    zis_engine::world::SystemClock.now().to_rfc3339()
}

impl Sure {
    /// Whether `what`, which concerns `count`, is to be done: not in a dry run, and on a terminal not before somebody said so.
    fn go_on(&self, what: &str, count: u64) -> Result<bool> {
        if self.dry_run || count == 0 {
            anstream::println!("would {what}");
            return Ok(false);
        }
        if self.yes {
            return Ok(true);
        }
        if !std::io::stdin().is_terminal() {
            bail!("this would {what}: say --yes to do it");
        }
        anstream::eprint!("{what}? [y/N] ");
        std::io::stderr().flush()?;
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer)?;
        Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
    }
}
