//! API tokens: account-wide, the e-mail beside them chooses who acts. Kept as SHA-256.

use zis_flow::Timestamp;

use crate::{
    AccountId, Store, StoreError, params,
    sql::{Expect, Statement, statement},
};

/// An API token without the token.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiToken {
    pub id: i64,
    /// Hexadecimal SHA-256 of the token.
    pub hash: String,
    /// Its first characters, for lists.
    pub shown: String,
    pub description: String,
    pub created_by: i64,
    pub created_at: Timestamp,
}

pub fn insert(account: AccountId, token: &ApiToken) -> Statement {
    statement(
        "INSERT INTO zd_api_token (account, id, hash, shown, description, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![account, token.id, &token.hash, &token.shown, &token.description, token.created_by, token.created_at,],
    )
}

/// Is there a token with this hash?
pub async fn exists(store: &Store, account: AccountId, hash: &str) -> Result<bool, StoreError> {
    let rows = store
        .read(statement("SELECT 1 FROM zd_api_token WHERE account = $1 AND hash = $2", params![account, hash]))
        .await?;
    Ok(rows.first().is_some())
}

pub async fn list(store: &Store, account: AccountId) -> Result<Vec<ApiToken>, StoreError> {
    let rows = store
        .read(statement(
            "SELECT id, hash, shown, description, created_by, created_at FROM zd_api_token WHERE account = $1 ORDER BY id",
            params![account],
        ))
        .await?;
    let token = |row: &crate::sql::Row| ApiToken {
        id: row.int(0),
        hash: row.text(1).to_owned(),
        shown: row.text(2).to_owned(),
        description: row.text(3).to_owned(),
        created_by: row.int(4),
        created_at: Timestamp(row.int(5)),
    };
    Ok(rows.rows.iter().map(token).collect())
}

/// An expectation error: there is no such token.
pub fn delete(account: AccountId, id: i64) -> Statement {
    statement("DELETE FROM zd_api_token WHERE account = $1 AND id = $2", params![account, id])
        .expect(Expect::Exactly(1))
}
