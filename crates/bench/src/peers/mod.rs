//! Case (b) beside other engines. They are guests: installed into a folder outside of the repository, started on loopback, stopped again.

mod install;
mod node_red;
mod restate;

use std::{any::Any, path::Path};

use anyhow::{Error, Result};
use tempfile::TempDir;

use crate::{
    Settings,
    api::server,
    load::{ORDER, Shot},
    measure::{Cell, LANES, RATES, rates, row},
    process::{Process, Zis},
    report::Table,
    sink::Sink,
    stub::Stub,
    tutorial,
};

/// How often all systems are measured, one after the other: the machine has better and worse minutes, and each cell is its median.
const ROUNDS: usize = 5;
const SYSTEMS: [System; 5] =
    [System::Ceiling, System::ZisSameWork, System::ZisTutorial, System::Restate, System::NodeRed];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum System {
    Ceiling,
    ZisSameWork,
    ZisTutorial,
    Restate,
    NodeRed,
}

/// A running system; stopped when dropped.
struct Running {
    pids: Vec<u32>,
    shot: Shot,
    _held: Box<dyn Any>,
}

impl Running {
    fn guest(processes: Vec<Process>, shot: Shot) -> Self {
        Self { pids: processes.iter().map(Process::id).collect(), shot, _held: Box::new(processes) }
    }

    fn zis(zis: Zis, folder: TempDir, shot: Shot) -> Self {
        Self { pids: vec![zis.id()], shot, _held: Box::new((zis, folder)) }
    }
}

impl System {
    fn name(self) -> String {
        match self {
            System::Ceiling => "axum + hyper client, no store (ceiling)".to_owned(),
            System::ZisSameWork => "zis on SQLite, the same work".to_owned(),
            System::ZisTutorial => "zis on SQLite, as the tutorial".to_owned(),
            System::Restate => format!("Restate {} with a Rust service, TCP_NODELAY set", restate::VERSION),
            System::NodeRed => format!("Node-RED {}", node_red::VERSION),
        }
    }

    fn durable(self) -> &'static str {
        match self {
            System::Ceiling | System::NodeRed => "no",
            System::ZisSameWork | System::ZisTutorial => "every step, fsync",
            System::Restate => "every step",
        }
    }

    /// Brings a guest into `folder`, unless it is there.
    async fn install(self, folder: &Path) -> Result<()> {
        match self {
            System::Ceiling | System::ZisSameWork | System::ZisTutorial => Ok(()),
            System::Restate => restate::install(folder).await,
            System::NodeRed => node_red::install(folder).await,
        }
    }

    /// `folder` is where guests are installed.
    async fn start(self, folder: &Path, world: &str) -> Result<Running> {
        match self {
            System::Ceiling => {
                let stub = Stub::ceiling(world)?;
                let shot = Shot::post(format!("{}/large", stub.base), None, tutorial::plain_event(ORDER).to_string());
                Ok(Running { pids: vec![stub.id()], shot, _held: Box::new(stub) })
            }
            System::ZisSameWork => {
                let (folder, zis, api) = server()?;
                tutorial::install_plain(&api, world).await?;
                Ok(Running::zis(zis, folder, tutorial::plain_shot(&api)))
            }
            System::ZisTutorial => {
                let (folder, zis, api) = server()?;
                tutorial::install(&api, world).await?;
                Ok(Running::zis(zis, folder, tutorial::shot(&api, "200.00", "premium")))
            }
            System::Restate => restate::start(folder, world).await,
            System::NodeRed => node_red::start(folder, world).await,
        }
    }
}

pub async fn run(settings: &Settings) -> Result<Vec<Table>> {
    let sink = Sink::default();
    let world = sink.serve().await?;
    let temporary = tempfile::tempdir()?;
    let folder = settings.peers.as_deref().unwrap_or(temporary.path());
    std::fs::create_dir_all(folder)?;
    let folder = folder.canonicalize()?;
    let mut measured = Vec::new();
    for system in SYSTEMS {
        measured.push((system, system.install(&folder).await.map(|()| Vec::new())));
    }
    for _ in 0..ROUNDS {
        for (system, rounds) in &mut measured {
            let Ok(done) = rounds else { continue };
            match measure(*system, &folder, &sink, &world).await {
                Ok(cells) => done.push(cells),
                Err(error) => *rounds = Err(error),
            }
        }
    }
    let medians = measured.into_iter().map(|(system, rounds)| (system, rounds.map(|rounds| median(&rounds))));
    Ok(tables(&medians.collect::<Vec<_>>()))
}

async fn measure(system: System, folder: &Path, sink: &Sink, world: &str) -> Result<[Cell; 3]> {
    let running = system.start(folder, world).await?;
    row(&running.shot, sink, &running.pids).await
}

/// Of each concurrency the round in the middle.
fn median(rounds: &[[Cell; 3]]) -> [Cell; 3] {
    std::array::from_fn(|at| {
        let mut cells: Vec<Cell> = rounds.iter().map(|round| round[at]).collect();
        cells.sort_by(|one, other| one.run.per_second.total_cmp(&other.run.per_second));
        cells[cells.len() / 2]
    })
}

fn tables(measured: &[(System, Result<[Cell; 3]>)]) -> Vec<Table> {
    let columns: Vec<&str> =
        ["system", "durable"].into_iter().chain(RATES).chain(["cores at 64", "PSS MB at 64"]).collect();
    let title = format!(
        "Case (b): an event, a GET of the profile, a POST at the sink. Each cell is the median of {ROUNDS} rounds, in each of which every system had its turn."
    );
    let mut table = Table::new(title, &columns);
    let mut ratios = Table::new(
        "zis (the same work) against each.",
        &["against", "flows/s at 1", "at 16", "at 64", "p99 at 16", "memory at 64"],
    );
    let ours = measured.iter().find(|(system, _)| *system == System::ZisSameWork);
    let ours = ours.and_then(|(_, cells)| cells.as_ref().ok());
    for (system, cells) in measured {
        let cells = match cells {
            Ok(cells) => cells,
            Err(error) => {
                eprintln!("peers: {} was not measured: {error:#}", system.name());
                table.row([system.name(), format!("not measured: {}", one_line(error))]);
                continue;
            }
        };
        table.row(line(&system.name(), system.durable(), cells));
        let Some(ours) = ours else { continue };
        match system {
            System::ZisSameWork | System::ZisTutorial => {}
            System::Ceiling => ratios.row(ratio("the ceiling", ours, cells)),
            System::Restate => {
                ratios.row(ratio("Restate", ours, cells));
                ratios.note(aims(ours, cells));
            }
            System::NodeRed => ratios.row(ratio("Node-RED", ours, cells)),
        }
    }
    table.note("\"The same work\" gets the event by `POST /api/zis/v1/events` and the profile from the generator, as the guests do. \"As the tutorial\" gets a profile event, which also writes the profile and its activity to zis's own Zendesk, and the profile from there.");
    vec![table, ratios]
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
fn one_line(error: &Error) -> String {
    let text: String = format!("{error:#}").replace(['\n', '|'], " ");
    text.chars().take(200).collect()
}
