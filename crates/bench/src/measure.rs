//! A system under load at several concurrencies, as a row of a table.

use std::time::Duration;

use anyhow::Result;

use crate::{
    load::{Run, Shot, closed_loop},
    sink::Sink,
    usage,
};

pub const LANES: [usize; 3] = [1, 16, 64];
/// What counts of each cell; a quarter more goes before it.
pub const SPAN: Duration = Duration::from_secs(4);

/// One concurrency.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cell {
    pub run: Run,
    /// Seconds of CPU that the system used for each second.
    pub cores: f64,
    /// Milliseconds of CPU for each flow.
    pub cpu_ms: f64,
    /// Megabytes at the end, shared pages divided.
    pub pss_mb: f64,
}

/// Measures `lanes` lanes; `pids` are the system's processes.
pub async fn cell(shot: &Shot, sink: &Sink, lanes: usize, span: Duration, pids: &[u32]) -> Result<Cell> {
    let before = usage::cpu_seconds(pids);
    let run = closed_loop(shot, Some(sink), lanes, span).await?;
    let cpu = usage::cpu_seconds(pids) - before;
    let (cores, cpu_ms) = (cpu / run.seconds, cpu * 1e3 / run.ended as f64);
    Ok(Cell { run, cores, cpu_ms, pss_mb: usage::pss_mb(pids) })
}

/// Measures at each of [`LANES`].
pub async fn row(shot: &Shot, sink: &Sink, pids: &[u32]) -> Result<[Cell; 3]> {
    let mut cells = [Cell::default(); 3];
    for (cell_, lanes) in cells.iter_mut().zip(LANES) {
        *cell_ = cell(shot, sink, lanes, SPAN, pids).await?;
    }
    Ok(cells)
}

/// The columns that [`rates`] fills.
pub const RATES: [&str; 6] =
    ["at 1: flows/s", "p50 / p99 ms", "at 16: flows/s", "p50 / p99 ms", "at 64: flows/s", "p50 / p99 ms"];

pub fn rates(cells: &[Cell; 3]) -> Vec<String> {
    cells.iter().flat_map(|cell| [format!("{:.0}", cell.run.per_second), latencies(&cell.run)]).collect()
}

/// `0.94 / 2.67`.
pub fn latencies(run: &Run) -> String {
    format!("{:.2} / {:.2}", run.p50, run.p99)
}
