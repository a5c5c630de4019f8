//! Zendesk's core API on the local Zendesk: `/api/v2/…`, `/oauth/…`, and the request bins (spec: Zendesk REST).
//!
//! A handler takes in, calls the crate `zendesk`, gives out. Shapes are written by hand beside the handlers, because they are
//! Zendesk's and not ours.

mod authorize;
mod bin;
mod caller;
mod client;
mod comment;
mod error;
mod event;
mod identity;
mod input;
mod page;
mod profile;
mod reply;
mod search;
mod ticket;
mod ticket_bulk;
mod token;
mod user;

use axum::{Router, extract::DefaultBodyLimit, middleware};

use crate::app::App;

pub use bin::routes as bin_routes;

/// All routes of Zendesk's core API, and `/bins/{name}`.
pub fn router(app: &App) -> Router<App> {
    let core = Router::new()
        .merge(user::router())
        .merge(identity::router())
        .merge(profile::router())
        .merge(event::router())
        .merge(ticket::router())
        .merge(ticket_bulk::router())
        .merge(comment::router())
        .merge(search::router())
        .merge(token::router())
        .merge(client::router())
        .merge(authorize::router())
        .layer(DefaultBodyLimit::max(app.config.server.max_body))
        .layer(middleware::from_fn(reply::headers));
    core.merge(bin::router())
}
