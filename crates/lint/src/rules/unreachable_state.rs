//! A state that no route from `StartAt` leads to.
//!
//! # What it checks
//!
//! Every state of a machine is followed from `StartAt` through `Next`, the rules and `Default` of Choice states, and every
//! `Catch`.
//!
//! # Why
//!
//! It never runs. Usually a `Next` was forgotten or names another state.
//!
//! # Example
//!
//! ```json
//! "StartAt": "A", "States": {"A": {"Type": "Succeed"}, "B": {"Type": "Succeed"}}
//! ```
//!
//! # Instead
//!
//! Lead to it from the state that should come before, or remove it.

use crate::rule::{Context, Found};

pub fn check(context: &Context, found: &mut Found) {
    for (_, machine) in context.complete_machines() {
        for (at, state) in machine.definition.states.iter().enumerate() {
            if !machine.reachable[at] {
                let message = format!("no route leads to `{}`", state.name.value);
                let finding = found.add(state.name.span, &state.pointer, message);
                finding.help = Some("lead to it with `Next`, a rule, `Default` or a `Catch`, or remove it".into());
            }
        }
    }
}
