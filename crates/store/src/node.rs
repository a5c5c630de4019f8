//! Nodes: a name, an epoch, a heartbeat (D5). Every append of an execution is fenced by the (name, epoch) of its owner.

use zis_flow::Timestamp;

use crate::{Store, StoreError};

/// Who owns an execution.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Owner {
    pub node: String,
    /// Counts up each time a node of this name starts: appends of an earlier life are refused.
    pub epoch: i64,
}

/// Registers the node (a new epoch) and gives its ownership.
pub async fn register(store: &Store, name: &str, now: Timestamp) -> Result<Owner, StoreError> {
    let _ = (store, name, now);
    todo!()
}

/// Renews the heartbeat; an expectation error means that this life of the node was declared dead.
pub async fn heartbeat(store: &Store, owner: &Owner, now: Timestamp) -> Result<(), StoreError> {
    let _ = (store, owner, now);
    todo!()
}

/// Says goodbye: other nodes may adopt at once.
pub async fn leave(store: &Store, owner: &Owner) -> Result<(), StoreError> {
    let _ = (store, owner);
    todo!()
}
