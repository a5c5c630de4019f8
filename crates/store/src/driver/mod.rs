//! What a database must do for us: run logical transactions in groups, and read.

pub mod memory;
pub mod sqlite;

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::broadcast;

use crate::{
    error::StoreError,
    sql::{Dialect, Rows, Statement},
    store::Reply,
};

#[async_trait]
pub trait Driver: Send + Sync {
    /// Queues a logical transaction. Everything waiting is gathered into one physical commit, a savepoint for each (group commit).
    fn submit(&self, statements: Vec<Statement>, reply: Reply);

    /// Tells everybody who listens, on every node, that `topic` changed. A hint: it may get lost.
    fn notify(&self, topic: &str);

    /// What [`Driver::notify`] said from now on. An empty topic: anything may have changed while nobody heard.
    fn notified(&self) -> broadcast::Receiver<Arc<str>>;

    fn dialect(&self) -> Dialect;

    async fn read(&self, statement: Statement) -> Result<Rows, StoreError>;
}
