//! The batcher: one connection, many logical transactions in one commit (D4, D17).

use std::time::Duration;

use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep, timeout},
};

use super::{
    connect::Connector,
    fault::Fault,
    session::{PATIENCE, Session},
};
use crate::{
    driver::queue::{Job, gather},
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
        let statements: Vec<_> = batch.iter().map(|job| job.statements.as_slice()).collect();
        let answers = self.answers(&statements).await;
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
            match Session::open(&self.connector).await {
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

impl Session {
    /// One physical transaction. When the whole batch passes, which is nearly always, no savepoint is needed and everything is one pipeline.
    /// Otherwise the failing ones are found by halving, under savepoints; the others are kept.
    async fn commit(&self, batch: &[&[Statement]]) -> Result<Vec<Answer>, Broken> {
        let mut answers: Vec<Option<Answer>> = batch.iter().map(|_| None).collect();
        let mut jobs = Vec::with_capacity(batch.len());
        let mut places = Vec::with_capacity(batch.len());
        for (at, statements) in batch.iter().enumerate() {
            match self.prepare(statements).await {
                Ok(prepared) => {
                    jobs.push(prepared);
                    places.push(at);
                }
                Err(Fault::Statement(error)) => answers[at] = Some(Err(error)),
                Err(fault) => return Err(fault.into()),
            }
        }
        let mut ranges = Vec::from([std::ops::Range { start: 0, end: jobs.len() }]);
        let mut begun = false;
        while let Some(range) = ranges.pop() {
            if range.is_empty() {
                continue;
            }
            let open = if begun { "SAVEPOINT one" } else { "BEGIN" };
            match self.pipeline(open, &jobs[range.clone()]).await? {
                Ok(rows) => {
                    for (at, rows) in range.zip(rows) {
                        answers[places[at]] = Some(Ok(rows));
                    }
                    if begun {
                        self.execute("RELEASE one").await?;
                    }
                    begun = true;
                }
                Err(error) => {
                    self.execute(if begun { "ROLLBACK TO one; RELEASE one" } else { "ROLLBACK" }).await?;
                    if let [at] = range.clone().collect::<Vec<_>>()[..] {
                        answers[places[at]] = Some(Err(error));
                        continue;
                    }
                    if !begun {
                        self.execute("BEGIN").await?;
                        begun = true;
                    }
                    let middle = range.start + range.len() / 2;
                    ranges.extend([middle..range.end, range.start..middle]);
                }
            }
        }
        if begun {
            self.end().await?;
        }
        let missing = || Err(StoreError::Internal("a transaction was lost in its batch".to_owned()));
        Ok(answers.into_iter().map(|answer| answer.unwrap_or_else(missing)).collect())
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
