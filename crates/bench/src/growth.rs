//! What should not cost more as a server grows: a long history, many integrations; and what does, large events.

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use crate::{
    api::{Api, server},
    backlog::{self, Outside},
    load::{ORDER, Shot, fill},
    matching,
    measure::{Cell, cell, latencies},
    process::Zis,
    reads::{self, READS},
    report::{Table, flat},
    sink::Sink,
    tutorial,
};

const LANES: usize = 64;
const SPAN: Duration = Duration::from_secs(3);
const HISTORIES: [usize; 3] = [10, 1_000, 100_000];
const INTEGRATIONS: [usize; 2] = [1, 1_000];
/// Flows before a row's measured ones.
const WARM_UP: usize = 500;
/// Kilobytes of an event's payload.
const SIZES: [usize; 2] = [1, 100];

pub async fn run() -> Result<Vec<Table>> {
    let sink = Sink::default();
    let world = sink.serve().await?;
    let (history, reads) = history(&sink, &world).await?;
    Ok(vec![history, reads, integrations(&sink, &world).await?, events(&sink, &world).await?])
}

/// A server with the flow of case (b), and where it keeps its data.
async fn installed(world: &str) -> Result<(tempfile::TempDir, Zis, Api)> {
    let (folder, zis, api) = server()?;
    tutorial::install_plain(&api, world).await?;
    Ok((folder, zis, api))
}

/// Rows of flows at [`LANES`], each beside the first.
struct Rows {
    table: Table,
    cells: Vec<Cell>,
}

impl Rows {
    fn new(title: &str, first: &str) -> Self {
        let columns = [first, "flows/s", "p50 / p99 ms", "CPU ms/flow", "CPU : first row"];
        Self { table: Table::new(format!("Case (b) at {LANES} lanes; {title}."), &columns), cells: Vec::new() }
    }

    async fn measure(&mut self, name: impl ToString, shot: &Shot, sink: &Sink, zis: &Zis) -> Result<()> {
        // What a server does once, such as reading what is installed, is not a flow's cost.
        fill(shot, Some(sink), LANES, WARM_UP).await?;
        let cell = cell(shot, sink, LANES, SPAN, &[zis.id()]).await?;
        self.cells.push(cell);
        self.table.row([
            name.to_string(),
            format!("{:.0}", cell.run.per_second),
            latencies(&cell.run),
            format!("{:.3}", cell.cpu_ms),
            format!("{:.2}", self.cpu()),
        ]);
        Ok(())
    }

    /// The last row's CPU for a flow, in terms of the first row's.
    fn cpu(&self) -> f64 {
        self.last_to_first(|cell| cell.cpu_ms)
    }

    fn rate(&self) -> f64 {
        self.last_to_first(|cell| cell.run.per_second)
    }

    fn last_to_first(&self, of: impl Fn(&Cell) -> f64) -> f64 {
        let of = |cell: Option<&Cell>| cell.map_or(0.0, &of);
        of(self.cells.last()) / of(self.cells.first())
    }

    /// `CPU for a flow, WHAT, is 1.02, flat within the noise; flows/s: 0.98.`
    fn note(&mut self, what: &str) {
        let text = format!("CPU for a flow, {what}, is {}; flows/s: {:.2}.", flat(self.cpu()), self.rate());
        self.table.note(text);
    }
}

async fn history(sink: &Sink, world: &str) -> Result<(Table, Table)> {
    let mut rows = Rows::new("executions in the history before the measured ones came", "history");
    let mut took = Vec::new();
    for count in HISTORIES {
        let (folder, zis, _) = installed(world).await?;
        drop(zis);
        backlog::write(folder.path(), count, Outside::Answers).await?;
        let zis = Zis::start(folder.path(), &[])?;
        let api = Api::new(&zis);
        took.push(reads::medians(&api).await?);
        rows.measure(count, &tutorial::plain_shot(&api), sink, &zis).await?;
    }
    rows.note("100,000 : 10 executions");
    let title = "Reads, one after the other: the median in milliseconds, by executions in the history.";
    let mut pages = Table::new(title, &["read", "10", "1,000", "100,000"]);
    for (at, (name, _)) in READS.iter().enumerate() {
        pages.row([(*name).to_owned()].into_iter().chain(took.iter().map(|medians| format!("{:.2}", medians[at]))));
    }
    Ok((rows.table, pages))
}

async fn integrations(sink: &Sink, world: &str) -> Result<Table> {
    let mut rows = Rows::new("integrations with an installed job spec", "integrations");
    for count in INTEGRATIONS {
        let (_folder, zis, api) = installed(world).await?;
        matching::install(&api, count - 1).await?;
        rows.measure(count, &tutorial::plain_shot(&api), sink, &zis).await?;
    }
    rows.note("1,000 : 1 integrations");
    Ok(rows.table)
}

async fn events(sink: &Sink, world: &str) -> Result<Table> {
    let mut rows = Rows::new("events of different sizes", "payload");
    let (_folder, zis, api) = installed(world).await?;
    for kilobytes in SIZES {
        let shot = large(&api, kilobytes * 1024);
        rows.measure(format!("{kilobytes} KB"), &shot, sink, &zis).await?;
    }
    let [small, large] = SIZES.map(|kilobytes| kilobytes as f64);
    let megabytes = rows.cells.last().map_or(0.0, |cell| cell.run.per_second * large / 1024.0);
    rows.table.note(format!(
        "An event of {large:.0} KB costs {:.1} times the CPU of one of {small:.0} KB, for {:.0} times the bytes; {megabytes:.0} MB of events come in each second.",
        rows.cpu(),
        large / small
    ));
    Ok(rows.table)
}

/// The event of case (b) with order lines up to `bytes`.
fn large(api: &Api, bytes: usize) -> Shot {
    let url = format!("{}/api/zis/v1/events", api.base);
    let mut event = tutorial::plain_event(ORDER);
    let line = json!({"sku": "A-1003", "title": "a pair of shoes", "quantity": 2, "price": "49.90"});
    let (used, each) = (event["payload"].to_string().len(), line.to_string().len() + 1);
    event["payload"]["lines"] = Value::Array(vec![line; bytes.saturating_sub(used) / each]);
    Shot::post(url, Some(api.authorization.clone()), event.to_string())
}
