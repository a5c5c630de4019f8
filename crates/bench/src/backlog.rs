//! Executions in the data folder of a server that does not run: written by the engine itself, with an outside that answers at once or never.

use std::{collections::HashMap, path::Path, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use tokio::runtime::Runtime;
use zis_engine::{
    Engine, Incoming, Options,
    act::{Actor, Caller, Done},
};
use zis_flow::{Call, Outcome, Timestamp, Value, Work};
use zis_store::{AccountId, Store};

use crate::tutorial;

const ACCOUNT: AccountId = AccountId(1);
const SENDERS: usize = 100;

/// What becomes of the executions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outside {
    /// Calls are answered: every execution ends.
    Answers,
    /// Calls hang: every execution stays in the middle of its first one.
    Hangs,
}

/// Accepts `count` events of [`tutorial::plain_event`], whose flow the server in `folder` has installed, and leaves.
pub async fn write(folder: &Path, count: usize, outside: Outside) -> Result<()> {
    let folder = folder.to_owned();
    // In a runtime of its own: what hangs in it goes with it, and takes no time from what is measured next.
    tokio::task::spawn_blocking(move || Runtime::new()?.block_on(accept(&folder, count, outside))).await?
}

async fn accept(folder: &Path, count: usize, outside: Outside) -> Result<()> {
    let store = Store::open_sqlite(folder)?;
    let premium = Value::from_json(r#"{"profile":{"name":"John Doe","attributes":{"membership":"premium"}}}"#)?;
    let actor = Arc::new(Stub { outside, premium, started: Value::from_json(r#"{"started":true}"#)? });
    // The name that a server on SQLite has: what it left open is its own in its next life.
    let options = Options {
        node: "local".to_owned(),
        subdomains: HashMap::from([(ACCOUNT, "local".to_owned())]),
        ..Options::default()
    };
    let engine = Engine::start(store.clone(), actor, zis_engine::world::system_clock(), options).await?;
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| {
            let engine = engine.clone();
            tokio::spawn(async move {
                for number in (sender..count).step_by(SENDERS) {
                    engine.ingest(event(number)?).await?;
                }
                anyhow::Ok(())
            })
        })
        .collect();
    for sender in senders {
        sender.await??;
    }
    while outside == Outside::Answers && engine.running() > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    engine.drain(Duration::ZERO).await;
    drop(engine);
    store.close().await;
    Ok(())
}

fn event(number: usize) -> Result<Incoming> {
    let event = tutorial::plain_event(&format!("backlog-{number}"));
    let text = |name: &str| event[name].as_str().map(str::to_owned).with_context(|| format!("the event has a {name}"));
    Ok(Incoming {
        account: ACCOUNT,
        source: text("source")?,
        kind: text("type")?,
        integration: Some(text("integration")?),
        payload: Value::from_json(&event["payload"].to_string())?,
        idempotency_key: None,
        also: Vec::new(),
    })
}

/// Stands in for the sink.
struct Stub {
    outside: Outside,
    premium: Value,
    started: Value,
}

#[async_trait::async_trait]
impl Actor for Stub {
    async fn perform(&self, _: &Caller, call: &Call, _: Timestamp) -> Done {
        if self.outside == Outside::Hangs {
            std::future::pending::<()>().await;
        }
        let asks = matches!(&call.work, Work::Http(request) if request.action == "GetUserProfile");
        let answer = if asks { &self.premium } else { &self.started };
        Done { outcome: Outcome::Done(answer.clone()), exchange: None, statements: Vec::new() }
    }

    async fn missing_connection(&self, _: AccountId, _: &str, _: &[String]) -> Option<String> {
        None
    }

    async fn exposed(&self, _: AccountId, _: &str, _: &[String]) -> Value {
        Value::Null
    }
}
