//! A state inside a Map reads what only the outer flow has.
//!
//! # What it checks
//!
//! `$.input` and `$.connections` inside an Iterator, unless a jq program of the flow puts a member of that name into the items.
//!
//! # Why
//!
//! Inside of the Iterator `$` is the item and nothing else: no event, no connections, no results of other states.
//!
//! # Example
//!
//! ```json
//! "Iterator": {"StartAt": "Send", "States": {"Send": {"Type": "Action", "ActionName": "zis:acme:action:send",
//!   "Parameters": {"ticket.$": "$.input.ticket_event.ticket.id"}, "End": true}}}
//! ```
//!
//! # Instead
//!
//! Add it to the items before the Map: `[.items[] + {ticket: $id}]`, then read `$.ticket`.

use zis_bundle::{
    flow::StateKind,
    path::{Path, Segment},
};

use crate::{
    analysis::Found as Lookup,
    rule::{Context, FlowView, Found, all_states},
};

const OUTER: [&str; 2] = ["input", "connections"];

pub fn check(context: &Context, found: &mut Found) {
    for (view, machine) in context.complete_machines().filter(|(_, machine)| machine.inner) {
        for (_, state, document) in machine.live_states() {
            for used in context.uses(state).into_iter().filter(|used| !used.guarded) {
                let Some(Segment::Key(key)) = used.path.segments.first() else { continue };
                let first = Path { segments: used.path.segments[..1].to_vec() };
                let unknown = matches!(document.shape.lookup(&first), Lookup::Maybe(_));
                if OUTER.contains(&&**key) && unknown && !put_into_items(view, key) {
                    let message = format!("inside a Map `$` is the item: `{first}` of the flow is not there");
                    let finding = found.add(used.span, &used.pointer, message);
                    finding.help = Some("add what is needed to the items with a Jq action before the Map".into());
                }
            }
        }
    }
}

/// Whether some jq program of the flow makes objects with a member of this name.
fn put_into_items(view: &FlowView, key: &str) -> bool {
    all_states(&view.flow.definition).into_iter().any(|state| {
        let StateKind::Action(action) = &state.kind else { return false };
        let parameters = action.parameters.as_ref();
        let program = parameters.and_then(|parameters| parameters.get("expr").or_else(|| parameters.get("expr.$")));
        program.and_then(|program| program.as_str()).is_some_and(|program| makes_member(program, key))
    })
}

fn makes_member(program: &str, key: &str) -> bool {
    program.match_indices(key).any(|(at, _)| {
        let before = program[..at].chars().next_back().unwrap_or(' ');
        let after = program[at + key.len()..].trim_start_matches('"').trim_start();
        !before.is_alphanumeric() && before != '.' && before != '_' && after.starts_with([':', ',', '}'])
            || before == '.' && after.starts_with(['=', '|'])
    })
}
