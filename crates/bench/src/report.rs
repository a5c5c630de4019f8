//! Tables in Markdown, on the terminal and in `docs/benchmarks.md`.

use std::{fmt::Write, path::Path, process::Command};

use anyhow::{Context, Result};

/// One table, with what is to be read from it.
#[derive(Debug)]
pub struct Table {
    title: String,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
    notes: Vec<String>,
}

impl Table {
    pub fn new(title: impl Into<String>, columns: &[&str]) -> Self {
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        Self { title: title.into(), columns, rows: Vec::new(), notes: Vec::new() }
    }

    /// A row; cells that are not given stay empty.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let mut cells: Vec<String> = cells.into_iter().collect();
        cells.resize(self.columns.len(), String::new());
        self.rows.push(cells);
    }

    /// A sentence under the table, made from its figures.
    pub fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }
}

/// A benchmark's part of the report; begins with `## name`.
pub fn section(name: &str, what: &str, tables: &[Table]) -> String {
    let mut out = format!("## {name}\n\n{}{}. Measured {}.\n", what[..1].to_uppercase(), &what[1..], date());
    for table in tables {
        let _ = writeln!(out, "\n{}\n\n| {} |", table.title, table.columns.join(" | "));
        let _ = writeln!(out, "|{}", " --- |".repeat(table.columns.len()));
        for row in &table.rows {
            let _ = writeln!(out, "| {} |", row.join(" | "));
        }
        for (number, note) in table.notes.iter().enumerate() {
            let _ = writeln!(out, "{}{note}", if number == 0 { "\n" } else { "" });
        }
    }
    out
}

/// `1.07, flat within the noise`: what a ratio says where one would wish it to be 1.
pub fn flat(ratio: f64) -> String {
    let word = if (0.8..=1.25).contains(&ratio) { "flat within the noise" } else { "not flat" };
    format!("{ratio:.2}, {word}")
}

/// Puts `sections` into `docs/benchmarks.md`, under the hand-written part, in the order of `names`; what was not run now stays.
pub fn write(sections: &[(&str, String)], names: &[&str]) -> Result<()> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/benchmarks.md");
    let old = std::fs::read_to_string(&file).context("can't read docs/benchmarks.md")?;
    std::fs::write(&file, merge(&old, sections, names, &machine())).context("can't write docs/benchmarks.md")
}

const MARK: &str = "<!-- measured: below this line `cargo xtask bench --write` writes -->";

fn merge(old: &str, sections: &[(&str, String)], names: &[&str], machine: &str) -> String {
    let (head, measured) = old.split_once(MARK).unwrap_or((old, ""));
    let mut out = format!("{head}{MARK}\n\n{machine}\n");
    let kept: Vec<&str> = measured.split("\n## ").skip(1).collect();
    for name in names {
        let new = sections.iter().find(|(section, _)| section == name).map(|(_, text)| text.trim_end().to_owned());
        let kept = || kept.iter().find(|text| text.lines().next() == Some(*name));
        if let Some(text) = new.or_else(|| Some(format!("## {}", kept()?.trim_end()))) {
            let _ = writeln!(out, "\n{text}");
        }
    }
    out
}

/// `2 cores (AMD EPYC …), Linux 6.1.`
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let kernel = output("uname", &["-sr"]);
    format!("{cores} cores ({}), {kernel}.", model.trim_start_matches(['\t', ' ', ':']))
}

fn date() -> String {
    output("date", &["+%Y-%m-%d"])
}

fn output(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_one_benchmark_leaves_the_others_as_they_were() {
        let old = format!("by hand\n{MARK}\n\nan old machine\n\n## one\n\nold one\n\n## three\n\nold three\n");
        let sections = [("two", "## two\n\nnew two\n".to_owned()), ("three", "## three\n\nnew three\n".to_owned())];
        let new = merge(&old, &sections, &["one", "two", "three"], "a machine");
        let expected = "\n\na machine\n\n## one\n\nold one\n\n## two\n\nnew two\n\n## three\n\nnew three\n";
        assert_eq!(new, format!("by hand\n{MARK}{expected}"));
    }

    #[test]
    fn short_rows_are_filled_up() {
        let mut table = Table::new("Title.", &["a", "b"]);
        table.row(["1".to_owned()]);
        table.note("One.");
        assert!(section("x", "what", &[table]).ends_with("\nTitle.\n\n| a | b |\n| --- | --- |\n| 1 |  |\n\nOne.\n"));
    }
}
