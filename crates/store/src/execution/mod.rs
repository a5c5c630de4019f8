//! Executions and their journals: the row that answers questions, and the records that are the truth (D2, D17).

use zis_flow::{
    Timestamp, Value,
    journal::{self, Record, Status},
};

use crate::{
    AccountId, EventId, ExecutionId, Pending, Store, StoreError, catalog,
    event::{self, Event},
    node::Owner,
    params,
    sql::{Param, Row, Statement, Where, statement},
};

mod count;
mod expire;
mod lease;
mod list;
mod payload;

pub use count::{Counts, count, histogram};
pub use expire::expire;
pub use lease::{adopt, due, moving, next_wake, reopen};
pub use list::{Filter, horizon, list};

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
/// Each execution comes with the records that begin its journal: one batch, so each is stored with `seq` 1. Their `$.input` is the event's
/// payload.
/// `also` are the sender's own statements, run last in the same transaction.
pub fn accept(
    store: &Store,
    event: &Event,
    executions: &[(Execution, Vec<Record>)],
    catalog_version: i64,
    also: Vec<Statement>,
) -> Pending {
    let mut statements = vec![catalog::hold(event.account, catalog_version), event::insert(event)];
    for (execution, records) in executions {
        statements.push(insert(execution));
        statements.push(insert_journal(execution, 0, &payload::without(records), event.received_at));
    }
    statements.extend(also);
    store.write(statements)
}

const COLUMNS: &str = "account, id, integration, flow, job_spec, event_id, bundle_uuid, bundle_digest, status, attempt, max_attempts, \
    started_at, ended_at, wake_at, error_code, error_cause, error_state, error_path, message, node, epoch, seq";

fn insert(execution: &Execution) -> Statement {
    statement(
        "INSERT INTO execution (account, id, integration, flow, job_spec, event_id, bundle_uuid, bundle_digest, status, attempt, \
         max_attempts, started_at, ended_at, wake_at, error_code, error_cause, error_state, error_path, message, node, epoch, seq) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)",
        values(execution),
    )
    .one_row(execution.id.as_str())
}

fn values(execution: &Execution) -> Vec<Param> {
    let mut values = params![
        execution.account,
        &execution.id,
        &execution.integration,
        &execution.flow,
        execution.job_spec.as_deref(),
        &execution.event_id,
        &execution.bundle_uuid,
        &execution.bundle_digest,
        execution.status.as_str(),
        execution.attempt,
        execution.max_attempts,
        execution.started_at,
        execution.ended_at,
        execution.wake_at,
    ];
    values.extend(error_values(execution.error.as_ref()));
    values.extend(params![execution.message.as_deref(), &execution.owner.node, execution.owner.epoch, 1_i64]);
    values
}

fn error_values(error: Option<&ErrorView>) -> Vec<Param> {
    params![
        error.map(|error| error.code.as_str()),
        error.map(|error| error.cause.as_str()),
        error.and_then(|error| error.state.as_deref()),
        error.and_then(|error| error.path.as_deref()),
    ]
}

fn insert_journal(execution: &Execution, seq: i64, records: &[Record], at: Timestamp) -> Statement {
    statement(
        "INSERT INTO journal (account, execution, seq, at, records) VALUES ($1, $2, $3, $4, $5)",
        params![execution.account, &execution.id, seq, at, journal::encode(records)],
    )
    .one_row(execution.id.as_str())
}

/// Appends one batch at `execution.seq`, fenced by `execution.owner`, and updates the row to what `execution` says otherwise
/// (status, attempt, ended_at, wake_at, error, message, pin); stores `seq + 1`. An expectation error: another owner, or already there.
pub fn append(execution: &Execution, records: &[Record], at: Timestamp) -> Vec<Statement> {
    let mut values = params![
        execution.status.as_str(),
        execution.attempt,
        execution.max_attempts,
        execution.ended_at,
        execution.wake_at
    ];
    values.extend(error_values(execution.error.as_ref()));
    values.extend(params![
        execution.message.as_deref(),
        &execution.bundle_digest,
        execution.account,
        &execution.id,
        execution.seq,
        &execution.owner.node,
        execution.owner.epoch,
    ]);
    let update = statement(
        "UPDATE execution SET status = $1, attempt = $2, max_attempts = $3, ended_at = $4, wake_at = $5, error_code = $6, \
         error_cause = $7, error_state = $8, error_path = $9, message = $10, bundle_digest = $11, seq = seq + 1 \
         WHERE account = $12 AND id = $13 AND seq = $14 AND node = $15 AND epoch = $16",
        values,
    );
    vec![update.one_row(execution.id.as_str()), insert_journal(execution, execution.seq, records, at)]
}

