//! Closed loops: N lanes, each sends, waits until all that must come of it has come, and goes on.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use http::{Method, Uri};

use crate::{sink::Sink, wire::Wire};

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

/// A lane's own connection.
struct Line {
    authority: String,
    /// What stands before the length of the body.
    head: String,
    body: Arc<str>,
    wire: Wire,
}

impl Line {
    async fn open(shot: Shot, lane: usize) -> Result<Self> {
        let url: Uri = shot.urls[lane % shot.urls.len()].parse()?;
        let authority = url.authority().with_context(|| format!("{url} names no host"))?.to_string();
        let path = url.path_and_query().map_or("/", |path| path.as_str());
        let mut head = format!("{} {path} HTTP/1.1\r\nhost: {authority}\r\n", shot.method);
        if let Some(authorization) = &shot.authorization {
            head += &format!("authorization: {authorization}\r\n");
        }
        if shot.method == Method::POST {
            head += "content-type: application/json\r\n";
        }
        let wire = Wire::connect(&authority).await?;
        Ok(Self { authority, head, body: shot.body, wire })
    }

    /// Sends once; an answer that is not 2xx is an error.
    async fn send(&mut self, order: &str) -> Result<()> {
        if self.wire.is_closed() {
            self.wire = Wire::connect(&self.authority).await?;
        }
        let body = self.body.replacen(ORDER, order, 1);
        let request = format!("{}content-length: {}\r\n\r\n{body}", self.head, body.len());
        self.wire.send(request.as_bytes()).await?;
        let answer =
            self.wire.receive().await?.with_context(|| format!("{} closed without an answer", self.authority))?;
        let is_success = answer.begins("HTTP/1.1 2");
        ensure!(is_success, "{}: {}: {}", self.authority, answer.first_line(), String::from_utf8_lossy(answer.body()));
        Ok(())
    }
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
