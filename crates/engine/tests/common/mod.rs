//! A small world for the engine's tests: a store in a temporary folder, a bundle that is installed, and actors that answer by script.
#![allow(dead_code, clippy::unwrap_used)]

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use zis_engine::{
    Accepted, Clock, Engine, Incoming, Options,
    act::{Actor, Caller, Done},
};
use zis_flow::{
    Call, Failure, Outcome, Retry, Timestamp, Value, Work,
    effect::{Body, Target},
    failure::error,
    journal::Record,
};
use zis_store::{
    AccountId, ExecutionId, Store,
    execution::{self, Execution},
    registry::{self, Integration, SpecIn, Upload},
};

pub const ACCOUNT: AccountId = AccountId(12345);
pub const INTEGRATION: &str = "acme";
pub const TUTORIAL: &str = include_str!("../../../../examples/refund-router/bundle.json");

/// What the outside saw of one call.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    pub action: String,
    pub method: &'static str,
    pub target: String,
    pub body: Value,
    pub key: String,
    pub execution: ExecutionId,
}

type Answer = Box<dyn Fn(&Seen, usize) -> Outcome + Send + Sync>;

/// An outside that answers by script and remembers.
pub struct Script {
    pub seen: Mutex<Vec<Seen>>,
    pub missing: Mutex<Option<String>>,
    /// The answer to a call, given what it was and how many of that action came before.
    answer: Answer,
    /// Calls wait for this before they answer.
    pub gate: Option<Arc<tokio::sync::Semaphore>>,
}

impl Script {
    pub fn new(answer: impl Fn(&Seen, usize) -> Outcome + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { seen: Mutex::default(), missing: Mutex::default(), answer: Box::new(answer), gate: None })
    }

    pub fn gated(
        answer: impl Fn(&Seen, usize) -> Outcome + Send + Sync + 'static,
    ) -> (Arc<Self>, Arc<tokio::sync::Semaphore>) {
        let gate = Arc::new(tokio::sync::Semaphore::new(0));
        let script = Self {
            seen: Mutex::default(),
            missing: Mutex::default(),
            answer: Box::new(answer),
            gate: Some(gate.clone()),
        };
        (Arc::new(script), gate)
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn count(&self, action: &str) -> usize {
        self.seen().iter().filter(|seen| seen.action == action).count()
    }
}

pub fn seen(caller: &Caller, call: &Call) -> Seen {
    let Work::Http(request) = &call.work else { panic!("only HTTP is scripted: {call:?}") };
    Seen {
        action: request.action.clone(),
        method: request.method.as_str(),
        target: match &request.target {
            Target::Url(text) | Target::Path(text) => text.clone(),
        },
        body: match &request.body {
            Some(Body::Json(value)) => value.clone(),
            _ => Value::Null,
        },
        key: caller.idempotency_key.clone(),
        execution: caller.execution.clone(),
    }
}

#[async_trait::async_trait]
impl Actor for Script {
    async fn perform(&self, caller: &Caller, call: &Call, _now: Timestamp) -> Done {
        let seen = seen(caller, call);
        let before = {
            let mut all = self.seen.lock().unwrap();
            let before = all.iter().filter(|other| other.action == seen.action).count();
            all.push(seen.clone());
            before
        };
        if let Some(gate) = &self.gate {
            gate.acquire().await.unwrap().forget();
        }
        Done { outcome: (self.answer)(&seen, before), exchange: None, statements: Vec::new() }
    }

    async fn missing_connection(&self, _: AccountId, _: &str, _: &[String]) -> Option<String> {
        self.missing.lock().unwrap().clone()
    }

    async fn exposed(&self, _: AccountId, _: &str, _: &[String]) -> Value {
        Value::Null
    }
}

