//! One file for each command; this one hands over, and holds what several share.

mod by_hand;
mod check;
mod demo;
mod deploy;
mod dev;
mod executions;
mod explain;
mod graph;
mod live;
mod logs;
mod man;
mod new;
mod orphans;
mod reference;
mod run;
mod secrets;
mod send;
mod serve;
mod test;
mod tokens;
mod trace;

use std::{future::Future, process::ExitCode};

use anyhow::{Context, Result};
use clap::CommandFactory;

use crate::cli::{Cli, Command};

pub fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Demo(args) => block_on(demo::run(args)),
        Command::New(args) => new::run(&args),
        Command::Dev(args) => block_on(dev::run(args)),
        Command::Serve(args) => serve::run(args),
        Command::Check(args) => check::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Run(args) => run::run(args),
        Command::Test(args) => test::run(&args),
        Command::Send(args) => block_on(send::run(args)),
        Command::Deploy(args) => block_on(deploy::run(args)),
        Command::Diff(args) => block_on(deploy::diff(args)),
        Command::Executions(args) => block_on(executions::run(args)),
        Command::Events(args) => block_on(by_hand::events(args)),
        Command::Logs(args) => block_on(logs::run(args)),
        Command::Orphans(server) => block_on(orphans::run(server)),
        Command::Tokens(args) => block_on(tokens::run(args)),
        Command::Secrets(args) => block_on(secrets::run(args)),
        Command::Graph(args) => graph::run(&args),
        Command::Schema => {
            anstream::println!("{:#}", zis_lint::schema::schema());
            Ok(ExitCode::SUCCESS)
        }
        Command::Man(args) => man::run(&args),
        Command::Reference { part } => {
            anstream::println!("{}", reference::page(part));
            Ok(ExitCode::SUCCESS)
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "zis", &mut script);
            anstream::print!("{}", String::from_utf8_lossy(&script));
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Runs a command that talks to a server.
fn block_on(command: impl Future<Output = Result<ExitCode>>) -> Result<ExitCode> {
    runtime()?.block_on(command)
}

/// The runtime of every command. Its threads have room for quick jq programs of any depth the budget allows.
///
/// One core is left to the store's writer, which every execution waits for: a thread more would only take its turns away (a sixth of the
/// flows on two cores). `TOKIO_WORKER_THREADS` names another number.
fn runtime() -> Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if std::env::var_os("TOKIO_WORKER_THREADS").is_none() {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        builder.worker_threads(cores.saturating_sub(1).max(1));
    }
    builder.enable_all().build().context("can't start the runtime")
}
