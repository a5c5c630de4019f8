//! What requests bring: JSON bodies, ids in paths, the address that the client used.

use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use http::{StatusCode, header, request::Parts};
use zis_flow::Value;

use super::error::Refused;
use crate::{
    app::App,
    wire::body::{Text, value},
};

/// A JSON body, and the text that it came as.
pub struct Body {
    pub value: Value,
    pub text: String,
}

impl Body {
    /// The member `name`, which wraps everything in Zendesk's requests.
    pub fn member(&self, name: &str) -> Result<&Value, Refused> {
        let value = self.value.get(name).filter(|value| value.as_object().is_some());
        value.ok_or_else(|| {
            let text = format!("the body must have an object `{name}`");
            Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "Unprocessable", &text)
        })
    }
}

impl FromRequest<App> for Body {
    type Rejection = Refused;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refused> {
        let Text(text) = Text::from_request(request, app).await.map_err(Refused::of)?;
        let value = value(&text).map_err(Refused::of)?;
        Ok(Self { value, text })
    }
}

/// The id in the path, `{id}`.
pub struct Id(pub i64);

/// Two ids in the path.
pub struct Ids(pub i64, pub i64);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let path = parts.uri.path().to_owned();
        let Ok(Path(text)) = Path::<String>::from_request_parts(parts, state).await else {
            return Err(not_an_id(&path));
        };
        text.parse().map(Self).map_err(|_| not_an_id(&path))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Ids {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let path = parts.uri.path().to_owned();
        let found = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Ok(Path((one, two))) = found else { return Err(not_an_id(&path)) };
        match (one.parse(), two.parse()) {
            (Ok(one), Ok(two)) => Ok(Self(one, two)),
            _ => Err(not_an_id(&path)),
        }
    }
}

fn not_an_id(path: &str) -> Refused {
    let controller = path.split('/').nth(3).unwrap_or_default();
    let message = format!(
        "You passed an invalid value for the id attribute. Invalid parameter: id must be an integer from api/v2/{controller}/show"
    );
    Refused::titled(StatusCode::BAD_REQUEST, "Invalid attribute", &message)
}

/// Scheme and host as the client used them: what `url` members and page links begin with.
pub struct Base(pub String);

impl FromRequestParts<App> for Base {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let named = text(header::HOST.as_str()).or(parts.uri.authority().map(http::uri::Authority::as_str));
        let plausible = |host: &&str| {
            !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte))
        };
        let Some(host) = named.filter(plausible) else { return Ok(Self(app.origin.clone())) };
        // The scheme of the public address, when it is that address; otherwise what a proxy in front says, otherwise plain.
        let own = app.origin.split_once("://").filter(|(_, rest)| *rest == host).map(|(scheme, _)| scheme);
        let proxied = text("x-forwarded-proto").filter(|scheme| matches!(*scheme, "http" | "https"));
        Ok(Self(format!("{}://{host}", own.or(proxied).unwrap_or("http"))))
    }
}

impl Base {
    /// `{base}/api/v2/{path}.json`
    pub fn url(&self, path: &str) -> String {
        format!("{}/api/v2/{path}.json", self.0)
    }
}

/// The `Idempotency-Key` header.
pub struct KeyHeader(pub Option<String>);

impl<S: Sync> FromRequestParts<S> for KeyHeader {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Refused> {
        let Some(value) = parts.headers.get("idempotency-key") else { return Ok(Self(None)) };
        match value.to_str().map(str::trim) {
            Ok("") => Ok(Self(None)),
            Ok(text) => Ok(Self(Some(text.to_owned()))),
            Err(_) => {
                let text = "Idempotency-Key must be visible ASCII";
                Err(Refused::new(StatusCode::BAD_REQUEST, "IdempotentRequestError", text))
            }
        }
    }
}
