//! From the local Zendesk to the engine.

use zis_engine::{Engine, EngineError, Incoming};
use zis_store::StoreError;
use zis_zendesk::sink::{EventSink, SinkError, ZendeskEvent};

/// Gives the local Zendesk's events to the engine.
pub(crate) struct EngineSink(pub(crate) Engine);

#[async_trait::async_trait]
impl EventSink for EngineSink {
    async fn accept(&self, event: ZendeskEvent) -> Result<(), SinkError> {
        let incoming = Incoming {
            account: event.account,
            source: event.source.to_owned(),
            kind: event.kind.into_owned(),
            integration: None,
            payload: event.payload,
            idempotency_key: event.idempotency_key,
            also: event.also,
        };
        self.0.ingest(incoming).await.map(|_| ()).map_err(sink_error)
    }
}

fn sink_error(error: EngineError) -> SinkError {
    match error {
        EngineError::Busy { after_seconds, .. } => SinkError::Busy(after_seconds),
        EngineError::KeyReused(_) => SinkError::KeyReused,
        EngineError::Store(StoreError::Duplicate { .. } | StoreError::Expectation { .. }) => SinkError::Conflict,
        other => SinkError::Unavailable(other.to_string()),
    }
}
