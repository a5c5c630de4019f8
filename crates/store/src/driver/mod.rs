//! What a database must do for us: run logical transactions in groups, and read.

pub mod sqlite;

use async_trait::async_trait;

use crate::{
    error::StoreError,
    sql::{Rows, Statement},
    store::Reply,
};

#[async_trait]
pub trait Driver: Send + Sync {
    /// Queues a logical transaction. Everything waiting is gathered into one physical commit, a savepoint for each (group commit).
    fn submit(&self, statements: Vec<Statement>, reply: Reply);

    async fn read(&self, statement: Statement) -> Result<Rows, StoreError>;
}
