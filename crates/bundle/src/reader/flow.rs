//! `ZIS::Flow` and the machine inside: `StartAt`, `States`, and whether every target exists (spec 2.5, 3.2).

use std::collections::HashSet;

use super::{Context, Place, state};
use crate::{
    code,
    flow::{Flow, StateMachine},
    json::Kind,
    name,
    suggest::nearest,
    text::Spanned,
};

/// Names longer than this are refused, in characters (spec 2.1).
const MAX_STATE_NAME: usize = 128;

pub(super) fn read(resource: &Place, key: &str, context: &mut Context) -> Option<Flow> {
    let (properties, name) = context.named_properties(resource, name::Kind::Flow);
    let definition = context.object(&properties?, "definition", "the machine: `StartAt` and `States`")?;
    let machine = machine(&definition, context);
    Some(Flow { key: key.into(), span: resource.node.span, name: name?, definition: machine? })
}

/// A flow's `definition` or a Map's `Iterator`.
pub(super) fn machine(place: &Place, context: &mut Context) -> Option<StateMachine> {
    let start_at = context.text(place, "StartAt", "the name of the first state");
    let states_place = context.object(place, "States", "an object of states by name")?;
    if states_place.node.members().is_empty() && !context.is_broken(&states_place) {
        context.report(code::NO_STATES, &states_place, "`States` is empty", "a flow has at least one state");
    }
    let targets = Targets::new(&states_place);
    let mut states = Vec::with_capacity(states_place.node.members().len());
    for member in states_place.node.members() {
        let place = states_place.member(member);
        let name = Spanned { value: member.key.to_string(), span: member.key_span };
        context.state_name(&name, &place);
        if matches!(place.node.kind, Kind::Object(_)) {
            states.extend(state::read(&place, name, &targets, context));
        } else {
            context.wrong_type(&place, &member.key, "an object with a `Type`");
        }
    }
    let start_at = start_at?;
    context.target_exists(&start_at, place.pointer_to("StartAt"), &targets);
    Some(StateMachine { span: place.node.span, start_at, states })
}

/// The names that states of one machine can go to.
pub(super) struct Targets<'n> {
    names: HashSet<&'n str>,
}

impl<'n> Targets<'n> {
    fn new(states: &Place<'n>) -> Self {
        Self { names: states.node.members().iter().map(|member| &*member.key).collect() }
    }
}

impl Context<'_> {
    fn state_name(&mut self, name: &Spanned<String>, place: &Place) {
        let length = name.value.chars().count();
        if length == 0 || length > MAX_STATE_NAME {
            let message = format!("a state's name holds 1 to {MAX_STATE_NAME} characters, this one {length}");
            let finding = self.error(code::STATE_NAME, name.span, message).at(&*place.pointer);
            self.add(finding);
        }
    }

    /// Reports a target that names no state of this machine.
    pub(super) fn target_exists(&mut self, target: &Spanned<String>, pointer: String, targets: &Targets) {
        if targets.names.contains(&*target.value) {
            return;
        }
        let mut names: Vec<_> = targets.names.iter().copied().collect();
        names.sort_unstable();
        let help = match nearest(&target.value, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if names.len() <= 8 => format!("the states here are {}", quoted_list(&names)),
            None => "a target is a state of the same machine, spelled exactly as its key".into(),
        };
        let property = pointer.rsplit('/').next().unwrap_or_default();
        let message = format!("`{property}` names no state: `{}`", target.value);
        let finding = self.error(code::UNKNOWN_TARGET, target.span, message);
        self.add(finding.at(pointer).help(help));
    }
}

fn quoted_list(names: &[&str]) -> String {
    if names.is_empty() {
        return "none".into();
    }
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
