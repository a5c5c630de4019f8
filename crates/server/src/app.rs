//! What every handler sees, and the router that joins the parts.

use std::{ops::Deref, sync::Arc};

use axum::Router;
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;
use zis_engine::{Clock, Engine, connection::Connections};
use zis_store::{AccountId, Store, secret::Vault};
use zis_zendesk::Zendesk;

use crate::{
    api,
    config::Config,
    console,
    errors::{Code, Refusal},
    layers,
    wire::{Endpoint, Routes},
    zendesk, zis,
};

/// The parts of a running server; clones share them.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What an [`App`] is made of.
pub struct Parts {
    pub config: Config,
    /// The account that this server serves.
    pub account: AccountId,
    /// How browsers and other systems reach this server: `http://127.0.0.1:8080`, or `server.public_url`.
    pub origin: String,
    /// The secret of the predefined OAuth client `zendesk`, known to this process alone: whoever shows it at the token endpoint is
    /// this server.
    pub predefined_secret: SecretString,
    pub store: Store,
    pub vault: Vault,
    pub clock: Arc<dyn Clock>,
    pub engine: Engine,
    pub connections: Connections,
    pub zendesk: Zendesk,
    /// Cancelled when the server begins to stop: streams end, loops return.
    pub closing: CancellationToken,
}

impl App {
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// All routes with the layers around them.
pub fn router(app: App) -> Router {
    let (router, endpoints) = described(&app).into_parts();
    let router = router
        .merge(api::public(&endpoints))
        .merge(zendesk::router(&app))
        .fallback(async || Refusal::new(Code::NoEndpoint, "there is no such endpoint"))
        .with_state(app.clone());
    // The console asks as a client does, through the same layers.
    let inside = layers::surround(router.clone());
    let router = console::router(&app, inside).fallback_service(router);
    layers::surround(router)
}

/// The endpoints that the OpenAPI document describes.
pub fn endpoints(app: &App) -> Vec<Endpoint> {
    described(app).into_parts().1
}

fn described(app: &App) -> Routes {
    zendesk::bin_routes(api::routes(zis::routes(Routes::new(app))))
}
