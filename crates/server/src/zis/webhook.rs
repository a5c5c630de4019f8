//! Inbound webhooks: create, show, list, rotate, delete (spec 8.1).

use std::time::Duration;

use axum::extract::{Path, State};
use http::{Method, StatusCode};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zis_flow::Timestamp;
use zis_store::{
    StoreError,
    webhook::{self, Hmac, Webhook},
};

use super::{hmac, integration};
use crate::{
    App,
    auth::Group,
    errors::Refusal,
    random,
    wire::{Endpoint, Json, MetaOut, Query, Routes, page},
};

const BASE: &str = "/api/services/zis/inbound_webhooks/generic/{integration}";
const ALL: &str = "/api/services/zis/inbound_webhooks/generic/{integration}/all";
const ONE: &str = "/api/services/zis/inbound_webhooks/generic/{integration}/{uuid}";
const ROTATE: &str = "/api/services/zis/inbound_webhooks/generic/{integration}/{uuid}/rotate";

/// Sources of Zendesk's own events: a webhook must not pass for one.
const NATIVE_SOURCES: [&str; 2] = ["support", "sunshine"];
/// How long the old password stays good after a rotation, unless the caller says otherwise.
const OVERLAP: Duration = Duration::from_secs(24 * 3600);
/// The longest overlap.
const MAX_OVERLAP: Duration = Duration::from_secs(30 * 24 * 3600);

pub(super) fn routes(routes: Routes) -> Routes {
    let endpoint = |method, path, id, summary| Endpoint::new(method, path, id, summary, Group::Services);
    routes
        .add(
            endpoint(
                Method::POST,
                BASE,
                "createInboundWebhook",
                "Makes an inbound webhook; its password is shown once",
            )
            .takes::<WebhookIn>()
            .gives::<WebhookOut>(200)
            .refuses(&[404]),
            create,
        )
        .add(
            endpoint(Method::GET, ALL, "listInboundWebhooks", "Lists the inbound webhooks of an integration")
                .paged()
                .gives::<WebhooksOut>(200)
                .refuses(&[404]),
            list,
        )
        .add(
            endpoint(Method::GET, ONE, "showInboundWebhook", "Shows an inbound webhook")
                .gives::<WebhookOut>(200)
                .refuses(&[404]),
            show,
        )
        .add(
            endpoint(Method::DELETE, ONE, "deleteInboundWebhook", "Deletes an inbound webhook")
                .bare(204)
                .refuses(&[404]),
            delete,
        )
        .add(
            endpoint(Method::POST, ROTATE, "rotateInboundWebhook", "Gives an inbound webhook a new password")
                .takes::<RotateIn>()
                .gives::<WebhookOut>(200)
                .refuses(&[404]),
            rotate,
        )
}

/// A new inbound webhook.
#[derive(Deserialize, ToSchema)]
pub struct WebhookIn {
    /// The `event_source` that job specs name: 1 to 128 of `A-Za-z0-9._:-`, not `support` or `sunshine`.
    source_system: String,
    /// The `event_type` that job specs name.
    event_type: String,
    #[serde(default)]
    hmac: Option<HmacIn>,
}

/// How the sender signs its bodies; an addition to ZIS.
#[derive(Deserialize, ToSchema)]
pub struct HmacIn {
    /// The header that holds the signature: `X-Hub-Signature-256`.
    header: String,
    /// `sha256` (default) or `sha512`.
    #[serde(default)]
    algorithm: Option<String>,
    secret: String,
}

/// How long the old password stays good.
#[derive(Deserialize, ToSchema)]
pub struct RotateIn {
    /// Seconds, at most 30 days; one day unless it is given.
    #[serde(default)]
    overlap_seconds: Option<u32>,
}

/// An inbound webhook.
#[derive(Serialize, ToSchema)]
pub struct WebhookOut {
    id: String,
    /// The name used in paths.
    uuid: String,
    integration: String,
    zendesk_account_id: i64,
    source_system: String,
    event_type: String,
    /// Where events are posted to.
    path: String,
    username: String,
    /// In clear when it was just made, otherwise `*****`.
    password: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hmac: Option<HmacOut>,
    /// Until when the password before the last rotation is good.
    #[serde(skip_serializing_if = "Option::is_none")]
    old_password_until: Option<String>,
    created_at: String,
    updated_at: String,
}

/// How bodies are signed.
#[derive(Serialize, ToSchema)]
pub struct HmacOut {
    header: String,
    algorithm: String,
}

/// A page of inbound webhooks.
#[derive(Serialize, ToSchema)]
pub struct WebhooksOut {
    webhooks: Vec<WebhookOut>,
    meta: MetaOut,
}

impl WebhookOut {
    fn new(webhook: &Webhook, password: Option<String>, now: Timestamp) -> Self {
        let hmac = webhook.hmac.as_ref();
        Self {
            id: webhook.id.clone(),
            uuid: webhook.uuid.clone(),
            integration: webhook.integration.clone(),
            zendesk_account_id: webhook.account.0,
            source_system: webhook.source_system.clone(),
            event_type: webhook.event_type.clone(),
            path: format!("/api/services/zis/inbound_webhooks/generic/ingest/{}", webhook.token),
            username: webhook.username.clone(),
            password: password.unwrap_or_else(|| "*****".to_owned()),
            hmac: hmac.map(|hmac| HmacOut { header: hmac.header.clone(), algorithm: hmac.algorithm.clone() }),
            old_password_until: webhook
                .old
                .as_ref()
                .filter(|(_, until)| *until > now)
                .map(|(_, until)| until.to_rfc3339_seconds()),
            created_at: webhook.created_at.to_rfc3339_seconds(),
            updated_at: webhook.updated_at.to_rfc3339_seconds(),
        }
    }
}

