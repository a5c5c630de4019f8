//! Many integrations, each with an installed job spec of its own: what an event finds must not cost more among 10,000 than among ten.

use std::time::Duration;

use anyhow::{Result, ensure};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};

use crate::{
    api::{Api, server},
    load::{Run, Shot, closed_loop},
    measure::latencies,
    process::Zis,
    report::{Table, flat},
    usage,
};

const FEW: usize = 10;
const MANY: usize = 10_000;
const LANES: usize = 16;
const SPAN: Duration = Duration::from_millis(1500);
/// Servers take turns, so that a slow moment of the machine meets both.
const ROUNDS: usize = 2;
/// Installations under way at once.
const AT_ONCE: usize = 64;

pub async fn run() -> Result<Vec<Table>> {
    let few = Subject::start(FEW).await?;
    let many = Subject::start(MANY).await?;
    let columns = [
        "what",
        "among 10: per second",
        "p50 / p99 ms",
        "among 10,000: per second",
        "p50 / p99 ms",
        "CPU a turn, 10,000 : 10",
    ];
    let title = format!("{LANES} lanes; each event matches one job spec, whose flow ends at once.");
    let mut table = Table::new(title, &columns);
    let asked = compare("asking which job specs an event runs", &few, &many, "/api/zis/v1/events/dry-run").await?;
    let sent = compare("an event accepted, its execution run", &few, &many, "/api/zis/v1/events").await?;
    for pair in [&asked, &sent] {
        table.row(pair.cells());
        table.note(format!("{}: the CPU of a turn, 10,000 : 10, is {}.", pair.name, flat(pair.ratio())));
    }
    table.note(format!(
        "The first event after a change of what is installed, which reads the catalog again: {:.0} ms among ten, {:.0} ms among 10,000; \
         10,000 integrations were made, uploaded and installed through the API in {:.0} s.",
        few.first_ms, many.first_ms, many.took
    ));
    Ok(vec![table])
}

/// A server with a number of integrations.
struct Subject {
    zis: Zis,
    api: Api,
    /// The integration whose event is sent.
    wanted: usize,
    /// Seconds of making them.
    took: f64,
    /// Milliseconds of the first event.
    first_ms: f64,
    _folder: tempfile::TempDir,
}

impl Subject {
    async fn start(count: usize) -> Result<Self> {
        let (folder, zis, api) = server()?;
        let took = install(&api, count).await?;
        let began = std::time::Instant::now();
        let wanted = count / 2;
        let accepted = api.post("/api/zis/v1/events", event(wanted)).await?;
        let first_ms = began.elapsed().as_secs_f64() * 1e3;
        let started = accepted["executions"].as_array().map_or(0, Vec::len);
        ensure!(started == 1, "the event started {started} executions instead of one");
        Ok(Self { zis, api, wanted, took, first_ms, _folder: folder })
    }

    async fn turn(&self, path: &str) -> Result<Turn> {
        let url = format!("{}{path}", self.api.base);
        let shot = Shot::post(url, Some(self.api.authorization.clone()), event(self.wanted).to_string());
        let before = usage::cpu_seconds(&[self.zis.id()]);
        let run = closed_loop(&shot, None, LANES, SPAN).await?;
        Ok(Turn { run, cpu: (usage::cpu_seconds(&[self.zis.id()]) - before) / run.ended as f64 })
    }
}

/// `count` integrations named `many_N`, each with a flow and a job spec for its own event type; the seconds that took.
pub async fn install(api: &Api, count: usize) -> Result<f64> {
    let began = std::time::Instant::now();
    let installs = (0..count).map(|number| async move {
        let name = format!("many_{number}");
        api.install(&name, bundle(&name, number), "S").await.map(|_| ())
    });
    stream::iter(installs).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    Ok(began.elapsed().as_secs_f64())
}

fn bundle(integration: &str, number: usize) -> Value {
    json!({"name": "B", "description": "", "zis_template_version": "2019-10-14", "resources": {
        "F": {"type": "ZIS::Flow", "properties": {"name": "F", "definition": {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}}},
        "S": {"type": "ZIS::JobSpec", "properties": {
            "name": "S", "event_source": "bench", "event_type": format!("type_{number}"), "flow_name": format!("zis:{integration}:flow:F"),
        }},
    }})
}

fn event(number: usize) -> Value {
    json!({"source": "bench", "type": format!("type_{number}"), "payload": {"order": {"id": 1, "total": "200.00"}}})
}

struct Turn {
    run: Run,
    /// Seconds for each turn.
    cpu: f64,
}

struct Pair {
    name: &'static str,
    few: Turn,
    many: Turn,
}

async fn compare(name: &'static str, few: &Subject, many: &Subject, path: &str) -> Result<Pair> {
    let mut best: Option<Pair> = None;
    for _ in 0..ROUNDS {
        let pair = Pair { name, few: few.turn(path).await?, many: many.turn(path).await? };
        if best.as_ref().is_none_or(|best| pair.few.run.per_second > best.few.run.per_second) {
            best = Some(pair);
        }
    }
    best.ok_or_else(|| anyhow::anyhow!("no round was run"))
}

impl Pair {
    fn ratio(&self) -> f64 {
        self.many.cpu / self.few.cpu
    }

    fn cells(&self) -> [String; 6] {
        let rate = |turn: &Turn| format!("{:.0}", turn.run.per_second);
        [
            self.name.to_owned(),
            rate(&self.few),
            latencies(&self.few.run),
            rate(&self.many),
            latencies(&self.many.run),
            format!("{:.2}", self.ratio()),
        ]
    }
}
