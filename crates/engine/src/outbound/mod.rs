//! The HTTP client of the engine: pooled, capped, and guarded against private addresses (D10).
//!
//! Everything that leaves the process goes through [`Client::send`]: actions, OAuth, webhooks out. It follows redirects itself, so
//! that each hop is checked and loses its credentials on another host, and it never tries twice by itself what could change something.

mod connect;
pub mod error;
pub mod guard;
pub mod inside;
pub mod resolve;

use std::{borrow::Cow, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use http_body_util::{BodyExt, Either, Full};
use hyper::body::{Body, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy,
    rt::{TokioExecutor, TokioTimer},
};
use tokio::time::Instant;
use url::{Position, Url};

use crate::turns::{Turn, Turns};

pub use error::Error;
pub use guard::{Allowed, Policy};
pub use inside::Inside;
pub use resolve::{Resolver, SystemResolver};

/// Name resolution, TCP and its retries over a name's addresses: a host that needs longer is down.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// One request with all its redirects and the whole answer (spec 2.4.4). A flow has 100 s for all its actions.
pub const TOTAL_TIMEOUT: Duration = Duration::from_secs(10);
/// A request body (spec 2.4.4): `$` itself may have 1 MiB.
pub const MAX_REQUEST_BYTES: usize = 1024 * 1024;
/// A response body (spec 2.4.4): what a page of 100 large tickets takes, with room.
pub const MAX_RESPONSE_BYTES: usize = 5 * 1024 * 1024;
/// Headers of a request: more than any API asks for, few enough to be journaled.
pub const MAX_REQUEST_HEADERS: usize = 64;
/// Headers of a response; each is kept in memory and shown in the trace.
pub const MAX_RESPONSE_HEADERS: usize = 100;
/// Bytes of a response's head, and of the read buffer.
const MAX_HEAD_BYTES: usize = 256 * 1024;
/// Redirects of one GET or HEAD (spec 2.4.4).
pub const MAX_REDIRECTS: usize = 5;
/// Requests on their way to one host at once: what a host that answers in 100 ms takes at 2,500 requests per second.
pub const MAX_CONNECTIONS_PER_HOST: usize = 256;
/// Bytes of a URL: servers commonly stop at 8 KiB, proxies at 16.
pub const MAX_URL_BYTES: usize = 16 * 1024;
/// Connections kept open to one host when nobody uses them: as many as a busy node has calls in flight.
const MAX_IDLE_PER_HOST: usize = 128;
/// How long: shorter than the minute after which load balancers drop silently.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// One request, ready to send.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// Headers that hold a credential, beside the usual ones: dropped when a redirect leads to another host.
    pub credentials: Vec<HeaderName>,
}

/// One complete answer.
#[derive(Debug, Clone)]
pub struct Response {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

type Inner = legacy::Client<HttpsConnector<connect::Connector>, Full<Bytes>>;
/// An answer whose body is still to be read.
type Head = http::Response<Either<Incoming, inside::Body>>;

/// The client; clones share the pool.
#[derive(Clone)]
pub struct Client {
    inner: Inner,
    inside: Inside,
    allow_http: bool,
    timeout: Duration,
    max_response: usize,
    max_redirects: usize,
    turns: Arc<Turns>,
}

/// What a client is made of.
pub struct Options {
    pub policy: Policy,
    /// The way to the server's own router; closed unless the server opens it.
    pub inside: Inside,
    pub resolver: Arc<dyn Resolver>,
    /// Whether `http://` is allowed (spec 2.4.4).
    pub allow_http: bool,
    /// [`TOTAL_TIMEOUT`] unless configured.
    pub timeout: Duration,
    /// [`MAX_RESPONSE_BYTES`] unless configured.
    pub max_response: usize,
    /// [`MAX_REDIRECTS`] unless configured.
    pub max_redirects: usize,
    /// [`MAX_CONNECTIONS_PER_HOST`] unless configured.
    pub max_connections_per_host: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            inside: Inside::default(),
            resolver: Arc::new(SystemResolver),
            allow_http: true,
            timeout: TOTAL_TIMEOUT,
            max_response: MAX_RESPONSE_BYTES,
            max_redirects: MAX_REDIRECTS,
            max_connections_per_host: MAX_CONNECTIONS_PER_HOST,
        }
    }
}

