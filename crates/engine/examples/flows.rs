//! What the engine itself costs: the tutorial's flow (b) on SQLite with an outside that answers at once. `flows [seconds]` prints flows per
//! second and CPU per flow at three concurrencies. What a whole server costs, and many executions at once, `cargo xtask bench` measures.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use zis_engine::{
    Engine, Incoming, Options,
    act::{Actor, Caller, Done},
};
use zis_flow::{Call, Outcome, Timestamp, Value, Work};
use zis_store::{
    AccountId, Store,
    registry::{self, Integration, SpecIn, Upload},
};

const ACCOUNT: AccountId = AccountId(1);

/// Answers at once.
struct Instantly {
    customer: Value,
}

#[async_trait::async_trait]
impl Actor for Instantly {
    async fn perform(&self, _: &Caller, call: &Call, _: Timestamp) -> Done {
        let Work::Http(request) = &call.work else { unreachable!("the flow calls nothing else") };
        let outcome = if request.action == "GetUserProfile" {
            Outcome::Done(self.customer.clone())
        } else {
            Outcome::Done(Value::object::<&str>([]))
        };
        Done { outcome, exchange: None, statements: Vec::new() }
    }

    async fn missing_connection(&self, _: AccountId, _: &str, _: &[String]) -> Option<String> {
        None
    }

    async fn exposed(&self, _: AccountId, _: &str, _: &[String]) -> Value {
        Value::Null
    }
}

fn refund() -> Incoming {
    let payload = r#"{"activity_event":{"user_activity":{"type":"refund_request","profile_id":"01KAV00000000000000JENNIFR",
        "user_id":1003,"properties":{"order_id":"123","refund_amount":"200.00"}}}}"#;
    Incoming {
        account: ACCOUNT,
        source: "sunshine".to_owned(),
        kind: "activity.UserActivityCreated".to_owned(),
        integration: None,
        payload: Value::from_json(payload).expect("a literal"),
        idempotency_key: None,
        also: Vec::new(),
    }
}

async fn install(store: &Store, integration: &str, text: &str) {
    let row = Integration {
        account: ACCOUNT,
        name: integration.to_owned(),
        description: String::new(),
        public_key: String::new(),
        client_id: 1,
        created_at: Timestamp(0),
    };
    registry::save_integration(store, &row).await.expect("a fresh store");
    let text = text.replace("INTEGRATION", integration);
    let reading = zis_bundle::read(&text, &zis_bundle::document::Options::default());
    let bundle = reading.bundle.expect("a valid bundle");
    let spec = &bundle.job_specs[0];
    let upload = Upload {
        account: ACCOUNT,
        integration: integration.to_owned(),
        name: bundle.name.value.clone(),
        description: None,
        template_version: bundle.template_version.value.clone(),
        document: text.clone(),
        job_specs: vec![SpecIn {
            name: spec.name.value.clone(),
            description: None,
            event_source: spec.event_source.value.clone(),
            event_type: spec.event_type.value.clone(),
            flow: spec.flow_name.value.clone(),
        }],
        uploaded_at: Timestamp(0),
        reinstall: false,
    };
    registry::upload(store, &upload).await.expect("a fresh store");
    registry::install(store, ACCOUNT, &[(integration, &spec.name.value)]).await.expect("a fresh store");
}

/// User and system time of this process.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<_> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<u64>().ok()).unwrap_or_default();
    Duration::from_millis((ticks(11) + ticks(12)) * 10)
}

/// `lanes` senders, each sends its next event when the last one was accepted; at most 1,000 executions are open.
async fn measure(engine: &Engine, lanes: usize, span: Duration) -> (f64, Duration, Vec<Duration>) {
    let (began, used) = (Instant::now(), cpu());
    let mut senders = Vec::new();
    for _ in 0..lanes {
        let engine = engine.clone();
        senders.push(tokio::spawn(async move {
            let mut took = Vec::new();
            while began.elapsed() < span {
                while engine.running() > 1_000 {
                    tokio::task::yield_now().await;
                }
                let sent = Instant::now();
                let _accepted = engine.ingest(refund()).await.expect("room for it");
                took.push(sent.elapsed());
            }
            took
        }));
    }
    let mut took = Vec::new();
    for sender in senders {
        took.extend(sender.await.expect("no panic"));
    }
    while engine.running() > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let flows = took.len();
    took.sort();
    let cost = cpu().saturating_sub(used) / u32::try_from(flows.max(1)).unwrap_or(u32::MAX);
    (flows as f64 / began.elapsed().as_secs_f64(), cost, took)
}

#[tokio::main]
async fn main() {
    let seconds = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(3);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open_sqlite(folder.path()).expect("a fresh store");
    install(&store, "acme", include_str!("../../../examples/refund-router/bundle.json")).await;
    let customer = Value::from_json(r#"{"profile":{"attributes":{"membership":"premium"}}}"#).expect("a literal");
    let options = Options { subdomains: HashMap::from([(ACCOUNT, "acme".to_owned())]), ..Options::default() };
    let clock = zis_engine::world::system_clock();
    let actor = Arc::new(Instantly { customer });
    let engine = Engine::start(store, actor, clock, options).await.expect("a fresh store");
    for lanes in [1, 16, 64] {
        let (rate, cost, took) = measure(&engine, lanes, Duration::from_secs(seconds)).await;
        let at = |part: f64| took.get((took.len() as f64 * part) as usize).copied().unwrap_or_default();
        println!(
            "{lanes:3} lanes: {rate:8.0} flows/s, {cost:?} CPU a flow, accepted in {:?} p50, {:?} p99",
            at(0.5),
            at(0.99)
        );
    }
}
