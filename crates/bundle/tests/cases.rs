//! Runs the literate case files of `resources/`: each `##` section holds a text and the findings that reading it gives.
//!
//! A section's first code block is the text: `json` (a whole document), or a fragment that is put into a bundle: `resources`,
//! `states` (the members of `States`), `state` (the body of one state, `S`), `rule` (one Choice rule) or `definition` (of an HTTP
//! action). Its `findings` block has one line a finding: code, line:column in the block, JSON pointer from the fragment on.
//! `ZIS_UPDATE=1` rewrites the `findings` blocks with what was found.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::{fmt::Write, fs, path::Path};

use zis_bundle::{
    document::{Options, read},
    text::LineIndex,
};

/// What stands before and after a fragment, and the pointer to it.
struct Wrapper {
    tag: &'static str,
    before: &'static str,
    after: &'static str,
    pointer: &'static str,
}

const WRAPPERS: [Wrapper; 6] = [
    Wrapper { tag: "json", before: "", after: "", pointer: "" },
    Wrapper {
        tag: "resources",
        before: r#"{"name": "n", "zis_template_version": "2019-10-14", "resources": {"#,
        after: "}}",
        pointer: "/resources",
    },
    Wrapper {
        tag: "states",
        before: r#"{"name": "n", "zis_template_version": "2019-10-14", "resources": {"J": {"type": "ZIS::JobSpec", "properties": {"name": "J", "event_source": "s", "event_type": "t", "flow_name": "zis:acme:flow:F"}}, "F": {"type": "ZIS::Flow", "properties": {"name": "F", "definition": {"StartAt": "S", "States": {"#,
        after: "}}}}}}",
        pointer: "/resources/F/properties/definition/States",
    },
    Wrapper {
        tag: "state",
        before: r#"{"name": "n", "zis_template_version": "2019-10-14", "resources": {"J": {"type": "ZIS::JobSpec", "properties": {"name": "J", "event_source": "s", "event_type": "t", "flow_name": "zis:acme:flow:F"}}, "F": {"type": "ZIS::Flow", "properties": {"name": "F", "definition": {"StartAt": "S", "States": {"Done": {"Type": "Succeed"}, "S": "#,
        after: "}}}}}}",
        pointer: "/resources/F/properties/definition/States/S",
    },
    Wrapper {
        tag: "rule",
        before: r#"{"name": "n", "zis_template_version": "2019-10-14", "resources": {"J": {"type": "ZIS::JobSpec", "properties": {"name": "J", "event_source": "s", "event_type": "t", "flow_name": "zis:acme:flow:F"}}, "F": {"type": "ZIS::Flow", "properties": {"name": "F", "definition": {"StartAt": "S", "States": {"Done": {"Type": "Succeed"}, "S": {"Type": "Choice", "Default": "Done", "Choices": ["#,
        after: "]}}}}}}}",
        pointer: "/resources/F/properties/definition/States/S/Choices/0",
    },
    Wrapper {
        tag: "definition",
        before: r#"{"name": "n", "zis_template_version": "2019-10-14", "resources": {"J": {"type": "ZIS::JobSpec", "properties": {"name": "J", "event_source": "s", "event_type": "t", "flow_name": "zis:acme:flow:F"}}, "F": {"type": "ZIS::Flow", "properties": {"name": "F", "definition": {"StartAt": "S", "States": {"S": {"Type": "Succeed"}}}}}, "A": {"type": "ZIS::Action::Http", "properties": {"name": "A", "definition": "#,
        after: "}}}}",
        pointer: "/resources/A/properties/definition",
    },
];

/// The findings of one block, a line each.
fn findings(tag: &str, fragment: &str, options: &Options) -> String {
    let wrapper = WRAPPERS.iter().find(|wrapper| wrapper.tag == tag).unwrap();
    let text = match tag {
        "json" => fragment.to_owned(),
        _ => format!("{}\n{fragment}\n{}", wrapper.before, wrapper.after),
    };
    let reading = read(&text, options);
    let lines = LineIndex::new(&text);
    let mut out = String::new();
    for finding in &reading.findings {
        let position = lines.position(&text, finding.span.start);
        let line = position.line - usize::from(tag != "json");
        let pointer = finding.pointer.strip_prefix(wrapper.pointer).map_or(finding.pointer.clone(), str::to_owned);
        writeln!(out, "{} {line}:{} {pointer}", finding.code, position.column).unwrap();
    }
    out.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// Goes through one case file; gives it back with the findings as they are now.
fn rewritten(source: &str) -> String {
    let mut out = String::new();
    let mut lines = source.lines();
    let mut options = Options::default();
    let mut current: Option<(String, String)> = None;
    while let Some(line) = lines.next() {
        let Some(tag) = line.strip_prefix("```") else {
            if line.starts_with("## ") {
                options = Options::default();
            } else if let Some(integration) = line.strip_prefix("Integration: ") {
                options.integration = Some(integration.to_owned());
            } else if line == "Lenient." {
                options.lenient_asl = true;
            }
            writeln!(out, "{line}").unwrap();
            continue;
        };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let block = block.join("\n");
        let shown = match &current {
            Some((tag, fragment)) if line == "```findings" => findings(tag, fragment, &options),
            _ if block.is_empty() => String::new(),
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
    let mut cases = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let source = fs::read_to_string(&path).unwrap();
        let now = rewritten(&source);
        cases += source.matches("\n## ").count();
        if std::env::var_os("ZIS_UPDATE").is_some() {
            fs::write(&path, &now).unwrap();
            continue;
        }
        for (number, (expected, found)) in source.lines().zip(now.lines()).enumerate() {
            assert_eq!(expected, found, "{}:{}", path.display(), number + 1);
        }
        assert_eq!(source.lines().count(), now.lines().count(), "{}", path.display());
    }
    assert!(cases > 100, "only {cases} cases were run");
}
