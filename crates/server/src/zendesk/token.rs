//! Tokens: `/oauth/tokens`, OAuth tokens of one's own, API tokens (spec 6).

use axum::{
    Router,
    body::Bytes,
    extract::State,
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, StatusCode, header};
use secrecy::ExposeSecret;
use subtle::ConstantTimeEq;
use zis_flow::Value;
use zis_zendesk::{
    auth::{ApiToken, Via},
    oauth::{ClientProof, GrantIn, Granted, PREDEFINED, Token, scopes},
};

use super::{
    caller::Signed,
    error::{Answer, Refused, oauth},
    input::{Base, Body, Id},
    reply,
};
use crate::{app::App, wire::Query};

pub fn router() -> Router<App> {
    Router::new()
        .route("/oauth/tokens", post(grant))
        .route("/oauth/tokens.json", post(grant))
        .route("/api/v2/oauth/tokens", get(list).post(create))
        .route("/api/v2/oauth/tokens/current", get(current).delete(revoke_current))
        .route("/api/v2/oauth/tokens/{id}", get(show).delete(revoke))
        .route("/api/v2/api_tokens", get(list_api_tokens).post(create_api_token))
        .route("/api/v2/api_tokens/{id}", axum::routing::delete(delete_api_token))
}

/// The token endpoint, in JSON or as a form; the client's secret in the body or as basic authentication.
async fn grant(State(app): State<App>, headers: HeaderMap, bytes: Bytes) -> Answer {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let body = fields(kind, &bytes)?;
    let text = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
    let number = |key: &str| body.get(key).and_then(|value| value.as_i64().or_else(|| value.as_str()?.parse().ok()));
    let by_header = basic(&headers);
    let client_id = by_header.as_ref().map(|(id, _)| id.clone()).or_else(|| text("client_id"));
    let secret = by_header.map(|(_, secret)| secret).or_else(|| text("client_secret"));
    let client_id = client_id.ok_or_else(|| oauth("invalid_request", "client_id is missing"))?;
    let input = GrantIn {
        grant_type: text("grant_type"),
        code: text("code"),
        redirect_uri: text("redirect_uri"),
        code_verifier: text("code_verifier"),
        refresh_token: text("refresh_token"),
        scope: text("scope"),
        expires_in: number("expires_in"),
        refresh_token_expires_in: number("refresh_token_expires_in"),
    };
    let own = |secret: &str| {
        let ours = app.predefined_secret.expose_secret().as_bytes();
        client_id == PREDEFINED && bool::from(ours.ct_eq(secret.as_bytes()))
    };
    let proof = match &secret {
        Some(secret) if own(secret) => ClientProof::Trusted,
        Some(secret) => ClientProof::Secret(secret),
        None => ClientProof::Nothing,
    };
    let granted = app.zendesk.grant(&client_id, proof, &input).await?;
    Ok(reply::with_header(reply::json(StatusCode::CREATED, &show_granted(&granted)), header::CACHE_CONTROL, "no-store"))
}

fn fields(kind: &str, bytes: &[u8]) -> Result<Value, Refused> {
    let text = std::str::from_utf8(bytes).map_err(|_| oauth("invalid_request", "the body is not UTF-8"))?;
    if kind.starts_with("application/x-www-form-urlencoded") && !text.trim_start().starts_with('{') {
        let pairs = url::form_urlencoded::parse(text.as_bytes());
        return Ok(Value::object(pairs.map(|(key, value)| (key.into_owned(), Value::from(&*value)))));
    }
    Value::from_json(text).map_err(|error| oauth("invalid_request", &format!("the body is not JSON: {error}")))
}

/// Client and secret as basic authentication.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (kind, encoded) = text.split_once(' ')?;
    if !kind.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

fn show_granted(granted: &Granted) -> Value {
    let mut members = vec![("access_token", Value::string(&granted.access_token))];
    members.extend(granted.refresh_token.as_ref().map(|token| ("refresh_token", Value::string(token))));
    members.push(("token_type", Value::from("bearer")));
    members.push(("scope", Value::from(granted.scopes.join(" "))));
    members.extend(granted.expires_in.map(|seconds| ("expires_in", Value::from(seconds))));
    let refresh = granted.refresh_token.as_ref().and(granted.refresh_token_expires_in);
    members.extend(refresh.map(|seconds| ("refresh_token_expires_in", Value::from(seconds))));
    Value::object(members)
}

