//! The batcher: one connection, many logical transactions in one commit (D4, D17).

use std::time::Duration;

use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep, timeout},
};

use tokio_postgres::types::Kind;

use super::{
    connect::Connector,
    fault::Fault,
    merge::{self, Array, Group, groups},
    session::{PATIENCE, Session, Step},
};
use crate::{
    driver::{
        check,
        queue::{Job, committed, gather},
    },
    error::StoreError,
    sql::{Rows, Statement},
};

/// How long a batch waits for a server that went away, before its senders are told: a restart passes unseen.
const RECONNECT: Duration = Duration::from_secs(5);
/// The pause after a failed connection, doubled up to the second.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));
/// Deadlocks with the batches of other nodes: after the second try each transaction goes by itself, with few locks.
const TRIES: u32 = 6;

type Answer = Result<Vec<Rows>, StoreError>;

pub(super) enum Message {
    Write(Job),
    Close(oneshot::Sender<()>),
}

/// Why a physical transaction was not committed.
enum Broken {
    /// Nothing was kept.
    Fault(Fault),
    /// The commit was sent and its answer is missing.
    InCommit(String),
}

impl From<Fault> for Broken {
    fn from(fault: Fault) -> Self {
        Broken::Fault(fault)
    }
}

pub(super) struct Batcher {
    connector: Connector,
    session: Option<Session>,
    /// The last attempts failed: answer soon instead of waiting again for each batch.
    down: bool,
}

impl Batcher {
    pub fn new(connector: Connector, session: Session) -> Self {
        Self { connector, session: Some(session), down: false }
    }

    pub async fn run(mut self, mut queue: mpsc::UnboundedReceiver<Message>) {
        let mut closing = None;
        while let Some(message) = queue.recv().await {
            match message {
                Message::Write(first) => {
                    let batch = gather(first, || match queue.try_recv() {
                        Ok(Message::Write(job)) => Some(job),
                        Ok(Message::Close(done)) => {
                            closing = Some(done);
                            None
                        }
                        Err(_) => None,
                    });
                    self.commit(batch).await;
                }
                Message::Close(done) => closing = Some(done),
            }
            if let Some(done) = closing {
                let _ = done.send(());
                return;
            }
        }
    }

    async fn commit(&mut self, batch: Vec<Job>) {
        let statements: Vec<_> = batch.iter().map(|job| job.transaction.as_slice()).collect();
        let began = Instant::now().into_std();
        let answers = self.answers(&statements).await;
        committed(&batch, began);
        for (job, answer) in batch.into_iter().zip(answers) {
            job.answer(answer);
        }
    }

    /// One answer for each transaction, whatever it takes.
    async fn answers(&mut self, batch: &[&[Statement]]) -> Vec<Answer> {
        let all = |error: StoreError| batch.iter().map(|_| Err(error.clone())).collect();
        for attempt in 1..=TRIES {
            let session = match self.session().await {
                Ok(session) => session,
                Err(error) => return all(error),
            };
            let done = timeout(PATIENCE, session.commit(batch)).await;
            match done.unwrap_or_else(|_| Err(Broken::InCommit("no answer".to_owned()))) {
                Ok(answers) => return answers,
                Err(Broken::InCommit(text)) => {
                    self.session = None;
                    return all(StoreError::Unknown(text));
                }
                Err(Broken::Fault(Fault::Lost(text))) => {
                    tracing::warn!(cause = %text, "the connection to PostgreSQL broke, nothing was kept: {text}");
                    self.session = None;
                }
                Err(Broken::Fault(Fault::Again(_))) if attempt >= 2 && batch.len() > 1 => {
                    let mut answers = Vec::with_capacity(batch.len());
                    for one in batch {
                        answers.extend(Box::pin(self.answers(std::slice::from_ref(one))).await);
                    }
                    return answers;
                }
                Err(Broken::Fault(Fault::Again(_))) => sleep(BACKOFF.0 * attempt).await,
                Err(Broken::Fault(Fault::Statement(error))) => {
                    // The server refuses to begin or to undo: start over with a connection whose state is known.
                    self.session = None;
                    return all(error);
                }
            }
        }
        all(StoreError::Unavailable("others held the same rows too long".to_owned()))
    }

