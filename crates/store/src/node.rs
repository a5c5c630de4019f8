//! Nodes: a name, an epoch, a heartbeat (D5). Every append of an execution is fenced by the (name, epoch) of its owner.
//!
//! Each life of a node is a row. A life ends once and for all: it leaves, a later life of the name begins, or another node finds that its
//! heartbeat has stopped. The row of an ended life stays while executions name it, so that "who must be adopted" is a look at a tiny table.

use zis_flow::Timestamp;

use crate::{
    Store, StoreError, params,
    sql::{Expect, Row, statement},
};

/// Who owns an execution.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Owner {
    pub node: String,
    /// Counts up each time a node of this name starts: appends of an earlier life are refused.
    pub epoch: i64,
}

/// How long the row of an ended life stays, in microseconds: longer than any process can sleep and still believe that it is alive.
const REMEMBERED: i64 = 7 * 24 * 3600 * 1_000_000;

/// Registers the node (a new epoch), ends its earlier lives, and gives its ownership.
pub async fn register(store: &Store, name: &str, now: Timestamp) -> Result<Owner, StoreError> {
    let insert = statement(
        "INSERT INTO node (name, epoch, heartbeat_at, alive) VALUES ($1, 1 + COALESCE((SELECT max(epoch) FROM node WHERE name = $1), 0), $2, 1) \
         RETURNING epoch",
        params![name, now],
    );
    let bury = statement(
        "UPDATE node SET alive = 0 WHERE name = $1 AND alive = 1 AND epoch < (SELECT max(epoch) FROM node WHERE name = $1)",
        params![name],
    );
    // Open executions whose owner has no row (a database put together by hand, a row lost) get one, so that they are found.
    let find = statement(
        "INSERT INTO node (name, epoch, heartbeat_at, alive) SELECT DISTINCT node, epoch, 0, 0 FROM execution WHERE ended_at IS NULL \
         AND NOT EXISTS (SELECT 1 FROM node AS life WHERE life.name = execution.node AND life.epoch = execution.epoch) \
         ON CONFLICT (name, epoch) DO NOTHING",
        params![],
    );
    // Nodes with names of their own leave a row each; those that own nothing any more go after a while.
    let forget = statement(
        "DELETE FROM node WHERE alive = 0 AND heartbeat_at < $1 AND NOT EXISTS (SELECT 1 FROM execution \
         WHERE execution.node = node.name AND execution.epoch = node.epoch AND execution.ended_at IS NULL)",
        params![Timestamp(now.0 - REMEMBERED)],
    );
    let rows = store.write(vec![find, insert, bury, forget]).await?;
    let epoch = rows.get(1).and_then(|rows| rows.first()).map_or(0, |row| row.int(0));
    Ok(Owner { node: name.to_owned(), epoch })
}

/// Renews the heartbeat; an expectation error means that this life of the node was declared dead.
pub async fn heartbeat(store: &Store, owner: &Owner, now: Timestamp) -> Result<(), StoreError> {
    let beat = statement(
        "UPDATE node SET heartbeat_at = $1 WHERE name = $2 AND epoch = $3 AND alive = 1",
        params![now, &owner.node, owner.epoch],
    );
    store.write(vec![beat.expect(Expect::Exactly(1))]).await.map(|_| ())
}

/// Topic of [`Store::notify`] that tells of a node that has left.
pub const TOPIC: &str = "node";

/// Says goodbye: other nodes may adopt at once.
pub async fn leave(store: &Store, owner: &Owner) -> Result<(), StoreError> {
    let leave =
        statement("UPDATE node SET alive = 0 WHERE name = $1 AND epoch = $2", params![&owner.node, owner.epoch]);
    store.write(vec![leave]).await?;
    store.notify(TOPIC);
    Ok(())
}

/// The life of a node that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    pub owner: Owner,
    /// By the clock of the node itself.
    pub heartbeat_at: Timestamp,
}

/// The lives that have not ended.
pub async fn lives(store: &Store) -> Result<Vec<Life>, StoreError> {
    let look = statement("SELECT name, epoch, heartbeat_at FROM node WHERE alive = 1 ORDER BY name, epoch", params![]);
    let rows = store.read(look).await?;
    Ok(rows.rows.iter().map(|row| Life { owner: owner(row), heartbeat_at: Timestamp(row.int(2)) }).collect())
}

/// Ends `life`, unless it has shown another heartbeat by now: other nodes may adopt what it left.
pub async fn bury(store: &Store, life: &Life) -> Result<(), StoreError> {
    let bury = statement(
        "UPDATE node SET alive = 0 WHERE name = $1 AND epoch = $2 AND heartbeat_at = $3",
        params![&life.owner.node, life.owner.epoch, life.heartbeat_at],
    );
    store.write(vec![bury]).await.map(|_| ())
}

/// The ended lives that own open executions.
pub(crate) async fn bereft(store: &Store) -> Result<Vec<Owner>, StoreError> {
    let look = statement(
        "SELECT name, epoch FROM node WHERE alive = 0 AND EXISTS (SELECT 1 FROM execution \
         WHERE execution.node = node.name AND execution.epoch = node.epoch AND execution.ended_at IS NULL) ORDER BY name, epoch",
        params![],
    );
    Ok(store.read(look).await?.rows.iter().map(owner).collect())
}

fn owner(row: &Row) -> Owner {
    Owner { node: row.text(0).to_owned(), epoch: row.int(1) }
}
