//! Answers: JSON with Zendesk's headers.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use axum::{
    body::Body,
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use zis_flow::Value;

/// Requests in a minute that are announced: Zendesk's hard ceiling for an account. Nobody is held to it here.
const ANNOUNCED: u64 = 100_000;
const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// An answer with a JSON body.
pub fn json(status: StatusCode, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_json()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response
}

/// 200 with one member: `{"ticket": …}`.
pub fn one(name: &str, value: Value) -> Response {
    json(StatusCode::OK, &Value::object([(name, value)]))
}

/// 201 with one member and its address.
pub fn created(name: &str, value: Value, location: &str) -> Response {
    let response = json(StatusCode::CREATED, &Value::object([(name, value)]));
    with_header(response, header::LOCATION, location)
}

pub fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// The answer with one more header; a value that can't be one is left out.
pub fn with_header(mut response: Response, name: HeaderName, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}

/// Tells of members that were not used, as Zendesk does.
pub fn warned(response: Response, controller: &str, action: &str, ignored: &[String]) -> Response {
    if ignored.is_empty() {
        return response;
    }
    let keys: Vec<String> = ignored.iter().map(|key| format!("{key:?}")).collect();
    let text = format!(
        "{{:allowed_parameters=>{{:controller=>{controller:?}, :action=>{action:?}, :unpermitted_keys=>[{}], :invalid_values=>[]}}}}",
        keys.join(", ")
    );
    with_header(response, HeaderName::from_static("x-zendesk-api-warn"), &text)
}

/// Requests of the current minute, for the rate headers.
static MINUTE: AtomicU64 = AtomicU64::new(0);
static USED: AtomicU64 = AtomicU64::new(0);

/// How many are left of the announced, and the seconds until all are.
fn meter() -> (u64, u64) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let minute = now / 60;
    if MINUTE.swap(minute, Ordering::Relaxed) != minute {
        USED.store(0, Ordering::Relaxed);
    }
    let used = USED.fetch_add(1, Ordering::Relaxed) + 1;
    (ANNOUNCED.saturating_sub(used).max(1), 60 - now % 60)
}

/// Puts Zendesk's headers on every answer.
pub async fn headers(request: Request, next: Next) -> Response {
    let start = Instant::now();
    let mut response = next.run(request).await;
    let (left, resets) = meter();
    let good = response.status().is_success() || response.status().is_redirection();
    let cache = if good { "max-age=0, private, must-revalidate" } else { "no-cache" };
    let all = response.headers_mut();
    all.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static(cache));
    all.insert("x-zendesk-api-version", HeaderValue::from_static("v2"));
    for (name, number) in [
        ("x-rate-limit", ANNOUNCED),
        ("x-rate-limit-remaining", left),
        ("ratelimit-limit", ANNOUNCED),
        ("ratelimit-remaining", left),
        ("ratelimit-reset", resets),
    ] {
        all.insert(HeaderName::from_static(name), HeaderValue::from(number));
    }
    if let Ok(value) = HeaderValue::from_str(&format!("{:.6}", start.elapsed().as_secs_f64())) {
        all.insert("x-runtime", value);
    }
    response
}
