//! Events: list, show, send, send again, and ask what would run.

use axum::extract::{Path, State};
use http::{HeaderMap, Method, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zis_engine::{Accepted, Incoming};
use zis_flow::Value;
use zis_store::{EventId, event, event::Event, execution};

use crate::{
    App,
    auth::{Caller, Group},
    errors::Refusal,
    wire::{CursorOut, Endpoint, Json, Query, Routes, page},
};

const ALL: &str = "/api/zis/v1/events";
const ONE: &str = "/api/zis/v1/events/{id}";
const REPLAY: &str = "/api/zis/v1/events/{id}/replay";
const DRY_RUN: &str = "/api/zis/v1/events/dry-run";
/// Most characters of a source or a type.
const MAX_NAME: usize = 128;
/// Most characters of an idempotency key.
const MAX_KEY: usize = 255;
/// Executions listed with an event: as many as one event has ever started, and then some.
const MAX_LISTED: usize = 1_000;

pub(super) fn routes(routes: Routes) -> Routes {
    let endpoint = |method, path, id, summary| Endpoint::new(method, path, id, summary, Group::Ours);
    routes
        .add(
            endpoint(Method::GET, ALL, "listEvents", "Lists accepted events, the newest first")
                .query("source", "of this source")
                .query("type", "of this type")
                .paged()
                .gives::<EventsOut>(200),
            list,
        )
        .add(
            endpoint(Method::POST, ALL, "sendEvent", "Accepts an event of any source; an `Idempotency-Key` counts")
                .takes::<EventIn>()
                .gives::<AcceptedOut>(202)
                .refuses(&[409, 429, 503]),
            send,
        )
        .add(
            endpoint(Method::POST, DRY_RUN, "dryRunEvent", "Tells which job specs an event would run")
                .takes::<EventIn>()
                .gives::<DryRunOut>(200),
            dry_run,
        )
        .add(
            endpoint(Method::GET, ONE, "showEvent", "Shows an event and the executions it started")
                .gives::<EventShownOut>(200)
                .refuses(&[404]),
            show,
        )
        .add(
            endpoint(Method::POST, REPLAY, "replayEvent", "Accepts a stored event once more, as a new one")
                .gives::<AcceptedOut>(202)
                .refuses(&[404, 429, 503]),
            replay,
        )
}

/// An event to accept.
#[derive(Deserialize, ToSchema)]
pub struct EventIn {
    /// What job specs name as `event_source`.
    source: String,
    /// What job specs name as `event_type`.
    #[serde(rename = "type")]
    kind: String,
    /// Only this integration's job specs see it; otherwise all of the account.
    #[serde(default)]
    integration: Option<String>,
    /// Stands at `$.input` as it is.
    #[serde(default)]
    #[schema(value_type = serde_json::Value)]
    payload: Value,
}

/// An accepted event.
#[derive(Serialize, ToSchema)]
pub struct EventOut {
    id: String,
    source: String,
    #[serde(rename = "type")]
    kind: String,
    integration: Option<String>,
    #[schema(value_type = serde_json::Value)]
    payload: Value,
    received_at: String,
    idempotency_key: Option<String>,
    /// How many executions it started.
    execution_count: u32,
}

/// A page of events.
#[derive(Serialize, ToSchema)]
pub struct EventsOut {
    events: Vec<EventOut>,
    meta: CursorOut,
}

/// An event and what it started.
#[derive(Serialize, ToSchema)]
pub struct EventShownOut {
    event: EventOut,
    /// Ids of the executions, the newest first.
    executions: Vec<String>,
}

/// What became of an event.
#[derive(Serialize, ToSchema)]
pub struct AcceptedOut {
    event_id: String,
    /// Ids of the executions that it started.
    executions: Vec<String>,
    /// The idempotency key was seen before: this is the first answer again.
    repeated: bool,
}

/// What an event would run.
#[derive(Serialize, ToSchema)]
pub struct DryRunOut {
    /// `zis:INTEGRATION:job_spec:NAME`.
    job_specs: Vec<String>,
}

impl From<Event> for EventOut {
    fn from(event: Event) -> Self {
        Self {
            id: event.id.to_string(),
            source: event.source,
            kind: event.kind,
            integration: event.integration,
            payload: event.payload,
            received_at: event.received_at.to_rfc3339(),
            idempotency_key: event.idempotency_key,
            execution_count: event.executions,
        }
    }
}

impl From<Accepted> for AcceptedOut {
    fn from(accepted: Accepted) -> Self {
        let executions = accepted.executions.iter().map(ToString::to_string).collect();
        Self { event_id: accepted.event.to_string(), executions, repeated: accepted.repeated }
    }
}

async fn list(State(app): State<App>, query: Query) -> Result<axum::Json<EventsOut>, Refusal> {
    let (size, after) = page::forward(&query, 20, EventId::parse)?;
    let (source, kind) = (query.get("source"), query.get("type"));

    let mut found = event::list(&app.store, app.account, source, kind, after.as_ref(), size + 1).await?;

    let more = page::cut(&mut found, size);
    let meta = CursorOut::new(found.last().map(|event| event.id.to_string()), more);
    Ok(axum::Json(EventsOut { events: found.into_iter().map(EventOut::from).collect(), meta }))
}

async fn show(State(app): State<App>, Path(text): Path<String>) -> Result<axum::Json<EventShownOut>, Refusal> {
    let id = id(&text)?;
    let found = event::show(&app.store, app.account, &id).await?;
    let event = found.ok_or_else(|| Refusal::not_found("event", &text))?;

    let filter = execution::Filter { event_id: Some(id), ..execution::Filter::default() };
    let executions = execution::list(&app.store, app.account, &filter, None, MAX_LISTED).await?;

    let executions = executions.iter().map(|execution| execution.id.to_string()).collect();
    Ok(axum::Json(EventShownOut { event: event.into(), executions }))
}

fn id(text: &str) -> Result<EventId, Refusal> {
    EventId::parse(text).ok_or_else(|| Refusal::not_found("event", text))
}

async fn send(
    State(app): State<App>,
    headers: HeaderMap,
    Json(input): Json<EventIn>,
) -> Result<(StatusCode, axum::Json<AcceptedOut>), Refusal> {
    let mut incoming = incoming(&app, input)?;
    incoming.idempotency_key = idempotency_key(&headers)?.map(|key| format!("event/{key}"));

    let accepted = app.engine.ingest(incoming).await?;

    Ok((StatusCode::ACCEPTED, axum::Json(accepted.into())))
}

/// The sender's `Idempotency-Key`.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().ok().filter(|key| (1..=MAX_KEY).contains(&key.len()));
    key.map(Some)
        .ok_or_else(|| Refusal::invalid(format!("`Idempotency-Key` must have 1 to {MAX_KEY} visible characters")))
}

fn incoming(app: &App, input: EventIn) -> Result<Incoming, Refusal> {
    for (name, text) in [("source", &input.source), ("type", &input.kind)] {
        if !(1..=MAX_NAME).contains(&text.chars().count()) {
            return Err(Refusal::invalid(format!("`{name}` must have 1 to {MAX_NAME} characters")));
        }
    }
    Ok(Incoming {
        account: app.account,
        source: input.source,
        kind: input.kind,
        integration: input.integration,
        payload: input.payload,
        idempotency_key: None,
        also: Vec::new(),
    })
}

async fn dry_run(State(app): State<App>, Json(input): Json<EventIn>) -> Result<axum::Json<DryRunOut>, Refusal> {
    let incoming = incoming(&app, input)?;
    let job_specs = app.engine.dry_run(&incoming).await?;
    Ok(axum::Json(DryRunOut { job_specs }))
}

async fn replay(
    State(app): State<App>,
    caller: Caller,
    Path(text): Path<String>,
) -> Result<(StatusCode, axum::Json<AcceptedOut>), Refusal> {
    let accepted = app.engine.replay(app.account, &id(&text)?, caller.name()).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(accepted.into())))
}
