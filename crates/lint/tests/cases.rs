//! Runs the literate case files of `resources/`, one per rule: each `##` section holds a bundle (or a part of one) and what the rule
//! says about it; good cases show an empty list.
//!
//! The first code block of a section is `json` (a whole bundle), `resources` (members of `resources`) or `states` (members of
//! `States` of a flow that starts at `A` for `ticket.StatusChanged`). A `findings` block has one line a finding: severity,
//! line:column in the block, message, help. `ZIS_UPDATE=1` rewrites the `findings` blocks with what was found.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::{collections::BTreeSet, fmt::Write, fs, path::Path};

use zis_lint::{Settings, check, rules};

const RESOURCES: (&str, &str) = (r#"{"name": "n", "zis_template_version": "2019-10-14", "resources": {"#, "}}");
const STATES: (&str, &str) = (
    r#"{"name": "n", "zis_template_version": "2019-10-14", "resources": {"J": {"type": "ZIS::JobSpec", "properties": {"name": "J", "event_source": "support", "event_type": "ticket.StatusChanged", "flow_name": "zis:acme:flow:F"}}, "F": {"type": "ZIS::Flow", "properties": {"name": "F", "definition": {"StartAt": "A", "States": {"#,
    "}}}}}}",
);

/// What the rule says about one block.
fn findings(rule: &str, tag: &str, fragment: &str) -> String {
    let (before, after) = match tag {
        "json" => ("", ""),
        "resources" => RESOURCES,
        "states" => STATES,
        other => panic!("unknown block `{other}`"),
    };
    let text = if before.is_empty() { fragment.to_owned() } else { format!("{before}\n{fragment}\n{after}") };
    let report = check(&text, "case", &Settings::default());
    let mut out = String::new();
    for finding in &report.findings {
        assert!(!finding.code.starts_with("ZIS0") && !finding.code.starts_with("ZIS1"), "{finding:?}\n{text}");
        assert!(finding.help.is_some(), "no help: {finding:?}");
        if rules::find(finding.code).is_none_or(|found| found.name != rule) {
            continue;
        }
        let position = report.lines().position(&text, finding.span.start);
        let line = position.line - usize::from(!before.is_empty());
        let help = finding.help.as_deref().unwrap_or_default();
        writeln!(out, "{} {line}:{} {}\n    {help}", finding.severity.name(), position.column, finding.message)
            .unwrap();
    }
    out
}

/// Goes through one case file; gives it back with the findings as they are now.
fn rewritten(rule: &str, source: &str) -> String {
    let mut out = String::new();
    let mut lines = source.lines();
    let mut current: Option<(String, String)> = None;
    while let Some(line) = lines.next() {
        let Some(tag) = line.strip_prefix("```") else {
            writeln!(out, "{line}").unwrap();
            continue;
        };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let block = block.join("\n");
        let shown = match &current {
            Some((tag, fragment)) if line == "```findings" => findings(rule, tag, fragment),
            _ => format!("{block}\n"),
        };
        current = Some((tag.to_owned(), block));
        write!(out, "{line}\n{shown}```\n").unwrap();
    }
    out
}

#[test]
fn case_files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("resources");
    let mut covered = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let rule = path.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(rules::find(&rule).is_some(), "{rule} is no rule");
        let source = fs::read_to_string(&path).unwrap();
        let now = rewritten(&rule, &source);
        covered.insert(rule);
        if std::env::var_os("ZIS_UPDATE").is_some() {
            fs::write(&path, &now).unwrap();
            continue;
        }
        for (number, (expected, found)) in source.lines().zip(now.lines()).enumerate() {
            assert_eq!(expected, found, "{}:{}", path.display(), number + 1);
        }
        assert_eq!(source.lines().count(), now.lines().count(), "{}", path.display());
        assert!(now.contains("```findings\n```"), "{}: no case that must not fire", path.display());
        assert!(
            now.contains("```findings\nwarning")
                || now.contains("```findings\nnote")
                || now.contains("```findings\nerror")
        );
    }
    let missing: Vec<_> = rules::ALL.iter().map(|rule| rule.name).filter(|name| !covered.contains(*name)).collect();
    assert!(missing.is_empty(), "rules without a case file: {missing:?}");
}
