//! Closed loops: N lanes, each sends, waits until all that must come of it has come, and goes on.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use axum::{Router, serve::ListenerExt};
use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

use crate::sink::Sink;

/// How long a lane waits for one turn before the run counts as broken.
const PATIENCE: Duration = Duration::from_secs(20);

pub type Http = Client<HttpConnector, Full<Bytes>>;

/// A client with Nagle's algorithm off.
pub fn client() -> Http {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new()).pool_max_idle_per_host(256).build(connector)
}

/// Serves `router` on a free port with Nagle's algorithm off; `http://127.0.0.1:PORT`.
pub async fn listen(router: Router) -> Result<String> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(format!("http://{address}"))
}

/// What a run gave.
#[derive(Debug, Clone, Copy, Default)]
pub struct Run {
    pub per_second: f64,
    /// Milliseconds from the send to what counts as the end.
    pub p50: f64,
    pub p99: f64,
    /// What ended, the warm-up included.
    pub ended: usize,
    /// Seconds from the first send to the last end.
    pub seconds: f64,
}

/// What the lanes send.
#[derive(Clone)]
pub struct Shot {
    pub method: Method,
    /// Lane N sends to the address N modulo their number.
    pub urls: Vec<String>,
    pub authorization: Option<String>,
    /// The body for an order number.
    pub body: Arc<dyn Fn(&str) -> String + Send + Sync>,
}

impl Shot {
    pub fn post(
        url: impl Into<String>,
        authorization: Option<String>,
        body: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> Self {
        Self { method: Method::POST, urls: vec![url.into()], authorization, body: Arc::new(body) }
    }

    pub fn get(url: impl Into<String>, authorization: Option<String>) -> Self {
        let body = Arc::new(|_: &str| String::new());
        Self { method: Method::GET, urls: vec![url.into()], authorization, body }
    }

    /// Sends once; an answer that is not 2xx is an error.
    pub async fn send(&self, http: &Http, lane: usize, order: &str) -> Result<()> {
        let url = &self.urls[lane % self.urls.len()];
        let mut request = Request::builder().method(&self.method).uri(url);
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        if self.method == Method::POST {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let answer = http.request(request.body(Full::new(Bytes::from((self.body)(order))))?).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        ensure!(status.is_success(), "{url} answered {status}: {}", String::from_utf8_lossy(&body));
        Ok(())
    }
}

/// Lanes that send the same.
#[derive(Clone)]
struct Lanes {
    shot: Shot,
    /// Where an order's refund ends a turn; without one the answer does.
    sink: Option<Sink>,
    http: Http,
    /// Makes order numbers of different runs different.
    run: usize,
}

impl Lanes {
    fn new(shot: &Shot, sink: Option<&Sink>) -> Self {
        static RUNS: AtomicUsize = AtomicUsize::new(0);
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        Self { shot: shot.clone(), sink: sink.cloned(), http: client(), run }
    }

    /// Runs `count` lanes for as long as `go_on` says so; each turn's begin and end.
    async fn run(self, count: usize, go_on: impl Fn() -> bool + Clone + Send + 'static) -> Result<Vec<Turn>> {
        let tasks: Vec<_> = (0..count)
            .map(|lane| {
                let (lanes, go_on) = (self.clone(), go_on.clone());
                tokio::spawn(async move { lanes.run_one(lane, go_on).await })
            })
            .collect();
        let mut turns = Vec::new();
        for task in tasks {
            turns.extend(task.await??);
        }
        Ok(turns)
    }

    async fn run_one(self, lane: usize, go_on: impl Fn() -> bool) -> Result<Vec<Turn>> {
        let mut turns = Vec::new();
        while go_on() {
            let order = format!("{}-{lane}-{}", self.run, turns.len());
            let began = Instant::now();
            let late = || format!("order {order} was not done within {PATIENCE:?}");
            let ended = tokio::time::timeout(PATIENCE, self.turn(lane, &order)).await.with_context(late)??;
            turns.push(Turn { began, ended });
        }
        Ok(turns)
    }

    /// When it ended.
    async fn turn(&self, lane: usize, order: &str) -> Result<Instant> {
        let told = self.sink.as_ref().map(|sink| sink.expect(order));
        self.shot.send(&self.http, lane, order).await?;
        match told {
            Some(told) => Ok(told.await?),
            None => Ok(Instant::now()),
        }
    }
}

struct Turn {
    began: Instant,
    ended: Instant,
}

/// Runs `lanes` lanes for `span`, after a warm-up of a quarter of it that does not count.
pub async fn closed_loop(shot: &Shot, sink: Option<&Sink>, lanes: usize, span: Duration) -> Result<Run> {
    let began = Instant::now();
    let (begin, end) = (began + span / 4, began + span * 5 / 4);
    let turns = Lanes::new(shot, sink).run(lanes, move || Instant::now() < end).await?;
    let seconds = began.elapsed().as_secs_f64();
    let counted = turns.iter().filter(|turn| turn.began >= begin);
    let mut took: Vec<Duration> = counted.map(|turn| turn.ended.saturating_duration_since(turn.began)).collect();
    ensure!(!took.is_empty(), "nothing ended within {span:?}");
    took.sort_unstable();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    let per_second = took.len() as f64 / span.as_secs_f64();
    Ok(Run { per_second, p50: at(0.5), p99: at(0.99), ended: turns.len(), seconds })
}

/// Sends `count` times from `lanes` lanes; the seconds that took.
pub async fn fill(shot: &Shot, sink: Option<&Sink>, lanes: usize, count: usize) -> Result<f64> {
    let began = Instant::now();
    let taken = Arc::new(AtomicUsize::new(0));
    Lanes::new(shot, sink).run(lanes, move || taken.fetch_add(1, Ordering::Relaxed) < count).await?;
    Ok(began.elapsed().as_secs_f64())
}
