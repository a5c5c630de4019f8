//! A member that ZIS ignores and that looks like one it knows.
//!
//! # What it checks
//!
//! Members of states, flow definitions, action definitions and job specs that are unknown and nearly spelt like known ones.
//!
//! # Why
//!
//! Unknown members are ignored without a word: a `Resultpath` stores nothing, a `header` sends nothing.
//!
//! # Example
//!
//! ```json
//! {"Type": "Pass", "Resultpath": "$.x", "Next": "Done"}
//! ```
//!
//! # Instead
//!
//! ```json
//! {"Type": "Pass", "ResultPath": "$.x", "Next": "Done"}
//! ```

use zis_bundle::{
    Node,
    finding::Fix,
    json::{Member, push_pointer},
    suggest::nearest,
};

use crate::rule::{Context, Found};

const DEFINITION: &[&str] = &[
    "method",
    "url",
    "url.$",
    "path",
    "path.$",
    "connectionName",
    "headers",
    "queryParams",
    "requestBody",
    "requestBody.$",
];
const MACHINE: &[&str] = &["StartAt", "States", "Comment", "Version", "TimeoutSeconds"];
const JOB_SPEC: &[&str] = &["name", "description", "event_source", "event_type", "flow_name"];
const COMMON: &[&str] = &["Type", "Comment", "Next", "End"];

/// Members that people write and ZIS has another word for.
const SYNONYMS: [(&str, &str); 4] =
    [("body", "requestBody"), ("query", "queryParams"), ("connection", "connectionName"), ("params", "Parameters")];

pub fn check(context: &Context, found: &mut Found) {
    let Some(resources) = context.reading.root.get("resources") else { return };
    for resource in resources.members() {
        let mut pointer = "/resources".to_owned();
        push_pointer(&mut pointer, &resource.key);
        pointer.push_str("/properties");
        let Some(properties) = resource.value.get("properties") else { continue };
        let definition = properties.get("definition");
        match (resource.value.get("type").and_then(Node::as_str), definition) {
            (Some("ZIS::Flow"), Some(definition)) => machine(definition, &format!("{pointer}/definition"), found),
            (Some("ZIS::Action::Http"), Some(definition)) => {
                members(definition, DEFINITION, &format!("{pointer}/definition"), found);
            }
            (Some("ZIS::JobSpec"), _) => members(properties, JOB_SPEC, &pointer, found),
            _ => {}
        }
    }
}

fn machine(node: &Node, pointer: &str, found: &mut Found) {
    members(node, MACHINE, pointer, found);
    for state in node.get("States").iter().flat_map(|states| states.members()) {
        let mut pointer = format!("{pointer}/States");
        push_pointer(&mut pointer, &state.key);
        let Some(own) = state.value.get("Type").and_then(Node::as_str).and_then(members_of) else { continue };
        let known: Vec<&str> = COMMON.iter().chain(own).copied().collect();
        members(&state.value, &known, &pointer, found);
        if let Some(iterator) = state.value.get("Iterator") {
            machine(iterator, &format!("{pointer}/Iterator"), found);
        }
    }
}

fn members_of(state_type: &str) -> Option<&'static [&'static str]> {
    Some(match state_type {
        "Action" => {
            &["ActionName", "Parameters", "TimeoutSeconds", "ResultPath", "Catch", "Retry", "InputPath", "OutputPath"]
        }
        "Choice" => &["Choices", "Default"],
        "Map" => &["ItemsPath", "Iterator", "ResultPath", "Catch", "Retry", "InputPath", "OutputPath"],
        "Wait" => &["Seconds", "SecondsPath"],
        "Pass" => &["Result", "ResultPath"],
        "Succeed" => &["Message"],
        "Fail" => &["Error", "Cause"],
        _ => return None,
    })
}

fn members(node: &Node, known: &[&str], pointer: &str, found: &mut Found) {
    for member in node.members().iter().filter(|member| !known.contains(&&*member.key)) {
        let synonym = SYNONYMS.into_iter().find(|(word, ours)| *word == &*member.key && known.contains(ours));
        let meant = synonym.map(|(_, ours)| ours).or_else(|| nearest(&member.key, known.iter().copied()));
        let Some(meant) = meant.filter(|meant| node.get(meant).is_none()) else { continue };
        report(member, meant, pointer, found);
    }
}

fn report(member: &Member, meant: &str, pointer: &str, found: &mut Found) {
    let mut pointer = pointer.to_owned();
    push_pointer(&mut pointer, &member.key);
    let finding = found.add(member.key_span, &pointer, format!("`{}` is not known here and has no effect", member.key));
    finding.help = Some(format!("did you mean `{meant}`?"));
    let edits = vec![(member.key_span, format!("\"{meant}\""))];
    finding.fix = Some(Fix { title: format!("rename it to `{meant}`"), edits, safe: false });
}
