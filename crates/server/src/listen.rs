//! Accepting connections: limits on headers and their time, no Nagle delay, graceful end.

use std::{future::Future, pin::pin, sync::Arc, time::Duration};

use axum::{Router, extract::connect_info::ConnectInfo};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tower::ServiceExt;

use crate::{config, deadline::Deadline, patience::Patience, proxied};

/// Most header lines of a request: browsers send about 20, proxies add a few.
const MAX_HEADERS: usize = 100;
/// Most bytes of the request line and all headers together.
const MAX_HEADER_BYTES: usize = 64 * 1024;
/// Pause after an accept failed for want of resources, so that the loop does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves `router` on `listener` until `shutdown` resolves, then waits for requests under way, `drain_timeout` at most.
pub(crate) async fn serve(
    listener: &TcpListener,
    router: Router,
    limits: &config::Server,
    shutdown: impl Future<Output = ()>,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_headers(MAX_HEADERS)
        .max_header_size(MAX_HEADER_BYTES)
        .max_buf_size(2 * MAX_HEADER_BYTES);
    let graceful = GracefulShutdown::new();
    let (body_timeout, write_timeout) = (limits.body_timeout, limits.write_timeout);
    let proxies = Arc::<[_]>::from(limits.trusted_proxies.as_slice());
    let permits = Arc::new(Semaphore::new(limits.max_connections));
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut shutdown => break,
            accepted = accept(listener, &permits) => accepted,
        };
        let Some((stream, peer, permit)) = accepted else { continue };
        let (router, proxies) = (router.clone(), proxies.clone());
        let service = service_fn(move |request: http::Request<Incoming>| {
            let mut request = request.map(|body| axum::body::Body::new(Deadline::new(body, body_timeout)));
            let client = proxied::client(peer, request.headers(), &proxies);
            request.extensions_mut().insert(ConnectInfo(client));
            router.clone().oneshot(request)
        });
        let connection =
            graceful.watch(http.serve_connection(TokioIo::new(Patience::new(stream, write_timeout)), service));
        tokio::spawn(async move {
            // A connection that breaks is the client's affair.
            let _ = connection.await;
            drop(permit);
        });
    }
    let _ = tokio::time::timeout(limits.drain_timeout, graceful.shutdown()).await;
}

async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> Option<(TcpStream, std::net::SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let permit = permits.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            let _ = stream.set_nodelay(true);
            Some((stream, peer, permit))
        }
        Err(error) => {
            tracing::warn!(%error, "can't accept a connection: {error}");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}
