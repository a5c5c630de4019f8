//! Events of a real Zendesk account (D8): its webhooks deliver here, signed; what they tell becomes events of ZIS's catalogue.

use axum::extract::{FromRequest, Path, Request, State};
use http::{HeaderMap, Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zis_engine::Incoming;
use zis_flow::{Timestamp, Value};
use zis_store::{
    AccountId, Store, StoreError,
    secret::Vault,
    zendesk::webhook::{self, Webhook},
};
use zis_zendesk::delivery;

use super::event::AcceptedOut;
use crate::{
    App,
    auth::Group,
    errors::{Code, Refusal},
    wire::{
        Endpoint, Json, Routes,
        body::{Text, value},
        secret,
    },
    zis::hmac,
};

const ALL: &str = "/api/zis/v1/zendesk/webhooks";
const ONE: &str = "/api/zis/v1/zendesk/webhooks/{name}";
const SIGNATURE: &str = "x-zendesk-webhook-signature";
const SIGNED_AT: &str = "x-zendesk-webhook-signature-timestamp";
/// The webhook whose secret `zendesk.webhook_secret` sets.
const CONFIGURED: &str = "zendesk";

pub(super) fn routes(routes: Routes) -> Routes {
    let limit = routes.app().config.services.max_ingest;
    let endpoint = |method, path, id, summary| Endpoint::new(method, path, id, summary, Group::Ours);
    routes
        .add(
            endpoint(Method::GET, ALL, "listZendeskWebhooks", "Lists the Zendesk webhooks that may deliver events")
                .gives::<ZendeskWebhooksOut>(200),
            list,
        )
        .add(
            endpoint(Method::PUT, ONE, "saveZendeskWebhook", "Lets a Zendesk webhook deliver, or changes its secret")
                .takes::<ZendeskWebhookIn>()
                .gives::<ZendeskWebhookOut>(200),
            save,
        )
        .add(
            endpoint(Method::DELETE, ONE, "deleteZendeskWebhook", "Takes no more from a Zendesk webhook")
                .bare(204)
                .refuses(&[404]),
            delete,
        )
        .add(
            Endpoint::new(
                Method::POST,
                ONE,
                "deliverZendeskEvent",
                "Takes an event that a Zendesk webhook delivers",
                Group::Public,
            )
            .takes::<serde_json::Value>()
            .gives::<AcceptedOut>(200)
            .refuses(&[401, 404, 409, 429, 503])
            .limit(limit),
            deliver,
        )
}

/// What is needed of a Zendesk webhook.
#[derive(Deserialize, ToSchema)]
pub struct ZendeskWebhookIn {
    /// What `GET /api/v2/webhooks/{id}/signing_secret` of the Zendesk account answers.
    #[serde(default, deserialize_with = "secret::optional")]
    #[schema(value_type = String, required)]
    signing_secret: Option<SecretString>,
}

/// A Zendesk webhook that may deliver.
#[derive(Serialize, ToSchema)]
pub struct ZendeskWebhookOut {
    name: String,
    /// The endpoint to give to Zendesk.
    url: String,
    created_at: String,
    updated_at: String,
}

/// All of them.
#[derive(Serialize, ToSchema)]
pub struct ZendeskWebhooksOut {
    webhooks: Vec<ZendeskWebhookOut>,
}

impl ZendeskWebhookOut {
    fn new(webhook: Webhook, origin: &str) -> Self {
        Self {
            url: format!("{origin}{ALL}/{}", webhook.name),
            name: webhook.name,
            created_at: webhook.created_at.to_rfc3339_seconds(),
            updated_at: webhook.updated_at.to_rfc3339_seconds(),
        }
    }
}

/// Keeps the secret that the configuration sets; every start says it again.
pub(crate) async fn keep_configured(
    store: &Store,
    vault: &Vault,
    account: AccountId,
    secret: Option<&SecretString>,
    now: Timestamp,
) -> Result<(), StoreError> {
    if let Some(secret) = secret {
        store.write(vec![webhook::save(vault, account, CONFIGURED, secret, now)]).await?;
    }
    Ok(())
}

async fn list(State(app): State<App>) -> Result<axum::Json<ZendeskWebhooksOut>, Refusal> {
    let found = webhook::list(&app.store, app.account).await?;
    let webhooks = found.into_iter().map(|webhook| ZendeskWebhookOut::new(webhook, &app.origin)).collect();
    Ok(axum::Json(ZendeskWebhooksOut { webhooks }))
}

async fn save(
    State(app): State<App>,
    Path(name): Path<String>,
    Json(input): Json<ZendeskWebhookIn>,
) -> Result<axum::Json<ZendeskWebhookOut>, Refusal> {
    if !zis_bundle::name::is_integration(&name) {
        return Err(Refusal::invalid("the webhook's name must be 1 to 64 of a-z 0-9 - _"));
    }
    let secret = input.signing_secret.filter(|secret| !secret.expose_secret().is_empty());
    let secret = secret.ok_or_else(|| Refusal::invalid("`signing_secret` is missing"))?;

    app.store.write(vec![webhook::save(&app.vault, app.account, &name, &secret, app.clock.now())]).await?;

    Ok(axum::Json(ZendeskWebhookOut::new(find(&app, &name).await?, &app.origin)))
}

async fn find(app: &App, name: &str) -> Result<Webhook, Refusal> {
    let found = webhook::show(&app.store, app.account, name).await?;
    found.ok_or_else(|| Refusal::not_found("Zendesk webhook", name))
}

async fn delete(State(app): State<App>, Path(name): Path<String>) -> Result<StatusCode, Refusal> {
    app.store.write(vec![webhook::delete(app.account, &name)]).await.map_err(|error| match error {
        StoreError::Expectation { .. } => Refusal::not_found("Zendesk webhook", &name),
        error => error.into(),
    })?;
    Ok(StatusCode::NO_CONTENT)
}

async fn deliver(
    State(app): State<App>,
    Path(name): Path<String>,
    request: Request,
) -> Result<axum::Json<AcceptedOut>, Refusal> {
    let webhook = find(&app, &name).await?;
    let headers = request.headers().clone();
    let Text(body) = Text::from_request(request, &app).await?;
    check_signature(&app, &webhook, &headers, &body)?;
    let body: Value = value(&body)?;
    let delivered = delivery::read(&body).map_err(|error| Refusal::invalid(error.to_string()))?;

    let incoming = Incoming {
        account: app.account,
        source: delivered.source.to_owned(),
        kind: delivered.kind,
        integration: None,
        payload: delivered.payload,
        // The event's id, not the invocation's: that one stands in a header which nothing signs. Two webhooks that are subscribed to
        // the same event deliver one.
        idempotency_key: Some(format!("zendesk/{}", delivered.id)),
        also: Vec::new(),
    };
    let accepted = app.engine.ingest(incoming).await?;

    Ok(axum::Json(accepted.into()))
}

/// `base64(HMAC-SHA256(secret, timestamp + body))`, not long ago.
fn check_signature(app: &App, webhook: &Webhook, headers: &HeaderMap, body: &str) -> Result<(), Refusal> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (signature, signed_at) = (header(SIGNATURE), header(SIGNED_AT));
    let secret = webhook.secret(&app.vault, app.account)?;
    let signed = format!("{signed_at}{body}");
    if !hmac::is_signed(hmac::Algorithm::Sha256, secret.expose_secret(), signed.as_bytes(), signature) {
        let message = format!("`{SIGNATURE}` does not sign `{SIGNED_AT}` and this body with the webhook's secret");
        return Err(Refusal::new(Code::Unauthenticated, message));
    }
    let at = Timestamp::parse_rfc3339(signed_at);
    let at = at.ok_or_else(|| Refusal::new(Code::Unauthenticated, format!("`{SIGNED_AT}` is no time")))?;
    let apart = app.clock.now().0.abs_diff(at.0);
    let tolerance = app.config.zendesk.webhook_tolerance;
    if u128::from(apart) > tolerance.as_micros() {
        let message = format!(
            "the delivery was signed at {signed_at}, more than {} s from now: `zendesk.webhook_tolerance`, or a wrong clock",
            tolerance.as_secs()
        );
        return Err(Refusal::new(Code::Unauthenticated, message));
    }
    Ok(())
}
