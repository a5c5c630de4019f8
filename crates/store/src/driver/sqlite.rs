//! SQLite: one writer thread with group commit, a few readers (WAL, `synchronous=FULL`).

use std::{
    borrow::Cow,
    cell::RefCell,
    collections::{HashMap, hash_map::Entry},
    path::Path,
    sync::{Arc, Mutex, mpsc},
    time::Instant,
};

use async_trait::async_trait;
use rusqlite::{Connection, PrepFlags, config::DbConfig, types::ValueRef};
use tokio::sync::{broadcast, oneshot};

use crate::{
    driver::{
        Driver, TOPICS, check, closed,
        queue::{Job, Load, committed, gather},
    },
    error::StoreError,
    migration,
    sql::{Dialect, Param, Row, Rows, Statement, nul},
    store::{Reply, Transaction},
};

/// Reader threads: enough to keep two cores busy while one waits for the disk.
const READERS: usize = 2;
/// Connections for looks: one for each thread that is likely to look at the same moment.
const LOOKERS: usize = 2;
/// Prepared statements of a connection. Texts are few; lists with filters make the rest.
const PREPARED: usize = 256;

type ReadJob = (Statement, oneshot::Sender<Result<Rows, StoreError>>);

enum Message {
    Write(Job),
    Close(oneshot::Sender<()>),
}

/// The SQLite driver.
pub struct Sqlite {
    writes: mpsc::Sender<Message>,
    load: Arc<Load>,
    reads: mpsc::Sender<ReadJob>,
    lookers: [Mutex<Connection>; LOOKERS],
    topics: broadcast::Sender<Arc<str>>,
}

impl Sqlite {
    /// Opens or makes the database in `file` and brings it up to date.
    pub fn open(file: &Path) -> Result<Self, StoreError> {
        let writer = connect(file)?;
        migration::sqlite(&writer)?;
        let (writes, queue) = mpsc::channel();
        let (reads, jobs) = mpsc::channel::<ReadJob>();
        let jobs = Arc::new(Mutex::new(jobs));
        for _ in 0..READERS {
            let (connection, jobs) = (reader(file)?, jobs.clone());
            spawn("zis-store-reader", move || read_loop(&connection, &jobs))?;
        }
        spawn("zis-store-writer", move || write_loop(&writer, &queue))?;
        let lookers = [Mutex::new(reader(file)?), Mutex::new(reader(file)?)];
        Ok(Self { writes, load: Arc::default(), reads, lookers, topics: broadcast::channel(TOPICS).0 })
    }
}

fn read_loop(connection: &Connection, jobs: &Mutex<mpsc::Receiver<ReadJob>>) {
    loop {
        let job = jobs.lock().map(|jobs| jobs.recv());
        let Ok(Ok((statement, reply))) = job else { return };
        // Whoever asked may have gone: then there is no need to look.
        if !reply.is_closed() {
            let _ = reply.send(run(connection, &statement));
        }
    }
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(body);
    thread.map(|_| ()).map_err(|error| StoreError::Unavailable(error.to_string()))
}

fn connect(file: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(file).map_err(error)?;
    prepare_once(&connection)?;
    connection
        .execute_batch(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA busy_timeout=5000;",
        )
        .map_err(error)?;
    Ok(connection)
}

/// Keeps prepared statements, and keeps their plans: without the guarantee SQLite plans a statement with a range or a LIMIT anew for each
/// value that is bound.
pub(super) fn prepare_once(connection: &Connection) -> Result<(), StoreError> {
    connection.set_prepared_statement_cache_capacity(PREPARED);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(|_| ()).map_err(error)
}

fn reader(file: &Path) -> Result<Connection, StoreError> {
    let connection = connect(file)?;
    // Every commit makes a reader forget what it has read, so a large cache would be memory for nothing.
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -512").map_err(error)?;
    Ok(connection)
}

/// The writer's connection, with the statements whose text is a part of the program by where that lies: what is written all the time is
/// found without reading its text.
struct Writer<'c> {
    connection: &'c Connection,
    fixed: RefCell<HashMap<(*const u8, usize), rusqlite::Statement<'c>>>,
}

impl<'c> Writer<'c> {
    fn new(connection: &'c Connection) -> Self {
        Self { connection, fixed: RefCell::default() }
    }

    fn run(&self, statement: &Statement) -> Result<Rows, StoreError> {
        let Cow::Borrowed(text) = statement.sql else { return run(self.connection, statement) };
        let mut fixed = self.fixed.borrow_mut();
        match fixed.entry((text.as_ptr(), text.len())) {
            Entry::Occupied(prepared) => answer(prepared.into_mut(), statement),
            Entry::Vacant(place) => {
                // Kept for good, so it must not take the memory that SQLite holds ready for what is short-lived.
                let prepared = self.connection.prepare_with_flags(text, PrepFlags::SQLITE_PREPARE_PERSISTENT);
                let prepared = prepared.map_err(|cause| named(cause, statement))?;
                answer(place.insert(prepared), statement)
            }
        }
    }
}

