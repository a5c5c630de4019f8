//! A new life of a server that left 100,000 executions in the middle of a call; and the memory of 100,000 that wait.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::{
    api::{Api, server},
    backlog::{self, Outside},
    load::{Shot, fill},
    process::Zis,
    report::Table,
    sink::Sink,
    tutorial, usage,
};

const MANY: usize = 100_000;
/// A lower bound on how fast executions are resumed, so that the benchmark ends.
const PATIENCE: Duration = Duration::from_secs(180);
const LANES: usize = 64;

pub async fn run() -> Result<Vec<Table>> {
    Ok(vec![resume().await?, wait().await?])
}

async fn resume() -> Result<Table> {
    let sink = Sink::default();
    let world = sink.serve().await?;
    let (folder, zis, api) = server()?;
    tutorial::install_plain(&api, &world).await?;
    drop(zis);
    let began = Instant::now();
    backlog::write(folder.path(), MANY, Outside::Hangs).await?;
    let written = began.elapsed().as_secs_f64();

    let began = Instant::now();
    let zis = Zis::start(folder.path(), &[])?;
    let listening = began.elapsed();
    let first = until(began, || sink.seen().0 > 0).await?;
    let resumed = until(began, || sink.seen().0 >= MANY).await?;
    let ended = until(began, || sink.seen().1 >= MANY).await?;
    let cpu = usage::cpu_seconds(&[zis.id()]);
    let title = format!(
        "{MANY} executions of case (b), cut in the middle of the GET; the new life calls again, and posts at the sink."
    );
    let mut table = Table::new(title, &["since the start of the program", "seconds"]);
    let line = |name: &str, span: Duration| [name.to_owned(), format!("{:.2}", span.as_secs_f64())];
    table.row(line("it listens", listening));
    table.row(line("first progress: an execution's call comes", first));
    table.row(line("all are resumed: every execution's call has come", resumed));
    table.row(line("all are done: every refund has come", ended));
    table.note(format!(
        "{:.0} executions/s from the first progress to the last refund, with two calls each; {cpu:.0} s of CPU; {:.0} MB resident at most. \
         Writing them took {written:.0} s.",
        MANY as f64 / (ended - first).as_secs_f64(),
        usage::peak_mb(zis.id()),
    ));
    let refunds = sink.seen().1;
    table.note(format!("{refunds} refunds came for {MANY} executions."));
    Ok(table)
}

/// Since `began`, when `done` says so.
async fn until(began: Instant, done: impl Fn() -> bool) -> Result<Duration> {
    while !done() {
        ensure!(began.elapsed() < PATIENCE, "{MANY} executions were not resumed within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(began.elapsed())
}

async fn wait() -> Result<Table> {
    let folder = tempfile::tempdir()?;
    let zis = Zis::start(folder.path(), &[("ZIS_FLOW__TIMEOUT", "1h")])?;
    let api = Api::new(&zis);
    api.install("waits", bundle(), "S").await?;
    let event =
        json!({"source": "bench", "type": "wait", "payload": {"order": {"id": 1, "total": "200.00"}}}).to_string();
    let url = format!("{}/api/zis/v1/events", api.base);
    let shot = Shot::post(url, Some(api.authorization.clone()), event);
    let mut table = Table::new("Executions in a Wait state of half an hour.", &["waiting", "PSS MB", "bytes for each"]);
    let mut first = None;
    let mut sent = 0;
    for count in [1_000, MANY] {
        fill(&shot, None, LANES, count - sent).await?;
        sent = count;
        parked(&api, count).await?;
        let pss = usage::pss_mb(&[zis.id()]);
        let (before, few) = *first.get_or_insert((pss, count));
        let each = if count > few {
            format!("{:.0}", (pss - before) * 1048576.0 / (count - few) as f64)
        } else {
            String::new()
        };
        table.row([count.to_string(), format!("{pss:.0}"), each]);
        if count == MANY {
            table.note(format!(
                "{} waiting executions more take {:.0} MB more; the aim is under 100 MB.",
                count - few,
                pss - before
            ));
        }
    }
    Ok(table)
}

/// Until `count` executions have left the memory for the timer.
async fn parked(api: &Api, count: usize) -> Result<()> {
    let began = Instant::now();
    while (api.metric("zis_timers").await? as usize) < count || api.metric("zis_executions_open").await? > 0.0 {
        ensure!(began.elapsed() < PATIENCE, "{count} executions did not come to wait within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

fn bundle() -> Value {
    json!({"name": "B", "description": "", "zis_template_version": "2019-10-14", "resources": {
        "F": {"type": "ZIS::Flow", "properties": {"name": "F", "definition": {"StartAt": "Pause", "States": {
            "Pause": {"Type": "Wait", "Seconds": 1800, "End": true},
        }}}},
        "S": {"type": "ZIS::JobSpec", "properties": {
            "name": "S", "event_source": "bench", "event_type": "wait", "flow_name": "zis:waits:flow:F",
        }},
    }})
}
