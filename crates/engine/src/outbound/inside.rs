//! Requests to this very server: handed to its router in the process, without a socket in between.
//!
//! To the flow it is the same HTTP request to the same origin. It costs a tenth, and needs none of the connections that it would wait for
//! when the server is busy with flows that all ask it something.

use std::{
    convert::Infallible,
    sync::{Arc, OnceLock, Weak},
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderValue, Uri, header, uri::PathAndQuery};
use http_body_util::{Full, combinators::UnsyncBoxBody};
use url::Url;

/// The body of an answer.
pub type Body = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// What answers at the server's own origin.
pub trait Service: Send + Sync {
    /// Answers `request`, whose URI is a path and whose `Host` is the origin's.
    fn answer(
        &self,
        request: http::Request<Full<Bytes>>,
    ) -> BoxFuture<'static, Result<http::Response<Body>, Infallible>>;
}

/// The way inside: closed until the server opens it, and closed again when the server is gone. Clones share it. While it is closed,
/// requests take the network like any other.
#[derive(Clone, Default)]
pub struct Inside(Arc<OnceLock<Own>>);

struct Own {
    origin: Url,
    host: HeaderValue,
    service: Weak<dyn Service>,
}

impl Inside {
    /// From now on, and for as long as `service` lives, requests to `origin` go to it. Only the first call counts.
    pub fn open(&self, origin: &Url, service: &Arc<impl Service + 'static>) {
        let Ok(host) = HeaderValue::from_str(origin.authority()) else { return };
        let service = Arc::downgrade(service);
        let _ = self.0.set(Own { origin: origin.clone(), host, service });
    }

    /// The service for `uri`, and the request as a connection to it would have carried it.
    pub(super) fn takes(&self, uri: &Uri, request: &mut http::Request<Full<Bytes>>) -> Option<Arc<dyn Service>> {
        let Own { origin, host, service } = self.0.get()?;
        let same = uri.scheme_str() == Some(origin.scheme())
            && uri.host() == origin.host_str()
            && uri.port_u16() == origin.port();
        let service = service.upgrade().filter(|_| same)?;
        *request.uri_mut() = uri.path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/")).into();
        request.headers_mut().entry(header::HOST).or_insert_with(|| host.clone());
        Some(service)
    }
}
