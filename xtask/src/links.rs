//! Links of the documents: what they lead to is there, and the book's summary leads to every page.

use std::{
    collections::BTreeSet,
    fs,
    path::{Component, Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::run::root;

/// The book's table of contents.
const SUMMARY: &str = "docs/SUMMARY.md";

/// Adds what is wrong with the links of `files` to `faults`.
pub fn check(files: &[String], faults: &mut Vec<String>) -> Result<()> {
    for file in files.iter().filter(|file| file.ends_with(".md") && !file.contains("/resources/")) {
        let text = fs::read_to_string(root().join(file)).with_context(|| file.clone())?;
        for (line, target) in targets(&text) {
            if !root().join(place(file, &target)).exists() {
                faults.push(format!("{file}:{line}: the link to `{target}` leads nowhere"));
            }
        }
    }
    summary(files, faults)
}

fn summary(files: &[String], faults: &mut Vec<String>) -> Result<()> {
    let text = fs::read_to_string(root().join(SUMMARY)).context(SUMMARY)?;
    let listed: BTreeSet<PathBuf> = targets(&text).into_iter().map(|(_, target)| place(SUMMARY, &target)).collect();
    let pages = files.iter().filter(|file| file.starts_with("docs/") && file.ends_with(".md") && *file != SUMMARY);
    for page in pages.filter(|page| !listed.contains(Path::new(page))) {
        faults.push(format!("{page}:1: {SUMMARY} does not lead to this page"));
    }
    Ok(())
}

/// Line and target of every link to a file, outside of code.
fn targets(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        // Every second part stands between backticks; a link's text may.
        let plain: String = line.split('`').enumerate().map(|(at, part)| if at % 2 == 0 { part } else { "" }).collect();
        for rest in plain.split("](").skip(1) {
            let target = rest.split([')', ' ']).next().unwrap_or_default().split('#').next().unwrap_or_default();
            if !target.is_empty() && !target.contains(':') {
                found.push((index + 1, target.to_owned()));
            }
        }
    }
    found
}

/// Where a link of `file` leads, from the root.
fn place(file: &str, target: &str) -> PathBuf {
    let mut place = Path::new(file).parent().unwrap_or(Path::new("")).to_owned();
    for part in Path::new(target).components() {
        match part {
            Component::ParentDir => drop(place.pop()),
            Component::Normal(name) => place.push(name),
            _ => {}
        }
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_outside_of_code() {
        let text =
            "[a](b.md) and [`c`](../d.md#e)\n`[x](y)`\n```\n[x](y)\n```\n[w](https://w.example) [s](#s) ![p](p.png)";
        let found: Vec<_> = targets(text).into_iter().map(|(line, target)| format!("{line} {target}")).collect();
        assert_eq!(found, ["1 b.md", "1 ../d.md", "6 p.png"]);
        assert_eq!(place("docs/errors/README.md", "../rules.md"), Path::new("docs/rules.md"));
    }
}
