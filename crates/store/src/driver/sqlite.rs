//! SQLite: one writer thread with group commit, a few readers (WAL, `synchronous=FULL`).

use std::{
    path::Path,
    sync::{Arc, Mutex, mpsc},
};

use async_trait::async_trait;
use rusqlite::{Connection, types::ValueRef};
use tokio::sync::{broadcast, oneshot};

use crate::{
    driver::Driver,
    error::StoreError,
    sql::{Dialect, Expect, Param, Row, Rows, Statement},
    store::Reply,
};

/// Transactions in one physical commit at most: bounds how long the first of them waits.
const MAX_BATCH: usize = 1024;
/// Reader threads: enough to keep two cores busy while one waits for the disk.
const READERS: usize = 2;

/// Topics that a slow listener may be behind; then it is told that it missed some.
pub(super) const TOPICS: usize = 256;

type ReadJob = (Statement, oneshot::Sender<Result<Rows, StoreError>>);

/// The SQLite driver.
pub struct Sqlite {
    writes: mpsc::Sender<(Vec<Statement>, Reply)>,
    reads: mpsc::Sender<ReadJob>,
    topics: broadcast::Sender<Arc<str>>,
}

impl Sqlite {
    pub fn open(file: &Path) -> Result<Self, StoreError> {
        let writer = connect(file)?;
        crate::migration::sqlite(&writer)?;
        let (writes, queue) = mpsc::channel();
        spawn("zis-store-writer", move || write_loop(&writer, &queue))?;
        let (reads, jobs) = mpsc::channel::<ReadJob>();
        let jobs = Arc::new(Mutex::new(jobs));
        for _ in 0..READERS {
            let (connection, jobs) = (connect(file)?, jobs.clone());
            spawn("zis-store-reader", move || {
                loop {
                    let job = jobs.lock().map(|jobs| jobs.recv());
                    let Ok(Ok((statement, reply))) = job else { return };
                    let _ = reply.send(run(&connection, &statement));
                }
            })?;
        }
        Ok(Self { writes, reads, topics: broadcast::channel(TOPICS).0 })
    }
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(body);
    thread.map(|_| ()).map_err(|error| StoreError::Unavailable(error.to_string()))
}

fn connect(file: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(file).map_err(error)?;
    connection.set_prepared_statement_cache_capacity(256);
    connection
        .execute_batch(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA busy_timeout=5000;",
        )
        .map_err(error)?;
    Ok(connection)
}

fn write_loop(connection: &Connection, queue: &mpsc::Receiver<(Vec<Statement>, Reply)>) {
    while let Ok(first) = queue.recv() {
        let batch: Vec<_> = std::iter::once(first).chain(queue.try_iter()).take(MAX_BATCH).collect();
        commit(connection, batch);
    }
}

fn commit(connection: &Connection, batch: Vec<(Vec<Statement>, Reply)>) {
    let mut answers = Vec::with_capacity(batch.len());
    let begun = connection.execute_batch("BEGIN IMMEDIATE").map_err(error);
    for (statements, reply) in batch {
        let answer = begun.clone().and_then(|()| logical(connection, &statements));
        answers.push((reply, answer));
    }
    let committed = begun.and_then(|()| connection.execute_batch("COMMIT").map_err(error));
    if committed.is_err() {
        let _ = connection.execute_batch("ROLLBACK");
    }
    for (reply, answer) in answers {
        let _ = reply.send(committed.clone().and(answer));
    }
}

/// One logical transaction under a savepoint: all or nothing.
pub(super) fn logical(connection: &Connection, statements: &[Statement]) -> Result<Vec<Rows>, StoreError> {
    connection.execute_batch("SAVEPOINT one").map_err(error)?;
    let answer: Result<Vec<Rows>, StoreError> = statements
        .iter()
        .enumerate()
        .map(|(at, statement)| check(at, statement, run(connection, statement)?))
        .collect();
    let end = if answer.is_ok() { "RELEASE one" } else { "ROLLBACK TO one; RELEASE one" };
    connection.execute_batch(end).map_err(error)?;
    answer
}

