//! A call that changes something can be made twice.
//!
//! # What it checks
//!
//! A POST or PATCH action that stands in a loop, or that another HTTP action follows.
//!
//! # Why
//!
//! After a 429, a 5xx or a network error ZIS runs the whole flow again from its start, up to four times: what was sent before
//! the failing action is then sent once more.
//!
//! # Example
//!
//! `CreateOrder` (POST), then `Notify` (POST): when `Notify` gets a 503, the order is created again.
//!
//! # Instead
//!
//! Let the receiver recognise a repeat (an `Idempotency-Key` header, an external id), look first whether it was done, or put the call
//! that must not be repeated last.

use zis_bundle::{
    action::Method,
    flow::{State, StateKind},
};

use crate::{
    analysis::Machine,
    rule::{Context, Found},
};

pub fn check(context: &Context, found: &mut Found) {
    for (_, machine) in context.complete_machines() {
        let loops = machine.loops();
        let followed = followed_by_call(context, machine);
        for (at, state, _) in machine.live_states() {
            let Some(method) = method(context, state).filter(|method| matches!(method, Method::Post | Method::Patch))
            else {
                continue;
            };
            if has_key(context, state) {
                continue;
            }
            let looping = loops.iter().any(|states| states.binary_search(&at).is_ok());
            let Some(message) = (if looping {
                Some(format!("this {} stands in a loop; every round sends it again", method.as_str()))
            } else {
                followed[at].map(|next| {
                    let next = &machine.state(next).name.value;
                    format!(
                        "when `{next}` fails for a while, the flow runs again and this {} is sent twice",
                        method.as_str()
                    )
                })
            }) else {
                continue;
            };
            let finding = found.add(state.name.span, &state.pointer, message);
            finding.help = Some("send an `Idempotency-Key`, or check first whether it was done".into());
        }
    }
}

/// The request's method, for a state with a custom action of this bundle.
fn method(context: &Context, state: &State) -> Option<Method> {
    let StateKind::Action(action) = &state.kind else { return None };
    Some(context.definition(&action.action.value)?.action.definition.method.value)
}

fn has_key(context: &Context, state: &State) -> bool {
    let StateKind::Action(action) = &state.kind else { return false };
    context.definition(&action.action.value).is_some_and(|definition| {
        let mut headers = definition.action.definition.headers.iter();
        headers.any(|entry| entry.key.value.to_ascii_lowercase().contains("idempotency"))
    })
}

/// For each state an HTTP call that some route reaches after it.
fn followed_by_call(context: &Context, machine: &Machine) -> Vec<Option<usize>> {
    let calls: Vec<bool> = machine.definition.states.iter().map(|state| method(context, state).is_some()).collect();
    let mut followed: Vec<Option<usize>> = vec![None; calls.len()];
    let mut back = vec![Vec::new(); calls.len()];
    for (from, edges) in machine.edges.iter().enumerate() {
        edges.iter().for_each(|edge| back[edge.to].push(from));
    }
    let mut waiting: Vec<usize> = (0..calls.len()).filter(|at| calls[*at]).collect();
    while let Some(at) = waiting.pop() {
        let call = if calls[at] { Some(at) } else { followed[at] };
        for from in &back[at] {
            if followed[*from].is_none() {
                followed[*from] = call;
                waiting.push(*from);
            }
        }
    }
    followed
}
