//! Sessions of the console and of the consent page. Kept as SHA-256 of the cookie.

use zis_flow::Timestamp;

use crate::{
    AccountId, Store, StoreError, params,
    sql::{Statement, statement},
};

pub fn insert(account: AccountId, hash: &str, user_id: i64, now: Timestamp, expires_at: Timestamp) -> Statement {
    statement(
        "INSERT INTO zd_session (account, hash, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        params![account, hash, user_id, now, expires_at],
    )
}

/// Whose session it is, when it has not expired.
pub async fn user_of(
    store: &Store,
    account: AccountId,
    hash: &str,
    now: Timestamp,
) -> Result<Option<(i64, Timestamp)>, StoreError> {
    let rows = store
        .read(statement(
            "SELECT user_id, expires_at FROM zd_session WHERE account = $1 AND hash = $2 AND expires_at > $3",
            params![account, hash, now],
        ))
        .await?;
    Ok(rows.first().map(|row| (row.int(0), Timestamp(row.int(1)))))
}

pub fn delete(account: AccountId, hash: &str) -> Statement {
    statement("DELETE FROM zd_session WHERE account = $1 AND hash = $2", params![account, hash])
}

pub fn delete_of_user(account: AccountId, user_id: i64) -> Statement {
    statement("DELETE FROM zd_session WHERE account = $1 AND user_id = $2", params![account, user_id])
}

pub fn expire(account: AccountId, now: Timestamp) -> Statement {
    statement("DELETE FROM zd_session WHERE account = $1 AND expires_at <= $2", params![account, now])
}
