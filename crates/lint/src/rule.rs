//! What a rule is, and what it is given.

use std::collections::{HashMap, HashSet};

use zis_bundle::{
    Action, Bundle, Finding, Flow, JobSpec, Reading, Severity, Span,
    flow::{State, StateKind, StateMachine},
    json::push_pointer,
    name::ResourceName,
};

use crate::analysis::{
    Document, Machine, Shape, Use, events, in_definition, in_state,
    shape::{NUMBER, OBJECT, STRING},
};

/// One rule: its code, its page (the `//!` of its file), and its check.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    pub code: &'static str,
    /// Kebab-case; describes the fault.
    pub name: &'static str,
    pub severity: Severity,
    /// The source of the rule's file; its `//!` lines are the manual page.
    pub(crate) source: &'static str,
    pub(crate) check: fn(&Context, &mut Found),
}

/// Collects the findings of one rule.
pub struct Found {
    rule: Rule,
    pub(crate) findings: Vec<Finding>,
}

impl Found {
    pub(crate) fn new(rule: Rule) -> Self {
        Self { rule, findings: Vec::new() }
    }

    /// Adds a finding of this rule; more can be said about it through what is returned.
    pub(crate) fn add(&mut self, span: Span, pointer: &str, message: impl Into<String>) -> &mut Finding {
        let finding = Finding::new(self.rule.code, self.rule.severity, span, message).at(pointer);
        self.findings.push(finding);
        let last = self.findings.len() - 1;
        &mut self.findings[last]
    }
}

/// What the rules look at.
pub struct Context<'c> {
    pub text: &'c str,
    pub reading: &'c Reading,
    pub bundle: &'c Bundle,
    pub flows: Vec<FlowView<'c>>,
    /// What each action's definition reads, by the action's name.
    definitions: HashMap<&'c str, Definition<'c>>,
}

/// A flow, the job specs that start it, and its machine as a graph.
pub struct FlowView<'c> {
    pub flow: &'c Flow,
    /// JSON pointer of the flow's definition.
    pub pointer: String,
    pub job_specs: Vec<&'c JobSpec>,
    pub machine: Machine<'c>,
    /// No state was left out for its faults: what follows from the whole of the machine can be trusted.
    pub complete: bool,
}

/// A custom action and what its definition reads.
pub struct Definition<'c> {
    pub action: &'c Action,
    /// JSON pointer of the definition.
    pub pointer: String,
    pub uses: Vec<Use>,
}

/// One state in its flow and machine.
#[derive(Clone, Copy)]
pub struct Place<'v, 'c> {
    pub view: &'v FlowView<'c>,
    pub machine: &'v Machine<'c>,
    pub at: usize,
    pub state: &'c State,
}

impl<'c> Context<'c> {
    pub(crate) fn new(text: &'c str, reading: &'c Reading, bundle: &'c Bundle) -> Self {
        let faulty = faulty_resources(&reading.findings);
        let flows = bundle.flows.iter().map(|flow| view(bundle, flow, &faulty)).collect();
        let definition = |action: &'c Action| {
            let pointer = definition_pointer(&action.key);
            let uses = in_definition(text, action, &pointer);
            (&*action.name.value, Definition { action, pointer, uses })
        };
        let definitions = bundle.actions.iter().map(definition).collect();
        Self { text, reading, bundle, flows, definitions }
    }

    /// The definition that an `ActionName` means, when this bundle holds it.
    pub fn definition(&self, action_name: &str) -> Option<&Definition<'c>> {
        let name = ResourceName::parse(action_name)?;
        self.definitions.get(&*name.name).filter(|_| name.integration != "common")
    }

    pub fn definitions(&self) -> impl Iterator<Item = &Definition<'c>> {
        self.bundle.actions.iter().filter_map(|action| self.definitions.get(&*action.name.value))
    }

    /// Every state of every flow, those of Map iterators included.
    pub fn states(&self) -> impl Iterator<Item = Place<'_, 'c>> {
        self.flows.iter().flat_map(|view| {
            view.machine.all().into_iter().flat_map(move |machine| {
                let states = machine.definition.states.iter().enumerate();
                states.map(move |(at, state)| Place { view, machine, at, state })
            })
        })
    }

    /// Every machine of the flows that have no faults.
    pub fn complete_machines(&self) -> impl Iterator<Item = (&FlowView<'c>, &Machine<'c>)> {
        let views = self.flows.iter().filter(|view| view.complete);
        views.flat_map(|view| view.machine.all().into_iter().map(move |machine| (view, machine)))
    }

    /// What a state reads from `$`.
    pub fn uses(&self, state: &State) -> Vec<Use> {
        in_state(self.text, state)
    }
}

/// The keys of the resources that hold an error of the bundle.
fn faulty_resources(findings: &[Finding]) -> HashSet<String> {
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
    errors.filter_map(|finding| finding.pointer.split('/').nth(2).map(str::to_owned)).collect()
}

fn view<'c>(bundle: &'c Bundle, flow: &'c Flow, faulty: &HashSet<String>) -> FlowView<'c> {
    let names_flow =
        |spec: &&JobSpec| ResourceName::parse(&spec.flow_name.value).is_some_and(|name| name.name == flow.name.value);
    let job_specs: Vec<_> = bundle.job_specs.iter().filter(names_flow).collect();
    let mut token = String::new();
    push_pointer(&mut token, &flow.key);
    let complete = !faulty.contains(token.trim_start_matches('/'));
    let machine = Machine::new(&flow.definition, Document::new(first_document(&job_specs)), false);
    FlowView { flow, pointer: definition_pointer(&flow.key), job_specs, machine, complete }
}

/// `$` when a flow starts (spec 3.1): what the event types of its job specs hold.
fn first_document(job_specs: &[&JobSpec]) -> Shape {
    let inputs = job_specs.iter().map(|spec| events::payload(&spec.event_source.value, &spec.event_type.value));
    let input = inputs.map(|shape| shape.unwrap_or_else(Shape::any)).reduce(|one, other| one.join(&other));
    Shape::object([
        ("account_id", Shape::of(NUMBER)),
        ("integration_key", Shape::of(STRING)),
        ("subdomain", Shape::of(STRING)),
        ("input", input.unwrap_or_else(Shape::any)),
        ("connections", Shape::of(OBJECT)),
    ])
}

fn definition_pointer(key: &str) -> String {
    let mut pointer = "/resources".to_owned();
    push_pointer(&mut pointer, key);
    pointer + "/properties/definition"
}

/// The states of a machine and of the machines inside of it.
pub fn all_states(machine: &StateMachine) -> Vec<&State> {
    let mut states: Vec<&State> = machine.states.iter().collect();
    for state in &machine.states {
        if let StateKind::Map(map) = &state.kind {
            states.extend(all_states(&map.iterator));
        }
    }
    states
}
