//! A placeholder in `Parameters` stands under a key without `.$`, so it stays as it is.
//!
//! # What it checks
//!
//! `{{$.path}}` in a string of a state's `Parameters` whose key doesn't end in `.$`. (In the definition of an action, placeholders
//! work with and without the suffix.)
//!
//! # Why
//!
//! ZIS substitutes nothing there: the action receives the braces, and nothing fails.
//!
//! # Example
//!
//! ```json
//! "Parameters": {"subject": "Order {{$.input.order_id}}"}
//! ```
//!
//! # Instead
//!
//! ```json
//! "Parameters": {"subject.$": "Order {{$.input.order_id}}"}
//! ```

use zis_bundle::{Span, Template, finding::Fix, flow::StateKind, walk};

use crate::rule::{Context, Found};

pub fn check(context: &Context, found: &mut Found) {
    for place in context.states() {
        let StateKind::Action(action) = &place.state.kind else { continue };
        let Some(parameters) = &action.parameters else { continue };
        for leaf in walk::strings(parameters, &format!("{}/Parameters", place.state.pointer)) {
            let is_template = || Template::parse(leaf.text).is_ok_and(|template| template.paths().next().is_some());
            if leaf.dynamic || !leaf.text.contains("{{") || !is_template() {
                continue;
            }
            let message = "the placeholder is not filled in: in `Parameters` that takes a key ending in `.$`";
            let finding = found.add(leaf.span, &leaf.pointer, message);
            finding.help = Some("end the key in `.$`".into());
            if let Some((key, span)) = leaf.key {
                let edits = vec![(Span::new(span.end - 1, span.end - 1), ".$".into())];
                finding.fix = Some(Fix { title: format!("rename the key to `{key}.$`"), edits, safe: false });
            }
        }
    }
}
