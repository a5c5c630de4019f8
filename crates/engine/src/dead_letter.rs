//! An execution that failed for good is an event itself: source `zis`, type `execution.Failed`, for job specs to catch.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt, future::BoxFuture};
use zis_flow::{Value, journal::Finish};
use zis_store::{event, execution::Execution};

use crate::{
    core::Core,
    engine::{Accepted, Incoming},
    error::EngineError,
    ingest::{self, Origin},
    ledger::Lost,
};

/// Source of the engine's own events.
pub const SOURCE: &str = "zis";
/// Type of the event that tells of a failed execution.
pub const KIND: &str = "execution.Failed";

/// Wait before a store that did not take the letter is asked again. The end of the execution could not be written either.
const PAUSE: Duration = Duration::from_millis(500);

/// Accepts the event that tells of `row`'s end. Nothing happens when no job spec wants it, or when the execution was started by such an
/// event itself.
pub(crate) async fn send(core: &Arc<Core>, row: &Execution, result: &Finish) -> Result<(), Lost> {
    loop {
        match attempt(core, row, result).await {
            Ok(()) | Err(EngineError::KeyReused) => return Ok(()),
            Err(EngineError::Draining) => return Err(Lost::Stopped),
            Err(EngineError::Store(error)) if error.passes() => {
                core.clock.sleep(PAUSE).await;
                core.accepting().map_err(|_| Lost::Stopped)?;
            }
            Err(error) => {
                tracing::error!(execution = %row.id, %error, "the event that tells of a failed execution cannot be accepted");
                return Ok(());
            }
        }
    }
}

async fn attempt(core: &Arc<Core>, row: &Execution, result: &Finish) -> Result<(), EngineError> {
    let catalog = core.catalogs.fresh(core, row.account).await?;
    if catalog.matching(SOURCE, KIND, None).is_empty() {
        return Ok(());
    }
    let cause = event::show(&core.store, row.account, &row.event_id).await?;
    if cause.is_some_and(|event| event.source == SOURCE) {
        return Ok(());
    }
    let incoming = Incoming {
        account: row.account,
        source: SOURCE.to_owned(),
        kind: KIND.to_owned(),
        integration: None,
        payload: payload(row, result),
        idempotency_key: Some(format!("dead-letter:{}:{}", row.id, row.attempt)),
        also: Vec::new(),
    };
    accept(core.clone(), incoming).await.map(|_| ())
}

/// Named, so that the future of an execution does not hold the future of another.
fn accept(core: Arc<Core>, incoming: Incoming) -> BoxFuture<'static, Result<Accepted, EngineError>> {
    async move { ingest::ingest(&core, incoming, Origin::Engine).await }.boxed()
}

fn payload(row: &Execution, result: &Finish) -> Value {
    let (status, error, cause, state, path) = match result {
        Finish::Failed { failure, state, path } => {
            ("failed", failure.error.as_str(), failure.cause.as_str(), state.clone(), path.clone())
        }
        Finish::TimedOut { state, path } => ("timed_out", "States.Timeout", "", state.clone(), path.clone()),
        Finish::Succeeded { .. } => ("succeeded", "", "", None, None),
    };
    let execution = Value::object([
        ("id", Value::from(row.id.as_str())),
        ("integration", Value::from(row.integration.as_str())),
        ("flow", Value::from(row.flow.as_str())),
        ("job_spec", Value::from(row.job_spec.clone())),
        ("event_id", Value::from(row.event_id.as_str())),
        ("status", Value::from(status)),
        ("attempts", Value::from(row.attempt)),
    ]);
    let error = Value::object([
        ("error", Value::from(error)),
        ("cause", Value::from(cause)),
        ("state", Value::from(state)),
        ("path", Value::from(path)),
    ]);
    Value::object([("execution_event", Value::object([("execution", execution), ("error", error)]))])
}
