//! Accepted events.

use zis_flow::{Timestamp, Value};

use crate::{
    AccountId, EventId, Store, StoreError, params,
    sql::{Row, Statement, Where, statement},
};

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

/// More than passes between the making of an event's id and the time that it names, in microseconds.
const EARLY: i64 = 60 * 1_000_000;

const COLUMNS: &str = "account, id, source, type, integration, payload, received_at, idempotency_key, executions";

/// The statement that stores `event`; a taken idempotency key is [`StoreError::Duplicate`] of table `event`.
pub fn insert(event: &Event) -> Statement {
    statement(
        "INSERT INTO event (account, id, source, type, integration, payload, received_at, idempotency_key, executions) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![
            event.account,
            &event.id,
            &event.source,
            &event.kind,
            event.integration.as_deref(),
            &event.payload,
            event.received_at,
            event.idempotency_key.as_deref(),
            event.executions
        ],
    )
    .new_row()
}

/// The event `id`.
pub async fn show(store: &Store, account: AccountId, id: &EventId) -> Result<Option<Event>, StoreError> {
    let mut query = Where::account(account);
    query.and("id = ", id);
    one(store, query).await
}

/// The event that came with the idempotency key `key`.
pub async fn by_key(store: &Store, account: AccountId, key: &str) -> Result<Option<Event>, StoreError> {
    let mut query = Where::account(account);
    query.and("idempotency_key = ", key);
    one(store, query).await
}

async fn one(store: &Store, query: Where) -> Result<Option<Event>, StoreError> {
    let rows = store.read(query.select(COLUMNS, "event", "")).await?;
    rows.first().map(event).transpose()
}

/// Frees `key` when its event was received before `before`: it may be used for another event then.
pub async fn release_key(store: &Store, account: AccountId, key: &str, before: Timestamp) -> Result<(), StoreError> {
    let release = statement(
        "UPDATE event SET idempotency_key = NULL WHERE account = $1 AND idempotency_key = $2 AND received_at < $3",
        params![account, key, before],
    );
    store.write(vec![release]).await.map(|_| ())
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
    let mut query = Where::account(account);
    query.and_some("source = ", source);
    query.and_some("type = ", kind);
    query.and_some("id < ", after);
    let rows = store.read(query.select(COLUMNS, "event", &format!("ORDER BY id DESC LIMIT {size}"))).await?;
    rows.rows.iter().map(event).collect()
}

/// What [`received`] and [`count`] look for; `None` matches all.
#[derive(Debug, Clone)]
pub struct Filter {
    pub source: Option<String>,
    pub kind: Option<String>,
    /// Received then or later.
    pub since: Timestamp,
    /// Received before.
    pub until: Timestamp,
}

impl Filter {
    fn conditions(&self, account: AccountId) -> Where {
        let mut query = Where::account(account);
        // An id is made when its event comes, give or take what two clocks differ: there is an index of ids, and none of times.
        let early = Timestamp(self.since.0.saturating_sub(EARLY));
        query.and("id >= ", &EventId::first_at(early));
        query.and("received_at >= ", self.since);
        query.and("received_at < ", self.until);
        query.and_some("source = ", self.source.as_deref());
        query.and_some("type = ", self.kind.as_deref());
        query
    }
}

/// Oldest first; `after` is the id of the last event of the page before.
pub async fn received(
    store: &Store,
    account: AccountId,
    filter: &Filter,
    after: Option<&EventId>,
    size: usize,
) -> Result<Vec<Event>, StoreError> {
    let mut query = filter.conditions(account);
    query.and_some("id > ", after);
    let rows = store.read(query.select(COLUMNS, "event", &format!("ORDER BY id LIMIT {size}"))).await?;
    rows.rows.iter().map(event).collect()
}

/// How many events fit.
pub async fn count(store: &Store, account: AccountId, filter: &Filter) -> Result<u64, StoreError> {
    let rows = store.read(filter.conditions(account).select("count(*)", "event", "")).await?;
    Ok(rows.first().and_then(|row| u64::try_from(row.int(0)).ok()).unwrap_or_default())
}

fn event(row: &Row) -> Result<Event, StoreError> {
    let damaged = |what: &str| StoreError::Damaged(format!("event {}: {what}", row.text(1)));
    Ok(Event {
        account: AccountId(row.int(0)),
        id: EventId::parse(row.text(1)).ok_or_else(|| damaged("not an event id"))?,
        source: row.text(2).to_owned(),
        kind: row.text(3).to_owned(),
        integration: row.opt_string(4),
        payload: Value::from_json(row.text(5)).map_err(|error| damaged(&error.to_string()))?,
        received_at: Timestamp(row.int(6)),
        idempotency_key: row.opt_string(7),
        executions: u32::try_from(row.int(8)).unwrap_or_default(),
    })
}
