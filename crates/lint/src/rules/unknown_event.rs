//! A job spec waits for an event type that Zendesk doesn't send.
//!
//! # What it checks
//!
//! `event_type` of job specs whose `event_source` is `support` or `sunshine`, against the catalogue of trigger events. Types of
//! inbound webhooks are free and not checked, but a native type under another source is reported.
//!
//! # Why
//!
//! ZIS takes any text here. The job spec installs, and nothing ever starts its flow.
//!
//! # Example
//!
//! ```json
//! {"event_source": "support", "event_type": "ticket.Created"}
//! ```
//!
//! # Instead
//!
//! ```json
//! {"event_source": "support", "event_type": "ticket.TicketCreated"}
//! ```

use zis_bundle::{JobSpec, suggest::nearest};

use crate::{
    analysis::events::types_of,
    rule::{Context, Found},
};

const SOURCES: [&str; 2] = ["support", "sunshine"];

pub fn check(context: &Context, found: &mut Found) {
    for spec in &context.bundle.job_specs {
        let (source, event_type) = (&*spec.event_source.value, &*spec.event_type.value);
        match types_of(source) {
            Some(types) if !types.contains(&event_type) => report_type(spec, &types, found),
            Some(_) => {}
            None => report_source(spec, found),
        }
    }
}

fn report_type(spec: &JobSpec, types: &[&'static str], found: &mut Found) {
    let event_type = &*spec.event_type.value;
    let message = format!("`{}` has no event of type `{event_type}`", spec.event_source.value);
    let other = SOURCES.into_iter().find(|source| types_of(source).is_some_and(|types| types.contains(&event_type)));
    let near = nearest(event_type, types.iter().copied()).or_else(|| same_ending(event_type, types));
    let finding = found.add(spec.event_type.span, &pointer(spec, "event_type"), message);
    finding.help = Some(match (other, near) {
        (Some(other), _) => format!("it comes from the source `{other}`"),
        (None, Some(near)) => format!("did you mean `{near}`?"),
        (None, None) => {
            "native types look like `ticket.StatusChanged`; other types need an inbound webhook's source".into()
        }
    });
}

/// `ticket.Created` for `ticket.TicketCreated`, `StatusChanged` for `ticket.StatusChanged`.
fn same_ending(event_type: &str, types: &[&'static str]) -> Option<&'static str> {
    let (entity, name) = event_type.split_once('.').unwrap_or(("", event_type));
    let name = name.to_lowercase();
    let fits = |candidate: &&&str| {
        let (its_entity, its_name) = candidate.split_once('.').unwrap_or(("", candidate));
        !name.is_empty() && its_name.to_lowercase().ends_with(&name) && (entity.is_empty() || entity == its_entity)
    };
    types.iter().find(fits).copied()
}

/// A native type under a source of another name is a misspelt source.
fn report_source(spec: &JobSpec, found: &mut Found) {
    let event_type = &*spec.event_type.value;
    let Some(source) =
        SOURCES.into_iter().find(|source| types_of(source).is_some_and(|types| types.contains(&event_type)))
    else {
        return;
    };
    let message = format!("`{event_type}` comes from the source `{source}`, not from `{}`", spec.event_source.value);
    let finding = found.add(spec.event_source.span, &pointer(spec, "event_source"), message);
    finding.help = Some(format!("write `\"event_source\": \"{source}\"`"));
}

fn pointer(spec: &JobSpec, member: &str) -> String {
    format!("/resources/{}/properties/{member}", spec.key)
}
