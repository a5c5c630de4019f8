//! API key, basic and bearer connections, and the list of all (spec 6.1–6.3). Secrets go in and never come out.

use axum::extract::{Path, State};
use http::{Method, StatusCode};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zis_engine::connection::simple::Patch;
use zis_store::connection::{Connection, Detail, Kind};

use super::{
    integration,
    oauth::{MASKED, OauthOut},
};
use crate::{
    App,
    auth::{Caller, Group},
    errors::Refusal,
    wire::{Endpoint, Json, MetaOut, Query, Routes, page, secret},
};

const ALL: &str = "/api/services/zis/integrations/{integration}/connections/all";
const KIND: &str = "/api/services/zis/integrations/{integration}/connections/{type}";
const ONE: &str = "/api/services/zis/integrations/{integration}/connections/{type}/{name}";

pub(super) fn routes(routes: Routes) -> Routes {
    let endpoint =
        |method, path, id, summary| Endpoint::new(method, path, id, summary, Group::Services).refuses(&[404]);
    routes
        .add(
            endpoint(Method::GET, ALL, "listConnections", "Lists the connections of all types, by name")
                .paged()
                .gives::<ConnectionsOut>(200),
            list,
        )
        .add(
            endpoint(
                Method::POST,
                KIND,
                "createConnection",
                "Makes a connection: `api_key`, `basic_auth` or `bearer_token`",
            )
            .takes::<ConnectionIn>()
            .gives::<ConnectionWrapped>(201)
            .refuses(&[409]),
            create,
        )
        .add(
            endpoint(Method::GET, ONE, "showConnection", "Shows a connection of exactly this type")
                .gives::<ConnectionWrapped>(200),
            show,
        )
        .add(
            endpoint(Method::PATCH, ONE, "changeConnection", "Changes the given members of a connection")
                .takes::<ConnectionIn>()
                .gives::<ConnectionWrapped>(200)
                .refuses(&[409]),
            change,
        )
        .add(endpoint(Method::DELETE, ONE, "deleteConnection", "Deletes a connection").bare(204), delete)
}

/// A connection of any simple type; each type needs its own members.
#[derive(Deserialize, ToSchema)]
pub struct ConnectionIn {
    /// 3 to 64 of `A-Za-z0-9_-`, unique in the integration across all types.
    #[serde(default)]
    name: Option<String>,
    /// The host that the connection may be used on; `*.example.com` for its subdomains.
    #[serde(default)]
    allowed_domain: Option<String>,
    #[serde(default)]
    header_name: Option<String>,
    #[serde(default, deserialize_with = "secret::optional")]
    #[schema(value_type = Option<String>)]
    api_key: Option<SecretString>,
    #[serde(default)]
    username: Option<String>,
    #[serde(default, deserialize_with = "secret::optional")]
    #[schema(value_type = Option<String>)]
    password: Option<SecretString>,
    #[serde(default, deserialize_with = "secret::optional")]
    #[schema(value_type = Option<String>)]
    token: Option<SecretString>,
}

/// A connection; its secret shows as `*****`.
#[derive(Serialize, ToSchema)]
pub struct ConnectionOut {
    name: String,
    allowed_domain: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    header_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'static str>,
    created_at: String,
    updated_at: String,
}

/// One connection under the name of its type.
#[derive(Serialize, ToSchema)]
pub struct ConnectionWrapped {
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key: Option<ConnectionOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    basic_auth: Option<ConnectionOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bearer_token: Option<ConnectionOut>,
}

/// A page of connections, by type.
#[derive(Serialize, ToSchema)]
pub struct ConnectionsOut {
    api_key: Vec<ConnectionOut>,
    basic_auth: Vec<ConnectionOut>,
    bearer_token: Vec<ConnectionOut>,
    oauth: Vec<OauthOut>,
    meta: MetaOut,
}

impl From<Connection> for ConnectionOut {
    fn from(connection: Connection) -> Self {
        let mut out = Self {
            name: connection.name,
            allowed_domain: String::new(),
            header_name: None,
            api_key: None,
            username: None,
            password: None,
            token: None,
            created_at: connection.created_at.to_rfc3339_seconds(),
            updated_at: connection.updated_at.to_rfc3339_seconds(),
        };
        match connection.detail {
            Detail::ApiKey { allowed_domain, header_name, .. } => {
                out.allowed_domain = allowed_domain;
                out.header_name = Some(header_name);
                out.api_key = Some(MASKED);
            }
            Detail::BasicAuth { allowed_domain, username, .. } => {
                out.allowed_domain = allowed_domain;
                out.username = Some(username);
                out.password = Some(MASKED);
            }
            Detail::BearerToken { allowed_domain, .. } => {
                out.allowed_domain = allowed_domain;
                out.token = Some(MASKED);
            }
            Detail::Oauth(_) => {}
        }
        out
    }
}

