//! Configs: settings of an integration by scope (spec 7.1).

use axum::extract::{Path, State};
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zis_flow::Value;
use zis_store::{
    StoreError,
    config::{self, Config},
    pattern::Pattern,
};

use super::integration;
use crate::{
    App,
    auth::Group,
    errors::{Code, Refusal},
    wire::{Endpoint, Json, Query, Routes, page},
};

const ALL: &str = "/api/services/zis/integrations/{integration}/configs";
const ONE: &str = "/api/services/zis/integrations/{integration}/configs/{scope}";
/// Most characters of a scope.
const MAX_SCOPE: usize = 255;
/// What the members around `config` may add to the size of a body.
const AROUND: usize = 4 * 1024;

pub(super) fn routes(routes: Routes) -> Routes {
    let limit = routes.app().config.services.max_config + AROUND;
    let endpoint =
        |method, path, id, summary| Endpoint::new(method, path, id, summary, Group::Services).refuses(&[404]);
    routes
        .add(
            endpoint(Method::GET, ALL, "findConfigs", "Finds configs by scope; 404 when there is none")
                .required("filter[scope]", "a scope; `*` stands for any characters")
                .paged()
                .gives::<ConfigsOut>(200),
            find,
        )
        .add(
            endpoint(Method::POST, ALL, "createConfig", "Makes a config")
                .takes::<ConfigIn>()
                .gives::<ConfigOut>(201)
                .refuses(&[409])
                .limit(limit),
            create,
        )
        .add(
            endpoint(Method::PUT, ONE, "replaceConfig", "Replaces a config")
                .takes::<ConfigChange>()
                .gives::<ConfigOut>(200)
                .limit(limit),
            replace,
        )
        .add(
            endpoint(Method::PATCH, ONE, "mergeConfig", "Merges members into a config, at any depth")
                .takes::<ConfigChange>()
                .gives::<ConfigOut>(200)
                .refuses(&[409])
                .limit(limit),
            merge,
        )
        .add(endpoint(Method::DELETE, ONE, "deleteConfig", "Deletes a config").bare(204), delete)
}

/// A new config.
#[derive(Deserialize, ToSchema)]
pub struct ConfigIn {
    /// 1 to 255 characters.
    scope: String,
    /// An object.
    #[schema(value_type = Object)]
    config: Value,
}

/// What a config shall be, or get.
#[derive(Deserialize, ToSchema)]
pub struct ConfigChange {
    /// The scope of the path once more, or nothing.
    #[serde(default)]
    scope: Option<String>,
    /// An object.
    #[schema(value_type = Object)]
    config: Value,
}

/// A config.
#[derive(Serialize, ToSchema)]
pub struct ConfigOut {
    id: i64,
    scope: String,
    zendesk_account_id: i64,
    integration: String,
    #[schema(value_type = Object)]
    config: Value,
    created_at: String,
    updated_at: String,
}

/// A page of configs.
#[derive(Serialize, ToSchema)]
pub struct ConfigsOut {
    configs: Vec<ConfigOut>,
    meta: ConfigsMeta,
    links: ConfigsLinks,
}

/// Where the page stands.
#[derive(Serialize, ToSchema)]
pub struct ConfigsMeta {
    has_more: bool,
    /// What to give as `page[after]` for the next page.
    after: Option<String>,
}

/// The way on.
#[derive(Serialize, ToSchema)]
pub struct ConfigsLinks {
    /// The address of the next page, or nothing.
    next: String,
}

impl From<Config> for ConfigOut {
    fn from(config: Config) -> Self {
        Self {
            id: config.id,
            scope: config.scope,
            zendesk_account_id: config.account.0,
            integration: config.integration,
            config: config.config,
            created_at: config.created_at.to_rfc3339_seconds(),
            updated_at: config.updated_at.to_rfc3339_seconds(),
        }
    }
}

