//! A built-in action gets the wrong parameters.
//!
//! # What it checks
//!
//! The `Parameters` of `LoadConfig`, `PatchConfig`, `LoadLinks`, `CreateLink`, `PatchLink`, `DeleteLink` and `Jq`: that those it needs are
//! there, and that there are no others.
//!
//! # Why
//!
//! ZIS doesn't look at upload. The state fails when it runs, or ignores what was meant.
//!
//! # Example
//!
//! ```json
//! {"ActionName": "zis:common:transform:Jq", "Parameters": {"expression": ".id", "data.$": "$.input"}}
//! ```
//!
//! # Instead
//!
//! ```json
//! {"ActionName": "zis:common:transform:Jq", "Parameters": {"expr": ".id", "data.$": "$.input"}}
//! ```

use zis_bundle::{
    Span,
    built_in::{self, BuiltIn},
    flow::{ActionState, StateKind},
    json::push_pointer,
    suggest::nearest,
    walk::dynamic_key,
};

use crate::rule::{Context, Found, Place};

pub fn check(context: &Context, found: &mut Found) {
    for place in context.states() {
        let StateKind::Action(action) = &place.state.kind else { continue };
        if let Some(built_in) = built_in::find(&action.action.value) {
            missing(&place, action, built_in, found);
            unknown(&place, action, built_in, found);
        }
    }
}

fn keys(action: &ActionState) -> Vec<&str> {
    let members = action.parameters.iter().flat_map(|parameters| parameters.members());
    members.map(|member| dynamic_key(&member.key).unwrap_or(&member.key)).collect()
}

fn missing(place: &Place, action: &ActionState, built_in: &BuiltIn, found: &mut Found) {
    let given = keys(action);
    let short = built_in.name.rsplit(':').next().unwrap_or_default();
    let at = action.parameters.as_ref().map_or(place.state.span, |parameters| parameters.span);
    let span = Span::new(at.start, at.start + 1);
    let mut report = |key: &str, message: String| {
        let pointer = format!("{}/Parameters/{key}", place.state.pointer);
        found.add(span, &pointer, message).help = Some(format!("add `\"{key}\"` or `\"{key}.$\"`"));
    };
    for key in built_in.required.iter().filter(|key| !given.contains(*key)) {
        report(key, format!("`{short}` needs the parameter `{key}`"));
    }
    let needs_one_of: &[&str] = match short {
        "LoadLinks" => &["left_object_name", "right_object_name"],
        "PatchLink" => &["left_object", "right_object"],
        _ => &[],
    };
    if !needs_one_of.is_empty() && !needs_one_of.iter().any(|key| given.contains(key)) {
        report(needs_one_of[0], format!("`{short}` needs `{}` or both", needs_one_of.join("` or `")));
    }
}

fn unknown(place: &Place, action: &ActionState, built_in: &BuiltIn, found: &mut Found) {
    let short = built_in.name.rsplit(':').next().unwrap_or_default();
    let known = || built_in.required.iter().chain(built_in.optional).copied();
    for member in action.parameters.iter().flat_map(|parameters| parameters.members()) {
        let key = dynamic_key(&member.key).unwrap_or(&member.key);
        if known().any(|known| known == key) {
            continue;
        }
        let mut pointer = format!("{}/Parameters", place.state.pointer);
        push_pointer(&mut pointer, &member.key);
        let finding = found.add(member.key_span, &pointer, format!("`{short}` has no parameter `{key}`"));
        finding.help = Some(match nearest(key, known()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it takes {}", known().collect::<Vec<_>>().join(", ")),
        });
    }
}
