//! A result replaces the whole document although a later state still reads from it.
//!
//! # What it checks
//!
//! An Action, Map or Pass state without `ResultPath` (or with `"$"`), followed on some route by a state that reads
//! something that was in the document before, such as `$.input`.
//!
//! # Why
//!
//! The default `ResultPath` is `$`: the result takes the place of everything, `$.input` included. The later state then fails
//! with a path error, or in a Choice goes the wrong way.
//!
//! # Example
//!
//! ```json
//! "GetUser": {"Type": "Action", "ActionName": "zis:acme:action:get_user", "Next": "Notify"},
//! "Notify": {"Type": "Action", "ActionName": "zis:acme:action:notify", "Parameters": {"id.$": "$.input.id"}, "End": true}
//! ```
//!
//! # Instead
//!
//! ```json
//! "GetUser": {"Type": "Action", "ActionName": "zis:acme:action:get_user", "ResultPath": "$.user", "Next": "Notify"}
//! ```

use zis_bundle::{
    Span,
    flow::{ResultPath, StateKind},
};

use crate::{
    analysis::lost_readings,
    rule::{Context, Found},
};

pub fn check(context: &Context, found: &mut Found) {
    for (_, machine) in context.complete_machines() {
        for reading in lost_readings(context.text, machine) {
            if reading.loss.catch.is_some() {
                continue;
            }
            let state = machine.state(reading.loss.state);
            let reader = machine.state(reading.reader);
            let result_path = match &state.kind {
                StateKind::Action(action) => &action.result_path,
                StateKind::Map(map) => &map.result_path,
                StateKind::Pass(pass) => &pass.result_path,
                _ => continue,
            };
            let (span, how) = match result_path {
                ResultPath::At(path) => (path.span, "has `\"ResultPath\": \"$\"`"),
                _ => (Span::new(state.span.start, state.span.start + 1), "has no `ResultPath`"),
            };
            let name = &state.name.value;
            let message = format!(
                "`{name}` {how}, so its result replaces `$`; `{}` still reads `{}`",
                reader.name.value, reading.used.path
            );
            let finding = found.add(span, &format!("{}/ResultPath", state.pointer), message);
            finding.related.push((reading.used.span, "read here".into()));
            let key: String =
                name.chars().map(|found| if found.is_ascii_alphanumeric() { found } else { '_' }).collect();
            finding.help = Some(format!("add `\"ResultPath\": \"$.{}\"`", key.to_lowercase()));
        }
    }
}
