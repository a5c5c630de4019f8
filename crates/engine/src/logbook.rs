//! The lines of the integration log (spec 9.1).

use zis_flow::{Failure, Timestamp};
use zis_store::{
    execution::Execution,
    log::{Level, Line},
};

/// A line about `execution` as it stands.
pub(crate) fn line(execution: &Execution, at: Timestamp, level: Level, description: String) -> Line {
    Line {
        account: execution.account,
        at,
        level,
        integration: execution.integration.clone(),
        flow: Some(execution.flow.clone()),
        job_spec: execution.job_spec.clone(),
        execution: Some(execution.id.clone()),
        attempt: Some(execution.attempt),
        description,
    }
}

/// What the log says of a failure: its cause, and for whoever has to mend it what was there instead.
pub(crate) fn describe(failure: &Failure, path: Option<&str>) -> String {
    let mut text = failure.cause.clone();
    if let Some(path) = path {
        text.push_str(" (in state ");
        text.push_str(path);
        text.push(')');
    }
    if let Some(detail) = &failure.detail {
        text.push_str(": ");
        text.push_str(detail);
    }
    text
}
