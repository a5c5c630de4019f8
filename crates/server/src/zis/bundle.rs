//! Bundles: upload, list, show (spec 1.4).

use axum::extract::{Path, State};
use http::{Method, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;
use zis_store::registry::{self, Bundle};

use super::{
    integration,
    upload::{self, Specs},
};
use crate::{
    App,
    auth::Group,
    errors::Refusal,
    wire::{Endpoint, MetaOut, Query, Routes, body::Text, page},
};

const ALL: &str = "/api/services/zis/registry/{integration}/bundles";
const ONE: &str = "/api/services/zis/registry/{integration}/bundles/{uuid}";

pub(super) fn routes(routes: Routes) -> Routes {
    let limit = routes.app().config.registry.max_bundle;
    routes
        .add(
            Endpoint::new(Method::POST, ALL, "uploadBundle", "Uploads a bundle, new or again", Group::UploadBundle)
                .takes::<BundleIn>()
                .bare(200)
                .refuses(&[404])
                .limit(limit),
            create,
        )
        .add(
            Endpoint::new(Method::GET, ALL, "listBundles", "Lists the bundles of an integration", Group::Registry)
                .paged()
                .gives::<BundlesOut>(200)
                .refuses(&[404]),
            list,
        )
        .add(
            Endpoint::new(Method::GET, ONE, "showBundle", "Shows a bundle with its resources", Group::Registry)
                .gives::<BundleShownOut>(200)
                .refuses(&[404]),
            show,
        )
}

/// A bundle (spec 2.1); what else it holds is kept.
#[derive(ToSchema)]
#[allow(dead_code)]
pub struct BundleIn {
    name: String,
    description: Option<String>,
    /// `2019-10-14`.
    zis_template_version: String,
    /// By key: `{"type", "properties"}`.
    #[schema(value_type = Object)]
    resources: serde_json::Value,
}

/// What lists say about a bundle.
#[derive(Serialize, ToSchema)]
pub struct BundleOut {
    name: String,
    description: Option<String>,
    integration: String,
    uuid: String,
    zendesk_account_id: i64,
    zis_template_version: String,
}

/// A bundle as it was uploaded, with its names on top.
#[derive(ToSchema)]
#[allow(dead_code)]
pub struct BundleShownOut {
    uuid: String,
    integration: String,
    zendesk_account_id: i64,
    name: String,
    description: Option<String>,
    zis_template_version: String,
    #[schema(value_type = Object)]
    resources: serde_json::Value,
}

/// A page of bundles.
#[derive(Serialize, ToSchema)]
pub struct BundlesOut {
    bundles: Vec<BundleOut>,
    meta: MetaOut,
}

impl From<Bundle> for BundleOut {
    fn from(bundle: Bundle) -> Self {
        Self {
            name: bundle.name,
            description: bundle.description,
            integration: bundle.integration,
            uuid: bundle.uuid,
            zendesk_account_id: bundle.account.0,
            zis_template_version: bundle.template_version,
        }
    }
}

async fn create(State(app): State<App>, Path(name): Path<String>, Text(text): Text) -> Result<StatusCode, Refusal> {
    upload::upload(&app, &name, text, Specs::AsConfigured).await?;
    Ok(StatusCode::OK)
}

async fn list(
    State(app): State<App>,
    Path(name): Path<String>,
    query: Query,
) -> Result<axum::Json<BundlesOut>, Refusal> {
    integration::exists(&app, &name).await?;
    let page = page::read(&query, 20)?;

    let found = registry::bundles(&app.store, app.account, &name, &page).await?;

    let meta = MetaOut::new(found.items.iter().map(|bundle| bundle.uuid.clone()), found.has_more);
    Ok(axum::Json(BundlesOut { bundles: found.items.into_iter().map(BundleOut::from).collect(), meta }))
}

async fn show(
    State(app): State<App>,
    Path((name, uuid)): Path<(String, String)>,
) -> Result<axum::Json<serde_json::Value>, Refusal> {
    let found = registry::show_bundle(&app.store, app.account, &name, &uuid).await?;
    let bundle = found.ok_or_else(|| Refusal::not_found("bundle", &uuid))?;

    let text = registry::document(&app.store, app.account, &bundle.digest).await?;
    let text = text.ok_or_else(|| Refusal::internal(format!("document {} is missing", bundle.digest)))?;

    Ok(axum::Json(upload::shown(&bundle, &text)))
}
