//! Back-pressure: how many executions may be open in memory; more are refused before anything is accepted.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use zis_store::AccountId;

use crate::{error::EngineError, sync::lock};

/// What a refused sender is told to wait: executions come and go in far less.
const AFTER_SECONDS: u32 = 1;

pub(crate) struct Admission {
    room: Arc<Semaphore>,
    /// Half of the room, for executions that come back from the store: what a dead node left, or what wakes at one time, does not keep new
    /// events out.
    returned: Arc<Semaphore>,
    max: usize,
    max_per_account: usize,
    accounts: Mutex<HashMap<AccountId, Arc<AtomicUsize>>>,
}

/// The right to be in memory; given back when dropped.
pub(crate) struct Slot {
    _room: OwnedSemaphorePermit,
    _returned: Option<OwnedSemaphorePermit>,
    account: Arc<AtomicUsize>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.account.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Admission {
    pub(crate) fn new(max: usize, max_per_account: usize) -> Self {
        let max = max.min(Semaphore::MAX_PERMITS);
        Self {
            room: Arc::new(Semaphore::new(max)),
            returned: Arc::new(Semaphore::new((max / 2).max(1))),
            max,
            max_per_account,
            accounts: Mutex::default(),
        }
    }

    /// Room for `count` new executions of `account`, all or none.
    pub(crate) fn enter(&self, account: AccountId, count: usize) -> Result<Vec<Slot>, EngineError> {
        let busy = |what, limit| EngineError::Busy { what, limit, after_seconds: AFTER_SECONDS };
        let tenant = self.tenant(account);
        if tenant.fetch_add(count, Ordering::Relaxed) + count > self.max_per_account {
            tenant.fetch_sub(count, Ordering::Relaxed);
            return Err(busy("executions of this account", self.max_per_account));
        }
        let mut slots = Vec::with_capacity(count);
        for taken in 0..count {
            let Ok(room) = self.room.clone().try_acquire_owned() else {
                tenant.fetch_sub(count - taken, Ordering::Relaxed);
                return Err(busy("executions", self.max));
            };
            slots.push(Slot { _room: room, _returned: None, account: tenant.clone() });
        }
        Ok(slots)
    }

    /// Room for an execution that comes back from the store: waits for it instead of refusing. `None` when the engine is gone.
    pub(crate) async fn wait(&self, account: AccountId) -> Option<Slot> {
        let returned = self.returned.clone().acquire_owned().await.ok()?;
        let room = self.room.clone().acquire_owned().await.ok()?;
        let account = self.tenant(account);
        account.fetch_add(1, Ordering::Relaxed);
        Some(Slot { _room: room, _returned: Some(returned), account })
    }

    /// Executions in memory.
    pub(crate) fn open(&self) -> usize {
        self.max - self.room.available_permits()
    }

    fn tenant(&self, account: AccountId) -> Arc<AtomicUsize> {
        lock(&self.accounts).entry(account).or_default().clone()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn refused(result: Result<Vec<Slot>, EngineError>) -> &'static str {
        match result {
            Err(EngineError::Busy { what, .. }) => what,
            other => panic!("expected Busy, got {:?}", other.map(|slots| slots.len())),
        }
    }

    #[test]
    fn refuses_whole_events_and_gives_room_back() {
        let admission = Admission::new(3, 2);
        let (one, two) = (AccountId(1), AccountId(2));
        let first = admission.enter(one, 2).unwrap();
        assert_eq!(refused(admission.enter(one, 1)), "executions of this account");
        assert_eq!(refused(admission.enter(two, 2)), "executions");
        assert_eq!(admission.open(), 2, "a refusal keeps nothing");
        drop(first);
        assert_eq!(admission.open(), 0);
        assert_eq!(admission.enter(two, 2).unwrap().len(), 2);
    }
    #[test]
    fn what_comes_back_leaves_room_for_what_is_new() {
        let (admission, account) = (Admission::new(4, 4), AccountId(1));
        let back = || admission.wait(account).now_or_never().flatten();
        let returned = [back().unwrap(), back().unwrap()];
        assert!(back().is_none());
        assert_eq!(admission.enter(account, 2).unwrap().len(), 2);
        drop(returned);
        assert!(back().is_some());
    }
}
