//! A loop that neither waits nor gets anywhere.
//!
//! # What it checks
//!
//! A loop of states with a way out, without a Wait state, in which no action reads anything that the loop itself writes: no
//! counter, no page cursor.
//!
//! # Why
//!
//! Each round does the same as the one before, as fast as it can. A flow has 100 seconds; an API answers such a loop with 429.
//!
//! # Example
//!
//! ```json
//! "Poll": {"Type": "Action", "ActionName": "zis:acme:action:get_job", "Parameters": {"id.$": "$.input.id"},
//!          "ResultPath": "$.job", "Next": "Done?"},
//! "Done?": {"Type": "Choice", "Choices": [{"Variable": "$.job.done", "BooleanEquals": true, "Next": "End"}], "Default": "Poll"}
//! ```
//!
//! # Instead
//!
//! Let `Default` go to a Wait state, and count the rounds with a Jq action.

use zis_bundle::{
    flow::{ResultPath, StateKind},
    path::Path,
};

use crate::{
    analysis::Machine,
    rule::{Context, Found},
};

pub fn check(context: &Context, found: &mut Found) {
    for (_, machine) in context.complete_machines() {
        let can_end = machine.can_end();
        for states in machine.loops() {
            let first = states[0];
            let waits = states.iter().any(|at| matches!(machine.state(*at).kind, StateKind::Wait(_)));
            if waits || !can_end[first] || !machine.reachable[first] || gets_on(context, machine, &states) {
                continue;
            }
            let state = machine.state(first);
            let message = format!("the loop through `{}` neither waits nor counts", state.name.value);
            let finding = found.add(state.name.span, &state.pointer, message);
            finding.help = Some("put a Wait state into the loop, or count the rounds with a Jq action".into());
            let others =
                states.iter().skip(1).take(8).map(|at| (machine.state(*at).name.span, "in the same loop".into()));
            finding.related.extend(others);
        }
    }
}

/// Whether some action of the loop reads what the loop writes.
fn gets_on(context: &Context, machine: &Machine, states: &[usize]) -> bool {
    let written: Vec<Path> = states.iter().filter_map(|at| written(&machine.state(*at).kind)).collect();
    states.iter().map(|at| machine.state(*at)).any(|state| {
        let acts = matches!(state.kind, StateKind::Action(_) | StateKind::Map(_));
        acts && context
            .uses(state)
            .iter()
            .any(|used| written.iter().any(|path| used.path.starts_with(path) || path.starts_with(&used.path)))
    })
}

fn written(kind: &StateKind) -> Option<Path> {
    let result_path = match kind {
        StateKind::Action(action) => &action.result_path,
        StateKind::Map(map) => &map.result_path,
        StateKind::Pass(pass) => &pass.result_path,
        _ => return None,
    };
    match result_path {
        ResultPath::At(path) => Some(path.value.clone()),
        ResultPath::Default => Some(Path::root()),
        ResultPath::Discard => None,
    }
}
