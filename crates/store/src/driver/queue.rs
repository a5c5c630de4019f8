//! The queue in front of a batcher: bounded, so that a slow disk is felt by the senders and not by the memory.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use crate::{
    driver::meters::Meters,
    error::StoreError,
    sql::{Param, Statement},
    store::{Reply, Transaction},
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
    pub transaction: Transaction,
    /// Taken when the job is answered.
    reply: Option<Reply>,
    bytes: usize,
    load: Arc<Load>,
}

/// What waits and what is being committed.
#[derive(Default)]
pub(super) struct Load {
    count: AtomicUsize,
    bytes: AtomicUsize,
    pub(super) meters: Meters,
}

impl Load {
    /// Makes a job, or answers at once that there is no room.
    pub(super) fn admit(self: &Arc<Self>, transaction: Transaction, reply: Reply) -> Option<Job> {
        let bytes = transaction.iter().map(size).sum();
        self.meters.waiting.increment(1.0);
        let job = Job { transaction, reply: Some(reply), bytes, load: self.clone() };
        let count = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        let waiting = self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        // A transaction larger than the bound still passes when it is alone.
        if count > MAX_QUEUED || (waiting > MAX_QUEUED_BYTES && count > 1) {
            job.answer(Err(StoreError::Busy { transactions: count, bytes: waiting }));
            return None;
        }
        Some(job)
    }
}

impl Job {
    pub(super) fn answer(mut self, answer: Result<Vec<crate::sql::Rows>, StoreError>) {
        let reply = self.reply.take();
        // First the job, then the answer: the statements are left to whoever waits.
        drop(self);
        // Nobody has to wait for the answer.
        let _ = reply.map(|reply| reply.send(answer));
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.load.count.fetch_sub(1, Ordering::Relaxed);
        self.load.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        self.load.meters.waiting.decrement(1.0);
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

/// Counts a physical commit that began at `began`.
pub(super) fn committed(batch: &[Job], began: Instant) {
    if let Some(job) = batch.first() {
        job.load.meters.committed(batch.len(), began);
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;
    use crate::{params, sql::statement};

    fn admit(load: &Arc<Load>, bytes: usize) -> Option<Job> {
        let put = statement("SELECT $1", params!["x".repeat(bytes)]);
        load.admit(Arc::new(vec![put]), oneshot::channel().0)
    }

    #[test]
    fn a_full_queue_refuses_until_there_is_room() {
        let load = Arc::new(Load::default());
        let mut jobs: Vec<_> = (0..4).map(|_| admit(&load, MAX_QUEUED_BYTES / 5).unwrap()).collect();
        let (reply, mut answer) = oneshot::channel();
        let large = statement("SELECT $1", params!["x".repeat(MAX_QUEUED_BYTES / 4)]);
        assert!(load.admit(Arc::new(vec![large]), reply).is_none());
        assert!(matches!(answer.try_recv(), Ok(Err(StoreError::Busy { transactions: 5, .. }))));
        jobs.pop().unwrap().answer(Ok(Vec::new()));
        jobs.push(admit(&load, MAX_QUEUED_BYTES / 5).unwrap());
        jobs.clear();
        assert!(admit(&load, MAX_QUEUED_BYTES + 1).is_some(), "alone, the largest passes");
    }

    #[test]
    fn batches_are_bounded_by_number_and_size() {
        let load = Arc::new(Load::default());
        let mut many = (0..2 * MAX_BATCH).map(|_| admit(&load, 1).unwrap());
        assert_eq!(gather(many.next().unwrap(), || many.next()).len(), MAX_BATCH);
        let mut large = (0..8).map(|_| admit(&load, MAX_BATCH_BYTES / 2).unwrap());
        assert_eq!(gather(large.next().unwrap(), || large.next()).len(), 2);
        assert_eq!(gather(admit(&load, 1).unwrap(), || None).len(), 1);
    }
}
