//! Counting executions, from indexes alone: those that succeeded are all less the others, which are few or have an index of their own.

use std::collections::BTreeMap;

use zis_flow::journal::Status;

use super::{
    list::{Filter, OPEN, UNSUCCESSFUL, is_unsuccessful},
    status,
};
use crate::{
    AccountId, ExecutionId, Store, StoreError,
    sql::{Rows, Where},
};

/// How many executions have a status; none is left out with 0.
pub type Counts = Vec<(Status, u64)>;

/// What stands for all, whatever their status.
const ALL: &str = "all";

/// Executions by status that match `filter`, as of one moment.
pub async fn count(store: &Store, account: AccountId, filter: &Filter) -> Result<Counts, StoreError> {
    let query = filter.conditions(account);
    let few = filter.statuses.iter().all(|status| is_unsuccessful(*status) || !status.is_ended());
    if few && !filter.statuses.is_empty() {
        let rows = store.read(query.select("status, count(*)", "execution", "GROUP BY status")).await?;
        return read(&rows);
    }
    // A filter by status keeps the open and the unsuccessful out of the whole too.
    read(&store.read(each_status(query)).await?)
}

/// Executions by status that began between each of `edges` and the next one.
pub async fn histogram(store: &Store, account: AccountId, edges: &[ExecutionId]) -> Result<Vec<Counts>, StoreError> {
    let mut columns = Vec::new();
    for range in edges.windows(2) {
        let mut query = Where::account(account);
        query.and("id >= ", &range[0]);
        query.and("id < ", &range[1]);
        columns.push(read(&store.read(each_status(query)).await?)?);
    }
    Ok(columns)
}

/// `(status, count)` of the unsuccessful and the open, and of all.
fn each_status(query: Where) -> crate::Statement {
    let all = format!("'{ALL}', count(*)");
    query.select_each(
        "execution",
        &[
            ("status, count(*)", UNSUCCESSFUL, "GROUP BY status"),
            ("status, count(*)", OPEN, "GROUP BY status"),
            (&all, "", ""),
        ],
    )
}

fn read(rows: &Rows) -> Result<Counts, StoreError> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for row in &rows.rows {
        *counts.entry(row.text(0)).or_default() += u64::try_from(row.int(1)).unwrap_or_default();
    }
    if let Some(all) = counts.remove(ALL) {
        let others: u64 = counts.values().sum();
        counts.insert(Status::Succeeded.as_str(), all.saturating_sub(others));
    }
    let some = counts.into_iter().filter(|(_, count)| *count > 0);
    some.map(|(name, count)| Ok((status(name)?, count))).collect()
}
