//! A jq program reads something that its data can't hold.
//!
//! # What it checks
//!
//! The plain paths at the beginning of a Jq action's `expr` (`.ticket_event.ticket.form_id | …`), looked up in what `data.$` can
//! hold at that state.
//!
//! # Why
//!
//! jq gives null for a missing member and goes on: the mistake shows up states later, or never.
//!
//! # Example
//!
//! ```json
//! {"expr": ".ticket_event.tickets.id", "data.$": "$.input"}
//! ```
//!
//! # Instead
//!
//! ```json
//! {"expr": ".ticket_event.ticket.id", "data.$": "$.input"}
//! ```

use zis_bundle::{
    Path, Span, built_in::JQ, flow::StateKind, json::source_offset, path::Segment, suggest::nearest, template::Dynamic,
};

use crate::{
    analysis::{Found as Lookup, Shape, leading_paths},
    rule::{Context, Found},
};

pub fn check(context: &Context, found: &mut Found) {
    for (_, machine) in context.complete_machines() {
        for (_, state, document) in machine.live_states() {
            let StateKind::Action(action) = &state.kind else { continue };
            let Some(parameters) = action.parameters.as_ref().filter(|_| action.action.value == JQ) else { continue };
            let (Some(program), Some(data)) = (parameters.get("expr"), parameters.get("data.$")) else { continue };
            let (Some(text), Some(data)) = (program.as_str(), data.as_str()) else { continue };
            let Ok(Dynamic::Path(path)) = Dynamic::parse(data) else { continue };
            let (Lookup::Certainly(shape) | Lookup::Maybe(shape)) = document.shape.lookup(&path) else { continue };
            for (read, range) in leading_paths(text) {
                let Lookup::Never { at, names } = shape.lookup(&read) else { continue };
                let start = source_offset(context.text, program.span, range.start);
                let end = source_offset(context.text, program.span, range.end);
                let message = format!("`{path}` has no `{}`, so jq reads null", jq_path(&read.segments[..=at]));
                let finding = found.add(Span::new(start, end), &format!("{}/Parameters/expr", state.pointer), message);
                let names: Vec<&str> = names.iter().map(|name| &**name).collect();
                finding.help = Some(help(&shape, &read, at, &names));
            }
        }
    }
}

fn help(shape: &Shape, read: &Path, at: usize, names: &[&str]) -> String {
    let Segment::Key(wanted) = &read.segments[at] else { return String::new() };
    if let Some(near) = nearest(wanted, names.iter().copied()) {
        let mut corrected = read.segments.clone();
        corrected[at] = Segment::Key(near.into());
        return format!("did you mean `{}`?", jq_path(&corrected));
    }
    let everything: Vec<_> = shape.known_paths(400).iter().map(|path| jq_path(&path.segments)).collect();
    match nearest(&jq_path(&read.segments), everything.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None if names.is_empty() => "check the path against what the event or the earlier state gives".into(),
        None => format!("there is {}", names.join(", ")),
    }
}

fn jq_path(segments: &[Segment]) -> String {
    Path { segments: segments.to_vec() }.to_string()[1..].to_owned()
}
