//! What ZIS lacks about integrations: links of every type in one list, and when each connection was last used.

use axum::extract::{Path, State};
use http::Method;
use serde::Serialize;
use utoipa::ToSchema;
use zis_store::link;

use crate::{
    App,
    auth::Group,
    errors::Refusal,
    wire::{Endpoint, Query, Routes, page},
    zis::{integration, link::LinksOut},
};

const LINKS: &str = "/api/zis/v1/integrations/{integration}/links";
const USES: &str = "/api/zis/v1/integrations/{integration}/connection_uses";

pub(super) fn routes(routes: Routes) -> Routes {
    let endpoint = |method, path, id, summary| Endpoint::new(method, path, id, summary, Group::Ours).refuses(&[404]);
    routes
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
