//! JSON bodies: read within a limit, and refused with line, column and member.

use std::error::Error;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
};
use http::StatusCode;
use serde::de::DeserializeOwned;
use zis_flow::Value;

use crate::{
    app::App,
    deadline::Late,
    errors::{Code, Detail, Refusal},
};

/// A JSON body of type `T`. An empty body counts as `{}`.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        let text = Text::from_request(request, app).await?;
        parse(if text.0.trim().is_empty() { "{}" } else { &text.0 }).map(Json)
    }
}

/// The body as text, within the limit of its endpoint.
pub struct Text(pub String);

impl FromRequest<App> for Text {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        let bytes = Bytes::from_request(request, app).await.map_err(|rejection| match rejection.status() {
            _ if is_late(&rejection) => Refusal::new(Code::TooSlow, "the body did not arrive in time"),
            StatusCode::PAYLOAD_TOO_LARGE => Refusal::new(Code::TooLarge, "the body is too large"),
            _ => Refusal::new(Code::BadRequest, "the body could not be read to its end"),
        })?;
        String::from_utf8(bytes.into()).map(Text).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            Refusal::new(Code::InvalidJson, format!("the body is not UTF-8: byte {at} can't be read"))
        })
    }
}

/// Whether the body's time limit is somewhere among the causes.
fn is_late(error: &(dyn Error + 'static)) -> bool {
    error.is::<Late>() || error.source().is_some_and(is_late)
}

/// Reads `text` as the one JSON value, whatever it is; an error gives line and column.
pub fn value(text: &str) -> Result<Value, Refusal> {
    Value::from_json(text).map_err(|error| {
        let message = format!("the body is not JSON: {error}");
        let position = Some((error.line, error.column));
        let detail = Detail { detail: message.clone(), position, ..Detail::default() };
        Refusal::new(Code::InvalidJson, message).details(vec![detail])
    })
}

/// Reads `text`; a syntax error gives line and column, a wrong member its name.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Refusal> {
    serde_json::from_str(text).map_err(|error| {
        let position = (error.line(), error.column());
        let whole = error.to_string();
        let reason = whole.rsplit_once(" at line ").map_or(whole.as_str(), |(reason, _)| reason);
        let (code, message) = if error.is_data() {
            (Code::InvalidField, format!("the body can't be used: {reason}"))
        } else {
            (Code::InvalidJson, format!("the body is not JSON: {reason} at line {} column {}", position.0, position.1))
        };
        let detail = Detail { detail: message.clone(), position: Some(position), ..Detail::default() };
        Refusal::new(code, message).details(vec![detail])
    })
}
