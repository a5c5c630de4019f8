//! Checking a bundle without uploading it: what ZIS would refuse, and what it lets pass and a flow regrets later.

use axum::extract::State;
use http::Method;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    App,
    auth::Group,
    errors::Refusal,
    wire::{Endpoint, Query, Routes, body::Text},
    zis::BundleIn,
};

const PATH: &str = "/api/zis/v1/check";

pub(super) fn routes(routes: Routes) -> Routes {
    let limit = routes.app().config.registry.max_bundle;
    let endpoint =
        Endpoint::new(Method::POST, PATH, "checkBundle", "Checks a bundle without uploading it", Group::Ours)
            .query("integration", "what the bundle is for; names of another integration are then faults")
            .query("file", "a name for the findings' spans")
            .takes::<BundleIn>()
            .gives::<FindingsOut>(200)
            .limit(limit);
    routes.add(endpoint, check)
}

/// What was found.
#[derive(Serialize, ToSchema)]
#[allow(dead_code, reason = "written by the linter's renderer; here for the OpenAPI document")]
pub struct FindingsOut {
    findings: Vec<FindingOut>,
}

/// One finding.
#[derive(Serialize, ToSchema)]
#[allow(dead_code, reason = "see FindingsOut")]
pub struct FindingOut {
    code: String,
    /// `error`, `warning` or `note`.
    severity: String,
    message: String,
    span: SpanOut,
    help: Option<String>,
    #[schema(value_type = Option<Object>)]
    fix: Option<serde_json::Value>,
}

/// Where; lines and columns from 1.
#[derive(Serialize, ToSchema)]
#[allow(dead_code, reason = "see FindingsOut")]
pub struct SpanOut {
    file: String,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

async fn check(
    State(app): State<App>,
    query: Query,
    Text(text): Text,
) -> Result<axum::Json<serde_json::Value>, Refusal> {
    let file = query.get("file").unwrap_or("bundle.json").to_owned();
    let settings = zis_lint::Settings {
        integration: query.get("integration").map(str::to_owned),
        lenient_asl: app.config.registry.lenient_asl,
        ..zis_lint::Settings::default()
    };

    // Off the threads that serve: a large bundle takes its time.
    let work = move || zis_lint::render::to_json(&zis_lint::check(&text, &file, &settings));
    let findings = tokio::task::spawn_blocking(work).await.map_err(Refusal::internal)?;

    Ok(axum::Json(findings))
}
