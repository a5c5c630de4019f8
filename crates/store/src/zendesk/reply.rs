//! Replies kept for idempotency keys: the same answer again for two hours.

use zis_flow::{Timestamp, Value};

use super::{
    document,
    ticket::{Ticket, columns, ticket},
};
use crate::{
    AccountId, Store, StoreError, params,
    sql::{Param, Row, Statement, statement},
};

/// What a create request with an idempotency key gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    pub key: String,
    pub digest: String,
    pub ticket_id: i64,
    pub audit_id: i64,
    /// The ticket as it was answered.
    pub ticket: Ticket,
    pub expires_at: Timestamp,
}

/// Keeps the reply. A key in use is [`StoreError::Duplicate`] of `zd_reply`; an expired one is taken over.
pub fn keep(account: AccountId, reply: &Reply, now: Timestamp) -> Vec<Statement> {
    vec![
        statement(
            "DELETE FROM zd_reply WHERE account = $1 AND idempotency_key = $2 AND expires_at <= $3",
            params![account, &reply.key, now],
        ),
        statement(
            "INSERT INTO zd_reply (account, idempotency_key, digest, ticket_id, audit_id, snapshot, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            params![
                account,
                &reply.key,
                &reply.digest,
                reply.ticket_id,
                reply.audit_id,
                snapshot(&reply.ticket),
                reply.expires_at,
            ],
        ),
    ]
}

fn snapshot(ticket: &Ticket) -> String {
    // The row's own columns, so that one reader serves both.
    let value = |param: &Param| match param {
        Param::Int(int) => Value::from(*int),
        Param::Text(text) => Value::string(text),
        _ => Value::Null,
    };
    Value::array(columns(AccountId(0), ticket).iter().skip(1).map(value)).to_json()
}

pub async fn kept(store: &Store, account: AccountId, key: &str, now: Timestamp) -> Result<Option<Reply>, StoreError> {
    let rows = store
        .read(statement(
            "SELECT digest, ticket_id, audit_id, snapshot, expires_at FROM zd_reply \
             WHERE account = $1 AND idempotency_key = $2 AND expires_at > $3",
            params![account, key, now],
        ))
        .await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let cells = document(row, 3)?;
    let cell = |value: &Value| match (value.as_i64(), value.as_str()) {
        (Some(int), _) => Param::Int(int),
        (_, Some(text)) => Param::Text(text.to_owned()),
        _ => Param::Null,
    };
    Ok(Some(Reply {
        key: key.to_owned(),
        digest: row.text(0).to_owned(),
        ticket_id: row.int(1),
        audit_id: row.int(2),
        ticket: ticket(&Row(cells.as_array().unwrap_or_default().iter().map(cell).collect()))?,
        expires_at: Timestamp(row.int(4)),
    }))
}

/// Replies whose keys have expired.
pub fn expire(account: AccountId, now: Timestamp) -> Statement {
    statement("DELETE FROM zd_reply WHERE account = $1 AND expires_at <= $2", params![account, now])
}
