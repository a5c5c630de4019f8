//! Sample rows.

#![allow(dead_code, clippy::unwrap_used, reason = "each test crate takes what it needs; a failing sample panics")]

use std::sync::atomic::{AtomicI64, Ordering};

use zis_flow::{
    Timestamp, Value,
    journal::{Finish, Pin, Record, Started, Status},
};
use zis_store::{
    AccountId, EventId, ExecutionId, Store,
    event::Event,
    execution::{self, Execution},
    node::{self, Owner},
    registry::{self, Integration, SpecIn, Upload},
};

/// Each case has an account of its own, so that cases share a database without seeing each other.
pub fn account() -> AccountId {
    static NEXT: AtomicI64 = AtomicI64::new(1);
    AccountId(NEXT.fetch_add(1, Ordering::Relaxed))
}

pub fn at(seconds: i64) -> Timestamp {
    Timestamp(1_790_000_000_000_000 + seconds * 1_000_000)
}

/// A node of a name nobody else uses, alive for a long time.
pub async fn owner(store: &Store) -> Owner {
    let name = format!("node-{}", uuid::Uuid::now_v7());
    node::register(store, &name, at(1_000_000)).await.unwrap()
}

pub fn event(account: AccountId) -> Event {
    Event {
        account,
        id: EventId::generate(),
        source: "zendesk".to_owned(),
        kind: "ticket.TicketCreated".to_owned(),
        integration: None,
        payload: payload(),
        received_at: at(0),
        idempotency_key: None,
        executions: 1,
    }
}

/// Ids of the time `at(0)`, one after the other.
pub fn execution_id() -> ExecutionId {
    static NEXT: AtomicI64 = AtomicI64::new(1);
    let millis = u128::try_from(at(0).0 / 1_000).unwrap();
    let number = u128::try_from(NEXT.fetch_add(1, Ordering::Relaxed)).unwrap();
    ExecutionId::from_uuid(uuid::Uuid::from_u128(millis << 80 | number))
}

pub fn execution(event: &Event, owner: &Owner) -> Execution {
    Execution {
        account: event.account,
        id: execution_id(),
        integration: "acme".to_owned(),
        flow: "refund".to_owned(),
        job_spec: Some("on_ticket".to_owned()),
        event_id: event.id.clone(),
        bundle_uuid: "00000000-0000-4000-8000-000000000001".to_owned(),
        bundle_digest: "d1".to_owned(),
        status: Status::Running,
        attempt: 1,
        max_attempts: 4,
        started_at: at(0),
        ended_at: None,
        wake_at: None,
        error: None,
        message: None,
        owner: owner.clone(),
        seq: 1,
    }
}

fn payload() -> Value {
    Value::from_json(r#"{"ticket_event":{"id":1,"number":1e3,"text":"a\u0000b"}}"#).unwrap()
}

pub fn started() -> Vec<Record> {
    let document = Value::object([("account_id", Value::from(1_i64)), ("input", payload())]);
    let pin = Pin { digest: "d1".to_owned(), actions: Vec::new(), switches: None };
    let started = Started { at: at(0), flow: "refund".to_owned(), pin, document, replayed: None };
    vec![Record::Started(started), Record::AttemptStarted { attempt: 1, at: at(0), deadline: at(100), may_retry: true }]
}

pub fn finished(message: &str) -> Vec<Record> {
    vec![Record::Finished { at: at(1), attempt: 1, result: Finish::Succeeded { message: message.to_owned() } }]
}

/// Accepts one event with one execution.
pub async fn accepted(store: &Store, account: AccountId, owner: &Owner) -> (Event, Execution) {
    let event = event(account);
    let execution = execution(&event, owner);
    let begun = [(execution.clone(), started())];
    execution::accept(store, &event, &begun, 0, Vec::new()).await.unwrap();
    (event, execution)
}

/// The execution at its end.
pub fn ended(execution: &Execution, status: Status, at: Timestamp) -> Execution {
    Execution { status, ended_at: Some(at), wake_at: None, ..execution.clone() }
}

pub async fn integration(store: &Store, account: AccountId) -> String {
    let name = format!("acme-{}", account.0);
    let integration = Integration {
        account,
        name: name.clone(),
        description: "example".to_owned(),
        public_key: "-----BEGIN PUBLIC KEY-----".to_owned(),
        client_id: 7,
        created_at: at(0),
    };
    registry::save_integration(store, &integration).await.unwrap();
    name
}

pub fn upload(account: AccountId, integration: &str, name: &str, document: &str, specs: &[&str]) -> Upload {
    let spec = |name: &&str| SpecIn {
        name: (*name).to_owned(),
        description: None,
        event_source: "support".to_owned(),
        event_type: "ticket.TicketCreated".to_owned(),
        flow: format!("zis:{integration}:flow:flow_of_{name}"),
    };
    Upload {
        account,
        integration: integration.to_owned(),
        name: name.to_owned(),
        description: None,
        template_version: "2019-10-14".to_owned(),
        document: document.to_owned(),
        job_specs: specs.iter().map(spec).collect(),
        uploaded_at: at(0),
        reinstall: false,
    }
}