async fn create(
    State(app): State<App>,
    Path(name): Path<String>,
    Json(input): Json<WebhookIn>,
) -> Result<axum::Json<WebhookOut>, Refusal> {
    integration::exists(&app, &name).await?;
    check_event(&input)?;
    let password = random::token(24)?;
    let uuid = uuid::Uuid::new_v4().to_string();
    let hmac = input.hmac.map(|hmac| seal(&app, &uuid, hmac)).transpose()?;
    let now = app.clock.now();

    let webhook = Webhook {
        account: app.account,
        uuid,
        id: random::ulid(),
        integration: name,
        source_system: input.source_system,
        event_type: input.event_type,
        token: random::token(33)?,
        username: random::token(12)?,
        password_hash: random::hash(&password),
        old: None,
        hmac,
        created_at: now,
        updated_at: now,
    };
    app.store.write(vec![webhook::insert(&webhook)]).await?;

    Ok(axum::Json(WebhookOut::new(&webhook, Some(password), now)))
}

fn check_event(input: &WebhookIn) -> Result<(), Refusal> {
    let good = |text: &str| {
        (1..=128).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte))
    };
    for (name, text) in [("source_system", &input.source_system), ("event_type", &input.event_type)] {
        if !good(text) {
            return Err(Refusal::invalid(format!("`{name}` must be 1 to 128 of A-Z a-z 0-9 . _ : -")));
        }
    }
    if NATIVE_SOURCES.contains(&input.source_system.as_str()) {
        return Err(Refusal::invalid(format!(
            "`source_system` must not be `{}`: Zendesk's own events have it",
            input.source_system
        )));
    }
    Ok(())
}

fn seal(app: &App, uuid: &str, input: HmacIn) -> Result<Hmac, Refusal> {
    let algorithm = input.algorithm.unwrap_or_else(|| "sha256".to_owned());
    hmac::Algorithm::parse(&algorithm)
        .ok_or_else(|| Refusal::invalid(format!("`hmac.algorithm` is `{algorithm}`: use sha256 or sha512")))?;
    if http::HeaderName::try_from(&input.header).is_err() {
        return Err(Refusal::invalid("`hmac.header` must be the name of a header"));
    }
    if input.secret.is_empty() {
        return Err(Refusal::invalid("`hmac.secret` must not be empty"));
    }
    let secret = app.vault.seal(&webhook::context(app.account, uuid), &SecretString::from(input.secret));
    Ok(Hmac { header: input.header, algorithm, secret })
}

async fn list(
    State(app): State<App>,
    Path(name): Path<String>,
    query: Query,
) -> Result<axum::Json<WebhooksOut>, Refusal> {
    integration::exists(&app, &name).await?;
    let page = page::read(&query, 100)?;

    let found = webhook::list(&app.store, app.account, &name, &page).await?;

    let now = app.clock.now();
    let meta = MetaOut::new(found.items.iter().map(|webhook| webhook.id.clone()), found.has_more);
    let webhooks = found.items.iter().map(|webhook| WebhookOut::new(webhook, None, now)).collect();
    Ok(axum::Json(WebhooksOut { webhooks, meta }))
}

async fn show(
    State(app): State<App>,
    Path((name, uuid)): Path<(String, String)>,
) -> Result<axum::Json<WebhookOut>, Refusal> {
    let found = find(&app, &name, &uuid).await?;
    Ok(axum::Json(WebhookOut::new(&found, None, app.clock.now())))
}

async fn find(app: &App, name: &str, uuid: &str) -> Result<Webhook, Refusal> {
    let found = webhook::show(&app.store, app.account, name, uuid).await?;
    found.ok_or_else(|| missing(uuid))
}

fn missing(uuid: &str) -> Refusal {
    Refusal::not_found("inbound webhook", uuid)
}

async fn delete(State(app): State<App>, Path((name, uuid)): Path<(String, String)>) -> Result<StatusCode, Refusal> {
    let answer = app.store.write(vec![webhook::delete(app.account, &name, &uuid)]).await;
    answer.map_err(|error| or_missing(error, &uuid))?;
    Ok(StatusCode::NO_CONTENT)
}

async fn rotate(
    State(app): State<App>,
    Path((name, uuid)): Path<(String, String)>,
    Json(input): Json<RotateIn>,
) -> Result<axum::Json<WebhookOut>, Refusal> {
    let overlap = input.overlap_seconds.map_or(OVERLAP, |seconds| Duration::from_secs(seconds.into()));
    if overlap > MAX_OVERLAP {
        return Err(Refusal::invalid("`overlap_seconds` must be at most 2592000 (30 days)"));
    }
    let password = random::token(24)?;
    let now = app.clock.now();

    let until = now.saturating_add(overlap);
    let statement = webhook::rotate(app.account, &name, &uuid, &random::hash(&password), until, now);
    app.store.write(vec![statement]).await.map_err(|error| or_missing(error, &uuid))?;

    let found = find(&app, &name, &uuid).await?;
    Ok(axum::Json(WebhookOut::new(&found, Some(password), now)))
}

fn or_missing(error: StoreError, uuid: &str) -> Refusal {
    if matches!(error, StoreError::Expectation { .. }) { missing(uuid) } else { error.into() }
}
