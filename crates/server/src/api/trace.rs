//! Visits of states, as JSON.

use serde::Serialize;
use utoipa::ToSchema;
use zis_flow::{Failure, Timestamp, Value, journal::Exchange, trace::Visit};

/// One visit of one state.
#[derive(Serialize, ToSchema)]
pub struct VisitOut {
    state: String,
    /// `Action`, `Choice`, …
    #[serde(rename = "type")]
    kind: &'static str,
    attempt: u32,
    /// `Redact[3]/One` inside a Map, otherwise the state.
    path: String,
    /// `$` when the state was entered.
    #[schema(value_type = serde_json::Value)]
    input: Value,
    /// What the state gave, before its `ResultPath`.
    #[schema(value_type = Option<serde_json::Value>)]
    result: Option<Value>,
    /// `$` when the state was left.
    #[schema(value_type = Option<serde_json::Value>)]
    output: Option<Value>,
    error: Option<FailureOut>,
    next: Option<String>,
    started_at: String,
    ended_at: Option<String>,
    /// The resolved request of an HTTP action, or the parameters of a built-in.
    #[schema(value_type = Option<serde_json::Value>)]
    request: Option<Value>,
    http: Option<ExchangeOut>,
    /// Why a Choice went where it went.
    reasons: Vec<String>,
}

/// Why a state failed.
#[derive(Serialize, ToSchema)]
pub struct FailureOut {
    /// `States.TaskFailed`, …
    error: String,
    cause: String,
    /// Names the field, the path and what was there.
    detail: Option<String>,
}

/// One request and its answer.
#[derive(Serialize, ToSchema)]
pub struct ExchangeOut {
    method: String,
    url: String,
    status: Option<u16>,
    duration_ms: f64,
    request_headers: Vec<(String, String)>,
    response_headers: Vec<(String, String)>,
    /// The answer's body when it is no success, cut at 4 KiB.
    response_body: Option<String>,
}

impl From<Visit> for VisitOut {
    fn from(visit: Visit) -> Self {
        Self {
            state: visit.state,
            kind: visit.kind,
            attempt: visit.attempt,
            path: visit.path,
            input: visit.input,
            result: visit.result,
            output: visit.output,
            error: visit.error.map(FailureOut::from),
            next: visit.next,
            started_at: visit.started_at.to_rfc3339(),
            ended_at: visit.ended_at.map(Timestamp::to_rfc3339),
            request: visit.request,
            http: visit.http.map(ExchangeOut::from),
            reasons: visit.reasons,
        }
    }
}

impl From<Failure> for FailureOut {
    fn from(failure: Failure) -> Self {
        Self { error: failure.error, cause: failure.cause, detail: failure.detail }
    }
}

impl From<Exchange> for ExchangeOut {
    fn from(exchange: Exchange) -> Self {
        Self {
            method: exchange.method,
            url: exchange.url,
            status: exchange.status,
            duration_ms: exchange.micros as f64 / 1_000.0,
            request_headers: exchange.request_headers,
            response_headers: exchange.response_headers,
            response_body: exchange.response_body,
        }
    }
}
