//! The world that flows call: gives profiles, takes refunds, and tells the lane that waits for an order that its refund has come.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use anyhow::Result;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

const PROFILE: &str = r#"{"profile":{"name":"John Doe","attributes":{"membership":"premium"}}}"#;
const STARTED: &str = r#"{"started":true}"#;

/// Answers at once on a free port of loopback; clones are the same sink.
#[derive(Clone, Default)]
pub struct Sink(Arc<Inner>);

#[derive(Default)]
struct Inner {
    waiting: Mutex<HashMap<String, oneshot::Sender<Instant>>>,
    profiles: AtomicUsize,
    refunds: AtomicUsize,
}

impl Sink {
    /// Serves; `http://127.0.0.1:PORT`, with profiles at `/profiles/ID` and refunds at any other path.
    pub async fn serve(&self) -> Result<String> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let base = format!("http://{}", listener.local_addr()?);
        let sink = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(sink.clone().answer_all(stream));
            }
        });
        Ok(base)
    }

    /// When the refund of `order` has come.
    pub fn expect(&self, order: &str) -> oneshot::Receiver<Instant> {
        let (tell, told) = oneshot::channel();
        self.0.waiting.lock().expect("no lane panics while it holds the map").insert(order.to_owned(), tell);
        told
    }

    /// Requests so far: of profiles, of refunds.
    pub fn seen(&self) -> (usize, usize) {
        (self.0.profiles.load(Ordering::Relaxed), self.0.refunds.load(Ordering::Relaxed))
    }

    /// Without a router: what the sink takes of the machine is missing to what is measured.
    async fn answer_all(self, stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let service = service_fn(|request| self.answer(request));
        // A peer that is gone needs no answer.
        let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        let answer = if request.uri().path().starts_with("/profiles/") {
            self.0.profiles.fetch_add(1, Ordering::Relaxed);
            PROFILE
        } else {
            self.refund(request.into_body()).await;
            STARTED
        };
        let mut answer = Response::new(Full::new(Bytes::from_static(answer.as_bytes())));
        answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(answer)
    }

    async fn refund(&self, body: Incoming) {
        let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        let now = Instant::now();
        self.0.refunds.fetch_add(1, Ordering::Relaxed);
        let Ok(Refund { order_id }) = serde_json::from_slice(&body) else { return };
        if let Some(tell) = self.0.waiting.lock().expect("no lane panics while it holds the map").remove(order_id) {
            let _ = tell.send(now);
        }
    }
}

/// What counts of a refund's body.
#[derive(Deserialize)]
struct Refund<'a> {
    order_id: &'a str,
}
