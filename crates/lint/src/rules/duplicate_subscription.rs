//! Two job specs start the same flow for the same events.
//!
//! # What it checks
//!
//! Job specs with the same `event_source`, `event_type` and `flow_name`.
//!
//! # Why
//!
//! Every installed job spec starts a run of its own: each event is then handled twice.
//!
//! # Example
//!
//! Two job specs, `A` and `B`, both from `support`/`ticket.StatusChanged` to `zis:acme:flow:Close`.
//!
//! # Instead
//!
//! Keep one of them, and uninstall the other by its name.

use std::collections::HashMap;

use crate::rule::{Context, Found};

pub fn check(context: &Context, found: &mut Found) {
    let mut seen = HashMap::new();
    for spec in &context.bundle.job_specs {
        let subscription = (&*spec.event_source.value, &*spec.event_type.value, &*spec.flow_name.value);
        if let Some(first) = seen.insert(subscription, spec.name.span) {
            let message = format!("`{}` starts the same flow for the same events as another job spec", spec.name.value);
            let finding = found.add(spec.name.span, &format!("/resources/{}", spec.key), message);
            finding.related.push((first, "the other one".into()));
            finding.help = Some("remove one of them; each event runs the flow once per job spec".into());
        }
    }
}
