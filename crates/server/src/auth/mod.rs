//! Who calls, and whether they may: the matrix of spec 1.1 in one table, asked by one layer before every guarded endpoint.

pub mod matrix;

use std::net::{IpAddr, SocketAddr};

use axum::{
    RequestExt,
    extract::{ConnectInfo, FromRequestParts, RawPathParams, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Method, header, request::Parts};
use zis_bundle::name::ResourceName;
use zis_zendesk::auth::{AuthError, Credentials, Principal, SESSION_COOKIE, Via, scope::Access};

use crate::{
    app::App,
    errors::{Code, Refusal},
    wire::Query,
};

pub use matrix::Group;

/// Who calls: what a guarded handler takes as its proof that somebody may.
#[derive(Debug, Clone)]
pub struct Caller(pub Principal);

impl Caller {
    /// How the journal and lists name the caller.
    pub fn name(&self) -> &str {
        self.0.user.email.as_deref().unwrap_or(&self.0.user.name)
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Refusal> {
        let caller = parts.extensions.get::<Caller>().cloned();
        caller.ok_or_else(|| Refusal::internal("a handler asks for its caller, but its endpoint is public"))
    }
}

/// Lets through what the matrix allows; the handler finds the [`Caller`] in the request.
pub async fn guard(State((app, group)): State<(App, Group)>, mut request: Request, next: Next) -> Response {
    if group == Group::Public {
        return next.run(request).await;
    }
    match check(&app, group, &mut request).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(refusal) => refusal.into_response(),
    }
}

async fn check(app: &App, group: Group, request: &mut Request) -> Result<Caller, Refusal> {
    let integration = named_integration(request).await;
    let principal = identify(app, request.headers(), peer(request.extensions())).await?;
    matrix::permit(group, &principal.via, integration.as_deref())?;
    if !principal.is_admin() {
        return Err(matrix::admin_only());
    }
    let writes = !matches!(*request.method(), Method::GET | Method::HEAD);
    if !principal.may("zis", if writes { Access::Write } else { Access::Read }) {
        let needed = if writes { "write" } else { "read" };
        return Err(Refusal::new(Code::Forbidden, format!("the access token lacks the scope `{needed}`")));
    }
    Ok(Caller(principal))
}

/// Who the request's credentials name. A session counts only for requests of this server's own pages.
pub async fn identify(app: &App, headers: &HeaderMap, peer: Option<IpAddr>) -> Result<Principal, Refusal> {
    let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let cookie = cookie(headers, SESSION_COOKIE);
    let credentials = match (header, cookie) {
        (Some(text), _) => Credentials::Header(text),
        (None, Some(cookie)) => Credentials::Session(cookie),
        (None, None) => Credentials::None,
    };
    let principal = app.zendesk.authenticate(credentials, peer).await?;
    if principal.via == Via::Session && !is_same_origin(headers) {
        return Err(Refusal::new(Code::Forbidden, "a session can't be used from another site"));
    }
    Ok(principal)
}

impl From<AuthError> for Refusal {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::TooMany(seconds) => Refusal::new(Code::TooManyFailures, error.to_string()).retry_after(seconds),
            AuthError::Store(error) => error.into(),
            _ => matrix::unauthenticated(),
        }
    }
}

/// The value of cookie `name`.
pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// The integration that the request is about: in its path, or in the job spec's name.
async fn named_integration(request: &mut Request) -> Option<String> {
    if let Ok(params) = request.extract_parts::<RawPathParams>().await
        && let Some((_, value)) = params.iter().find(|(name, _)| *name == "integration")
    {
        return Some(value.to_owned());
    }
    let query = Query::parse(request.uri().query().unwrap_or_default());
    query.get("job_spec_name").and_then(ResourceName::parse).map(|name| name.integration)
}

/// What browsers say about where a request comes from; programs say nothing.
fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let host = text("host").unwrap_or_default();
    text("origin").is_none_or(|origin| origin.split_once("://").is_some_and(|(_, rest)| rest == host))
}

/// The address of the other end of the connection.
pub fn peer(extensions: &http::Extensions) -> Option<IpAddr> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), http::HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn sessions_are_for_our_own_pages() {
        let cases = [
            (headers(&[("host", "a:1")]), true),
            (headers(&[("host", "a:1"), ("origin", "http://a:1")]), true),
            (headers(&[("host", "a:1"), ("origin", "http://b:1")]), false),
            (headers(&[("host", "a:1"), ("origin", "null")]), false),
            (headers(&[("host", "a:1"), ("sec-fetch-site", "cross-site")]), false),
            (headers(&[("host", "a:1"), ("sec-fetch-site", "same-origin")]), true),
        ];
        for (headers, expected) in cases {
            assert_eq!(is_same_origin(&headers), expected, "{headers:?}");
        }
    }

    #[test]
    fn finds_its_cookie_among_others() {
        let headers = headers(&[("cookie", "a=1; zis_session=x=y;b=2")]);
        assert_eq!(cookie(&headers, "zis_session"), Some("x=y"));
        assert_eq!(cookie(&headers, "c"), None);
    }
}
