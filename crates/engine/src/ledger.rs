//! What an execution has to write: records wait here until they must be in the store, then go as one batch (D3).
//!
//! Batches are queued in order and answered in order. A batch whose answer is bad is looked up in the store: it is there, or it is queued
//! again, or somebody else owns the execution.

use std::{collections::VecDeque, time::Duration};

use zis_flow::{
    Timestamp,
    journal::{Record, Status},
};
use zis_store::{
    Pending, Statement, StoreError,
    execution::{self, Execution},
    log,
};

use crate::{core::Core, signal::Signal};

/// First and longest wait before a store that did not answer is asked again.
const PATIENCE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// Why an execution can't be written any more.
#[derive(Debug)]
pub(crate) enum Lost {
    /// Somebody else owns it.
    Fenced,
    /// The statements that ride with the last batch met rows they did not expect; nothing of that batch was kept.
    Refused,
    /// The store can't keep it; the text says why.
    Broken(StoreError),
    /// The engine is stopping.
    Stopped,
}

#[derive(Default)]
pub(crate) struct Ledger {
    /// What the row says when everything queued is kept; `None` when that is in doubt.
    face: Option<Face>,
    /// Not yet queued.
    records: Vec<Record>,
    lines: Vec<log::Line>,
    queued: VecDeque<Batch>,
    /// How long to wait before the store is asked again; grows while it keeps nothing.
    patience: Duration,
}

/// What tells two states of an execution's row apart: its error, its message and its definitions change only along with these.
#[derive(PartialEq)]
struct Face {
    status: Status,
    attempt: u32,
    max_attempts: u32,
    ended_at: Option<Timestamp>,
    wake_at: Option<Timestamp>,
}

impl Face {
    fn of(row: &Execution) -> Self {
        let Execution { status, attempt, max_attempts, ended_at, wake_at, .. } = *row;
        Self { status, attempt, max_attempts, ended_at, wake_at }
    }
}

/// How far into a batch that was put together one of the earlier ones reaches.
#[derive(Clone, Copy)]
struct Cut {
    records: usize,
    lines: usize,
    rides: usize,
}

struct Batch {
    /// Where the batches that were put together in this one end, but for the last.
    cuts: Vec<Cut>,
    seq: i64,
    at: Timestamp,
    queued_at: Timestamp,
    status: Status,
    records: Vec<Record>,
    lines: Vec<log::Line>,
    rides: Vec<Statement>,
    answer: Pending,
}

impl Ledger {
    /// For an execution whose row in the store is `row`.
    pub(crate) fn of(row: &Execution) -> Self {
        Self { face: Some(Face::of(row)), ..Self::default() }
    }

    pub(crate) fn record(&mut self, record: Record) {
        self.records.push(record);
    }

    pub(crate) fn line(&mut self, line: log::Line) {
        self.lines.push(line);
    }

    /// Queues what has been recorded, with `rides` in the same transaction.
    pub(crate) fn submit(&mut self, core: &Core, row: &mut Execution, rides: Vec<Statement>) {
        if self.records.is_empty() {
            return;
        }
        let (records, lines) = (std::mem::take(&mut self.records), std::mem::take(&mut self.lines));
        let at = records.last().map_or_else(|| core.now(), Record::at);
        self.queue(core, row, at, records, lines, rides);
    }

    fn queue(
        &mut self,
        core: &Core,
        row: &mut Execution,
        at: Timestamp,
        records: Vec<Record>,
        lines: Vec<log::Line>,
        rides: Vec<Statement>,
    ) {
        let face = Some(Face::of(row));
        let append = if self.face == face { execution::extend } else { execution::append };
        self.face = face;
        let mut statements = append(row, &records, at);
        statements.extend(lines.iter().map(log::insert));
        statements.extend(rides.iter().cloned());
        let answer = core.store.write(statements);
        let (seq, status, queued_at, cuts) = (row.seq, row.status, core.now(), Vec::new());
        self.queued.push_back(Batch { cuts, seq, at, queued_at, status, records, lines, rides, answer });
        row.seq += 1;
    }

    /// Returns when everything queued is durable.
    pub(crate) async fn settle(&mut self, core: &Core, row: &mut Execution) -> Result<(), Lost> {
        while let Some(batch) = self.queued.front_mut() {
            match (&mut batch.answer).await {
                Ok(_) => self.kept(core, row),
                Err(error) => self.repair(core, row, error).await?,
            }
        }
        Ok(())
    }

    /// The first batch is durable: now it may be shown.
    fn kept(&mut self, core: &Core, row: &Execution) {
        let Some(batch) = self.queued.pop_front() else { return };
        self.patience = Duration::ZERO;
        core.meters.committed(core.now().since(batch.queued_at));
        show(core, row, batch.status, batch.lines);
    }

