//! From a flow's definition to boxes and ways, with the words that stand on them.

use zis_bundle::flow::{
    ActionState, Catch, Comparison, Condition, Flow, Operand, Order, StateKind, StateMachine, Transition,
};

use super::{Node, Picture, Way, WayKind};

/// Characters of a way's label.
const LABEL: usize = 42;

pub(super) fn picture(flow: &Flow) -> Picture {
    let mut picture = Picture::default();
    machine(&flow.definition, None, &mut picture);
    picture
}

fn machine(machine_: &StateMachine, parent: Option<&str>, picture: &mut Picture) {
    let place = |name: &str| parent.map_or_else(|| name.to_owned(), |parent| format!("{parent}/{name}"));
    for state in &machine_.states {
        let name = &state.name.value;
        let here = place(name);
        picture.nodes.push(Node {
            place: here.clone(),
            name: name.clone(),
            kind: state.kind.type_name(),
            parent: parent.map(str::to_owned),
            frame: matches!(state.kind, StateKind::Map(_)),
            start: machine_.start_at.value == *name,
        });
        let mut way = |to: &str, label: String, kind| {
            picture.ways.push(Way { from: here.clone(), to: place(to), label, kind });
        };
        match &state.kind {
            StateKind::Choice(choice) => {
                for rule in &choice.rules {
                    way(&rule.next.value, cut(&condition(&rule.condition)), WayKind::Rule);
                }
                if let Some(default) = &choice.default {
                    way(&default.value, "otherwise".to_owned(), WayKind::Default);
                }
            }
            StateKind::Action(ActionState { transition, catch, .. }) => ways(transition, catch, &mut way),
            StateKind::Map(map) => {
                ways(&map.transition, &map.catch, &mut way);
                machine(&map.iterator, Some(&here), picture);
            }
            StateKind::Wait(wait) => ways(&wait.transition, &[], &mut way),
            StateKind::Pass(pass) => ways(&pass.transition, &[], &mut way),
            StateKind::Succeed { .. } | StateKind::Fail { .. } => {}
        }
    }
}

fn ways(transition: &Transition, catch: &[Catch], way: &mut dyn FnMut(&str, String, WayKind)) {
    if let Transition::Next(next) = transition {
        way(&next.value, String::new(), WayKind::Next);
    }
    if let Some(catch) = catch.first() {
        way(&catch.next.value, "on error".to_owned(), WayKind::Catch);
    }
}

/// `$.amount <= 100`.
pub(super) fn condition(condition_: &Condition) -> String {
    let join = |parts: &[Condition], word: &str| parts.iter().map(condition).collect::<Vec<_>>().join(word);
    match condition_ {
        Condition::And(parts) => join(parts, " and "),
        Condition::Or(parts) => join(parts, " or "),
        Condition::Not(part) => format!("not ({})", condition(part)),
        Condition::Test(test) => {
            let variable = test.variable.value.to_string();
            match &test.comparison {
                Comparison::String(order, operand_) => {
                    format!("{variable} {} {}", sign(*order), operand(operand_, |text| format!("\"{text}\"")))
                }
                Comparison::Numeric(order, operand_) => {
                    format!("{variable} {} {}", sign(*order), operand(operand_, |number| number.0.to_string()))
                }
                Comparison::Boolean(operand_) => format!("{variable} = {}", operand(operand_, bool::to_string)),
                Comparison::Timestamp(order, text) => format!("{variable} {} {text}", sign(*order)),
                Comparison::IsPresent(yes) => format!("{variable} is {}present", if *yes { "" } else { "not " }),
                Comparison::IsNull(yes) => format!("{variable} is {}null", if *yes { "" } else { "not " }),
            }
        }
    }
}

fn operand<T>(operand_: &Operand<T>, text: impl Fn(&T) -> String) -> String {
    match operand_ {
        Operand::Value(value) => text(value),
        Operand::Path(path) => path.value.to_string(),
    }
}

fn sign(order: Order) -> &'static str {
    match order {
        Order::Equals => "=",
        Order::LessThan => "<",
        Order::GreaterThan => ">",
        Order::LessThanEquals => "≤",
        Order::GreaterThanEquals => "≥",
    }
}

/// The end of a long path says more than its beginning.
fn cut(text: &str) -> String {
    let count = text.chars().count();
    if count <= LABEL {
        return text.to_owned();
    }
    std::iter::once('…').chain(text.chars().skip(count - LABEL)).collect()
}
