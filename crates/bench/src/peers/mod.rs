//! Case (b) beside other engines. They are guests: installed into a folder outside of the repository, started on loopback, stopped again.

mod install;
mod node_red;
mod restate;

use std::path::Path;

use anyhow::Result;

use crate::{
    Settings,
    api::Api,
    load::{ORDER, Shot},
    measure::{Cell, LANES, RATES, rates, row},
    process::{Process, Zis},
    report::Table,
    sink::Sink,
    stub::Stub,
    tutorial,
};

/// A running guest.
struct Peer {
    name: String,
    durable: &'static str,
    processes: Vec<Process>,
    shot: Shot,
}

pub async fn run(settings: &Settings) -> Result<Vec<Table>> {
    let sink = Sink::default();
    let world = sink.serve().await?;
    let columns: Vec<&str> =
        ["system", "durable"].into_iter().chain(RATES).chain(["cores at 64", "PSS MB at 64"]).collect();
    let mut table = Table::new("Case (b): an event, a GET of the profile, a POST at the sink.", &columns);

    let stub = Stub::ceiling(&world)?;
    let shot = Shot::post(format!("{}/large", stub.base), None, tutorial::plain_event(ORDER).to_string());
    let ceiling = row(&shot, &sink, &[stub.id()]).await?;
    table.row(line("axum + hyper client, no store (ceiling)", "no", &ceiling));
    drop(stub);
    let ours = zis(&sink, &world, &mut table).await?;
    let mut ratios = Table::new(
        "zis (the same work) against each.",
        &["against", "flows/s at 1", "at 16", "at 64", "p99 at 16", "memory at 64"],
    );
    ratios.row(ratio("the ceiling", &ours, &ceiling));

    let temporary = tempfile::tempdir()?;
    let folder = settings.peers.as_deref().unwrap_or(temporary.path());
    std::fs::create_dir_all(folder)?;
    let folder = folder.canonicalize()?;
    for (name, start) in [("Restate", Guest::Restate), ("Node-RED", Guest::NodeRed)] {
        match start.measure(&folder, &sink, &world).await {
            Ok((peer, cells)) => {
                table.row(line(&peer.name, peer.durable, &cells));
                ratios.row(ratio(name, &ours, &cells));
                if matches!(start, Guest::Restate) {
                    ratios.note(aims(&ours, &cells));
                }
            }
            Err(error) => {
                eprintln!("peers: {name} was not measured: {error:#}");
                table.row([name.to_owned(), format!("not measured: {}", one_line(&error))]);
            }
        }
    }
    table.note("\"The same work\" gets the event by `POST /api/zis/v1/events` and the profile from the generator, as the guests do. \"As the tutorial\" gets a profile event, which also writes the profile and its activity to zis's own Zendesk, and the profile from there.");
    Ok(vec![table, ratios])
}

/// The rows of zis; gives the one that does the same work as the guests.
async fn zis(sink: &Sink, world: &str, table: &mut Table) -> Result<[Cell; 3]> {
    const DURABLE: &str = "every step, fsync";
    let folder = tempfile::tempdir()?;
    let zis = Zis::start(folder.path(), &[])?;
    let api = Api::new(&zis);
    tutorial::install_plain(&api, world).await?;
    let ours = row(&tutorial::plain_shot(&api), sink, &[zis.id()]).await?;
    table.row(line("zis on SQLite, the same work", DURABLE, &ours));
    drop(zis);
    let folder = tempfile::tempdir()?;
    let zis = Zis::start(folder.path(), &[])?;
    let api = Api::new(&zis);
    tutorial::install(&api, world).await?;
    let cells = row(&tutorial::shot(&api, "200.00", "premium"), sink, &[zis.id()]).await?;
    table.row(line("zis on SQLite, as the tutorial", DURABLE, &cells));
    Ok(ours)
}

#[derive(Clone, Copy)]
enum Guest {
    Restate,
    NodeRed,
}

impl Guest {
    async fn measure(self, folder: &Path, sink: &Sink, world: &str) -> Result<(Peer, [Cell; 3])> {
        let peer = match self {
            Guest::Restate => restate::start(folder, world).await?,
            Guest::NodeRed => node_red::start(folder, world).await?,
        };
        let pids: Vec<u32> = peer.processes.iter().map(Process::id).collect();
        let cells = row(&peer.shot, sink, &pids).await?;
        Ok((peer, cells))
    }
}

fn line(name: &str, durable: &str, cells: &[Cell; 3]) -> Vec<String> {
    let used = [format!("{:.1}", cells[2].cores), format!("{:.0}", cells[2].pss_mb)];
    [name.to_owned(), durable.to_owned()].into_iter().chain(rates(cells)).chain(used).collect()
}

fn ratio(name: &str, ours: &[Cell; 3], theirs: &[Cell; 3]) -> Vec<String> {
    let times = |ours: f64, theirs: f64| format!("{:.2}", ours / theirs);
    let rates = (0..LANES.len()).map(|at| times(ours[at].run.per_second, theirs[at].run.per_second));
    let rest = [times(ours[1].run.p99, theirs[1].run.p99), times(ours[2].pss_mb, theirs[2].pss_mb)];
    [name.to_owned()].into_iter().chain(rates).chain(rest).collect()
}

fn aims(ours: &[Cell; 3], restate: &[Cell; 3]) -> String {
    format!(
        "Beside Restate at 64: {:.1} times the flows/s (aim: 5 or more) in {:.2} of the memory (aim: 0.1 or less). p99 at 16: {:.1} ms (aim: under 10).",
        ours[2].run.per_second / restate[2].run.per_second,
        ours[2].pss_mb / restate[2].pss_mb,
        ours[1].run.p99,
    )
}

/// An error in a table's cell.
fn one_line(error: &anyhow::Error) -> String {
    let text: String = format!("{error:#}").replace(['\n', '|'], " ");
    text.chars().take(200).collect()
}
