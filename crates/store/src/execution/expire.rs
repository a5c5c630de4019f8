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
    let mut accounts = Accounts { table: "execution", last: i64::MIN };
    let mut left = limit;
    while let Some(account) = accounts.next(store).await? {
        let count = executions(store, account, before, left).await?;
        (gone, left) = (gone + count, left.saturating_sub(usize::try_from(count).unwrap_or(left)));
    }
    let mut accounts = Accounts { table: "event", last: i64::MIN };
    let mut left = limit;
    while let Some(account) = accounts.next(store).await? {
        let count = events(store, account, before, left).await?;
        (gone, left) = (gone + count, left.saturating_sub(usize::try_from(count).unwrap_or(left)));
    }
    Ok(gone)
}

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
async fn executions(store: &Store, account: AccountId, before: Timestamp, limit: usize) -> Result<u64, StoreError> {
    let mut writes = Vec::new();
    let mut last = String::new();
    while writes.len() < limit {
        let mut query = Where::account(account);
        query.and("id > ", &last);
        let tail = format!("ORDER BY id LIMIT {PAGE}");
        let rows = store.read(query.select("id, seq, started_at, ended_at", "execution", &tail)).await?.rows;
        let Some(end) = rows.last() else { break };
        last = end.text(0).to_owned();
        let room = limit - writes.len();
        let old = rows.iter().filter(|row| row.opt_int(3).is_some_and(|ended| ended < before.0));
        writes.extend(old.take(room).map(|row| store.write(delete(account, row))));
        if end.int(2) >= before.0 || rows.len() < PAGE {
            break;
        }
    }
    count(writes).await
}

/// One execution and its journal; not when somebody has opened it again since it was looked at.
fn delete(account: AccountId, row: &Row) -> Vec<Statement> {
    let delete = statement(
        "DELETE FROM execution WHERE account = $1 AND id = $2 AND seq = $3 AND ended_at IS NOT NULL",
        params![account, row.text(0), row.int(1)],
    );
    let journal = statement("DELETE FROM journal WHERE account = $1 AND execution = $2", params![account, row.text(0)]);
    vec![delete.expect(Expect::Exactly(1)), journal]
}

async fn events(store: &Store, account: AccountId, before: Timestamp, limit: usize) -> Result<u64, StoreError> {
    let mut writes = Vec::new();
    let mut last = String::new();
    while writes.len() < limit {
        let mut query = Where::account(account);
        query.and("id > ", &last);
        let tail = format!("ORDER BY id LIMIT {PAGE}");
        let rows = store.read(query.select("id, received_at", "event", &tail)).await?.rows;
        let Some(end) = rows.last() else { break };
        last = end.text(0).to_owned();
        let room = limit - writes.len();
        let old = rows.iter().filter(|row| row.int(1) < before.0).take(room);
        writes.extend(old.map(|row| {
            let delete = statement(
                "DELETE FROM event WHERE account = $1 AND id = $2 AND NOT EXISTS \
                 (SELECT 1 FROM execution WHERE execution.account = $1 AND execution.event_id = $2)",
                params![account, row.text(0)],
            );
            store.write(vec![delete.expect(Expect::Exactly(1))])
        }));
        if end.int(1) >= before.0 || rows.len() < PAGE {
            break;
        }
    }
    count(writes).await
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