/// The tutorial's outside: a profile by its id, and anything else is taken.
pub fn tutorial_world(seen: &Seen, _before: usize) -> Outcome {
    match seen.action.as_str() {
        "GetUserProfile" => {
            let membership = if seen.target.ends_with("JENNIFR") { "premium" } else { "basic" };
            let text = format!(r#"{{"profile":{{"attributes":{{"membership":"{membership}"}}}}}}"#);
            Outcome::Done(Value::from_json(&text).unwrap())
        }
        _ => Outcome::Done(Value::object::<&str>([])),
    }
}

pub fn status(code: u16, retry: Retry) -> Outcome {
    let cause = format!("external action failed due to status code: {code}");
    Outcome::Failed(Failure::new(error::TASK_FAILED, cause).retry(retry))
}

/// A store in memory with `bundle` uploaded and all its job specs installed.
pub async fn store_with(bundle: &str) -> Store {
    let store = Store::in_memory().unwrap();
    install(&store, bundle).await;
    store
}

/// Time that jumps when everybody waits (tokio's paused clock), and ids that count up.
#[derive(Default)]
pub struct SimClock {
    began: std::sync::OnceLock<tokio::time::Instant>,
    ids: std::sync::atomic::AtomicU64,
}

/// 2026-01-01T00:00:00Z.
pub const EPOCH: Timestamp = Timestamp(1_767_225_600_000_000);

#[async_trait::async_trait]
impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        let now = tokio::time::Instant::now();
        EPOCH.saturating_add(now - *self.began.get_or_init(|| now))
    }

    async fn sleep(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }

    fn uuid(&self) -> uuid::Uuid {
        let count = self.ids.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
        uuid::Uuid::from_u128(u128::from(count))
    }
}

pub async fn install(store: &Store, bundle: &str) {
    install_in(store, INTEGRATION, bundle).await;
}

pub async fn install_in(store: &Store, integration: &str, bundle: &str) {
    let row = Integration {
        account: ACCOUNT,
        name: integration.to_owned(),
        description: String::new(),
        public_key: String::new(),
        client_id: 1,
        created_at: Timestamp(0),
    };
    registry::save_integration(store, &row).await.unwrap();
    let text = bundle.replace("INTEGRATION", integration);
    let reading = zis_bundle::read(&text, &zis_bundle::document::Options::default());
    assert!(reading.is_valid(), "{:#?}", reading.findings);
    let bundle = reading.bundle.unwrap();
    let specs: Vec<_> = bundle
        .job_specs
        .iter()
        .map(|spec| SpecIn {
            name: spec.name.value.clone(),
            description: None,
            event_source: spec.event_source.value.clone(),
            event_type: spec.event_type.value.clone(),
            flow: spec.flow_name.value.clone(),
        })
        .collect();
    let names: Vec<_> = specs.iter().map(|spec| spec.name.clone()).collect();
    let upload = Upload {
        account: ACCOUNT,
        integration: integration.to_owned(),
        name: bundle.name.value.clone(),
        description: None,
        template_version: bundle.template_version.value.clone(),
        document: text.clone(),
        job_specs: specs,
        uploaded_at: Timestamp(0),
        reinstall: false,
    };
    registry::upload(store, &upload).await.unwrap();
    let names: Vec<_> = names.iter().map(|name| (integration, name.as_str())).collect();
    registry::install(store, ACCOUNT, &names).await.unwrap();
}

pub fn options() -> Options {
    Options { subdomains: HashMap::from([(ACCOUNT, "acme".to_owned())]), evaluation_threads: 0, ..Options::default() }
}

pub fn event(source: &str, kind: &str, payload: &str) -> Incoming {
    Incoming {
        account: ACCOUNT,
        source: source.to_owned(),
        kind: kind.to_owned(),
        integration: None,
        payload: Value::from_json(payload).unwrap(),
        idempotency_key: None,
        also: Vec::new(),
    }
}

/// The tutorial's event for an amount and a customer.
pub fn refund(amount: &str, profile: &str) -> Incoming {
    let payload = format!(
        r#"{{"activity_event":{{"user_activity":{{"type":"refund_request","profile_id":"{profile}","user_id":1003,
        "properties":{{"order_id":"123","refund_amount":"{amount}"}}}}}}}}"#
    );
    event("sunshine", "activity.UserActivityCreated", &payload)
}

