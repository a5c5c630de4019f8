//! Forms: their fields, checked for the token that only this reader's pages hold.

use std::collections::HashMap;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use percent_encoding::percent_decode_str;

use crate::console::api::{Console, Trouble, csrf, session_cookie};

/// The fields of a posted form.
pub struct Form(HashMap<String, Vec<String>>);

impl Form {
    /// The field `name`, trimmed; empty when it was not sent.
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(|values| values.first()).map_or("", |value| value.trim())
    }

    pub fn all(&self, name: &str) -> &[String] {
        self.0.get(name).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Reads `application/x-www-form-urlencoded` pairs.
pub fn pairs(text: &str) -> Vec<(String, String)> {
    let decode = |part: &str| percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned();
    let parts = text.split('&').filter(|part| !part.is_empty());
    parts
        .map(|part| {
            part.split_once('=').map_or((decode(part), String::new()), |(name, value)| (decode(name), decode(value)))
        })
        .collect()
}

impl FromRequest<Console> for Form {
    type Rejection = Response;

    async fn from_request(request: Request, state: &Console) -> Result<Self, Response> {
        let session = session_cookie(request.headers()).unwrap_or_default();
        let body = Bytes::from_request(request, state).await.map_err(IntoResponse::into_response)?;
        let mut fields: HashMap<String, Vec<String>> = HashMap::new();
        for (name, value) in pairs(&String::from_utf8_lossy(&body)) {
            fields.entry(name).or_default().push(value);
        }
        let form = Self(fields);
        if form.text("csrf") == csrf(&session) {
            return Ok(form);
        }
        let message =
            "this form is not from a page of your session; go back, load the page again and repeat".to_owned();
        Err(Trouble { status: StatusCode::FORBIDDEN, message }.into_response())
    }
}
