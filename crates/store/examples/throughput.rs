//! Measures group commit: flows of two durable points a second, with 64 tasks that wait for their answers.
//!
//! ```text
//! cargo run --release -p zis-store --example throughput -- FOLDER | postgres://… [TASKS] [SECONDS]
//! ```
//!
//! A flow is what the tutorial's is: an event with one execution, the result of a call, the end. It waits for the first and the last.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use zis_flow::{
    Timestamp, Value,
    journal::{Finish, Pin, Record, Started, Status},
};
use zis_store::{
    AccountId, EventId, ExecutionId, Store, StoreError,
    event::Event,
    execution::{self, Execution},
    node::{self, Owner},
};

const ACCOUNT: AccountId = AccountId(1);
const NOW: Timestamp = Timestamp(1_790_000_000_000_000);

#[tokio::main]
async fn main() -> Result<(), StoreError> {
    let mut arguments = std::env::args().skip(1);
    let place = arguments.next().unwrap_or_else(|| ".".to_owned());
    let mut number = |default| arguments.next().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (tasks, seconds) = (number(64), number(5));
    let store = if place.starts_with("postgres") {
        Store::connect_postgres(&place).await?
    } else {
        Store::open_sqlite(Path::new(&place))?
    };
    let owner = node::register(&store, &format!("bench-{}", std::process::id()), NOW).await?;
    let end = Instant::now() + Duration::from_secs(seconds);
    let tasks: Vec<_> = (0..tasks).map(|_| tokio::spawn(work(store.clone(), owner.clone(), end))).collect();
    let mut waits = Vec::new();
    for task in tasks {
        waits.extend(task.await.map_err(|error| StoreError::Internal(error.to_string()))??);
    }
    waits.sort_unstable();
    let at = |share: f64| waits[((waits.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
    println!(
        "{:.0} flows/s, p50 {:.2} ms, p99 {:.2} ms, {} flows",
        waits.len() as f64 / seconds as f64,
        at(0.5),
        at(0.99),
        waits.len()
    );
    store.close().await;
    Ok(())
}

/// Runs flows until `end`; the time each took.
async fn work(store: Store, owner: Owner, end: Instant) -> Result<Vec<Duration>, StoreError> {
    let payload = Value::object([("text", Value::string("x".repeat(600)))]);
    let mut waits = Vec::new();
    while Instant::now() < end {
        let begun = Instant::now();
        flow(&store, &owner, &payload).await?;
        waits.push(begun.elapsed());
    }
    Ok(waits)
}

async fn flow(store: &Store, owner: &Owner, payload: &Value) -> Result<(), StoreError> {
    let event = Event {
        account: ACCOUNT,
        id: EventId::generate(),
        source: "support".to_owned(),
        kind: "ticket.TicketCreated".to_owned(),
        integration: None,
        payload: payload.clone(),
        received_at: NOW,
        idempotency_key: None,
        executions: 1,
    };
    let mut execution = execution(&event, owner);
    let started = Started {
        at: NOW,
        flow: "refund".to_owned(),
        pin: Pin { digest: "d1".to_owned(), actions: Vec::new(), switches: None },
        document: payload.clone(),
        replayed: None,
    };
    let begun =
        vec![Record::Started(started), Record::AttemptStarted { attempt: 1, at: NOW, deadline: NOW, may_retry: true }];
    execution::accept(store, &event, &[(execution.clone(), begun)], 0, Vec::new()).await?;
    let middle = vec![Record::Cancelled { at: NOW, by: "y".repeat(400) }];
    let first = store.write(execution::append(&execution, &middle, NOW));
    (execution.seq, execution.status, execution.ended_at) = (2, Status::Succeeded, Some(NOW));
    let message = "Execution Successful".to_owned();
    let last = Record::Finished { at: NOW, attempt: 1, result: Finish::Succeeded { message } };
    store.write(execution::append(&execution, &[last], NOW)).await?;
    first.await.map(|_| ())
}

fn execution(event: &Event, owner: &Owner) -> Execution {
    Execution {
        account: ACCOUNT,
        id: ExecutionId::generate(),
        integration: "acme".to_owned(),
        flow: "refund".to_owned(),
        job_spec: Some("on_ticket".to_owned()),
        event_id: event.id.clone(),
        bundle_uuid: "00000000-0000-4000-8000-000000000001".to_owned(),
        bundle_digest: "d".repeat(64),
        status: Status::Running,
        attempt: 1,
        max_attempts: 4,
        started_at: NOW,
        ended_at: None,
        wake_at: None,
        error: None,
        message: None,
        owner: owner.clone(),
        seq: 1,
    }
}
