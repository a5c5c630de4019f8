//! Rotating the key: after a start with `NEW,OLD` everything is sealed anew, and the old key can go.

use axum::extract::State;
use http::Method;
use serde::Serialize;
use utoipa::ToSchema;
use zis_store::{canary, connection, oauth, webhook, zendesk};

use crate::{
    App,
    auth::Group,
    errors::Refusal,
    wire::{Endpoint, Routes},
};

const PATH: &str = "/api/zis/v1/secrets/rotate";

pub(super) fn routes(routes: Routes) -> Routes {
    let summary = "Seals every stored secret anew with the first of the configured keys";
    routes
        .add(Endpoint::new(Method::POST, PATH, "rotateSecrets", summary, Group::Ours).gives::<RotatedOut>(200), rotate)
}

/// What was sealed anew.
#[derive(Serialize, ToSchema)]
pub struct RotatedOut {
    connections: u64,
    oauth_clients: u64,
    webhooks: u64,
    zendesk_webhooks: u64,
}

async fn rotate(State(app): State<App>) -> Result<axum::Json<RotatedOut>, Refusal> {
    let (store, vault, account) = (&app.store, &app.vault, app.account);
    let out = RotatedOut {
        connections: connection::reseal(store, vault, account).await?,
        oauth_clients: oauth::reseal(store, vault, account).await?,
        webhooks: webhook::reseal(store, vault, account).await?,
        zendesk_webhooks: zendesk::webhook::reseal(store, vault, account).await?,
    };
    // Last: until then the old key is still needed.
    store.write(vec![canary::reseal(vault, account)]).await?;
    Ok(axum::Json(out))
}
