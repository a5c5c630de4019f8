//! The handle that the server holds.

use std::{
    ops::Deref,
    sync::{Arc, atomic::AtomicI64},
};

use zis_flow::Timestamp;
use zis_store::{AccountId, Store};

use crate::{
    auth::Authenticator,
    ids::{self, Ids},
    sink::EventSink,
    world::World,
};

/// The local Zendesk of one account; clones share it.
#[derive(Clone)]
pub struct Zendesk(Arc<Parts>);

/// What a [`Zendesk`] is made of.
pub struct Parts {
    pub(crate) store: Store,
    pub(crate) account: AccountId,
    pub(crate) sink: Arc<dyn EventSink>,
    pub(crate) world: Arc<dyn World>,
    pub(crate) ids: Ids,
    pub(crate) auth: Authenticator,
    /// The last ticket id that this node knows of; 0 before the first look.
    pub(crate) last_ticket: AtomicI64,
}

impl Zendesk {
    pub fn new(store: Store, account: AccountId, sink: Arc<dyn EventSink>, world: Arc<dyn World>) -> Self {
        let auth = Authenticator::new(&*world);
        Self(Arc::new(Parts { store, account, sink, world, ids: Ids::default(), auth, last_ticket: AtomicI64::new(0) }))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.world.now()
    }

    pub(crate) fn number(&self) -> i64 {
        self.ids.number(&*self.world)
    }

    pub(crate) fn ulid(&self) -> String {
        ids::ulid(&*self.world)
    }

    pub(crate) fn secret(&self, length: usize) -> String {
        ids::secret(&*self.world, length)
    }
}

impl Deref for Zendesk {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
