//! The queue in front of a batcher: bounded, so that a slow disk is felt by the senders and not by the memory.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use crate::{
    error::StoreError,
    sql::{Param, Statement},
    store::Reply,
};

/// Logical transactions that may wait: several seconds of the fastest store, far more than the tasks of one node at a time.
const MAX_QUEUED: usize = 65_536;
/// Bytes that may wait: what large events must not take from the executions' memory.
const MAX_QUEUED_BYTES: usize = 256 << 20;
/// Transactions in one physical commit at most: bounds how long the first of them waits, and what a broken connection leaves open.
const MAX_BATCH: usize = 1024;
/// Bytes in one physical commit at most, unless a single transaction is larger.
const MAX_BATCH_BYTES: usize = 8 << 20;
/// What a statement costs beside its parameters.
const STATEMENT_BYTES: usize = 128;

/// A logical transaction on its way.
pub(super) struct Job {
    pub statements: Vec<Statement>,
    pub reply: Reply,
    bytes: usize,
    load: Arc<Load>,
}

/// What waits and what is being committed.
#[derive(Default)]
pub(super) struct Load {
    count: AtomicUsize,
    bytes: AtomicUsize,
}

impl Load {
    /// Makes a job, or answers at once that there is no room.
    pub(super) fn admit(self: &Arc<Self>, statements: Vec<Statement>, reply: Reply) -> Option<Job> {
        let bytes = statements.iter().map(size).sum();
        let job = Job { statements, reply, bytes, load: self.clone() };
        let count = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        let waiting = self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        // A transaction larger than the bound still passes when it is alone.
        if count > MAX_QUEUED || (waiting > MAX_QUEUED_BYTES && count > 1) {
            job.answer(Err(StoreError::Unavailable(format!(
                "{count} transactions of {waiting} bytes are waiting; try again"
            ))));
            return None;
        }
        Some(job)
    }
}

impl Job {
    pub(super) fn answer(mut self, answer: Result<Vec<crate::sql::Rows>, StoreError>) {
        let reply = std::mem::replace(&mut self.reply, tokio::sync::oneshot::channel().0);
        drop(self);
        // Nobody has to wait for the answer.
        let _ = reply.send(answer);
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.load.count.fetch_sub(1, Ordering::Relaxed);
        self.load.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

fn size(statement: &Statement) -> usize {
    let size = |param: &Param| match param {
        Param::Null | Param::Int(_) | Param::Float(_) => 8,
        Param::Text(text) => text.len(),
        Param::Bytes(bytes) => bytes.len(),
    };
    STATEMENT_BYTES + statement.params.iter().map(size).sum::<usize>()
}

/// What goes into one physical commit: `first` and what `next` gives without waiting. There is no lingering: while one batch is
/// committed the next one gathers by itself, and an idle store answers at once.
pub(super) fn gather(first: Job, mut next: impl FnMut() -> Option<Job>) -> Vec<Job> {
    let mut bytes = first.bytes;
    let mut batch = vec![first];
    while batch.len() < MAX_BATCH && bytes < MAX_BATCH_BYTES {
        let Some(job) = next() else { break };
        bytes += job.bytes;
        batch.push(job);
    }
    batch
}
