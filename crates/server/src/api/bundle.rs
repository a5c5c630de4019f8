//! What ZIS lacks about bundles: their versions, what changed, the way back, and job specs that no bundle holds any more.

use axum::extract::{Path, State};
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use zis_flow::difference::{self, Change};
use zis_store::{
    StoreError,
    registry::{self, Bundle, Version},
};

use crate::{
    App,
    auth::Group,
    errors::Refusal,
    wire::{Endpoint, Json, Query, Routes},
    zis::upload::{self, Specs},
};

const ONE: &str = "/api/zis/v1/integrations/{integration}/bundles/{uuid}";
const VERSIONS: &str = "/api/zis/v1/integrations/{integration}/bundles/{uuid}/versions";
const DOCUMENT: &str = "/api/zis/v1/integrations/{integration}/bundles/{uuid}/versions/{digest}";
const DIFF: &str = "/api/zis/v1/integrations/{integration}/bundles/{uuid}/diff";
const ROLLBACK: &str = "/api/zis/v1/integrations/{integration}/bundles/{uuid}/rollback";
const ORPHANS: &str = "/api/zis/v1/orphans";

pub(super) fn routes(routes: Routes) -> Routes {
    let endpoint = |method, path, id, summary| Endpoint::new(method, path, id, summary, Group::Ours).refuses(&[404]);
    routes
        .add(
            endpoint(Method::GET, VERSIONS, "listBundleVersions", "Lists every upload of a bundle, the last one first")
                .gives::<VersionsOut>(200),
            versions,
        )
        .add(
            endpoint(Method::GET, DOCUMENT, "showBundleVersion", "Shows the document of one version")
                .gives::<Value>(200),
            document,
        )
        .add(
            endpoint(Method::GET, DIFF, "diffBundle", "Tells what changed between two versions")
                .query("from", "digest; the version before the current one unless it is given")
                .query("to", "digest; the current version unless it is given")
                .gives::<DiffOut>(200),
            compare,
        )
        .add(
            endpoint(
                Method::POST,
                ROLLBACK,
                "rollbackBundle",
                "Uploads an old version once more; what was installed stays so",
            )
            .takes::<RollbackIn>()
            .gives::<RolledBackOut>(200),
            rollback,
        )
        .add(
            endpoint(Method::DELETE, ONE, "deleteBundle", "Deletes a bundle, its versions and its job specs").bare(204),
            delete,
        )
        .add(
            endpoint(Method::GET, ORPHANS, "listOrphans", "Lists job specs that fire without being in any bundle")
                .gives::<OrphansOut>(200),
            orphans,
        )
}

/// One upload.
#[derive(Serialize, ToSchema)]
pub struct VersionOut {
    /// Counts the uploads of the account: a greater one came later.
    generation: i64,
    digest: String,
    uploaded_at: String,
    current: bool,
}

/// Every upload of a bundle.
#[derive(Serialize, ToSchema)]
pub struct VersionsOut {
    versions: Vec<VersionOut>,
}

/// One place that differs. A value that is not there on one side is left out.
#[derive(Serialize, ToSchema)]
pub struct ChangeOut {
    /// JSON pointer.
    pointer: String,
    /// `added`, `removed` or `changed`.
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    old: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    new: Option<Value>,
}

impl From<Change<'_>> for ChangeOut {
    fn from(change: Change<'_>) -> Self {
        Self {
            pointer: change.path.pointer(),
            kind: change.kind().as_str(),
            old: change.old.cloned(),
            new: change.new.cloned(),
        }
    }
}

/// What changed.
#[derive(Serialize, ToSchema)]
pub struct DiffOut {
    from: String,
    to: String,
    changes: Vec<ChangeOut>,
}

/// Where to go back to.
#[derive(Deserialize, ToSchema)]
pub struct RollbackIn {
    /// The version before the current one unless it is given.
    #[serde(default)]
    digest: Option<String>,
}

/// The version that a rollback made.
#[derive(Serialize, ToSchema)]
pub struct RolledBackOut {
    uuid: String,
    digest: String,
    generation: i64,
}

/// A job spec that fires without being in any bundle.
#[derive(Serialize, ToSchema)]
pub struct OrphanOut {
    /// `zis:INTEGRATION:job_spec:NAME`: what to uninstall.
    name: String,
    integration: String,
    event_source: String,
    event_type: String,
    flow_name: String,
    bundle_digest: String,
}

/// All of them.
#[derive(Serialize, ToSchema)]
pub struct OrphansOut {
    job_specs: Vec<OrphanOut>,
}

