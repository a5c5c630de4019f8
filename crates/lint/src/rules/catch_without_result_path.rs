//! A Catch without `ResultPath` throws the whole document away.
//!
//! # What it checks
//!
//! A `Catch` without `ResultPath` (or with `"$"`). When a state after it still reads what was in the document, it is a warning;
//! when nothing does, a note.
//!
//! # Why
//!
//! The error output takes the place of `$`: only `$.Error` and `$.Cause` are left, and `$.input` is gone for every state that
//! follows. Error paths are the ones that nobody tests by hand.
//!
//! # Example
//!
//! ```json
//! "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Report"}]
//! ```
//!
//! # Instead
//!
//! ```json
//! "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Report"}]
//! ```

use zis_bundle::{
    Severity, Span,
    flow::{Catch, ResultPath, StateKind},
};

use crate::{
    analysis::lost_readings,
    rule::{Context, Found},
};

pub fn check(context: &Context, found: &mut Found) {
    for (view, machine) in
        context.flows.iter().flat_map(|view| view.machine.all().into_iter().map(move |one| (view, one)))
    {
        let lost = if view.complete { lost_readings(context.text, machine) } else { Vec::new() };
        for (at, state) in machine.definition.states.iter().enumerate() {
            for (number, catch) in catches(&state.kind).iter().enumerate().filter(|(_, catch)| replaces(catch)) {
                let span = Span::new(catch.span.start, catch.span.start + 1);
                let reading = lost.iter().find(|lost| lost.loss.state == at && lost.loss.catch == Some(number));
                let message = match reading {
                    Some(reading) => format!(
                        "this Catch has no `ResultPath`, so the error replaces `$`; `{}` still reads `{}`",
                        machine.state(reading.reader).name.value,
                        reading.used.path
                    ),
                    None => "this Catch has no `ResultPath`, so the error replaces everything in `$`".into(),
                };
                let finding = found.add(span, &format!("{}/Catch/{number}/ResultPath", state.pointer), message);
                finding.help = Some("add `\"ResultPath\": \"$.error\"`; its `Cause` is then `$.error.Cause`".into());
                match reading {
                    Some(reading) => finding.related.push((reading.used.span, "read here".into())),
                    None => finding.severity = Severity::Note,
                }
            }
        }
    }
}

fn catches(kind: &StateKind) -> &[Catch] {
    match kind {
        StateKind::Action(action) => &action.catch,
        StateKind::Map(map) => &map.catch,
        _ => &[],
    }
}

fn replaces(catch: &Catch) -> bool {
    match &catch.result_path {
        ResultPath::Default => true,
        ResultPath::At(path) => path.value.segments.is_empty(),
        ResultPath::Discard => false,
    }
}