/// Holds the statement to what it must touch.
pub(super) fn check(at: usize, statement: &Statement, rows: Rows) -> Result<Rows, StoreError> {
    let (ok, expected) = match statement.expect {
        Expect::Any => (true, 0),
        Expect::Exactly(count) => (rows.affected == count, count),
        Expect::AtLeast(count) => (rows.affected >= count, count),
    };
    if ok { Ok(rows) } else { Err(StoreError::Expectation { statement: at, expected, found: rows.affected }) }
}

pub(super) fn run(connection: &Connection, statement: &Statement) -> Result<Rows, StoreError> {
    let mut prepared = connection.prepare_cached(&statement.sql).map_err(error)?;
    for (at, param) in statement.params.iter().enumerate() {
        let at = at + 1;
        match param {
            Param::Null => prepared.raw_bind_parameter(at, rusqlite::types::Null),
            Param::Int(value) => prepared.raw_bind_parameter(at, value),
            Param::Float(value) => prepared.raw_bind_parameter(at, value),
            Param::Text(value) => prepared.raw_bind_parameter(at, value.as_str()),
            Param::Bytes(value) => prepared.raw_bind_parameter(at, value.as_slice()),
        }
        .map_err(error)?;
    }
    if prepared.column_count() == 0 {
        let affected = prepared.raw_execute().map_err(error)?;
        return Ok(Rows { rows: Vec::new(), affected });
    }
    let columns = prepared.column_count();
    let mut rows = Vec::new();
    let mut cursor = prepared.raw_query();
    while let Some(row) = cursor.next().map_err(error)? {
        let values = (0..columns).map(|at| row.get_ref(at).map(param)).collect::<Result<_, _>>().map_err(error)?;
        rows.push(Row(values));
    }
    let affected = rows.len();
    Ok(Rows { rows, affected })
}

fn param(value: ValueRef<'_>) -> Param {
    match value {
        ValueRef::Null => Param::Null,
        ValueRef::Integer(value) => Param::Int(value),
        ValueRef::Real(value) => Param::Float(value),
        ValueRef::Text(text) => Param::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Param::Bytes(bytes.to_vec()),
    }
}

pub(super) fn error(error: rusqlite::Error) -> StoreError {
    use rusqlite::ErrorCode::{
        ConstraintViolation, DatabaseBusy, DatabaseCorrupt, DiskFull, NotADatabase, SystemIoFailure,
    };
    let text = error.to_string();
    match error.sqlite_error_code() {
        Some(ConstraintViolation) if text.contains("UNIQUE") => {
            let table = text.rsplit("failed: ").next().and_then(|rest| rest.split('.').next()).unwrap_or_default();
            StoreError::Duplicate { table: table.to_owned() }
        }
        Some(DatabaseBusy | DiskFull | SystemIoFailure) => StoreError::Unavailable(text),
        Some(DatabaseCorrupt | NotADatabase) => StoreError::Damaged(text),
        _ => StoreError::Internal(text),
    }
}

#[async_trait]
impl Driver for Sqlite {
    fn submit(&self, statements: Vec<Statement>, reply: Reply) {
        // A closed queue drops the reply, which the waiter sees as "closed".
        let _ = self.writes.send((statements, reply));
    }

    fn notify(&self, topic: &str) {
        // An error says that nobody listens.
        let _ = self.topics.send(Arc::from(topic));
    }

    fn notified(&self) -> broadcast::Receiver<Arc<str>> {
        self.topics.subscribe()
    }

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn read(&self, statement: Statement) -> Result<Rows, StoreError> {
        let (reply, answer) = oneshot::channel();
        let closed = || StoreError::Unavailable("the store is closed".to_owned());
        self.reads.send((statement, reply)).map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }
}
