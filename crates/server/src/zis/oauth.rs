//! OAuth connections: start, callback, finish, show, refresh, delete (spec 6.5).

use axum::{
    extract::{Path, State},
    response::{Html, IntoResponse, Redirect, Response},
};
use http::{Method, StatusCode};
use maud::{DOCTYPE, html};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zis_engine::connection::{
    Error,
    grant::{By, Callback, StartIn},
};
use zis_flow::Timestamp;
use zis_store::connection::{Connection, Detail};

use super::integration;
use crate::{
    App,
    auth::{Caller, Group},
    errors::Refusal,
    wire::{Endpoint, Json, Query, Routes},
};

const START: &str = "/api/services/zis/connections/oauth/start/{integration}";
const CALLBACK: &str = "/api/services/zis/connections/oauth/callback";
const FINISH: &str = "/api/services/zis/connections/oauth/access_codes/{integration}";
const SHOW: &str = "/api/services/zis/connections/{integration}";
const REFRESH: &str = "/api/services/zis/connections/refresh/{integration}";

/// What a secret looks like in every answer.
pub(super) const MASKED: &str = "*****";

pub(super) fn routes(routes: Routes) -> Routes {
    let endpoint =
        |method, path, id, summary| Endpoint::new(method, path, id, summary, Group::Services).refuses(&[400, 404]);
    let named = |endpoint: Endpoint| endpoint.query("name", "the connection's name").query("uuid", "or its uuid");
    routes
        .add(
            endpoint(Method::POST, START, "startOauth", "Begins an OAuth connection; gives the address to go to")
                .takes::<StartBody>()
                .gives::<StartedOut>(200)
                .refuses(&[409]),
            start,
        )
        .add(
            Endpoint::new(
                Method::GET,
                CALLBACK,
                "oauthCallback",
                "Where providers send the browser back to",
                Group::Public,
            )
            .query("state", "as it was sent")
            .query("code", "to be exchanged")
            .query("error", "why there is no code")
            .query("error_description", "the same in words")
            .bare(200)
            .refuses(&[302, 303, 400, 502]),
            callback,
        )
        .add(
            endpoint(Method::GET, FINISH, "finishOauth", "Finishes an OAuth connection and shows it")
                .required("verification_code", "from the start or the callback")
                .gives::<OauthOut>(200)
                .refuses(&[502]),
            finish,
        )
        .add(
            named(endpoint(Method::GET, SHOW, "showOauthConnection", "Shows an OAuth connection"))
                .gives::<OauthOut>(200),
            show,
        )
        .add(
            named(endpoint(Method::DELETE, SHOW, "deleteOauthConnection", "Deletes an OAuth connection")).bare(204),
            delete,
        )
        .add(
            named(endpoint(Method::POST, REFRESH, "refreshOauthConnection", "Renews the tokens now"))
                .gives::<OauthOut>(200)
                .refuses(&[502]),
            refresh,
        )
}

/// A connection to begin.
#[derive(Deserialize, ToSchema)]
pub struct StartBody {
    /// Name of the connection to make.
    name: String,
    /// A registered client, or `zendesk`; this or the uuid.
    #[serde(default)]
    oauth_client_name: Option<String>,
    #[serde(default)]
    oauth_client_uuid: Option<String>,
    /// Instead of the client's.
    #[serde(default)]
    grant_type: Option<String>,
    /// Space-delimited.
    #[serde(default)]
    permission_scopes: Option<String>,
    #[serde(default)]
    oauth_url_subdomain: Option<String>,
    /// Where the browser goes at the end.
    #[serde(default)]
    origin_oauth_redirect_url: Option<String>,
    #[serde(default)]
    allow_offline_access: Option<bool>,
}

/// Where to go.
#[derive(Serialize, ToSchema)]
pub struct StartedOut {
    redirect_url: String,
}

/// An OAuth connection. Tokens show as `*****` unless `services.show_oauth_tokens` is set.
#[derive(Serialize, ToSchema)]
pub struct OauthOut {
    name: String,
    uuid: String,
    integration: String,
    zendesk_account_id: i64,
    access_token: String,
    refresh_token: Option<String>,
    token_type: String,
    token_expiry: Option<String>,
    permission_scope: String,
    oauth_client_uuid: String,
    oauth_url_subdomain: String,
    oauth_access_token_response_body: String,
    created_by: String,
    created_at: String,
    updated_at: String,
}

