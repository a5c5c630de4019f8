//! Benchmarks of zis: `cargo xtask bench [NAME…] [--write] [--peers DIR] [--profile]`. Ratios against a ceiling or a peer in the same
//! run, for machines are noisy.
//!
//! Every loop is bounded in time or count; all traffic stays on loopback; every process that is started is stopped.

mod api;
mod backlog;
mod ceiling;
mod flows;
mod growth;
mod interpreter;
mod load;
mod matching;
mod measure;
mod peers;
mod postgresql;
mod process;
mod profile;
mod reads;
mod recovery;
mod registry;
mod report;
mod sink;
mod startup;
mod stub;
mod tutorial;
mod usage;
mod wire;

use std::{path::PathBuf, pin::Pin, time::Instant};

use anyhow::{Context, Result, bail};
use tokio::runtime::Builder;

use report::Table;

/// How to run, from the command line.
#[derive(Debug, Default)]
pub struct Settings {
    names: Vec<String>,
    write: bool,
    /// Where peers are installed and stay; a temporary folder when it is not given.
    peers: Option<PathBuf>,
    /// Whether `flows` takes a CPU profile too.
    profile: bool,
}

type Tables<'a> = Pin<Box<dyn Future<Output = Result<Vec<Table>>> + 'a>>;

/// `(name, what it shows, run)`.
type Bench = (&'static str, &'static str, for<'a> fn(&'a Settings) -> Tables<'a>);

const BENCHES: &[Bench] = &[
    ("interpreter", "the tutorial's flow without IO", |_| Box::pin(async { interpreter::run() })),
    ("flows", "the tutorial's flow over HTTP, durable, beside the same hops without a store", |settings| {
        Box::pin(flows::run(settings))
    }),
    ("peers", "the same work done by other engines, with the same generator in the same run", |settings| {
        Box::pin(peers::run(settings))
    }),
    ("postgresql", "one, two and three nodes on one PostgreSQL, beside SQLite", |_| Box::pin(postgresql::run())),
    ("recovery", "100,000 executions that a dead server left, and 100,000 that wait", |_| Box::pin(recovery::run())),
    ("growth", "what a long history, many integrations and large events cost", |_| Box::pin(growth::run())),
    ("registry", "reads of the registry and of configs, beside a handler that only answers", |_| {
        Box::pin(registry::run())
    }),
    ("matching", "an event among 10,000 integrations, beside ten", |_| Box::pin(matching::run())),
    ("startup", "from exec to the first answered request", |_| Box::pin(async { startup::run() })),
];

#[global_allocator]
static ALLOCATOR: interpreter::Counting = interpreter::Counting;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [first, kind, argument] = args.as_slice()
        && first == "stub"
    {
        let stub = stub::serve(kind, argument.clone());
        return Builder::new_multi_thread().enable_all().build()?.block_on(stub);
    }
    // One thread: lanes and sink wake each other without the kernel, and leave the machine to what is measured.
    Builder::new_current_thread().enable_all().build()?.block_on(run(settings(args.into_iter())?))
}

async fn run(settings: Settings) -> Result<()> {
    let mut sections = Vec::new();
    for (name, what, run) in BENCHES {
        if !settings.names.is_empty() && !settings.names.iter().any(|wanted| wanted == name) {
            continue;
        }
        eprintln!("{name}: {what} …");
        let began = Instant::now();
        let tables = tokio::select! {
            tables = run(&settings) => tables.with_context(|| format!("benchmark {name}"))?,
            // The run is dropped, and what it started is stopped.
            () = told_to_stop() => bail!("told to stop"),
        };
        let section = report::section(name, what, &tables);
        eprintln!("{name}: {:.0} s\n", began.elapsed().as_secs_f64());
        println!("{section}");
        sections.push((*name, section));
    }
    if settings.write {
        let names: Vec<&str> = BENCHES.iter().map(|(name, ..)| *name).collect();
        report::write(&sections, &names)?;
    }
    Ok(())
}

/// Resolves on SIGINT or SIGTERM.
async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        },
        Err(_) => std::future::pending().await,
    }
}

fn settings(args: impl Iterator<Item = String>) -> Result<Settings> {
    let mut settings = Settings::default();
    let mut args = args;
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--write" => settings.write = true,
            "--profile" => settings.profile = true,
            "--peers" => settings.peers = Some(args.next().context("`--peers` needs a folder")?.into()),
            name if BENCHES.iter().any(|(known, ..)| *known == name) => settings.names.push(arg),
            unknown => {
                let names: Vec<&str> = BENCHES.iter().map(|(name, ..)| *name).collect();
                bail!(
                    "there is no benchmark or option `{unknown}`; there are {}, --write, --profile, --peers DIR",
                    names.join(", ")
                );
            }
        }
    }
    Ok(settings)
}