impl Client {
    pub fn new(options: Options) -> Result<Self, rustls::Error> {
        let connector = connect::Connector::new(Arc::new(options.policy), options.resolver);
        let provider = rustls::crypto::ring::default_provider();
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(provider)?
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        let inner = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(MAX_IDLE_PER_HOST)
            .http1_max_headers(MAX_RESPONSE_HEADERS)
            .http1_max_buf_size(MAX_HEAD_BYTES)
            .build(connector);
        let Options { inside, allow_http, timeout, max_response, max_redirects, max_connections_per_host, .. } =
            options;
        let turns = Arc::new(Turns::new(max_connections_per_host));
        Ok(Self { inner, inside, allow_http, timeout, max_response, max_redirects, turns })
    }

    /// Sends `request`, follows a few redirects of a GET or HEAD, and reads the whole answer. Gives up after `limit` or the client's own
    /// timeout, whichever is shorter; waiting for a turn at the host counts towards `limit` only.
    pub async fn send(&self, request: &Request, limit: Duration) -> Result<Response, Error> {
        if request.body.len() > MAX_REQUEST_BYTES {
            let (size, most) = (request.body.len(), MAX_REQUEST_BYTES);
            return Err(Error::Invalid(format!("the request body has {size} bytes; at most {most} are sent")));
        }
        if request.headers.len() > MAX_REQUEST_HEADERS {
            let (count, most) = (request.headers.len(), MAX_REQUEST_HEADERS);
            return Err(Error::Invalid(format!("the request has {count} headers; at most {most} are sent")));
        }
        let give_up = Instant::now() + limit;
        let line = origin(&request.url);
        let turn = tokio::time::timeout(limit, self.turns.wait(&line)).await.map_err(|_| Error::Deadline)?;
        let limit = give_up.saturating_duration_since(Instant::now());
        let late = if limit < self.timeout { Error::Deadline } else { Error::Timeout(self.timeout) };
        tokio::time::timeout(limit.min(self.timeout), self.follow(request, turn)).await.unwrap_or(Err(late))
    }

    async fn follow(&self, request: &Request, mut turn: Turn) -> Result<Response, Error> {
        let mut request = Cow::Borrowed(request);
        for _ in 0..=self.max_redirects {
            let response = self.exchange(&request).await?;
            let Some(next) = redirect(&request, &response) else {
                let (parts, body) = response.into_parts();
                let headers = if request.method == Method::HEAD { &HeaderMap::new() } else { &parts.headers };
                let body = read(body, headers, self.max_response).await?;
                if let Some(coding) = coding(&parts.headers).filter(|_| parts.status.is_success() && !body.is_empty()) {
                    return Err(Error::Encoded(coding));
                }
                return Ok(Response { status: parts.status, headers: parts.headers, body });
            };
            if origin(&request.url) != origin(&next) {
                // First given back, then asked for: two hosts that send to each other's must not wait for each other.
                drop(turn.take());
                turn = self.turns.wait(&origin(&next)).await;
            }
            let request = request.to_mut();
            if !stays(&request.url, &next) {
                let usual = [header::AUTHORIZATION, header::COOKIE, header::PROXY_AUTHORIZATION];
                for name in usual.iter().chain(&request.credentials) {
                    request.headers.remove(name);
                }
            }
            request.url = next;
        }
        Err(Error::Redirects(self.max_redirects))
    }

    /// One hop. A kept connection may have been closed by the other side just now; what changes nothing outside is then sent once
    /// more on a new one.
    async fn exchange(&self, request: &Request) -> Result<Head, Error> {
        let uri = self.uri(&request.url)?;
        match self.attempt(request, &uri).await {
            Err(error) if request.method.is_safe() && is_stale(&error) => self.attempt(request, &uri).await,
            answer => answer,
        }
        .map_err(|error| Error::from_client(&error))
    }

    async fn attempt(&self, request: &Request, uri: &Uri) -> Result<Head, legacy::Error> {
        let mut wire = http::Request::new(Full::new(request.body.clone()));
        *wire.method_mut() = request.method.clone();
        *wire.headers_mut() = request.headers.clone();
        if let Some(service) = self.inside.takes(uri, &mut wire) {
            let Ok(answer) = service.answer(wire).await;
            return Ok(answer.map(Either::Right));
        }
        *wire.uri_mut() = uri.clone();
        // Without the header any coding would be welcome (RFC 9110 12.5.3).
        wire.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        self.inner.request(wire).await.map(|answer| answer.map(Either::Left))
    }

