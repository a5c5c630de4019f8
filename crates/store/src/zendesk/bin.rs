//! Request bins: what came, by name, the oldest dropped beyond a bound.

use zis_flow::{Timestamp, Value};

use super::document;
use crate::{
    AccountId, Store, StoreError, params,
    sql::{Row, Statement, statement},
};

/// One request that a bin got.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    pub id: i64,
    pub method: String,
    pub path: String,
    pub query: String,
    /// An array of `[name, value]`.
    pub headers: Value,
    /// The text, or base64 of bytes that are no UTF-8.
    pub body: String,
    pub body_is_text: bool,
    pub received_at: Timestamp,
}

fn received(row: &Row) -> Result<Received, StoreError> {
    Ok(Received {
        id: row.int(0),
        method: row.text(1).to_owned(),
        path: row.text(2).to_owned(),
        query: row.text(3).to_owned(),
        headers: document(row, 4)?,
        body: row.text(5).to_owned(),
        body_is_text: row.bool(6),
        received_at: Timestamp(row.int(7)),
    })
}

pub fn insert(account: AccountId, bin: &str, request: &Received) -> Statement {
    statement(
        "INSERT INTO zd_bin_request (account, bin, id, method, path, query, headers, body, body_is_text, received_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        params![
            account,
            bin,
            request.id,
            &request.method,
            &request.path,
            &request.query,
            &request.headers,
            &request.body,
            request.body_is_text,
            request.received_at,
        ],
    )
}

/// Drops all but the newest `keep` of the bin.
pub fn trim(account: AccountId, bin: &str, keep: usize) -> Statement {
    statement(
        "DELETE FROM zd_bin_request WHERE account = $1 AND bin = $2 AND id <= \
         (SELECT id FROM zd_bin_request WHERE account = $1 AND bin = $2 ORDER BY id DESC LIMIT 1 OFFSET $3)",
        params![account, bin, keep],
    )
}

/// Newest first.
pub async fn list(
    store: &Store,
    account: AccountId,
    bin: &str,
    before: Option<i64>,
    size: usize,
) -> Result<Vec<Received>, StoreError> {
    let rows = store
        .read(statement(
            "SELECT id, method, path, query, headers, body, body_is_text, received_at FROM zd_bin_request \
             WHERE account = $1 AND bin = $2 AND id < $3 ORDER BY id DESC LIMIT $4",
            params![account, bin, before.unwrap_or(i64::MAX), size],
        ))
        .await?;
    rows.rows.iter().map(received).collect()
}

/// Name, count and newest time of each bin.
pub async fn bins(store: &Store, account: AccountId) -> Result<Vec<(String, u64, Timestamp)>, StoreError> {
    let rows = store
        .read(statement(
            "SELECT bin, count(*), max(received_at) FROM zd_bin_request WHERE account = $1 GROUP BY bin ORDER BY bin",
            params![account],
        ))
        .await?;
    let bin =
        |row: &Row| (row.text(0).to_owned(), u64::try_from(row.int(1)).unwrap_or_default(), Timestamp(row.int(2)));
    Ok(rows.rows.iter().map(bin).collect())
}

pub fn clear(account: AccountId, bin: &str) -> Statement {
    statement("DELETE FROM zd_bin_request WHERE account = $1 AND bin = $2", params![account, bin])
}
