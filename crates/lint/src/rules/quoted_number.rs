//! A placeholder turns a number into text.
//!
//! # What it checks
//!
//! A `.$` key whose value is one placeholder and nothing else (`"{{$.x}}"`), where `$.x` is known to be no text.
//!
//! # Why
//!
//! Placeholders make text: the receiver gets `"42"` where `42` stood, and an object as one long string. The path alone keeps the type.
//!
//! # Example
//!
//! ```json
//! "Parameters": {"requester_id.$": "{{$.input.ticket_event.ticket.requester_id}}"}
//! ```
//!
//! # Instead
//!
//! ```json
//! "Parameters": {"requester_id.$": "$.input.ticket_event.ticket.requester_id"}
//! ```

use zis_bundle::{Template, finding::Fix, flow::StateKind, json::source_offset, template::Part, text::Span, walk};

use crate::{
    analysis::{
        Found as Lookup,
        shape::{ARRAY, BOOLEAN, NULL, NUMBER, OBJECT},
    },
    rule::{Context, Found},
};

pub fn check(context: &Context, found: &mut Found) {
    for (_, machine) in context.complete_machines() {
        for (_, state, document) in machine.live_states() {
            let StateKind::Action(action) = &state.kind else { continue };
            let Some(parameters) = &action.parameters else { continue };
            for leaf in walk::strings(parameters, &format!("{}/Parameters", state.pointer)) {
                if !leaf.dynamic || !leaf.text.starts_with("{{") {
                    continue;
                }
                let Ok(Template { parts }) = Template::parse(leaf.text) else { continue };
                let [Part::Path(path, _)] = &parts[..] else { continue };
                let (Lookup::Certainly(shape) | Lookup::Maybe(shape)) = document.shape.lookup(path) else { continue };
                if !shape.is_only(NUMBER | BOOLEAN | ARRAY | OBJECT | NULL) || shape.is_only(NULL) {
                    continue;
                }
                let message = format!("`{path}` is {}, and the placeholder makes a text of it", shape.describe());
                let finding = found.add(leaf.span, &leaf.pointer, message);
                finding.help = Some(format!("write `\"{path}\"` to keep the type"));
                let inside = Span::new(
                    source_offset(context.text, leaf.span, 0),
                    source_offset(context.text, leaf.span, leaf.text.len()),
                );
                let edits = vec![(inside, path.to_string())];
                finding.fix = Some(Fix { title: "use the path alone".into(), edits, safe: false });
            }
        }
    }
}
