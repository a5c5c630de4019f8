//! Executions: list, count, show with the trace, retry, cancel.

use std::collections::{BTreeMap, HashMap};

use axum::extract::{Path, State};
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zis_engine::BundleChoice;
use zis_flow::{
    Timestamp,
    journal::{Record, RetryFrom, Status},
    trace::replay,
};
use zis_store::{
    EventId, ExecutionId, event,
    execution::{self, ErrorView, Execution, Filter},
};

use super::{event::EventOut, trace::VisitOut};
use crate::{
    App,
    auth::{Caller, Group},
    errors::Refusal,
    wire::{CursorOut, Endpoint, Json, Query, Routes, page},
};

const STATUSES: &str =
    "queued, running, waiting, retrying, succeeded, failed, cancelled or timed_out; several: separated by commas";
const ALL: &str = "/api/zis/v1/executions";
const ONE: &str = "/api/zis/v1/executions/{id}";
const RETRY: &str = "/api/zis/v1/executions/{id}/retry";
const CANCEL: &str = "/api/zis/v1/executions/{id}/cancel";
const COUNTS: &str = "/api/zis/v1/executions/counts";
const HISTOGRAM: &str = "/api/zis/v1/executions/histogram";
/// Executions that one page of a search by text, or a count, looks through: every one is read, and nobody should wait long for it.
const SEARCHED: usize = 2_000;
/// Bars of a histogram: when not said, and at most.
const BARS: u32 = 12;
const MAX_BARS: u32 = 120;
const HOUR: i64 = 3_600_000_000;

/// With the parameters that [`filter`] reads.
pub(super) fn filtered(endpoint: Endpoint) -> Endpoint {
    endpoint
        .query("integration", "of this integration")
        .query("flow", "of this flow")
        .query("status", STATUSES)
        .query("event_id", "started by this event")
        .query("since", "started then or later: RFC 3339")
        .query("until", "started before: RFC 3339")
        .query("q", "text in the event, the message or the cause")
}

pub(super) fn routes(routes: Routes) -> Routes {
    let endpoint = |method, path, id, summary| Endpoint::new(method, path, id, summary, Group::Ours);
    routes
        .add(
            filtered(endpoint(
                Method::GET,
                ALL,
                "listExecutions",
                "Lists executions, the newest first; with `q`, a page looks through 2,000 of them and may be short while `has_more` is true",
            ))
                .paged()
                .gives::<ExecutionsOut>(200),
            list,
        )
        .add(
            filtered(endpoint(Method::GET, COUNTS, "countExecutions", "Counts executions by status; with `q`, among the newest 2,000 only, which `complete` tells"))
                .gives::<CountsOut>(200)
                .refuses(&[400]),
            counts,
        )
        .add(
            endpoint(Method::GET, HISTOGRAM, "executionHistogram", "Counts executions by status and by when they began")
                .query("since", "where the first bar begins: RFC 3339; an hour before `until` when not said")
                .query("until", "where the last bar ends: RFC 3339; now when not said")
                .query("bars", "equal parts of that time, at most 120; 12 when not said")
                .gives::<HistogramOut>(200)
                .refuses(&[400]),
            histogram,
        )
        .add(
            endpoint(Method::GET, ONE, "showExecution", "Shows an execution with its event, journal and trace")
                .gives::<ExecutionShownOut>(200)
                .refuses(&[404]),
            show,
        )
        .add(
            endpoint(Method::POST, RETRY, "retryExecution", "Runs an ended or waiting execution again")
                .takes::<RetryIn>()
                .gives::<ExecutionWrapped>(202)
                .refuses(&[404, 409]),
            retry,
        )
        .add(
            endpoint(Method::POST, CANCEL, "cancelExecution", "Ends an open execution")
                .gives::<ExecutionWrapped>(200)
                .refuses(&[404, 409]),
            cancel,
        )
}