async fn find(app: &App, integration: &str, uuid: &str) -> Result<(Bundle, Vec<Version>), Refusal> {
    let bundle = registry::show_bundle(&app.store, app.account, integration, uuid).await?;
    let bundle = bundle.ok_or_else(|| Refusal::not_found("bundle", uuid))?;
    let versions = registry::versions(&app.store, app.account, uuid).await?;
    Ok((bundle, versions))
}

async fn text(app: &App, versions: &[Version], digest: &str) -> Result<String, Refusal> {
    let missing = || Refusal::not_found("version of this bundle with digest", digest);
    versions.iter().find(|version| version.digest == digest).ok_or_else(missing)?;
    registry::document(&app.store, app.account, digest).await?.ok_or_else(missing)
}

/// The last version that differs from the current one.
fn previous<'v>(bundle: &Bundle, versions: &'v [Version]) -> Result<&'v str, Refusal> {
    let found = versions.iter().find(|version| version.digest != bundle.digest);
    found
        .map(|version| version.digest.as_str())
        .ok_or_else(|| Refusal::not_found("earlier version of bundle", &bundle.name))
}

async fn versions(
    State(app): State<App>,
    Path((integration, uuid)): Path<(String, String)>,
) -> Result<axum::Json<VersionsOut>, Refusal> {
    let (bundle, versions) = find(&app, &integration, &uuid).await?;
    let out = |version: Version| VersionOut {
        current: version.generation == bundle.generation,
        generation: version.generation,
        digest: version.digest,
        uploaded_at: version.uploaded_at.to_rfc3339(),
    };
    Ok(axum::Json(VersionsOut { versions: versions.into_iter().map(out).collect() }))
}

async fn document(
    State(app): State<App>,
    Path((integration, uuid, digest)): Path<(String, String, String)>,
) -> Result<([(http::HeaderName, &'static str); 1], String), Refusal> {
    let (_, versions) = find(&app, &integration, &uuid).await?;
    let text = text(&app, &versions, &digest).await?;
    Ok(([(http::header::CONTENT_TYPE, "application/json")], text))
}

async fn compare(
    State(app): State<App>,
    Path((integration, uuid)): Path<(String, String)>,
    query: Query,
) -> Result<axum::Json<DiffOut>, Refusal> {
    let (bundle, versions) = find(&app, &integration, &uuid).await?;
    let to = query.get("to").unwrap_or(&bundle.digest);
    let from = query.get("from").map_or_else(|| previous(&bundle, &versions), Ok)?;

    let (old, new) = (text(&app, &versions, from).await?, text(&app, &versions, to).await?);
    let read = |text: &str| serde_json::from_str::<Value>(text).map_err(Refusal::internal);
    let (old, new) = (read(&old)?, read(&new)?);
    let changes = difference::changes(&old, &new).into_iter().map(ChangeOut::from).collect();

    Ok(axum::Json(DiffOut { from: from.to_owned(), to: to.to_owned(), changes }))
}

async fn rollback(
    State(app): State<App>,
    Path((integration, uuid)): Path<(String, String)>,
    Json(input): Json<RollbackIn>,
) -> Result<axum::Json<RolledBackOut>, Refusal> {
    let (bundle, versions) = find(&app, &integration, &uuid).await?;
    let digest = match &input.digest {
        Some(digest) => digest,
        None => previous(&bundle, &versions)?,
    };

    let text = text(&app, &versions, digest).await?;
    let uploaded = upload::upload(&app, &integration, text, Specs::StayInstalled).await?;

    Ok(axum::Json(RolledBackOut { uuid: uploaded.uuid, digest: uploaded.digest, generation: uploaded.generation }))
}

/// What runs goes on: executions are pinned to their documents, which stay.
async fn delete(
    State(app): State<App>,
    Path((integration, uuid)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    registry::delete_bundle(&app.store, app.account, &integration, &uuid).await.map_err(|error| match error {
        StoreError::Expectation { .. } => Refusal::not_found("bundle", &uuid),
        error => error.into(),
    })?;
    Ok(StatusCode::NO_CONTENT)
}

async fn orphans(State(app): State<App>) -> Result<axum::Json<OrphansOut>, Refusal> {
    let found = registry::orphans(&app.store, app.account).await?;
    let out = |spec: registry::JobSpec| OrphanOut {
        name: spec.resource_name(),
        integration: spec.integration,
        event_source: spec.event_source,
        event_type: spec.event_type,
        flow_name: spec.flow,
        bundle_digest: spec.digest,
    };
    Ok(axum::Json(OrphansOut { job_specs: found.into_iter().map(out).collect() }))
}