fn write_loop(connection: &Connection, queue: &mpsc::Receiver<Message>) {
    let writer = Writer::new(connection);
    let mut closing = None;
    while closing.is_none() {
        match queue.recv() {
            Ok(Message::Write(first)) => {
                let batch = gather(first, || match queue.try_recv() {
                    Ok(Message::Write(job)) => Some(job),
                    Ok(Message::Close(done)) => {
                        closing = Some(done);
                        None
                    }
                    Err(_) => None,
                });
                commit(&writer, batch);
            }
            Ok(Message::Close(done)) => closing = Some(done),
            Err(_) => return,
        }
    }
    // Leaves one file behind instead of three; not needed for anything.
    let _ = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
    if let Some(done) = closing {
        let _ = done.send(());
    }
}

/// One physical transaction. Whatever becomes of it, every sender gets an answer and the connection is ready for the next.
fn commit(writer: &Writer<'_>, batch: Vec<Job>) {
    let began = Instant::now();
    // A savepoint makes SQLite copy every page that a transaction touches, so the batch is tried without them first.
    let answers = physical(writer, &batch, plain).or_else(|| physical(writer, &batch, savepoint));
    committed(&batch, began);
    let answers = answers.unwrap_or_default();
    for (job, answer) in batch.into_iter().zip(answers) {
        job.answer(answer);
    }
}

type Answer = Result<Vec<Rows>, StoreError>;

