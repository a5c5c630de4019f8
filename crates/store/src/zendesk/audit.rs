//! Audits: what each change of a ticket did.

use zis_flow::{Timestamp, Value};

use super::{
    document,
    page::{Order, Query, Sorted, Window},
};
use crate::{
    AccountId, Store, StoreError, params,
    sql::{Row, Statement, statement},
};

/// One change of a ticket.
#[derive(Debug, Clone, PartialEq)]
pub struct Audit {
    pub id: i64,
    pub ticket_id: i64,
    pub author_id: i64,
    pub metadata: Value,
    /// An array of what changed.
    pub events: Value,
    pub created_at: Timestamp,
}

pub fn insert(account: AccountId, audit: &Audit) -> Statement {
    statement(
        "INSERT INTO zd_audit (account, ticket_id, id, author_id, metadata, events, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![account, audit.ticket_id, audit.id, audit.author_id, &audit.metadata, &audit.events, audit.created_at,],
    )
}

fn audit(row: &Row) -> Result<Audit, StoreError> {
    Ok(Audit {
        ticket_id: row.int(0),
        id: row.int(1),
        author_id: row.int(2),
        metadata: document(row, 3)?,
        events: document(row, 4)?,
        created_at: Timestamp(row.int(5)),
    })
}

/// Oldest first; from one that `after` names on.
pub async fn list(
    store: &Store,
    account: AccountId,
    ticket_id: i64,
    order: Order,
    window: Window,
) -> Result<Vec<Audit>, StoreError> {
    let mut query = Query::new(
        "SELECT ticket_id, id, author_id, metadata, events, created_at FROM zd_audit WHERE account = $1",
        account,
    );
    query.and("ticket_id = ?", ticket_id);
    store.read(query.window(Sorted::Id, order, window)).await?.rows.iter().map(audit).collect()
}

pub async fn show(store: &Store, account: AccountId, ticket_id: i64, id: i64) -> Result<Option<Audit>, StoreError> {
    let rows = store
        .read(statement(
            "SELECT ticket_id, id, author_id, metadata, events, created_at FROM zd_audit \
             WHERE account = $1 AND ticket_id = $2 AND id = $3",
            params![account, ticket_id, id],
        ))
        .await?;
    rows.first().map(audit).transpose()
}