async fn find(
    State(app): State<App>,
    Path(name): Path<String>,
    query: Query,
) -> Result<axum::Json<ConfigsOut>, Refusal> {
    integration::exists(&app, &name).await?;
    let wanted = query.required("filter[scope]")?;
    let page = page::read(&query, 100)?;

    let found = config::find(&app.store, app.account, &name, &Pattern::new(wanted), &page).await?;
    if found.items.is_empty() && page.after.is_none() && page.before.is_none() {
        return Err(Refusal::not_found("config of scope", wanted));
    }

    let after = found.items.last().map(|config| config.scope.clone());
    let next = match &after {
        Some(after) if found.has_more => next_page(&app, &name, wanted, page.size, after),
        _ => String::new(),
    };
    Ok(axum::Json(ConfigsOut {
        configs: found.items.into_iter().map(ConfigOut::from).collect(),
        meta: ConfigsMeta { has_more: found.has_more, after },
        links: ConfigsLinks { next },
    }))
}

fn next_page(app: &App, name: &str, scope: &str, size: usize, after: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("filter[scope]", scope)
        .append_pair("page[size]", &size.to_string())
        .append_pair("page[after]", after)
        .finish();
    format!("{}/api/services/zis/integrations/{name}/configs?{query}", app.origin)
}

async fn create(
    State(app): State<App>,
    Path(name): Path<String>,
    Json(input): Json<ConfigIn>,
) -> Result<(StatusCode, axum::Json<ConfigOut>), Refusal> {
    integration::exists(&app, &name).await?;
    if input.scope.is_empty() || input.scope.chars().count() > MAX_SCOPE {
        return Err(Refusal::invalid(format!("`scope` must have 1 to {MAX_SCOPE} characters")));
    }
    check(&app, &input.config)?;

    let made = config::create(&app.store, app.account, &name, &input.scope, &input.config, app.clock.now()).await;

    let made = made.map_err(|error| match error {
        StoreError::Duplicate { .. } => {
            Refusal::new(Code::Conflict, format!("there is a config of scope `{}` already", input.scope))
        }
        error => error.into(),
    })?;
    Ok((StatusCode::CREATED, axum::Json(made.into())))
}

/// An object that is not too large.
fn check(app: &App, config: &Value) -> Result<(), Refusal> {
    if config.as_object().is_none() {
        return Err(Refusal::invalid(format!("`config` must be an object, not {}", config.type_name())));
    }
    let most = app.config.services.max_config;
    if config.json_len(most + 1) > most {
        return Err(Refusal::new(Code::TooLarge, format!("`config` must have at most {most} bytes as JSON text")));
    }
    Ok(())
}

fn check_change(app: &App, scope: &str, change: &ConfigChange) -> Result<(), Refusal> {
    if change.scope.as_ref().is_some_and(|named| named != scope) {
        return Err(Refusal::invalid("`scope` of the body is another one than the path's"));
    }
    check(app, &change.config)
}

async fn replace(
    State(app): State<App>,
    Path((name, scope)): Path<(String, String)>,
    Json(change): Json<ConfigChange>,
) -> Result<axum::Json<ConfigOut>, Refusal> {
    check_change(&app, &scope, &change)?;
    let now = app.clock.now();
    let changed = config::replace(&app.store, app.account, &name, &scope, &change.config, now).await?;
    changed.map(|config| axum::Json(config.into())).ok_or_else(|| missing(&scope))
}

async fn merge(
    State(app): State<App>,
    Path((name, scope)): Path<(String, String)>,
    Json(change): Json<ConfigChange>,
) -> Result<axum::Json<ConfigOut>, Refusal> {
    check_change(&app, &scope, &change)?;
    let changed = app.engine.patch_config(app.account, &name, &scope, &change.config).await?;
    changed.map(|config| axum::Json(config.into())).ok_or_else(|| missing(&scope))
}

async fn delete(State(app): State<App>, Path((name, scope)): Path<(String, String)>) -> Result<StatusCode, Refusal> {
    let known = config::delete(&app.store, app.account, &name, &scope).await?;
    if known { Ok(StatusCode::NO_CONTENT) } else { Err(missing(&scope)) }
}

fn missing(scope: &str) -> Refusal {
    Refusal::not_found("config of scope", scope)
}
