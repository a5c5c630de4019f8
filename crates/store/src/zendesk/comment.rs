//! Comments of tickets.

use zis_flow::{Timestamp, Value};

use super::{
    document,
    page::{Order, Query, Sorted, Window},
};
use crate::{
    AccountId, Store, StoreError, params,
    sql::{Row, Statement, statement},
};

/// A comment, public or for agents only.
#[derive(Debug, Clone, PartialEq)]
pub struct Comment {
    pub id: i64,
    pub ticket_id: i64,
    pub audit_id: i64,
    pub author_id: i64,
    pub body: String,
    pub html_body: String,
    pub is_public: bool,
    pub metadata: Value,
    pub created_at: Timestamp,
}

pub fn insert(account: AccountId, comment: &Comment) -> Statement {
    statement(
        "INSERT INTO zd_comment (account, ticket_id, id, audit_id, author_id, body, html_body, is_public, metadata, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        params![
            account,
            comment.ticket_id,
            comment.id,
            comment.audit_id,
            comment.author_id,
            &comment.body,
            &comment.html_body,
            comment.is_public,
            &comment.metadata,
            comment.created_at,
        ],
    )
}

const COLUMNS: &str = "ticket_id, id, audit_id, author_id, body, html_body, is_public, metadata, created_at";

fn comment(row: &Row) -> Result<Comment, StoreError> {
    Ok(Comment {
        ticket_id: row.int(0),
        id: row.int(1),
        audit_id: row.int(2),
        author_id: row.int(3),
        body: row.text(4).to_owned(),
        html_body: row.text(5).to_owned(),
        is_public: row.bool(6),
        metadata: document(row, 7)?,
        created_at: Timestamp(row.int(8)),
    })
}

pub async fn list(
    store: &Store,
    account: AccountId,
    ticket_id: i64,
    order: Order,
    window: Window,
) -> Result<Vec<Comment>, StoreError> {
    let mut query = Query::new(format!("SELECT {COLUMNS} FROM zd_comment WHERE account = $1"), account);
    query.and("ticket_id = ?", ticket_id);
    store.read(query.window(Sorted::Id, order, window)).await?.rows.iter().map(comment).collect()
}

/// All comments of the tickets, for searching in them.
pub async fn of_tickets(store: &Store, account: AccountId, tickets: &[i64]) -> Result<Vec<Comment>, StoreError> {
    let mut query = Query::new(format!("SELECT {COLUMNS} FROM zd_comment WHERE account = $1"), account);
    query.within("ticket_id", tickets.iter().copied());
    store.read(query.done()).await?.rows.iter().map(comment).collect()
}

pub async fn count(store: &Store, account: AccountId, ticket_id: i64) -> Result<u64, StoreError> {
    let rows = store
        .read(statement(
            "SELECT count(*) FROM zd_comment WHERE account = $1 AND ticket_id = $2",
            params![account, ticket_id],
        ))
        .await?;
    Ok(rows.first().map_or(0, |row| u64::try_from(row.int(0)).unwrap_or_default()))
}
