//! Events that are decided but not yet handed to the engine; the hand-over deletes them in the engine's own transaction.

use zis_flow::{Timestamp, Value};

use super::document;
use crate::{
    AccountId, Store, StoreError, params,
    sql::{Expect, Statement, statement},
};

/// One event in the outbox.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Sorts in the order of making; also the event's idempotency key.
    pub id: String,
    /// The catalogue's tag: `ticket.TicketCreated`.
    pub kind: String,
    pub payload: Value,
    pub created_at: Timestamp,
}

pub fn insert(account: AccountId, entry: &Entry) -> Statement {
    statement(
        "INSERT INTO zd_outbox (account, id, type, payload, created_at) VALUES ($1, $2, $3, $4, $5)",
        params![account, &entry.id, &entry.kind, &entry.payload, entry.created_at],
    )
}

/// An expectation error: another node has handed it over.
pub fn delete(account: AccountId, id: &str) -> Statement {
    statement("DELETE FROM zd_outbox WHERE account = $1 AND id = $2", params![account, id]).expect(Expect::Exactly(1))
}

/// Entries older than `before`, oldest first: left over by a crash.
pub async fn left_over(
    store: &Store,
    account: AccountId,
    before: Timestamp,
    limit: usize,
) -> Result<Vec<Entry>, StoreError> {
    let rows = store
        .read(statement(
            "SELECT id, type, payload, created_at FROM zd_outbox WHERE account = $1 AND created_at <= $2 ORDER BY id LIMIT $3",
            params![account, before, limit],
        ))
        .await?;
    rows.rows
        .iter()
        .map(|row| {
            Ok(Entry {
                id: row.text(0).to_owned(),
                kind: row.text(1).to_owned(),
                payload: document(row, 2)?,
                created_at: Timestamp(row.int(3)),
            })
        })
        .collect()
}
