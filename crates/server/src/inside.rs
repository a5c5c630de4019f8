//! The router as the engine reaches it without a socket: what flows ask of the local Zendesk.

use std::{convert::Infallible, net::SocketAddr};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::ConnectInfo,
};
use futures_util::future::BoxFuture;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use tower::ServiceExt;
use zis_engine::outbound::inside;

/// This server's router.
pub(crate) struct Own {
    router: Router,
    /// Where the caller seems to be: on this server's own machine.
    peer: SocketAddr,
}

impl Own {
    pub(crate) fn new(router: Router, peer: SocketAddr) -> Self {
        Self { router, peer }
    }
}

impl inside::Service for Own {
    fn answer(&self, request: Request<Full<Bytes>>) -> BoxFuture<'static, Result<Response<inside::Body>, Infallible>> {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(self.peer));
        let answer = self.router.clone().oneshot(request);
        Box::pin(async move { Ok(answer.await?.map(|body| body.map_err(Into::into).boxed_unsync())) })
    }
}
