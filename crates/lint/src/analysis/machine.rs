//! A machine as a graph: who leads where, what can be reached, which states form loops.

use std::collections::HashMap;

use zis_bundle::flow::{State, StateKind, StateMachine, Transition};

use super::document::{self, Document};
use crate::analysis::Shape;

/// How one state leads to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Via {
    Next,
    /// Rule number … of a Choice.
    Rule(usize),
    Default,
    /// Catch number ….
    Catch(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    pub to: usize,
    pub via: Via,
}

/// One machine (a flow's, or a Map's Iterator) and all that the rules ask about it.
#[derive(Debug)]
pub struct Machine<'b> {
    pub definition: &'b StateMachine,
    /// It is the Iterator of a Map.
    pub inner: bool,
    /// By state, in the order written.
    pub edges: Vec<Vec<Edge>>,
    pub reachable: Vec<bool>,
    /// What `$` may hold when a state begins; `None` for states that can't be reached.
    pub documents: Vec<Option<Document>>,
    /// The strongly connected component of each state; components of several states (or a state that leads to itself) are
    /// loops.
    pub components: Vec<usize>,
    /// The machines of this machine's Maps, with the state's number.
    pub iterators: Vec<(usize, Machine<'b>)>,
}

impl<'b> Machine<'b> {
    /// `document` is what `$` holds at the start.
    pub fn new(definition: &'b StateMachine, document: Document, inner: bool) -> Self {
        let index: HashMap<&str, usize> =
            definition.states.iter().enumerate().map(|(at, state)| (&*state.name.value, at)).collect();
        let edges: Vec<_> = definition.states.iter().map(|state| edges(state, &index)).collect();
        let start = index.get(&*definition.start_at.value).copied();
        let reachable = reach(&edges, start);
        let documents = document::flow(&definition.states, &edges, start, document);
        let iterators = definition.states.iter().enumerate().filter_map(|(at, state)| {
            let StateKind::Map(map) = &state.kind else { return None };
            let items = documents[at].as_ref().map(|document| document.items(&map.items_path.value));
            let item = items.unwrap_or_else(Shape::any);
            Some((at, Machine::new(&map.iterator, Document::new(item), true)))
        });
        let iterators = iterators.collect();
        let components = components(&edges);
        Self { definition, inner, edges, reachable, documents, components, iterators }
    }

    /// This machine and every one inside of it.
    pub fn all(&self) -> Vec<&Machine<'b>> {
        let mut machines = vec![self];
        for (_, iterator) in &self.iterators {
            machines.extend(iterator.all());
        }
        machines
    }

    pub fn state(&self, at: usize) -> &'b State {
        &self.definition.states[at]
    }

    /// The states that can be reached, with their numbers and documents.
    pub fn live_states(&self) -> impl Iterator<Item = (usize, &'b State, &Document)> {
        let documents = self.documents.iter().enumerate();
        documents.filter_map(|(at, document)| document.as_ref().map(|document| (at, self.state(at), document)))
    }

    /// The loops: the numbers of the states of each.
    pub fn loops(&self) -> Vec<Vec<usize>> {
        let mut members: HashMap<usize, Vec<usize>> = HashMap::new();
        for (state, component) in self.components.iter().enumerate() {
            members.entry(*component).or_default().push(state);
        }
        let is_loop =
            |states: &Vec<usize>| states.len() > 1 || self.edges[states[0]].iter().any(|edge| edge.to == states[0]);
        let mut loops: Vec<_> = members.into_values().filter(is_loop).collect();
        loops.sort();
        loops
    }

    /// Whether each state can reach the end of the machine.
    pub fn can_end(&self) -> Vec<bool> {
        let mut back = vec![Vec::new(); self.edges.len()];
        for (from, edges) in self.edges.iter().enumerate() {
            for edge in edges {
                back[edge.to].push(Edge { to: from, via: edge.via });
            }
        }
        let mut ends = vec![false; self.edges.len()];
        for at in 0..ends.len() {
            if !ends[at] && self.state(at).kind.is_end() {
                mark(&back, at, &mut ends);
            }
        }
        ends
    }
}

/// The transitions of one state; targets that don't exist are left out.
fn edges(state: &State, index: &HashMap<&str, usize>) -> Vec<Edge> {
    let mut edges = Vec::new();
    let mut add = |name: &str, via: Via| edges.extend(index.get(name).map(|to| Edge { to: *to, via }));
    if let StateKind::Choice(choice) = &state.kind {
        choice.rules.iter().enumerate().for_each(|(at, rule)| add(&rule.next.value, Via::Rule(at)));
        choice.default.iter().for_each(|default| add(&default.value, Via::Default));
    }
    if let Some(Transition::Next(next)) = state.kind.transition() {
        add(&next.value, Via::Next);
    }
    state.kind.catches().iter().enumerate().for_each(|(at, catch)| add(&catch.next.value, Via::Catch(at)));
    edges
}

fn reach(edges: &[Vec<Edge>], start: Option<usize>) -> Vec<bool> {
    let mut reached = vec![false; edges.len()];
    if let Some(start) = start {
        mark(edges, start, &mut reached);
    }
    reached
}

/// Marks everything that can be reached from `start`.
fn mark(edges: &[Vec<Edge>], start: usize, marked: &mut [bool]) {
    let mut stack = vec![start];
    while let Some(at) = stack.pop() {
        if !std::mem::replace(&mut marked[at], true) {
            stack.extend(edges[at].iter().map(|edge| edge.to));
        }
    }
}

/// Tarjan's strongly connected components, without recursion.
fn components(edges: &[Vec<Edge>]) -> Vec<usize> {
    const UNSEEN: usize = usize::MAX;
    let mut order = vec![UNSEEN; edges.len()];
    let mut low = vec![0; edges.len()];
    let mut component = vec![UNSEEN; edges.len()];
    let mut open = Vec::new();
    let (mut clock, mut count) = (0, 0);
    for root in 0..edges.len() {
        if order[root] != UNSEEN {
            continue;
        }
        let mut calls = vec![(root, 0)];
        while let Some((at, next)) = calls.pop() {
            if next == 0 {
                order[at] = clock;
                low[at] = clock;
                clock += 1;
                open.push(at);
            } else {
                let done = edges[at][next - 1].to;
                low[at] = low[at].min(low[done]);
            }
            let unseen = (next..edges[at].len()).find(|edge| {
                let to = edges[at][*edge].to;
                if order[to] != UNSEEN && component[to] == UNSEEN {
                    low[at] = low[at].min(order[to]);
                }
                order[to] == UNSEEN
            });
            if let Some(edge) = unseen {
                calls.push((at, edge + 1));
                calls.push((edges[at][edge].to, 0));
            } else if low[at] == order[at] {
                while let Some(member) = open.pop() {
                    component[member] = count;
                    if member == at {
                        break;
                    }
                }
                count += 1;
            }
        }
    }
    component
}
