//! What surrounds every route: shapes of errors, panics, time limits, security headers, a request id, and paths that end in `.json`.

use std::{any::Any, convert::Infallible, panic::AssertUnwindSafe};

use axum::{
    Router,
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use http::{HeaderName, HeaderValue, Uri, header, uri::PathAndQuery};
use tower::ServiceExt;

use crate::errors::{
    Code, Refusal,
    render::{self, Family},
};

/// Name of the header that names a request, in and out.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Most bytes of path and query: three names of a link, each as long as it may be and percent-encoded, and then some.
const MAX_TARGET: usize = 16 * 1024;

/// The name of a request; handlers and refusals find it in the request's extensions.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// Headers of every answer that does not say otherwise.
const SECURITY: [(HeaderName, HeaderValue); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
];

/// `router` with everything around it, in one service: layers of the router itself would come too late to change the path, and each of
/// them would cost a clone and an allocation more for every request.
pub(crate) fn surround(router: Router) -> Router {
    Router::new().fallback_service(tower::service_fn(move |request| {
        let router = router.clone();
        async move { Ok::<_, Infallible>(answer(router, request).await) }
    }))
}

async fn answer(router: Router, request: Request) -> Response {
    let mut request = without_suffix(request);
    let id = request_id(&request);
    request.extensions_mut().insert(RequestId(id.clone()));
    let family = Family::of(request.uri().path());
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let answered = if target <= MAX_TARGET {
        let answered = AssertUnwindSafe(router.oneshot(request)).catch_unwind().await;
        answered.map_or_else(panicked, |Ok(response)| response)
    } else {
        too_long(target)
    };
    let mut response = render::render(family, answered);
    metrics::counter!("zis_http_requests_total", "family" => family.as_str(), "status" => class(&response))
        .increment(1);
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::try_from(id) {
        headers.insert(REQUEST_ID, value);
    }
    for (name, value) in SECURITY {
        headers.entry(name).or_insert(value);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    Refusal::internal(format!("a handler panicked: {}", text.unwrap_or("without a word"))).into_response()
}

/// What the sender calls the request, or a new name.
fn request_id(request: &Request) -> String {
    let given = request.headers().get(&REQUEST_ID).and_then(|value| value.to_str().ok());
    let good = given.filter(|id| (1..=100).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()));
    good.map_or_else(|| uuid::Uuid::now_v7().to_string(), str::to_owned)
}

fn too_long(target: usize) -> Response {
    let message = format!("path and query have {target} bytes, {MAX_TARGET} are the most");
    Refusal::new(Code::TargetTooLong, message).into_response()
}

/// `2xx`, `4xx`, …: single statuses would make too many series.
fn class(response: &Response) -> &'static str {
    match response.status().as_u16() / 100 {
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        5 => "5xx",
        _ => "1xx",
    }
}

/// Zendesk's clients put `.json` behind paths. Not where the last part is a name that people choose.
fn without_suffix(mut request: http::Request<Body>) -> http::Request<Body> {
    let path = request.uri().path();
    let theirs = path.starts_with("/api/v2/") || path.starts_with("/api/services/zis/");
    let Some(short) = path.strip_suffix(".json").filter(|_| theirs && !path.contains("/configs/")) else {
        return request;
    };
    let target = match request.uri().query() {
        Some(query) => format!("{short}?{query}"),
        None => short.to_owned(),
    };
    if let Ok(target) = PathAndQuery::try_from(target) {
        let mut parts = std::mem::take(request.uri_mut()).into_parts();
        parts.path_and_query = Some(target);
        *request.uri_mut() = Uri::from_parts(parts).unwrap_or_default();
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_go_where_they_mean_nothing() {
        let cases = [
            ("/api/v2/tickets.json", "/api/v2/tickets"),
            ("/api/v2/search.json?query=a.json", "/api/v2/search?query=a.json"),
            ("/api/services/zis/registry/integrations.json", "/api/services/zis/registry/integrations"),
            ("/api/services/zis/integrations/a/configs/b.json", "/api/services/zis/integrations/a/configs/b.json"),
            ("/bins/a.json", "/bins/a.json"),
            ("/api/zis/v1/openapi.json", "/api/zis/v1/openapi.json"),
        ];
        for (from, to) in cases {
            let request = http::Request::builder().uri(from).body(Body::empty()).unwrap();
            assert_eq!(without_suffix(request).uri().to_string(), to);
        }
    }
}
