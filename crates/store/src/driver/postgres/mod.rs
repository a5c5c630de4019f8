//! PostgreSQL: one batching connection with group commit, a few readers, one listener (D4, D5, D17).

mod batch;
mod bind;
mod connect;
mod fault;
mod listen;
mod merge;
mod read;
mod session;

use std::sync::Arc;

use async_trait::async_trait;
use tokio::{
    sync::{broadcast, mpsc, oneshot},
    task::JoinHandle,
};

use self::{
    batch::{Batcher, Message},
    connect::Connector,
    read::Readers,
    session::Session,
};
use crate::{
    driver::{Driver, TOPICS, closed, queue::Load},
    error::StoreError,
    migration, params,
    sql::{Dialect, Rows, Statement, statement},
    store::{Reply, Transaction},
};

/// The PostgreSQL driver. Its tasks live on the runtime that made it.
pub struct Postgres {
    writes: mpsc::UnboundedSender<Message>,
    load: Arc<Load>,
    readers: Readers,
    topics: broadcast::Sender<Arc<str>>,
    listener: JoinHandle<()>,
}

impl Postgres {
    /// Connects, migrates, and starts the batcher and the listener.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let connector = Connector::new(url)?;
        let session = Session::open_writer(&connector).await?;
        migration::postgres(session.client()).await?;
        let (writes, queue) = mpsc::unbounded_channel();
        let topics = broadcast::channel(TOPICS).0;
        tokio::spawn(Batcher::new(connector.clone(), session).run(queue));
        let listener = tokio::spawn(listen::listen(connector.clone(), topics.clone()));
        Ok(Self { writes, load: Arc::default(), readers: Readers::new(connector), topics, listener })
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // The batcher ends by itself, once its queue is empty and closed.
        self.listener.abort();
    }
}

#[async_trait]
impl Driver for Postgres {
    fn submit(&self, transaction: Transaction, reply: Reply) {
        let Some(job) = self.load.admit(transaction, reply) else { return };
        if let Err(mpsc::error::SendError(Message::Write(job))) = self.writes.send(Message::Write(job)) {
            job.answer(Err(closed()));
        }
    }

    fn notify(&self, topic: &str) {
        let tell = statement("SELECT pg_notify('zis', $1)", params![topic]);
        self.submit(Arc::new(vec![tell]), oneshot::channel().0);
    }

    fn notified(&self) -> broadcast::Receiver<Arc<str>> {
        self.topics.subscribe()
    }

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    async fn read(&self, statement: Statement) -> Result<Rows, StoreError> {
        self.readers.read(&statement).await
    }

    async fn close(&self) {
        let (done, drained) = oneshot::channel();
        if self.writes.send(Message::Close(done)).is_ok() {
            // An error says that somebody else has closed it.
            let _ = drained.await;
        }
        self.listener.abort();
        self.readers.close().await;
    }
}
