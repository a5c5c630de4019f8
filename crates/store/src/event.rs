//! Accepted events.

use zis_flow::{Timestamp, Value};

use crate::{AccountId, EventId, Store, StoreError, sql::Statement};

/// One accepted event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub account: AccountId,
    pub id: EventId,
    pub source: String,
    /// The catalogue's tag (`ticket.TicketCreated`) or the webhook's `event_type`.
    pub kind: String,
    /// Set for events that only one integration may see (inbound webhooks).
    pub integration: Option<String>,
    /// What stands at `$.input`.
    pub payload: Value,
    pub received_at: Timestamp,
    /// The sender's `Idempotency-Key`.
    pub idempotency_key: Option<String>,
    /// How many executions it started.
    pub executions: u32,
}

/// The statement that stores `event`; a taken idempotency key is [`StoreError::Duplicate`] of table `event`.
pub fn insert(event: &Event) -> Statement {
    let _ = event;
    todo!()
}

pub async fn show(store: &Store, account: AccountId, id: &EventId) -> Result<Option<Event>, StoreError> {
    let _ = (store, account, id);
    todo!()
}

pub async fn by_key(store: &Store, account: AccountId, key: &str) -> Result<Option<Event>, StoreError> {
    let _ = (store, account, key);
    todo!()
}

/// Newest first; `after` is the id of the last event of the page before.
pub async fn list(
    store: &Store,
    account: AccountId,
    source: Option<&str>,
    kind: Option<&str>,
    after: Option<&EventId>,
    size: usize,
) -> Result<Vec<Event>, StoreError> {
    let _ = (store, account, source, kind, after, size);
    todo!()
}
