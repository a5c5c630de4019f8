//! Refusals of the core API in Zendesk's four shapes (spec 0.3).

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use zis_flow::Value;
use zis_zendesk::{ZendeskError, auth::AuthError};

use super::reply;
use crate::errors::Refusal;

/// Which family of errors an endpoint speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// `{"error", "description"}`
    Support,
    /// Profiles and events: `{"errors": [{"code", "id", "title"}]}`
    Profiles,
}

/// Why a request is not served: an answer ready to be sent.
pub struct Refused(Box<Response>);

/// What handlers of the core API return.
pub type Answer = Result<Response, Refused>;

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        *self.0
    }
}

impl From<Response> for Refused {
    fn from(response: Response) -> Self {
        Self(Box::new(response))
    }
}

impl Refused {
    /// `{"error": code, "description"}`
    pub fn new(status: StatusCode, code: &str, description: &str) -> Self {
        let body = Value::object([("error", Value::from(code)), ("description", Value::from(description))]);
        reply::json(status, &body).into()
    }

    /// `{"errors": [{"code", "id", "title"}]}`
    pub fn profiles(status: StatusCode, code: &str, title: &str) -> Self {
        let error = Value::object([
            ("code", Value::from(code)),
            ("id", Value::from(uuid::Uuid::new_v4().to_string())),
            ("title", Value::from(title)),
        ]);
        reply::json(status, &Value::object([("errors", Value::array([error]))])).into()
    }

    /// `{"error": {"title", "message"}}`
    pub fn titled(status: StatusCode, title: &str, message: &str) -> Self {
        let inner = Value::object([("title", Value::from(title)), ("message", Value::from(message))]);
        reply::json(status, &Value::object([("error", inner)])).into()
    }

    pub fn forbidden(message: &str) -> Self {
        Self::titled(StatusCode::FORBIDDEN, "Forbidden", message)
    }

    /// One of our own refusals, written by the layer around everything.
    pub fn of(refusal: Refusal) -> Self {
        refusal.into_response().into()
    }
}

impl From<ZendeskError> for Refused {
    fn from(error: ZendeskError) -> Self {
        refuse(error, Family::Support)
    }
}

/// The answer to `error` in the shape of `family`.
pub fn refuse(error: ZendeskError, family: Family) -> Refused {
    let text = error.to_string();
    match error {
        ZendeskError::NotFound { .. } if family == Family::Profiles => {
            Refused::profiles(StatusCode::NOT_FOUND, "RecordNotFound", &text)
        }
        ZendeskError::NotFound { .. } => Refused::new(StatusCode::NOT_FOUND, "RecordNotFound", "Not found"),
        ZendeskError::Invalid(faults) => invalid(&faults),
        ZendeskError::Client { code, title } => Refused::profiles(StatusCode::BAD_REQUEST, code, &title),
        ZendeskError::Request { code, description } => Refused::new(StatusCode::BAD_REQUEST, code, &description),
        ZendeskError::TooMany { description, max } => {
            let mut body = vec![("error", Value::from("TooManyValues")), ("description", Value::from(description))];
            body.extend(max.map(|max| ("max_count", Value::from(i64::try_from(max).unwrap_or(i64::MAX)))));
            reply::json(StatusCode::BAD_REQUEST, &Value::object(body)).into()
        }
        ZendeskError::Search(_) => Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", &text),
        ZendeskError::Oauth { code, description } => oauth(code, &description),
        ZendeskError::Forbidden(message) => Refused::forbidden(&message),
        ZendeskError::KeyReused if family == Family::Profiles => {
            Refused::profiles(StatusCode::BAD_REQUEST, "IdempotentRequestError", &text)
        }
        ZendeskError::KeyReused => Refused::new(StatusCode::BAD_REQUEST, "IdempotentRequestError", &text),
        ZendeskError::Conflict => Refused::new(StatusCode::CONFLICT, "DatabaseConflict", "Database collision"),
        ZendeskError::Busy(seconds) => too_many(seconds, &text),
        ZendeskError::Unavailable(_) | ZendeskError::Store(_) | ZendeskError::Internal(_) => Refused::of(error.into()),
    }
}

/// 429 with the `Retry-After` that clients wait for.
pub fn too_many(seconds: u32, text: &str) -> Refused {
    let body = Value::object([("error", Value::from("TooManyRequests")), ("description", Value::from(text))]);
    let mut response = reply::json(StatusCode::TOO_MANY_REQUESTS, &body);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    response.into()
}

/// `RecordInvalid`: the faults by member.
fn invalid(faults: &[zis_zendesk::error::Fault]) -> Refused {
    let entry = |fault: &zis_zendesk::error::Fault| {
        Value::object([("description", Value::string(&fault.description)), ("error", Value::from(fault.code))])
    };
    let mut fields: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
    fields.dedup();
    let details = Value::object(
        fields
            .into_iter()
            .map(|field| (field, Value::array(faults.iter().filter(|fault| fault.field == field).map(entry)))),
    );
    let body = Value::object([
        ("error", Value::from("RecordInvalid")),
        ("description", Value::from("Record validation errors")),
        ("details", details),
    ]);
    reply::json(StatusCode::UNPROCESSABLE_ENTITY, &body).into()
}

/// RFC 6749: 401 for a client that is not itself, 400 for the rest.
pub fn oauth(code: &str, description: &str) -> Refused {
    let status = if code == "invalid_client" { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
    let body = Value::object([("error", Value::from(code)), ("error_description", Value::from(description))]);
    reply::json(status, &body).into()
}

impl From<AuthError> for Refused {
    fn from(error: AuthError) -> Self {
        let text = error.to_string();
        let body = match error {
            AuthError::TooMany(seconds) => return too_many(seconds, &text),
            AuthError::Store(error) => return Self::of(error.into()),
            AuthError::WrongBearer => {
                Value::object([("error", Value::from("invalid_token")), ("error_description", Value::from(text))])
            }
            _ => Value::object([("error", Value::from("Couldn't authenticate you"))]),
        };
        let mut response = reply::json(StatusCode::UNAUTHORIZED, &body);
        let challenge = HeaderValue::from_static("Basic realm=\"zis\", Bearer");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        response.into()
    }
}
