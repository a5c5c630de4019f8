//! Our own API, under `/api/zis/v1`: what the console and the command line use, and nothing else (D12).

mod bulk;
mod bundle;
mod check;
pub(crate) mod event;
mod execution;
mod integration;
pub(crate) mod logs;
pub(crate) mod operations;
mod secret;
mod stream;
mod trace;
pub(crate) mod zendesk_webhook;

pub use trace::VisitOut;

use axum::{Router, routing::get};

use crate::{
    App, openapi,
    wire::{Endpoint, Routes},
};

/// All endpoints of `/api/zis/v1`.
pub fn routes(routes: Routes) -> Routes {
    [
        execution::routes,
        bulk::routes,
        event::routes,
        logs::routes,
        stream::routes,
        bundle::routes,
        integration::routes,
        check::routes,
        secret::routes,
        zendesk_webhook::routes,
    ]
    .into_iter()
    .fold(routes, |routes, more| more(routes))
}

/// What runs without credentials: health, metrics, and the description of everything.
pub fn public(endpoints: &[Endpoint]) -> Router<App> {
    let document = openapi::document(endpoints).to_string();
    Router::new()
        .route("/healthz", get(operations::health))
        .route("/readyz", get(operations::ready))
        .route("/metrics", get(operations::metrics))
        .route("/api/zis/v1/openapi.json", get(async move || openapi::answer(document)))
}
