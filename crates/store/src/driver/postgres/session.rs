//! One connection: prepared statements, pipelines.

use std::{
    collections::HashMap,
    future::{poll_fn, ready},
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
    task::Poll,
    time::Duration,
};

use futures_util::{StreamExt, pin_mut};
use tokio_postgres::{Client, RowStream};

use super::{
    bind::{Bind, Column},
    connect::Connector,
    fault::Fault,
    merge::Array,
};
use crate::{
    error::StoreError,
    sql::{Row, Rows, Statement},
};

/// Prepared statements of a connection. Texts are few; lists with filters make the rest.
const MAX_PREPARED: usize = 512;
/// Longer than any statement may run (`statement_timeout`): nobody answers any more.
pub(super) const PATIENCE: Duration = Duration::from_secs(45);

/// An open connection.
pub(super) struct Session {
    client: Client,
    prepared: Mutex<HashMap<String, tokio_postgres::Statement>>,
}

/// A statement on its way.
pub(super) type Step<'s> = Pin<Box<dyn Future<Output = Result<Rows, Fault>> + Send + 's>>;

impl Session {
    /// A connection for reads.
    pub async fn open(connector: &Connector) -> Result<Self, StoreError> {
        let client = connector
            .connect(|wire| async move {
                // Whoever waits for an answer hears of the error too.
                let _ = wire.await;
            })
            .await?;
        Ok(Self { client, prepared: Mutex::default() })
    }

    /// A connection for the batcher: its statements find rows by their keys, and a plan made while a table was small must not last.
    pub async fn open_writer(connector: &Connector) -> Result<Self, StoreError> {
        let session = Self::open(connector).await?;
        let keys = "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off";
        session.client.batch_execute(keys).await.map_err(|error| Fault::from(error).error())?;
        Ok(session)
    }

    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The statement ready to run. Preparing happens outside any transaction, or a bad text would spoil it.
    pub async fn prepare(&self, sql: &str) -> Result<tokio_postgres::Statement, Fault> {
        if let Some(known) = self.cache().get(sql) {
            return Ok(known.clone());
        }
        let handle = self.client.prepare(sql).await.map_err(|error| named(error, sql))?;
        let mut cache = self.cache();
        if cache.len() >= MAX_PREPARED {
            cache.clear();
        }
        cache.insert(sql.to_owned(), handle.clone());
        Ok(handle)
    }

    fn cache(&self) -> MutexGuard<'_, HashMap<String, tokio_postgres::Statement>> {
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One statement by itself.
    pub async fn run(&self, statement: &Statement) -> Result<Rows, Fault> {
        let handle = self.prepare(&statement.sql).await?;
        self.step(&handle, statement).await
    }

    /// `statement` on its way; nothing is sent before the future is polled.
    pub fn step<'s>(&'s self, handle: &'s tokio_postgres::Statement, statement: &'s Statement) -> Step<'s> {
        let wanted = handle.params().len();
        if wanted != statement.params.len() {
            let text = format!("{} parameters for {wanted} places in {}", statement.params.len(), statement.sql);
            return Box::pin(ready(Err(Fault::Statement(StoreError::Internal(text)))));
        }
        Box::pin(async move {
            let stream = self.client.query_raw(handle, statement.params.iter().map(Bind)).await;
            let rows = rows(stream.map_err(|error| named(error, &statement.sql))?, handle.columns().len()).await;
            rows.map_err(|error| named(error, &statement.sql))
        })
    }

    /// Many rows for one statement.
    pub fn many<'s>(&'s self, handle: &'s tokio_postgres::Statement, columns: Vec<Array<'s>>) -> Step<'s> {
        Box::pin(async move { Ok(rows(self.client.query_raw(handle, columns).await?, 0).await?) })
    }

    /// Sends `open` and all steps at once, then reads the answers in order, up to the first that is an error.
    pub async fn pipeline(&self, open: &str, steps: Vec<Step<'_>>) -> Result<Vec<Result<Rows, StoreError>>, Fault> {
        let begun = self.client.batch_execute(open);
        pin_mut!(begun);
        let first = poll_fn(|context| Poll::Ready(begun.as_mut().poll(context))).await;
        let mut sent = Vec::with_capacity(steps.len());
        for mut step in steps {
            // The first poll sends the statement: this is what puts them on the wire in their order.
            let early = poll_fn(|context| Poll::Ready(step.as_mut().poll(context))).await;
            sent.push((step, early));
        }
        match first {
            Poll::Ready(answer) => answer?,
            Poll::Pending => begun.await?,
        }
        let mut answers = Vec::with_capacity(sent.len());
        for (step, early) in sent {
            let answer = if let Poll::Ready(answer) = early { answer } else { step.await };
            match answer {
                Ok(rows) => answers.push(Ok(rows)),
                Err(Fault::Statement(error)) => {
                    answers.push(Err(error));
                    break;
                }
                Err(fault) => return Err(fault),
            }
        }
        Ok(answers)
    }
}

/// Adds the text of the statement to a bug of ours; it holds no values.
fn named(error: tokio_postgres::Error, sql: &str) -> Fault {
    match Fault::from(error) {
        Fault::Statement(StoreError::Internal(text)) => {
            Fault::Statement(StoreError::Internal(format!("{text} in: {sql}")))
        }
        fault => fault,
    }
}

async fn rows(stream: RowStream, columns: usize) -> Result<Rows, tokio_postgres::Error> {
    pin_mut!(stream);
    let mut rows = Vec::new();
    while let Some(row) = stream.next().await {
        let row = row?;
        let values = (0..columns).map(|at| row.try_get::<_, Column>(at).map(|column| column.0));
        rows.push(Row(values.collect::<Result<_, _>>()?));
    }
    let affected = if columns > 0 {
        rows.len()
    } else {
        stream.rows_affected().and_then(|count| usize::try_from(count).ok()).unwrap_or_default()
    };
    Ok(Rows { rows, affected })
}
