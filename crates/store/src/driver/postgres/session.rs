//! One connection: prepared statements, pipelines.

use std::{
    collections::HashMap,
    future::poll_fn,
    pin::Pin,
    sync::{Mutex, PoisonError},
    task::Poll,
    time::Duration,
};

use futures_util::{StreamExt, pin_mut};
use tokio_postgres::{Client, RowStream};

use super::{
    bind::{Bind, Column},
    connect::Connector,
    fault::Fault,
};
use crate::{
    driver::check,
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

/// A logical transaction whose statements are prepared.
pub(super) struct Prepared<'s> {
    statements: &'s [Statement],
    handles: Vec<tokio_postgres::Statement>,
}

type Step<'s> = Pin<Box<dyn Future<Output = Result<Rows, Fault>> + Send + 's>>;
/// A statement on the wire, and its answer if that was there at once.
type Sent<'s> = (Step<'s>, Option<Result<Rows, Fault>>);

impl Session {
    pub async fn open(connector: &Connector) -> Result<Self, StoreError> {
        let client = connector
            .connect(|wire| async move {
                // Whoever waits for an answer hears of the error too.
                let _ = wire.await;
            })
            .await?;
        Ok(Self { client, prepared: Mutex::default() })
    }

    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The statements ready to run. Preparing happens outside any transaction, or a bad text would spoil it.
    pub async fn prepare<'s>(&self, statements: &'s [Statement]) -> Result<Prepared<'s>, Fault> {
        let mut handles = Vec::with_capacity(statements.len());
        for statement in statements {
            let known = self.cache().get(statement.sql.as_ref()).cloned();
            let handle = match known {
                Some(handle) => handle,
                None => {
                    let handle = self.client.prepare(&statement.sql).await.map_err(|error| named(error, statement))?;
                    let mut cache = self.cache();
                    if cache.len() >= MAX_PREPARED {
                        cache.clear();
                    }
                    cache.insert(statement.sql.clone().into_owned(), handle.clone());
                    handle
                }
            };
            handles.push(handle);
        }
        Ok(Prepared { statements, handles })
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, HashMap<String, tokio_postgres::Statement>> {
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One statement by itself.
    pub async fn run(&self, statement: &Statement) -> Result<Rows, Fault> {
        let prepared = self.prepare(std::slice::from_ref(statement)).await?;
        let handle = prepared.handles.first().expect("one statement is prepared as one");
        self.step(handle, statement).await
    }

    async fn step(&self, handle: &tokio_postgres::Statement, statement: &Statement) -> Result<Rows, Fault> {
        let wanted = handle.params().len();
        if wanted != statement.params.len() {
            let text = format!("{} parameters for {wanted} places in {}", statement.params.len(), statement.sql);
            return Err(Fault::Statement(StoreError::Internal(text)));
        }
        let stream = self.client.query_raw(handle, statement.params.iter().map(Bind)).await;
        rows(stream.map_err(|error| named(error, statement))?, handle.columns().len())
            .await
            .map_err(|error| named(error, statement))
    }

    /// Sends `open` and everything of `jobs` at once, then reads the answers in order. The outer error ends the connection's
    /// transaction, the inner one is the first statement that failed or missed its expectation.
    pub async fn pipeline(
        &self,
        open: &str,
        jobs: &[Prepared<'_>],
    ) -> Result<Result<Vec<Vec<Rows>>, StoreError>, Fault> {
        let begun = self.client.batch_execute(open);
        pin_mut!(begun);
        let first = poll_fn(|context| Poll::Ready(begun.as_mut().poll(context))).await;
        let mut steps = Vec::with_capacity(jobs.len());
        for job in jobs {
            let mut sent: Vec<Sent<'_>> = Vec::with_capacity(job.handles.len());
            for (handle, statement) in job.handles.iter().zip(job.statements) {
                let mut step: Step<'_> = Box::pin(self.step(handle, statement));
                // The first poll sends the statement: this is what puts them on the wire in their order.
                let early = poll_fn(|context| Poll::Ready(step.as_mut().poll(context))).await;
                let early = if let Poll::Ready(answer) = early { Some(answer) } else { None };
                sent.push((step, early));
            }
            steps.push(sent);
        }
        match first {
            Poll::Ready(answer) => answer?,
            Poll::Pending => begun.await?,
        }
        let mut answers = Vec::with_capacity(jobs.len());
        for (job, sent) in jobs.iter().zip(steps) {
            let mut rows = Vec::with_capacity(sent.len());
            for (at, (step, early)) in sent.into_iter().enumerate() {
                let answer = if let Some(answer) = early { answer } else { step.await };
                let checked = match answer {
                    Ok(found) => check(at, &job.statements[at], found),
                    Err(Fault::Statement(error)) => Err(error),
                    Err(fault) => return Err(fault),
                };
                match checked {
                    Ok(found) => rows.push(found),
                    Err(error) => return Ok(Err(error)),
                }
            }
            answers.push(rows);
        }
        Ok(Ok(answers))
    }
}

/// Adds the text of the statement to a bug of ours; it holds no values.
fn named(error: tokio_postgres::Error, statement: &Statement) -> Fault {
    match Fault::from(error) {
        Fault::Statement(StoreError::Internal(text)) => {
            Fault::Statement(StoreError::Internal(format!("{text} in: {}", statement.sql)))
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
