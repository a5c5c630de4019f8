//! What every handler sees, and the router that joins the parts.

use std::{ops::Deref, sync::Arc};

use axum::{Router, middleware, routing::get};
use zis_engine::{Clock, Engine};
use zis_store::{AccountId, Store, secret::Vault};

use crate::{
    config::Config,
    errors::{Code, Refusal, render},
};

/// The parts of a running server; clones share them.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What an [`App`] is made of.
pub struct Parts {
    pub config: Config,
    /// The account that this server serves.
    pub account: AccountId,
    /// How this server is reached: `http://127.0.0.1:8080`, or `server.public_url`.
    pub origin: String,
    pub store: Store,
    pub vault: Vault,
    pub clock: Arc<dyn Clock>,
    pub engine: Engine,
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
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .fallback(async || Refusal::new(Code::NoEndpoint, "there is no such endpoint"))
        .layer(middleware::from_fn(render::layer))
        .with_state(app)
}
