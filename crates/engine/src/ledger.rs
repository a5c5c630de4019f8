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
    /// Not yet queued.
    records: Vec<Record>,
    lines: Vec<log::Line>,
    queued: VecDeque<Batch>,
    /// How long to wait before the store is asked again; grows while it keeps nothing.
    patience: Duration,
}

struct Batch {
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
        let mut statements = execution::append(row, &records, at);
        statements.extend(lines.iter().map(log::insert));
        statements.extend(rides.iter().cloned());
        let answer = core.store.write(statements);
        let queued_at = core.now();
        self.queued.push_back(Batch { seq: row.seq, at, queued_at, status: row.status, records, lines, rides, answer });
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
        core.signal(|| Signal::ExecutionChanged {
            account: row.account,
            id: row.id.clone(),
            integration: row.integration.clone(),
            flow: row.flow.clone(),
            status: batch.status,
        });
        for line in batch.lines {
            core.signal(|| Signal::Log { account: row.account, entry: line });
        }
    }

    /// Finds out what became of the first batch, and goes on from there.
    async fn repair(&mut self, core: &Core, row: &mut Execution, error: StoreError) -> Result<(), Lost> {
        match &error {
            StoreError::Expectation { statement, .. } if *statement < APPEND => return Err(Lost::Fenced),
            StoreError::Expectation { .. } => return self.refuse(row).await,
            StoreError::Duplicate { table } if table != "journal" => return self.refuse(row).await,
            StoreError::Internal(_) | StoreError::Damaged(_) | StoreError::Invalid(_) => {
                return Err(Lost::Broken(error));
            }
            StoreError::Duplicate { .. } | StoreError::Unavailable(_) | StoreError::Unknown(_) => {}
        }
        tracing::warn!(execution = %row.id, %error, "the store did not keep a record; looking again");
        self.drain_answers().await;
        let stored = self.look(core, row).await?;
        if stored.owner != row.owner {
            return Err(Lost::Fenced);
        }
        while self.queued.front().is_some_and(|batch| batch.seq < stored.seq) {
            self.kept(core, row);
        }
        self.resubmit(core, row, stored.seq);
        Ok(())
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

    /// The row as the store has it, however long the store takes to come back.
    async fn look(&mut self, core: &Core, row: &Execution) -> Result<Execution, Lost> {
        loop {
            self.patience = (self.patience * 2).clamp(PATIENCE.0, PATIENCE.1);
            core.clock.sleep(self.patience).await;
            if core.is_stopped() {
                return Err(Lost::Stopped);
            }
            match execution::show(&core.store, row.account, &row.id).await {
                Ok(Some(stored)) => return Ok(stored),
                Ok(None) => return Err(Lost::Fenced),
                Err(error @ (StoreError::Internal(_) | StoreError::Damaged(_))) => return Err(Lost::Broken(error)),
                Err(_) => {}
            }
        }
    }

    /// Queues all that is not kept again, as one batch at `seq`.
    fn resubmit(&mut self, core: &Core, row: &mut Execution, seq: i64) {
        row.seq = seq;
        let (mut records, mut lines, mut rides) = (Vec::new(), Vec::new(), Vec::new());
        let mut at = None;
        for batch in self.queued.drain(..) {
            at = Some(batch.at);
            records.extend(batch.records);
            lines.extend(batch.lines);
            rides.extend(batch.rides);
        }
        if let Some(at) = at {
            self.queue(core, row, at, records, lines, rides);
        }
    }
}

/// Statements of [`execution::append`]: what comes after them rides along.
const APPEND: usize = 2;
