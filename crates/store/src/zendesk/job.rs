//! Jobs: what became of a bulk request.

use zis_flow::{Timestamp, Value};

use super::document;
use crate::{
    AccountId, Store, StoreError, params,
    sql::{Row, Statement, statement},
};

/// A bulk request that has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// `V3-` and 32 hexadecimal digits.
    pub id: String,
    pub total: u64,
    /// An array, one result for each item.
    pub results: Value,
    pub created_at: Timestamp,
}

pub fn insert(account: AccountId, job: &Job) -> Statement {
    statement(
        "INSERT INTO zd_job (account, id, total, results, created_at) VALUES ($1, $2, $3, $4, $5)",
        params![account, &job.id, i64::try_from(job.total).unwrap_or(i64::MAX), &job.results, job.created_at],
    )
}

pub async fn show(store: &Store, account: AccountId, id: &str) -> Result<Option<Job>, StoreError> {
    let rows = store
        .read(statement(
            "SELECT id, total, results, created_at FROM zd_job WHERE account = $1 AND id = $2",
            params![account, id],
        ))
        .await?;
    let job = |row: &Row| {
        Ok(Job {
            id: row.text(0).to_owned(),
            total: u64::try_from(row.int(1)).unwrap_or_default(),
            results: document(row, 2)?,
            created_at: Timestamp(row.int(3)),
        })
    };
    rows.first().map(job).transpose()
}
