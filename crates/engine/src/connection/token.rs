//! A provider's token endpoint: asking, and reading what it says (RFC 6749 4.1.3, 4.4.2, 5, 6).

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use secrecy::{ExposeSecret, SecretString};
use url::{Url, form_urlencoded};
use zis_flow::Value;

use super::Error;
use crate::{act::mask::Masker, outbound};

/// Where and as whom to ask.
pub(super) struct Endpoint {
    pub token_url: String,
    pub client_id: String,
    pub client_secret: SecretString,
}

/// What is asked for.
pub(super) enum Ask<'t> {
    Code { code: &'t str, redirect_uri: &'t str, verifier: Option<&'t SecretString> },
    Refresh { token: &'t SecretString },
    ClientCredentials { scope: Option<&'t str> },
}

/// What a provider gave.
pub(super) struct Tokens {
    pub access_token: SecretString,
    pub refresh_token: Option<SecretString>,
    pub token_type: String,
    pub expires_in: Option<Duration>,
    pub scope: Option<String>,
    pub body: SecretString,
}

/// Bytes of a provider's words that are passed on.
const MAX_WORDS: usize = 300;

/// Asks for tokens. The client's secret goes into the form, as most providers want it; one that knows the client only by basic
/// authentication is asked a second time.
pub(super) async fn ask(http: &outbound::Client, endpoint: &Endpoint, what: &Ask<'_>) -> Result<Tokens, Error> {
    let first = post(http, endpoint, what, false).await?;
    let unknown =
        first.status.as_u16() == 401 || read(&first.body).get("error") == Some(&Value::from("invalid_client"));
    let response = if unknown { post(http, endpoint, what, true).await? } else { first };
    tokens(endpoint, &response)
}

async fn post(
    http: &outbound::Client,
    endpoint: &Endpoint,
    what: &Ask<'_>,
    basic: bool,
) -> Result<outbound::Response, Error> {
    let url = Url::parse(&endpoint.token_url)
        .map_err(|error| Error::invalid("token_url", format!("`{}` is no URL: {error}", endpoint.token_url)))?;
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    headers.insert(header::USER_AGENT, HeaderValue::from_static(crate::act::USER_AGENT));
    let secret = endpoint.client_secret.expose_secret();
    if basic {
        let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = STANDARD.encode(format!("{}:{}", encode(&endpoint.client_id), encode(secret)));
        if let Ok(mut value) = HeaderValue::from_str(&format!("Basic {pair}")) {
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
    }
    let body = Bytes::from(form(endpoint, what, basic));
    let request = outbound::Request { method: Method::POST, url, headers, body, credentials: Vec::new() };
    http.send(&request, outbound::TOTAL_TIMEOUT).await.map_err(|error| Error::Provider {
        message: format!("the provider's token endpoint at {} gave no answer: {error}", host(endpoint)),
        transient: error.is_transient(),
    })
}

fn host(endpoint: &Endpoint) -> String {
    let url = Url::parse(&endpoint.token_url).ok();
    url.as_ref().and_then(Url::host_str).unwrap_or_default().to_owned()
}

fn form(endpoint: &Endpoint, what: &Ask<'_>, basic: bool) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    match what {
        Ask::Code { code, redirect_uri, verifier } => {
            form.append_pair("grant_type", "authorization_code").append_pair("code", code);
            form.append_pair("redirect_uri", redirect_uri);
            if let Some(verifier) = verifier {
                form.append_pair("code_verifier", verifier.expose_secret());
            }
        }
        Ask::Refresh { token } => {
            form.append_pair("grant_type", "refresh_token").append_pair("refresh_token", token.expose_secret());
        }
        Ask::ClientCredentials { scope } => {
            form.append_pair("grant_type", "client_credentials");
            if let Some(scope) = scope.filter(|scope| !scope.is_empty()) {
                form.append_pair("scope", scope);
            }
        }
    }
    if !basic {
        form.append_pair("client_id", &endpoint.client_id);
        form.append_pair("client_secret", endpoint.client_secret.expose_secret());
    }
    form.finish()
}

/// JSON or, as some providers answer in spite of `Accept`, a form; `null` for anything else.
fn read(body: &[u8]) -> Value {
    let text = String::from_utf8_lossy(body);
    if let Ok(value @ Value::Object(_)) = Value::from_json(&text) {
        return value;
    }
    let pairs: Vec<_> = form_urlencoded::parse(body).collect();
    let is_form = pairs.iter().any(|(key, _)| matches!(&**key, "access_token" | "error"));
    if !is_form {
        return Value::Null;
    }
    Value::object(pairs.iter().map(|(key, value)| (&**key, Value::from(&**value))))
}

fn tokens(endpoint: &Endpoint, response: &outbound::Response) -> Result<Tokens, Error> {
    let answer = read(&response.body);
    let text = |key: &str| answer.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let Some(access_token) = text("access_token").filter(|_| response.status.is_success()) else {
        return Err(refusal(endpoint, response, &answer));
    };
    let seconds = answer.get("expires_in").and_then(|value| match value {
        Value::String(text) => text.trim().parse().ok(),
        value => value.as_f64(),
    });
    Ok(Tokens {
        access_token: SecretString::from(access_token),
        refresh_token: text("refresh_token").map(SecretString::from),
        token_type: text("token_type").unwrap_or("bearer").to_owned(),
        expires_in: seconds
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .filter(|span| !span.is_zero()),
        scope: text("scope").map(str::to_owned),
        body: SecretString::from(String::from_utf8_lossy(&response.body).into_owned()),
    })
}

/// The provider's error in words, without our secrets.
fn refusal(endpoint: &Endpoint, response: &outbound::Response, answer: &Value) -> Error {
    let host = host(endpoint);
    let status = response.status.as_u16();
    let text = |key: &str| match answer.get(key) {
        Some(Value::String(text)) => Some(text.to_string()),
        Some(value @ Value::Object(_)) => Some(value.to_json()),
        _ => None,
    };
    let code = text("error");
    let words = text("error_description").or_else(|| text("message"));
    let meaning = match code.as_deref() {
        Some("invalid_client") => "it does not know the client id, or the secret is wrong",
        Some("invalid_grant") => "the code or refresh token is wrong, used, or expired; authorise the connection again",
        Some("invalid_scope") => "it does not know one of the scopes",
        Some("unauthorized_client") => "the client may not use this grant type",
        Some("unsupported_grant_type") => "it does not offer this grant type",
        _ if response.status.is_success() => "the answer holds no access_token",
        _ if response.status.is_server_error() => "the provider failed",
        _ => "the provider refused",
    };
    let said = match (code, words) {
        (Some(code), Some(words)) => format!("{code} ({words})"),
        (Some(said), None) | (None, Some(said)) => said,
        (None, None) => "no reason given".to_owned(),
    };
    let mut masker = Masker::default();
    masker.add(endpoint.client_secret.expose_secret());
    let said: String = masker.text(&said).chars().filter(|letter| !letter.is_control()).take(MAX_WORDS).collect();
    Error::Provider {
        message: format!("the token endpoint at {host} answered {status}: {said}: {meaning}"),
        transient: response.status.is_server_error() || status == 429,
    }
}
