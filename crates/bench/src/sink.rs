//! The world that flows call: gives profiles, takes refunds, and tells the lane that waits for an order that its refund has come.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use anyhow::Result;
use axum::{
    Json, Router,
    extract::State,
    routing::{any, get},
};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::load::listen;

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
    /// Serves; `http://127.0.0.1:PORT`, with `GET /profiles/ID` and any method at `/refund`.
    pub async fn serve(&self) -> Result<String> {
        let router = Router::new().route("/refund", any(refund)).route("/profiles/{id}", get(profile));
        listen(router.with_state(self.clone())).await
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
}

async fn refund(State(Sink(sink)): State<Sink>, body: Bytes) -> Json<Value> {
    let now = Instant::now();
    sink.refunds.fetch_add(1, Ordering::Relaxed);
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let order = body["order_id"].as_str().unwrap_or_default();
    if let Some(tell) = sink.waiting.lock().expect("no lane panics while it holds the map").remove(order) {
        let _ = tell.send(now);
    }
    Json(json!({"started": true}))
}

async fn profile(State(Sink(sink)): State<Sink>) -> Json<Value> {
    sink.profiles.fetch_add(1, Ordering::Relaxed);
    Json(json!({"profile": {"name": "John Doe", "attributes": {"membership": "premium"}}}))
}
