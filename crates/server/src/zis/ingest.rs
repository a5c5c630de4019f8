//! What is posted to an inbound webhook becomes an event of its integration (spec 8.2).

use axum::extract::{FromRequest, Path, Request, State};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, Method, StatusCode, header};
use secrecy::ExposeSecret;
use subtle::ConstantTimeEq;
use zis_engine::Incoming;
use zis_flow::Timestamp;
use zis_store::webhook::{self, Webhook};

use super::hmac;
use crate::{
    App,
    api::event::idempotency_key,
    auth::Group,
    errors::{Code, Refusal},
    random,
    wire::{
        Endpoint, Routes,
        body::{Text, value},
    },
};

const PATH: &str = "/api/services/zis/inbound_webhooks/generic/ingest/{token}";

pub(super) fn routes(routes: Routes) -> Routes {
    let limit = routes.app().config.services.max_ingest;
    let endpoint = Endpoint::new(Method::POST, PATH, "ingest", "Takes an event from outside", Group::Public)
        .takes::<serde_json::Value>()
        .bare(200)
        .refuses(&[401, 404, 409, 429, 503])
        .limit(limit);
    routes.add(endpoint, ingest)
}

async fn ingest(State(app): State<App>, Path(token): Path<String>, request: Request) -> Result<StatusCode, Refusal> {
    let headers = request.headers().clone();
    let webhook = webhook::by_token(&app.store, &token).await?;
    let webhook = webhook.ok_or_else(|| Refusal::new(Code::NotFound, "there is no inbound webhook at this path"))?;
    check_password(&webhook, &headers, app.clock.now())?;
    let Text(body) = Text::from_request(request, &app).await?;
    check_signature(&app, &webhook, &headers, &body)?;
    let payload = value(&body)?;

    let key = idempotency_key(&headers)?;
    let incoming = Incoming {
        account: webhook.account,
        source: webhook.source_system.clone(),
        kind: webhook.event_type.clone(),
        integration: Some(webhook.integration.clone()),
        payload,
        // Two webhooks may see the same key from two senders.
        idempotency_key: key.map(|key| format!("webhook/{}/{key}", webhook.uuid)),
        also: Vec::new(),
    };
    app.engine.ingest(incoming).await?;

    Ok(StatusCode::OK)
}

/// Every comparison is done, whatever the first of them gave.
fn check_password(webhook: &Webhook, headers: &HeaderMap, now: Timestamp) -> Result<(), Refusal> {
    let (username, password) = basic(headers).unwrap_or_default();
    let hash = random::hash(&password);
    let equal = |one: &str, other: &str| bool::from(one.as_bytes().ct_eq(other.as_bytes()));
    let name = equal(&username, &webhook.username);
    let current = equal(&hash, &webhook.password_hash);
    let old = webhook.old.as_ref().is_some_and(|(old, until)| equal(&hash, old) && now < *until);
    if name & (current | old) { Ok(()) } else { Err(crate::auth::matrix::unauthenticated()) }
}

/// User name and password of an `Authorization: Basic` header.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = text.split_once(' ')?;
    scheme.eq_ignore_ascii_case("basic").then_some(())?;
    let decoded = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
    decoded.split_once(':').map(|(name, password)| (name.to_owned(), password.to_owned()))
}

fn check_signature(app: &App, webhook: &Webhook, headers: &HeaderMap, body: &str) -> Result<(), Refusal> {
    let Some(expected) = &webhook.hmac else { return Ok(()) };
    let secret = app.vault.open(&webhook::context(webhook.account, &webhook.uuid), &expected.secret)?;
    let algorithm = hmac::Algorithm::parse(&expected.algorithm)
        .ok_or_else(|| Refusal::internal(format!("webhook {} has algorithm {}", webhook.uuid, expected.algorithm)))?;
    let signature = headers.get(&expected.header).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if hmac::is_signed(algorithm, secret.expose_secret(), body.as_bytes(), signature) {
        return Ok(());
    }
    Err(Refusal::new(Code::Unauthenticated, format!("header `{}` does not sign this body", expected.header)))
}
