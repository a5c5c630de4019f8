//! SQLite in memory, on the caller's thread: nothing is durable, nothing runs beside anything else, and the same calls give the same
//! answers in the same order. For tests, simulations, and runs that leave nothing behind.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use rusqlite::Connection;
use tokio::sync::broadcast;

use crate::{
    driver::{
        Driver, TOPICS, closed,
        sqlite::{error, logical, prepare_once, run},
    },
    error::StoreError,
    sql::{Dialect, Rows, Statement},
    store::{Reply, Transaction},
};

/// The in-memory driver.
pub struct Memory {
    /// Nothing once it is closed.
    connection: Mutex<Option<Connection>>,
    topics: broadcast::Sender<Arc<str>>,
}

impl Memory {
    /// An empty, migrated database.
    pub fn open() -> Result<Self, StoreError> {
        let connection = Connection::open_in_memory().map_err(error)?;
        prepare_once(&connection)?;
        crate::migration::sqlite(&connection)?;
        Ok(Self { connection: Mutex::new(Some(connection)), topics: broadcast::channel(TOPICS).0 })
    }
}

impl Memory {
    fn with<T>(&self, work: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        connection.as_ref().ok_or_else(closed).and_then(work)
    }
}

#[async_trait]
impl Driver for Memory {
    fn submit(&self, transaction: Transaction, reply: Reply) {
        let _ = reply.send(self.with(|connection| logical(connection, &transaction)));
    }

    fn notify(&self, topic: &str) {
        let _ = self.topics.send(Arc::from(topic));
    }

    fn notified(&self) -> broadcast::Receiver<Arc<str>> {
        self.topics.subscribe()
    }

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn read(&self, statement: Statement) -> Result<Rows, StoreError> {
        self.with(|connection| run(connection, &statement))
    }

    async fn close(&self) {
        *self.connection.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
