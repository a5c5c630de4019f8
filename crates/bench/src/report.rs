//! Tables in Markdown, on the terminal and in `docs/benchmarks.md`.

use std::{fmt::Write, path::Path, process::Command};

use anyhow::{Context, Result};

/// One table.
#[derive(Debug)]
pub struct Table {
    pub title: String,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(title: impl Into<String>, columns: &[&str]) -> Self {
        Self {
            title: title.into(),
            columns: columns.iter().map(|column| (*column).to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

/// A benchmark's part of the report.
pub fn section(name: &str, what: &str, tables: &[Table]) -> String {
    let mut out = format!("\n## {name}\n\n{}{}.\n", what[..1].to_uppercase(), &what[1..]);
    for table in tables {
        let _ = writeln!(out, "\n{}\n\n| {} |", table.title, table.columns.join(" | "));
        let _ = writeln!(out, "|{}", " --- |".repeat(table.columns.len()));
        for row in &table.rows {
            let _ = writeln!(out, "| {} |", row.join(" | "));
        }
    }
    out
}

/// Puts the report into `docs/benchmarks.md`, under the hand-written part.
pub fn write(text: &str) -> Result<()> {
    const MARK: &str = "<!-- measured: below this line `cargo xtask bench --write` writes -->";
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/benchmarks.md");
    let old = std::fs::read_to_string(&file).unwrap_or_default();
    let head = old.split(MARK).next().unwrap_or_default();
    let text = format!("{head}{MARK}\n\n{}\n{text}", machine());
    std::fs::write(&file, text).context("can't write docs/benchmarks.md")
}

/// `2 cores (AMD EPYC …), Linux 6.1, 2026-11-24`.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let run = |program: &str, args: &[&str]| {
        let output = Command::new(program).args(args).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let kernel = run("uname", &["-sr"]).unwrap_or_default();
    let date = run("date", &["+%Y-%m-%d"]).unwrap_or_default();
    format!("{cores} cores ({}), {kernel}, {date}.", model.trim_start_matches(['\t', ' ', ':']))
}