    async fn session(&mut self) -> Result<&Session, StoreError> {
        let usable = self.session.take().filter(|session| !session.is_closed());
        let session = match usable {
            Some(session) => session,
            None => self.reconnect().await?,
        };
        Ok(self.session.insert(session))
    }

    async fn reconnect(&mut self) -> Result<Session, StoreError> {
        let give_up = Instant::now() + if self.down { Duration::ZERO } else { RECONNECT };
        let mut pause = BACKOFF.0;
        loop {
            match Session::open_writer(&self.connector).await {
                Ok(session) => {
                    self.down = false;
                    return Ok(session);
                }
                Err(error) => {
                    if !self.down {
                        tracing::warn!(%error, "PostgreSQL can't be reached: {error}");
                    }
                    self.down |= Instant::now() + pause >= give_up;
                    sleep(pause).await;
                    pause = (pause * 2).min(BACKOFF.1);
                    if self.down {
                        return Err(error);
                    }
                }
            }
        }
    }
}

/// A logical transaction whose statements are prepared, and its place in the batch.
struct Prepared<'s> {
    place: usize,
    statements: &'s [Statement],
    handles: Vec<tokio_postgres::Statement>,
}

impl Session {
    /// One physical transaction. Nearly always everything passes, and much of it can be merged; if not, it is undone and run exactly.
    async fn commit(&self, batch: &[&[Statement]]) -> Result<Vec<Answer>, Broken> {
        let done = match self.merged(batch).await {
            Ok(Some(answers)) => return Ok(answers),
            Ok(None) => self.exact(batch).await,
            Err(broken) => Err(broken),
        };
        if let Err(Broken::Fault(Fault::Again(_))) = done {
            self.execute("ROLLBACK").await?;
        }
        done
    }

    /// Everything at once, statements of the same text as one. `None`: it did not pass, and nothing was kept.
    async fn merged(&self, batch: &[&[Statement]]) -> Result<Option<Vec<Answer>>, Broken> {
        if batch.len() < 2 {
            return Ok(None);
        }
        let runs = merge::runs(batch);
        let groups: Vec<Group<'_>> = runs.iter().flat_map(|run| groups(run, batch)).collect();
        let mut handles = Vec::with_capacity(groups.len());
        for group in &groups {
            match self.handle(group).await {
                Ok(handle) => handles.push(handle),
                // A text that can't be prepared is its sender's alone.
                Err(Fault::Statement(_)) => return Ok(None),
                Err(fault) => return Err(fault.into()),
            }
        }
        let mut steps = Vec::with_capacity(groups.len());
        for (group, handle) in groups.iter().zip(&handles) {
            let Some(step) = self.merged_step(group, handle, batch) else { return Ok(None) };
            steps.push(step);
        }
        let answers = self.pipeline("BEGIN", steps).await?;
        let Some(answers) = distribute(&groups, answers, batch) else {
            self.execute("ROLLBACK").await?;
            return Ok(None);
        };
        self.end().await?;
        Ok(Some(answers))
    }

    /// The statement that does the whole group's work.
    async fn handle(&self, group: &Group<'_>) -> Result<tokio_postgres::Statement, Fault> {
        let single = self.prepare(&group.first.sql).await?;
        if !group.is_many() {
            return Ok(single);
        }
        match merge::rewrite(&group.first.sql, single.params()) {
            Some(many) => self.prepare(&many).await,
            None => Err(Fault::Statement(StoreError::Internal(format!("can't be merged: {}", group.first.sql)))),
        }
    }

