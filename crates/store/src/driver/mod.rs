//! What a database must do for us: run logical transactions in groups, and read.

pub mod memory;
pub mod postgres;
pub mod sqlite;

mod meters;
mod queue;

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::broadcast;

use crate::{
    error::StoreError,
    sql::{Dialect, Expect, Rows, Statement},
    store::{Reply, Transaction},
};

/// Topics that a slow listener may be behind; then it is told that it missed some.
const TOPICS: usize = 256;

/// A database.
#[async_trait]
pub trait Driver: Send + Sync {
    /// Queues a logical transaction. Everything waiting is gathered into one physical commit, each all or nothing (group commit).
    fn submit(&self, transaction: Transaction, reply: Reply);

    /// Tells everybody who listens, on every node, that `topic` changed. A hint: it may get lost.
    fn notify(&self, topic: &str);

    /// What [`Driver::notify`] said from now on. An empty topic: anything may have changed while nobody heard.
    fn notified(&self) -> broadcast::Receiver<Arc<str>>;

    /// Whose words the texts may use.
    fn dialect(&self) -> Dialect;

    /// Runs one statement that changes nothing.
    async fn read(&self, statement: Statement) -> Result<Rows, StoreError>;

    /// The same for a few rows found by their keys, which a driver may answer at once, on the caller's thread.
    async fn look(&self, statement: Statement) -> Result<Rows, StoreError> {
        self.read(statement).await
    }

    /// Finishes what is queued, refuses what comes later, lets go of the database.
    async fn close(&self) {}
}

/// Holds the statement to what it must touch.
fn check(at: usize, statement: &Statement, rows: Rows) -> Result<Rows, StoreError> {
    let (ok, expected) = match statement.expect {
        Expect::Any => (true, 0),
        Expect::Exactly(count) => (rows.affected == count, count),
        Expect::AtLeast(count) => (rows.affected >= count, count),
    };
    if ok { Ok(rows) } else { Err(StoreError::Expectation { statement: at, expected, found: rows.affected }) }
}

fn closed() -> StoreError {
    StoreError::Unavailable("the store is closed".to_owned())
}