/// From where, and with which bundle.
#[derive(Deserialize, ToSchema)]
pub struct RetryIn {
    /// `start` (default) or `failure`.
    #[serde(default)]
    from: Option<String>,
    /// `pinned` (default: as the execution began) or `current`.
    #[serde(default)]
    bundle: Option<String>,
}

impl RetryIn {
    pub(super) fn read(&self) -> Result<(RetryFrom, BundleChoice), Refusal> {
        let from = match self.from.as_deref() {
            None | Some("start") => RetryFrom::Start,
            Some("failure") => RetryFrom::Failure,
            Some(other) => return Err(Refusal::invalid(format!("`from` is `{other}`: use start or failure"))),
        };
        let bundle = match self.bundle.as_deref() {
            None | Some("pinned") => BundleChoice::Pinned,
            Some("current") => BundleChoice::Current,
            Some(other) => return Err(Refusal::invalid(format!("`bundle` is `{other}`: use pinned or current"))),
        };
        Ok((from, bundle))
    }
}

/// One run of one flow for one event.
#[derive(Serialize, ToSchema)]
pub struct ExecutionOut {
    id: String,
    integration: String,
    flow: String,
    job_spec: Option<String>,
    event_id: String,
    bundle_uuid: String,
    bundle_digest: String,
    /// `queued`, `running`, `waiting`, `retrying`, `succeeded`, `failed`, `cancelled` or `timed_out`.
    status: &'static str,
    /// Attempts used so far.
    attempt: u32,
    max_attempts: u32,
    started_at: String,
    ended_at: Option<String>,
    /// When a waiting or retrying execution goes on.
    wake_at: Option<String>,
    error: Option<ErrorOut>,
    message: Option<String>,
}

/// Why an execution failed.
#[derive(Serialize, ToSchema)]
pub struct ErrorOut {
    /// `ZIS3…`: a page each under `docs/errors`.
    code: String,
    /// ZIS's own words where it has some.
    cause: String,
    /// The state at top level.
    state: Option<String>,
    /// The place within Maps: `Redact[3]/One`.
    path: Option<String>,
}

/// An execution with everything that is known about it.
#[derive(Serialize, ToSchema)]
pub struct ExecutionDetail {
    #[serde(flatten)]
    summary: ExecutionOut,
    event: Option<EventOut>,
    /// The records as they are kept; times are microseconds since 1970.
    #[schema(value_type = Vec<Object>)]
    journal: Vec<Record>,
    trace: Vec<VisitOut>,
}

/// One execution, with its event, journal and trace.
#[derive(Serialize, ToSchema)]
pub struct ExecutionShownOut {
    execution: ExecutionDetail,
}

/// One execution.
#[derive(Serialize, ToSchema)]
pub struct ExecutionWrapped {
    execution: ExecutionOut,
}

/// A page of executions.
#[derive(Serialize, ToSchema)]
pub struct ExecutionsOut {
    executions: Vec<ExecutionOut>,
    meta: CursorOut,
}

/// How many executions fit, by status; a status that none has is left out.
#[derive(Serialize, ToSchema)]
pub struct CountsOut {
    counts: BTreeMap<&'static str, u64>,
    /// Whether every execution was looked at: with `q`, the newest 2,000 are.
    complete: bool,
}

/// Executions over time, the oldest bar first.
#[derive(Serialize, ToSchema)]
pub struct HistogramOut {
    bars: Vec<BarOut>,
}

/// One part of the time.
#[derive(Serialize, ToSchema)]
pub struct BarOut {
    since: String,
    until: String,
    /// How many began, by the status that they have now; a status that none has is left out.
    counts: BTreeMap<&'static str, u64>,
}

