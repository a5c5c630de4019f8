//! What the cases share: a store in a temporary folder, a clock that is set by hand, an actor for real.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use url::Url;
use zis_bundle::action::Method;
use zis_engine::{
    Clock,
    act::{Actor, Caller, Done, Live, Options, Zendesk},
    connection::{Connections, Predefined},
    outbound::{self, Client, Policy},
};
use zis_flow::{
    Call, CallId, Failure, Outcome, Timestamp, Value, Work,
    effect::{Request, Target},
};
use zis_store::{AccountId, ExecutionId, Store, secret::Vault};

pub const ACCOUNT: AccountId = AccountId(7);
pub const INTEGRATION: &str = "acme";
/// 2026-11-24T05:30:00Z.
pub const START: Timestamp = Timestamp(1_795_498_200_000_000);

/// A clock that stands until it is set.
pub struct Hands(AtomicI64);

impl Hands {
    pub fn forward(&self, span: Duration) {
        self.0.store(self.now().saturating_add(span).0, Ordering::Relaxed);
    }
}

#[async_trait::async_trait]
impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }

    async fn sleep(&self, _: Duration) {
        std::future::pending().await
    }
}

pub struct World {
    _folder: tempfile::TempDir,
    pub store: Store,
    pub clock: Arc<Hands>,
    pub http: Client,
    pub connections: Connections,
    pub live: Live,
}

pub fn client() -> Client {
    Client::new(outbound::Options {
        policy: Policy { allow_loopback: true, ..Policy::default() },
        ..outbound::Options::default()
    })
    .unwrap()
}

impl World {
    /// A world whose Zendesk is at `zendesk`.
    pub fn new(zendesk: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = zis_testkit::postgres::chosen(|url| async move { Store::connect_postgres(&url).await.unwrap() })
            .unwrap_or_else(|| Store::open_sqlite(folder.path()).unwrap());
        let clock = Arc::new(Hands(AtomicI64::new(START.0)));
        let http = client();
        let predefined = Predefined {
            client_id: "zis".into(),
            client_secret: "predefined-secret".into(),
            auth_url: format!("{zendesk}/oauth/authorizations/new"),
            token_url: format!("{zendesk}/oauth/tokens"),
            default_scopes: "read write".into(),
        };
        let connections = connections(&store, &http, &clock, Some(predefined));
        let options = Options::new(Zendesk { origin: Url::parse(zendesk).unwrap(), host: "zendesk.com".into() });
        let live = Live::new(store.clone(), http.clone(), connections.clone(), options);
        Self { _folder: folder, store, clock, http, connections, live }
    }

    pub async fn perform(&self, work: Work) -> Done {
        self.perform_within(work, Duration::from_secs(100)).await
    }

    pub async fn perform_within(&self, work: Work, time: Duration) -> Done {
        let now = self.clock.now();
        let call = Call { id: CallId(1), path: "State".into(), visit: 0, deadline: now.saturating_add(time), work };
        self.live.perform(&caller(), &call, now).await
    }

    /// Performs a built-in and commits what it leaves, as the engine does.
    pub async fn commit(&self, work: Work) -> Outcome {
        let done = self.perform(work).await;
        self.store.write(done.statements).await.unwrap();
        done.outcome
    }
}

pub fn connections(store: &Store, http: &Client, clock: &Arc<Hands>, predefined: Option<Predefined>) -> Connections {
    let vault = Vault::new(&[[7; 32]]).unwrap();
    Connections::new(store.clone(), vault, http.clone(), clock.clone(), predefined)
}

pub fn caller() -> Caller {
    Caller {
        account: ACCOUNT,
        integration: INTEGRATION.into(),
        subdomain: "acme".into(),
        execution: ExecutionId::parse("exe_00000000000000000000000000000001").unwrap(),
        idempotency_key: "key-1".into(),
    }
}

pub fn request(method: Method, target: Target) -> Request {
    Request {
        action: "test".into(),
        method,
        target,
        query: Vec::new(),
        headers: Vec::new(),
        body: None,
        connection: None,
    }
}

pub fn get(url: String) -> Request {
    request(Method::Get, Target::Url(url))
}

/// A request through the connection `name`.
pub fn through(name: &str, request: Request) -> Work {
    Work::Http(Request { connection: Some(name.into()), ..request })
}

pub fn json(text: &str) -> Value {
    Value::from_json(text).unwrap()
}

/// The value of an outcome that is done.
pub fn value(done: &Done) -> &Value {
    match &done.outcome {
        Outcome::Done(value) => value,
        other => panic!("not done: {other:?}"),
    }
}

pub fn failure(outcome: &Outcome) -> &Failure {
    match outcome {
        Outcome::Failed(failure) => failure,
        other => panic!("not failed: {other:?}"),
    }
}
