//! A server in this process on a free port, and a small client for it.
#![allow(dead_code, clippy::unwrap_used, reason = "each test binary uses its own part; a failed step ends the test")]

use std::{net::SocketAddr, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use zis_server::{App, Config, Server, config::Sources};
use zis_zendesk::auth::{Credentials, Principal};

pub const EMAIL: &str = "admin@example.com";
pub const PASSWORD: &str = "correct horse battery";

/// How long [`TestServer::until`] waits: far longer than anything takes, so that only a fault ends it.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running server. Its data goes with it.
pub struct TestServer {
    pub address: SocketAddr,
    pub app: App,
    client: Client<HttpConnector, Full<Bytes>>,
    stop: Option<oneshot::Sender<()>>,
    running: Option<JoinHandle<()>>,
    _data: tempfile::TempDir,
}

impl TestServer {
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// With these settings: `("registry.strict_upload", "true")`.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().display().to_string();
        let base = [
            ("store.data", folder.as_str()),
            ("admin.email", EMAIL),
            ("admin.password", PASSWORD),
            ("retry.delays", "1ms,1ms,1ms"),
            ("outbound.allow_loopback", "true"),
            ("server.drain_timeout", "2s"),
        ];
        // A test that names its own store means it.
        let own_store = settings.iter().any(|(key, _)| key.starts_with("store."));
        let database = if own_store { None } else { zis_testkit::postgres::chosen_url() };
        let database = database.as_deref().map(|url| ("store.database_url", url));
        let flags = base
            .iter()
            .chain(settings)
            .chain(&database)
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        let config = Config::load(&Sources { flags, ..Sources::default() }).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Server::start(config, listener).await.unwrap();
        let (address, app) = (server.address(), server.app().clone());
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(server.run(async {
            let _ = stopped.await;
        }));
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { address, app, client, stop: Some(stop), running: Some(running), _data: data }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn get(&self, path: &str) -> Request<'_> {
        self.request(Method::GET, path)
    }

    pub fn post(&self, path: &str, body: Value) -> Request<'_> {
        self.request(Method::POST, path).json(body)
    }

    pub fn delete(&self, path: &str) -> Request<'_> {
        self.request(Method::DELETE, path)
    }

    /// A request with the admin's password; see [`Request`] for other credentials.
    pub fn request(&self, method: Method, path: &str) -> Request<'_> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, basic(EMAIL, PASSWORD).parse().unwrap());
        Request { server: self, method, url: self.url(path), headers, body: Bytes::new() }
    }

    /// Makes the integration; gives the numeric id of its OAuth client.
    pub async fn integration(&self, name: &str) -> i64 {
        let path = format!("/api/services/zis/registry/{name}");
        let answer = self.post(&path, json!({"description": "for a test"})).send().await.expect(200);
        answer["zendesk_oauth_client"]["id"].as_i64().unwrap()
    }

    /// Makes the integration and an OAuth token of it.
    pub async fn token(&self, integration: &str) -> String {
        let client = self.integration(integration).await;
        let scopes = vec!["read".to_owned(), "write".to_owned()];
        self.app.zendesk.create_token(&self.admin().await, client, scopes).await.unwrap().1
    }

    pub async fn admin(&self) -> Principal {
        self.app.zendesk.authenticate(Credentials::Header(&basic(EMAIL, PASSWORD)), None).await.unwrap()
    }

    /// Asks for `path` again and again until `ready` gives something.
    pub async fn until<T>(&self, path: &str, ready: impl Fn(&Value) -> Option<T>) -> T {
        let give_up = tokio::time::Instant::now() + PATIENCE;
        let mut signals = self.app.engine.watch();
        loop {
            let body = self.get(path).send().await.json();
            if let Some(found) = ready(&body) {
                return found;
            }
            assert!(tokio::time::Instant::now() < give_up, "still not ready: {body:#}");
            // Look again when something has happened; the pause is for what gives no signal.
            let _ = tokio::time::timeout(Duration::from_millis(20), signals.recv()).await;
        }
    }

    /// Waits until the newest execution that fits has ended, and shows it.
    pub async fn ended(&self, query: &str) -> Value {
        let path = format!("/api/zis/v1/executions?{query}");
        let id = self
            .until(&path, |body| {
                let first = body["executions"].as_array()?.first()?;
                if first["ended_at"].is_null() { None } else { first["id"].as_str().map(str::to_owned) }
            })
            .await;
        self.get(&format!("/api/zis/v1/executions/{id}")).send().await.expect(200)["execution"].clone()
    }

    /// Stops as SIGTERM does, and waits until everything is done.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(running) = self.running.take() {
            running.await.unwrap();
        }
    }
}

/// An `Authorization` header.
pub fn basic(name: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{name}:{password}")))
}

/// A request on its way.
pub struct Request<'s> {
    server: &'s TestServer,
    method: Method,
    url: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Request<'_> {
    #[must_use]
    pub fn json(mut self, body: Value) -> Self {
        self.body = body.to_string().into();
        self.header("content-type", "application/json")
    }

    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().unwrap());
        self
    }

    #[must_use]
    pub fn anonymous(mut self) -> Self {
        self.headers.remove(header::AUTHORIZATION);
        self
    }

    #[must_use]
    pub fn basic(self, name: &str, password: &str) -> Self {
        self.header("authorization", &basic(name, password))
    }

    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Sends it and gives the answer before its body has come: for streams.
    pub async fn open(self) -> http::Response<hyper::body::Incoming> {
        let mut request =
            http::Request::builder().method(self.method).uri(self.url).body(Full::new(self.body)).unwrap();
        *request.headers_mut() = self.headers;
        self.server.client.request(request).await.unwrap()
    }

    pub async fn send(self) -> Answer {
        let (parts, body) = self.open().await.into_parts();
        let text = String::from_utf8_lossy(&body.collect().await.unwrap().to_bytes()).into_owned();
        Answer { status: parts.status, headers: parts.headers, text }
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    /// The body as JSON; `null` when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// The body, when the status is `status`.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self.json()
    }

    /// Status and `message` of a refusal by a ZIS service.
    pub fn refusal(&self) -> (u16, String) {
        (self.status.as_u16(), self.json()["message"].as_str().unwrap_or_default().to_owned())
    }
}
