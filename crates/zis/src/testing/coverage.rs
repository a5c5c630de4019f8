//! Which states, Choice branches and Catches the cases of a bundle have taken.

use std::collections::BTreeSet;

use zis_bundle::{
    Bundle, Flow,
    flow::{State, StateKind, StateMachine},
};
use zis_flow::trace::Visit;

/// Coverage of one flow.
#[derive(Debug)]
pub struct Coverage {
    pub flow: String,
    pub states: (usize, usize),
    pub branches: (usize, usize),
    /// What no case took: `state X`, `branch X → Y`, `catch X → Y`.
    pub missed: Vec<String>,
}

/// Coverage of each flow of `bundle` by the visits of the cases that ran it.
pub fn of(bundle: &Bundle, visits: &[(String, Vec<Visit>)]) -> Vec<Coverage> {
    bundle.flows.iter().map(|flow| of_flow(flow, visits)).collect()
}

fn of_flow(flow: &Flow, visits: &[(String, Vec<Visit>)]) -> Coverage {
    let visits = visits.iter().filter(|(name, _)| *name == flow.name.value).flat_map(|(_, visits)| visits);
    let mut seen = BTreeSet::new();
    let mut taken = BTreeSet::new();
    for visit in visits {
        seen.insert(visit.state.clone());
        if let Some(next) = &visit.next {
            taken.insert((visit.state.clone(), visit.error.is_some(), next.clone()));
        }
    }
    let mut coverage = Coverage { flow: flow.name.value.clone(), states: (0, 0), branches: (0, 0), missed: Vec::new() };
    machine(&flow.definition, &seen, &taken, &mut coverage);
    coverage
}

fn machine(
    machine_: &StateMachine,
    seen: &BTreeSet<String>,
    taken: &BTreeSet<(String, bool, String)>,
    coverage: &mut Coverage,
) {
    for state in &machine_.states {
        let name = &state.name.value;
        coverage.states.1 += 1;
        if seen.contains(name) {
            coverage.states.0 += 1;
        } else {
            coverage.missed.push(format!("state {name}"));
        }
        for (kind, caught, target) in branches(state) {
            coverage.branches.1 += 1;
            if taken.contains(&(name.clone(), caught, target.clone())) {
                coverage.branches.0 += 1;
            } else {
                coverage.missed.push(format!("{kind} {name} → {target}"));
            }
        }
        if let StateKind::Map(map) = &state.kind {
            machine(&map.iterator, seen, taken, coverage);
        }
    }
}

/// Every way out that a condition or an error decides, each target once.
fn branches(state: &State) -> Vec<(&'static str, bool, String)> {
    let mut ways: Vec<(&'static str, bool, String)> = match &state.kind {
        StateKind::Choice(choice) => {
            let targets = choice.rules.iter().map(|rule| &rule.next).chain(&choice.default);
            targets.map(|target| ("branch", false, target.value.clone())).collect()
        }
        StateKind::Action(action) => {
            action.catch.iter().take(1).map(|catch| ("catch", true, catch.next.value.clone())).collect()
        }
        StateKind::Map(map) => {
            map.catch.iter().take(1).map(|catch| ("catch", true, catch.next.value.clone())).collect()
        }
        _ => Vec::new(),
    };
    ways.dedup();
    ways
}
