//! Retention: what ended long ago goes.

use zis_flow::Timestamp;

use crate::{
    AccountId, Store, StoreError, params,
    sql::{Expect, Row, Statement, Where, statement},
};

/// Rows looked at in one read.
const PAGE: usize = 1000;

/// Deletes executions that ended, and events that were received, before `before`, at most `limit` of each; how many went.
/// An event stays as long as one of its executions does.
pub async fn expire(store: &Store, before: Timestamp, limit: usize) -> Result<u64, StoreError> {
    let mut gone = 0;
    for kind in [&EXECUTIONS, &EVENTS] {
        let mut accounts = Accounts { table: kind.table, last: i64::MIN };
        let mut left = limit;
        while let Some(account) = accounts.next(store).await? {
            let count = walk(store, account, kind, before, left).await?;
            (gone, left) = (gone + count, left.saturating_sub(usize::try_from(count).unwrap_or(left)));
        }
    }
    Ok(gone)
}

/// What goes.
struct Kind {
    table: &'static str,
    /// The id, when the row began, and what `delete` asks for.
    columns: &'static str,
    /// `None` when the row is too young.
    delete: fn(AccountId, &Row, Timestamp) -> Option<Vec<Statement>>,
}

const EXECUTIONS: Kind =
    Kind { table: "execution", columns: "id, started_at, seq, ended_at", delete: delete_execution };
const EVENTS: Kind = Kind { table: "event", columns: "id, received_at", delete: delete_event };

/// The accounts that have rows in a table, one index look-up each.
struct Accounts {
    table: &'static str,
    last: i64,
}

impl Accounts {
    async fn next(&mut self, store: &Store) -> Result<Option<AccountId>, StoreError> {
        let next = format!("SELECT min(account) FROM {} WHERE account > $1", self.table);
        let rows = store.read(statement(next, params![self.last])).await?;
        let next = rows.first().and_then(|row| row.opt_int(0));
        self.last = next.unwrap_or(self.last);
        Ok(next.map(AccountId))
    }
}

/// Ids grow with time, so the oldest come first and the walk ends at the first page that began too late: no index by time, which
/// every execution would pay for.
async fn walk(
    store: &Store,
    account: AccountId,
    kind: &Kind,
    before: Timestamp,
    limit: usize,
) -> Result<u64, StoreError> {
    let mut writes = Vec::new();
    let mut last = String::new();
    while writes.len() < limit {
        let mut query = Where::account(account);
        query.and("id > ", &last);
        let rows = store.read(query.select(kind.columns, kind.table, &format!("ORDER BY id LIMIT {PAGE}"))).await?.rows;
        let Some(end) = rows.last() else { break };
        last = end.text(0).to_owned();
        let room = limit - writes.len();
        let old = rows.iter().filter_map(|row| (kind.delete)(account, row, before));
        writes.extend(old.take(room).map(|delete| store.write(delete)));
        if end.int(1) >= before.0 || rows.len() < PAGE {
            break;
        }
    }
    count(writes).await
}

/// An execution that has ended and its journal; not when somebody has opened it again since it was looked at.
fn delete_execution(account: AccountId, row: &Row, before: Timestamp) -> Option<Vec<Statement>> {
    row.opt_int(3).filter(|ended| *ended < before.0)?;
    let delete = statement(
        "DELETE FROM execution WHERE account = $1 AND id = $2 AND seq = $3 AND ended_at IS NOT NULL",
        params![account, row.text(0), row.int(2)],
    );
    let journal = statement("DELETE FROM journal WHERE account = $1 AND execution = $2", params![account, row.text(0)]);
    Some(vec![delete.expect(Expect::Exactly(1)), journal])
}

/// An event whose executions are gone.
fn delete_event(account: AccountId, row: &Row, before: Timestamp) -> Option<Vec<Statement>> {
    let delete = statement(
        "DELETE FROM event WHERE account = $1 AND id = $2 AND NOT EXISTS \
         (SELECT 1 FROM execution WHERE execution.account = $1 AND execution.event_id = $2)",
        params![account, row.text(0)],
    );
    (row.int(1) < before.0).then(|| vec![delete.expect(Expect::Exactly(1))])
}

/// How many were kept from changing under us; the others stay for another time.
async fn count(writes: Vec<crate::Pending>) -> Result<u64, StoreError> {
    let mut gone = 0;
    for write in writes {
        match write.await {
            Ok(_) => gone += 1,
            Err(StoreError::Expectation { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(gone)
}
