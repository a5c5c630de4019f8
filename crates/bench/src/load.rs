//! A closed loop: N lanes, each sends an event, waits until the sink has got what must come of it, and goes on.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use axum::{Router, extract::State, routing::any};
use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::sync::oneshot;

/// How long a lane waits for one flow before the run counts as broken.
const PATIENCE: Duration = Duration::from_secs(20);

pub type Http = Client<HttpConnector, Full<Bytes>>;

/// A client with Nagle's algorithm off.
pub fn client() -> Http {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new()).pool_max_idle_per_host(256).build(connector)
}

/// Takes the requests that flows end with, and tells the lane that waits for the order.
#[derive(Clone, Default)]
pub struct Sink(Arc<Mutex<HashMap<String, oneshot::Sender<Instant>>>>);

impl Sink {
    /// Serves on a free port; `http://127.0.0.1:PORT/refund`.
    pub async fn serve(&self) -> Result<String> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let router = Router::new().route("/refund", any(receive)).with_state(self.clone());
        let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
            let _ = stream.set_nodelay(true);
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(format!("http://{address}/refund"))
    }

    fn expect(&self, order: &str) -> oneshot::Receiver<Instant> {
        let (tell, told) = oneshot::channel();
        self.0.lock().expect("no lane panics while it holds the map").insert(order.to_owned(), tell);
        told
    }
}

async fn receive(State(sink): State<Sink>, body: Bytes) -> axum::Json<serde_json::Value> {
    let now = Instant::now();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let order = body["order_id"].as_str().unwrap_or_default();
    if let Some(tell) = sink.0.lock().expect("no lane panics while it holds the map").remove(order) {
        let _ = tell.send(now);
    }
    axum::Json(serde_json::json!({"started": true}))
}

/// What a run gave.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    pub per_second: f64,
    /// Milliseconds from the event's send to the sink's receipt.
    pub p50: f64,
    pub p99: f64,
    pub flows: usize,
}

/// What one lane sends: a target, and the body for an order number.
#[derive(Clone)]
pub struct Shot {
    pub url: String,
    pub authorization: Option<String>,
    pub body: Arc<dyn Fn(&str) -> String + Send + Sync>,
}

/// Runs `lanes` lanes for `span`, after a warm-up of a quarter of it.
pub async fn closed_loop(shot: &Shot, sink: &Sink, lanes: usize, span: Duration) -> Result<Run> {
    let begin = Instant::now() + span / 4;
    let end = begin + span;
    let http = client();
    let tasks: Vec<_> = (0..lanes)
        .map(|lane| {
            let (shot, sink, http) = (shot.clone(), sink.clone(), http.clone());
            tokio::spawn(async move { run_lane(&shot, &sink, &http, lane, begin, end).await })
        })
        .collect();
    let mut took = Vec::new();
    for task in tasks {
        took.extend(task.await??);
    }
    ensure!(!took.is_empty(), "no flow ended within {span:?}");
    took.sort_unstable();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    Ok(Run { per_second: took.len() as f64 / span.as_secs_f64(), p50: at(0.5), p99: at(0.99), flows: took.len() })
}

async fn run_lane(
    shot: &Shot,
    sink: &Sink,
    http: &Http,
    lane: usize,
    begin: Instant,
    end: Instant,
) -> Result<Vec<Duration>> {
    let mut took = Vec::new();
    for number in 0.. {
        let sent = Instant::now();
        if sent >= end {
            break;
        }
        let order = format!("{lane}-{number}-{}", begin.elapsed().as_nanos());
        let told = sink.expect(&order);
        let mut request = Request::post(&shot.url).header(header::CONTENT_TYPE, "application/json");
        if let Some(authorization) = &shot.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let answer = http.request(request.body(Full::new(Bytes::from((shot.body)(&order))))?).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        ensure!(status.is_success(), "the event was answered {status}: {}", String::from_utf8_lossy(&body));
        let came = tokio::time::timeout(PATIENCE, told).await.context("a flow did not reach the sink")??;
        if sent >= begin {
            took.push(came.saturating_duration_since(sent));
        }
    }
    Ok(took)
}
