//! The timer: waits and retries are rows with a wake time, not sleeping tasks. In memory there is only a heap of (time, id); the store
//! is the truth.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::sync::Notify;
use zis_flow::Timestamp;
use zis_store::{AccountId, ExecutionId, execution};

use crate::{core::Core, recover::Cause, sync::lock};

/// Entries in memory at most, some ten megabytes; what does not fit is asked for when its time comes.
const MOST_ENTRIES: usize = 200_000;
/// Executions taken from the store at once.
const PAGE: usize = 1_000;
/// The longest sleep: a clock that was set forward is noticed this late.
const LONGEST: Duration = Duration::from_secs(60);
/// Wait before a store that did not answer is asked again.
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(crate) struct Timer {
    heap: Mutex<Heap>,
    bell: Notify,
}

type Entry = Reverse<(Timestamp, AccountId, ExecutionId)>;

#[derive(Default)]
struct Heap {
    entries: BinaryHeap<Entry>,
    /// From when on the store has to be asked too: the earliest time that found no room here.
    spilled: Option<Timestamp>,
}

impl Heap {
    fn next(&self) -> Option<Timestamp> {
        let first = self.entries.peek().map(|Reverse((at, ..))| *at);
        [first, self.spilled].into_iter().flatten().min()
    }
}

impl Timer {
    pub(crate) fn add(&self, core: &Core, at: Timestamp, account: AccountId, id: ExecutionId) {
        let mut heap = lock(&self.heap);
        let sooner = heap.next().is_none_or(|next| at < next);
        if heap.entries.len() < MOST_ENTRIES {
            heap.entries.push(Reverse((at, account, id)));
        } else {
            heap.spilled = Some(heap.spilled.map_or(at, |spilled| spilled.min(at)));
        }
        core.meters.timers(heap.entries.len());
        drop(heap);
        if sooner {
            self.bell.notify_one();
        }
    }

    /// Forgets everything: another life of the node begins.
    pub(crate) fn clear(&self) {
        *lock(&self.heap) = Heap::default();
    }

    fn take_due(&self, core: &Core, now: Timestamp) -> Vec<(AccountId, ExecutionId)> {
        let mut heap = lock(&self.heap);
        let mut due = Vec::new();
        while heap.entries.peek().is_some_and(|Reverse((at, ..))| *at <= now) {
            if let Some(Reverse((_, account, id))) = heap.entries.pop() {
                due.push((account, id));
            }
        }
        if !due.is_empty() {
            core.meters.timers(heap.entries.len());
        }
        due
    }

    fn take_spilled(&self, now: Timestamp) -> bool {
        let mut heap = lock(&self.heap);
        let due = heap.spilled.is_some_and(|at| at <= now);
        if due {
            heap.spilled = None;
        }
        due
    }

    fn spill(&self, at: Timestamp) {
        let mut heap = lock(&self.heap);
        heap.spilled = Some(heap.spilled.map_or(at, |spilled| spilled.min(at)));
    }

    fn next(&self) -> Option<Timestamp> {
        lock(&self.heap).next()
    }
}

/// Wakes what is due, until the engine stops.
pub(crate) async fn serve(core: Arc<Core>) {
    loop {
        let now = core.now();
        for (account, id) in core.timer.take_due(&core, now) {
            core.wake(account, id, Cause::Due);
        }
        if core.timer.take_spilled(now) {
            ask_store(&core, now).await;
        }
        let pause = core.timer.next().map_or(LONGEST, |at| at.since(core.now()).min(LONGEST));
        tokio::select! {
            biased;
            () = core.stopping.cancelled() => return,
            () = core.timer.bell.notified() => {}
            () = core.clock.sleep(pause) => {}
        }
    }
}

/// Wakes what the store says is due, and notes when to ask again.
async fn ask_store(core: &Arc<Core>, now: Timestamp) {
    let owner = core.owner();
    let due = execution::due(&core.store, &owner, now, PAGE).await;
    let again = match due {
        Ok(due) if due.len() < PAGE => {
            due.into_iter().for_each(|row| core.wake(row.account, row.id, Cause::Due));
            let next = execution::next_wake(&core.store, &owner).await.unwrap_or(Some(now));
            // What was woken just now still stands in the store with its old time.
            next.map(|at| at.max(now.saturating_add(PAUSE)))
        }
        Ok(due) => {
            due.into_iter().for_each(|row| core.wake(row.account, row.id, Cause::Due));
            Some(now.saturating_add(PAUSE))
        }
        Err(error) => {
            tracing::warn!(%error, "the store did not say which executions are due");
            Some(now.saturating_add(PAUSE))
        }
    };
    if let Some(at) = again {
        core.timer.spill(at);
    }
}
