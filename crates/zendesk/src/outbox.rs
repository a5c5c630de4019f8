//! Support events on their way to the engine: written in the transaction of the change they tell of, handed over after it.
//!
//! The hand-over deletes the outbox's row in the engine's own transaction, so each event is accepted once, whatever crashes.
//! When the engine can't take it now, the row stays and [`Zendesk::keep_house`] tries again.

use std::time::Duration;

use futures_util::future::join_all;
use zis_flow::{Timestamp, Value};
use zis_store::{
    Statement,
    zendesk::{
        oauth,
        outbox::{self, Entry},
        reply, session,
    },
};

use crate::{
    error::ZendeskError,
    handle::Zendesk,
    ids,
    sink::{SinkError, ZendeskEvent},
};

/// Events of one hand-over of leftovers.
const BATCH: usize = 100;
/// Entries younger than this may still be on their way in the request that made them.
const LEFT_OVER_AFTER: Duration = Duration::from_secs(5);

/// What happened to a ticket or a user, before it has an envelope.
pub(crate) struct Happening {
    /// The catalogue's tag: `ticket.StatusChanged`.
    pub kind: &'static str,
    /// `Status Changed`.
    pub title: &'static str,
    /// `previous`, `current`, `comment`, …
    pub extra: Vec<(&'static str, Value)>,
}

impl Happening {
    pub fn new(kind: &'static str, title: &'static str, extra: Vec<(&'static str, Value)>) -> Self {
        Self { kind, title, extra }
    }

    pub fn changed(kind: &'static str, title: &'static str, previous: Value, current: Value) -> Self {
        Self::new(kind, title, vec![("previous", previous), ("current", current)])
    }
}

impl Zendesk {
    /// Envelopes for everything that one save did (spec ZIS 5.1); `entity` is `ticket` or `user`.
    pub(crate) fn envelopes(&self, entity: &'static str, snapshot: &Value, happenings: Vec<Happening>) -> Vec<Entry> {
        let total = i64::try_from(happenings.len()).unwrap_or(i64::MAX);
        let mut noise = [0; 16];
        self.world.random(&mut noise);
        let sequence = ids::hex(&noise).to_uppercase();
        let now = self.now();
        let envelope = |(position, happening): (i64, Happening)| {
            let number = self.number();
            let meta = Value::object([
                ("version", Value::from("1.0")),
                ("occurred_at", Value::from(now)),
                ("ref", Value::from(format!("18-{number}"))),
                (
                    "sequence",
                    Value::object([
                        ("id", Value::string(&sequence)),
                        ("position", Value::from(position)),
                        ("total", Value::from(total)),
                    ]),
                ),
            ]);
            let mut members = vec![("meta", meta), ("type", Value::from(happening.title))];
            members.extend(happening.extra);
            members.push((entity, snapshot.clone()));
            let payload = Value::object([(format!("{entity}_event"), Value::object(members))]);
            Entry { id: format!("{number:016}"), kind: happening.kind.to_owned(), payload, created_at: now }
        };
        (1..).zip(happenings).map(envelope).collect()
    }

    pub(crate) fn outbox_inserts(&self, entries: &[Entry]) -> Vec<Statement> {
        entries.iter().map(|entry| outbox::insert(self.account, entry)).collect()
    }

    /// Gives the entries to the engine, in order but without waiting in between, so that they share a commit. They are durable
    /// already: what can't be taken now is taken later.
    pub(crate) async fn hand_over(&self, entries: Vec<Entry>) {
        join_all(entries.into_iter().map(|entry| self.hand_over_one(entry))).await;
    }

    async fn hand_over_one(&self, entry: Entry) {
        let id = entry.id;
        let event = ZendeskEvent {
            account: self.account,
            source: "support",
            kind: entry.kind.into(),
            payload: entry.payload,
            idempotency_key: Some(format!("outbox:{id}")),
            also: vec![outbox::delete(self.account, &id)],
        };
        match self.sink.accept(event).await {
            // A conflict: another node has handed it over.
            Ok(()) | Err(SinkError::Conflict) => {}
            Err(error) => {
                tracing::warn!(%error, entry = id, "an event of the local Zendesk waits in the outbox: {error}");
            }
        }
    }

    /// Hands over what a busy engine left in the outbox, and drops what has expired. Call it every minute or so.
    pub async fn keep_house(&self) -> Result<(), ZendeskError> {
        let now = self.now();
        let span = i64::try_from(LEFT_OVER_AFTER.as_micros()).unwrap_or(0);
        self.hand_over_left(Timestamp(now.0.saturating_sub(span))).await?;
        let mut expired = oauth::expire(self.account, now);
        expired.push(session::expire(self.account, now));
        expired.push(reply::expire(self.account, now));
        self.store.write(expired).await?;
        Ok(())
    }

    /// Hands over what was made up to `before` and is still there, in batches, as long as they get fewer.
    pub(crate) async fn hand_over_left(&self, before: Timestamp) -> Result<(), ZendeskError> {
        let mut last = None;
        loop {
            let left = outbox::left_over(&self.store, self.account, before, BATCH).await?;
            let first = left.first().map(|entry| entry.id.clone());
            // The same entry again: the engine takes nothing now.
            if left.is_empty() || first == last {
                return Ok(());
            }
            last = first;
            self.hand_over(left).await;
        }
    }
}
