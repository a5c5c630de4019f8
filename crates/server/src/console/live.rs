//! Server-sent events that tell a page to look again; what has changed is read through the API.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::{Query, State},
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::Stream;
use serde::Deserialize;
use tokio::sync::broadcast::error::RecvError;
use zis_engine::Signal;

use crate::console::api::{Api, Console};

/// Between two tellings, so that a burst makes a page look once.
const PAUSE: Duration = Duration::from_millis(250);

#[derive(Deserialize)]
pub struct Topic {
    topic: String,
}

/// `topic` is `executions`, `logs`, or the id of an execution.
pub async fn stream(
    _api: Api,
    State(console): State<Console>,
    Query(Topic { topic }): Query<Topic>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let signals = console.app.engine.watch();
    let stream = futures_util::stream::unfold((signals, topic, false), |(mut signals, topic, ended)| async move {
        if ended {
            return None;
        }
        loop {
            let ended = match signals.recv().await {
                Ok(signal) if concerns(&signal, &topic) => is_end(&signal, &topic),
                Ok(_) => continue,
                Err(RecvError::Lagged(_)) => false,
                Err(RecvError::Closed) => return None,
            };
            tokio::time::sleep(PAUSE).await;
            // A browser drops an event without data.
            let event = Event::default().event(if ended { "ended" } else { "changed" }).data("look");
            return Some((Ok(event), (signals, topic, ended)));
        }
    });
    Sse::new(stream).keep_alive(KeepAlive::default())
}

fn concerns(signal: &Signal, topic: &str) -> bool {
    match signal {
        Signal::ExecutionChanged { id, .. } => topic == "executions" || topic == id.as_str(),
        Signal::Log { .. } => topic == "logs",
        Signal::EventAccepted { .. } => topic == "executions",
    }
}

/// An execution's page need not listen on once it has ended.
fn is_end(signal: &Signal, topic: &str) -> bool {
    matches!(signal, Signal::ExecutionChanged { id, status, .. } if topic == id.as_str() && status.is_ended())
}
