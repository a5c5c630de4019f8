//! The catalog's version: every change of what is installed counts it up, every ingest holds it still (D5).
//!
//! Nodes keep the catalog in memory. An ingest names the version it matched against; when another node has changed the catalog since,
//! the transaction touches no row, nothing is kept, and the node reloads and matches again. So what is installed on one node is seen by all at once.

use crate::{
    AccountId, Store, StoreError, params,
    sql::{Expect, Statement, statement},
};

/// The current version of `account`'s catalog; 0 before anything was installed.
pub async fn version(store: &Store, account: AccountId) -> Result<i64, StoreError> {
    let rows = store.read(statement("SELECT version FROM catalog WHERE account = $1", params![account])).await?;
    Ok(rows.first().map_or(0, |row| row.int(0)))
}

/// What [`Store::notify`] says after a change, so that other nodes reload before their next ingest finds out.
pub fn topic(account: AccountId) -> String {
    format!("catalog:{}", account.0)
}

/// Part of every transaction that changes what an event would run.
pub fn bump(account: AccountId) -> Statement {
    statement(
        "INSERT INTO catalog (account, version) VALUES ($1, 1) ON CONFLICT (account) DO UPDATE SET version = catalog.version + 1",
        params![account],
    )
}

/// Part of every ingest: fails the transaction unless the catalog still has `version`.
pub fn hold(account: AccountId, version: i64) -> Statement {
    statement(
        "SELECT 1 WHERE COALESCE((SELECT version FROM catalog WHERE account = $1), 0) = $2",
        params![account, version],
    )
    .expect(Expect::Exactly(1))
    .look()
}