/// [`append`] when the row says what it said before: the journal grows and nothing else, so that no index of the row is touched.
pub fn extend(execution: &Execution, records: &[Record], at: Timestamp) -> Vec<Statement> {
    let update = statement(
        "UPDATE execution SET seq = seq + 1 WHERE account = $1 AND id = $2 AND seq = $3 AND node = $4 AND epoch = $5",
        params![execution.account, &execution.id, execution.seq, &execution.owner.node, execution.owner.epoch],
    );
    vec![update.one_row(execution.id.as_str()), insert_journal(execution, execution.seq, records, at)]
}

/// The row of `id`.
pub async fn show(store: &Store, account: AccountId, id: &ExecutionId) -> Result<Option<Execution>, StoreError> {
    let mut query = Where::account(account);
    query.and("id = ", id);
    let rows = store.read(query.select(COLUMNS, "execution", "")).await?;
    rows.first().map(execution).transpose()
}

/// The row and all records in order, as of one moment.
pub async fn load(
    store: &Store,
    account: AccountId,
    id: &ExecutionId,
) -> Result<Option<(Execution, Vec<Record>)>, StoreError> {
    load_from(store, account, id, 0).await
}

/// The row and the records of the batches from `seq` on, in order, as of one moment.
pub async fn load_from(
    store: &Store,
    account: AccountId,
    id: &ExecutionId,
    seq: i64,
) -> Result<Option<(Execution, Vec<Record>)>, StoreError> {
    let Some(execution) = show(store, account, id).await? else { return Ok(None) };
    // The row is read first, and the batches up to it only: both are of one moment although they are two reads.
    let batches = statement(
        "SELECT records, CASE WHEN seq = 0 THEN (SELECT payload FROM event WHERE account = $1 AND id = $2) END FROM journal \
         WHERE account = $1 AND execution = $3 AND seq >= $4 AND seq < $5 ORDER BY seq",
        params![account, &execution.event_id, id, seq, execution.seq],
    );
    let rows = store.read(batches).await?;
    let wanted = (execution.seq - seq).max(0);
    if i64::try_from(rows.rows.len()) != Ok(wanted) {
        return Err(StoreError::Damaged(format!(
            "execution {id} has {} batches in its journal from {seq} on, not {wanted}",
            rows.rows.len(),
        )));
    }
    let mut records = Vec::new();
    let damaged = |error: &dyn std::fmt::Display| StoreError::Damaged(format!("execution {id}: {error}"));
    for (at, row) in (seq..).zip(&rows.rows) {
        let mut batch = journal::decode(row.text(0)).map_err(|error| damaged(&error))?;
        if at == 0 {
            let payload = row.opt_text(1).ok_or_else(|| damaged(&"its event is gone"))?;
            batch = payload::with(batch, Value::from_json(payload).map_err(|error| damaged(&error))?);
        }
        records.extend(batch);
    }
    Ok(Some((execution, records)))
}

fn status(text: &str) -> Result<Status, StoreError> {
    Status::parse(text).ok_or_else(|| StoreError::Damaged(format!("unknown status `{text}` of an execution")))
}

/// A row of [`COLUMNS`].
fn execution(row: &Row) -> Result<Execution, StoreError> {
    let damaged = |what: &str| StoreError::Damaged(format!("execution {}: {what}", row.text(1)));
    let count = |at: usize| u32::try_from(row.int(at)).unwrap_or_default();
    Ok(Execution {
        account: AccountId(row.int(0)),
        id: ExecutionId::parse(row.text(1)).ok_or_else(|| damaged("not an execution id"))?,
        integration: row.text(2).to_owned(),
        flow: row.text(3).to_owned(),
        job_spec: row.opt_string(4),
        event_id: EventId::parse(row.text(5)).ok_or_else(|| damaged("not an event id"))?,
        bundle_uuid: row.text(6).to_owned(),
        bundle_digest: row.text(7).to_owned(),
        status: status(row.text(8))?,
        attempt: count(9),
        max_attempts: count(10),
        started_at: Timestamp(row.int(11)),
        ended_at: row.opt_int(12).map(Timestamp),
        wake_at: row.opt_int(13).map(Timestamp),
        error: row.opt_string(14).map(|code| ErrorView {
            code,
            cause: row.text(15).to_owned(),
            state: row.opt_string(16),
            path: row.opt_string(17),
        }),
        message: row.opt_string(18),
        owner: Owner { node: row.text(19).to_owned(), epoch: row.int(20) },
        seq: row.int(21),
    })
}
