//! The executions in this node's memory, by id, so that somebody can give them orders.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex},
};

use tokio::sync::{Notify, oneshot};
use zis_store::ExecutionId;

use crate::{error::EngineError, sync::lock};

/// Shards: enough that two cores rarely meet at one lock.
const SHARDS: usize = 32;

/// What a running execution can be told.
pub(crate) enum Order {
    /// End as cancelled, on behalf of `by`; the answer comes when it is durable.
    Cancel { by: String, reply: oneshot::Sender<Result<(), EngineError>> },
    /// Another node owns it: forget it without a word.
    Forget,
}

#[derive(Default)]
pub(crate) struct Control {
    order: Mutex<Option<Order>>,
    bell: Notify,
    /// Rings when the execution has left the memory.
    left: Notify,
}

impl Control {
    pub(crate) fn give(&self, order: Order) {
        *lock(&self.order) = Some(order);
        self.bell.notify_one();
    }

    pub(crate) fn take(&self) -> Option<Order> {
        lock(&self.order).take()
    }

    /// Resolves when an order is there.
    pub(crate) async fn order(&self) -> Order {
        loop {
            if let Some(order) = self.take() {
                return order;
            }
            self.bell.notified().await;
        }
    }
}

type Shard = Mutex<HashMap<ExecutionId, Arc<Control>>>;

#[derive(Default)]
pub(crate) struct Open {
    shards: [Shard; SHARDS],
}

/// An entry in the table; taken out when dropped.
pub(crate) struct Entry {
    open: Arc<Open>,
    id: ExecutionId,
    pub(crate) control: Arc<Control>,
}

impl Drop for Entry {
    fn drop(&mut self) {
        lock(self.open.shard(&self.id)).remove(&self.id);
        self.control.left.notify_waiters();
    }
}

impl Open {
    fn shard(&self, id: &ExecutionId) -> &Shard {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        &self.shards[usize::try_from(hasher.finish() % SHARDS as u64).unwrap_or(0)]
    }

    /// Enters `id`; `None` when it is in memory already.
    pub(crate) fn enter(self: &Arc<Self>, id: &ExecutionId) -> Option<Entry> {
        let control = Arc::new(Control::default());
        let mut shard = lock(self.shard(id));
        if shard.contains_key(id) {
            return None;
        }
        shard.insert(id.clone(), control.clone());
        drop(shard);
        Some(Entry { open: self.clone(), id: id.clone(), control })
    }

    pub(crate) fn get(&self, id: &ExecutionId) -> Option<Arc<Control>> {
        lock(self.shard(id)).get(id).cloned()
    }

    /// Returns when `id` is not in memory.
    pub(crate) async fn until_left(&self, id: &ExecutionId) {
        while let Some(control) = self.get(id) {
            let mut left = std::pin::pin!(control.left.notified());
            // Listens from here on: an entry that goes between the look and the wait is heard.
            left.as_mut().enable();
            if self.get(id).is_none_or(|now| !Arc::ptr_eq(&now, &control)) {
                continue;
            }
            left.await;
        }
    }

    /// Tells every execution that this node lost it, in the order of their ids: simulations must run the same way every time.
    pub(crate) fn forget_all(&self) {
        let mut all: Vec<_> = Vec::new();
        for shard in &self.shards {
            all.extend(lock(shard).iter().map(|(id, control)| (id.clone(), control.clone())));
        }
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
        for (_, control) in all {
            control.give(Order::Forget);
        }
    }
}
