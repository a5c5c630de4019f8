//! `cargo xtask test`: all that CI runs, in the order in which it is cheapest to fail.

use anyhow::Result;

use crate::{generate, prerequisites, run as cmd, tidy};

fn run_all() -> Result<()> {
    prerequisites::ensure()?;
    cmd::run("cargo", &["fmt", "--all", "--check"], &[])?;
    tidy::run()?;
    cmd::run("cargo", &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"], &[])?;
    generate::run(&["--check".to_owned()])?;
    cmd::run("cargo", &["test", "--workspace", "--locked"], &[])?;
    // The tests that take whichever store they are given, on the other one. The simulation brings its own: once is enough.
    let other = [("ZIS_TEST_STORE", "postgres"), ("ZIS_SIM_SEEDS", "20")];
    cmd::run("cargo", &["test", "--locked", "-p", "zis-engine", "-p", "zis-zendesk", "-p", "zis-server"], &other)?;
    println!("\neverything passed");
    Ok(())
}

pub fn run(args: &[String]) -> Result<()> {
    anyhow::ensure!(args.is_empty(), "`cargo xtask test` takes no arguments; for one crate use `cargo test -p NAME`");
    run_all()
}
