//! Who drives which execution, and when it goes on.

use zis_flow::Timestamp;

use super::{COLUMNS, Execution, execution};
use crate::{
    AccountId, ExecutionId, Store, StoreError,
    node::{self, Owner},
    params,
    sql::{Expect, Rows, Statement, statement},
};

/// Takes over up to `limit` open executions whose owner is dead: an earlier epoch of its own node, a node that has left, or one
/// that was buried. Each is fenced to `owner` from then on and given to exactly one adopter.
/// Empty when nothing is left, or when other adopters are at the rest.
pub async fn adopt(store: &Store, owner: &Owner, limit: usize) -> Result<Vec<Execution>, StoreError> {
    let skip_locked = store.dialect().skip_locked();
    let mut adopted = Vec::new();
    for dead in node::bereft(store).await? {
        if adopted.len() >= limit {
            break;
        }
        // The owner is compared again in the update: of two adopters the second finds the row changed, and leaves it.
        let take = statement(
            format!(
                "WITH taken AS MATERIALIZED (SELECT account AS a, id AS i FROM execution WHERE ended_at IS NULL AND node = $1 AND epoch = $2 \
                 ORDER BY account, id LIMIT $3 {skip_locked}) \
                 UPDATE execution SET node = $4, epoch = $5 WHERE ended_at IS NULL AND node = $1 AND epoch = $2 \
                 AND (account, id) IN (SELECT a, i FROM taken) RETURNING {COLUMNS}"
            ),
            params![&dead.node, dead.epoch, limit - adopted.len(), &owner.node, owner.epoch],
        );
        let rows = store.write(vec![take]).await?;
        let rows = rows.first().map_or(&[][..], |rows: &Rows| &rows.rows);
        adopted.extend(rows.iter().map(execution).collect::<Result<Vec<_>, _>>()?);
    }
    adopted.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(adopted)
}

/// Open executions of `owner` that should be moving at `now`, because they wait for no later time; by account and id. `after` is the last one
/// of the page before.
pub async fn moving(
    store: &Store,
    owner: &Owner,
    now: Timestamp,
    after: Option<(AccountId, &ExecutionId)>,
    limit: usize,
) -> Result<Vec<Execution>, StoreError> {
    let (account, id) = after.map_or((AccountId(i64::MIN), ""), |(account, id)| (account, id.as_str()));
    let moving = statement(
        format!(
            "SELECT {COLUMNS} FROM execution WHERE ended_at IS NULL AND node = $1 AND epoch = $2 AND (account, id) > ($3, $4) \
             AND (wake_at IS NULL OR wake_at <= $5) ORDER BY account, id LIMIT $6"
        ),
        params![&owner.node, owner.epoch, account, id, now, limit],
    );
    store.read(moving).await?.rows.iter().map(execution).collect()
}

/// Executions of `owner` whose `wake_at` has come, soonest first.
pub async fn due(store: &Store, owner: &Owner, now: Timestamp, limit: usize) -> Result<Vec<Execution>, StoreError> {
    let due = statement(
        format!(
            "SELECT {COLUMNS} FROM execution WHERE node = $1 AND epoch = $2 AND wake_at IS NOT NULL AND wake_at <= $3 \
             ORDER BY wake_at LIMIT $4"
        ),
        params![&owner.node, owner.epoch, now, limit],
    );
    store.read(due).await?.rows.iter().map(execution).collect()
}

/// When the next waiting execution of `owner` wakes.
pub async fn next_wake(store: &Store, owner: &Owner) -> Result<Option<Timestamp>, StoreError> {
    let next = statement(
        "SELECT min(wake_at) FROM execution WHERE node = $1 AND epoch = $2 AND wake_at IS NOT NULL",
        params![&owner.node, owner.epoch],
    );
    Ok(store.read(next).await?.first().and_then(|row| row.opt_int(0)).map(Timestamp))
}

/// Gives an execution that has ended, or that nobody drives now, a new owner so that it can be retried or cancelled by hand: fenced by its
/// current `seq`, and whoever owned it before is fenced from then on.
/// An append with the new owner follows in the same transaction.
pub fn reopen(execution: &Execution, owner: &Owner) -> Vec<Statement> {
    let reopen = statement(
        "UPDATE execution SET node = $1, epoch = $2 WHERE account = $3 AND id = $4 AND seq = $5",
        params![&owner.node, owner.epoch, execution.account, &execution.id, execution.seq],
    );
    vec![reopen.expect(Expect::Exactly(1))]
}
