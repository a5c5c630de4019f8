//! An action's definition reads a parameter that the state doesn't pass.
//!
//! # What it checks
//!
//! For each Action state with a custom action of this bundle: every path of the definition (`url`, `path`, headers, query
//! parameters, body) is looked up in the state's `Parameters`. `subdomain` and `zendeskHost` are always there.
//!
//! # Why
//!
//! A definition sees its parameters only, nothing of the flow's `$`. The call fails with `Error Resolving JSON Params`.
//!
//! # Example
//!
//! ```json
//! "definition": {"method": "GET", "path.$": "/api/v2/tickets/{{$.ticket_id}}.json"}
//! ```
//!
//! ```json
//! "Parameters": {"id.$": "$.input.ticket_event.ticket.id"}
//! ```
//!
//! # Instead
//!
//! ```json
//! "Parameters": {"ticket_id.$": "$.input.ticket_event.ticket.id"}
//! ```

use std::collections::HashSet;

use zis_bundle::{
    Span,
    flow::{ActionState, StateKind},
    json::{Kind, Node},
    suggest::nearest,
    walk::dynamic_key,
};

use crate::{
    analysis::{Found as Lookup, Shape, Use},
    rule::{Context, Found, Place},
};

/// What every definition can read without being passed it (spec 2.4.2).
const IMPLICIT: [&str; 2] = ["subdomain", "zendeskHost"];

pub fn check(context: &Context, found: &mut Found) {
    for place in context.states() {
        let StateKind::Action(action) = &place.state.kind else { continue };
        let Some(definition) = context.definition(&action.action.value) else { continue };
        let passed = passed(action);
        let mut reported = HashSet::new();
        for used in &definition.uses {
            let Lookup::Never { names, .. } = passed.lookup(&used.path) else { continue };
            let first = used.path.to_string();
            if reported.insert(first) {
                let names: Vec<&str> =
                    names.iter().map(|name| &**name).filter(|name| !IMPLICIT.contains(name)).collect();
                report(&place, action, used, &names, found);
            }
        }
    }
}

/// What the parameters look like from inside the definition.
fn passed(action: &ActionState) -> Shape {
    let empty = Shape::object([]);
    let parameters = action.parameters.as_ref().map_or(empty, resolved);
    IMPLICIT.into_iter().fold(parameters, |shape, key| {
        let path = zis_bundle::Path { segments: vec![zis_bundle::path::Segment::Key(key.into())] };
        match shape.lookup(&path) {
            Lookup::Never { .. } => shape.with(&path.segments, Shape::any()),
            _ => shape,
        }
    })
}

fn resolved(node: &Node) -> Shape {
    match &node.kind {
        Kind::Object(members) => Shape::object(members.iter().map(|member| match dynamic_key(&member.key) {
            Some(key) => (key, Shape::any()),
            None => (&*member.key, resolved(&member.value)),
        })),
        Kind::Array(_) => Shape::any(),
        _ => Shape::of_json(node),
    }
}

fn report(place: &Place, action: &ActionState, used: &Use, names: &[&str], found: &mut Found) {
    let wanted = used.path.to_string();
    let key = wanted.trim_start_matches("$.");
    let at = action.parameters.as_ref().map_or(place.state.span, |parameters| parameters.span);
    let message = format!("the action reads `{wanted}`, and this state passes no `{key}`");
    let pointer = format!("{}/Parameters", place.state.pointer);
    let finding = found.add(Span::new(at.start, at.start + 1), &pointer, message);
    finding.related.push((used.span, "read here".into()));
    finding.help = Some(match nearest(key, names.iter().copied()) {
        Some(near) => format!("did you mean `{key}` instead of `{near}`?"),
        None => match key.split_once(['.', '[']) {
            Some((first, _)) => format!("pass `{first}` with everything that is read from it"),
            None => format!("pass it: `\"{key}.$\": \"$.…\"`"),
        },
    });
}
