//! Executions and their journals: the row that answers questions, and the records that are the truth (D2, D17).

use zis_flow::{
    Timestamp,
    journal::{Record, Status},
};

use crate::{AccountId, EventId, ExecutionId, Pending, Store, StoreError, event::Event, node::Owner, sql::Statement};

/// The row of an execution: a view of its journal, kept in the same transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct Execution {
    pub account: AccountId,
    pub id: ExecutionId,
    pub integration: String,
    pub flow: String,
    pub job_spec: Option<String>,
    pub event_id: EventId,
    pub bundle_uuid: String,
    pub bundle_digest: String,
    pub status: Status,
    /// Attempts used so far.
    pub attempt: u32,
    pub max_attempts: u32,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// When a waiting or retrying execution goes on.
    pub wake_at: Option<Timestamp>,
    pub error: Option<ErrorView>,
    pub message: Option<String>,
    pub owner: Owner,
    /// Batches in the journal: the expected position of the next append.
    pub seq: i64,
}

/// The error of a failed execution, as lists show it.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrorView {
    /// `ZIS3…`.
    pub code: String,
    pub cause: String,
    pub state: Option<String>,
    pub path: Option<String>,
}

/// An event and the executions it starts, in one transaction: durable before the sender's 2xx (D3a).
/// `catalog_version` is the version matched against; an expectation error of statement 0 means: reload and match again.
/// Each execution comes with the records that begin its journal. `also` are the sender's own statements, run last in the same transaction.
pub fn accept(
    store: &Store,
    event: &Event,
    executions: &[(Execution, Vec<Record>)],
    catalog_version: i64,
    also: Vec<Statement>,
) -> Pending {
    let _ = (store, event, executions, catalog_version, also);
    todo!()
}

/// Appends one batch at `execution.seq`, fenced by `execution.owner`, and updates the row to what `execution` says otherwise
/// (status, attempt, ended_at, wake_at, error, message); stores `seq + 1`. An expectation error: another owner, or already there.
pub fn append(execution: &Execution, records: &[Record], at: Timestamp) -> Vec<Statement> {
    let _ = (execution, records, at);
    todo!()
}

/// The row and all records in order.
pub async fn load(
    store: &Store,
    account: AccountId,
    id: &ExecutionId,
) -> Result<Option<(Execution, Vec<Record>)>, StoreError> {
    let _ = (store, account, id);
    todo!()
}

/// What [`list`] looks for; `None` matches all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub integration: Option<String>,
    pub flow: Option<String>,
    pub statuses: Vec<Status>,
    pub event_id: Option<EventId>,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// Text within the event's payload, the message or the cause.
    pub text: Option<String>,
}

/// Newest first; `after` is the id of the last execution of the page before.
pub async fn list(
    store: &Store,
    account: AccountId,
    filter: &Filter,
    after: Option<&ExecutionId>,
    size: usize,
) -> Result<Vec<Execution>, StoreError> {
    let _ = (store, account, filter, after, size);
    todo!()
}

/// Executions by status that match `filter`.
pub async fn count(store: &Store, account: AccountId, filter: &Filter) -> Result<Vec<(Status, u64)>, StoreError> {
    let _ = (store, account, filter);
    todo!()
}

/// Takes over up to `limit` open executions whose owner is dead: an earlier epoch of its own node, a node that has left, or one
/// whose heartbeat is older than `dead_before`. Each is fenced to `owner` from then on and given to exactly one adopter.
pub async fn adopt(
    store: &Store,
    owner: &Owner,
    dead_before: Timestamp,
    limit: usize,
) -> Result<Vec<Execution>, StoreError> {
    let _ = (store, owner, dead_before, limit);
    todo!()
}

/// Executions of `owner` whose `wake_at` has come, soonest first.
pub async fn due(store: &Store, owner: &Owner, now: Timestamp, limit: usize) -> Result<Vec<Execution>, StoreError> {
    let _ = (store, owner, now, limit);
    todo!()
}

/// When the next waiting execution of `owner` wakes.
pub async fn next_wake(store: &Store, owner: &Owner) -> Result<Option<Timestamp>, StoreError> {
    let _ = (store, owner);
    todo!()
}

/// Gives an ended execution a new owner so that it can be retried by hand: fenced by its current `seq`.
pub fn reopen(execution: &Execution, owner: &Owner) -> Vec<Statement> {
    let _ = (execution, owner);
    todo!()
}

/// Deletes executions that ended, and events that were received, before `before`, at most `limit` of each; how many went.
pub async fn expire(store: &Store, before: Timestamp, limit: usize) -> Result<u64, StoreError> {
    let _ = (store, before, limit);
    todo!()
}