    fn merged_step<'s>(
        &'s self,
        group: &Group<'s>,
        handle: &'s tokio_postgres::Statement,
        batch: &[&'s [Statement]],
    ) -> Option<Step<'s>> {
        if !group.is_many() {
            return Some(self.step(handle, group.first));
        }
        let columns = handle.params().iter().enumerate().map(|(at, ty)| {
            let Kind::Array(element) = ty.kind() else { return None };
            Array::column(element, at, group, batch)
        });
        Some(self.many(handle, columns.collect::<Option<_>>()?))
    }

    /// Each transaction on its own. Whole halves run as one pipeline, under a savepoint; a half that does not pass is undone and halved again,
    /// until the failing transactions are alone. The others are kept.
    async fn exact(&self, batch: &[&[Statement]]) -> Result<Vec<Answer>, Broken> {
        let mut answers: Vec<Option<Answer>> = batch.iter().map(|_| None).collect();
        let jobs = self.prepare_all(batch, &mut answers).await?;
        let mut ranges = Vec::from([std::ops::Range { start: 0, end: jobs.len() }]);
        let mut begun = false;
        while let Some(range) = ranges.pop() {
            let (start, end) = (range.start, range.end);
            let open = if begun { "SAVEPOINT one" } else { "BEGIN" };
            match self.attempt(open, &jobs[range]).await? {
                Ok(rows) => {
                    for (job, rows) in jobs[start..end].iter().zip(rows) {
                        answers[job.place] = Some(Ok(rows));
                    }
                    if begun {
                        self.execute("RELEASE one").await?;
                    }
                    begun = true;
                    continue;
                }
                Err(error) if end - start == 1 => answers[jobs[start].place] = Some(Err(error)),
                Err(_) => {
                    let middle = usize::midpoint(start, end);
                    ranges.extend([middle..end, start..middle]);
                }
            }
            self.execute(if begun { "ROLLBACK TO one; RELEASE one" } else { "ROLLBACK" }).await?;
        }
        if begun {
            self.end().await?;
        }
        let missing = || Err(StoreError::Internal("a transaction was lost in its batch".to_owned()));
        Ok(answers.into_iter().map(|answer| answer.unwrap_or_else(missing)).collect())
    }

    /// Those that can be prepared; the others get their answer at once.
    async fn prepare_all<'s>(
        &self,
        batch: &[&'s [Statement]],
        answers: &mut [Option<Answer>],
    ) -> Result<Vec<Prepared<'s>>, Fault> {
        let mut jobs = Vec::with_capacity(batch.len());
        for (place, statements) in batch.iter().enumerate() {
            let mut handles = Vec::with_capacity(statements.len());
            for statement in *statements {
                match self.prepare(&statement.sql).await {
                    Ok(handle) => handles.push(handle),
                    Err(Fault::Statement(error)) => {
                        answers[place] = Some(Err(error));
                        break;
                    }
                    Err(fault) => return Err(fault),
                }
            }
            if handles.len() == statements.len() {
                jobs.push(Prepared { place, statements, handles });
            }
        }
        Ok(jobs)
    }

    /// Runs `jobs` in one pipeline: the rows of all, or the first error.
    async fn attempt(&self, open: &str, jobs: &[Prepared<'_>]) -> Result<Result<Vec<Vec<Rows>>, StoreError>, Fault> {
        let all = jobs.iter().flat_map(|job| job.handles.iter().zip(job.statements));
        let steps = all.map(|(handle, statement)| self.step(handle, statement)).collect();
        let mut answers = self.pipeline(open, steps).await?.into_iter();
        let rows = jobs.iter().map(|job| {
            let checked = job.statements.iter().enumerate().map(|(at, statement)| {
                let answer = answers.next().unwrap_or_else(|| Err(StoreError::Internal("no answer".to_owned())));
                check(at, statement, answer?)
            });
            checked.collect::<Result<Vec<_>, _>>()
        });
        Ok(rows.collect())
    }

    async fn execute(&self, sql: &str) -> Result<(), Fault> {
        self.client().batch_execute(sql).await.map_err(Fault::from)
    }

    async fn end(&self) -> Result<(), Broken> {
        match self.execute("COMMIT").await {
            Ok(()) => Ok(()),
            Err(Fault::Lost(text)) => Err(Broken::InCommit(text)),
            Err(fault) => Err(Broken::Fault(fault)),
        }
    }
}

/// Gives each statement its part of its group's answer; `None` when one is not as expected.
fn distribute(
    groups: &[Group<'_>],
    answers: Vec<Result<Rows, StoreError>>,
    batch: &[&[Statement]],
) -> Option<Vec<Answer>> {
    let mut rows: Vec<Vec<Rows>> = batch.iter().map(|statements| vec![Rows::default(); statements.len()]).collect();
    if answers.len() < groups.len() {
        return None;
    }
    for (group, answer) in groups.iter().zip(answers) {
        let answer = answer.ok()?;
        let many = group.is_many();
        if many && answer.affected != group.members.len() {
            return None;
        }
        for &(job, at) in &group.members {
            let part = if many { Rows { rows: Vec::new(), affected: 1 } } else { answer.clone() };
            rows[job][at] = check(at, &batch[job][at], part).ok()?;
        }
    }
    Some(rows.into_iter().map(Ok).collect())
}
