//! A jq program into which data is pasted.
//!
//! # What it checks
//!
//! `expr.$` of a Jq action with placeholders.
//!
//! # Why
//!
//! The text at the path becomes part of the program before it is compiled: a quote or a line break in a comment breaks it, and whoever
//! writes the comment can write jq.
//!
//! # Example
//!
//! ```json
//! {"expr.$": ".comment = \"{{$.input.ticket_event.comment.body}}\"", "data.$": "$.ticket"}
//! ```
//!
//! # Instead
//!
//! ```json
//! {"expr": ".ticket.comment = .input.ticket_event.comment.body | .ticket", "data.$": "$"}
//! ```

use zis_bundle::{Template, built_in::JQ, flow::StateKind};

use crate::rule::{Context, Found};

pub fn check(context: &Context, found: &mut Found) {
    for place in context.states() {
        let StateKind::Action(action) = &place.state.kind else { continue };
        let parameters = action.parameters.as_ref().filter(|_| action.action.value == JQ);
        let Some(program) = parameters.and_then(|parameters| parameters.get("expr.$")) else { continue };
        let Some(template) = program.as_str().and_then(|text| Template::parse(text).ok()) else { continue };
        // A program that comes from a path as a whole is somebody's configuration.
        if template.paths().next().is_some() && template.parts.len() > 1 {
            let message = "data is pasted into the jq program as it is; quotes and line breaks in it break the program";
            let finding = found.add(program.span, &format!("{}/Parameters/expr.$", place.state.pointer), message);
            finding.help = Some("take the value from `data` inside of the program instead".into());
        }
    }
}
