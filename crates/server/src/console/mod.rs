//! The console: HTML from the server, links and forms, a small script for what is live (D13).
//!
//! It has no private road to the data: every page is made from answers of the public API, asked for inside the process with the
//! reader's own session (`api::Api`).

mod api;
mod assets;
mod bins;
mod chart;
mod event;
mod execution;
mod executions;
mod explain;
mod form;
mod home;
mod integration;
mod integrations;
mod kept;
mod live;
mod logs;
mod page;
mod part;
mod settings;
mod sign_in;
mod try_it;
mod visit;
mod zendesk;
mod zistest;

use axum::{
    Router,
    routing::{any, get},
};

pub use self::assets::style_path;
use crate::app::App;

/// The pages. `api` is the router of everything else, asked inside the process.
pub fn router(app: &App, api: Router) -> Router {
    let state = api::Console::new(app.clone(), api);
    Router::new()
        .route("/", get(sign_in::root))
        .route("/console", get(home::show))
        .route("/console/sign-in", get(sign_in::form).post(sign_in::submit))
        .route("/console/sign-out", axum::routing::post(sign_in::out))
        .route("/console/assets/{file}", get(assets::file))
        .route("/console/live", get(live::stream))
        .route("/console/executions", get(executions::list).post(executions::act))
        .route("/console/executions/{id}", get(execution::show).post(execution::act))
        .route("/console/executions/{id}/zistest", get(execution::test_case))
        .route("/console/events/{id}", get(event::show).post(event::act))
        .route("/console/integrations", get(integrations::list).post(integrations::create))
        .route("/console/integrations/{integration}", get(integration::show).post(integration::act))
        .route(
            "/console/integrations/{integration}/bundles/{uuid}",
            get(integration::bundle::show).post(integration::bundle::act),
        )
        .route("/console/integrations/{integration}/bundles/{uuid}/document", get(integration::bundle::document))
        .route("/console/integrations/{integration}/flows/{uuid}/{flow}", get(integration::bundle::flow))
        .route("/console/try", get(try_it::form).post(try_it::submit))
        .route("/console/zendesk", get(zendesk::tickets))
        .route("/console/zendesk/tickets/{id}", get(zendesk::ticket))
        .route("/console/zendesk/users/{id}", get(zendesk::user))
        .route("/console/bins", get(bins::list))
        .route("/console/bins/{name}", get(bins::show).post(bins::act))
        .route("/console/logs", get(logs::list))
        .route("/console/settings", get(settings::show).post(settings::act))
        .route("/console/explain/{code}", get(explain::show))
        .route("/console/{*rest}", any(api::missing))
        .with_state(state)
}
