//! `cargo xtask generate`: files that are made from the code, so that they can't disagree with it.
//!
//! Each is the output of a `zis` command; `--check` compares instead of writing.

use std::fs;

use anyhow::{Context, Result, ensure};

use crate::run::{output, root};

/// `(file, arguments of zis that print it)`.
const FILES: &[(&str, &[&str])] = &[
    ("docs/reference/cli.md", &["reference", "cli"]),
    ("docs/reference/configuration.md", &["reference", "configuration"]),
];

pub fn run(args: &[String]) -> Result<()> {
    let check = args.iter().any(|arg| arg == "--check");
    let mut stale = Vec::new();
    for (file, command) in FILES {
        let mut all = vec!["run", "--quiet", "-p", "zis", "--"];
        all.extend(command.iter());
        let text = output("cargo", &all)? + "\n";
        let path = root().join(file);
        if fs::read_to_string(&path).unwrap_or_default() == text {
            continue;
        }
        if check {
            stale.push(*file);
        } else {
            fs::create_dir_all(path.parent().context("a generated file lies in a folder")?)?;
            fs::write(&path, text)?;
            println!("wrote {file}");
        }
    }
    ensure!(stale.is_empty(), "stale: {}; run `cargo xtask generate` and commit", stale.join(", "));
    Ok(())
}
