//! Benchmarks of zis: `cargo xtask bench [NAME…]`. Ratios against a ceiling or a peer in the same run, for machines are noisy.
//!
//! Every loop is bounded in time and count; all traffic stays on loopback; every process that is started is stopped.

mod flows;
mod interpreter;
mod load;
mod process;
mod report;
mod startup;

use anyhow::{Result, bail};

/// `(name, what it shows, run)`.
type Bench = (&'static str, &'static str, fn() -> Result<Vec<report::Table>>);

const BENCHES: &[Bench] = &[
    ("interpreter", "the tutorial's flow without IO", interpreter::run),
    ("flows", "the tutorial's flow over HTTP, durable, beside the same hops without a store", flows::run),
    ("startup", "from exec to the first answered request", startup::run),
];

#[global_allocator]
static ALLOCATOR: interpreter::Counting = interpreter::Counting;

fn main() -> Result<()> {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let write = args.iter().position(|arg| arg == "--write").map(|at| args.remove(at)).is_some();
    if let Some(unknown) = args.iter().find(|arg| !BENCHES.iter().any(|(name, ..)| name == arg)) {
        let names: Vec<&str> = BENCHES.iter().map(|(name, ..)| *name).collect();
        bail!("there is no benchmark `{unknown}`, only {}", names.join(", "));
    }
    let mut text = String::new();
    for (name, what, run) in BENCHES {
        if !args.is_empty() && !args.iter().any(|arg| arg == name) {
            continue;
        }
        eprintln!("{name}: {what} …");
        let section = report::section(name, what, &run()?);
        print!("{section}");
        text.push_str(&section);
    }
    if write {
        report::write(&text)?;
    }
    Ok(())
}
