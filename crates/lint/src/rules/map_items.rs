//! A Map over something that is no array of objects.
//!
//! # What it checks
//!
//! What `ItemsPath` can hold at that state: it has to be an array, and its items have to be objects.
//!
//! # Why
//!
//! Anything else is a runtime error of the Map: `$` inside of the Iterator is the item, and it must be an object.
//!
//! # Example
//!
//! ```json
//! {"Type": "Map", "ItemsPath": "$.input.ticket_event.ticket.tags"}
//! ```
//!
//! # Instead
//!
//! Turn the items into objects with a Jq action first: `[.ticket_event.ticket.tags[] | {tag: .}]`.

use zis_bundle::flow::StateKind;

use crate::{
    analysis::{
        Found as Lookup,
        shape::{ARRAY, OBJECT},
    },
    rule::{Context, Found},
};

pub fn check(context: &Context, found: &mut Found) {
    for (_, machine) in context.complete_machines() {
        for (_, state, document) in machine.live_states() {
            let StateKind::Map(map) = &state.kind else { continue };
            let (Lookup::Certainly(shape) | Lookup::Maybe(shape)) = document.shape.lookup(&map.items_path.value) else {
                continue;
            };
            let message = if !shape.may_be(ARRAY) {
                format!("`{}` is {}, and a Map needs an array", map.items_path.value, shape.describe())
            } else if !shape.items().may_be(OBJECT) {
                format!("the items of `{}` are not objects: {}", map.items_path.value, shape.items().describe())
            } else {
                continue;
            };
            let finding = found.add(map.items_path.span, &format!("{}/ItemsPath", state.pointer), message);
            finding.help =
                Some("make an array of objects with a Jq action first, such as `[.tags[] | {tag: .}]`".into());
        }
    }
}