impl From<Execution> for ExecutionOut {
    fn from(execution: Execution) -> Self {
        Self {
            id: execution.id.to_string(),
            integration: execution.integration,
            flow: execution.flow,
            job_spec: execution.job_spec,
            event_id: execution.event_id.to_string(),
            bundle_uuid: execution.bundle_uuid,
            bundle_digest: execution.bundle_digest,
            status: execution.status.as_str(),
            attempt: execution.attempt,
            max_attempts: execution.max_attempts,
            started_at: execution.started_at.to_rfc3339(),
            ended_at: execution.ended_at.map(Timestamp::to_rfc3339),
            wake_at: execution.wake_at.map(Timestamp::to_rfc3339),
            error: execution.error.map(ErrorOut::from),
            message: execution.message,
        }
    }
}

impl From<ErrorView> for ErrorOut {
    fn from(error: ErrorView) -> Self {
        Self { code: error.code, cause: error.cause, state: error.state, path: error.path }
    }
}

/// The filter that a query string asks for.
pub(crate) fn filter(query: &Query) -> Result<Filter, Refusal> {
    let statuses = query.all("status").flat_map(|text| text.split(',')).map(|word| {
        let unknown = || Refusal::invalid(format!("query parameter `status` holds `{word}`: use {STATUSES}"));
        Status::parse(word.trim()).ok_or_else(unknown)
    });
    Ok(Filter {
        integration: query.get("integration").map(str::to_owned),
        flow: query.get("flow").map(str::to_owned),
        statuses: statuses.collect::<Result<_, _>>()?,
        event_id: query.parsed("event_id", EventId::parse, "evt_ and 32 hexadecimal digits")?,
        since: query.parsed("since", Timestamp::parse_rfc3339, "RFC 3339")?,
        until: query.parsed("until", Timestamp::parse_rfc3339, "RFC 3339")?,
        text: query.get("q").map(str::to_owned),
        from: None,
    })
}

async fn list(State(app): State<App>, query: Query) -> Result<axum::Json<ExecutionsOut>, Refusal> {
    let mut filter = filter(&query)?;
    let (size, after) = page::forward(&query, 20, ExecutionId::parse)?;
    if filter.text.is_some() {
        filter.from = execution::horizon(&app.store, app.account, after.as_ref(), SEARCHED).await?;
    }

    let mut found = execution::list(&app.store, app.account, &filter, after.as_ref(), size + 1).await?;

    let more = page::cut(&mut found, size);
    let meta = match filter.from {
        Some(horizon) if !more => CursorOut::new(Some(horizon.to_string()), true),
        _ => CursorOut::new(found.last().map(|execution| execution.id.to_string()), more),
    };
    Ok(axum::Json(ExecutionsOut { executions: found.into_iter().map(ExecutionOut::from).collect(), meta }))
}

async fn counts(State(app): State<App>, query: Query) -> Result<axum::Json<CountsOut>, Refusal> {
    let mut filter = filter(&query)?;
    if filter.text.is_some() {
        filter.from = execution::horizon(&app.store, app.account, None, SEARCHED).await?;
    }
    let found = execution::count(&app.store, app.account, &filter).await?;
    let counts = found.into_iter().map(|(status, count)| (status.as_str(), count)).collect();
    Ok(axum::Json(CountsOut { counts, complete: filter.from.is_none() }))
}

async fn histogram(State(app): State<App>, query: Query) -> Result<axum::Json<HistogramOut>, Refusal> {
    let until = query.parsed("until", Timestamp::parse_rfc3339, "RFC 3339")?.unwrap_or_else(|| app.clock.now());
    let since = query.parsed("since", Timestamp::parse_rfc3339, "RFC 3339")?.unwrap_or(Timestamp(until.0 - HOUR));
    let in_range = |text: &str| text.parse().ok().filter(|bars| (1..=MAX_BARS).contains(bars));
    let bars = query.parsed("bars", in_range, "1 to 120")?.unwrap_or(BARS);
    if since >= until {
        return Err(Refusal::invalid("`since` is not before `until`"));
    }
    let edges = edges(since, until, bars);

    let ids: Vec<_> = edges.iter().copied().map(ExecutionId::first_at).collect();
    let counted = execution::histogram(&app.store, app.account, &ids).await?;

    let bar = |(edges, counts): (&[Timestamp], execution::Counts)| BarOut {
        since: edges[0].to_rfc3339(),
        until: edges[1].to_rfc3339(),
        counts: counts.into_iter().map(|(status, count)| (status.as_str(), count)).collect(),
    };
    Ok(axum::Json(HistogramOut { bars: edges.windows(2).zip(counted).map(bar).collect() }))
}

