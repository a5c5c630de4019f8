//! JSON bodies: read within a limit, and refused with line, column and member.

use std::error::Error;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
};
use http::{StatusCode, header};
use serde::de::DeserializeOwned;
use zis_flow::Value;

use crate::{
    app::App,
    deadline::Late,
    errors::{Code, Detail, Refusal},
};

/// A JSON body of type `T`, which is read from an object. An empty body counts as `{}`.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        let text = Text::from_request(request, app).await?;
        match text.0.trim_start().as_bytes().first() {
            None => parse("{}"),
            // serde would take its items for the members in the order of their declaration.
            Some(b'[') => Err(Refusal::invalid("the body must be a JSON object, not an array")),
            Some(_) => parse(&text.0),
        }
        .map(Json)
    }
}

/// The body as text, within the limit of its endpoint.
pub struct Text(pub String);

impl FromRequest<App> for Text {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        if let Some(coding) = request.headers().get(header::CONTENT_ENCODING).filter(|coding| *coding != "identity") {
            let coding = String::from_utf8_lossy(coding.as_bytes());
            return Err(Refusal::new(Code::BadRequest, format!("the body is encoded as `{coding}`: send it plain")));
        }
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

/// Reads `text`; a syntax error gives line and column, a wrong member its path.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Refusal> {
    serde_json::from_str(text).map_err(|error| {
        let position = (error.line(), error.column());
        let reason = reason(&error.to_string());
        let (code, message) = if error.is_data() {
            (Code::InvalidField, format!("the body can't be used: {}{reason}", member::<T>(text)))
        } else {
            (Code::InvalidJson, format!("the body is not JSON: {reason} at line {} column {}", position.0, position.1))
        };
        let detail = Detail { detail: message.clone(), position: Some(position), ..Detail::default() };
        Refusal::new(code, message).details(vec![detail])
    })
}

/// The member of `text` that is no part of a `T`: `` `left_object.name`: ``, or nothing for the body itself. To follow the path costs time, so
/// it is looked for only when there is something to say.
fn member<T: DeserializeOwned>(text: &str) -> String {
    let read = serde_path_to_error::deserialize::<_, T>(&mut serde_json::Deserializer::from_str(text));
    let path = read.err().map(|error| error.path().to_string()).filter(|path| path != ".");
    path.map(|path| format!("`{path}`: ")).unwrap_or_default()
}

/// What serde says, without the place and without our names of types.
fn reason(error: &str) -> String {
    let reason = error.rsplit_once(" at line ").map_or(error, |(reason, _)| reason);
    match reason.split_once("expected struct ") {
        Some((before, _)) => format!("{before}expected an object"),
        None => reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read")]
    struct Outer {
        inner: Inner,
        any: Option<Value>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read")]
    struct Inner {
        names: Vec<String>,
    }

    #[test]
    fn refusals_name_the_member() {
        let table = [
            ("{}", "can't be used: missing field `inner`"),
            ("null", "can't be used: invalid type: null, expected an object"),
            (r#"{"inner": 5}"#, "can't be used: `inner`: invalid type: integer `5`, expected an object"),
            (r#"{"inner": {}}"#, "can't be used: `inner`: missing field `names`"),
            (
                r#"{"inner": {"names": ["a", 5]}}"#,
                "can't be used: `inner.names[1]`: invalid type: integer `5`, expected a string",
            ),
            (r#"{"inner": {"names": []}, "inner": {}}"#, "can't be used: duplicate field `inner`"),
            (r#"{"inner": {"names": []}} x"#, "is not JSON: trailing characters at line 1 column 26"),
            (r#"{"inner": {"names": [}}"#, "is not JSON: expected value at line 1 column 22"),
        ];
        for (text, expected) in table {
            assert_eq!(parse::<Outer>(text).unwrap_err().message, format!("the body {expected}"), "{text}");
        }
        let deep = format!(r#"{{"inner": {{"names": []}}, "any": {}}}"#, "[".repeat(600) + &"]".repeat(600));
        assert_eq!(parse::<Outer>(&deep).unwrap_err().message, "the body can't be used: `any`: nested too deeply");
        assert!(parse::<Outer>(r#"{"inner": {"names": []}, "any": 123456789012345678901234567890}"#).is_ok());
    }
}
