//! The three families of error bodies: the ZIS registry's, Zendesk's, and ours.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::{Refusal, code};

/// Whose error shape a path speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// `{"errors":[{"code","detail","status"}],"message"}` (spec 1.2).
    Registry,
    /// `{"error","description"}`.
    Zendesk,
    /// `{"error":{"code","message"}}`.
    Ours,
}

impl Family {
    pub fn of(path: &str) -> Self {
        if path.starts_with("/api/services/") {
            Family::Registry
        } else if path.starts_with("/api/v2/") || path.starts_with("/oauth/") {
            Family::Zendesk
        } else {
            Family::Ours
        }
    }

    /// For metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Family::Registry => "zis",
            Family::Zendesk => "zendesk",
            Family::Ours => "own",
        }
    }

    /// The body for `refusal`.
    pub fn body(self, refusal: &Refusal) -> Value {
        match self {
            Family::Registry => registry(refusal),
            Family::Zendesk => zendesk(refusal),
            Family::Ours => ours(refusal),
        }
    }
}

fn registry(refusal: &Refusal) -> Value {
    let status = refusal.status.as_u16().to_string();
    // The three codes that the documentation shows; other statuses follow their pattern.
    let number = match refusal.status.as_u16() {
        401 => "1001".to_owned(),
        400 => "1010".to_owned(),
        500..=599 => "1050".to_owned(),
        other => format!("1{other}"),
    };
    let errors: Vec<Value> = if refusal.details.is_empty() {
        vec![json!({"code": number, "detail": refusal.message, "status": status})]
    } else {
        let error = |detail: &super::Detail| {
            let mut error = json!({"code": number, "detail": detail.detail, "status": status});
            place(&mut error, detail);
            error
        };
        refusal.details.iter().map(error).collect()
    };
    json!({"errors": errors, "message": refusal.message, "code": refusal.code.as_str()})
}

/// What else is known about a detail, beside the members that clients expect.
fn place(error: &mut Value, detail: &super::Detail) {
    if let Some(rule) = detail.rule {
        error["rule"] = json!(rule);
    }
    if let Some(pointer) = &detail.pointer {
        error["pointer"] = json!(pointer);
    }
    if let Some((line, column)) = detail.position {
        error["line"] = json!(line);
        error["column"] = json!(column);
    }
}

fn zendesk(refusal: &Refusal) -> Value {
    match refusal.status {
        StatusCode::UNAUTHORIZED => json!({"error": "Couldn't authenticate you"}),
        StatusCode::FORBIDDEN => json!({"error": {"title": "Forbidden", "message": refusal.message}}),
        StatusCode::NOT_FOUND => {
            let error = if refusal.code == super::Code::NoEndpoint { "InvalidEndpoint" } else { "RecordNotFound" };
            json!({"error": error, "description": "Not found"})
        }
        _ => {
            json!({"error": zendesk_name(refusal.code), "description": refusal.message, "code": refusal.code.as_str()})
        }
    }
}

fn zendesk_name(code: super::Code) -> &'static str {
    use super::Code;
    match code {
        Code::InvalidJson => "Unprocessable",
        Code::TooLarge => "PayloadTooLarge",
        Code::MethodNotAllowed => "MethodNotAllowed",
        Code::KeyReused => "IdempotentRequestError",
        Code::Conflict => "DatabaseConflict",
        Code::Draining | Code::StoreUnavailable => "unavailable",
        Code::Busy | Code::TooManyFailures => "TooManyRequests",
        Code::Internal => "InternalServerError",
        _ => "InvalidRequest",
    }
}

fn ours(refusal: &Refusal) -> Value {
    let mut error = json!({"code": refusal.code.as_str(), "message": refusal.message});
    if !refusal.details.is_empty() {
        let detail = |detail: &super::Detail| {
            let mut one = json!({"message": detail.detail});
            place(&mut one, detail);
            one
        };
        error["details"] = refusal.details.iter().map(detail).collect();
    }
    json!({ "error": error })
}

/// Writes the body of every refused request; also of those that a layer refused with a bare status or a line of text.
pub fn render(family: Family, response: Response) -> Response {
    if !(response.status().is_client_error() || response.status().is_server_error()) {
        return response;
    }
    let refusal = match response.extensions().get::<Refusal>() {
        Some(refusal) => refusal.clone(),
        None if is_bare(&response) => {
            let code = code::of_status(response.status());
            Refusal::new(code, code::sentence(code)).status(response.status())
        }
        None => return response,
    };
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.remove(header::CONTENT_TYPE);
    if refusal.status == StatusCode::UNAUTHORIZED {
        parts.headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"zis\", Bearer"));
    }
    let body = axum::Json(family.body(&refusal)).into_response();
    let (body_parts, body) = body.into_parts();
    parts.headers.extend(body_parts.headers);
    Response::from_parts(parts, body)
}

/// No body of a handler's own: nothing, or the line of text that axum's extractors write.
fn is_bare(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_none_or(|kind| kind.starts_with("text/plain"))
}