/// All of `batch`, each by `one`; `None` when one could not be undone by itself: then nothing was kept.
fn physical(
    writer: &Writer<'_>,
    batch: &[Job],
    one: fn(&Writer<'_>, &[Statement]) -> Option<Answer>,
) -> Option<Vec<Answer>> {
    let connection = writer.connection;
    let mut answers = Vec::with_capacity(batch.len());
    let mut state = execute(connection, "BEGIN IMMEDIATE");
    for job in batch {
        let answer = match &state {
            Ok(()) => one(writer, &job.transaction),
            Err(cause) => Some(Err(cause.clone())),
        };
        // A full disk or a failing device undoes everything at once, and says so by leaving the transaction.
        if state.is_ok() && connection.is_autocommit() {
            let cause = answer.as_ref().and_then(|answer| answer.as_ref().err()).cloned();
            state = Err(cause.unwrap_or_else(|| StoreError::Unavailable("the transaction was undone".to_owned())));
        }
        let Some(answer) = answer else {
            execute(connection, "ROLLBACK").ok();
            return None;
        };
        answers.push(answer);
    }
    if let Err(cause) = state.and_then(|()| execute(connection, "COMMIT")) {
        if !connection.is_autocommit() {
            execute(connection, "ROLLBACK").ok();
        }
        return Some(answers.into_iter().map(|_| Err(cause.clone())).collect());
    }
    Some(answers)
}

/// One logical transaction without a savepoint; `None` when it failed after it had changed something. That is rare: what fails by design, a
/// look, a fence or a taken key, comes before the first change.
fn plain(writer: &Writer<'_>, statements: &[Statement]) -> Option<Answer> {
    let mut changed = false;
    let mut answers = Vec::with_capacity(statements.len());
    for (at, statement) in statements.iter().enumerate() {
        let rows = match writer.run(statement) {
            Ok(rows) => rows,
            Err(error) => return (!changed || writer.connection.is_autocommit()).then_some(Err(error)),
        };
        let changes_rows = ["INSERT ", "UPDATE ", "DELETE "].iter().any(|word| statement.sql.starts_with(word));
        changed |= !statement.sql.starts_with("SELECT ") && (!changes_rows || rows.affected > 0);
        match check(at, statement, rows) {
            Ok(rows) => answers.push(rows),
            Err(error) => return (!changed).then_some(Err(error)),
        }
    }
    Some(Ok(answers))
}

fn savepoint(writer: &Writer<'_>, statements: &[Statement]) -> Option<Answer> {
    Some(logical(writer.connection, statements))
}

/// One logical transaction under a savepoint: all or nothing.
pub(super) fn logical(connection: &Connection, statements: &[Statement]) -> Result<Vec<Rows>, StoreError> {
    execute(connection, "SAVEPOINT one")?;
    let answer: Result<Vec<Rows>, StoreError> = statements
        .iter()
        .enumerate()
        .map(|(at, statement)| check(at, statement, run(connection, statement)?))
        .collect();
    if answer.is_ok() {
        execute(connection, "RELEASE one")?;
    } else if !connection.is_autocommit() {
        execute(connection, "ROLLBACK TO one")?;
        execute(connection, "RELEASE one")?;
    }
    answer
}

/// A statement without parameters, prepared once.
fn execute(connection: &Connection, sql: &'static str) -> Result<(), StoreError> {
    connection.prepare_cached(sql).and_then(|mut prepared| prepared.raw_execute()).map(|_| ()).map_err(error)
}

pub(super) fn run(connection: &Connection, statement: &Statement) -> Result<Rows, StoreError> {
    let mut prepared = connection.prepare_cached(&statement.sql).map_err(|cause| named(cause, statement))?;
    answer(&mut prepared, statement)
}

fn named(cause: rusqlite::Error, statement: &Statement) -> StoreError {
    match error(cause) {
        // The text holds no values.
        StoreError::Internal(text) => StoreError::Internal(format!("{text} in: {}", statement.sql)),
        other => other,
    }
}

/// What `prepared`, which is `statement`'s, gives for its parameters.
fn answer(prepared: &mut rusqlite::Statement<'_>, statement: &Statement) -> Result<Rows, StoreError> {
    let named = |cause| named(cause, statement);
    let wanted = prepared.parameter_count();
    if wanted != statement.params.len() {
        let text = format!("{} parameters for {wanted} places in: {}", statement.params.len(), statement.sql);
        return Err(StoreError::Internal(text));
    }
    for (at, param) in statement.params.iter().enumerate() {
        let at = at + 1;
        // SQLite numbers `$n` by first use, PostgreSQL by `n`: hold our texts to the order in which both agree.
        if cfg!(debug_assertions) && prepared.parameter_name(at) != Some(format!("${at}").as_str()) {
            let text = format!("parameters are not in order of first use in: {}", statement.sql);
            return Err(StoreError::Internal(text));
        }
        match param {
            Param::Null => prepared.raw_bind_parameter(at, rusqlite::types::Null),
            Param::Int(value) => prepared.raw_bind_parameter(at, value),
            Param::Float(value) => prepared.raw_bind_parameter(at, value),
            Param::Text(value) => prepared.raw_bind_parameter(at, nul::escape(value).as_ref()),
            Param::Bytes(value) => prepared.raw_bind_parameter(at, value.as_slice()),
        }
        .map_err(named)?;
    }
    let columns = prepared.column_count();
    if columns == 0 {
        let affected = prepared.raw_execute().map_err(named)?;
        return Ok(Rows { rows: Vec::new(), affected });
    }
    let mut rows = Vec::new();
    let mut cursor = prepared.raw_query();
    while let Some(row) = cursor.next().map_err(named)? {
        let values = (0..columns).map(|at| row.get_ref(at).map(param)).collect::<Result<_, _>>().map_err(named)?;
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
        ValueRef::Text(text) => Param::Text(nul::unescape(&String::from_utf8_lossy(text))),
        ValueRef::Blob(bytes) => Param::Bytes(bytes.to_vec()),
    }
}

pub(super) fn error(error: rusqlite::Error) -> StoreError {
    use rusqlite::ErrorCode::{
        CannotOpen, ConstraintViolation, DatabaseBusy, DatabaseCorrupt, DatabaseLocked, DiskFull, NotADatabase,
        OutOfMemory, ReadOnly, SystemIoFailure,
    };
    let text = error.to_string();
    match error.sqlite_error_code() {
        Some(ConstraintViolation) if text.contains("UNIQUE") => {
            let table = text.rsplit("failed: ").next().and_then(|rest| rest.split('.').next()).unwrap_or_default();
            StoreError::Duplicate { table: table.to_owned() }
        }
        // All of them pass when somebody makes room, frees handles or mounts the disk for writing again.
        Some(DatabaseBusy | DatabaseLocked | DiskFull | SystemIoFailure | CannotOpen | OutOfMemory | ReadOnly) => {
            StoreError::Unavailable(text)
        }
        Some(DatabaseCorrupt | NotADatabase) => StoreError::Damaged(text),
        _ => StoreError::Internal(text),
    }
}

#[async_trait]
impl Driver for Sqlite {
    fn submit(&self, transaction: Transaction, reply: Reply) {
        let Some(job) = self.load.admit(transaction, reply) else { return };
        if let Err(mpsc::SendError(Message::Write(job))) = self.writes.send(Message::Write(job)) {
            job.answer(Err(closed()));
        }
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
        self.reads.send((statement, reply)).map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    async fn look(&self, statement: Statement) -> Result<Rows, StoreError> {
        // The way to another thread and back takes longer than the look itself.
        for looker in &self.lookers {
            if let Ok(connection) = looker.try_lock() {
                return run(&connection, &statement);
            }
        }
        self.read(statement).await
    }

    async fn close(&self) {
        let (done, drained) = oneshot::channel();
        if self.writes.send(Message::Close(done)).is_ok() {
            // An error says that somebody else has closed it.
            let _ = drained.await;
        }
    }
}
