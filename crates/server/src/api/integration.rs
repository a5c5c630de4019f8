//! What ZIS lacks about integrations: a list by pages and by text, links of every type in one list, and when each connection was last used.

use axum::extract::{Path, State};
use http::Method;
use serde::Serialize;
use utoipa::ToSchema;
use zis_store::{
    link,
    registry::{self, Integration},
};

use crate::{
    App,
    auth::Group,
    errors::Refusal,
    wire::{CursorOut, Endpoint, Query, Routes, page},
    zis::{integration, link::LinksOut},
};

const ALL: &str = "/api/zis/v1/integrations";
const LINKS: &str = "/api/zis/v1/integrations/{integration}/links";
const USES: &str = "/api/zis/v1/integrations/{integration}/connection_uses";

pub(super) fn routes(routes: Routes) -> Routes {
    let endpoint = |method, path, id, summary| Endpoint::new(method, path, id, summary, Group::Ours).refuses(&[404]);
    let find = "Finds integrations by a part of their name or description; in the order of their names";
    routes
        .add(
            Endpoint::new(Method::GET, ALL, "findIntegrations", find, Group::Ours)
                .query("q", "text in the name or the description")
                .paged()
                .gives::<FoundOut>(200),
            integrations,
        )
        .add(
            endpoint(Method::GET, LINKS, "listLinks", "Lists links of every type, the oldest first")
                .query("link_type", "of this type only")
                .paged()
                .gives::<LinksOut>(200),
            links,
        )
        .add(
            endpoint(Method::GET, USES, "listConnectionUses", "Tells when each connection was last used by a flow")
                .gives::<ConnectionUsesOut>(200),
            uses,
        )
}

/// A page of integrations.
#[derive(Serialize, ToSchema)]
pub struct FoundOut {
    integrations: Vec<FoundIntegrationOut>,
    meta: CursorOut,
}

/// An integration in a list.
#[derive(Serialize, ToSchema)]
pub struct FoundIntegrationOut {
    name: String,
    description: String,
    created_at: String,
}

impl From<Integration> for FoundIntegrationOut {
    fn from(found: Integration) -> Self {
        Self { name: found.name, description: found.description, created_at: found.created_at.to_rfc3339_seconds() }
    }
}

/// The connections that were used; one that never was is left out.
#[derive(Serialize, ToSchema)]
pub struct ConnectionUsesOut {
    connection_uses: Vec<ConnectionUseOut>,
}

/// When a connection was last used.
#[derive(Serialize, ToSchema)]
pub struct ConnectionUseOut {
    name: String,
    /// To the minute.
    last_used_at: String,
}

async fn integrations(State(app): State<App>, query: Query) -> Result<axum::Json<FoundOut>, Refusal> {
    let (size, after) = page::forward(&query, 20, |name| Some(name.to_owned()))?;
    let mut found =
        registry::find_integrations(&app.store, app.account, query.get("q"), after.as_deref(), size + 1).await?;
    let more = page::cut(&mut found, size);
    let meta = CursorOut::new(found.last().map(|integration| integration.name.clone()), more);
    Ok(axum::Json(FoundOut { integrations: found.into_iter().map(FoundIntegrationOut::from).collect(), meta }))
}

async fn links(
    State(app): State<App>,
    Path(name): Path<String>,
    query: Query,
) -> Result<axum::Json<LinksOut>, Refusal> {
    integration::exists(&app, &name).await?;
    let wanted = link::Query { link_type: query.get("link_type").map(str::to_owned), left: None, right: None };
    let page = page::read(&query, 20)?;
    let found = link::find(&app.store, app.account, &name, &wanted, &page).await?;
    Ok(axum::Json(found.into()))
}

async fn uses(State(app): State<App>, Path(name): Path<String>) -> Result<axum::Json<ConnectionUsesOut>, Refusal> {
    integration::exists(&app, &name).await?;
    let mut uses: Vec<_> = app.connections.uses(app.account, &name).await?.into_iter().collect();
    uses.sort();
    let shown =
        |(name, at): (String, zis_flow::Timestamp)| ConnectionUseOut { name, last_used_at: at.to_rfc3339_seconds() };
    Ok(axum::Json(ConnectionUsesOut { connection_uses: uses.into_iter().map(shown).collect() }))
}
