//! Request bins: `/bins/{name}` takes any method and any body; `/api/zis/v1/bins/…` shows what came.

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    response::Response,
    routing::any,
};
use http::{HeaderMap, Method, StatusCode, Uri};
use serde::Serialize;
use utoipa::ToSchema;
use zis_flow::Value;
use zis_zendesk::bin::{BinIn, MAX_BODY, ReceivedRow};

use super::{error::Answer, reply};
use crate::{
    App,
    auth::Group,
    errors::Refusal,
    wire::{CursorOut, Endpoint, Query, Routes, page},
};

const ALL: &str = "/api/zis/v1/bins";
const ONE: &str = "/api/zis/v1/bins/{name}";
const REQUESTS: &str = "/api/zis/v1/bins/{name}/requests";

/// The bins themselves.
pub fn router() -> Router<App> {
    Router::new()
        .route("/bins/{name}", any(receive))
        .route("/bins/{name}/{*rest}", any(receive_below))
        .layer(DefaultBodyLimit::max(MAX_BODY))
}

/// What shows and empties them.
pub fn routes(routes: Routes) -> Routes {
    let endpoint = |method, path, id, summary| Endpoint::new(method, path, id, summary, Group::Ours);
    routes
        .add(endpoint(Method::GET, ALL, "listBins", "Lists the request bins").gives::<BinsOut>(200), list)
        .add(
            Endpoint::new(
                Method::POST,
                ONE,
                "fillBin",
                "Keeps the request, as any method on /bins/{name} does",
                Group::Public,
            )
            .gives::<KeptOut>(200)
            .limit(MAX_BODY)
            .refuses(&[404, 413]),
            fill,
        )
        .add(
            endpoint(Method::GET, REQUESTS, "listBinRequests", "Lists what a bin got, the newest first")
                .paged()
                .gives::<RequestsOut>(200),
            requests,
        )
        .add(endpoint(Method::DELETE, ONE, "clearBin", "Empties a bin").bare(204), clear)
        .add(endpoint(Method::DELETE, REQUESTS, "clearBinRequests", "Empties a bin").bare(204), clear)
}

/// A bin in a list.
#[derive(Serialize, ToSchema)]
pub struct BinOut {
    name: String,
    requests: u64,
    last_at: String,
}

/// All bins.
#[derive(Serialize, ToSchema)]
pub struct BinsOut {
    bins: Vec<BinOut>,
}

/// A kept request.
#[derive(Serialize, ToSchema)]
pub struct KeptOut {
    status: &'static str,
    id: String,
}

/// One request that a bin got.
#[derive(Serialize, ToSchema)]
pub struct RequestOut {
    id: String,
    method: String,
    path: String,
    query: String,
    /// By name, in lower case.
    #[schema(value_type = Object)]
    headers: Value,
    /// The text; base64 when `body_encoding` says so.
    body: String,
    /// `text` or `base64`.
    body_encoding: &'static str,
    /// The body read as JSON; null when it is none.
    #[schema(value_type = serde_json::Value)]
    json: Value,
    received_at: String,
}

/// A page of requests.
#[derive(Serialize, ToSchema)]
pub struct RequestsOut {
    requests: Vec<RequestOut>,
    meta: CursorOut,
}

async fn receive(
    State(app): State<App>,
    Path(name): Path<String>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    keep(&app, &name, &method, &uri, &headers, body).await
}

async fn receive_below(
    State(app): State<App>,
    Path((name, _)): Path<(String, String)>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    keep(&app, &name, &method, &uri, &headers, body).await
}

async fn keep(app: &App, name: &str, method: &Method, uri: &Uri, headers: &HeaderMap, body: Bytes) -> Answer {
    let kept = app.zendesk.fill_bin(name, input(method, uri, headers, body)).await?;
    let body = Value::object([("status", Value::from("received")), ("id", Value::from(kept.id.to_string()))]);
    Ok(reply::json(StatusCode::OK, &body))
}

fn input(method: &Method, uri: &Uri, headers: &HeaderMap, body: Bytes) -> BinIn {
    let pair = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    BinIn {
        method: method.to_string(),
        path: uri.path().to_owned(),
        query: uri.query().unwrap_or_default().to_owned(),
        headers: headers.iter().map(pair).collect(),
        body: body.to_vec(),
    }
}

async fn fill(
    State(app): State<App>,
    Path(name): Path<String>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<axum::Json<KeptOut>, Refusal> {
    let kept = app.zendesk.fill_bin(&name, input(&method, &uri, &headers, body)).await?;
    Ok(axum::Json(KeptOut { status: "received", id: kept.id.to_string() }))
}

async fn list(State(app): State<App>) -> Result<axum::Json<BinsOut>, Refusal> {
    let found = app.zendesk.bins().await?;
    let bins = found.into_iter().map(|bin| BinOut {
        name: bin.name,
        requests: bin.requests,
        last_at: bin.last_at.to_rfc3339(),
    });
    Ok(axum::Json(BinsOut { bins: bins.collect() }))
}

async fn requests(
    State(app): State<App>,
    Path(name): Path<String>,
    query: Query,
) -> Result<axum::Json<RequestsOut>, Refusal> {
    let (size, before) = page::forward(&query, page::MAX_SIZE, |text| text.parse::<i64>().ok())?;
    let found = app.zendesk.bin_requests(&name, before, size).await?;
    let meta = CursorOut::new(found.items.last().map(|last| last.id.to_string()), found.has_more);
    Ok(axum::Json(RequestsOut { requests: found.items.into_iter().map(show).collect(), meta }))
}

fn show(received: ReceivedRow) -> RequestOut {
    let json = if received.body_is_text { Value::from_json(&received.body).unwrap_or_default() } else { Value::Null };
    let pairs = received.headers.as_array().unwrap_or_default().iter().filter_map(|pair| {
        // Nothing is masked: a bin shows what a receiver would see, credentials included, and only to admins.
        Some((pair.item(0)?.as_str()?.to_owned(), pair.item(1)?.clone()))
    });
    RequestOut {
        id: received.id.to_string(),
        headers: Value::object(pairs),
        body_encoding: if received.body_is_text { "text" } else { "base64" },
        method: received.method,
        path: received.path,
        query: received.query,
        body: received.body,
        json,
        received_at: received.received_at.to_rfc3339(),
    }
}

async fn clear(State(app): State<App>, Path(name): Path<String>) -> Result<Response, Refusal> {
    app.zendesk.clear_bin(&name).await?;
    Ok(reply::no_content())
}