    fn uri(&self, url: &Url) -> Result<Uri, Error> {
        let scheme = url.scheme();
        if scheme != "https" && !(scheme == "http" && self.allow_http) {
            return Err(Error::Invalid(format!("`{scheme}` URLs are not allowed")));
        }
        if url.as_str().len() > MAX_URL_BYTES {
            return Err(Error::Invalid(format!("the URL is longer than {MAX_URL_BYTES} bytes")));
        }
        let text = url.as_str().split('#').next().unwrap_or_default();
        text.parse().map_err(|error| Error::Invalid(format!("`{text}` is no URL that can be sent: {error}")))
    }
}

/// Whether the connection was closed before anything of an answer came.
fn is_stale(error: &legacy::Error) -> bool {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<hyper::Error>());
    !error.is_connect() && source.is_some_and(|error| error.is_incomplete_message() || error.is_canceled())
}

/// Where a GET or HEAD is sent on to.
fn redirect(request: &Request, response: &Head) -> Option<Url> {
    let moved = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    if !moved || !matches!(request.method, Method::GET | Method::HEAD) {
        return None;
    }
    let location = response.headers().get(header::LOCATION)?.to_str().ok()?;
    let mut next = request.url.join(location).ok()?;
    // Credentials in a Location are the other side's idea, not the bundle's.
    next.set_username("").and_then(|()| next.set_password(None)).ok()?;
    Some(next)
}

/// Scheme, host and port: what tells hosts apart, and in whose line a request stands. A part of the URL, unless that names a user.
pub(crate) fn origin(url: &Url) -> Cow<'_, str> {
    if url.username().is_empty() && url.password().is_none() {
        return Cow::Borrowed(&url[..Position::BeforePath]);
    }
    Cow::Owned(url.origin().ascii_serialization())
}

/// Whether `next` is the same host, so that credentials may go there. From `http` to `https` on the default ports still is; the way
/// back is not.
fn stays(url: &Url, next: &Url) -> bool {
    let upgraded = url.scheme() == "http" && next.scheme() == "https" && url.port().is_none() && next.port().is_none();
    url.host() == next.host() && (upgraded || origin(url) == origin(next))
}

/// How the body is packed, which nobody here unpacks.
fn coding(headers: &HeaderMap) -> Option<String> {
    let named = String::from_utf8_lossy(headers.get(header::CONTENT_ENCODING)?.as_bytes()).trim().to_ascii_lowercase();
    Some(named).filter(|coding| !coding.is_empty() && coding != "identity")
}

async fn read<B>(mut body: B, headers: &HeaderMap, limit: usize) -> Result<Bytes, Error>
where
    B: Body<Data = Bytes, Error = Box<dyn std::error::Error + Send + Sync>> + Unpin,
{
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > limit) {
        return Err(Error::TooLarge { limit });
    }
    let mut first: Option<Bytes> = None;
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Error::from_client(&*error))?;
        let Ok(data) = frame.into_data() else { continue };
        let have = first.as_ref().map_or(0, Bytes::len) + rest.len();
        if have + data.len() > limit {
            return Err(Error::TooLarge { limit });
        }
        // Most answers are one piece, and need no copy.
        match first {
            None => first = Some(data),
            Some(_) => rest.extend_from_slice(&data),
        }
    }
    let first = first.unwrap_or_default();
    if rest.is_empty() {
        return Ok(first);
    }
    let mut all = BytesMut::from(&first[..]);
    all.unsplit(rest);
    Ok(all.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_no_part_of_the_origin() {
        for text in [
            "https://api.example.com/a?b#c",
            "HTTPS://Api.Example.com:443",
            "http://127.1:8080/",
            "http://[::1]/x",
            "https://user:pw@api.example.com:8443/x",
            "https://user@api.example.com/x",
            "https://:pw@api.example.com/x",
        ] {
            let url = Url::parse(text).unwrap();
            assert_eq!(origin(&url), url.origin().ascii_serialization(), "{text}");
        }
    }
}