impl From<Connection> for ConnectionWrapped {
    fn from(connection: Connection) -> Self {
        let kind = connection.detail.kind();
        let mut wrapped = Self { api_key: None, basic_auth: None, bearer_token: None };
        match kind {
            Kind::ApiKey => wrapped.api_key = Some(connection.into()),
            Kind::BasicAuth => wrapped.basic_auth = Some(connection.into()),
            Kind::BearerToken => wrapped.bearer_token = Some(connection.into()),
            Kind::Oauth => {}
        }
        wrapped
    }
}

/// One of the three simple types.
fn kind(text: &str) -> Result<Kind, Refusal> {
    Kind::parse(text).filter(|kind| *kind != Kind::Oauth).ok_or_else(|| Refusal::not_found("connection type", text))
}

impl ConnectionIn {
    fn detail(self, kind: Kind) -> Result<(String, Detail), Refusal> {
        fn needed<T>(value: Option<T>, name: &str) -> Result<T, Refusal> {
            value.ok_or_else(|| Refusal::invalid(format!("`{name}` is missing")))
        }
        let name = needed(self.name, "name")?;
        let allowed_domain = needed(self.allowed_domain, "allowed_domain")?;
        let detail = match kind {
            Kind::ApiKey => Detail::ApiKey {
                allowed_domain,
                header_name: needed(self.header_name, "header_name")?,
                api_key: needed(self.api_key, "api_key")?,
            },
            Kind::BasicAuth => Detail::BasicAuth {
                allowed_domain,
                username: needed(self.username, "username")?,
                password: needed(self.password, "password")?,
            },
            Kind::BearerToken | Kind::Oauth => {
                Detail::BearerToken { allowed_domain, token: needed(self.token, "token")? }
            }
        };
        Ok((name, detail))
    }

    fn patch(self, kind: Kind, name: &str) -> Result<Patch, Refusal> {
        if self.name.is_some_and(|named| named != name) {
            return Err(Refusal::invalid("`name` can't be changed: make a new connection"));
        }
        let secret = match kind {
            Kind::ApiKey => self.api_key,
            Kind::BasicAuth => self.password,
            Kind::BearerToken | Kind::Oauth => self.token,
        };
        Ok(Patch {
            allowed_domain: self.allowed_domain,
            header_name: self.header_name,
            username: self.username,
            secret,
        })
    }
}

async fn list(
    State(app): State<App>,
    Path(name): Path<String>,
    query: Query,
) -> Result<axum::Json<ConnectionsOut>, Refusal> {
    integration::exists(&app, &name).await?;
    let page = page::read(&query, 100)?;

    let found = app.connections.list(app.account, &name, &page).await?;

    let meta = MetaOut::new(found.items.iter().map(|connection| connection.name.clone()), found.has_more);
    let (api_key, basic_auth, bearer_token, oauth) = Default::default();
    let mut out = ConnectionsOut { api_key, basic_auth, bearer_token, oauth, meta };
    for connection in found.items {
        match connection.detail.kind() {
            Kind::ApiKey => out.api_key.push(connection.into()),
            Kind::BasicAuth => out.basic_auth.push(connection.into()),
            Kind::BearerToken => out.bearer_token.push(connection.into()),
            Kind::Oauth => out.oauth.extend(OauthOut::read(&app, &connection)),
        }
    }
    Ok(axum::Json(out))
}

async fn create(
    State(app): State<App>,
    caller: Caller,
    Path((integration, kind_)): Path<(String, String)>,
    Json(input): Json<ConnectionIn>,
) -> Result<(StatusCode, axum::Json<ConnectionWrapped>), Refusal> {
    let kind = kind(&kind_)?;
    integration::exists(&app, &integration).await?;
    let (name, detail) = input.detail(kind)?;
    let made = app.connections.create(app.account, &integration, &name, detail, caller.name()).await?;
    Ok((StatusCode::CREATED, axum::Json(made.into())))
}

async fn show(
    State(app): State<App>,
    Path((integration, kind_, name)): Path<(String, String, String)>,
) -> Result<axum::Json<ConnectionWrapped>, Refusal> {
    let found = app.connections.show(app.account, &integration, kind(&kind_)?, &name).await?;
    Ok(axum::Json(found.into()))
}

async fn change(
    State(app): State<App>,
    Path((integration, kind_, name)): Path<(String, String, String)>,
    Json(input): Json<ConnectionIn>,
) -> Result<axum::Json<ConnectionWrapped>, Refusal> {
    let kind = kind(&kind_)?;
    let patch = input.patch(kind, &name)?;
    let changed = app.connections.update(app.account, &integration, kind, &name, &patch).await?;
    Ok(axum::Json(changed.into()))
}

async fn delete(
    State(app): State<App>,
    Path((integration, kind_, name)): Path<(String, String, String)>,
) -> Result<StatusCode, Refusal> {
    app.connections.delete(app.account, &integration, kind(&kind_)?, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
