//! Who calls the core API: signed in, with scopes that reach, on behalf of somebody else when an admin asks for it (spec 0.2).

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::{HeaderMap, Method, header, request::Parts};
use zis_flow::Value;
use zis_zendesk::auth::{AuthError, Credentials, Principal, SESSION_COOKIE, Via, scope::Access};

use super::error::Refused;
use crate::{
    app::App,
    auth::{cookie, identify, peer},
};

/// Anybody who is signed in.
pub struct Signed(pub Principal);

/// An agent or an admin.
pub struct Staff(pub Principal);

impl FromRequestParts<App> for Signed {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refused> {
        let principal = sign_in(parts, app).await?;
        let access = if matches!(parts.method, Method::GET | Method::HEAD) { Access::Read } else { Access::Write };
        let reaches = resources(parts.uri.path()).iter().any(|resource| principal.may(resource, access));
        if !reaches {
            return Err(Refused::forbidden("You do not have access to this page. The token's scopes do not reach it."));
        }
        match parts.headers.get("x-on-behalf-of") {
            None => Ok(Self(principal)),
            Some(email) => {
                let email = email.to_str().unwrap_or_default();
                Ok(Self(app.zendesk.impersonate(principal, email).await?))
            }
        }
    }
}

impl OptionalFromRequestParts<App> for Signed {
    type Rejection = Refused;

    /// `None` without credentials, or with a wrong password: `users/me` answers those too (spec 0.2).
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Option<Self>, Refused> {
        let credentials = credentials(&parts.headers);
        match app.zendesk.authenticate(credentials, peer(&parts.extensions)).await {
            Err(AuthError::Missing | AuthError::WrongPassword | AuthError::WrongSession) => Ok(None),
            Err(error) => Err(error.into()),
            Ok(_) => <Self as FromRequestParts<App>>::from_request_parts(parts, app).await.map(Some),
        }
    }
}

impl FromRequestParts<App> for Staff {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refused> {
        let Signed(principal) = <Signed as FromRequestParts<App>>::from_request_parts(parts, app).await?;
        if principal.is_agent() {
            Ok(Self(principal))
        } else {
            Err(Refused::forbidden(
                "You do not have access to this page. Please contact the account owner of this help desk.",
            ))
        }
    }
}

fn credentials(headers: &HeaderMap) -> Credentials<'_> {
    let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    match (header, cookie(headers, SESSION_COOKIE)) {
        (Some(text), _) => Credentials::Header(text),
        (None, Some(cookie)) => Credentials::Session(cookie),
        (None, None) => Credentials::None,
    }
}

async fn sign_in(parts: &Parts, app: &App) -> Result<Principal, Refused> {
    let peer = peer(&parts.extensions);
    match credentials(&parts.headers) {
        // A session must come from our own pages: the one place that checks it.
        Credentials::Session(_) => {
            let principal = identify(app, &parts.headers, peer).await.map_err(Refused::of)?;
            debug_assert!(principal.via == Via::Session);
            Ok(principal)
        }
        credentials => Ok(app.zendesk.authenticate(credentials, peer).await?),
    }
}

/// The resources whose scopes open a path.
fn resources(path: &str) -> &'static [&'static str] {
    let part = path.strip_prefix("/api/v2/").unwrap_or_default().split('/').next().unwrap_or_default();
    match part {
        "search" => &["tickets", "users"],
        "tickets" | "job_statuses" => &["tickets"],
        "users" if path.contains("/tickets") => &["tickets"],
        "users" | "user_profiles" => &["users"],
        _ => &["unrestricted"],
    }
}

/// What audits tell of the client: name and address.
pub struct ClientInfo(pub Value);

impl<S: Sync> FromRequestParts<S> for ClientInfo {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        let address = peer(&parts.extensions).map(|address| address.to_string());
        Ok(Self(Value::object([("client", Value::from(agent)), ("ip_address", Value::from(address))])))
    }
}