/// The ends of `bars` equal parts.
fn edges(since: Timestamp, until: Timestamp, bars: u32) -> Vec<Timestamp> {
    let span = i128::from(until.0) - i128::from(since.0);
    let part = |bar: u32| i128::from(since.0) + span * i128::from(bar) / i128::from(bars);
    (0..=bars).map(|bar| Timestamp(i64::try_from(part(bar)).unwrap_or(until.0))).collect()
}

fn id(text: &str) -> Result<ExecutionId, Refusal> {
    ExecutionId::parse(text).ok_or_else(|| Refusal::not_found("execution", text))
}

async fn show(State(app): State<App>, Path(text): Path<String>) -> Result<axum::Json<ExecutionShownOut>, Refusal> {
    let id = id(&text)?;
    let found = execution::load(&app.store, app.account, &id).await?;
    let (row, journal) = found.ok_or_else(|| Refusal::not_found("execution", &text))?;

    let event = event::show(&app.store, app.account, &row.event_id).await?;
    let trace = trace(&app, &row, &journal).await?;

    let event = event.map(EventOut::from);
    let execution = ExecutionDetail { summary: row.into(), event, journal, trace };
    Ok(axum::Json(ExecutionShownOut { execution }))
}

/// The trace, recomputed on a thread of its own: it may run jq again.
async fn trace(app: &App, row: &Execution, journal: &[Record]) -> Result<Vec<VisitOut>, Refusal> {
    let pins = journal.iter().filter_map(|record| match record {
        Record::Started(started) => Some(started.pin.clone()),
        Record::Retried { bundle, .. } => bundle.clone(),
        _ => None,
    });
    let mut programs = HashMap::new();
    for pin in pins {
        // A flow that is gone ends the trace; the journal is shown all the same.
        if let Ok(program) = app.engine.program(app.account, &row.integration, &row.flow, &pin).await {
            programs.insert(pin, program);
        }
    }
    let journal = journal.to_vec();
    let work = move || replay(&journal, &mut |pin| programs.get(pin).cloned());
    let visits = tokio::task::spawn_blocking(work).await.map_err(Refusal::internal)?;
    Ok(visits.into_iter().map(VisitOut::from).collect())
}

async fn reload(app: &App, id: &ExecutionId) -> Result<axum::Json<ExecutionWrapped>, Refusal> {
    let row = execution::show(&app.store, app.account, id).await?;
    let row = row.ok_or_else(|| Refusal::not_found("execution", id.as_str()))?;
    Ok(axum::Json(ExecutionWrapped { execution: row.into() }))
}

async fn retry(
    State(app): State<App>,
    caller: Caller,
    Path(text): Path<String>,
    Json(input): Json<RetryIn>,
) -> Result<(StatusCode, axum::Json<ExecutionWrapped>), Refusal> {
    let id = id(&text)?;
    let (from, bundle) = input.read()?;

    app.engine.retry(app.account, &id, from, bundle, caller.name()).await?;

    Ok((StatusCode::ACCEPTED, reload(&app, &id).await?))
}

async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Path(text): Path<String>,
) -> Result<axum::Json<ExecutionWrapped>, Refusal> {
    let id = id(&text)?;
    app.engine.cancel(app.account, &id, caller.name()).await?;
    reload(&app, &id).await
}
