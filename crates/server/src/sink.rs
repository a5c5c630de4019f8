//! From the local Zendesk to the engine.

use zis_engine::{Engine, EngineError, Incoming};
use zis_store::StoreError;
use zis_zendesk::sink::{EventSink, SinkError, ZendeskEvent};

use crate::errors::STORE_CATCHES_UP;

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
        EngineError::Store(StoreError::Busy { .. }) => SinkError::Busy(STORE_CATCHES_UP),
        EngineError::KeyReused => SinkError::KeyReused,
        EngineError::Store(StoreError::Duplicate { .. } | StoreError::Expectation { .. }) => SinkError::Conflict,
        other => SinkError::Unavailable(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use axum::response::{IntoResponse, Response};
    use http::{StatusCode, header};
    use zis_zendesk::ZendeskError;

    use super::*;
    use crate::errors::Refusal;

    #[test]
    fn a_full_queue_in_front_of_the_store_is_429_on_every_way_in() {
        let full = || StoreError::Busy { transactions: 65_537, bytes: 1 << 20 };
        let zendesk = |error: ZendeskError| Refusal::from(error).into_response();
        let ways: [(&str, Response); 4] = [
            ("an event", Refusal::from(EngineError::from(full())).into_response()),
            ("the registry", Refusal::from(full()).into_response()),
            ("Zendesk's own rows", zendesk(ZendeskError::from(full()))),
            ("an event of Zendesk's", zendesk(ZendeskError::from(sink_error(full().into())))),
        ];
        for (way, answer) in ways {
            assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS, "{way}");
            assert_eq!(answer.headers()[header::RETRY_AFTER], "1", "{way}");
        }
    }
}
