//! One node on PostgreSQL beside SQLite; one, two and three nodes on one database, with the database's own share of the machine.

use std::path::Path;

use anyhow::{Context, Result};
use zis_testkit::postgres::{self, Cluster};

use crate::{
    api::{Api, server},
    load::Shot,
    measure::{Cell, RATES, SPAN, cell, latencies, rates, row},
    process::Zis,
    report::Table,
    sink::Sink,
    tutorial, usage,
};

const LANES: usize = 64;
const MOST_NODES: usize = 3;

pub async fn run() -> Result<Vec<Table>> {
    let sink = Sink::default();
    let world = sink.serve().await?;
    let columns: Vec<&str> = ["store"]
        .into_iter()
        .chain(RATES)
        .chain(["cores of zis at 64", "cores of PostgreSQL", "PSS MB of zis"])
        .collect();
    let mut stores = Table::new("Case (b), one node; PostgreSQL with its own defaults, fsync on.", &columns);
    let (_folder, zis, api) = server()?;
    tutorial::install_plain(&api, &world).await?;
    let sqlite = row(&tutorial::plain_shot(&api), &sink, &[zis.id()]).await?;
    stores.row(line("SQLite", &sqlite, 0.0));
    drop(zis);
    if postgres::installed().is_none() {
        stores.row(["PostgreSQL".to_owned(), "not measured: its binaries are not installed".to_owned()]);
        return Ok(vec![stores]);
    }

    let cluster = tokio::task::spawn_blocking(Cluster::start_durable).await?;
    let server = Server::of(&cluster)?;
    let mut nodes = Nodes::new(&cluster)?;
    nodes.add(&sink, &world).await?;
    let before = server.cpu();
    let one = row(&nodes.shot(), &sink, &nodes.pids()).await?;
    let seconds: f64 = one.iter().map(|cell| cell.run.seconds).sum();
    stores.row(line("PostgreSQL", &one, (server.cpu() - before) / seconds));
    stores.note(format!(
        "PostgreSQL : SQLite at 64 is {:.2}. PostgreSQL's cores are the mean over the three concurrencies.",
        one[2].run.per_second / sqlite[2].run.per_second
    ));

    let mut table = Table::new(
        format!("Case (b) at {LANES} lanes, shared out among nodes on one database."),
        &[
            "nodes",
            "flows/s",
            "p50 / p99 ms",
            "cores of the nodes",
            "cores of PostgreSQL",
            "transactions/s",
            "PSS MB of the nodes",
        ],
    );
    let mut rates = Vec::new();
    for count in 1..=MOST_NODES {
        if count > 1 {
            nodes.add(&sink, &world).await?;
        }
        let (before, commits) = (server.cpu(), server.commits());
        let cell = cell(&nodes.shot(), &sink, LANES, SPAN, &nodes.pids()).await?;
        let each_second = |sum: f64| sum / cell.run.seconds;
        rates.push(cell.run.per_second);
        table.row([
            count.to_string(),
            format!("{:.0}", cell.run.per_second),
            latencies(&cell.run),
            format!("{:.2}", cell.cores),
            format!("{:.2}", each_second(server.cpu() - before)),
            format!("{:.0}", each_second(server.commits() - commits)),
            format!("{:.0}", cell.pss_mb),
        ]);
    }
    table.note(format!("Three nodes : one node is {:.2}.", rates[2] / rates[0]));
    Ok(vec![stores, table])
}

fn line(name: &str, cells: &[Cell; 3], database: f64) -> Vec<String> {
    let used = [format!("{:.2}", cells[2].cores), format!("{database:.2}"), format!("{:.0}", cells[2].pss_mb)];
    [name.to_owned()].into_iter().chain(rates(cells)).chain(used).collect()
}

/// The database's processes.
struct Server<'a> {
    cluster: &'a Cluster,
    postmaster: u32,
}

impl<'a> Server<'a> {
    fn of(cluster: &'a Cluster) -> Result<Self> {
        let child = cluster.sql("postgres", "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'");
        let postmaster = usage::parent(child.parse()?).context("the checkpointer has a parent")?;
        Ok(Self { cluster, postmaster })
    }

    fn cpu(&self) -> f64 {
        usage::cpu_seconds(&[self.postmaster])
    }

    fn commits(&self) -> f64 {
        let text = self.cluster.sql("postgres", "SELECT sum(xact_commit) FROM pg_stat_database");
        text.parse().unwrap_or(0.0)
    }
}

/// Nodes on one database.
struct Nodes {
    url: String,
    key: String,
    folder: tempfile::TempDir,
    nodes: Vec<(Zis, Api)>,
}

impl Nodes {
    fn new(cluster: &Cluster) -> Result<Self> {
        Ok(Self { url: cluster.database(), key: "5a".repeat(32), folder: tempfile::tempdir()?, nodes: Vec::new() })
    }

    /// Starts one more; the first installs the flow.
    async fn add(&mut self, sink: &Sink, world: &str) -> Result<()> {
        let env = [("ZIS_DATABASE_URL", self.url.as_str()), ("ZIS_SECRET_KEY", self.key.as_str())];
        let zis = Zis::start(Path::new(self.folder.path()), &env)?;
        let api = Api::new(&zis);
        if self.nodes.is_empty() {
            tutorial::install_plain(&api, world).await?;
        }
        // The node has read what is installed before it is measured.
        cell(&tutorial::plain_shot(&api), sink, 1, std::time::Duration::from_millis(200), &[]).await?;
        self.nodes.push((zis, api));
        Ok(())
    }

    fn pids(&self) -> Vec<u32> {
        self.nodes.iter().map(|(zis, _)| zis.id()).collect()
    }

    /// Lanes go round the nodes.
    fn shot(&self) -> Shot {
        let mut shots = self.nodes.iter().map(|(_, api)| tutorial::plain_shot(api));
        let mut first = shots.next().unwrap_or_else(|| Shot::get("", None));
        first.urls.extend(shots.flat_map(|shot| shot.urls));
        first
    }
}
