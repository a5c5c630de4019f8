//! OAuth clients that were registered at providers (spec 6.4).

use axum::extract::{Path, State};
use http::{Method, StatusCode};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zis_engine::connection::client;
use zis_store::oauth::Client;

use super::{integration, oauth::MASKED};
use crate::{
    App,
    auth::{Caller, Group},
    errors::Refusal,
    wire::{Endpoint, Json, Routes, secret},
};

const ALL: &str = "/api/services/zis/connections/oauth/clients/{integration}";
const ONE: &str = "/api/services/zis/connections/oauth/clients/{integration}/{uuid}";

pub(super) fn routes(routes: Routes) -> Routes {
    let endpoint =
        |method, path, id, summary| Endpoint::new(method, path, id, summary, Group::Services).refuses(&[404]);
    routes
        .add(
            endpoint(Method::GET, ALL, "listOauthClients", "Lists OAuth clients").gives::<ProviderClientsOut>(200),
            list,
        )
        .add(
            endpoint(Method::POST, ALL, "createOauthClient", "Registers an OAuth client of a provider")
                .takes::<ProviderClientIn>()
                .gives::<ProviderClientOut>(201)
                .refuses(&[409]),
            create,
        )
        .add(
            endpoint(Method::GET, ONE, "showOauthClient", "Shows an OAuth client").gives::<ProviderClientOut>(200),
            show,
        )
        .add(
            endpoint(Method::PATCH, ONE, "changeOauthClient", "Changes the given members of an OAuth client")
                .takes::<ProviderClientIn>()
                .gives::<ProviderClientOut>(200)
                .refuses(&[409]),
            change,
        )
        .add(
            endpoint(Method::DELETE, ONE, "deleteOauthClient", "Deletes an OAuth client and its connections").bare(204),
            delete,
        )
}

/// An OAuth client as its provider issued it.
#[derive(Deserialize, ToSchema)]
pub struct ProviderClientIn {
    /// What a start request names as `oauth_client_name`.
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    client_id: Option<String>,
    #[serde(default, deserialize_with = "secret::optional")]
    #[schema(value_type = Option<String>)]
    client_secret: Option<SecretString>,
    /// May hold `{subdomain}`.
    #[serde(default)]
    token_url: Option<String>,
    #[serde(default)]
    auth_url: Option<String>,
    /// `authorization_code` (default) or `client_credentials`.
    #[serde(default)]
    grant_type: Option<String>,
    /// Space-delimited.
    #[serde(default)]
    default_scopes: Option<String>,
}

impl From<ProviderClientIn> for client::ClientIn {
    fn from(input: ProviderClientIn) -> Self {
        Self {
            name: input.name,
            client_id: input.client_id,
            client_secret: input.client_secret,
            token_url: input.token_url,
            auth_url: input.auth_url,
            grant_type: input.grant_type,
            default_scopes: input.default_scopes,
        }
    }
}

/// An OAuth client; its secret shows as `*****`.
#[derive(Serialize, ToSchema)]
pub struct ProviderClientOut {
    uuid: String,
    integration: String,
    name: Option<String>,
    client_id: String,
    client_secret: &'static str,
    token_url: String,
    auth_url: Option<String>,
    grant_type: &'static str,
    default_scopes: Option<String>,
    created_by: Option<String>,
    created_at: String,
    updated_at: String,
}

/// The OAuth clients of an integration.
#[derive(Serialize, ToSchema)]
pub struct ProviderClientsOut {
    clients: Vec<ProviderClientOut>,
}

impl From<Client> for ProviderClientOut {
    fn from(client: Client) -> Self {
        Self {
            uuid: client.uuid,
            integration: client.integration,
            name: client.name,
            client_id: client.client_id,
            client_secret: MASKED,
            token_url: client.token_url,
            auth_url: client.auth_url,
            grant_type: client.grant_type.as_str(),
            default_scopes: client.default_scopes,
            created_by: client.created_by,
            created_at: client.created_at.to_rfc3339_seconds(),
            updated_at: client.updated_at.to_rfc3339_seconds(),
        }
    }
}

async fn list(State(app): State<App>, Path(name): Path<String>) -> Result<axum::Json<ProviderClientsOut>, Refusal> {
    integration::exists(&app, &name).await?;
    let found = app.connections.clients(app.account, &name).await?;
    Ok(axum::Json(ProviderClientsOut { clients: found.into_iter().map(ProviderClientOut::from).collect() }))
}

async fn create(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    Json(input): Json<ProviderClientIn>,
) -> Result<(StatusCode, axum::Json<ProviderClientOut>), Refusal> {
    integration::exists(&app, &name).await?;
    let made = app.connections.create_client(app.account, &name, &input.into(), caller.name()).await?;
    Ok((StatusCode::CREATED, axum::Json(made.into())))
}

async fn show(
    State(app): State<App>,
    Path((name, uuid)): Path<(String, String)>,
) -> Result<axum::Json<ProviderClientOut>, Refusal> {
    let found = app.connections.client(app.account, &name, &uuid).await?;
    Ok(axum::Json(found.into()))
}

async fn change(
    State(app): State<App>,
    Path((name, uuid)): Path<(String, String)>,
    Json(input): Json<ProviderClientIn>,
) -> Result<axum::Json<ProviderClientOut>, Refusal> {
    let changed = app.connections.update_client(app.account, &name, &uuid, &input.into()).await?;
    Ok(axum::Json(changed.into()))
}

async fn delete(State(app): State<App>, Path((name, uuid)): Path<(String, String)>) -> Result<StatusCode, Refusal> {
    app.connections.delete_client(app.account, &name, &uuid).await?;
    Ok(StatusCode::NO_CONTENT)
}