impl OauthOut {
    /// `None` for a connection of another type.
    pub(super) fn read(app: &App, connection: &Connection) -> Option<Self> {
        let Detail::Oauth(oauth) = &connection.detail else { return None };
        let clear = app.config.services.show_oauth_tokens;
        let shown = |secret: &secrecy::SecretString| if clear { secret.expose_secret() } else { MASKED }.to_owned();
        Some(Self {
            name: connection.name.clone(),
            uuid: oauth.uuid.clone(),
            integration: connection.integration.clone(),
            zendesk_account_id: connection.account.0,
            access_token: shown(&oauth.access_token),
            refresh_token: oauth.refresh_token.as_ref().map(shown),
            token_type: oauth.token_type.clone(),
            token_expiry: oauth.expires_at.map(Timestamp::to_rfc3339_seconds),
            permission_scope: oauth.scope.clone().unwrap_or_default(),
            oauth_client_uuid: oauth.client_uuid.clone(),
            oauth_url_subdomain: oauth.url_subdomain.clone().unwrap_or_default(),
            oauth_access_token_response_body: shown(&oauth.response_body),
            created_by: connection.created_by.clone().unwrap_or_default(),
            created_at: connection.created_at.to_rfc3339_seconds(),
            updated_at: connection.updated_at.to_rfc3339_seconds(),
        })
    }

    fn answer(app: &App, connection: &Connection) -> Result<axum::Json<Self>, Refusal> {
        let out = Self::read(app, connection);
        out.map(axum::Json).ok_or_else(|| Refusal::internal(format!("{} is no OAuth connection", connection.name)))
    }
}

async fn start(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    Json(body): Json<StartBody>,
) -> Result<axum::Json<StartedOut>, Refusal> {
    integration::exists(&app, &name).await?;
    let input = StartIn {
        name: body.name,
        oauth_client_name: body.oauth_client_name,
        oauth_client_uuid: body.oauth_client_uuid,
        grant_type: body.grant_type,
        permission_scopes: body.permission_scopes,
        oauth_url_subdomain: body.oauth_url_subdomain,
        origin_oauth_redirect_url: body.origin_oauth_redirect_url,
        allow_offline_access: body.allow_offline_access.unwrap_or(false),
    };

    let redirect_url = app.connections.start(app.account, &name, &input, &app.origin, caller.name()).await?;

    Ok(axum::Json(StartedOut { redirect_url }))
}

/// The browser comes here, so the answer is a page: or it is sent on to where it wanted to go.
async fn callback(State(app): State<App>, query: Query) -> Result<Response, Refusal> {
    let text = |key: &str| query.get(key).map(str::to_owned);
    let callback = Callback {
        state: query.required("state")?.to_owned(),
        code: text("code"),
        error: text("error"),
        error_description: text("error_description"),
    };

    let granted = app.connections.callback(app.account, &callback).await;

    match granted {
        Ok(granted) => match granted.return_to {
            Some(url) => Ok(Redirect::to(&url).into_response()),
            None => {
                Ok(page(&format!("The connection “{}” is ready. You can close this window.", granted.connection.name)))
            }
        },
        Err(Error::Declined { message, return_to: Some(url) }) => {
            Ok(Redirect::to(&with_error(&url, &message)).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

fn with_error(url: &str, message: &str) -> String {
    match url::Url::parse(url) {
        Ok(mut url) => {
            url.query_pairs_mut().append_pair("error", "access_denied").append_pair("error_description", message);
            url.into()
        }
        Err(_) => url.to_owned(),
    }
}

fn page(text: &str) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { "zis" } }
            body { p { (text) } }
        }
    };
    Html(page.into_string()).into_response()
}

async fn finish(
    State(app): State<App>,
    Path(name): Path<String>,
    query: Query,
) -> Result<axum::Json<OauthOut>, Refusal> {
    let code = query.required("verification_code")?;
    let connection = app.connections.access_codes(app.account, &name, code).await?;
    OauthOut::answer(&app, &connection)
}

/// By `name` or by `uuid`.
fn by(query: &Query) -> Result<By<'_>, Refusal> {
    match (query.get("name"), query.get("uuid")) {
        (Some(name), _) => Ok(By::Name(name)),
        (None, Some(uuid)) => Ok(By::Uuid(uuid)),
        (None, None) => Err(Refusal::invalid("query parameter `name` or `uuid` is missing")),
    }
}

async fn show(State(app): State<App>, Path(name): Path<String>, query: Query) -> Result<axum::Json<OauthOut>, Refusal> {
    let found = app.connections.oauth_connection(app.account, &name, by(&query)?).await?;
    OauthOut::answer(&app, &found)
}

async fn delete(State(app): State<App>, Path(name): Path<String>, query: Query) -> Result<StatusCode, Refusal> {
    app.connections.delete_oauth(app.account, &name, by(&query)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn refresh(
    State(app): State<App>,
    Path(name): Path<String>,
    query: Query,
) -> Result<axum::Json<OauthOut>, Refusal> {
    let renewed = app.connections.refresh(app.account, &name, by(&query)?).await?;
    OauthOut::answer(&app, &renewed)
}
