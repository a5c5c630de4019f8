//! The integration log as it is written: server-sent events.

use std::{collections::VecDeque, convert::Infallible, time::Duration};

use axum::{
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, stream};
use http::{HeaderMap, Method};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use zis_engine::Signal;
use zis_store::log::{self, Filter, Line, Order};

use super::logs::{LineOut, filter, filtered};
use crate::{
    App,
    auth::Group,
    errors::Refusal,
    wire::{Endpoint, Query, Routes},
};

const PATH: &str = "/api/zis/v1/logs/stream";
/// How often the log is read when nothing on this node says that it grew: lines of other nodes come so late at most.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Lines read at once.
const BATCH: usize = 100;

pub(super) fn routes(routes: Routes) -> Routes {
    let summary = "Streams the integration log; goes on after a `Last-Event-ID`";
    let endpoint = Endpoint::new(Method::GET, PATH, "streamLogs", summary, Group::Ours);
    routes.add(filtered(endpoint).bare(200), follow)
}

async fn follow(
    State(app): State<App>,
    headers: HeaderMap,
    query: Query,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refusal> {
    let filter = filter(&query)?;
    let signals = app.engine.watch();
    let seen = headers.get("last-event-id").and_then(|value| value.to_str().ok()?.parse().ok());
    let last = match seen {
        Some(seen) => seen,
        // From the beginning of what was asked for, or from now on.
        None if filter.since.is_some() => 0,
        None => newest(&app).await?,
    };

    let tail = Tail { app, filter, signals, last, lines: VecDeque::new() };

    let events = stream::unfold(tail, |mut tail| async move { tail.next().await.map(|event| (Ok(event), tail)) });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

async fn newest(app: &App) -> Result<i64, Refusal> {
    let found = log::list(&app.store, app.account, &Filter::default(), Order::NewestFirst, None, 1).await?;
    Ok(found.first().map_or(0, |(id, _)| *id))
}

/// The end of the log, read again whenever it may have grown. Reading by number instead of passing signals on means that a slow
/// reader misses nothing, and that lines of other nodes come too.
struct Tail {
    app: App,
    filter: Filter,
    signals: Receiver<Signal>,
    last: i64,
    lines: VecDeque<(i64, Line)>,
}

impl Tail {
    /// The next line; `None` when the server stops or the store can't be read (the client comes back by itself).
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((id, line)) = self.lines.pop_front() {
                self.last = id;
                return Event::default().event("log").id(id.to_string()).json_data(LineOut::new(id, line)).ok();
            }
            let (store, account) = (&self.app.store, self.app.account);
            let found = log::list(store, account, &self.filter, Order::OldestFirst, Some(self.last), BATCH).await;
            self.lines = found.ok()?.into();
            if self.lines.is_empty() {
                self.grown().await?;
            }
        }
    }

    async fn grown(&mut self) -> Option<()> {
        loop {
            tokio::select! {
                () = self.app.closing.cancelled() => return None,
                () = tokio::time::sleep(LOOK_EVERY) => return Some(()),
                signal = self.signals.recv() => match signal {
                    Ok(Signal::Log { .. }) | Err(RecvError::Lagged(_)) => return Some(()),
                    Ok(_) => {}
                    Err(RecvError::Closed) => return None,
                },
            }
        }
    }
}
