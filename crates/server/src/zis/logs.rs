//! The integration log of one integration (spec 9.1); ZIS itself has no API for it.

use axum::extract::{Path, State};
use http::Method;

use super::integration;
use crate::{
    App,
    api::logs::{LogsOut, filter, page},
    auth::Group,
    errors::Refusal,
    wire::{Endpoint, Query, Routes},
};

const PATH: &str = "/api/services/zis/integrations/{integration}/logs";

pub(super) fn routes(routes: Routes) -> Routes {
    let endpoint =
        Endpoint::new(Method::GET, PATH, "listIntegrationLogs", "Lists the log of an integration", Group::Extension)
            .query("level", "debug, info, warning or error; several: separated by commas")
            .query("since", "RFC 3339")
            .query("until", "RFC 3339")
            .paged()
            .gives::<LogsOut>(200)
            .refuses(&[404]);
    routes.add(endpoint, list)
}

async fn list(State(app): State<App>, Path(name): Path<String>, query: Query) -> Result<axum::Json<LogsOut>, Refusal> {
    integration::exists(&app, &name).await?;
    let mut filter = filter(&query)?;
    filter.integration = Some(name);
    Ok(axum::Json(page(&app, &filter, &query).await?))
}
