//! The project's own tasks: `cargo xtask test | tidy | generate [--check] | bench`.

mod bench;
mod generate;
mod links;
mod prerequisites;
mod run;
mod test;
mod tidy;

use std::process::ExitCode;

use anyhow::{Result, bail};

const HELP: &str = "\
cargo xtask <task>

  test              everything CI runs: set-up, formatting, lints, tidy, all tests on both stores, doc tests, browser tests
  tidy              the repository's own rules: a heading in every file, size limits, licences, forbidden words, links of the documents
  generate          the generated pages of docs/reference; `--check` only compares
  bench [NAME…]     the benchmarks, built with `--profile dist`; results on the terminal and in docs/benchmarks.md with `--write`;
                    `--peers DIR` keeps the other engines there, `--profile` adds a CPU profile to `flows`
";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let task = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    let result = dispatch(&task, &rest);
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {task}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(task: &str, rest: &[String]) -> Result<()> {
    match task {
        "test" => test::run(rest),
        "tidy" => tidy::run(),
        "generate" => generate::run(rest),
        "bench" => bench::run(rest),
        "" | "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        other => bail!("there is no task `{other}`; `cargo xtask help` lists them"),
    }
}
