//! The handle: submit logical transactions, read rows.

use std::{
    future::Future,
    path::Path,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::sync::{broadcast, oneshot};

use crate::{
    driver::{Driver, memory::Memory, postgres::Postgres, sqlite::Sqlite},
    error::StoreError,
    sql::{Dialect, Rows, Statement},
};

/// A store; clones share it.
#[derive(Clone)]
pub struct Store {
    driver: Arc<dyn Driver>,
}

impl Store {
    /// Opens (and makes, and migrates) `zis.db` in `folder`.
    pub fn open_sqlite(folder: &Path) -> Result<Self, StoreError> {
        Ok(Self { driver: Arc::new(Sqlite::open(&folder.join("zis.db"))?) })
    }

    /// A store that is gone with its last clone: for tests, simulations, and runs that leave nothing behind.
    pub fn in_memory() -> Result<Self, StoreError> {
        Ok(Self::with_driver(Arc::new(Memory::open()?)))
    }

    /// A store over a driver of the caller's: a wrapper that injects faults, in tests.
    pub fn with_driver(driver: Arc<dyn Driver>) -> Self {
        Self { driver }
    }

    /// Connects to PostgreSQL (and migrates the database): `postgres://user:password@host/database?sslmode=…`.
    pub async fn connect_postgres(url: &str) -> Result<Self, StoreError> {
        Ok(Self { driver: Arc::new(Postgres::connect(url).await?) })
    }

    /// Finishes what is queued; everything later is refused. All clones are closed.
    pub async fn close(&self) {
        self.driver.close().await;
    }

    /// Submits one logical transaction: all statements or none. It is queued before this returns, in order, and runs even if nobody
    /// waits; the future resolves when the transaction is durable.
    pub fn write(&self, statements: Vec<Statement>) -> Pending {
        let transaction = Arc::new(statements);
        let (reply, answer) = oneshot::channel();
        self.driver.submit(transaction.clone(), reply);
        Pending { answer, _transaction: transaction }
    }

    /// Tells the other nodes (and this one) that `topic` changed: a short cut for what they would find out by themselves. May get lost.
    pub fn notify(&self, topic: &str) {
        self.driver.notify(topic);
    }

    /// The topics that any node's [`Store::notify`] names from now on. An empty topic: some may have been missed.
    pub fn notified(&self) -> broadcast::Receiver<Arc<str>> {
        self.driver.notified()
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.driver.dialect()
    }

    /// Reads rows outside any transaction; sees everything whose [`Pending`] has resolved.
    pub async fn read(&self, statement: Statement) -> Result<Rows, StoreError> {
        self.driver.read(statement).await
    }

    /// [`Store::read`] for a few rows found by their keys: microseconds, so that no other thread need be asked.
    pub async fn look(&self, statement: Statement) -> Result<Rows, StoreError> {
        self.driver.look(statement).await
    }
}

/// The rows of each statement, once they are durable.
pub struct Pending {
    answer: oneshot::Receiver<Result<Vec<Rows>, StoreError>>,
    /// Held to the end, so that the thread that made the statements frees them: for any other one it is dear, and the writer is waited for.
    _transaction: Transaction,
}

impl Future for Pending {
    type Output = Result<Vec<Rows>, StoreError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.answer)
            .poll(context)
            .map(|answer| answer.unwrap_or_else(|_| Err(StoreError::Unavailable("the store is closed".to_owned()))))
    }
}

/// The statements of a logical transaction.
pub type Transaction = Arc<Vec<Statement>>;

/// Where a driver sends the answer to a transaction.
pub type Reply = oneshot::Sender<Result<Vec<Rows>, StoreError>>;
