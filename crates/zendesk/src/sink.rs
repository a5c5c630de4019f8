//! Where the local Zendesk's events go.

use std::borrow::Cow;

use zis_flow::Value;
use zis_store::{AccountId, Statement};

/// One event of the local Zendesk.
#[derive(Debug, Clone)]
pub struct ZendeskEvent {
    pub account: AccountId,
    /// `support` or `sunshine`.
    pub source: &'static str,
    /// The catalogue's tag: `activity.UserActivityCreated`.
    pub kind: Cow<'static, str>,
    /// What stands at `$.input`.
    pub payload: Value,
    pub idempotency_key: Option<String>,
    /// What must become durable together with the event, in one transaction (the activity's row; the outbox's row that goes).
    pub also: Vec<Statement>,
}

/// Takes events; the engine, behind the server. Durable, with its `also`, when it returns.
#[async_trait::async_trait]
pub trait EventSink: Send + Sync {
    async fn accept(&self, event: ZendeskEvent) -> Result<(), SinkError>;
}

/// Why an event was not taken; the caller must not answer 2xx.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SinkError {
    #[error("too many events; try again in {0} s")]
    Busy(u32),
    #[error("the idempotency key was used for a different event")]
    KeyReused,
    /// A statement of `also` met a taken key or an unmet expectation: nothing was kept, look again and repeat.
    #[error("somebody else changed the same rows")]
    Conflict,
    #[error("events can't be accepted now: {0}")]
    Unavailable(String),
}
