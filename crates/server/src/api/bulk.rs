//! By hand to many at once: retry, cancel, replay what fits a filter. Each leaves its mark in the journals as one by one does.

use axum::extract::State;
use http::{Method, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;
use zis_engine::EngineError;
use zis_flow::{Timestamp, journal::Status};
use zis_store::{EventId, ExecutionId, event, execution};

use super::execution::{RetryIn, filter, filtered};
use crate::{
    App,
    auth::{Caller, Group},
    errors::Refusal,
    wire::{CursorOut, Endpoint, Json, Query, Routes, page},
};

const RETRY: &str = "/api/zis/v1/executions/retry";
const CANCEL: &str = "/api/zis/v1/executions/cancel";
const REPLAY: &str = "/api/zis/v1/events/replay";
const COUNT: &str = "/api/zis/v1/events/counts";
/// What `page[after]` is.
const CURSOR: &str = "the cursor of the answer before";
/// What one request takes: more would keep the caller waiting too long; it asks again.
const MAX_BULK: usize = 1_000;

pub(super) fn routes(routes: Routes) -> Routes {
    let endpoint = |method, path, id, summary| Endpoint::new(method, path, id, summary, Group::Ours);
    let received = |endpoint: Endpoint| {
        endpoint
            .required("since", "received then or later: RFC 3339")
            .query("until", "received before: RFC 3339; now when not said")
            .query("source", "of this source")
            .query("type", "of this type")
    };
    routes
        .add(
            filtered(endpoint(Method::POST, RETRY, "retryExecutions", "Runs all ended executions that fit again"))
                .query("page[after]", CURSOR)
                .takes::<RetryIn>()
                .gives::<RetriedOut>(202),
            retry,
        )
        .add(
            filtered(endpoint(Method::POST, CANCEL, "cancelExecutions", "Ends all open executions that fit"))
                .query("page[after]", CURSOR)
                .gives::<CancelledOut>(200)
                .refuses(&[400]),
            cancel,
        )
        .add(
            received(endpoint(Method::GET, COUNT, "countEvents", "Counts accepted events")).gives::<CountOut>(200),
            count,
        )
        .add(
            received(endpoint(
                Method::POST,
                REPLAY,
                "replayEvents",
                "Accepts all stored events that fit once more, the oldest first; to go on, say the same `until` again",
            ))
            .query("page[after]", CURSOR)
            .gives::<ReplayedOut>(202)
            .refuses(&[429, 503]),
            replay,
        )
}

/// What a bulk retry did.
#[derive(Serialize, ToSchema)]
pub struct RetriedOut {
    /// The ids of those that run again.
    retried: Vec<String>,
    refused: Vec<RefusedOut>,
    /// When there are more that fit: ask again, with the cursor as `page[after]` so that none is taken twice.
    #[serde(flatten)]
    meta: CursorOut,
}

/// What a bulk cancel did.
#[derive(Serialize, ToSchema)]
pub struct CancelledOut {
    /// The ids of those that have ended.
    cancelled: Vec<String>,
    refused: Vec<RefusedOut>,
    /// When there are more that fit: ask again, with the cursor as `page[after]` so that none is taken twice.
    #[serde(flatten)]
    meta: CursorOut,
}

/// What a bulk replay did.
#[derive(Serialize, ToSchema)]
pub struct ReplayedOut {
    replayed: Vec<ReplayOut>,
    meta: CursorOut,
}

/// An event that was accepted once more.
#[derive(Serialize, ToSchema)]
pub struct ReplayOut {
    /// The event that it is a copy of.
    of: String,
    event_id: String,
    /// Ids of the executions that it started.
    executions: Vec<String>,
}

/// One that was not done, and why.
#[derive(Serialize, ToSchema)]
pub struct RefusedOut {
    id: String,
    message: String,
}

/// How many fit.
#[derive(Serialize, ToSchema)]
pub struct CountOut {
    count: u64,
}

/// A page of the executions that fit, its oldest first because they have waited longest, and where the page ends. `usual` are the statuses
/// when the query names none.
async fn fitting(app: &App, query: &Query, usual: &[Status]) -> Result<(Vec<ExecutionId>, CursorOut), Refusal> {
    let mut filter = filter(query)?;
    if filter.statuses.is_empty() {
        filter.statuses = usual.to_vec();
    }
    let after = query.parsed("page[after]", ExecutionId::parse, "the cursor of the page before")?;
    let mut found = execution::list(&app.store, app.account, &filter, after.as_ref(), MAX_BULK + 1).await?;
    let has_more = page::cut(&mut found, MAX_BULK);
    let meta = CursorOut::new(found.last().map(|execution| execution.id.to_string()), has_more);
    Ok((found.into_iter().rev().map(|execution| execution.id).collect(), meta))
}

/// Notes what became of one.
fn note(id: String, result: Result<(), EngineError>, done: &mut Vec<String>, refused: &mut Vec<RefusedOut>) {
    match result {
        Ok(()) => done.push(id),
        Err(error) => refused.push(RefusedOut { id, message: error.to_string() }),
    }
}

async fn retry(
    State(app): State<App>,
    caller: Caller,
    query: Query,
    Json(input): Json<RetryIn>,
) -> Result<(StatusCode, axum::Json<RetriedOut>), Refusal> {
    let (from, bundle) = input.read()?;
    let (found, meta) = fitting(&app, &query, &[Status::Failed, Status::TimedOut]).await?;
    let (mut retried, mut refused) = (Vec::new(), Vec::new());
    for id in found {
        let result = app.engine.retry(app.account, &id, from, bundle, caller.name()).await;
        note(id.to_string(), result, &mut retried, &mut refused);
    }
    Ok((StatusCode::ACCEPTED, axum::Json(RetriedOut { retried, refused, meta })))
}

async fn cancel(State(app): State<App>, caller: Caller, query: Query) -> Result<axum::Json<CancelledOut>, Refusal> {
    let open = [Status::Queued, Status::Running, Status::Waiting, Status::Retrying];
    let (found, meta) = fitting(&app, &query, &open).await?;
    let (mut cancelled, mut refused) = (Vec::new(), Vec::new());
    for id in found {
        let result = app.engine.cancel(app.account, &id, caller.name()).await;
        note(id.to_string(), result, &mut cancelled, &mut refused);
    }
    Ok(axum::Json(CancelledOut { cancelled, refused, meta }))
}

fn received(app: &App, query: &Query) -> Result<event::Filter, Refusal> {
    query.required("since")?;
    let time = |key| query.parsed(key, Timestamp::parse_rfc3339, "RFC 3339");
    Ok(event::Filter {
        source: query.get("source").map(str::to_owned),
        kind: query.get("type").map(str::to_owned),
        since: time("since")?.unwrap_or_default(),
        until: time("until")?.unwrap_or_else(|| app.clock.now()),
    })
}

async fn count(State(app): State<App>, query: Query) -> Result<axum::Json<CountOut>, Refusal> {
    let count = event::count(&app.store, app.account, &received(&app, &query)?).await?;
    Ok(axum::Json(CountOut { count }))
}

/// Stops at the first that is not accepted: the cursor says where to go on.
async fn replay(
    State(app): State<App>,
    caller: Caller,
    query: Query,
) -> Result<(StatusCode, axum::Json<ReplayedOut>), Refusal> {
    let filter = received(&app, &query)?;
    let after = query.parsed("page[after]", EventId::parse, "the cursor of the page before")?;
    let mut found = event::received(&app.store, app.account, &filter, after.as_ref(), MAX_BULK + 1).await?;
    let mut has_more = page::cut(&mut found, MAX_BULK);

    let mut replayed: Vec<ReplayOut> = Vec::new();
    for event in found {
        match app.engine.replay(app.account, &event.id, caller.name()).await {
            Ok(accepted) => replayed.push(ReplayOut {
                of: event.id.to_string(),
                event_id: accepted.event.to_string(),
                executions: accepted.executions.iter().map(ToString::to_string).collect(),
            }),
            Err(error) if replayed.is_empty() => return Err(error.into()),
            Err(_) => {
                has_more = true;
                break;
            }
        }
    }
    let meta = CursorOut::new(replayed.last().map(|replay| replay.of.clone()), has_more);
    Ok((StatusCode::ACCEPTED, axum::Json(ReplayedOut { replayed, meta })))
}
