//! The ZIS services, under the paths that Zendesk gives them (spec 1, 6–9, 15).

mod bundle;
mod config;
mod connection;
pub(crate) mod hmac;
mod ingest;
pub(crate) mod integration;
mod job_spec;
pub(crate) mod link;
mod logs;
mod oauth;
mod oauth_client;
pub(crate) mod upload;
mod webhook;

pub use bundle::BundleIn;

use crate::wire::Routes;

/// All endpoints of `/api/services/zis`.
pub fn routes(routes: Routes) -> Routes {
    [
        integration::routes,
        bundle::routes,
        job_spec::routes,
        oauth_client::routes,
        oauth::routes,
        connection::routes,
        config::routes,
        link::routes,
        webhook::routes,
        ingest::routes,
        logs::routes,
    ]
    .into_iter()
    .fold(routes, |routes, more| more(routes))
}