/// An engine in simulated time.
pub async fn start(store: &Store, actor: Arc<dyn Actor>, options: Options) -> Engine {
    start_at(store, actor, Arc::new(SimClock::default()), options).await
}

pub async fn start_at(store: &Store, actor: Arc<dyn Actor>, clock: Arc<dyn Clock>, options: Options) -> Engine {
    Engine::start(store.clone(), actor, clock, options).await.unwrap()
}

/// The row of `id` once `done` says so; gives up after two simulated hours.
pub async fn until(store: &Store, id: &ExecutionId, done: impl Fn(&Execution) -> bool) -> Execution {
    for step in 0..100_000 {
        let row = show(store, id).await;
        if done(&row) {
            return row;
        }
        // Finely at first, so that what is over in a moment is seen in that moment.
        tokio::time::sleep(Duration::from_millis(if step < 1_000 { 1 } else { 100 })).await;
    }
    panic!("{id} did not get there: {:?}", execution::load(store, ACCOUNT, id).await);
}

pub async fn show(store: &Store, id: &ExecutionId) -> Execution {
    execution::show(store, ACCOUNT, id).await.unwrap().unwrap()
}

pub async fn journal(store: &Store, id: &ExecutionId) -> Vec<Record> {
    execution::load(store, ACCOUNT, id).await.unwrap().unwrap().1
}

/// The tags of the journal, for comparing: `started attempt done finished`.
pub async fn tags(store: &Store, id: &ExecutionId) -> String {
    journal(store, id).await.iter().map(Record::tag).collect::<Vec<_>>().join(" ")
}

pub async fn ended(store: &Store, id: &ExecutionId) -> Execution {
    until(store, id, |row| row.status.is_ended()).await
}

pub fn only(accepted: &Accepted) -> ExecutionId {
    assert_eq!(accepted.executions.len(), 1, "{accepted:?}");
    accepted.executions[0].clone()
}

/// A bundle whose flow `F` has these states (JSON members) and runs for `test`/`go`; its actions `Get` and `Post` go to `https://x.test`.
pub fn flow(start_at: &str, states: &str) -> String {
    bundle("b", "test", "go", start_at, states)
}

pub fn bundle(name: &str, source: &str, kind: &str, start_at: &str, states: &str) -> String {
    let action = |name: &str, method: &str| {
        format!(
            r#""{name}":{{"type":"ZIS::Action::Http","properties":{{"name":"{name}",
            "definition":{{"method":"{method}","url":"https://x.test/{name}"}}}}}}"#
        )
    };
    format!(
        r#"{{"name":"{name}","zis_template_version":"2019-10-14","resources":{{{},{},
        "F":{{"type":"ZIS::Flow","properties":{{"name":"F","definition":{{"StartAt":"{start_at}","States":{{{states}}}}}}}}},
        "S":{{"type":"ZIS::JobSpec","properties":{{"name":"S","event_source":"{source}","event_type":"{kind}",
        "flow_name":"zis:INTEGRATION:flow:F"}}}}}}}}"#,
        action("Get", "GET"),
        action("Post", "POST"),
    )
}

/// An Action state that calls `action` and keeps `$` as it is.
pub fn act(state: &str, action: &str, then: &str) -> String {
    let then = if then == "End" { r#""End":true"#.to_owned() } else { format!(r#""Next":"{then}""#) };
    format!(
        r#""{state}":{{"Type":"Action","ActionName":"zis:INTEGRATION:action:{action}","ResultPath":"$.{state}",{then}}}"#
    )
}

pub fn wait(state: &str, seconds: &str, then: &str) -> String {
    let then = if then == "End" { r#""End":true"#.to_owned() } else { format!(r#""Next":"{then}""#) };
    format!(r#""{state}":{{"Type":"Wait","Seconds":{seconds},{then}}}"#)
}

pub fn go() -> Incoming {
    event("test", "go", "{}")
}

pub fn fine(_: &Seen, _: usize) -> Outcome {
    Outcome::Done(Value::object::<&str>([]))
}