/// The token's text only when it has just been made.
fn show_token(token: &Token, text: Option<&str>, base: &Base) -> Value {
    let mut members = vec![
        ("url", Value::from(base.url(&format!("oauth/tokens/{}", token.id)))),
        ("id", token.id.into()),
        ("user_id", token.user_id.into()),
        ("client_id", token.client_id.into()),
        ("token", text.unwrap_or(&token.shown).into()),
        ("created_at", token.created_at.into()),
        ("used_at", Value::Null),
        ("expires_at", token.expires_at.into()),
        ("scopes", Value::array(token.scopes.iter().map(Value::string))),
    ];
    members.extend(text.map(|text| ("full_token", Value::from(text))));
    Value::object(members)
}

async fn create(caller: Signed, State(app): State<App>, base: Base, body: Body) -> Answer {
    let said = body.member("token")?;
    let client = said.get("client_id").and_then(|id| id.as_i64().or_else(|| id.as_str()?.parse().ok()));
    let client =
        client.ok_or_else(|| zis_zendesk::ZendeskError::fault("client_id", "Client: cannot be blank", "BlankValue"))?;
    let asked = match said.get("scopes") {
        Some(Value::Array(items)) => items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect(),
        Some(Value::String(text)) => scopes(text),
        _ => Vec::new(),
    };
    let (token, text) = app.zendesk.create_token(&caller.0, client, asked).await?;
    let shown = show_token(&token, Some(&text), &base);
    Ok(reply::created("token", shown, &base.url(&format!("oauth/tokens/{}", token.id))))
}

async fn list(caller: Signed, State(app): State<App>, base: Base, query: Query) -> Answer {
    let client = query.get("client_id").and_then(|id| id.parse().ok());
    let all = app.zendesk.tokens(&caller.0, client, query.get("all") == Some("true")).await?;
    Ok(reply::one("tokens", Value::array(all.iter().map(|token| show_token(token, None, &base)))))
}

async fn show(caller: Signed, State(app): State<App>, base: Base, Id(id): Id) -> Answer {
    let token = app.zendesk.token(&caller.0, id).await?;
    Ok(reply::one("token", show_token(&token, None, &base)))
}

async fn revoke(caller: Signed, State(app): State<App>, Id(id): Id) -> Answer {
    app.zendesk.revoke_token(&caller.0, id).await?;
    Ok(reply::no_content())
}

/// The token that the request itself carries.
fn carried(caller: &Signed) -> Result<i64, Refused> {
    match caller.0.via {
        Via::OAuth { token_id, .. } => Ok(token_id),
        _ => Err(Refused::new(StatusCode::NOT_FOUND, "RecordNotFound", "Not found")),
    }
}

async fn current(caller: Signed, State(app): State<App>, base: Base) -> Answer {
    let token = app.zendesk.token(&caller.0, carried(&caller)?).await?;
    Ok(reply::one("token", show_token(&token, None, &base)))
}

async fn revoke_current(caller: Signed, State(app): State<App>) -> Answer {
    app.zendesk.revoke_token(&caller.0, carried(&caller)?).await?;
    Ok(reply::no_content())
}

fn show_api_token(token: &ApiToken, text: Option<&str>, base: &Base) -> Value {
    let mut members = vec![
        ("url", Value::from(base.url(&format!("api_tokens/{}", token.id)))),
        ("id", token.id.into()),
        ("description", token.description.as_str().into()),
        ("active", true.into()),
        ("token", text.unwrap_or(&token.shown).into()),
        ("created_at", token.created_at.into()),
        ("created_by", token.created_by.into()),
    ];
    members.extend(text.map(|text| ("full_token", Value::from(text))));
    Value::object(members)
}

async fn create_api_token(caller: Signed, State(app): State<App>, base: Base, body: Body) -> Answer {
    let said = body.value.get("api_token").cloned().unwrap_or_default();
    let description = said.get("description").and_then(Value::as_str).unwrap_or_default();
    let (token, text) = app.zendesk.create_api_token(&caller.0, description).await?;
    let shown = show_api_token(&token, Some(&text), &base);
    Ok(reply::created("api_token", shown, &base.url(&format!("api_tokens/{}", token.id))))
}

async fn list_api_tokens(caller: Signed, State(app): State<App>, base: Base) -> Answer {
    let all = app.zendesk.api_tokens(&caller.0).await?;
    Ok(reply::one("api_tokens", Value::array(all.iter().map(|token| show_api_token(token, None, &base)))))
}

async fn delete_api_token(caller: Signed, State(app): State<App>, Id(id): Id) -> Answer {
    app.zendesk.delete_api_token(&caller.0, id).await?;
    Ok(reply::no_content())
}
