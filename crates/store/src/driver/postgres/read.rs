//! Readers: a few connections, each with many reads under way.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    sync::Mutex,
    time::{error::Elapsed, timeout},
};

use super::{
    connect::Connector,
    fault::Fault,
    session::{PATIENCE, Session},
};
use crate::{
    error::StoreError,
    sql::{Rows, Statement},
};

/// Connections that only read: a slow search keeps one of them busy, not all.
const READERS: usize = 4;

pub(super) struct Readers {
    connector: Connector,
    slots: [Slot; READERS],
}

#[derive(Default)]
struct Slot {
    session: Mutex<Option<Arc<Session>>>,
    under_way: AtomicUsize,
}

/// Counts a read as long as it lives, also when its future is dropped.
struct Guard<'s>(&'s AtomicUsize);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Readers {
    pub fn new(connector: Connector) -> Self {
        Self { connector, slots: Default::default() }
    }

    /// Reads on the least busy connection, once more on a new one when it is gone.
    pub async fn read(&self, statement: &Statement) -> Result<Rows, StoreError> {
        let slot = self.slots.iter().min_by_key(|slot| slot.under_way.load(Ordering::Relaxed));
        let slot = slot.expect("there is at least one slot");
        slot.under_way.fetch_add(1, Ordering::Relaxed);
        let _guard = Guard(&slot.under_way);
        let session = self.session(slot).await?;
        match timeout(PATIENCE, session.run(statement)).await {
            Ok(Ok(rows)) => return Ok(rows),
            Ok(Err(Fault::Lost(_))) | Err(Elapsed { .. }) => {}
            Ok(Err(fault)) => return Err(fault.error()),
        }
        self.forget(slot, &session).await;
        let session = self.session(slot).await?;
        let again = timeout(PATIENCE, session.run(statement)).await;
        again.unwrap_or_else(|_| Err(Fault::Lost("no answer".to_owned()))).map_err(Fault::error)
    }

    async fn session(&self, slot: &Slot) -> Result<Arc<Session>, StoreError> {
        let mut held = slot.session.lock().await;
        if let Some(session) = held.as_ref().filter(|session| !session.is_closed()) {
            return Ok(session.clone());
        }
        let session = Arc::new(Session::open(&self.connector).await?);
        *held = Some(session.clone());
        Ok(session)
    }

    async fn forget(&self, slot: &Slot, session: &Arc<Session>) {
        let mut held = slot.session.lock().await;
        if held.as_ref().is_some_and(|held| Arc::ptr_eq(held, session)) {
            *held = None;
        }
    }

    /// Lets go of the connections.
    pub async fn close(&self) {
        for slot in &self.slots {
            *slot.session.lock().await = None;
        }
    }
}
