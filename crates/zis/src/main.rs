//! The `zis` binary: arguments in, exit codes out. 0 done, 1 what was checked has faults, 2 it could not run.

mod cli;
mod client;
mod command;
mod credentials;
mod files;
mod progress;
mod style;
mod testing;

use std::process::ExitCode;

use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match command::run(cli.command) {
        Ok(code) => code,
        Err(error) => {
            anstream::eprintln!("{}error{}: {error:#}", style::BAD.render(), style::BAD.render_reset());
            ExitCode::from(2)
        }
    }
}
