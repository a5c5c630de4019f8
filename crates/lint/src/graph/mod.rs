//! A flow as a graph of states, for pictures: as data, as Mermaid, as DOT.

mod dot;
mod mermaid;

use std::collections::HashMap;

use zis_bundle::{
    Flow,
    flow::{Comparison, Condition, Operand, Order, State, StateKind, StateMachine, Transition},
};

pub use dot::dot;
pub use mermaid::mermaid;

/// The states of a flow and of the machines inside its Maps.
#[derive(Debug, Clone, PartialEq)]
pub struct Graph {
    pub nodes: Vec<Node>,
    pub edges: Vec<Edge>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub name: String,
    /// `Action`, `Choice`, ….
    pub kind: &'static str,
    /// The action of an Action state, short.
    pub detail: Option<String>,
    /// The Map that this state is inside of.
    pub parent: Option<usize>,
    /// Its machine starts here.
    pub start: bool,
    /// The machine may end here.
    pub end: bool,
    /// JSON pointer of the state.
    pub pointer: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Edge {
    pub from: usize,
    pub to: usize,
    pub kind: EdgeKind,
    /// The condition of a rule, in words.
    pub label: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EdgeKind {
    Next,
    Rule,
    Default,
    Catch,
}

impl Graph {
    pub fn new(flow: &Flow) -> Self {
        let mut graph = Graph { nodes: Vec::new(), edges: Vec::new() };
        graph.add_machine(&flow.definition, None);
        graph
    }

    fn add_machine(&mut self, machine: &StateMachine, parent: Option<usize>) {
        let first = self.nodes.len();
        let index: HashMap<&str, usize> =
            machine.states.iter().enumerate().map(|(at, state)| (&*state.name.value, first + at)).collect();
        self.nodes.extend(machine.states.iter().map(|state| Node {
            name: state.name.value.clone(),
            kind: state.kind.type_name(),
            detail: detail(&state.kind),
            parent,
            start: state.name.value == machine.start_at.value,
            end: state.kind.is_end(),
            pointer: state.pointer.clone(),
        }));
        for (at, state) in machine.states.iter().enumerate() {
            self.add_edges(first + at, state, &index);
            if let StateKind::Map(map) = &state.kind {
                self.add_machine(&map.iterator, Some(first + at));
            }
        }
    }

    fn add_edges(&mut self, from: usize, state: &State, index: &HashMap<&str, usize>) {
        let mut add = |name: &str, kind: EdgeKind, label: Option<String>| {
            self.edges.extend(index.get(name).map(|to| Edge { from, to: *to, kind, label }));
        };
        if let StateKind::Choice(choice) = &state.kind {
            for rule in &choice.rules {
                add(&rule.next.value, EdgeKind::Rule, Some(describe(&rule.condition)));
            }
            choice.default.iter().for_each(|default| add(&default.value, EdgeKind::Default, None));
        }
        if let Some(Transition::Next(next)) = state.kind.transition() {
            add(&next.value, EdgeKind::Next, None);
        }
        state.kind.catches().iter().for_each(|catch| add(&catch.next.value, EdgeKind::Catch, None));
    }
}

fn detail(kind: &StateKind) -> Option<String> {
    match kind {
        StateKind::Action(action) => action.action.value.rsplit(':').next().map(str::to_owned),
        _ => None,
    }
}

/// A condition in words: `$.amount <= 100 and $.kind = "refund"`.
pub fn describe(condition: &Condition) -> String {
    let join = |inner: &[Condition], word: &str| inner.iter().map(describe).collect::<Vec<_>>().join(word);
    match condition {
        Condition::And(inner) => join(inner, " and "),
        Condition::Or(inner) => format!("({})", join(inner, " or ")),
        Condition::Not(inner) => format!("not ({})", describe(inner)),
        Condition::Test(test) => {
            let variable = &test.variable.value;
            match &test.comparison {
                Comparison::String(order, operand) => {
                    format!("{variable} {} {}", sign(*order), shown(operand, |text| format!("\"{text}\"")))
                }
                Comparison::Numeric(order, operand) => {
                    format!("{variable} {} {}", sign(*order), shown(operand, |number| number.0.to_string()))
                }
                Comparison::Boolean(operand) => format!("{variable} = {}", shown(operand, |value| value.to_string())),
                Comparison::Timestamp(order, time) => format!("{variable} {} {time}", sign(*order)),
                Comparison::IsPresent(true) => format!("{variable} is present"),
                Comparison::IsPresent(false) => format!("{variable} is missing"),
                Comparison::IsNull(true) => format!("{variable} is null"),
                Comparison::IsNull(false) => format!("{variable} is not null"),
            }
        }
    }
}

fn shown<T>(operand: &Operand<T>, show: impl Fn(&T) -> String) -> String {
    match operand {
        Operand::Value(value) => show(value),
        Operand::Path(path) => path.value.to_string(),
    }
}

fn sign(order: Order) -> &'static str {
    match order {
        Order::Equals => "=",
        Order::LessThan => "<",
        Order::GreaterThan => ">",
        Order::LessThanEquals => "<=",
        Order::GreaterThanEquals => ">=",
    }
}

/// The label of an edge in a picture.
pub fn label(edge: &Edge) -> &str {
    match edge.kind {
        EdgeKind::Next => "",
        EdgeKind::Rule => edge.label.as_deref().unwrap_or_default(),
        EdgeKind::Default => "otherwise",
        EdgeKind::Catch => "on error",
    }
}
