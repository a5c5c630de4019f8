//! `cargo xtask bench`: builds everything in release mode and hands over to the bench program.

use anyhow::Result;

use crate::run::run as command;

pub fn run(args: &[String]) -> Result<()> {
    command("cargo", &["build", "--release", "--locked", "-p", "zis", "-p", "zis-bench"], &[])?;
    let mut all = vec!["run", "--release", "--locked", "--quiet", "-p", "zis-bench", "--"];
    all.extend(args.iter().map(String::as_str));
    command("cargo", &all, &[])
}
