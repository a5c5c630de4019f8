//! Closed loops: N lanes, each sends, waits until all that must come of it has come, and goes on.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::sink::Sink;

/// How long a lane waits for one turn before the run counts as broken.
const PATIENCE: Duration = Duration::from_secs(20);

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

/// Stands in a body where an order's number goes.
pub const ORDER: &str = "ORDER-HERE";

/// What the lanes send.
#[derive(Clone)]
pub struct Shot {
    method: Method,
    /// Lane N sends to the address N modulo their number.
    pub urls: Vec<String>,
    authorization: Option<String>,
    /// May hold [`ORDER`].
    body: Arc<str>,
}

impl Shot {
    pub fn post(url: impl Into<String>, authorization: Option<String>, body: impl Into<Arc<str>>) -> Self {
        Self { method: Method::POST, urls: vec![url.into()], authorization, body: body.into() }
    }

    pub fn get(url: impl Into<String>, authorization: Option<String>) -> Self {
        Self { method: Method::GET, urls: vec![url.into()], authorization, body: "".into() }
    }

    /// Sends one, on a connection of its own.
    pub async fn once(&self) -> Result<()> {
        Line::open(self.clone(), 0).await?.send("first").await
    }
}

/// A lane's own connection: no pool and nothing shared, for what the generator takes of the machine is missing to what it measures.
struct Line {
    shot: Shot,
    url: Uri,
    authorization: Option<HeaderValue>,
    connection: SendRequest<Full<Bytes>>,
}

impl Line {
    async fn open(shot: Shot, lane: usize) -> Result<Self> {
        let url: Uri = shot.urls[lane % shot.urls.len()].parse()?;
        let authorization = shot.authorization.as_deref().map(HeaderValue::from_str).transpose()?;
        let connection = connect(&url).await?;
        Ok(Self { shot, url, authorization, connection })
    }

    /// Sends once; an answer that is not 2xx is an error.
    async fn send(&mut self, order: &str) -> Result<()> {
        if self.connection.ready().await.is_err() {
            // The server has closed a connection that it need not keep.
            self.connection = connect(&self.url).await?;
        }
        let (host, path) = (self.url.authority(), self.url.path_and_query());
        let mut request = Request::builder().method(&self.shot.method);
        request = request.uri(path.map_or("/", |path| path.as_str()));
        request = request.header(header::HOST, host.map_or("", |host| host.as_str()));
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        if self.shot.method == Method::POST {
            request = request.header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let request = request.body(Full::new(Bytes::from(self.shot.body.replacen(ORDER, order, 1))))?;
        let answer = self.connection.send_request(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        ensure!(status.is_success(), "{} answered {status}: {}", self.url, String::from_utf8_lossy(&body));
        Ok(())
    }
}

async fn connect(url: &Uri) -> Result<SendRequest<Full<Bytes>>> {
    let authority = url.authority().with_context(|| format!("{url} names no host"))?;
    let stream = TcpStream::connect(authority.as_str()).await.with_context(|| url.to_string())?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // What goes wrong with it is told to the sender.
    tokio::spawn(connection);
    Ok(sender)
}

/// Lanes that send the same.
#[derive(Clone)]
struct Lanes {
    shot: Shot,
    /// Where an order's refund ends a turn; without one the answer does.
    sink: Option<Sink>,
    /// Makes order numbers of different runs different.
    run: usize,
}

impl Lanes {
    fn new(shot: &Shot, sink: Option<&Sink>) -> Self {
        static RUNS: AtomicUsize = AtomicUsize::new(0);
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        Self { shot: shot.clone(), sink: sink.cloned(), run }
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
        let mut line = Line::open(self.shot.clone(), lane).await?;
        let mut turns = Vec::new();
        while go_on() {
            let order = format!("{}-{lane}-{}", self.run, turns.len());
            let began = Instant::now();
            let late = || format!("order {order} was not done within {PATIENCE:?}");
            let ended = tokio::time::timeout(PATIENCE, self.turn(&mut line, &order)).await.with_context(late)??;
            turns.push(Turn { began, ended });
        }
        Ok(turns)
    }

    /// When it ended.
    async fn turn(&self, line: &mut Line, order: &str) -> Result<Instant> {
        let told = self.sink.as_ref().map(|sink| sink.expect(order));
        line.send(order).await?;
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
