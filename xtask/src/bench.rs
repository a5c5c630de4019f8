//! `cargo xtask bench`: builds the program as servers run it (the profile `dist`) and hands over to the bench program.

use std::path::Path;

use anyhow::{Context, Result};

use crate::run::{output, run as command};

pub fn run(args: &[String]) -> Result<()> {
    command("cargo", &["build", "--profile", "dist", "--locked", "-p", "zis", "-p", "zis-bench"], &[])?;
    // The program itself, not `cargo run -p zis-bench`: a selection of packages with other features would be built once more.
    let metadata = output("cargo", &["metadata", "--format-version", "1", "--no-deps", "--locked"])?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata).context("cargo metadata")?;
    let target = metadata["target_directory"].as_str().context("cargo metadata names the target directory")?;
    let program = Path::new(target).join("dist/zis-bench");
    command(&program.display().to_string(), &args.iter().map(String::as_str).collect::<Vec<_>>(), &[])
}
