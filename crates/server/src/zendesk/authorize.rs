//! The consent page (spec 6): one plain form; a caller with basic authentication is sent straight on.

use axum::{
    Router,
    body::Bytes,
    extract::{FromRequestParts, State},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use maud::{DOCTYPE, Markup, html};
use zis_zendesk::{
    ZendeskError,
    auth::{AuthError, Credentials, Principal, SignInError, Via},
    oauth::{Asked, AuthorizeIn},
};

use super::{
    error::{Answer, Refused},
    input::Base,
};
use crate::{
    app::App,
    auth::{identify, peer},
    wire::Query,
};

pub fn router() -> Router<App> {
    Router::new().route("/oauth/authorizations/new", get(ask).post(decide))
}

/// The address of the other end, and who it already is.
struct Visitor {
    known: Option<Principal>,
    peer: Option<std::net::IpAddr>,
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refused> {
        let peer = peer(&parts.extensions);
        let known = match parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) {
            Some(text) => Some(app.zendesk.authenticate(Credentials::Header(text), peer).await?),
            // Without credentials, or from another site: the form asks.
            None => identify(app, &parts.headers, peer).await.ok(),
        };
        Ok(Self { known, peer })
    }
}

fn read(query: &Query) -> AuthorizeIn {
    let text = |key: &str| query.get(key).map(str::to_owned);
    AuthorizeIn {
        response_type: text("response_type"),
        client_id: text("client_id"),
        redirect_uri: text("redirect_uri"),
        scope: text("scope"),
        state: text("state"),
        code_challenge: text("code_challenge"),
        code_challenge_method: text("code_challenge_method"),
    }
}

async fn check(app: &App, base: &Base, input: &AuthorizeIn) -> Result<Asked, Refused> {
    // The predefined client leads back to this server, under whichever of its names.
    let own = if input.redirect_uri.as_deref().is_some_and(|uri| uri.starts_with(&app.origin)) {
        &app.origin
    } else {
        &base.0
    };
    Ok(app.zendesk.authorization(input, own).await?)
}

async fn ask(State(app): State<App>, base: Base, visitor: Visitor, query: Query) -> Answer {
    let input = read(&query);
    let asked = check(&app, &base, &input).await?;
    match &visitor.known {
        Some(principal) if matches!(principal.via, Via::Password | Via::ApiToken) => {
            consent(&app, principal, &asked).await
        }
        Some(principal) if principal.via == Via::Session => Ok(page(&input, &asked, Some(principal), None)),
        // A bearer must not widen its own scopes.
        _ => Ok(page(&input, &asked, None, None)),
    }
}

async fn decide(State(app): State<App>, base: Base, visitor: Visitor, bytes: Bytes) -> Answer {
    let form = Query::parse(&String::from_utf8_lossy(&bytes));
    let input = read(&form);
    let asked = check(&app, &base, &input).await?;
    if form.get("decision") != Some("allow") {
        return Ok(back(
            &asked,
            &[
                ("error", "access_denied"),
                ("error_description", "The end-user or authorization server denied the request"),
            ],
        ));
    }
    if let Some(principal) = visitor.known.filter(|known| !matches!(known.via, Via::OAuth { .. })) {
        return consent(&app, &principal, &asked).await;
    }
    let (email, password) = (form.get("email").unwrap_or_default(), form.get("password").unwrap_or_default());
    match app.zendesk.sign_in(email, password, visitor.peer).await {
        Ok((principal, cookie)) => {
            // Signed in for this one decision.
            app.zendesk.end_session(&cookie).await?;
            consent(&app, &principal, &asked).await
        }
        Err(SignInError::Auth(AuthError::WrongPassword | AuthError::Missing)) => {
            let mut response = page(&input, &asked, None, Some("E-mail address or password is wrong."));
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            Ok(response)
        }
        Err(SignInError::Auth(error)) => Err(error.into()),
        Err(SignInError::Zendesk(error)) => Err(error.into()),
    }
}

async fn consent(app: &App, principal: &Principal, asked: &Asked) -> Answer {
    let code = app.zendesk.consent(principal, asked).await?;
    Ok(back(asked, &[("code", &code)]))
}

/// Sends the browser back with what was decided.
fn back(asked: &Asked, pairs: &[(&str, &str)]) -> Response {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    if let Some(state) = &asked.state {
        query.append_pair("state", state);
    }
    let join = if asked.redirect_uri.contains('?') { '&' } else { '?' };
    let target = format!("{}{join}{}", asked.redirect_uri, query.finish());
    let Ok(target) = HeaderValue::from_str(&target) else {
        return Refused::from(ZendeskError::Oauth {
            code: "invalid_request",
            description: "redirect_uri can't be used".to_owned(),
        })
        .into_response();
    };
    (StatusCode::FOUND, [(header::LOCATION, target), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))])
        .into_response()
}

fn page(input: &AuthorizeIn, asked: &Asked, known: Option<&Principal>, fault: Option<&str>) -> Response {
    let markup = form(input, asked, known, fault);
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // The answer to the form leads to another site, so it says nothing of where forms may lead.
    let own_style = HeaderValue::from_static("default-src 'none'; style-src 'self'; frame-ancestors 'none'");
    headers.insert(header::CONTENT_SECURITY_POLICY, own_style);
    (headers, Html(markup.into_string())).into_response()
}

fn form(input: &AuthorizeIn, asked: &Asked, known: Option<&Principal>, fault: Option<&str>) -> Markup {
    let hidden = [
        ("response_type", &input.response_type),
        ("client_id", &input.client_id),
        ("redirect_uri", &input.redirect_uri),
        ("scope", &input.scope),
        ("state", &input.state),
        ("code_challenge", &input.code_challenge),
        ("code_challenge_method", &input.code_challenge_method),
    ];
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Allow " (asked.client.name) "?" }
                link rel="stylesheet" href=(crate::console::style_path());
            }
            body {
                main { div.sign-in {
                    h1 { "Allow " (asked.client.name) " to use this account?" }
                    p { "It asks for: " strong { (asked.scopes.join(", ")) } ". The answer goes to " code { (asked.redirect_uri) } "." }
                    @if let Some(fault) = fault { p role="alert" { strong { (fault) } } }
                    form.panel method="post" action="/oauth/authorizations/new" {
                        @for (name, value) in hidden {
                            @if let Some(value) = value { input type="hidden" name=(name) value=(value); }
                        }
                        @match known {
                            Some(principal) => p { "You are " strong { (principal.user.name) } "." },
                            None => {
                                div.field { label for="email" { "E-mail address" } input id="email" name="email" type="email" autocomplete="username" required; }
                                div.field { label for="password" { "Password" } input id="password" name="password" type="password" autocomplete="current-password" required; }
                            }
                        }
                        button.primary name="decision" value="allow" { "Allow" }
                        button.below name="decision" value="deny" formnovalidate { "Deny" }
                    }
                } }
            }
        }
    }
}
