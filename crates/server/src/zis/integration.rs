//! Integrations: the namespace of everything else, each with an OAuth client of its own (spec 1.3).

use axum::extract::{Path, State};
use http::Method;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zis_store::{
    Statement, StoreError,
    registry::{self, Integration},
};

use crate::{
    App,
    auth::{Caller, Group},
    errors::{Code, Refusal},
    wire::{Endpoint, Json, Routes},
};

const ALL: &str = "/api/services/zis/registry/integrations";
const ONE: &str = "/api/services/zis/registry/{integration}";
const SHOW: &str = "/api/services/zis/registry/integrations/{integration}";

/// Words that the paths of the registry need for themselves.
const RESERVED: [&str; 2] = ["integrations", "job_specs"];
/// What a secret looks like when it is shown again.
const MASKED: &str = "************";
/// Most characters of a description: a sentence or two for a list.
const MAX_DESCRIPTION: usize = 1_000;

pub(super) fn routes(routes: Routes) -> Routes {
    let create = "Makes an integration and its OAuth client, whose secret is shown once; again: a new description";
    routes
        .add(
            Endpoint::new(
                Method::GET,
                ALL,
                "listIntegrations",
                "Lists the account's integrations",
                Group::ListIntegrations,
            )
            .gives::<IntegrationsOut>(200),
            list,
        )
        .add(
            Endpoint::new(Method::POST, ONE, "createIntegration", create, Group::CreateIntegration)
                .takes::<IntegrationIn>()
                .gives::<IntegrationOut>(200),
            create_or_change,
        )
        .add(
            Endpoint::new(Method::GET, SHOW, "showIntegration", "Shows an integration", Group::Registry)
                .gives::<IntegrationOut>(200)
                .refuses(&[404]),
            show,
        )
}

/// What can be said about an integration.
#[derive(Deserialize, ToSchema)]
pub struct IntegrationIn {
    #[serde(default)]
    description: Option<String>,
    /// RSA public key as PEM text; kept for display.
    #[serde(default)]
    jwt_public_key: Option<String>,
}

/// An integration.
#[derive(Serialize, ToSchema)]
pub struct IntegrationOut {
    name: String,
    description: String,
    jwt_public_key: String,
    zendesk_oauth_client: ClientOut,
}

/// The OAuth client that belongs to an integration.
#[derive(Serialize, ToSchema)]
pub struct ClientOut {
    id: i64,
    /// `zis_` and the integration's name.
    identifier: String,
    /// In clear when it was just made, otherwise `************`.
    secret: String,
}

/// All integrations of the account.
#[derive(Serialize, ToSchema)]
pub struct IntegrationsOut {
    integrations: Vec<IntegrationOut>,
}

impl IntegrationOut {
    fn new(integration: Integration, secret: Option<String>) -> Self {
        let zendesk_oauth_client = ClientOut {
            id: integration.client_id,
            identifier: format!("zis_{}", integration.name),
            secret: secret.unwrap_or_else(|| MASKED.to_owned()),
        };
        Self {
            name: integration.name,
            description: integration.description,
            jwt_public_key: integration.public_key,
            zendesk_oauth_client,
        }
    }
}

/// The integration `name`, or a 404.
pub(crate) async fn exists(app: &App, name: &str) -> Result<Integration, Refusal> {
    let found = registry::show_integration(&app.store, app.account, name).await?;
    found.ok_or_else(|| Refusal::not_found("integration", name))
}

async fn list(State(app): State<App>) -> Result<axum::Json<IntegrationsOut>, Refusal> {
    let found = registry::integrations(&app.store, app.account).await?;
    let integrations = found.into_iter().map(|integration| IntegrationOut::new(integration, None)).collect();
    Ok(axum::Json(IntegrationsOut { integrations }))
}

async fn show(State(app): State<App>, Path(name): Path<String>) -> Result<axum::Json<IntegrationOut>, Refusal> {
    let found = exists(&app, &name).await?;
    Ok(axum::Json(IntegrationOut::new(found, None)))
}

async fn create_or_change(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    Json(input): Json<IntegrationIn>,
) -> Result<axum::Json<IntegrationOut>, Refusal> {
    check_name(&name)?;
    if input.description.as_ref().is_some_and(|text| text.chars().count() > MAX_DESCRIPTION) {
        return Err(Refusal::invalid(format!("`description` must have at most {MAX_DESCRIPTION} characters")));
    }

    let mut again = false;
    loop {
        let (integration, secret, statements) = save(&app, &caller, &name, &input).await?;
        match app.store.write(statements).await {
            Ok(_) => return Ok(axum::Json(IntegrationOut::new(integration, secret))),
            // Somebody else has made the client since we looked: look again.
            Err(StoreError::Duplicate { .. }) if !again => again = true,
            Err(error) => return Err(taken(error, &name)),
        }
    }
}

/// What the integration will be, the secret of a client that is made for it, and the statements that save both together. An integration
/// whose client was deleted gets a new one.
async fn save(
    app: &App,
    caller: &Caller,
    name: &str,
    input: &IntegrationIn,
) -> Result<(Integration, Option<String>, Vec<Statement>), Refusal> {
    let (client_id, secret, mut statements) = match app.zendesk.integration_client(name).await? {
        Some(client) => (client.id, None, Vec::new()),
        None => {
            let (made, insert) = app.zendesk.new_integration_client(name, caller.0.user.id);
            (made.client.id, Some(made.secret), vec![insert])
        }
    };
    let known = registry::show_integration(&app.store, app.account, name).await?.unwrap_or_else(|| Integration {
        account: app.account,
        name: name.to_owned(),
        description: String::new(),
        public_key: String::new(),
        client_id,
        created_at: app.clock.now(),
    });
    let integration = Integration {
        description: input.description.clone().unwrap_or(known.description),
        public_key: input.jwt_public_key.clone().unwrap_or(known.public_key),
        client_id,
        ..known
    };
    statements.push(registry::upsert_integration(&integration));
    Ok((integration, secret, statements))
}

fn check_name(name: &str) -> Result<(), Refusal> {
    if RESERVED.contains(&name) {
        return Err(Refusal::new(
            Code::IntegrationName,
            format!("an integration can't be named `{name}`: the registry needs the word"),
        ));
    }
    if !zis_bundle::name::is_integration(name) {
        let message = format!("the integration name `{name}` must be 1 to 64 of a-z 0-9 - _");
        return Err(Refusal::new(Code::IntegrationName, message));
    }
    Ok(())
}

fn taken(error: StoreError, name: &str) -> Refusal {
    match error {
        StoreError::Expectation { .. } => Refusal::new(
            Code::IntegrationName,
            format!("the integration: {name} is not available for upsert by this account"),
        ),
        error => error.into(),
    }
}
