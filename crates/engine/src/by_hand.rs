//! What people do to executions: retry, cancel, replay an event. Each leaves its mark in the journal, with who asked.

use std::sync::Arc;

use tokio::sync::oneshot;
use zis_flow::journal::{Pin, Record, Replayed, RetryFrom, Status};
use zis_store::{
    AccountId, EventId, ExecutionId, StoreError, event,
    execution::{self, Execution},
    log::{self, Level},
    registry,
};

use crate::{
    catalog,
    core::Core,
    engine::{Accepted, BundleChoice, Incoming},
    error::EngineError,
    ingest::{self, Origin},
    logbook,
    open::Order,
    recover::Cause,
    signal::Signal,
};

/// How often an execution that changes hands meanwhile is looked up again.
const TRIES: u32 = 10;

/// Ends `id` as cancelled, wherever it is: in this node's memory, in another's (which is fenced), or waiting.
pub(crate) async fn cancel(
    core: &Arc<Core>,
    account: AccountId,
    id: &ExecutionId,
    by: &str,
) -> Result<(), EngineError> {
    for _ in 0..TRIES {
        if let Some(control) = core.open.get(id) {
            let (reply, answer) = oneshot::channel();
            control.give(Order::Cancel { by: by.to_owned(), reply });
            // No answer: it left the memory before it saw the order. Then the store knows more.
            if let Ok(result) = answer.await {
                return result;
            }
        }
        let mut row = show(core, account, id).await?;
        if row.status.is_ended() {
            return Err(illegal(&row, "it has ended already"));
        }
        let at = core.now();
        let mut statements = execution::reopen(&row, &core.owner());
        row.owner = core.owner();
        row.status = Status::Cancelled;
        row.ended_at = Some(at);
        row.wake_at = None;
        let records = [Record::Cancelled { at, by: by.to_owned() }];
        statements.extend(execution::append(&row, &records, at));
        let line = logbook::line(&row, at, Level::Info, format!("Cancelled by {by}"));
        statements.push(log::insert(&line));
        if write(core, statements).await? {
            core.meters.finished(Status::Cancelled, at.since(row.started_at));
            changed(core, &row, line);
            return Ok(());
        }
    }
    Err(contended(id))
}

/// Runs an ended or waiting execution again.
pub(crate) async fn retry(
    core: &Arc<Core>,
    account: AccountId,
    id: &ExecutionId,
    from: RetryFrom,
    bundle: BundleChoice,
    by: &str,
) -> Result<(), EngineError> {
    core.accepting()?;
    for _ in 0..TRIES {
        let mut row = show(core, account, id).await?;
        if !row.status.is_ended() && row.status != Status::Retrying {
            return Err(illegal(&row, "it is still under way; cancel it first"));
        }
        let pin = match bundle {
            BundleChoice::Pinned => None,
            BundleChoice::Current => Some(current(core, &row).await?),
        };
        let at = core.now();
        let mut statements = execution::reopen(&row, &core.owner());
        row.owner = core.owner();
        row.status = Status::Queued;
        (row.ended_at, row.wake_at, row.error, row.message) = (None, None, None, None);
        row.max_attempts = row.max_attempts.max(row.attempt + 1);
        if let Some(pin) = &pin {
            row.bundle_digest.clone_from(&pin.digest);
        }
        let records = [Record::Retried { at, from, bundle: pin, by: by.to_owned() }];
        statements.extend(execution::append(&row, &records, at));
        let line = logbook::line(&row, at, Level::Info, format!("Retried by {by}"));
        statements.push(log::insert(&line));
        if write(core, statements).await? {
            changed(core, &row, line);
            core.wake(account, id.clone(), Cause::ByHand);
            return Ok(());
        }
    }
    Err(contended(id))
}

/// Accepts a stored event once more, as a new one.
pub(crate) async fn replay(
    core: &Arc<Core>,
    account: AccountId,
    id: &EventId,
    by: &str,
) -> Result<Accepted, EngineError> {
    let found = event::show(&core.store, account, id).await?;
    let event = found.ok_or_else(|| EngineError::NotFound { what: "event", id: id.to_string() })?;
    let incoming = Incoming {
        account,
        source: event.source,
        kind: event.kind,
        integration: event.integration,
        payload: event.payload,
        idempotency_key: None,
        also: Vec::new(),
    };
    let replayed = Replayed { of: id.to_string(), by: by.to_owned() };
    ingest::ingest(core, incoming, Origin::Replay(replayed)).await
}

/// The definitions that the execution's flow has today: those of its installed job spec, or of the newest bundle that holds the flow.
async fn current(core: &Arc<Core>, row: &Execution) -> Result<Pin, EngineError> {
    let catalog = core.catalogs.fresh(core, row.account).await?;
    let installed = row.job_spec.as_deref().and_then(|spec| catalog.find(&row.integration, spec));
    if let Some(route) = installed.filter(|route| route.flow == row.flow) {
        return Ok(route.ready(core, row.account).await?.pin.clone());
    }
    let bundles = registry::latest_bundles(&core.store, row.account, &row.integration).await?;
    for version in bundles {
        let bundle = core.programs.bundle(&core.store, row.account, &version.digest).await?;
        if bundle.is_some_and(|bundle| bundle.flow(&row.flow).is_some()) {
            return Ok(catalog::pin(core, row.account, &row.integration, &row.flow, &version.digest).await?);
        }
    }
    Err(EngineError::NotFound { what: "flow", id: row.flow.clone() })
}

async fn show(core: &Core, account: AccountId, id: &ExecutionId) -> Result<Execution, EngineError> {
    let row = execution::show(&core.store, account, id).await?;
    row.ok_or_else(|| EngineError::NotFound { what: "execution", id: id.to_string() })
}

/// False when somebody else was faster.
async fn write(core: &Core, statements: Vec<zis_store::Statement>) -> Result<bool, EngineError> {
    match core.store.write(statements).await {
        Ok(_) => Ok(true),
        Err(StoreError::Expectation { .. } | StoreError::Duplicate { .. }) => Ok(false),
        Err(error) => {
            core.doubt();
            Err(error.into())
        }
    }
}

fn changed(core: &Core, row: &Execution, line: log::Line) {
    core.signal(|| Signal::ExecutionChanged {
        account: row.account,
        id: row.id.clone(),
        integration: row.integration.clone(),
        flow: row.flow.clone(),
        status: row.status,
    });
    core.signal(|| Signal::Log { account: row.account, entry: line });
}

fn illegal(row: &Execution, reason: &str) -> EngineError {
    EngineError::Illegal { id: row.id.to_string(), status: row.status.as_str(), reason: reason.to_owned() }
}

fn contended(id: &ExecutionId) -> EngineError {
    StoreError::Unavailable(format!("execution {id} keeps changing hands; try again")).into()
}
