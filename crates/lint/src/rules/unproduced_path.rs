//! A path that nothing before it can have written.
//!
//! # What it checks
//!
//! Every path that a state reads (in `Parameters`, a Choice's `Variable`, `ItemsPath`, `SecondsPath`, `Message`, `Error` and
//! `Cause`) is looked up in what `$` can hold there: the payload of the flow's event types, and the `ResultPath` of every state
//! on every route to it. It is reported when it is there on no route. Payloads of inbound webhooks and answers of APIs are not
//! known and never reported.
//!
//! # Why
//!
//! In an action the missing path fails the state. In a Choice it fails the flow, or with a lenient runtime takes `Default`
//! without a word: a flow with a misspelt path can run for months and do nothing.
//!
//! # Example
//!
//! ```json
//! {"Variable": "$.input.ticket_event_ticket.form_id", "NumericEquals": 42, "Next": "Handle"}
//! ```
//!
//! # Instead
//!
//! ```json
//! {"Variable": "$.input.ticket_event.ticket.form_id", "NumericEquals": 42, "Next": "Handle"}
//! ```

use zis_bundle::{
    flow::{Comparison, Condition, StateKind},
    path::{Path, Segment},
    suggest::nearest,
};

use crate::{
    analysis::{Document, Found as Lookup, Machine, Use},
    rule::{Context, FlowView, Found},
};

/// Paths considered for "did you mean".
const CANDIDATES: usize = 400;

/// Members of a ticket that no event carries although tickets have them.
const NOT_IN_SNAPSHOT: [&str; 5] = ["subject", "description", "custom_fields", "comment", "collaborator_ids"];

pub fn check(context: &Context, found: &mut Found) {
    for (view, machine) in context.complete_machines() {
        let guards = asked_for(machine);
        for (_, state, document) in machine.live_states() {
            for used in context.uses(state) {
                let guarded = used.guarded || guards.iter().any(|guard| used.path.starts_with(guard));
                if let Lookup::Never { at, .. } = document.shape.lookup(&used.path)
                    && !guarded
                    && (at > 0 || document.losses.is_empty())
                {
                    report(view, machine, document, &used, at, found);
                }
            }
        }
    }
}

fn report(view: &FlowView, machine: &Machine, document: &Document, used: &Use, at: usize, found: &mut Found) {
    let Path { segments } = &used.path;
    let broken_off = Path { segments: segments[..=at].to_vec() };
    let message = if at == 0 {
        format!("nothing before this state writes `{broken_off}`")
    } else {
        let holder = Path { segments: segments[..at].to_vec() };
        format!("`{holder}` has no `{}` on any route to this state", key(&segments[at]))
    };
    let wanted = used.path.to_string();
    let paths: Vec<_> = document.shape.known_paths(CANDIDATES).iter().map(ToString::to_string).collect();
    let near = nearest(&wanted, paths.iter().map(String::as_str))
        .map(str::to_owned)
        .or_else(|| sibling(document, segments, at));
    let help = match near {
        _ if at > 0 && NOT_IN_SNAPSHOT.contains(&&*key(&segments[at])) => {
            "events carry a snapshot without it; fetch the record with an action first".into()
        }
        Some(near) => format!("did you mean `{near}`?"),
        None if machine.inner => {
            "inside a Map `$` is the item; add what is needed to the items with a Jq action".into()
        }
        None => help(view),
    };
    found.add(used.span, &used.pointer, message).help = Some(help);
}

/// The path with its failing key replaced by the nearest key beside it.
fn sibling(document: &Document, segments: &[Segment], at: usize) -> Option<String> {
    let Lookup::Never { names, .. } = document.shape.lookup(&Path { segments: segments.to_vec() }) else { return None };
    let wanted = key(&segments[at]);
    let near = nearest(&wanted, names.iter().map(|name| &**name))?;
    let mut corrected = segments.to_vec();
    corrected[at] = Segment::Key(near.into());
    Some(Path { segments: corrected }.to_string())
}

fn help(view: &FlowView) -> String {
    let events: Vec<_> = view.job_specs.iter().map(|spec| format!("`{}`", spec.event_type.value)).collect();
    if events.is_empty() {
        "write it with a `ResultPath` before it is read".into()
    } else {
        format!("write it with a `ResultPath` before it is read, or look up what {} carries", events.join(" and "))
    }
}

fn key(segment: &Segment) -> String {
    match segment {
        Segment::Key(key) => key.to_string(),
        Segment::Index(index) => index.to_string(),
    }
}

/// The paths that some Choice of the machine asks for with `IsPresent`: whoever asks knows that they may be missing.
fn asked_for(machine: &Machine) -> Vec<Path> {
    let mut paths = Vec::new();
    for state in &machine.definition.states {
        if let StateKind::Choice(choice) = &state.kind {
            choice.rules.iter().for_each(|rule| collect(&rule.condition, &mut paths));
        }
    }
    paths
}

fn collect(condition: &Condition, paths: &mut Vec<Path>) {
    match condition {
        Condition::And(inner) | Condition::Or(inner) => inner.iter().for_each(|inner| collect(inner, paths)),
        Condition::Not(inner) => collect(inner, paths),
        Condition::Test(test) => {
            if matches!(test.comparison, Comparison::IsPresent(_)) {
                paths.push(test.variable.value.clone());
            }
        }
    }
}
