//! A key ends in `.$` although its value holds neither a path nor a placeholder.
//!
//! # What it checks
//!
//! A string under a `.$` key, in `Parameters` or in the headers, query parameters and body of an action, with nothing in it to
//! resolve. A fixed `path.$` or `url.$` is common and left alone, and so is `expr.$`.
//!
//! # Why
//!
//! It works: the text is taken as it is. But the suffix promises a value that changes, and a forgotten `$.` looks just like this.
//!
//! # Example
//!
//! ```json
//! "Parameters": {"id.$": "input.id"}
//! ```
//!
//! # Instead
//!
//! ```json
//! "Parameters": {"id.$": "$.input.id"}
//! ```

use zis_bundle::{Span, action::Body, flow::StateKind, template::Dynamic, walk};

use crate::rule::{Context, Found};

pub fn check(context: &Context, found: &mut Found) {
    for place in context.states() {
        let StateKind::Action(action) = &place.state.kind else { continue };
        let Some(parameters) = &action.parameters else { continue };
        for leaf in walk::strings(parameters, &format!("{}/Parameters", place.state.pointer)) {
            // A jq program is a text of its own, with or without placeholders.
            if leaf.dynamic && leaf.key.is_none_or(|(key, _)| key != "expr.$") {
                report(leaf.text, leaf.span, &leaf.pointer, found);
            }
        }
    }
    for definition in context.definitions() {
        let request = &definition.action.definition;
        for (list, entries) in [("headers", &request.headers), ("queryParams", &request.query)] {
            for (at, entry) in entries.iter().enumerate().filter(|(_, entry)| entry.value.dynamic) {
                let pointer = format!("{}/{list}/{at}/value.$", definition.pointer);
                report(&entry.value.text, entry.value.span, &pointer, found);
            }
        }
        if let Some(Body::Tree(tree)) = &request.body {
            let leaves = walk::strings(tree, &format!("{}/requestBody", definition.pointer));
            for leaf in leaves.into_iter().filter(|leaf| leaf.dynamic) {
                report(leaf.text, leaf.span, &leaf.pointer, found);
            }
        }
    }
}

fn report(text: &str, span: Span, pointer: &str, found: &mut Found) {
    let intrinsic = text.starts_with("States.");
    if !intrinsic && Dynamic::parse(text).is_ok_and(|dynamic| dynamic.paths(text).is_empty()) {
        let finding = found.add(span, pointer, "the key ends in `.$`, but there is nothing to resolve in its value");
        finding.help = Some("drop the `.$` of a fixed text, or begin the path with `$.`".into());
    }
}