    /// Finds out what became of the batches that are queued, and goes on from there.
    async fn repair(&mut self, core: &Core, row: &mut Execution, error: StoreError) -> Result<(), Lost> {
        self.face = None;
        match &error {
            StoreError::Expectation { statement, .. } if *statement >= APPEND => return self.refuse(row).await,
            StoreError::Duplicate { table } if table != "journal" => return self.refuse(row).await,
            StoreError::Internal(_) | StoreError::Damaged(_) | StoreError::Invalid(_) => {
                return Err(Lost::Broken(error));
            }
            // Somebody else owns it, or a transaction whose answer was lost has been kept after all.
            StoreError::Expectation { .. } => {}
            StoreError::Duplicate { .. }
            | StoreError::Unavailable(_)
            | StoreError::Busy { .. }
            | StoreError::Unknown(_) => {
                tracing::warn!(execution = %row.id, %error, "the store did not keep a record; looking again");
            }
        }
        self.drain_answers().await;
        let Some(mut batch) = self.put_together() else { return Ok(()) };
        let (stored, there) = self.look(core, row, batch.seq).await?;
        let Some(cut) = batch.reaches(&there).filter(|_| stored.owner == row.owner) else { return Err(Lost::Fenced) };
        if cut.records > 0 {
            let (_, lines, _) = batch.take(cut);
            show(core, row, batch.status, lines);
        }
        row.seq = stored.seq;
        self.resubmit(core, row, batch);
        Ok(())
    }

    /// Queues what is not kept again.
    fn resubmit(&mut self, core: &Core, row: &mut Execution, mut batch: Batch) {
        // What rides along may be refused, and must not take down what was recorded before it.
        if !batch.rides.is_empty()
            && let Some(cut) = batch.cuts.last().copied()
        {
            let cuts = std::mem::take(&mut batch.cuts);
            let (records, lines, rides) = batch.take(cut);
            self.queue(core, row, batch.at, records, lines, rides);
            self.remember(&cuts[..cuts.len() - 1]);
        }
        if !batch.records.is_empty() {
            let cuts = std::mem::take(&mut batch.cuts);
            self.queue(core, row, batch.at, batch.records, batch.lines, batch.rides);
            self.remember(&cuts);
        }
    }

    /// What the last batch queued was made of.
    fn remember(&mut self, cuts: &[Cut]) {
        if let Some(batch) = self.queued.back_mut() {
            batch.cuts = cuts.to_vec();
        }
    }

    /// Takes the first batch, of which nothing was kept, back: its records are to be written again without what rode along.
    async fn refuse(&mut self, row: &mut Execution) -> Result<(), Lost> {
        self.drain_answers().await;
        if let Some(batch) = self.queued.pop_front() {
            row.seq = batch.seq;
        }
        self.queued.clear();
        Err(Lost::Refused)
    }

    /// Later batches were queued behind the one that failed: each of them has failed too, or is there.
    async fn drain_answers(&mut self) {
        for batch in self.queued.iter_mut().skip(1) {
            let _ = (&mut batch.answer).await;
        }
    }

    /// The row as the store has it and the records from `seq` on, however long the store takes to come back.
    async fn look(&mut self, core: &Core, row: &Execution, seq: i64) -> Result<(Execution, Vec<Record>), Lost> {
        loop {
            self.patience = (self.patience * 2).clamp(PATIENCE.0, PATIENCE.1);
            core.clock.sleep(self.patience).await;
            if core.is_stopped() {
                return Err(Lost::Stopped);
            }
            match execution::load_from(&core.store, row.account, &row.id, seq).await {
                Ok(Some(found)) => return Ok(found),
                Ok(None) => return Err(Lost::Fenced),
                Err(error @ (StoreError::Internal(_) | StoreError::Damaged(_))) => return Err(Lost::Broken(error)),
                Err(_) => {}
            }
        }
    }

    /// All that is queued as one batch, which remembers what it was made of: each part may be in the store already.
    fn put_together(&mut self) -> Option<Batch> {
        let mut whole = self.queued.pop_front()?;
        for next in self.queued.drain(..) {
            let end = Cut { records: whole.records.len(), lines: whole.lines.len(), rides: whole.rides.len() };
            whole.cuts.push(end);
            whole.cuts.extend(next.cuts.iter().map(|cut| Cut {
                records: end.records + cut.records,
                lines: end.lines + cut.lines,
                rides: end.rides + cut.rides,
            }));
            whole.records.extend(next.records);
            whole.lines.extend(next.lines);
            whole.rides.extend(next.rides);
            (whole.at, whole.status) = (next.at, next.status);
        }
        Some(whole)
    }
}

impl Batch {
    /// How much of this batch `there` is; `None` when it is something else, that somebody else wrote.
    fn reaches(&self, there: &[Record]) -> Option<Cut> {
        let none = Cut { records: 0, lines: 0, rides: 0 };
        let all = Cut { records: self.records.len(), lines: self.lines.len(), rides: self.rides.len() };
        let mut ends = std::iter::once(none).chain(self.cuts.iter().copied()).chain([all]);
        ends.find(|cut| self.records[..cut.records] == *there)
    }

    /// Takes what comes before `cut` out.
    fn take(&mut self, cut: Cut) -> (Vec<Record>, Vec<log::Line>, Vec<Statement>) {
        self.cuts.retain(|other| other.records > cut.records);
        for other in &mut self.cuts {
            other.records -= cut.records;
            other.lines -= cut.lines;
            other.rides -= cut.rides;
        }
        (
            self.records.drain(..cut.records).collect(),
            self.lines.drain(..cut.lines).collect(),
            self.rides.drain(..cut.rides).collect(),
        )
    }
}

/// Tells whoever watches of a batch that is durable.
fn show(core: &Core, row: &Execution, status: Status, lines: Vec<log::Line>) {
    core.signal(|| Signal::ExecutionChanged {
        account: row.account,
        id: row.id.clone(),
        integration: row.integration.clone(),
        flow: row.flow.clone(),
        status,
    });
    for line in lines {
        core.signal(|| Signal::Log { account: row.account, entry: line });
    }
}

/// Statements of [`execution::append`]: what comes after them rides along.
const APPEND: usize = 2;
