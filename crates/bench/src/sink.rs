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
use serde::Deserialize;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

use crate::wire::{Message, Wire};

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

    /// Until the other side closes.
    async fn answer_all(self, stream: TcpStream) -> Result<()> {
        let mut wire = Wire::new(stream)?;
        let [profile, started] = [PROFILE, STARTED].map(answer);
        while let Some(request) = wire.receive().await? {
            if request.begins("GET /profiles/") {
                self.0.profiles.fetch_add(1, Ordering::Relaxed);
                wire.send(&profile).await?;
            } else {
                self.refund(&request);
                wire.send(&started).await?;
            }
        }
        Ok(())
    }

    fn refund(&self, request: &Message<'_>) {
        let now = Instant::now();
        self.0.refunds.fetch_add(1, Ordering::Relaxed);
        let Ok(Refund { order_id }) = serde_json::from_slice(request.body()) else { return };
        if let Some(tell) = self.0.waiting.lock().expect("no lane panics while it holds the map").remove(order_id) {
            let _ = tell.send(now);
        }
    }
}

fn answer(body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
}

/// What counts of a refund's body.
#[derive(Deserialize)]
struct Refund<'a> {
    order_id: &'a str,
}
