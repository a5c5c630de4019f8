//! A Wait that outlives the flow.
//!
//! # What it checks
//!
//! `Seconds` of 100 and more.
//!
//! # Why
//!
//! A flow may run for 100 seconds, waiting included. The Wait is cut short and the flow ends with a timeout, which isn't retried.
//!
//! # Example
//!
//! ```json
//! {"Type": "Wait", "Seconds": 300, "Next": "Ask"}
//! ```
//!
//! # Instead
//!
//! Wait in smaller steps, or let an event start a flow when the time has come.

use zis_bundle::{
    Span,
    flow::{StateKind, WaitDuration},
};

use crate::rule::{Context, Found};

/// How long a flow may run (spec 3.11).
const FLOW_SECONDS: f64 = 100.0;

pub fn check(context: &Context, found: &mut Found) {
    for place in context.states() {
        let StateKind::Wait(wait) = &place.state.kind else { continue };
        if let WaitDuration::Seconds(seconds) = wait.duration
            && seconds >= FLOW_SECONDS
        {
            let span = Span::new(place.state.span.start, place.state.span.start + 1);
            let message = format!("a flow ends after {FLOW_SECONDS} seconds, and this state waits for {seconds}");
            let finding = found.add(span, &format!("{}/Seconds", place.state.pointer), message);
            finding.help = Some("wait less, or let another event go on with the work".into());
        }
    }
}
