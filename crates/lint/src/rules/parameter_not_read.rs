//! A state passes a parameter that the action's definition never reads.
//!
//! # What it checks
//!
//! For each Action state with a custom action of this bundle: every member of `Parameters` that no path of the definition
//! begins with.
//!
//! # Why
//!
//! It has no effect. Often the definition spells it differently, or the body that should carry it was forgotten.
//!
//! # Example
//!
//! ```json
//! "definition": {"method": "POST", "path": "/api/v2/tickets.json", "requestBody": {"ticket": {"subject.$": "$.subject"}}}
//! ```
//!
//! ```json
//! "Parameters": {"subject": "Refund", "priority": "high"}
//! ```
//!
//! # Instead
//!
//! Use it in the definition, or don't pass it.

use zis_bundle::{flow::StateKind, json::push_pointer, path::Segment, suggest::nearest, walk::dynamic_key};

use crate::rule::{Context, Definition, Found};

pub fn check(context: &Context, found: &mut Found) {
    for place in context.states() {
        let StateKind::Action(action) = &place.state.kind else { continue };
        let (Some(parameters), Some(definition)) = (&action.parameters, context.definition(&action.action.value))
        else {
            continue;
        };
        let Some(read) = keys_read(definition) else { continue };
        for member in parameters.members() {
            let key = dynamic_key(&member.key).unwrap_or(&member.key);
            if read.contains(&key) {
                continue;
            }
            let mut pointer = format!("{}/Parameters", place.state.pointer);
            push_pointer(&mut pointer, &member.key);
            let message = format!("the action `{}` never reads `{key}`", definition.action.name.value);
            let finding = found.add(member.key_span, &pointer, message);
            finding.related.push((definition.action.name.span, "this action".into()));
            finding.help = Some(match nearest(key, read.iter().copied()) {
                Some(near) => format!("it reads `{near}`"),
                None => "read it in the definition as `{{$.…}}`, or don't pass it".into(),
            });
        }
    }
}

/// The members that the definition reads; `None` when it takes all of them at once.
fn keys_read<'d>(definition: &'d Definition) -> Option<Vec<&'d str>> {
    let first = |used: &'d crate::analysis::Use| match used.path.segments.first() {
        Some(Segment::Key(key)) => Some(&**key),
        _ => None,
    };
    definition.uses.iter().map(first).collect()
}
