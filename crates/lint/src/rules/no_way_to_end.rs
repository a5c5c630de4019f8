//! A loop that nothing leads out of.
//!
//! # What it checks
//!
//! States from which no route leads to a Succeed or Fail state or to `"End": true`.
//!
//! # Why
//!
//! The flow runs until its time or its transitions are used up, then fails.
//!
//! # Example
//!
//! ```json
//! "A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Wait", "Seconds": 1, "Next": "A"}
//! ```
//!
//! # Instead
//!
//! Put a Choice state into the loop that leaves it.

use crate::rule::{Context, Found};

pub fn check(context: &Context, found: &mut Found) {
    for (_, machine) in context.complete_machines() {
        let can_end = machine.can_end();
        for states in machine.loops() {
            let first = states[0];
            let inner = |at: &usize| {
                machine.edges[*at].iter().all(|edge| machine.components[edge.to] == machine.components[first])
            };
            // A loop that leads on to another endless one is not to blame.
            if can_end[first] || !machine.reachable[first] || !states.iter().all(inner) {
                continue;
            }
            let state = machine.state(first);
            let message = format!("the flow never ends once it has come to `{}`", state.name.value);
            let finding = found.add(state.name.span, &state.pointer, message);
            finding.help = Some("lead out of the loop with a Choice state".into());
            let others =
                states.iter().skip(1).take(8).map(|at| (machine.state(*at).name.span, "in the same loop".into()));
            finding.related.extend(others);
        }
    }
}
