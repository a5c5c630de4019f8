//! `cargo xtask tidy`: the rules of the repository that no other tool checks. Only the maxima fail; the rest is printed.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::{
    links,
    run::{files, output, root},
};

/// Lines of a Rust file without its trailing tests.
const MAX_FILE: usize = 800;
/// Lines of a function.
const MAX_FUNCTION: usize = 80;

/// Words that must not stand in the repository, with the reason.
const FORBIDDEN: &[(&str, &str)] = &[
    ("/wor\u{6b}/", "a path of one machine"),
    ("/roo\u{74}/", "a path of one machine"),
    ("todo\u{21}(", "unfinished code"),
    ("unimplemented\u{21}(", "unfinished code"),
    ("#[ignor\u{65}", "a test that never runs"),
];

/// Licences that a dependency may have.
const LICENCES: &[&str] = &[
    "MIT",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MPL-2.0",
    "Zlib",
    "Unlicense",
    "CC0-1.0",
    "BSL-1.0",
    "Unicode-3.0",
    "CDLA-Permissive-2.0",
    "0BSD",
    "MIT-0",
    "Apache-2.0 WITH LLVM-exception",
];

pub fn run() -> Result<()> {
    let mut faults = Vec::new();
    let mut lengths = Vec::new();
    let files = files()?;
    for file in &files {
        let Ok(text) = fs::read_to_string(root().join(file)) else { continue };
        forbidden(file, &text, &mut faults);
        if file.ends_with(".rs") {
            lengths.push(rust_file(file, &text, &mut faults));
        }
    }
    links::check(&files, &mut faults)?;
    named_tests(&mut faults)?;
    licences(&mut faults)?;
    lengths.sort_unstable();
    let at = |share: usize| lengths.get(lengths.len() * share / 100).copied().unwrap_or_default();
    println!(
        "tidy: {} Rust files, lines: median {}, p90 {}, max {}",
        lengths.len(),
        at(50),
        at(90),
        at(100).max(lengths.last().copied().unwrap_or(0))
    );
    if faults.is_empty() {
        return Ok(());
    }
    for fault in &faults {
        eprintln!("{fault}");
    }
    bail!("{} faults", faults.len())
}

fn forbidden(file: &str, text: &str, faults: &mut Vec<String>) {
    for (number, line) in text.lines().enumerate() {
        for (word, why) in FORBIDDEN {
            if line.contains(word) {
                faults.push(format!("{file}:{}: `{word}`: {why}", number + 1));
            }
        }
    }
}

/// Checks one file and gives its length without tests.
fn rust_file(file: &str, text: &str, faults: &mut Vec<String>) -> usize {
    if !text.starts_with("//!") && !text.starts_with("#![") {
        faults.push(format!("{file}:1: a file opens with `//!` and says what it is"));
    }
    let lines: Vec<&str> = text.lines().collect();
    let end = lines.iter().position(|line| line.starts_with("#[cfg(test)]")).unwrap_or(lines.len());
    if end > MAX_FILE {
        faults.push(format!("{file}:1: {end} lines without tests, at most {MAX_FILE}: one concept, one file"));
    }
    functions(file, &lines[..end], faults);
    end
}

/// Finds functions by rustfmt's layout: a line that opens one, and the brace at the same indent that closes it.
fn functions(file: &str, lines: &[&str], faults: &mut Vec<String>) {
    for (start, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let head = line.trim_start();
        let is_function = [
            "fn ",
            "pub fn ",
            "async fn ",
            "pub async fn ",
            "pub(crate) fn ",
            "pub(super) fn ",
            "pub(crate) async fn ",
            "const fn ",
            "pub const fn ",
        ]
        .iter()
        .any(|opening| head.starts_with(opening));
        if !is_function || line.ends_with(';') {
            continue;
        }
        let close = format!("{}}}", " ".repeat(indent));
        let length = lines[start..].iter().position(|line| **line == close).map_or(0, |end| end + 1);
        if length > MAX_FUNCTION {
            faults.push(format!("{file}:{}: a function of {length} lines, at most {MAX_FUNCTION}", start + 1));
        }
    }
}

/// Pages that name tests.
const NAMING: [&str; 2] = ["docs/compat.md", "docs/security.md"];

/// The tests that [`NAMING`] names exist: files, and functions after the file that they are in.
fn named_tests(faults: &mut Vec<String>) -> Result<()> {
    for page in NAMING {
        let text = fs::read_to_string(root().join(page)).context(page)?;
        for (number, line) in text.lines().enumerate() {
            let mut source = None;
            for word in line.split('`').skip(1).step_by(2) {
                let found = match (word.starts_with("crates/"), &source) {
                    (true, _) => {
                        source = Some(fs::read_to_string(root().join(word)).unwrap_or_default());
                        root().join(word).exists()
                    }
                    (false, Some(text)) => text.contains(&format!("fn {word}(")),
                    (false, None) => true,
                };
                if !found {
                    faults.push(format!("{page}:{}: there is no `{word}`", number + 1));
                }
            }
        }
    }
    Ok(())
}

/// Every dependency's licence is one of [`LICENCES`], or offers one of them.
fn licences(faults: &mut Vec<String>) -> Result<()> {
    let metadata = output("cargo", &["metadata", "--format-version", "1", "--locked"])?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata).context("cargo metadata")?;
    for package in metadata["packages"].as_array().context("packages")? {
        let (name, licence) = (package["name"].as_str().unwrap_or("?"), package["license"].as_str().unwrap_or(""));
        let offered = licence.replace(['(', ')'], "").replace('/', " OR ");
        let fine =
            offered.split(" OR ").any(|choice| choice.split(" AND ").all(|part| LICENCES.contains(&part.trim())));
        if !fine {
            faults.push(format!("dependency {name}: licence `{licence}` is not allowed"));
        }
    }
    Ok(())
}
