//! A value that looks like a path stands under a key without `.$`, so it is sent as text.
//!
//! # What it checks
//!
//! A string that is nothing but a reference path (`"$.input.id"`) under a plain key: in `Parameters`, in a Pass's `Result`, and in
//! the headers, query parameters and body of an action.
//!
//! # Why
//!
//! Only a key that ends in `.$` is resolved. Without it the receiver gets the six characters `$.x`, and nothing fails.
//!
//! # Example
//!
//! ```json
//! "Parameters": {"id": "$.input.id"}
//! ```
//!
//! # Instead
//!
//! ```json
//! "Parameters": {"id.$": "$.input.id"}
//! ```

use zis_bundle::{
    Path, Span,
    action::{Body, Entry},
    finding::Fix,
    flow::StateKind,
    walk,
};

use crate::rule::{Context, Found};

pub fn check(context: &Context, found: &mut Found) {
    for place in context.states() {
        let (tree, key) = match &place.state.kind {
            StateKind::Action(action) => (action.parameters.as_ref(), "Parameters"),
            StateKind::Pass(pass) => (pass.result.as_ref(), "Result"),
            _ => (None, ""),
        };
        let Some(tree) = tree else { continue };
        for leaf in walk::strings(tree, &format!("{}/{key}", place.state.pointer)) {
            if !leaf.dynamic && is_path(leaf.text) {
                let finding = report(leaf.text, leaf.span, &leaf.pointer, found);
                if key == "Result" {
                    finding.help = Some("a Pass's `Result` is always literal; use a Jq action to copy values".into());
                } else if let Some((key, span)) = leaf.key {
                    finding.fix = Some(Fix {
                        title: format!("rename the key to `{key}.$`"),
                        edits: vec![(Span::new(span.end - 1, span.end - 1), ".$".into())],
                        safe: false,
                    });
                }
            }
        }
    }
    for definition in context.definitions() {
        let request = &definition.action.definition;
        for (list, entries) in [("headers", &request.headers), ("queryParams", &request.query)] {
            for (at, entry) in entries.iter().enumerate().filter(|(_, entry)| is_plain_path(entry)) {
                let pointer = format!("{}/{list}/{at}/value", definition.pointer);
                report(&entry.value.text, entry.value.span, &pointer, found);
            }
        }
        if let Some(Body::Tree(tree)) = &request.body {
            for leaf in walk::strings(tree, &format!("{}/requestBody", definition.pointer)) {
                if !leaf.dynamic && is_path(leaf.text) {
                    report(leaf.text, leaf.span, &leaf.pointer, found);
                }
            }
        }
    }
}

fn report<'f>(text: &str, span: Span, pointer: &str, found: &'f mut Found) -> &'f mut zis_bundle::Finding {
    let finding = found.add(span, pointer, format!("`{text}` looks like a path and is sent as this very text"));
    finding.help = Some("end the key in `.$` to send what stands at the path".into());
    finding
}

fn is_plain_path(entry: &Entry) -> bool {
    !entry.value.dynamic && is_path(&entry.value.text)
}

fn is_path(text: &str) -> bool {
    (text.starts_with("$.") || text.starts_with("$[")) && Path::parse(text).is_ok()
}
